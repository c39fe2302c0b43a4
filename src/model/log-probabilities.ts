/**
 * Logarithms of softmax. The graph computes the probabilities and gives those of a few tokens; where one is too small
 * for f32, and where every digit counts, the sum is made here, in f64.
 */

import type { Graph } from '../ggml/graph.ts'
import type { Tensor } from '../ggml/tensor.ts'
import type { Targets } from './forward.ts'

/** Below this f32 has lost digits of a probability, or all. */
const SMALL = 1e-30

/** ln p of targets whose probabilities a graph gave, in nats; logits [vocabulary, rows] are read where they must be. */
export function logProbabilities(
  graph: Graph,
  logits: Tensor,
  probabilities: Float32Array,
  { rows, tokens }: Targets,
): Float64Array {
  const [vocabulary] = logits.ne
  return Float64Array.from(probabilities, (p, i) => {
    if (p >= SMALL) return Math.log(p)
    const row = graph.readPart(logits, rows[i]! * vocabulary, new Float32Array(vocabulary))
    return logProbability(row, tokens[i]!)
  })
}

/** log softmax(logits)[token], in nats. */
export function logProbability(logits: Float32Array, token: number): number {
  return logits[token]! - logNormaliser(logits, 0, logits.length)
}

/** ln of the sum of exp over `n` values from `from` on. */
export function logNormaliser(x: Float32Array, from: number, n: number): number {
  let top = Number.NEGATIVE_INFINITY
  for (let j = from; j < from + n; j++) if (x[j]! > top) top = x[j]!
  let sum = 0
  for (let j = from; j < from + n; j++) sum += Math.exp(x[j]! - top)
  return top + Math.log(sum)
}
