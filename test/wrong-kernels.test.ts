/** Every kernel made wrong: none is used, the work goes on with ggml's own, and the report names each. */
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { stream } from '../src/core/random.ts'
import { Backend } from '../src/ggml/backend.ts'
import { Graph, GraphAllocator } from '../src/ggml/graph.ts'
import { Assembler, type VectorOp } from '../src/ggml/kernels/assembler.ts'
import { spansOfTexts } from '../src/ggml/kernels/attention-plan.ts'
import { readCpu } from '../src/ggml/kernels/cpu.ts'
import { Vectors } from '../src/ggml/kernels/exponential.ts'
import { AVX2, AVX512, type InstructionSet } from '../src/ggml/kernels/isa.ts'
import { KERNELS_VARIABLE } from '../src/ggml/kernels/kernels.ts'
import { swapProducts } from '../src/ggml/kernels/swap.ts'
import type { GgmlType } from '../src/ggml/types.ts'
import { blockBytes, blockElements } from '../src/ggml/types.ts'
import { expectGolden, goldenHooks, MODELS, openGolden } from './support/golden.ts'
import { loadTiny } from './support/tiny.ts'

const linux = process.platform === 'linux' && process.arch === 'x64'
const cpu = linux ? readCpu() : { avx2: false, avx512: false, bf16: false, vnni: false }
const SETS: InstructionSet[] = [...(cpu.avx512 ? [AVX512] : []), ...(cpu.avx2 ? [AVX2] : [])]
const TYPES = ['F32', 'F16', 'BF16', 'Q4_0', 'Q8_0', 'Q6_K'] as const satisfies GgmlType[]
const [K, M, N] = [512, 40, 11]
const ATTENTION = { headDim: 32, heads: 4, kvHeads: 2, scale: 0.2, softcap: 0, window: undefined }

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

/** What instructions are replaced by: roots are none, and what is to be subtracted is added. */
const WRONG: Partial<Record<VectorOp, VectorOp>> = {
  vsqrtps: 'vmovups',
  vfmsub213ps: 'vfmadd213ps',
  vfmaddsub213ps: 'vfmadd213ps',
}

/** Multiply-adds square their first factor, stores take another register, comparisons ask for less instead of more, exp is none. */
function spoil(isa: InstructionSet): void {
  const multiplyAdd = isa.multiplyAdd.bind(isa)
  vi.spyOn(isa, 'multiplyAdd').mockImplementation((a, bf16, target, x) => multiplyAdd(a, bf16, target, x, x))
  const store = isa.store.bind(isa)
  vi.spyOn(isa, 'store').mockImplementation((a, r, memory, mask) => store(a, r ^ 1, memory, mask))
  vi.spyOn(Vectors.prototype, 'exp').mockImplementation(() => {})
  const op = Vectors.prototype.op
  vi.spyOn(Vectors.prototype, 'op').mockImplementation(function (this: Vectors, name, ...rest) {
    op.call(this, WRONG[name] ?? name, ...rest)
  })
  const evex = Assembler.prototype.evex
  vi.spyOn(Assembler.prototype, 'evex').mockImplementation(function (this: Assembler, name, ...rest) {
    const [register, second, operand, options] = rest
    const more = name === 'vcmpps' ? { ...options, immediate: 0x11 } : options
    evex.call(this, name, register, second, operand, more)
  })
}

/** Weights of a type: small bytes, which are finite numbers in each. */
function weights(type: GgmlType): Uint8Array {
  const rng = stream(11, type)
  if (type === 'F32') return new Uint8Array(Float32Array.from({ length: K * M }, () => rng.normal()).buffer)
  const bytes = (K / blockElements(type)) * blockBytes(type) * M
  return Uint8Array.from({ length: bytes }, () => Math.floor(rng.uniform() * 48))
}

/** The products of all types of weights at a precision. */
async function products(backend: Backend, precision: 'f32' | 'native'): Promise<Float32Array[]> {
  const rng = stream(12, 'activations')
  const x = Float32Array.from({ length: K * N }, () => rng.normal())
  using allocator = new GraphAllocator(backend)
  using graph = new Graph(backend, 8 * TYPES.length)
  const outputs = TYPES.map((type) =>
    graph.output(
      graph.linear(graph.input(type, [K, M], weights(type)), graph.input('F32', [K, N], x), { precision }),
    ),
  )
  return await backend.exclusive(async () => {
    await graph.compute(allocator)
    return outputs.map((t) => graph.read(t))
  })
}

