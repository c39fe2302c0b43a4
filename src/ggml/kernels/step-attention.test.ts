/** Attention of decoding steps by our own code: right, the same bits as among packed texts, caught when it is wrong. */
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { stream } from '../../core/random.ts'
import { Backend } from '../backend.ts'
import { Graph, GraphAllocator } from '../graph.ts'
import { spansOfTexts } from './attention-plan.ts'
import { readCpu } from './cpu.ts'
import { AVX2, AVX512, type InstructionSet } from './isa.ts'
import { KERNELS_VARIABLE, kernelsOf } from './kernels.ts'
import { FEWEST_ROWS } from './linear.ts'
import { mapCode } from './memory.ts'
import { emitStepAttention } from './step-attention.ts'
import { callable } from './verify.ts'
import { stepsOf, verifyStepAttention } from './verify-steps.ts'

const linux = process.platform === 'linux' && process.arch === 'x64'
const cpu = linux ? readCpu() : { avx2: false, avx512: false }
const SETS: InstructionSet[] = [...(cpu.avx512 ? [AVX512] : []), ...(cpu.avx2 ? [AVX2] : [])]
const [HEADS, KV_HEADS, DIM] = [6, 2, 32]
type Type = 'F32' | 'BF16'

afterEach(() => {
  vi.unstubAllEnvs()
})

describe.skipIf(SETS.length === 0)(
  'attention of steps (skipped where the processor has no AVX2 or the system is another)',
  () => {
    it.each(SETS)('passes its test for the heads that models have ($name)', (isa) => {
      vi.stubEnv(KERNELS_VARIABLE, isa === AVX2 ? 'avx2' : '')
      using backend = new Backend({ device: 'cpu', threads: 1 })
      const kernels = kernelsOf(backend.engine)
      const shapes = [
        [64, 9, 3],
        [128, 32, 8],
        [256, 8, 1],
        [64, 12, 12],
        [80, 24, 1],
        [72, 4, 2],
        [64, 25, 1],
      ] as const
      const served = shapes.flatMap(([headDim, heads, kvHeads]) =>
        (['F32', 'BF16'] as const).filter(
          (type) => kernels.stepAttention({ headDim, heads, kvHeads, type }) !== undefined,
        ),
      )
      expect(served).toHaveLength(2 * 5) // all but 72 elements, and 25 heads on one
      expect(kernels.report().failed).toEqual([])
    })

    it('gives the bits of a pass of whole texts, step after step, on any number of threads', async () => {
      const lengths = [1, 70, 16, 63, 64, 129, 5, 40]
      for (const window of [undefined, 30])
        for (const setting of SETS.map((isa) => (isa === AVX2 ? 'avx2' : '')))
          for (const threads of [1, 2, 3]) {
            vi.stubEnv(KERNELS_VARIABLE, setting)
            using backend = new Backend({ device: 'cpu', threads })
            const { steps, pass } = await bothWays(backend, lengths, window)
            expect(steps).toBeBitIdentical(pass)
          }
    })

    it('is what the definition says, of any caches', async () => {
      using backend = new Backend({ device: 'cpu', threads: 2 })
      const count = fc.integer({ min: FEWEST_ROWS, max: 20 })
      const options = fc.record({
        count,
        reach: fc.integer({ min: 1, max: 200 }),
        window: fc.option(fc.integer({ min: 1, max: 150 }), { nil: undefined }),
        softcap: fc.constantFrom(0, 5),
        type: fc.constantFrom<Type[]>('F32', 'BF16'),
        seed: fc.nat(),
      })
      await fc.assert(
        fc.asyncProperty(options, async ({ count, reach, seed, ...rest }) => {
          const rng = stream(seed, 'positions')
          const positions = Int32Array.from({ length: count }, () => Math.floor(rng.uniform() * reach))
          const data = random(count, count * reach, rest.type)
          const shape = { ...shapeOf(rest.window, rest.type), softcap: rest.softcap }
          const found = await attend(backend, data, { positions, slots: reach }, shape)
          const wanted = stepsOf(data, { positions, slots: reach }, shape)
          expect(found).toBeWithinRelativeL2(wanted, 5e-7)
        }),
        { numRuns: 25, seed: 4 },
      )
    })

    it('leaves few sequences to ggml, and refuses tensors that a plan was not made for', () => {
      using backend = new Backend({ device: 'cpu', threads: 1 })
      using graph = new Graph(backend, 8)
      const plan = (count: number) =>
        backend.kernels!.planSteps(
          { positions: new Int32Array(count), slots: 4, reach: 4 },
          shapeOf(undefined, 'BF16'),
        )
      expect(plan(FEWEST_ROWS - 1)).toBeUndefined()
      const q = graph.input('F32', [DIM, HEADS, FEWEST_ROWS])
      const cache = (type: Type, slots: number) => graph.input(type, [DIM, KV_HEADS, slots])
      const k = cache('BF16', 4 * FEWEST_ROWS)
      const steps = plan(FEWEST_ROWS)!
      for (const other of [cache('BF16', 4 * FEWEST_ROWS - 1), cache('F32', 4 * FEWEST_ROWS)])
        expect(() => graph.stepAttention(q, k, other, steps)).toThrow(/stepAttention/)
      expect(() => graph.stepAttention(k, k, k, steps)).toThrow(/stepAttention/)
      expect(graph.stepAttention(q, k, k, steps)?.ne).toEqual([DIM * HEADS, FEWEST_ROWS, 1, 1])
    })

    it.each(SETS)('is caught when a byte of its code is wrong ($name)', (isa) => {
      for (const type of ['F32', 'BF16'] as const) {
        const shape = { headDim: 32, heads: 6, kvHeads: 2, type }
        const code = emitStepAttention(isa, shape)
        const test = (bytes: Uint8Array): void => verifyStepAttention(shape, callable(mapCode(bytes).address))
        expect(() => test(code)).not.toThrow()
        const mutants = mutantsOf(isa, code)
        expect(mutants.length).toBeGreaterThan(type === 'F32' ? 12 : 15)
        for (const { what, bytes } of mutants) expect(() => test(bytes), `${type}, ${what}`).toThrow()
      }
    })
  },
)

