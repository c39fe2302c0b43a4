/** What a kernel of attention in decoding steps is told: how much of its sequence's cache each new token sees. */

import { type AttentionShape, BLOCK } from './attention-plan.ts'

/** 32-bit words of the plan's head. */
export const STEP_HEADER = {
  sequences: 0,
  /** Bytes of scratch a thread. */
  scratch: 1,
  /** f32: what scores are multiplied by before the cap. */
  scale: 2,
  /** f32, 0 for none. */
  softcap: 3,
  /** Bytes from one row of scores to the next. */
  scoreStride: 4,
  words: 16,
} as const

/** 32-bit words of a sequence, behind the head. Keys are numbered from the first one that it is given. */
export const SEQUENCE = {
  /** Slot of the cache with its first key. */
  slot: 0,
  keys: 1,
  /** The first key that is seen. */
  oldest: 2,
} as const
export const SEQUENCE_BYTES = 16

/** The form of a cache that a kernel is made for. */
export interface CacheShape {
  readonly headDim: number
  readonly heads: number
  readonly kvHeads: number
  /** What keys and values are kept in. */
  readonly type: 'F32' | 'BF16'
}

/** Sequences in a cache: sequence b has its tokens, by position, in the slots from b * slots on. */
export interface CachedSequences {
  /** Position of each sequence's newest token, which is also the one that asks; read at each `refresh`. */
  readonly positions: Int32Array
  readonly slots: number
  /** More than any position comes to be while the plan is used. */
  readonly reach: number
}

export interface StepPlan {
  readonly shape: AttentionShape & CacheShape
  readonly sequences: number
  /** Rows of keys and values. */
  readonly slots: number
  readonly words: Int32Array
  /** Bytes of scratch that a thread needs. */
  readonly scratch: number
  /** Brings the words up to date with `positions`; they stay as many. */
  readonly refresh: () => void
}

/** Where the parts of a thread's scratch begin, in bytes; the rows of scores come last. */
export function stepScratch({ headDim, heads, kvHeads }: CacheShape) {
  const queries = 0
  const sums = queries + heads * headDim * 4
  const block = sums + heads * headDim * 4
  const panel = block + BLOCK * kvHeads * headDim * 4
  return { queries, sums, block, panel, scores: panel + BLOCK * headDim * 4 }
}

/** Plans attention of one token of each sequence, as they are now. */
export function planSteps(
  { positions, slots, reach }: CachedSequences,
  shape: AttentionShape & CacheShape,
): StepPlan {
  const { scale, softcap, window } = shape
  const words = new Int32Array(STEP_HEADER.words + (positions.length * SEQUENCE_BYTES) / 4)
  const floats = new Float32Array(words.buffer)
  // Whole blocks, and a line more, so that rows do not share cache sets.
  const stride = 4 * BLOCK * Math.ceil(reach / BLOCK) + 64
  const scratch = stepScratch(shape).scores + shape.heads * stride
  words[STEP_HEADER.sequences] = positions.length
  words[STEP_HEADER.scratch] = scratch
  floats[STEP_HEADER.scale] = softcap > 0 ? scale / softcap : scale
  floats[STEP_HEADER.softcap] = softcap
  words[STEP_HEADER.scoreStride] = stride
  const refresh = (): void => {
    positions.forEach((position, b) => {
      const seen = position + 1
      const oldest = window === undefined ? 0 : Math.max(0, seen - window)
      // Keys that are not seen are left out by whole blocks, at which sums break.
      const first = oldest - (oldest % BLOCK)
      const at = STEP_HEADER.words + (b * SEQUENCE_BYTES) / 4
      words[at + SEQUENCE.slot] = b * slots + first
      words[at + SEQUENCE.keys] = seen - first
      words[at + SEQUENCE.oldest] = oldest - first
    })
  }
  refresh()
  return { shape, sequences: positions.length, slots: positions.length * slots, words, scratch, refresh }
}
