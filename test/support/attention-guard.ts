/** Attention called directly, against unreadable pages (guarded.ts). Prints the number of cases. */
import { emitAttention } from '../../src/ggml/kernels/attention.ts'
import {
  type AttentionPlan,
  planAttention,
  type Span,
  spansOfTexts,
} from '../../src/ggml/kernels/attention-plan.ts'
import { readCpu } from '../../src/ggml/kernels/cpu.ts'
import { AVX2, AVX512, type InstructionSet } from '../../src/ggml/kernels/isa.ts'
import { mapCode } from '../../src/ggml/kernels/memory.ts'
import { emitStepAttention } from '../../src/ggml/kernels/step-attention.ts'
import { planSteps } from '../../src/ggml/kernels/step-plan.ts'
import { attentionOf } from '../../src/ggml/kernels/verify-attention.ts'
import { stepsOf } from '../../src/ggml/kernels/verify-steps.ts'
import { checkedCall, guarded, JUNK, KEPT, release, tensor } from './guarded.ts'

const call = checkedCall()
const cpu = readCpu()
let state = 1
const random = (): number => {
  state = (state * 48271) % 2147483647
  return state / 2 ** 30 - 1
}

const NO_NUMBER = 0x7fff_ffff

/** Texts, where `continued` says how many tokens the last one goes on for in a segment of its own. */
const PACKS = [
  { lengths: [1], continued: 0 },
  { lengths: [3, 17, 2], continued: 4 },
  { lengths: [64, 5, 16], continued: 1 },
  { lengths: [2, 130], continued: 3 },
] as const

/** Window, cap, whether weights are wanted. */
const SETTINGS = [
  [undefined, 0, false],
  [5, 3, false],
  [undefined, 0, true],
  [70, 0, false],
  [70, 0, true],
] as const

const SETS = cpu.avx512 ? [AVX512, AVX2] : cpu.avx2 ? [AVX2] : []

/** What attention reads, and what it should give. */
interface Case {
  readonly plan: { readonly words: Int32Array; readonly scratch: number }
  /** Queries, keys, values. */
  readonly operands: readonly (Float32Array | Uint16Array)[]
  readonly wanted: Float64Array
}

function randoms(count: number): Float32Array {
  const values = new Float32Array(count)
  for (let i = 0; i < count; i++) values[i] = random()
  return values
}

function makeCase(spans: readonly Span[], shape: AttentionPlan['shape']): Case {
  const plan = planAttention(spans, shape)!
  const [q, k, v] = [shape.heads, shape.kvHeads, shape.kvHeads].map((heads) =>
    randoms(plan.tokens * heads * shape.headDim),
  ) as [Float32Array, Float32Array, Float32Array]
  return { plan, operands: [q, k, v], wanted: attentionOf(q, k, v, spans, plan) }
}

/** Computes a case with every operand against the page behind it, or before; @throws Error saying what is wrong */
function check({ plan, operands, wanted }: Case, address: bigint, atEnd: boolean, threads: number): void {
  const placed = ({ buffer, byteLength, length }: Case['operands'][number] | Int32Array): bigint => {
    const { address, view } = guarded(byteLength, atEnd)
    new Uint8Array(view.buffer).set(new Uint8Array(buffer))
    return tensor([length, 1], byteLength, address)
  }
  const sources = [...operands, plan.words].map(placed)
  const out = guarded(4 * wanted.length, atEnd)
  new Uint32Array(out.view.buffer).fill(NO_NUMBER)
  const work = guarded(threads * plan.scratch, atEnd)
  // What scratch held before must not matter, even if it is not a number.
  new Uint32Array(work.view.buffer).fill(NO_NUMBER)
  const control = guarded(8, true)
  control.view.setBigUint64(0, work.address, true)
  const dst = tensor([wanted.length, 1], 4 * wanted.length, out.address, sources)
  for (let i = 0; i < threads; i++)
    if (call(address, dst, JUNK + BigInt(i), JUNK + BigInt(threads), control.address) !== KEPT)
      throw new Error('registers')
  const found = new Float32Array(out.view.buffer)
  for (let i = 0; i < wanted.length; i++)
    if (!(Math.abs(found[i]! - wanted[i]!) <= 4e-7)) throw new Error(`${found[i]} for ${wanted[i]} at ${i}`)
  release()
}

