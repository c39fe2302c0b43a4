/** Products by our own code: right in every kind and shape, the same bits everywhere, caught when they are wrong. */
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { runChild } from '../../../test/support/child.ts'
import { mutantsOf } from '../../../test/support/mutants.ts'
import { stream } from '../../core/random.ts'
import { Backend } from '../backend.ts'
import { Graph, GraphAllocator } from '../graph.ts'
import { loadEngine } from '../library.ts'
import type { Tensor } from '../tensor.ts'
import type { GgmlType } from '../types.ts'
import { TYPE_IDS } from '../types.ts'
import { emitAbove, verifyAbove } from './above.ts'
import { Assembler } from './assembler.ts'
import { emitAttention } from './attention.ts'
import { emitBatched } from './batched.ts'
import { emitBlockSums, verifyBlockSums } from './block-sums.ts'
import { readCpu } from './cpu.ts'
import { emitGather, type GatherKind, verifyGather } from './gather.ts'
import { AVX2, AVX512, type InstructionSet } from './isa.ts'
import { KERNELS_VARIABLE, kernelsOf, sourceOf } from './kernels.ts'
import { mapCode } from './memory.ts'
import { emitNorm } from './norm.ts'
import { emitPeak } from './peak.ts'
import { emitProduct } from './product.ts'
import { emitRope } from './rope.ts'
import { callable, type ProductKind, verifyProduct } from './verify.ts'

const linux = process.platform === 'linux' && process.arch === 'x64'
const cpu = linux ? readCpu() : { avx2: false, avx512: false, bf16: false, vnni: false }
/** The instruction sets of this processor. */
const SETS: InstructionSet[] = [...(cpu.avx512 ? [AVX512] : []), ...(cpu.avx2 ? [AVX2] : [])]
const types = (Object.keys(TYPE_IDS) as GgmlType[]).filter((t) => t !== 'I32' && t !== 'I64')

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

