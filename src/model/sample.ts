/**
 * Choosing the next token: the most likely one, or one drawn with counter-based numbers. Probabilities stay where the
 * graph computed them, with the sums of their blocks: a draw finds its block by the sums and reads nothing else.
 */

import { stream } from '../core/random.ts'
import type { Graph } from '../ggml/graph.ts'
import type { Tensor } from '../ggml/tensor.ts'

/** Ids in a block. */
const BLOCK = 256

/** Probabilities in a graph. */
export interface Distribution {
  /** [ids, rows] */
  readonly probabilities: Tensor
  /** Sums of whole blocks of ids: [1, blocks, rows]; the ids behind the last whole block are in none. */
  readonly sums: Tensor
}

/**
 * softmax(logits / temperature) over the first `ids` of the vocabulary, as outputs of the graph.
 *
 * @param logits [vocabulary, rows]
 */
export function distribution(graph: Graph, logits: Tensor, temperature: number, ids: number): Distribution {
  const [, step, layer, batch] = logits.nb
  const [vocabulary, rows] = logits.ne
  const known =
    ids === vocabulary ? logits : graph.cont(graph.view(logits, [ids, rows], [step, layer, batch]))
  const probabilities = graph.output(graph.softMax(known, undefined, 1 / temperature))
  const block = Math.min(BLOCK, ids)
  const blocks = Math.floor(ids / block)
  const row = 4 * ids
  const whole = graph.view(probabilities, [block, blocks, rows], [4 * block, row, row * rows])
  const sums = graph.sumRows(whole)
  return {
    probabilities,
    sums: graph.output(graph.supports(sums) ? sums : graph.sumRows(graph.cont(whole))),
  }
}

/** Draws from a distribution that was computed; valid until its graph is computed again or freed. */
export class Draws {
  /** Of blocks, row by row. A value that is not finite anywhere in a row shows in them. */
  readonly sums: Float32Array
  readonly #graph: Graph
  readonly #of: Distribution
  readonly #blocks: number

  constructor(graph: Graph, of: Distribution) {
    this.#graph = graph
    this.#of = of
    this.#blocks = of.sums.ne[1]
    this.sums = graph.read(of.sums)
  }

  /**
   * The token of a row.
   *
   * @param uniform a number in [0, 1): the token at which the sum of the probabilities, in the order of ids, passes it
   */
  token(row: number, uniform: number): number {
    const ids = this.#of.probabilities.ne[0]
    const size = Math.min(BLOCK, ids)
    let left = uniform
    let block = 0
    for (; block < this.#blocks; block++) {
      const sum = this.sums[row * this.#blocks + block]!
      if (left < sum) break
      left -= sum
    }
    const first = block * size
    // Behind the last id there is only what rounding has left of 1.
    if (first >= ids) return drawToken(this.#read(row, 0, ids), uniform)
    return first + drawToken(this.#read(row, first, Math.min(size, ids - first)), left)
  }

  #read(row: number, first: number, count: number): Float32Array {
    const { probabilities } = this.#of
    return this.#graph.readPart(probabilities, row * probabilities.ne[0] + first, new Float32Array(count))
  }
}

/**
 * The most likely token; the lowest id among equals.
 *
 * @param logits [vocabulary], read only
 * @param usable number of ids the tokenizer knows: padding rows of the embedding are never chosen
 */
export function bestToken(logits: Float32Array, usable: number): number {
  let best = 0
  for (let i = 1; i < usable; i++) if (logits[i]! > logits[best]!) best = i
  return best
}

/**
 * A token drawn with given probabilities.
 *
 * @param probabilities of the ids that can be drawn
 * @param uniform from 0 to the sum of the probabilities, but for rounding
 */
export function drawToken(probabilities: Float32Array, uniform: number): number {
  let left = uniform
  for (let i = 0; i < probabilities.length; i++) {
    left -= probabilities[i]!
    if (left < 0) return i
  }
  return bestToken(probabilities, probabilities.length) // rounding at the very end of the sum
}

/** The number that decides token `step` of text `item`: the same whatever else is in the batch. */
export function samplingNumber(seed: number, item: string, step: number): number {
  return stream(seed, `sample/${item}`, step).uniform()
}
