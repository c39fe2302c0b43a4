/**
 * What the words alone say: TF-IDF of one- and two-word terms with logistic regression on the same folds, the
 * baseline "beyond the words" (scikit-learn's TfidfVectorizer(ngram_range=(1, 2), min_df=2) and
 * LogisticRegression(C=1), sparse).
 */

import { pacer } from '../core/pace.ts'
import { type Folds, split } from './folds.ts'
import { standardiseInto } from './oof.ts'

const MIN_DOCUMENTS = 2

/** Rows in compressed form: `terms` and `values` of row i at `starts[i]` to `starts[i + 1]`. */
interface Sparse {
  readonly starts: Uint32Array
  readonly terms: Uint32Array
  readonly counts: Float64Array
  readonly vocabulary: number
}

/** Words of two or more letters, digits or underscores, lower case, as scikit-learn's default pattern. */
export function words(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}_]{2,}/gu) ?? []
}

/** Out-of-fold scores of TF-IDF logistic regression, standardised within folds. `[n]` */
export async function tfidfScores(
  texts: readonly string[],
  poles: ArrayLike<number>,
  folds: Folds,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const table = count(texts)
  const scores = new Float64Array(texts.length)
  const k = folds.reduce((m, f) => Math.max(m, f), 0) + 1
  for (let f = 0; f < k; f++) {
    const { train, test } = split(folds, f)
    const weighted = weigh(table, train)
    const w = await fitSparse(weighted, poles, train, signal)
    standardiseInto(
      scores,
      Float64Array.from(test, (i) => rowDot(weighted, i, w)),
      test,
    )
  }
  return scores
}

function count(texts: readonly string[]): Sparse {
  const ids = new Map<string, number>()
  const starts = new Uint32Array(texts.length + 1)
  const terms: number[] = []
  const counts: number[] = []
  texts.forEach((text, i) => {
    const list = words(text)
    const row = new Map<number, number>()
    const add = (term: string): void => {
      let id = ids.get(term)
      if (id === undefined) {
        id = ids.size
        ids.set(term, id)
      }
      row.set(id, (row.get(id) ?? 0) + 1)
    }
    list.forEach((word, at) => {
      add(word)
      if (at > 0) add(`${list[at - 1]} ${word}`)
    })
    for (const [id, n] of row) {
      terms.push(id)
      counts.push(n)
    }
    starts[i + 1] = terms.length
  })
  return { starts, terms: Uint32Array.from(terms), counts: Float64Array.from(counts), vocabulary: ids.size }
}

/** Smooth idf from the training rows, terms of too few documents dropped, rows of unit norm. */
function weigh(table: Sparse, train: Int32Array): Sparse {
  const documents = new Uint32Array(table.vocabulary)
  for (const i of train)
    for (let e = table.starts[i]!; e < table.starts[i + 1]!; e++) documents[table.terms[e]!]!++
  const idf = Float64Array.from(documents, (df) =>
    df < MIN_DOCUMENTS ? 0 : Math.log((1 + train.length) / (1 + df)) + 1,
  )
  const values = new Float64Array(table.counts.length)
  for (let i = 0; i + 1 < table.starts.length; i++) {
    let square = 0
    for (let e = table.starts[i]!; e < table.starts[i + 1]!; e++) {
      values[e] = table.counts[e]! * idf[table.terms[e]!]!
      square += values[e]! ** 2
    }
    const length = Math.sqrt(square) || 1
    for (let e = table.starts[i]!; e < table.starts[i + 1]!; e++) values[e]! /= length
  }
  return { ...table, counts: values }
}

function rowDot(table: Sparse, i: number, w: Float64Array): number {
  let sum = w[table.vocabulary]!
  for (let e = table.starts[i]!; e < table.starts[i + 1]!; e++) sum += table.counts[e]! * w[table.terms[e]!]!
  return sum
}

/**
 * L2 logistic regression (C = 1, intercept not penalised) by Nesterov's accelerated gradient: rows have unit
 * norm, so the curvature is at most n/4 + 1 along any direction of the weights.
 */
async function fitSparse(
  table: Sparse,
  poles: ArrayLike<number>,
  train: Int32Array,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const size = table.vocabulary + 1
  let w: Float64Array = new Float64Array(size)
  const ahead = w.slice()
  let t = 1
  const pace = pacer(signal)
  const step = 1 / (powerBound(table, train) / 4 + 1)
  for (let iteration = 0; iteration < 300; iteration++) {
    await pace()
    const gradient = ahead.slice()
    gradient[size - 1] = 0
    for (const i of train) {
      const residual = 1 / (1 + Math.exp(-rowDot(table, i, ahead))) - poles[i]!
      gradient[size - 1]! += residual
      for (let e = table.starts[i]!; e < table.starts[i + 1]!; e++)
        gradient[table.terms[e]!]! += residual * table.counts[e]!
    }
    let change = 0
    const next = new Float64Array(size)
    for (let j = 0; j < size; j++) {
      next[j] = ahead[j]! - step * gradient[j]!
      change = Math.max(change, Math.abs(next[j]! - w[j]!))
    }
    const nextT = (1 + Math.sqrt(1 + 4 * t * t)) / 2
    for (let j = 0; j < size; j++) ahead[j] = next[j]! + ((t - 1) / nextT) * (next[j]! - w[j]!)
    w = next
    t = nextT
    if (change < 1e-4) break
  }
  return w
}

/** Largest eigenvalue of XᵀX (intercept included) by power iteration, with a margin. */
function powerBound(table: Sparse, train: Int32Array): number {
  let v = new Float64Array(table.vocabulary + 1).fill(1)
  let value = 1
  for (let iteration = 0; iteration < 12; iteration++) {
    const length = Math.sqrt(v.reduce((s, x) => s + x * x, 0))
    v = v.map((x) => x / length)
    const next = new Float64Array(v.length)
    for (const i of train) {
      const p = rowDot(table, i, v)
      next[table.vocabulary]! += p
      for (let e = table.starts[i]!; e < table.starts[i + 1]!; e++)
        next[table.terms[e]!]! += p * table.counts[e]!
    }
    value = Math.sqrt(next.reduce((s, x) => s + x * x, 0))
    v = next
  }
  return 1.1 * value
}
