/**
 * How tokens of several texts lie in one forward pass. Texts are packed one after the other without padding;
 * a block-diagonal mask keeps them apart. A segment may continue another one (a completion after a prompt
 * that several completions share): it sees its parent's tokens and takes up its positions.
 */

import { refuse } from '../core/errors.ts'
import type { Span } from '../ggml/kernels/attention-plan.ts'

/** F16 minus infinity and zero, as masks hold them. */
const BLOCKED = 0xfc00

export interface Segment {
  readonly tokens: ArrayLike<number>
  /** Index of the segment whose tokens come before these; undefined for a text of its own. */
  readonly parent?: number
}

/** One packed pass: N tokens of whole segments. */
export interface Layout {
  readonly tokens: Int32Array
  /** Position of each token in its text, parents included. */
  readonly positions: Int32Array
  /** Segment of each token. */
  readonly segmentOf: Int32Array
  /** First token of each segment. */
  readonly starts: Int32Array
  readonly lengths: Int32Array
  readonly parents: Int32Array
}

/**
 * Lays segments one after the other.
 *
 * @throws RangeError when a parent does not come before its child: a bug in the caller
 */
export function layOut(segments: readonly Segment[]): Layout {
  const total = segments.reduce((n, s) => n + s.tokens.length, 0)
  const layout = {
    tokens: new Int32Array(total),
    positions: new Int32Array(total),
    segmentOf: new Int32Array(total),
    starts: new Int32Array(segments.length),
    lengths: new Int32Array(segments.length),
    parents: new Int32Array(segments.length).fill(-1),
  }
  const depth = new Int32Array(segments.length)
  let at = 0
  segments.forEach((segment, s) => {
    if (segment.parent !== undefined) {
      if (segment.parent >= s)
        throw new RangeError(
          `segment ${s} continues segment ${segment.parent}, which does not come before it`,
        )
      layout.parents[s] = segment.parent
      depth[s] = depth[segment.parent]! + layout.lengths[segment.parent]!
    }
    layout.starts[s] = at
    layout.lengths[s] = segment.tokens.length
    for (let t = 0; t < segment.tokens.length; t++, at++) {
      layout.tokens[at] = segment.tokens[t]!
      layout.positions[at] = depth[s]! + t
      layout.segmentOf[at] = s
    }
  })
  return layout
}

/**
 * The attention mask of a layout as F16 [N keys, N queries] (0 visible, -inf hidden): a token sees the
 * tokens before it in its segment and all of its ancestors', at most `window` positions back.
 */
export function packedMask(layout: Layout, window?: number): Uint16Array {
  const n = layout.tokens.length
  const mask = new Uint16Array(n * n).fill(BLOCKED)
  for (let query = 0; query < n; query++) {
    const oldest = window === undefined ? -1 : layout.positions[query]! - window
    let segment = layout.segmentOf[query]!
    let end = query + 1
    while (segment >= 0) {
      const start = layout.starts[segment]!
      // Positions rise by one along a segment: skip those beyond the window at once.
      const from = Math.max(start, start + oldest + 1 - layout.positions[start]!)
      if (from < end) mask.fill(0, query * n + from, query * n + end)
      segment = layout.parents[segment]!
      if (segment >= 0) end = layout.starts[segment]! + layout.lengths[segment]!
    }
  }
  return mask
}

/** What the tokens of each segment see, its own ones last, as kernels of attention are told it. */
export function spansOf(layout: Layout): Span[] {
  return Array.from(layout.lengths, (length, s) => {
    const start = layout.starts[s]!
    const before = layout.positions[start]!
    const keys = new Int32Array(before + length)
    let end = keys.length
    for (let segment = s; segment >= 0; segment = layout.parents[segment]!) {
      end -= layout.lengths[segment]!
      for (let t = 0; t < layout.lengths[segment]!; t++) keys[end + t] = layout.starts[segment]! + t
    }
    return { keys, queries: length }
  })
}

/**
 * The mask of one new token for each of B sequences over their caches, F16 [keys, 1, 1, B]: a sequence
 * sees its first `positions[b] + 1` slots, at most `window` back.
 */
export function cachedMask(
  positions: ArrayLike<number>,
  keys: number,
  window: number | undefined,
  out: Uint16Array,
): void {
  out.fill(BLOCKED)
  for (let b = 0; b < positions.length; b++) {
    const p = positions[b]!
    const from = window === undefined ? 0 : Math.max(0, p - window + 1)
    out.fill(0, b * keys + from, b * keys + p + 1)
  }
}

/**
 * Plans packs of whole texts, in order: each holds at most `budget` tokens, or one text that is longer.
 * The plan depends on the lengths alone, so that the same corpus gives the same packs on every run.
 *
 * @returns for each pack the indices of its texts
 * @example planPacks([300, 300, 100], 512) // [[0], [1, 2]]
 */
export function planPacks(lengths: ArrayLike<number>, budget: number): number[][] {
  const packs: number[][] = []
  let room = -1
  for (let i = 0; i < lengths.length; i++) {
    const length = lengths[i]!
    if (length <= room) packs.at(-1)!.push(i)
    else {
      packs.push([i])
      room = budget
    }
    room -= length
  }
  return packs
}

/** A text is one pass, whose mask takes two bytes for each pair of tokens: 2 GiB at this length. */
const MOST_TOKENS = 32_768

/**
 * Refuses texts that cannot be run: empty ones, and ones longer than the model's context.
 *
 * @throws PalimpsestError `text-empty`, `text-too-long`, naming the text
 */
export function checkLengths(items: readonly { id: string; length: number }[], context: number): void {
  for (const { id, length } of items) {
    if (length === 0)
      throw refuse('text-empty', 'A text has no tokens.', {
        where: `text ${id}`,
        expected: 'at least one token',
        found: 'none',
        fix: 'Remove it, or give it a text.',
      })
    const most = Math.min(context, MOST_TOKENS)
    if (length > most)
      throw refuse('text-too-long', "A text is longer than the model's context, or than one pass can be.", {
        where: `text ${id}`,
        expected: `at most ${most} tokens`,
        found: `${length} tokens`,
        fix: 'Shorten or split it; nothing is cut silently.',
      })
  }
}
