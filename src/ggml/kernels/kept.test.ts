/** Panels that are kept: the weights to the bit, the same products, and memory only where it was granted. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { runChild } from '../../../test/support/child.ts'
import { mutantsOf } from '../../../test/support/mutants.ts'
import { stream } from '../../core/random.ts'
import { Backend } from '../backend.ts'
import { TensorStore } from '../buffer.ts'
import { Graph, GraphAllocator } from '../graph.ts'
import { keepPanels } from '../panels.ts'
import type { Tensor } from '../tensor.ts'
import { blockBytes, blockElements, type GgmlType, TYPE_IDS } from '../types.ts'
import { readCpu } from './cpu.ts'
import { AVX2, AVX512, type InstructionSet } from './isa.ts'
import { emitKeep } from './kept.ts'
import { KERNELS_VARIABLE, kernelsOf, sourceOf } from './kernels.ts'
import { mapCode } from './memory.ts'
import { emitProduct } from './product.ts'
import { callable, type ProductCall, type ProductKind, verifyKeep, verifyProduct } from './verify.ts'

const linux = process.platform === 'linux' && process.arch === 'x64'
const cpu = linux ? readCpu() : { avx2: false, avx512: false, bf16: false, vnni: false }
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

  it('serve steps and passes, change no bit, and take no more memory than was granted', async () => {
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
    const before = choice(true)
    expect(choice(false)).toBe(before)
    const columns = kernels.kernels.isa!.columns
    const bytes = 4 * 600 * columns * (Math.ceil(107 / columns) + Math.ceil(30 / columns))
    const keep = (most: number): Promise<void> =>
      backend.exclusive(() => keepPanels(backend, [w, other, w], { precision: 'f32', most }))
    await keep(bytes - 1)
    expect(choice(true)).toBe(before)
    await keep(bytes)
    expect(kernels.planPanels([w, other], 'f32', bytes)).toBeUndefined()
    expect(choice(true)).not.toBe(before)
    expect(choice(false)).toBe(choice(true))
    expect(choice(true, 'native')).toBe(before)
    for (const threads of [2, 3]) {
      backend.setThreads(threads)
      for (const step of [true, false]) expect(await compute(step)).toBeBitIdentical(fly)
    }
    // What is kept counts when more is to be.
    using more = new TensorStore(backend, 1)
    const third = more.upload('F32', [600, 30], new Float32Array(600 * 30))
    more.commit()
    const rest = 4 * 600 * columns * Math.ceil(30 / columns)
    expect(kernels.planPanels([third], 'f32', bytes + rest - 1)).toBeUndefined()
    expect(kernels.planPanels([third], 'f32', bytes + rest)?.bytes).toBe(rest)
  })

  it('are packed for passes only where these multiply as steps do', async () => {
    using backend = new Backend({ device: 'cpu', threads: 1 })
    using store = new TensorStore(backend, 3)
    const types = ['F32', 'Q4_1', 'Q6_K'] as const
    const all = types.map((type) => {
      const bytes = 48 * (256 / blockElements(type)) * blockBytes(type)
      return store.upload(type, [256, 48], new Uint8Array(bytes).fill(1))
    })
    store.commit()
    const { kernels } = backend
    const planned = (precision: 'native' | 'f32', passes: boolean): string[] | undefined =>
      kernels!.planPanels(all, precision, 1e9, passes)?.jobs.map(({ weights }) => weights.type)
    expect(planned('f32', true)).toEqual(types)
    expect(planned('native', false)).toEqual(types)
    expect(planned('native', true)).toEqual(cpu.avx512 && cpu.vnni ? ['F32', 'Q6_K'] : types)
    const x = Float32Array.from({ length: 256 * 20 }, (_, i) => Math.cos(i))
    const passes = (): Promise<Float32Array[]> =>
      Promise.all(all.map((w) => product(backend, w, x, false, 'native')))
    const fly = await passes()
    await backend.exclusive(() => keepPanels(backend, all, { precision: 'native', most: 1e9 }))
    for (const [i, y] of (await passes()).entries()) expect(y).toBeBitIdentical(fly[i]!)
  })

  it.each(['F32', 'BF16', 'Q4_1', 'Q6_K'] as const)(
    'are the same in any number of pieces (%s)',
    async (type) => {
      using backend = new Backend({ device: 'cpu', threads: 2 })
      using store = new TensorStore(backend, 2)
      const [k, rows] = [768, 500]
      const bytes = (k / blockElements(type)) * blockBytes(type)
      // Bytes below 0x3f: in every type these are finite numbers.
      const fill = (n: number): Uint8Array =>
        Uint8Array.from({ length: bytes * n }, (_, i) => (i * 31) % 0x3f)
      const weights = [rows, 40].map((n) => store.upload(type, [k, n], fill(n)))
      store.commit()
      const x = Float32Array.from({ length: k * 9 }, (_, i) => Math.sin(i))
      const results = await Promise.all(weights.map((w) => product(backend, w, x, true)))
      // A panel at a time (they are larger), some of them, both matrices at once.
      for (const stage of [1, 400_000, 1e8]) {
        using other = new Backend({ device: 'cpu', threads: 2 })
        await other.exclusive(() => keepPanels(other, weights, { precision: 'f32', most: 1e9, stage }))
        expect(other.kernels!.planPanels(weights, 'f32', 1e9)).toBeUndefined()
        for (const [i, w] of weights.entries())
          expect(await product(other, w, x, true)).toBeBitIdentical(results[i]!)
      }
    },
  )

  it('are not kept when work is stopped, nor where there is no folder for their file; later they are', async () => {
    using backend = new Backend({ device: 'cpu', threads: 2 })
    using store = new TensorStore(backend, 1)
    const w = store.upload('F32', [600, 107], new Float32Array(600 * 107).fill(0.5))
    store.commit()
    const keep = (signal?: AbortSignal): Promise<void> =>
      backend.exclusive(() => keepPanels(backend, [w], { precision: 'f32', most: 1e9, signal }))
    const isKept = (): boolean => backend.kernels!.planPanels([w], 'f32', 1e9) === undefined
    await expect(keep(AbortSignal.abort())).rejects.toMatchObject({ code: 'interrupted' })
    expect(isKept()).toBe(false)
    vi.stubEnv('TMPDIR', join(tmpdir(), 'palimpsest-no-such-folder'))
    await keep()
    expect(isKept()).toBe(false)
    vi.unstubAllEnvs()
    await keep()
    expect(isKept()).toBe(true)
  })

  it('are pages of a file without a name, and no private memory; a full disk keeps none', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'palimpsest-kept-'))
    const run = async (disk: 'free' | 'full'): Promise<KeptMemory> => {
      const script = 'test/support/kept-memory.ts'
      const { code, stdout, stderr } = await runChild(script, [`${folder}.weights`, disk], { TMPDIR: folder })
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      return JSON.parse(stdout) as KeptMemory
    }
    try {
      const kept = await run('free')
      // tsx leaves a folder of its own.
      expect(kept.left.filter((name) => !name.startsWith('tsx'))).toEqual([])
      expect(kept).toMatchObject({ same: true, mapped: [{ rights: 'r--s' }] })
      expect(kept.mapped[0]!.bytes).toBeGreaterThan(134e6)
      expect(kept.meanwhile).toBeLessThan(40e6)
      expect(kept.grown).toBeLessThan(25e6)
      const full = await run('full')
      expect(full.left.filter((name) => !name.startsWith('tsx'))).toEqual([])
      expect(full).toMatchObject({ same: true, mapped: [] })
      // The mapping needs no open file either.
      expect([kept.open, full.open]).toEqual([[], []])
    } finally {
      rmSync(folder, { recursive: true })
      rmSync(`${folder}.weights`, { force: true })
    }
  }, 120_000)
})

/** What kept-memory.ts prints. */
interface KeptMemory {
  readonly grown: number
  readonly meanwhile: number
  readonly mapped: readonly { readonly rights: string; readonly bytes: number }[]
  readonly open: readonly string[]
  readonly left: readonly string[]
  readonly same: boolean
}

async function product(
  backend: Backend,
  w: Tensor,
  x: Float32Array,
  step: boolean,
  precision: 'native' | 'f32' = 'f32',
): Promise<Float32Array> {
  return backend.exclusive(async () => {
    using allocator = new GraphAllocator(backend)
    using graph = new Graph(backend, 8)
    const input = graph.input('F32', [w.ne[0], x.length / w.ne[0]], x)
    const y = graph.output(graph.linear(w, input, { precision, step }))
    await graph.compute(allocator)
    return graph.read(y)
  })
}