describe.skipIf(SETS.length === 0)(
  'wrong kernels (skipped where the processor has no AVX2 or the system is another)',
  () => {
    it.each(SETS)('are not used, and named ($name)', async (isa) => {
      const setting = isa === AVX2 ? 'avx2' : ''
      spoil(isa)
      for (const precision of ['f32', 'native'] as const) {
        vi.stubEnv(KERNELS_VARIABLE, setting)
        using ours = new Backend({ device: 'cpu', threads: 1 })
        const found = await products(ours, precision)
        vi.stubEnv(KERNELS_VARIABLE, 'off')
        using plain = new Backend({ device: 'cpu', threads: 1 })
        const expected = await products(plain, precision)
        for (const [i, y] of found.entries()) expect(y, TYPES[i]).toBeBitIdentical(expected[i]!)
      }
      vi.stubEnv(KERNELS_VARIABLE, setting)
      using backend = new Backend({ device: 'cpu', threads: 1 })
      const { kernels } = backend.kernels!
      using graph = new Graph(backend, 8)
      graph.output(graph.mulMat(graph.input('F32', [64, 8]), graph.input('F32', [64, 8])))
      expect(swapProducts(backend, graph.raw.graph)).toBe(0)
      expect(kernels.batched('inputs')).toBeUndefined()
      expect(kernels.batched('weights')).toBeUndefined()
      expect(backend.kernels!.plan(spansOfTexts([5]), { ...ATTENTION, patterns: false })).toBeUndefined()
      expect(kernels.stepAttention({ ...ATTENTION, type: 'F32' })).toBeUndefined()
      expect(kernels.stepAttention({ ...ATTENTION, type: 'BF16' })).toBeUndefined()
      expect(kernels.gather(64)).toBeUndefined()
      expect(kernels.kept({ weights: 'Q8_0', activations: 'F32' })).toBeUndefined()
      expect(kernels.above()).toBeUndefined()
      for (const weights of ['Q4_0', 'Q8_0'] as const) {
        expect(kernels.product({ weights, activations: 'I8' })).toBeUndefined()
        expect(kernels.kept({ weights, activations: 'I8' })).toBeUndefined()
      }
      expect(kernels.quantise()).toBeUndefined()
      expect(kernels.blockSums()).toBeUndefined()
      for (const weighted of [true, false]) expect(kernels.norm(1e-5, weighted)).toBeUndefined()
      for (const pairs of ['half', 'adjacent'] as const) expect(kernels.rope(pairs)).toBeUndefined()

      const { off, failed } = kernels.report()
      expect(off).toBeUndefined()
      const bf16 = TYPES.filter((type) => kernels.hasBf16 && type !== 'F32' && type !== 'F16')
      expect(failed.map((reason) => reason.slice(0, reason.indexOf(':'))).sort()).toEqual(
        [
          ...TYPES.map((type) => `${type} x F32`),
          ...bf16.map((type) => `${type} x BF16`),
          ...['pass', 'inputs', 'weights'].map((form) => `batches, ${form}`),
          'attention of 32',
          ...['F32', 'BF16'].map((type) => `steps of 32, 4 on 2, ${type}`),
          ...['Q8_0', 'F32'].map((type) => `panels of ${type} x F32`),
          ...['sum', 'dot', 'dot-bf16'].map((kind) => `sparse ${kind}`),
          ...(isa === AVX512 ? ['products above cuts'] : []),
          ...(kernels.hasVnni
            ? [
                'Q4_0 x I8',
                'Q8_0 x I8',
                'panels of Q4_0 x I8',
                'panels of Q8_0 x I8',
                'activations of 8 bits',
              ]
            : []),
          'sums of blocks',
          'norm, eps 0.00001',
          'weighted norm, eps 0.00001',
          'RoPE, half pairs',
          'RoPE, adjacent pairs',
        ].sort(),
      )
      // Every reason says what was found, not that something broke.
      for (const reason of failed) expect(reason).toMatch(/is off by|is wrong|not the weight/)

      // `doctor` looks at all there are, and finds no other.
      kernels.testAll()
      const all = kernels.report()
      expect(all.passed).toBe(0)
      expect(all.failed).toEqual(expect.arrayContaining([...failed]))
      expect(all.failed.length).toBeGreaterThan(40)

      // A whole model, whose products and attention were to be theirs.
      using golden = openGolden('llama3.1')
      using model = await loadTiny(join(MODELS, 'llama3.1'))
      const texts = [golden.tokens(0), golden.tokens(1)]
      const out = await model.run(texts, { hooks: goldenHooks(model, false), logits: 'all' })
      for (const [item, tokens] of texts.entries())
        expectGolden(model, golden, item, [0, tokens.length], (hook) => {
          if (hook === 'logits') return out.logits(item)
          return hook.endsWith('hook_pattern') ? undefined : out.get(hook, item)
        })
    })
  },
)