describe.skipIf(SETS.length === 0)(
  'kernels (skipped where the processor has no AVX2 or the system is another)',
  () => {
    it.each(SETS)(
      'pass their test in $name, every type that ggml can widen',
      (isa) => {
        vi.stubEnv(KERNELS_VARIABLE, isa === AVX2 ? 'avx2' : '')
        using backend = new Backend({ device: 'cpu', threads: 1 })
        const kernels = kernelsOf(backend.engine)
        const missing = types.filter(
          (weights) => kernels.product({ weights, activations: 'F32' }) === undefined,
        )
        expect([missing, kernels.report().failed]).toEqual([[], []])
        expect(kernels.report().instructions).toBe(isa.name)
        // f32 and f16 weights never round the activations.
        const rounding = types.filter((type) => type !== 'F32' && type !== 'F16')
        const served = rounding.filter((weights) => kernels.product({ weights, activations: 'BF16' }))
        expect(served).toEqual(isa === AVX512 && cpu.bf16 ? rounding : [])
        expect(kernels.report().failed).toEqual([])
      },
      120_000,
    )

    it.each(SETS)('give the same bits alone and together, on any number of threads ($name)', async (isa) => {
      vi.stubEnv(KERNELS_VARIABLE, isa === AVX2 ? 'avx2' : '')
      const rng = stream(3, 'kernels')
      const [k, m, n] = [600, 107, 21]
      const w = Float32Array.from({ length: k * m }, () => rng.normal())
      const x = Float32Array.from({ length: k * n }, () => rng.normal())
      for (const [type, precision] of [
        ['F32', 'f32'],
        ['BF16', 'f32'],
        ['BF16', 'native'],
        ['F16', 'native'],
      ] as const) {
        const all: Float32Array[] = []
        for (const threads of [1, 2, 3]) {
          using backend = new Backend({ device: 'cpu', threads: 1 })
          all.push(await product(backend, w, x, [k, m, n], type, precision))
          backend.setThreads(threads) // after the scratch was made for one
          all.push(await product(backend, w, x, [k, m, n], type, precision))
          const alone = await product(backend, w, x.subarray(0, k), [k, m, 1], type, precision)
          expect(alone).toBeBitIdentical(all[0]!.subarray(0, m))
        }
        for (const other of all) expect(other).toBeBitIdentical(all[0]!)
      }
    })

    it.skipIf(SETS.length < 2)('give the same bits in f32 with AVX-512 and with AVX2', async () => {
      const rng = stream(5, 'kernels')
      const [k, m, n] = [530, 61, 11]
      const w = Float32Array.from({ length: k * m }, () => rng.normal())
      const x = Float32Array.from({ length: k * n }, () => rng.normal())
      for (const type of ['F32', 'BF16', 'F16'] as const) {
        const results: Float32Array[] = []
        for (const setting of ['', 'avx2']) {
          vi.stubEnv(KERNELS_VARIABLE, setting)
          using backend = new Backend({ device: 'cpu', threads: 1 })
          results.push(await product(backend, w, x, [k, m, n], type, 'f32'))
        }
        expect(results[1]).toBeBitIdentical(results[0]!)
      }
    })

    it('take little private memory beside weights in mapped files', async () => {
      const file = join(tmpdir(), `palimpsest-kernels-${process.pid}.bin`)
      try {
        const { code, stdout, stderr } = await runChild('test/support/kernels-memory.ts', [file])
        expect(code, stderr).toBe(0)
        const { grown, kernels } = JSON.parse(stdout)
        expect(kernels).toBe(3)
        expect(grown).toBeLessThan(100e6)
      } finally {
        rmSync(file, { force: true })
      }
    }, 120_000)

    it('agree with ggml’s own products on the same weights', async () => {
      const rng = stream(4, 'kernels')
      const [k, m, n] = [576, 100, 40]
      const w = Float32Array.from({ length: k * m }, () => rng.normal())
      const x = Float32Array.from({ length: k * n }, () => rng.normal())
      using backend = new Backend({ device: 'cpu', threads: 1 })
      for (const [type, precision, bound] of [
        ['F32', 'f32', 5e-7],
        ['BF16', 'f32', 5e-7],
        ['F16', 'f32', 5e-7],
        ['BF16', 'native', 1e-5],
      ] as const) {
        vi.stubEnv(KERNELS_VARIABLE, '')
        const ours = await product(backend, w, x, [k, m, n], type, precision)
        vi.stubEnv(KERNELS_VARIABLE, 'off')
        using other = new Backend({ device: 'cpu', threads: 1 })
        expect(other.kernels?.kernels.isa).toBeUndefined()
        expect(ours).toBeWithinRelativeL2(await product(other, w, x, [k, m, n], type, precision), bound)
      }
    })

    it('of AVX2 are nothing but VEX, and have no masks: a processor without AVX-512 knows no other', () => {
      for (const name of ['evex', 'moveMask', 'storeMask', 'keepLowBits'] as const)
        vi.spyOn(Assembler.prototype, name).mockImplementation(() => {
          throw new Error(`${name} is not of AVX2`)
        })
      using backend = new Backend({ device: 'cpu', threads: 1 })
      const emitted = types.map((weights) =>
        emitProduct(AVX2, {
          bf16: false,
          source: sourceOf({ weights, activations: 'F32' }, backend.engine),
        }),
      )
      for (let width = 16; width <= 256; width += 16) emitted.push(emitAttention(AVX2, width))
      for (const form of ['pass', 'inputs', 'weights'] as const) emitted.push(emitBatched(AVX2, form))
      for (const kind of ['sum', 'dot', 'dot-bf16'] as const) emitted.push(emitGather(AVX2, kind))
      for (const weighted of [true, false]) emitted.push(emitNorm(AVX2, { eps: 1e-5, weighted }))
      for (const pairs of ['half', 'adjacent'] as const) emitted.push(emitRope(pairs))
      emitted.push(emitPeak(AVX2, false), emitBlockSums(AVX2))
      expect(emitted.every((code) => code.length > 50)).toBe(true)
      expect(() => emitProduct(AVX512, { bf16: false, source: { kind: 'words' } })).toThrow(/not of AVX2/)
    })

    it('serve decoding steps from eight rows on', async () => {
      using backend = new Backend({ device: 'cpu', threads: 1 })
      using graph = new Graph(backend, 8)
      const w = graph.input('F32', [64, 32])
      const x = (rows: number): Tensor => graph.input('F32', [64, rows])
      const serves = (rows: number, step: boolean): boolean =>
        backend.kernels!.choose(w, x(rows), { precision: 'f32', step }) !== undefined
      expect([serves(7, true), serves(8, true), serves(1, false)]).toEqual([false, true, true])
    })

    it.each(SETS)(
      'are caught when a byte of their code is wrong ($name)',
      (isa) => {
        using backend = new Backend({ device: 'cpu', threads: 1 })
        for (const weights of ['F32', 'BF16', 'F16', 'Q4_0', 'Q4_1', 'Q8_0', 'Q6_K'] satisfies GgmlType[])
          for (const activations of ['F32', 'BF16'] satisfies ProductKind['activations'][]) {
            const kind = { weights, activations }
            const bf16 = activations === 'BF16'
            if (bf16 && (isa === AVX2 || !cpu.bf16 || weights === 'F32' || weights === 'F16')) continue
            const source = sourceOf(kind, backend.engine)
            const code = emitProduct(isa, { bf16, source })
            const toFloat = source.kind === 'blocks' ? source.toFloat : undefined
            const test = (bytes: Uint8Array): void =>
              verifyProduct(isa, kind, callable(mapCode(bytes).address), { toFloat })
            expect(() => test(code)).not.toThrow()
            const mutants = mutantsOf(isa, code)
            expect(mutants.length).toBeGreaterThan(20)
            for (const { what, bytes } of mutants) expect(() => test(bytes), what).toThrow()
          }
      },
      120_000,
    )

    it('touch nothing beside their operands and keep the registers of their caller', async () => {
      const { code, signal, stdout, stderr } = await runChild('test/support/kernels-guard.ts')
      expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' })
      expect(Number(stdout)).toBeGreaterThan(1000)
    }, 240_000)

    it('reach rows and matrices that lie more than 4 GiB apart', async () => {
      const { code, signal, stdout, stderr } = await runChild('test/support/kernels-far.ts')
      expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' })
      expect(Number(stdout)).toBe(8 * SETS.length + 2 + (cpu.avx512 ? 1 : 0))
    })

    it.each(SETS)(
      'with sparse matrices pass their test and are caught when they are wrong ($name)',
      (isa) => {
        for (const kind of ['sum', 'dot', 'dot-bf16'] satisfies GatherKind[]) {
          const code = emitGather(isa, kind)
          const test = (bytes: Uint8Array): void => verifyGather(isa, kind, callable(mapCode(bytes).address))
          expect(() => test(code)).not.toThrow()
          // A multiply-add that takes a factor from another register: every one of them.
          const [prefix, opcode] = isa === AVX512 ? [0x62, 4] : [0xc4, 3]
          let mutants = 0
          for (let i = 0; i + 8 < code.length; i++) {
            if (code[i] !== prefix || (code[i + 1]! & 7) !== 2 || code[i + opcode] !== 0xb8) continue
            const bytes = code.slice()
            bytes[i + 2]! ^= 0x08
            expect(() => test(bytes), `${kind} at ${i}`).toThrow()
            mutants++
          }
          expect(mutants).toBeGreaterThan(4)
        }
      },
    )

    it('with sparse matrices touch nothing beside their operands and keep registers', async () => {
      const { code, signal, stdout, stderr } = await runChild('test/support/gather-guard.ts')
      expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' })
      expect(Number(stdout)).toBeGreaterThan(100)
    }, 120_000)

    it.skipIf(!cpu.avx512)(
      'find products above their cuts, and are caught when they do not',
      async () => {
        const code = emitAbove()
        const test = (bytes: Uint8Array): void => verifyAbove(callable(mapCode(bytes).address))
        expect(() => test(code)).not.toThrow()
        // Comparisons of another kind, and a margin that is added instead of taken away.
        let mutants = 0
        for (let i = 0; i + 8 < code.length; i++) {
          if (code[i] !== 0x62) continue
          const flips =
            code[i + 4] === 0xc2
              ? [
                  [6, 0x08],
                  [6, 0x03],
                ]
              : code[i + 4] === 0xbc
                ? [[4, 0x04]]
                : []
          for (const [offset, flip] of flips) {
            const bytes = code.slice()
            bytes[i + offset!]! ^= flip!
            expect(() => test(bytes), `at ${i}`).toThrow()
            mutants++
          }
        }
        expect(mutants).toBe(6)
        const guard = await runChild('test/support/above-guard.ts')
        expect({ code: guard.code, signal: guard.signal, stderr: guard.stderr }).toEqual({
          code: 0,
          signal: null,
          stderr: '',
        })
        expect(Number(guard.stdout)).toBeGreaterThan(100)
      },
      60_000,
    )

    it.each(SETS)('sum blocks of logits, and are caught when they do not ($name)', (isa) => {
      const code = emitBlockSums(isa)
      const test = (bytes: Uint8Array): void => verifyBlockSums(callable(mapCode(bytes).address))
      expect(() => test(code)).not.toThrow()
      // Sums, differences, products and multiply-adds that take another register. What is left of ln 2 beyond f32, every
      // second 0xbc, is worth less than the bar: exp has tests of its own.
      const [prefix, opcode] = isa === AVX512 ? [0x62, 4] : [0xc4, 3]
      let [mutants, halves] = [0, 0]
      for (let i = 0; i + 8 < code.length; i++) {
        if (code[i] !== prefix) continue
        const map = code[i + 1]! & 7
        const byte = code[i + opcode]!
        const arithmetic = map === 1 && [0x58, 0x59, 0x5c].includes(byte)
        const fused = map === 2 && (byte === 0xa8 || (byte === 0xbc && halves++ % 2 === 0))
        if (!arithmetic && !fused) continue
        const bytes = code.slice()
        bytes[i + 2]! ^= 0x08
        expect(() => test(bytes), `${byte.toString(16)} at ${i}`).toThrow()
        mutants++
      }
      expect(mutants).toBeGreaterThan(20)
    })

    it('that sum blocks touch nothing beside their operands and keep registers', async () => {
      const { code, signal, stdout, stderr } = await runChild('test/support/block-sums-guard.ts')
      expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' })
      expect(Number(stdout)).toBeGreaterThan(100)
    })

    it('refuse rows and entries that do not fit', async () => {
      using backend = new Backend({ device: 'cpu', threads: 1 })
      using allocator = new GraphAllocator(backend)
      const gather = backend.kernels!.kernels.gather(32)!
      expect(backend.kernels!.kernels.gather(36)).toBeUndefined()
      const build = (indices: Int32Array, starts: Int32Array, d = 32): [Graph, Tensor] => {
        const graph = new Graph(backend, 16)
        const rows = graph.input('F32', [d, 3], new Float32Array(3 * d))
        const matrix = {
          starts: graph.input('I32', [starts.length], starts),
          indices: graph.input('I32', [indices.length], indices),
          values: graph.input('F32', [indices.length], new Float32Array(indices.length)),
        }
        return [graph, graph.output(graph.gatherSum(gather, rows, matrix))]
      }
      for (const [indices, starts] of [
        [Int32Array.of(0, 3), Int32Array.of(0, 1, 2)],
        [Int32Array.of(0, -1), Int32Array.of(0, 1, 2)],
        [Int32Array.of(0, 2), Int32Array.of(0, 1, 3)],
      ] as const) {
        const [graph] = build(indices, starts)
        await expect(backend.exclusive(() => graph.compute(allocator))).rejects.toMatchObject({
          code: 'graph-index',
        })
        graph[Symbol.dispose]()
      }
      expect(() => build(Int32Array.of(0), Int32Array.of(0, 1), 36)).toThrow(/gatherSum/)
    })

    it('come by an anonymous file where memory may not become executable, and ggml serves without', async () => {
      const mdwe = await system('mdwe', 'linear')
      expect(mdwe.right).toBe(true)
      if (!mdwe.supported) {
        console.warn('this kernel has no PR_SET_MDWE: refusals are not tested')
        return
      }
      expect(mdwe).toMatchObject({ mapping: 'memfd', failed: [] })
      expect(new Set(mdwe.mapped)).toEqual(new Set(['r-xs']))
      const all = await system('all', 'linear')
      expect(all).toMatchObject({ right: true, mapped: [] })
      expect(all.off).toMatch(/memfd_create failed/)
      // Nothing is mapped before the first product of weights, nor with the switch off.
      expect(await system('mdwe', 'mulMat')).toMatchObject({ right: true, mapped: [] })
      const off = await system('mdwe', 'linear', 'off')
      expect(off).toMatchObject({ right: true, mapped: [], off: 'PALIMPSEST_KERNELS=off' })
    }, 120_000)
  },
)