const shapeOf = (window: number | undefined, type: Type) => ({
  ...{ headDim: DIM, heads: HEADS, kvHeads: KV_HEADS, scale: 0.3, softcap: 0, window, type },
  patterns: false,
})

interface Data {
  readonly q: Float32Array
  readonly k: Float32Array
  readonly v: Float32Array
}

function random(queries: number, slots: number, type: Type): Data {
  const rng = stream(8, 'steps')
  const values = (n: number, rounded: boolean): Float32Array => {
    const x = Float32Array.from({ length: n * DIM }, () => rng.normal())
    const words = new Uint32Array(x.buffer)
    if (rounded) for (let i = 0; i < words.length; i++) words[i]! &= 0xffff_0000
    return x
  }
  const rounded = type === 'BF16'
  return {
    q: values(queries * HEADS, false),
    k: values(slots * KV_HEADS, rounded),
    v: values(slots * KV_HEADS, rounded),
  }
}

async function attend(
  backend: Backend,
  { q, k, v }: Data,
  cache: { positions: Int32Array; slots: number },
  shape: ReturnType<typeof shapeOf>,
): Promise<Float32Array> {
  const plan = backend.kernels!.planSteps({ ...cache, reach: cache.slots }, shape)!
  return backend.exclusive(async () => {
    using allocator = new GraphAllocator(backend)
    using graph = new Graph(backend, 16)
    const slots = k.length / KV_HEADS / DIM
    const kept = (x: Float32Array) =>
      shape.type === 'F32' ? x : Uint16Array.from(new Uint32Array(x.buffer), (word) => word >>> 16)
    const z = graph.stepAttention(
      graph.input('F32', [DIM, HEADS, cache.positions.length], q),
      graph.input(shape.type, [DIM, KV_HEADS, slots], kept(k)),
      graph.input(shape.type, [DIM, KV_HEADS, slots], kept(v)),
      plan,
    )!
    // Through an operation of ggml's, on the same threads.
    const out = graph.output(graph.scale(z, 1, 0))
    await graph.compute(allocator)
    return graph.read(out)
  })
}

