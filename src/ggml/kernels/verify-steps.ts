/**
 * The self-test of attention in decoding steps, before its first use: sequences of few tokens, of less and of more than
 * a block, whose caches hold numbers that are none where nothing was written; with and without a window and a soft cap,
 * scores far apart; against float64. Two threads must give the same bits.
 */

import { type CacheShape, planSteps } from './step-plan.ts'
import { mixed, type ProductCall, UNTOUCHED } from './verify.ts'
import { attentionBench, attentionOf, holdAttention } from './verify-attention.ts'

const POSITIONS = [0, 69, 30, 129, 45, 1, 2]
/** Slots of a sequence: beyond the longest, and no multiple of a block. */
const SLOTS = 144

/** Tests a kernel for caches of a shape. @throws Error saying what is wrong */
export function verifyStepAttention(cache: CacheShape, call: ProductCall): void {
  const { headDim, heads, kvHeads, type } = cache
  const positions = Int32Array.from(POSITIONS)
  const slots = SLOTS * positions.length
  const values = positions.length * heads * headDim
  for (const [window, softcap, far] of [
    [undefined, 0, false],
    [20, 0, true],
    [66, 2, false],
  ] as const) {
    const scale = far ? 4 : 2 / headDim
    const shape = { ...cache, scale, softcap, window, patterns: false }
    const plan = planSteps({ positions, slots: SLOTS, reach: SLOTS }, shape)
    const cached = slots * kvHeads * headDim
    using bench = attentionBench(plan, { q: 4 * values, kv: 4 * cached, values })
    // Queries are large enough for weights that differ, and scores far apart exact: an error in one would be one in its weight.
    const query = Float32Array.from({ length: values }, (_, i) => 4 * number(i, far))
    new Float32Array(bench.bytes('q').buffer).set(query)
    const [k, v] = [1, 2].map((source) => {
      const all = Float32Array.from({ length: cached }, (_, i) =>
        number(3 * i + source, far || type === 'BF16'),
      )
      const written = (i: number): boolean => {
        const slot = Math.floor(i / (kvHeads * headDim))
        return slot % SLOTS <= positions[Math.floor(slot / SLOTS)]!
      }
      const words = new Uint32Array(all.buffer).map((word, i) => (written(i) ? word : UNTOUCHED))
      const name = source === 1 ? 'k' : 'v'
      if (type === 'F32') bench.words(name).set(words)
      else new Uint16Array(bench.bytes(name).buffer).set(words.map((word) => word >>> 16))
      return all
    })
    const wanted = stepsOf({ q: query, k: k!, v: v! }, { positions, slots: SLOTS }, shape)
    holdAttention(bench, wanted, call)
  }
}

/** What steps come to, in float64 from the definition: [sequences, heads, headDim]. */
export function stepsOf(
  { q, k, v }: { q: Float32Array; k: Float32Array; v: Float32Array },
  { positions, slots }: { positions: Int32Array; slots: number },
  shape: Parameters<typeof planSteps>[1],
): Float64Array {
  const width = shape.heads * shape.headDim
  const keyWidth = shape.kvHeads * shape.headDim
  const out = new Float64Array(positions.length * width)
  positions.forEach((position, b) => {
    // A text of its own, of whose tokens the last asks.
    const tokens = position + 1
    const own = (x: Float32Array): Float32Array =>
      x.subarray(b * slots * keyWidth, (b * slots + tokens) * keyWidth)
    const queries = new Float32Array(tokens * width)
    queries.set(q.subarray(b * width, (b + 1) * width), position * width)
    const spans = [{ keys: Int32Array.from({ length: tokens }, (_, i) => i), queries: 1 }]
    const all = attentionOf(queries, own(k), own(v), spans, { shape, tokens, patternValues: 0 })
    out.set(all.subarray(position * width), b * width)
  })
  return out
}

/** Between -1 and 1; `coarse`: eighths, of which sums of products are exact, as they are in bf16. */
function number(i: number, coarse: boolean): number {
  const value = mixed(i) / 2 ** 31 - 1
  return coarse ? Math.round(8 * value) / 8 : value
}
