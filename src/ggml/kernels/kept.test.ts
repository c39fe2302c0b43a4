/** Panels that are kept: the weights to the bit, the same products, and memory only where it was granted. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { runChild } from '../../../test/support/child.ts'
import { mutantsOf } from '../../../test/support/mutants.ts'
import { stream } from '../../core/random.ts'
import { Backend } from '../backend.ts'
import { TensorStore } from '../buffer.ts'
import { Graph, GraphAllocator } from '../graph.ts'
import type { Tensor } from '../tensor.ts'
import { type GgmlType, TYPE_IDS } from '../types.ts'
import { readCpu } from './cpu.ts'
import { AVX2, AVX512, type InstructionSet } from './isa.ts'
import { emitKeep } from './kept.ts'
import { KERNELS_VARIABLE, kernelsOf, sourceOf } from './kernels.ts'
import { mapCode } from './memory.ts'
import { emitProduct } from './product.ts'
import { callable, type ProductCall, type ProductKind, verifyKeep, verifyProduct } from './verify.ts'

const linux = process.platform === 'linux' && process.arch === 'x64'
const cpu = linux ? readCpu() : { avx2: false, avx512: false, bf16: false }
const SETS: InstructionSet[] = [...(cpu.avx512 ? [AVX512] : []), ...(cpu.avx2 ? [AVX2] : [])]
const types = (Object.keys(TYPE_IDS) as GgmlType[]).filter((t) => t !== 'I32' && t !== 'I64')
const map = (code: Uint8Array): ProductCall => callable(mapCode(code).address)

afterEach(() => {
  vi.unstubAllEnvs()
})

describe.skipIf(SETS.length === 0)('panels that are kept (skipped where no kernels serve)', () => {
  it.each(SETS)('pass their test in $name, every type', (isa) => {
    vi.stubEnv(KERNELS_VARIABLE, isa === AVX2 ? 'avx2' : '')
    using backend = new Backend({ device: 'cpu', threads: 1 })
    const kernels = kernelsOf(backend.engine)
    const rounding = types.filter((type) => type !== 'F32' && type !== 'F16')
    const served = (activations: 'F32' | 'BF16', of: readonly GgmlType[]): GgmlType[] =>
      of.filter((weights) => kernels.kept({ weights, activations }) !== undefined)
    expect(served('F32', types)).toEqual(types)
    expect(served('BF16', rounding)).toEqual(isa === AVX512 && cpu.bf16 ? rounding : [])
    expect(kernels.report().failed).toEqual([])
  })

  it.each(SETS)(
    'are caught when a byte of their code is wrong ($name)',
    (isa) => {
      using backend = new Backend({ device: 'cpu', threads: 1 })
      const kind: ProductKind = { weights: 'F32', activations: 'F32' }
      const source = sourceOf(kind, backend.engine)
      const keep = emitKeep(isa, { bf16: false, source })
      const packs = mutantsOf(isa, keep)
      expect(packs.length).toBeGreaterThan(10)
      for (const { what, bytes } of packs)
        expect(() => verifyKeep(isa, kind, map(bytes)), what).toThrow(/not the weight/)
      const product = emitProduct(isa, { bf16: false, source: 'kept' })
      const test = (bytes: Uint8Array): void => verifyProduct(isa, kind, map(bytes), { keep: map(keep) })
      expect(() => test(product)).not.toThrow()
      const products = mutantsOf(isa, product)
      expect(products.length).toBeGreaterThan(5)
      for (const { what, bytes } of products) expect(() => test(bytes), what).toThrow()
    },
    60_000,
  )

  it('touch nothing beside their operands and give the bits of products that pack for themselves', async () => {
    const { code, signal, stdout, stderr } = await runChild('test/support/kept-guard.ts')
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' })
    expect(Number(stdout)).toBeGreaterThan(500)
  }, 240_000)

  it('serve steps alone, change no bit, and take no more memory than was granted', async () => {
    using backend = new Backend({ device: 'cpu', threads: 2 })
    using store = new TensorStore(backend, 2)
    const rng = stream(5, 'kept')
    const [w, other] = [107, 30].map((rows) =>
      store.upload(
        'F32',
        [600, rows],
        Float32Array.from({ length: 600 * rows }, () => rng.normal()),
      ),
    ) as [Tensor, Tensor]
    store.commit()
    const x = Float32Array.from({ length: 600 * 21 }, () => rng.normal())
    const kernels = backend.kernels!
    const choice = (step: boolean, precision: 'f32' | 'native' = 'f32'): bigint | undefined => {
      using graph = new Graph(backend, 8)
      return kernels.choose(w, graph.input('F32', [600, 21]), { precision, step })?.address
    }
    const compute = (step: boolean): Promise<Float32Array> => product(backend, w, x, step)
    const fly = await compute(true)
    expect(choice(true)).toBe(choice(false))
    const columns = kernels.kernels.isa!.columns
    const bytes = 4 * 600 * columns * (Math.ceil(107 / columns) + Math.ceil(30 / columns))
    expect(kernels.reservePanels([w, other], 'f32', bytes - 1)).toBeUndefined()
    const jobs = kernels.reservePanels([w, other, w], 'f32', bytes)!
    expect(jobs.all.map((job) => job.weights)).toEqual([w, other])
    await backend.exclusive(async () => {
      using allocator = new GraphAllocator(backend)
      using graph = new Graph(backend, 2)
      for (const job of jobs.all) graph.expand(graph.packPanels(job))
      await graph.compute(allocator)
    })
    kernels.keep(jobs)
    expect(kernels.reservePanels([w], 'f32', bytes)).toBeUndefined()
    expect(choice(true)).not.toBe(choice(false))
    expect(choice(true, 'native')).toBe(choice(false))
    expect(await compute(true)).toBeBitIdentical(fly)
    backend.setThreads(3)
    expect(await compute(true)).toBeBitIdentical(fly)
  })
})

async function product(backend: Backend, w: Tensor, x: Float32Array, step: boolean): Promise<Float32Array> {
  return backend.exclusive(async () => {
    using allocator = new GraphAllocator(backend)
    using graph = new Graph(backend, 8)
    const input = graph.input('F32', [w.ne[0], x.length / w.ne[0]], x)
    const y = graph.output(graph.linear(w, input, { precision: 'f32', step }))
    await graph.compute(allocator)
    return graph.read(y)
  })
}
