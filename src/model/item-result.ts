/** One text's part of what a packed pass computed. */

import { refuse } from '../core/errors.ts'
import { type Matrix, matrix } from '../core/matrix.ts'
import type { Architecture } from './architecture.ts'
import { hookWidth } from './hooks.ts'
import type { Layout } from './layout.ts'
import type { Item, PassResults, RunOptions } from './model.ts'

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

/** The rows of a pass whose logits are asked for. */
export function wantedRows(layout: Layout, logits: 'all' | 'last' | 'none'): Int32Array | undefined {
  if (logits === 'none') return undefined
  if (logits === 'all') return Int32Array.from(layout.tokens, (_, i) => i)
  return layout.starts.map((start, s) => start + layout.lengths[s]! - 1)
}

/** The results of one text of a pass, as views. */
export function sliceItem(
  a: Architecture,
  layout: Layout,
  segment: number,
  index: number,
  item: Item,
  results: PassResults,
  logits: RunOptions['logits'],
): ItemResult {
  const n = layout.tokens.length
  const start = layout.starts[segment]!
  const length = layout.lengths[segment]!
  const [first, count] = logits === 'last' ? [segment, 1] : [start, length]
  const vocabulary = a.vocabulary
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
        ? matrix(length, width, data.subarray(start * width, (start + length) * width))
        : data.length === a.heads * n * n
          ? patternOf(data, n, a.heads, start, length)
          : patternBlock(data, layout, a.heads, segment)
    },
    get logits() {
      if (results.logits === undefined) return undefined
      const from = first * vocabulary
      return matrix(count, vocabulary, results.logits.subarray(from, from + count * vocabulary))
    },
    get normalisers() {
      const { logits: read, logProbs } = results
      if (read === undefined || logProbs === undefined) return undefined
      // The targets are the tokens themselves: ln of the sum is what each logit exceeds its log-probability by.
      return Float64Array.from({ length: count }, (_, t) => {
        const token = layout.tokens[logits === 'last' ? start + length - 1 : start + t]!
        return read[(first + t) * vocabulary + token]! - logProbs[first + t]!
      })
    },
  }
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
