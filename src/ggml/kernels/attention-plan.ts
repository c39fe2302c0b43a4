/**
 * What an attention kernel is told: which tokens attend to which, cut into units of work for the threads. A plan
 * is made once per pass (and window) and read by every layer.
 */

/** Rows of a tile: queries of one text, each with the heads that share a key head. */
export const ROWS = 6
/** Keys that are gathered at once, and the positions at which sums break. */
export const BLOCK = 64
/** Rows of a unit: enough to be worth a copy of the keys, few enough to share out. */
export const MOST_ROWS = 192
/** Bytes of scores that a unit may keep, unless a single query has more. */
const MOST_SCORES = 4 << 20

/** 32-bit words of the plan's head. */
export const HEADER = {
  units: 0,
  /** Bytes of scratch a thread. */
  scratch: 1,
  /** f32: what scores are multiplied by before the cap. */
  scale: 2,
  group: 3,
  /** Bytes from one token to the next in q and the result, and in k and v. */
  queryStride: 4,
  keyStride: 5,
  /** f32, 0 for none. */
  softcap: 6,
  window: 7,
  words: 16,
} as const

/** 32-bit words of a unit, behind the head. Key numbers count from the first key of the unit's list. */
export const UNIT = {
  /** Bytes to its first query in q and in the result. */
  query: 0,
  queries: 1,
  /** Rows, of which the last `padding` only fill a tile. */
  rows: 2,
  padding: 3,
  /** Bytes to its head in a token of k and v. */
  keyHead: 4,
  /** Bytes from the plan's start to the tokens of its keys. */
  list: 5,
  keys: 6,
  /** Keys that the first query sees, itself included; each further one sees one more. */
  limit: 7,
  /** Bytes from one row of scores to the next. */
  scoreStride: 8,
  /** Bytes in the result to the first query's weights in the first head, and from head to head. */
  pattern: 9,
  patternHead: 10,
  /** Weights in a row of the pattern; 0: none are wanted. */
  patternRow: 11,
} as const
export const UNIT_BYTES = 64

/** No window: further back than any text is long. */
const UNLIMITED = 2 ** 30
/** Offsets are 32-bit. */
const MOST_BYTES = 2 ** 31 - 1

/** Where the parts of a thread's scratch begin, in bytes; the rows of scores come last. */
export function attentionScratch(headDim: number) {
  const row = headDim * 4
  const limits = 0 // how far each row sees, int32
  const queries = limits + 4 * MOST_ROWS
  const sums = queries + MOST_ROWS * row
  const gathered = sums + MOST_ROWS * row
  const panel = gathered + BLOCK * row
  return { limits, queries, sums, gathered, panel, scores: panel + BLOCK * row }
}

/** A run of queries and what they see: the tokens before them by position (other segments first), then themselves. */
export interface Span {
  /** Tokens of the pass by position in the text; the last `queries` of them follow each other and are the queries. */
  readonly keys: Int32Array
  readonly queries: number
}

/** Texts of their own, one after the other. */
export function spansOfTexts(lengths: readonly number[]): Span[] {
  let start = 0
  return lengths.map((length) => {
    const keys = Int32Array.from({ length }, (_, i) => start + i)
    start += length
    return { keys, queries: length }
  })
}

export interface AttentionShape {
  readonly headDim: number
  readonly heads: number
  readonly kvHeads: number
  readonly scale: number
  /** Scores become cap tanh(score / cap); 0: they stay. */
  readonly softcap: number
  /** Keys that a query sees, itself included; undefined: all before it. */
  readonly window: number | undefined
  /** Whether the weights themselves are wanted, behind the result. */
  readonly patterns: boolean
}

/** A plan for one pass. */
export interface AttentionPlan {
  readonly shape: AttentionShape
  readonly tokens: number
  readonly words: Int32Array
  /** f32 values behind the result: [heads, queries, keys] of each span in turn, or none. */
  readonly patternValues: number
  /** Bytes of scratch that a thread needs. */
  readonly scratch: number
}

