import { expect, it } from 'vitest'
import { stream } from '../core/random.ts'
import { Backend } from '../ggml/backend.ts'
import { Graph, GraphAllocator } from '../ggml/graph.ts'
import { logNormaliser, logProbabilities, logProbability } from './log-probabilities.ts'

const rng = stream(5, 'log-probabilities')

it('gives what f64 gives, where a probability is ordinary and where f32 has lost it', async () => {
  const [vocabulary, n] = [700, 3]
  const values = Float32Array.from({ length: vocabulary * n }, () => 3 * rng.normal())
  values[vocabulary + 9] = 150 // the second row is all but sure
  using backend = new Backend({ device: 'cpu', threads: 1 })
  using allocator = new GraphAllocator(backend)
  using graph = new Graph(backend, 16)
  const logits = graph.output(graph.scale(graph.input('F32', [vocabulary, n], values), 1))
  const targets = { rows: Int32Array.of(0, 1, 1, 2), tokens: Int32Array.of(5, 9, 10, 699), logits: false }
  const at = targets.rows.map((row, i) => row * vocabulary + targets.tokens[i]!)
  const each = graph.reshape(graph.softMax(logits, undefined, 1), [1, vocabulary * n])
  const p = graph.output(graph.getRows(each, graph.input('I32', [4], at)))
  await graph.compute(allocator)
  const found = logProbabilities(graph, logits, graph.read(p), targets)
  for (const [i, row] of targets.rows.entries()) {
    const own = values.subarray(row * vocabulary, (row + 1) * vocabulary)
    const expected = own[targets.tokens[i]!]! - Math.log(own.reduce((s, v) => s + Math.exp(v), 0))
    expect(Math.abs(found[i]! - expected)).toBeLessThan(5e-7)
    expect(logProbability(own, targets.tokens[i]!)).toBeCloseTo(expected, 12)
    expect(logNormaliser(values, row * vocabulary, vocabulary)).toBeCloseTo(
      own[targets.tokens[i]!]! - expected,
      12,
    )
  }
  expect(found[2]).toBeLessThan(-100)
})
