/** Attention by our own code: right, the same bits everywhere, caught when it is wrong; exp and tanh beneath it. */
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { runChild } from '../../../test/support/child.ts'
import koffi from '../../core/ffi.ts'
import { stream } from '../../core/random.ts'
import { Backend } from '../backend.ts'
import { Graph, GraphAllocator } from '../graph.ts'
import { Assembler, at, r10, rdi } from './assembler.ts'
import { emitAttention } from './attention.ts'
import { type Span, spansOfTexts } from './attention-plan.ts'
import { readCpu } from './cpu.ts'
import { emitConstants, Vectors } from './exponential.ts'
import { AVX2, AVX512, type InstructionSet } from './isa.ts'
import { KERNELS_VARIABLE, kernelsOf } from './kernels.ts'
import { mapCode } from './memory.ts'
import { callable } from './verify.ts'
import { verifyAttention } from './verify-attention.ts'

const linux = process.platform === 'linux' && process.arch === 'x64'
const cpu = linux ? readCpu() : { avx2: false, avx512: false }
/** The instruction sets of this processor. */
const SETS: InstructionSet[] = [...(cpu.avx512 ? [AVX512] : []), ...(cpu.avx2 ? [AVX2] : [])]
const [HEADS, KV_HEADS, DIM] = [6, 2, 32]

afterEach(() => {
  vi.unstubAllEnvs()
})