/**
 * Plans attention, or undefined where it is not for the kernels: too many heads on one key head, or too large.
 *
 * @param spans cover the tokens of the pass, each as a query once, in order
 */
export function planAttention(spans: readonly Span[], shape: AttentionShape): AttentionPlan | undefined {
  const { headDim, heads, kvHeads, softcap, window } = shape
  const group = heads / kvHeads
  const tokens = spans.reduce((n, s) => n + s.queries, 0)
  if (group > MOST_ROWS) return undefined
  const units: number[][] = []
  const lists: Int32Array[] = []
  let listed = 0
  let patternValues = 0
  let scores = 0
  for (const { keys, queries } of spans) {
    const before = keys.length - queries
    const longest = scoreStride(keys.length)
    const most = Math.max(1, Math.floor(Math.min(MOST_ROWS, MOST_SCORES / longest) / group))
    for (let q = 0; q < queries; q += most) {
      const count = Math.min(most, queries - q)
      // Keys that no query of the unit sees are left out, by whole blocks.
      const seen = before + q + 1
      const first =
        window === undefined || shape.patterns ? 0 : Math.floor(Math.max(0, seen - window) / BLOCK) * BLOCK
      const rows = Math.ceil((count * group) / ROWS) * ROWS
      const stride = scoreStride(before + q + count - first)
      scores = Math.max(scores, rows * stride)
      for (let g = 0; g < kvHeads; g++) {
        const unit = new Array<number>(UNIT_BYTES / 4).fill(0)
        unit[UNIT.query] = 4 * headDim * (keys[before + q]! * heads + g * group)
        unit[UNIT.queries] = count
        unit[UNIT.rows] = rows
        unit[UNIT.padding] = rows - count * group
        unit[UNIT.keyHead] = 4 * headDim * g
        unit[UNIT.list] = listed + first
        unit[UNIT.keys] = before + q + count - first
        unit[UNIT.limit] = seen - first
        unit[UNIT.scoreStride] = stride
        if (shape.patterns) {
          const head = queries * keys.length
          unit[UNIT.pattern] =
            4 * (tokens * heads * headDim + patternValues + g * group * head + q * keys.length)
          unit[UNIT.patternHead] = 4 * head
          unit[UNIT.patternRow] = keys.length
        }
        units.push(unit)
      }
    }
    lists.push(keys)
    listed += keys.length
    if (shape.patterns) patternValues += heads * queries * keys.length
  }
  if (4 * (tokens * heads * headDim + patternValues) > MOST_BYTES) return undefined
  // The largest first, dealt to the threads in turn.
  const cost = (unit: number[]): number => unit[UNIT.rows]! * unit[UNIT.keys]!
  units.sort((a, b) => cost(b) - cost(a))
  const behind = HEADER.words + (units.length * UNIT_BYTES) / 4
  const words = new Int32Array(behind + listed)
  const floats = new Float32Array(words.buffer)
  const scratch = Math.ceil((attentionScratch(headDim).scores + scores) / 64) * 64
  words[HEADER.units] = units.length
  words[HEADER.scratch] = scratch
  floats[HEADER.scale] = softcap > 0 ? shape.scale / softcap : shape.scale
  words[HEADER.group] = group
  words[HEADER.queryStride] = 4 * headDim * heads
  words[HEADER.keyStride] = 4 * headDim * kvHeads
  floats[HEADER.softcap] = softcap
  words[HEADER.window] = window ?? UNLIMITED
  for (const [i, unit] of units.entries()) {
    unit[UNIT.list] = 4 * (behind + unit[UNIT.list]!)
    words.set(unit, HEADER.words + (i * UNIT_BYTES) / 4)
  }
  let at = behind
  for (const list of lists) {
    words.set(list, at)
    at += list.length
  }
  return { shape, tokens, words, patternValues, scratch }
}

/** Bytes of a row of scores: whole blocks, and a line more, so that rows do not share cache sets. */
function scoreStride(keys: number): number {
  return 4 * BLOCK * Math.ceil(keys / BLOCK) + 64
}