it.skipIf(!linux)(
  'map nothing executable before a product, when they are off, or on Arm',
  async () => {
    const maps = async (settings: Record<string, string>, ...processor: string[]): Promise<Maps> => {
      const env = { NODE_OPTIONS: '--jitless', ...settings }
      const { code, stdout, stderr } = await runChild('test/support/kernels-maps.ts', processor, env)
      expect(code, stderr).toBe(0)
      return JSON.parse(stdout) as Maps
    }
    const nothing = { anonymous: [], writable: [] }
    const on = await maps({ [KERNELS_VARIABLE]: '' })
    expect(on).toMatchObject({ imported: nothing, opened: nothing, finite: true })
    // The instrument that looks sees kernels where there are some: executable, and never writable as well.
    if (SETS.length > 0) {
      expect(new Set(on.computed.anonymous)).toEqual(new Set(['r-xp']))
      expect(on.computed.writable).toEqual([])
    }
    const off = await maps({ [KERNELS_VARIABLE]: 'off' })
    expect(off).toMatchObject({ imported: nothing, opened: nothing, computed: nothing, finite: true })
    // The engine is this processor's all the same: ggml's products then serve.
    const arm = await maps({ PALIMPSEST_GGML_DIR: loadEngine('cpu').folder, [KERNELS_VARIABLE]: '' }, 'arm64')
    expect(arm).toMatchObject({ imported: nothing, opened: nothing, computed: nothing, finite: true })
    expect(arm.off).toMatch(/Linux x64 only/)
  },
  240_000,
)