describe.skipIf(SETS.length === 0)(
  'attention (skipped where the processor has no AVX2 or the system is another)',
  () => {
    it.each(SETS)('passes its test for the widths of heads that models have ($name)', (isa) => {
      vi.stubEnv(KERNELS_VARIABLE, isa === AVX2 ? 'avx2' : '')
      using backend = new Backend({ device: 'cpu', threads: 1 })
      const kernels = kernelsOf(backend.engine)
      const served = [0, 8, 16, 32, 64, 72, 80, 96, 112, 128, 160, 192, 256, 512].filter(
        (dim) => kernels.attention(dim) !== undefined,
      )
      expect(served).toEqual([16, 32, 64, 80, 96, 112, 128, 160, 192, 256])
      expect(kernels.report().failed).toEqual([])
    })

    it('gives the same bits alone and together, on any number of threads, in both instruction sets', async () => {
      const lengths = [5, 100, 1, 40]
      const spans = spansOfTexts(lengths)
      const data = random(spans)
      let first: Float32Array | undefined
      for (const setting of SETS.map((isa) => (isa === AVX2 ? 'avx2' : '')))
        for (const threads of [1, 2, 3]) {
          vi.stubEnv(KERNELS_VARIABLE, setting)
          using backend = new Backend({ device: 'cpu', threads })
          for (const window of [undefined, 20]) {
            const { z } = await attend(backend, spans, data, { window })
            if (window === undefined) {
              first ??= z
              expect(z).toBeBitIdentical(first)
            }
            let from = 0
            for (const length of lengths) {
              const alone = await attend(backend, spansOfTexts([length]), slice(data, from, length), {
                window,
              })
              const width = HEADS * DIM
              expect(alone.z).toBeBitIdentical(z.subarray(from * width, (from + length) * width))
              from += length
            }
          }
        }
    })

    it('gives the same bits to a text whose beginning other texts share, and when the weights are read', async () => {
      using backend = new Backend({ device: 'cpu', threads: 2 })
      const whole = spansOfTexts([90])
      const data = random(whole)
      const cut: Span[] = [...spansOfTexts([70]), { keys: whole[0]!.keys, queries: 20 }]
      for (const window of [undefined, 30]) {
        const { z } = await attend(backend, whole, data, { window })
        expect((await attend(backend, cut, data, { window })).z).toBeBitIdentical(z)
        const read = await attend(backend, whole, data, { window, patterns: true })
        expect(read.z).toBeBitIdentical(z)
        for (let row = 0; row < HEADS * 90; row++) {
          const weights = read.patterns!.subarray(90 * row, 90 * (row + 1))
          const seen = Math.min(window ?? 90, (row % 90) + 1)
          expect(weights.reduce((n, w) => n + (w > 0 ? 1 : 0), 0)).toBe(seen)
          expect(weights.reduce((sum, w) => sum + w, 0)).toBeCloseTo(1, 5)
        }
      }
    })

    it('agrees with ggml’s own for any texts', async () => {
      using backend = new Backend({ device: 'cpu', threads: 2 })
      const lengths = fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 1, maxLength: 5 })
      await fc.assert(
        fc.asyncProperty(lengths, fc.boolean(), async (counts, capped) => {
          const spans = spansOfTexts(counts)
          const data = random(spans)
          const softcap = capped ? 5 : 0
          const { z, theirs } = await attend(backend, spans, data, { softcap, compare: true })
          expect(z).toBeWithinRelativeL2(theirs!, 5e-7)
        }),
        { numRuns: 15, seed: 3 },
      )
    })

    it('refuses tensors that a plan was not made for', () => {
      using backend = new Backend({ device: 'cpu', threads: 1 })
      using graph = new Graph(backend, 8)
      const plan = backend.kernels!.plan(spansOfTexts([4]), shapeOf({}))!
      const q = graph.input('F32', [DIM, HEADS, 4])
      const [k, longer] = [4, 5].map((n) => graph.input('F32', [DIM, KV_HEADS, n]))
      expect(() => graph.packedAttention(q, k!, longer!, plan)).toThrow(/packedAttention/)
      expect(() => graph.packedAttention(k!, k!, k!, plan)).toThrow(/packedAttention/)
      expect(graph.packedAttention(q, k!, k!, plan)?.z.ne).toEqual([DIM * HEADS, 4, 1, 1])
    })

    it.each(SETS)(
      'is caught when a byte of its code is wrong ($name)',
      (isa) => {
        const code = emitAttention(isa, 64)
        const test = (bytes: Uint8Array): void => verifyAttention(64, callable(mapCode(bytes).address))
        expect(() => test(code)).not.toThrow()
        const mutants = mutantsOf(isa, code)
        expect(mutants.length).toBeGreaterThan(20)
        for (const { what, bytes } of mutants) expect(() => test(bytes), what).toThrow()
      },
      120_000,
    )

    it('touches nothing beside its operands and keeps the registers of its caller', async () => {
      const { code, signal, stdout, stderr } = await runChild('test/support/attention-guard.ts')
      expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' })
      expect(Number(stdout)).toBeGreaterThan(90 * SETS.length)
    }, 240_000)

    it.each(SETS)('exp is within 1.2e-7 and tanh within 4e-7 of the value ($name)', (isa) => {
      const arguments_ = Float32Array.from({ length: 1 << 16 }, (_, i) => -86 * (i / 65535) ** 3)
      const exp = applied(isa, 'exp', arguments_)
      for (const [i, x] of arguments_.entries()) {
        const error = Math.abs(exp[i]! / Math.exp(x) - 1)
        if (!(error <= 1.2e-7)) expect.fail(`exp(${x}) is off by ${error}`)
      }
      const around = Float32Array.from({ length: 1 << 16 }, (_, i) => 20 * (i / 32768 - 1) ** 5)
      const tanh = applied(isa, 'tanh', around)
      for (const [i, x] of around.entries()) {
        const error = x === 0 ? tanh[i]! : Math.abs(tanh[i]! / Math.tanh(x) - 1)
        if (!(error <= 4e-7)) expect.fail(`tanh(${x}) is off by ${error}`)
      }
      // Not a number stays so, and below the range nothing is left that counts.
      const special = Float32Array.of(Number.NaN, -1e4, Number.NEGATIVE_INFINITY, ...new Float32Array(13))
      expect([...applied(isa, 'exp', special)].slice(0, 3)).toEqual([
        Number.NaN,
        expect.closeTo(0, 30),
        expect.closeTo(0, 30),
      ])
      expect(applied(isa, 'tanh', special)[0]).toBeNaN()
    })
  },
)

interface Settings {
  readonly window?: number | undefined
  readonly softcap?: number
  readonly patterns?: boolean
  /** Compute ggml's own attention too. */
  readonly compare?: boolean
}

const shapeOf = ({ window, softcap = 0, patterns = false }: Settings) => ({
  ...{ headDim: DIM, heads: HEADS, kvHeads: KV_HEADS, scale: 0.3, softcap, window, patterns },
})

interface Data {
  readonly q: Float32Array
  readonly k: Float32Array
  readonly v: Float32Array
}

function random(spans: readonly Span[]): Data {
  const rng = stream(7, 'attention')
  const tokens = spans.reduce((n, s) => n + s.queries, 0)
  const values = (heads: number): Float32Array =>
    Float32Array.from({ length: tokens * heads * DIM }, () => rng.normal())
  return { q: values(HEADS), k: values(KV_HEADS), v: values(KV_HEADS) }
}

/** Some tokens of it. */
function slice({ q, k, v }: Data, from: number, count: number): Data {
  const part = (x: Float32Array, heads: number): Float32Array =>
    x.slice(from * heads * DIM, (from + count) * heads * DIM)
  return { q: part(q, HEADS), k: part(k, KV_HEADS), v: part(v, KV_HEADS) }
}