function checkAll(made: Case, codes: readonly [InstructionSet, bigint][], where: string): void {
  for (const [isa, address] of codes)
    for (const atEnd of [true, false])
      try {
        check(made, address, atEnd, cases++ % 3 === 0 ? 3 : 1)
      } catch (error) {
        throw new Error(`${isa.name} ${where}: ${(error as Error).message}`)
      }
}

let cases = 0
// Two vectors of AVX-512, four and one, four and three: every width of a tile of values.
for (const headDim of [32, 80, 112]) {
  const codes = SETS.map((isa): [InstructionSet, bigint] => [
    isa,
    mapCode(emitAttention(isa, headDim)).address,
  ])
  for (const { lengths, continued } of PACKS)
    for (const [heads, kvHeads] of [
      [1, 1],
      [3, 1],
      [4, 2],
      [14, 2],
    ] as const)
      for (const [window, softcap, patterns] of SETTINGS) {
        const spans = spansOfTexts(lengths)
        if (continued > 0) {
          const { keys } = spans.at(-1)!
          const from = keys.at(-1)! + 1
          const more = Array.from({ length: continued }, (_, i) => from + i)
          spans.push({ keys: Int32Array.from([...keys, ...more]), queries: continued })
        }
        const shape = { headDim, heads, kvHeads, scale: 1 / Math.sqrt(headDim), softcap, window, patterns }
        const made = makeCase(spans, shape)
        checkAll(made, codes, `${headDim} ${lengths} ${heads}/${kvHeads} ${window} ${softcap} ${patterns}`)
      }
}

/** Positions of sequences, and slots of each in the cache. */
const CACHES = [
  { positions: [0, 1], slots: 2 },
  { positions: [63, 64, 5], slots: 65 },
  { positions: [130, 16], slots: 140 },
] as const

for (const headDim of [32, 80, 112])
  for (const [heads, kvHeads] of [
    [1, 1],
    [9, 3],
    [14, 2],
  ] as const)
    for (const type of ['F32', 'BF16'] as const) {
      const cache = { headDim, heads, kvHeads, type }
      const codes = SETS.map((isa): [InstructionSet, bigint] => [
        isa,
        mapCode(emitStepAttention(isa, cache)).address,
      ])
      for (const { positions: all, slots } of CACHES)
        for (const [window, softcap, patterns] of SETTINGS) {
          if (patterns) continue
          const shape = { ...cache, scale: 1 / Math.sqrt(headDim), softcap, window, patterns }
          const positions = Int32Array.from(all)
          const plan = planSteps({ positions, slots, reach: Math.max(...all) + 1 }, shape)
          const q = randoms(positions.length * heads * headDim)
          const [k, v] = [0, 1].map(() => {
            const values = randoms(plan.slots * kvHeads * headDim)
            if (type === 'BF16')
              new Uint32Array(values.buffer).set(
                new Uint32Array(values.buffer).map((word) => word & 0xffff_0000),
              )
            return values
          }) as [Float32Array, Float32Array]
          const wanted = stepsOf({ q, k, v }, { positions, slots }, shape)
          const stored = [k, v].map((x) =>
            type === 'F32' ? x : Uint16Array.from(new Uint32Array(x.buffer), (word) => word >>> 16),
          )
          const where = `steps, ${JSON.stringify(cache)} ${positions} ${window} ${softcap}`
          checkAll({ plan, operands: [q, ...stored], wanted }, codes, where)
        }
    }
console.log(cases)
