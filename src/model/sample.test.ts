import { describe, expect, it } from 'vitest'
import { stream } from '../core/random.ts'
import { Backend } from '../ggml/backend.ts'
import { Graph, GraphAllocator } from '../ggml/graph.ts'
import { Draws, distribution } from './sample.ts'

const rng = stream(6, 'sample')

/** The token at which the sum of probabilities passes a number, by the definition. */
function byDefinition(p: readonly number[], uniform: number): number {
  let sum = 0
  return p.findIndex((v) => {
    sum += v
    return uniform < sum
  })
}

describe.each([
  ['whole blocks', 1024, 1024],
  ['a rest behind them', 1000, 1000],
  ['ids that are no tokens', 1100, 1000],
  ['less than a block', 100, 90],
])('draws from %s', (_, vocabulary, ids) => {
  it('find by the sums of blocks what the sum over all ids finds', async () => {
    const rows = 3
    const temperature = 0.8
    const values = Float32Array.from({ length: vocabulary * rows }, () => 2 * rng.normal())
    using backend = new Backend({ device: 'cpu', threads: 1 })
    using allocator = new GraphAllocator(backend)
    using graph = new Graph(backend, 16)
    const drawn = distribution(graph, graph.input('F32', [vocabulary, rows], values), temperature, ids)
    await graph.compute(allocator)
    const draws = new Draws(graph, drawn)
    for (let row = 0; row < rows; row++) {
      const weights = [...values.subarray(row * vocabulary, row * vocabulary + ids)].map((v) =>
        Math.exp(v / temperature),
      )
      const total = weights.reduce((a, b) => a + b)
      const p = weights.map((w) => w / total)
      const starts = [0, 255, 256, 257, ids - 2]
        .filter((i) => i < ids)
        .map((i) => p.slice(0, i).reduce((a, b) => a + b, 0))
      // In the midst of a token, so that rounding decides nothing; and anywhere.
      const uniforms = starts.map(
        (s, k) => s + p[[0, 255, 256, 257, ids - 2].filter((i) => i < ids)[k]!]! / 2,
      )
      for (const uniform of [...uniforms, ...Array.from({ length: 200 }, () => rng.uniform())])
        expect(draws.token(row, uniform)).toBe(byDefinition(p, uniform))
      const last = draws.token(row, 1 - 2 ** -53)
      expect(last).toBeGreaterThanOrEqual(0)
      expect(last).toBeLessThan(ids)
    }
  })

  it('show a value that is not finite, wherever it is', async () => {
    using backend = new Backend({ device: 'cpu', threads: 1 })
    using allocator = new GraphAllocator(backend)
    for (const at of [0, ids - 1])
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
        const values = Float32Array.from({ length: vocabulary }, () => rng.normal())
        values[at] = bad
        using graph = new Graph(backend, 16)
        const drawn = distribution(graph, graph.input('F32', [vocabulary, 1], values), 1, ids)
        await graph.compute(allocator)
        expect(new Draws(graph, drawn).sums.every(Number.isFinite)).toBe(false)
      }
  })
})