async function attend(backend: Backend, spans: readonly Span[], { q, k, v }: Data, settings: Settings) {
  const n = q.length / HEADS / DIM
  const plan = backend.kernels!.plan(spans, shapeOf(settings))!
  return backend.exclusive(async () => {
    using allocator = new GraphAllocator(backend)
    using graph = new Graph(backend, 32)
    const tensors = [
      graph.input('F32', [DIM, HEADS, n], q),
      graph.input('F32', [DIM, KV_HEADS, n], k),
      graph.input('F32', [DIM, KV_HEADS, n], v),
    ] as const
    const { z, patterns } = graph.packedAttention(...tensors, plan)!
    // Through another operation of ggml's, on the same threads.
    const ours = graph.output(graph.scale(z, 1, 0))
    if (patterns !== undefined) graph.output(patterns)
    let theirs: Float32Array | undefined
    if (settings.compare === true) {
      const mask = new Uint16Array(n * n).fill(0xfc00) // f16 minus infinity
      for (const { keys, queries } of spans)
        for (let i = keys.length - queries; i < keys.length; i++)
          for (let j = 0; j <= i; j++) mask[keys[i]! * n + keys[j]!] = 0
      const [a, b, c] = tensors.map((t) => graph.permute(t, [0, 2, 1, 3]))
      const flash = graph.flashAttention(
        a!,
        b!,
        c!,
        graph.input('F16', [n, n], mask),
        0.3,
        settings.softcap ?? 0,
      )
      graph.output(flash)
      await graph.compute(allocator)
      theirs = graph.read(flash)
    } else await graph.compute(allocator)
    return { z: graph.read(ours), patterns: patterns && graph.read(patterns), theirs }
  })
}

let unary: ReturnType<typeof koffi.proto> | undefined

/** exp or tanh of numbers, a multiple of 16, by the code that attention uses. */
function applied(isa: InstructionSet, what: 'exp' | 'tanh', x: Float32Array): Float32Array {
  const a = new Assembler()
  const table = a.label()
  a.endbr64()
  a.addressOf(r10, table)
  const vectors = new Vectors(a, isa, r10)
  vectors.spread(12, 'least')
  const loop = a.bind()
  for (let h = 0; h < 16 / isa.lanes; h++) {
    vectors.load(0, at(rdi, 4 * isa.lanes * h))
    if (what === 'exp') vectors.exp(0, 1, 2, 12)
    else vectors.tanh(0, 1, 2, 3, 12)
    vectors.store(at(rdi, 4 * isa.lanes * h), 0)
  }
  a.opImmediate('add', rdi, 64)
  a.opImmediate('sub', 6, 1) // rsi
  a.jumpIf('ne', loop)
  a.vzeroupper()
  a.ret()
  a.align(32)
  emitConstants(a, table)
  unary ??= koffi.proto('void palimpsest_unary(void * x, int64_t n)')
  const out = x.slice()
  const call = koffi.decode(mapCode(a.finish()).address, unary) as (x: Float32Array, n: number) => void
  call(out, x.length / 16)
  return out
}

/** Code with one byte changed so that another register or another lane is taken; none of it can fault. */
function mutantsOf(isa: InstructionSet, code: Uint8Array): { what: string; bytes: Uint8Array }[] {
  const found: { what: string; bytes: Uint8Array }[] = []
  const [prefix, opcode, maps] = isa === AVX512 ? [0x62, 4, 7] : [0xc4, 3, 31]
  // By map and opcode: multiply-adds of tiles and of exp, the softmax's subtraction, scaling and sums, transposes.
  const names = new Map([
    ['2 b8', 'multiply-add'],
    ['2 a8', 'polynomial'],
    ['2 bc', 'reduction'],
    ['1 5c', 'subtraction'],
    ['1 58', 'sum'],
    ['1 5f', 'largest'],
    ['1 66', 'comparison'],
    ['3 1f', 'comparison'],
    ['1 14', 'unpack'],
  ])
  const seen = new Map<string, number>()
  for (let i = 0; i + 8 < code.length; i++) {
    if (code[i] !== prefix) continue
    const what = names.get(`${code[i + 1]! & maps} ${code[i + opcode]!.toString(16)}`)
    if (what === undefined) continue
    const count = seen.get(what) ?? 0
    seen.set(what, count + 1)
    // Of the many multiply-adds some; of the others all.
    if (what === 'multiply-add' && count % 29 !== 0) continue
    if (what === 'reduction' && count % 2 === 1) continue // the rest of ln 2: below the test's limit
    const bytes = code.slice()
    bytes[i + 2]! ^= 0x08 // another first operand
    found.push({ what: `${what} at ${i}`, bytes })
  }
  return found
}