it('say why they are off', () => {
  using backend = new Backend({ device: 'cpu', threads: 1 })
  vi.stubEnv(KERNELS_VARIABLE, 'off')
  const { off, instructions } = kernelsOf(backend.engine).report()
  expect(instructions).toBeUndefined()
  expect(off).toMatch(linux ? /PALIMPSEST_KERNELS=off/ : /Linux x64 only/)
  vi.stubEnv(KERNELS_VARIABLE, 'fast')
  expect(kernelsOf(backend.engine).report().off).toMatch(linux ? /neither off nor avx2/ : /Linux x64 only/)
})

/** One product in a graph. */
async function product(
  backend: Backend,
  w: Float32Array,
  x: Float32Array,
  [k, m, n]: readonly [number, number, number],
  type: 'F32' | 'BF16' | 'F16',
  precision: 'f32' | 'native',
): Promise<Float32Array> {
  return backend.exclusive(async () => {
    using allocator = new GraphAllocator(backend)
    using graph = new Graph(backend, 8)
    const weights = graph.cast(graph.input('F32', [k, m], w), type)
    const y = graph.linear(weights, graph.input('F32', [k, n], x), { precision })
    // Through another operation of ggml's, on the same threads.
    const sum = graph.output(graph.scale(y, 1, 0))
    await graph.compute(allocator)
    return graph.read(sum)
  })
}

/** Rights of what is executable and no file's, and what is writable as well. */
type Executable = { readonly anonymous: readonly string[]; readonly writable: readonly string[] }

interface Maps {
  readonly imported: Executable
  readonly opened: Executable
  readonly computed: Executable
  readonly off?: string
  readonly finite: boolean
}

interface SystemResult {
  readonly supported: boolean
  readonly right: boolean
  readonly mapped: readonly string[]
  readonly off?: string
}

async function system(refused: 'mdwe' | 'all', op: 'linear' | 'mulMat', setting = ''): Promise<SystemResult> {
  const { code, stdout, stderr } = await runChild('test/support/kernels-system.ts', [refused, op], {
    [KERNELS_VARIABLE]: setting,
    // V8's own compilers end the process where they may not write code.
    NODE_OPTIONS: '--jitless',
  })
  expect(code, stderr).toBe(0)
  return JSON.parse(stdout) as SystemResult
}
