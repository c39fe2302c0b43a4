/** Products with something added to them: the bits of a sum of both, whatever computes it. */
import { afterEach, expect, it, vi } from 'vitest'
import { stream } from '../../core/random.ts'
import { Backend } from '../backend.ts'
import { TensorStore } from '../buffer.ts'
import { Graph, GraphAllocator } from '../graph.ts'
import { keepPanels } from '../panels.ts'
import { bytesOf, type Tensor } from '../tensor.ts'
import type { GgmlType } from '../types.ts'
import { readCpu } from './cpu.ts'
import { KERNELS_VARIABLE } from './kernels.ts'
import type { LinearOptions } from './linear.ts'

const linux = process.platform === 'linux' && process.arch === 'x64'
const cpu = linux ? readCpu() : { avx2: false, avx512: false }
const WAYS = ['off', ...(cpu.avx2 ? ['avx2'] : []), ...(cpu.avx512 ? [''] : [])]
const TYPES: readonly GgmlType[] = ['F32', 'BF16', 'F16', 'Q4_1', 'Q8_0', 'Q6_K']
const [K, M, N] = [768, 107, 21]

afterEach(() => {
  vi.unstubAllEnvs()
})

it.each(WAYS)(
  'give the bits of a sum: passes, steps and panels that are kept (kernels: "%s")',
  async (way) => {
    vi.stubEnv(KERNELS_VARIABLE, way)
    for (const type of TYPES)
      for (const precision of ['native', 'f32'] as const) {
        using backend = new Backend({ device: 'cpu', threads: 2 })
        using store = new TensorStore(backend, 1)
        const rng = stream(1, `added ${type}`)
        const bytes = new Uint8Array(bytesOf(type, [K, M, 1, 1])).map(() => rng.below(0x3f))
        const w = store.upload(type, [K, M], bytes)
        store.commit()
        const normals = (count: number): Float32Array =>
          Float32Array.from({ length: count }, () => rng.normal())
        const [x, plus] = [normals(K * N), normals(M * N)]
        for (const kept of [false, true]) {
          if (kept) await backend.exclusive(() => keepPanels(backend, [w], { precision, most: 1e9 }))
          for (const step of [false, true]) {
            const how = { precision, step }
            const inputs = (g: Graph): [Tensor, Tensor] => [w, g.input('F32', [K, N], x)]
            const product = await read(backend, (g) => g.linear(...inputs(g), how))
            const sum = await read(backend, (g) => g.linear(...inputs(g), how, g.input('F32', [M, N], plus)))
            expect(sum, `${type} ${precision}`).toBeBitIdentical(product.map((y, i) => y + plus[i]!))
          }
        }
      }
  },
)

it('take what has gaps or is repeated as `add` does', async () => {
  using backend = new Backend({ device: 'cpu', threads: 1 })
  const values = (count: number): Float32Array => Float32Array.from({ length: count }, (_, i) => (i % 7) - 3)
  const others: ((g: Graph) => Tensor)[] = [
    (g) => g.view(g.input('F32', [96, 8], values(96 * 8)), [48, 8], [4 * 96, 4 * 96 * 8, 4 * 96 * 8]),
    (g) => g.input('F32', [48], values(48)),
  ]
  const operands = (g: Graph): [Tensor, Tensor, LinearOptions] => [
    g.input('F32', [48, 48], values(48 * 48)),
    g.input('F32', [48, 8], values(48 * 8)),
    { precision: 'f32' },
  ]
  for (const other of others) {
    const found = await read(backend, (g) => g.linear(...operands(g), other(g)))
    expect(found).toBeBitIdentical(await read(backend, (g) => g.add(g.linear(...operands(g)), other(g))))
  }
})

async function read(backend: Backend, build: (g: Graph) => Tensor): Promise<Float32Array> {
  return await backend.exclusive(async () => {
    using allocator = new GraphAllocator(backend)
    using graph = new Graph(backend, 16)
    const y = graph.output(build(graph))
    await graph.compute(allocator)
    return graph.read(y)
  })
}