/** The last token of each text, as a step over a cache and in a pass; the cache is longer than any text, and dirty. */
async function bothWays(backend: Backend, lengths: readonly number[], window: number | undefined) {
  const slots = 150
  const positions = Int32Array.from(lengths, (length) => length - 1)
  const data = random(lengths.length, slots * lengths.length, 'F32')
  const shape = shapeOf(window, 'F32')
  const steps = await attend(backend, data, { positions, slots }, shape)
  // The same keys and values without gaps; queries count in the last token of each text alone.
  const part = (x: Float32Array, b: number, length: number): Float32Array =>
    x.subarray(b * slots * KV_HEADS * DIM, (b * slots + length) * KV_HEADS * DIM)
  const joined = (x: Float32Array): Float32Array =>
    Float32Array.from(lengths.flatMap((length, b) => [...part(x, b, length)]))
  const width = HEADS * DIM
  const spans = planned(lengths)
  const q = new Float32Array(spans.tokens * width)
  spans.last.forEach((at, b) => {
    q.set(data.q.subarray(b * width, (b + 1) * width), at * width)
  })
  const plan = backend.kernels!.plan(spans.spans, shape)!
  const all = await backend.exclusive(async () => {
    using allocator = new GraphAllocator(backend)
    using graph = new Graph(backend, 16)
    const { z } = graph.packedAttention(
      graph.input('F32', [DIM, HEADS, spans.tokens], q),
      graph.input('F32', [DIM, KV_HEADS, spans.tokens], joined(data.k)),
      graph.input('F32', [DIM, KV_HEADS, spans.tokens], joined(data.v)),
      plan,
    )!
    graph.output(z)
    await graph.compute(allocator)
    return graph.read(z)
  })
  const pass = new Float32Array(steps.length)
  spans.last.forEach((at, b) => {
    pass.set(all.subarray(at * width, (at + 1) * width), b * width)
  })
  return { steps, pass }
}

function planned(lengths: readonly number[]) {
  const spans = spansOfTexts(lengths)
  return { spans, tokens: lengths.reduce((n, l) => n + l, 0), last: spans.map((s) => s.keys.at(-1)!) }
}

/** Code with one byte changed so that another register or another lane is taken; none of it can fault. */
function mutantsOf(isa: InstructionSet, code: Uint8Array): { what: string; bytes: Uint8Array }[] {
  const [prefix, opcode, maps] = isa === AVX512 ? [0x62, 4, 7] : [0xc4, 3, 31]
  // By map and opcode: multiply-adds of tiles and of exp, the queries' scale, the widening of bf16, the softmax's sweeps,
  // transposes. (The polynomials are the same code as in attention.test.ts.)
  const names = new Map([
    ['2 b8', 'multiply-add'],
    ['1 5c', 'subtraction'],
    ['1 58', 'sum'],
    ['1 59', 'scale'],
    ['1 5f', 'largest'],
    ['1 72', 'widening'],
    ['1 14', 'unpack'],
  ])
  const seen = new Map<string, number>()
  const found: { what: string; bytes: Uint8Array }[] = []
  for (let i = 0; i + 8 < code.length; i++) {
    if (code[i] !== prefix) continue
    const what = names.get(`${code[i + 1]! & maps} ${code[i + opcode]!.toString(16)}`)
    if (what === undefined) continue
    const count = seen.get(what) ?? 0
    seen.set(what, count + 1)
    // Of the many multiply-adds and transposes some; of the others all.
    if ((what === 'multiply-add' || what === 'unpack') && count % 37 !== 0) continue
    const bytes = code.slice()
    bytes[i + 2]! ^= 0x08 // another first operand
    found.push({ what: `${what} at ${i}`, bytes })
  }
  return found
}
