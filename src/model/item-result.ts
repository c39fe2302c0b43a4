/** One text's part of what a packed pass computed. */

import { refuse } from '../core/errors.ts'
import { type Matrix, matrix } from '../core/matrix.ts'
import type { Architecture } from './architecture.ts'
import { hookWidth } from './hooks.ts'
import type { Layout } from './layout.ts'
import type { Item, PassResults } from './model.ts'

/** The activations of one text, valid during the callback: copy what must outlive it. */
export interface ItemResult {
  readonly index: number
  readonly item: Item
  /** [T, width]; patterns [heads * T, T]. */
  get(hook: string): Matrix
  /** [T, vocabulary] or, for `last`, [1, vocabulary]. */
  readonly logits: Matrix | undefined
  /** Of each row of logits, the log of the sum of exp; undefined where that was not asked for. */
  readonly normalisers: Float64Array | undefined
}

/**
 * Arrays that passes read their outputs into, one pass after the other: to make new ones of this size takes as long
 * as to read.
 */
export class PassArrays {
  readonly #arrays = new Map<string, Float32Array>()

  /** An array of so many values, which holds those of the pass before. */
  take(name: string, length: number): Float32Array {
    let array = this.#arrays.get(name)
    if (array === undefined || array.length < length) {
      array = new Float32Array(length)
      this.#arrays.set(name, array)
    }
    return array.subarray(0, length)
  }
}

/** Where one text lies in a pass. */
export interface TextPlace {
  /** Number of the text in the pass: of its segment, where texts share nothing. */
  readonly text: number
  /** Tokens of the pass that are the text's, in order. */
  readonly rows: Int32Array
  /** Its rows among those whose logits are computed. */
  readonly logits: Int32Array
}

/** The rows of a pass whose logits are asked for: of every token, or of each text's last. */
export function wantedRows(
  layout: Layout,
  rows: readonly Int32Array[],
  logits: 'all' | 'last' | 'none',
): Int32Array | undefined {
  if (logits === 'none') return undefined
  if (logits === 'all') return layout.tokens.map((_, i) => i)
  return Int32Array.from(rows, (own) => own.at(-1)!)
}

/** The results of one text of a pass: as views, unless its beginning is another's too. */
export function sliceItem(
  a: Architecture,
  layout: Layout,
  { text, rows, logits }: TextPlace,
  index: number,
  item: Item,
  results: PassResults,
): ItemResult {
  const n = layout.tokens.length
  return {
    index,
    item,
    get: (hook) => {
      const data = results.reads.get(hook)
      if (data === undefined)
        throw refuse('hook-unread', 'This hook point was not asked for.', {
          expected: `one of ${[...results.reads.keys()].join(', ') || 'none'}`,
          found: hook,
          fix: 'Name it in `hooks` when you call run or stream.',
        })
      const width = hookWidth(hook, a)
      return width > 0
        ? rowsOf(data, width, rows)
        : data.length === a.heads * n * n
          ? patternOf(data, n, a.heads, rows[0]!, rows.length)
          : patternBlock(data, layout, a.heads, text)
    },
    get logits() {
      return results.logits && rowsOf(results.logits, a.vocabulary, logits)
    },
    get normalisers() {
      const { logits: read, logProbs } = results
      if (read === undefined || logProbs === undefined) return undefined
      // The targets are the tokens themselves: ln of the sum is what each logit exceeds its log-probability by.
      return Float64Array.from(logits, (row, t) => {
        const token = item.tokens[item.tokens.length - logits.length + t]!
        return read[row * a.vocabulary + token]! - logProbs[row]!
      })
    },
  }
}

/** Some rows of [N, width], which rise: a view where they follow each other. */
function rowsOf(data: Float32Array, width: number, rows: Int32Array): Matrix {
  const first = rows[0]!
  if (rows.at(-1)! - first === rows.length - 1)
    return matrix(rows.length, width, data.subarray(first * width, (first + rows.length) * width))
  const out = matrix(rows.length, width)
  for (const [t, row] of rows.entries())
    out.data.set(data.subarray(row * width, (row + 1) * width), t * width)
  return out
}

/** The block of a packed pattern [heads][N queries][N keys] that belongs to one text: [heads * T, T]. */
function patternOf(data: Float32Array, n: number, heads: number, start: number, length: number): Matrix {
  const out = matrix(heads * length, length)
  for (let h = 0; h < heads; h++)
    for (let t = 0; t < length; t++) {
      const from = (h * n + start + t) * n + start
      out.data.set(data.subarray(from, from + length), (h * length + t) * length)
    }
  return out
}

/**
 * The same of patterns that came as a block [heads][T queries][keys] for each text in turn, which are smaller than
 * the square of all (with one text they are the same). Keys before a text's own, of those it continues, are cut.
 */
function patternBlock(data: Float32Array, layout: Layout, heads: number, segment: number): Matrix {
  let at = 0
  const keysOf = (s: number): number => layout.positions[layout.starts[s]!]! + layout.lengths[s]!
  for (let s = 0; s < segment; s++) at += heads * layout.lengths[s]! * keysOf(s)
  const [length, keys] = [layout.lengths[segment]!, keysOf(segment)]
  const rows = heads * length
  if (keys === length) return matrix(rows, length, data.subarray(at, at + rows * keys))
  const out = matrix(rows, length)
  for (let row = 0; row < rows; row++) {
    const end = at + (row + 1) * keys
    out.data.set(data.subarray(end - length, end), row * length)
  }
  return out
}
