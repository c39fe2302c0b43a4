/**
 * The self-test of attention, before its first use: texts of many lengths, one that continues another, more keys
 * than a unit's block, a window, a soft cap, scores far apart and the weights themselves, against float64; two
 * threads must give the same bits.
 */

import { type AttentionPlan, planAttention, type Span, spansOfTexts } from './attention-plan.ts'
import { TENSOR } from './product.ts'
import { Bench, mixed, type ProductCall, UNTOUCHED } from './verify.ts'

/** Largest error allowed in a weight, and in a value of values between -1 and 1. */
const LIMIT = 4e-7
const THREADS = 2
const [HEADS, KV_HEADS] = [4, 2]

/** Tests a kernel for heads of `headDim`. @throws Error saying what is wrong */
export function verifyAttention(headDim: number, call: ProductCall): void {
  const texts = spansOfTexts([1, 69, 4])
  // The last text is continued by one of 5 tokens.
  const last = texts.at(-1)!.keys
  const end = last.at(-1)! + 1
  const spans = [
    ...texts,
    { keys: Int32Array.from([...last, ...Array.from({ length: 5 }, (_, i) => end + i)]), queries: 5 },
  ]
  for (const [window, softcap, patterns, far] of [
    [undefined, 0, false, false],
    [undefined, 0, true, false],
    [20, 0, true, true],
    [3, 2, false, false],
  ] as const) {
    // Far apart: scores of which exp would be infinite, had the largest not been taken from them, and others of
    // which it is nothing. They are exact in f32, since an error in them would be one in the weights.
    const scale = far ? 4 : 2 / headDim
    const shape = { headDim, heads: HEADS, kvHeads: KV_HEADS, scale, softcap, window, patterns }
    const plan = planAttention(spans, shape)
    if (plan === undefined) throw new Error('there is no plan')
    const n = plan.tokens
    const results = n * HEADS * headDim
    const values = results + plan.patternValues
    using bench = attentionBench(plan, { q: 4 * results, kv: 4 * n * KV_HEADS * headDim, values })
    for (const [i, name] of ['q', 'k', 'v'].entries()) {
      const floats = new Float32Array(bench.bytes(name).buffer)
      // Queries are large enough for weights that differ.
      for (let j = 0; j < floats.length; j++) {
        const value = mixed(3 * j + i) / 2 ** 31 - 1
        floats[j] = (far && i < 2 ? Math.round(8 * value) / 8 : value) * (i === 0 ? 4 : 1)
      }
    }
    const floats = (name: string): Float32Array => new Float32Array(bench.bytes(name).buffer)
    const wanted = attentionOf(floats('q'), floats('k'), floats('v'), spans, plan)
    holdAttention(bench, wanted, call)
  }
}

/** What a kernel of attention is told: its plan's words, and the bytes of scratch that a thread needs. */
interface Planned {
  readonly words: Int32Array
  readonly scratch: number
}

/** Memory for calls of attention: q, k, v, the plan in its place, room for `values` f32; sizes of operands in bytes. */
export function attentionBench(
  { words, scratch }: Planned,
  { q, kv, values }: { readonly q: number; readonly kv: number; readonly values: number },
): Bench {
  const bench = new Bench([
    ['scratch', 8],
    ['work', THREADS * scratch],
    ['q', q],
    ['k', kv],
    ['v', kv],
    ['plan', 4 * words.length],
    ['out', 4 * values + 64],
    ...['dst', 'src0', 'src1', 'src2', 'src3'].map((name) => [name, TENSOR.bytes] as const),
  ])
  bench.view('scratch').setBigUint64(0, bench.address('work'), true)
  bench.words('plan').set(new Uint32Array(words.buffer))
  for (const [i, name] of ['q', 'k', 'v', 'plan'].entries()) {
    bench.view(`src${i}`).setBigUint64(TENSOR.data, bench.address(name), true)
    bench.view('dst').setBigUint64(TENSOR.src0 + 8 * i, bench.address(`src${i}`), true)
  }
  bench.view('dst').setBigUint64(TENSOR.data, bench.address('out'), true)
  return bench
}

/** Calls a kernel on one thread and as two. @throws Error where the result is not what is wanted, or not the same */
export function holdAttention(bench: Bench, wanted: Float64Array, call: ProductCall): void {
  const values = wanted.length
  const out = bench.words('out')
  const run = (threads: number): Uint32Array => {
    out.fill(UNTOUCHED)
    for (let i = 0; i < threads; i++) call(bench.address('dst'), i, threads, bench.address('scratch'))
    if (out.subarray(values).some((word) => word !== UNTOUCHED))
      throw new Error('it writes outside its result')
    return out.slice(0, values)
  }
  const whole = run(1)
  const found = new Float32Array(whole.buffer)
  for (let i = 0; i < values; i++)
    if (!(Math.abs(found[i]! - wanted[i]!) <= LIMIT))
      throw new Error(`value ${i} is off by ${Math.abs(found[i]! - wanted[i]!)}`)
  if (run(THREADS).some((word, i) => word !== whole[i])) throw new Error(`${THREADS} threads give other bits`)
}

/** What a plan asks for, in float64 from the definition: [tokens, heads, headDim], then the weights. */
export function attentionOf(
  q: ArrayLike<number>,
  k: ArrayLike<number>,
  v: ArrayLike<number>,
  spans: readonly Span[],
  { shape, tokens, patternValues }: Pick<AttentionPlan, 'shape' | 'tokens' | 'patternValues'>,
): Float64Array {
  const { headDim, heads, kvHeads, scale, softcap, window = Number.POSITIVE_INFINITY, patterns } = shape
  const out = new Float64Array(tokens * heads * headDim + patternValues)
  let at = tokens * heads * headDim
  for (const { keys, queries } of spans)
    for (let h = 0; h < heads; h++) {
      const kvHead = Math.floor((h * kvHeads) / heads)
      for (let i = 0; i < queries; i++) {
        const last = keys.length - queries + i
        const query = (keys[last]! * heads + h) * headDim
        const row = new Float64Array(keys.length)
        const first = Math.max(0, last - window + 1)
        let largest = Number.NEGATIVE_INFINITY
        for (let j = first; j <= last; j++) {
          const key = (keys[j]! * kvHeads + kvHead) * headDim
          let score = 0
          for (let d = 0; d < headDim; d++) score += q[query + d]! * k[key + d]!
          score *= scale
          row[j] = softcap > 0 ? softcap * Math.tanh(score / softcap) : score
          largest = Math.max(largest, row[j]!)
        }
        let total = 0
        for (let j = first; j <= last; j++) {
          row[j] = Math.exp(row[j]! - largest)
          total += row[j]!
        }
        for (let j = first; j <= last; j++) {
          row[j]! /= total
          const weight = row[j]!
          const value = (keys[j]! * kvHeads + kvHead) * headDim
          for (let d = 0; d < headDim; d++) out[query + d]! += weight * v[value + d]!
        }
        if (patterns) {
          out.set(row, at)
          at += keys.length
        }
      }
    }
  return out
}
