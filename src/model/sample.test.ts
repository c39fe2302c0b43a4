/** Draws by the kernel's sums and by ggml's probabilities: the same tokens, but where rounding decides. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { stream } from '../core/random.ts'
import { Backend } from '../ggml/backend.ts'
import { Graph, GraphAllocator } from '../ggml/graph.ts'
import { KERNELS_VARIABLE } from '../ggml/kernels/kernels.ts'
import { Draws, distribution } from './sample.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

const rng = stream(6, 'sample')

/** What sums of probabilities may be off by. */
const ROUNDING = 1e-6

/** The token at which the sum of probabilities passes a number, by the definition. */
function byDefinition(p: readonly number[], uniform: number): number {
  let sum = 0
  const found = p.findIndex((v) => {
    sum += v
    return uniform < sum
  })
  return found < 0 ? p.length - 1 : found
}

const SHAPES = [
  ['whole blocks', 1024, 1024],
  ['a rest behind them', 1000, 1000],
  ['ids that are no tokens', 1100, 1000],
  ['less than a block', 100, 90],
] as const

describe.each(SHAPES.flatMap((shape) => ['', 'avx2', 'off'].map((setting) => [...shape, setting] as const)))(
  'draws from %s (%i, %i, kernels: %j)',
  (_, vocabulary, ids, setting) => {
    it('find by the sums of blocks what the sum over all ids finds', async () => {
      vi.stubEnv(KERNELS_VARIABLE, setting)
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
        // In the midst of a token, and anywhere.
        const uniforms = starts.map(
          (s, k) => s + p[[0, 255, 256, 257, ids - 2].filter((i) => i < ids)[k]!]! / 2,
        )
        for (const uniform of [...uniforms, ...Array.from({ length: 200 }, () => rng.uniform())]) {
          const token = draws.token(row, uniform)
          expect(token).toBeGreaterThanOrEqual(byDefinition(p, uniform - ROUNDING))
          expect(token).toBeLessThanOrEqual(byDefinition(p, uniform + ROUNDING))
        }
        const last = draws.token(row, 1 - 2 ** -53)
        expect(last).toBeGreaterThanOrEqual(0)
        expect(last).toBeLessThan(ids)
      }
    })

    it('show a value that is not finite, wherever it is', async () => {
      vi.stubEnv(KERNELS_VARIABLE, setting)
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
  },
)

it.each(SHAPES)(
  'from %s differ from those by ggml’s probabilities by rounding alone',
  async (_, vocabulary, ids) => {
    const rows = 4
    const values = Float32Array.from({ length: vocabulary * rows }, () => 3 * rng.normal())
    /** Where in [0, 1) each token begins, found by halving: the bounds that draws go by. */
    const bounds = async (setting: string, of: Float32Array, count: number, temperature: number) => {
      vi.stubEnv(KERNELS_VARIABLE, setting)
      using backend = new Backend({ device: 'cpu', threads: 2 })
      using allocator = new GraphAllocator(backend)
      using graph = new Graph(backend, 16)
      const drawn = distribution(graph, graph.input('F32', [vocabulary, count], of), temperature, ids)
      await graph.compute(allocator)
      const draws = new Draws(graph, drawn)
      return Array.from({ length: count }, (_, row) =>
        [1, 7, 255, 256, 300, 511, 512, 777, 999]
          .filter((token) => token < ids)
          .map((token) => {
            let [low, high] = [0, 1]
            while (high - low > 2 ** -50) {
              const middle = (low + high) / 2
              if (draws.token(row, middle) < token) low = middle
              else high = middle
            }
            return high
          }),
      )
    }
    for (const temperature of [1, 0.7]) {
      const found = await bounds('', values, rows, temperature)
      const plain = await bounds('off', values, rows, temperature)
      for (let row = 0; row < rows; row++) {
        for (const [i, bound] of found[row]!.entries())
          expect(Math.abs(bound - plain[row]![i]!)).toBeLessThan(ROUNDING)
        // The same to the bit alone, and with the other instruction set.
        const own = values.subarray(row * vocabulary, (row + 1) * vocabulary)
        for (const setting of ['', 'avx2'])
          expect((await bounds(setting, own, 1, temperature))[0]).toEqual(found[row])
      }
    }
  },
)
