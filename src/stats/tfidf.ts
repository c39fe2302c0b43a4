/**
 * What the words alone say: TF-IDF of one- and two-word terms with logistic regression on the same folds, the
 * baseline "beyond the words" (scikit-learn's TfidfVectorizer(ngram_range=(1, 2), min_df=2) and
 * LogisticRegression(C=1), sparse).
 */

import { pacer } from '../core/pace.ts'
import { Lbfgs } from './estimators/lbfgs.ts'
import type { Part } from './folds.ts'
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

/**
 * Out-of-fold scores of TF-IDF logistic regression, standardised within the parts. `[n]`
 *
 * @example const scores = await tfidfScores(texts, poles, partsOf(folds))
 */
export async function tfidfScores(
  texts: readonly string[],
  poles: ArrayLike<number>,
  parts: readonly Part[],
  signal?: AbortSignal,
): Promise<Float64Array> {
  const table = count(texts)
  const scores = new Float64Array(texts.length)
  for (const { train, test } of parts) {
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

/**
 * Log-odds of pole B for texts that the classifier has not seen, from labelled ones: the same TF-IDF logistic
 * regression, not standardised, so that 0 is undecided. `[unseen.length]`
 *
 * @param poles 0 (A) or 1 (B) of each labelled text
 * @example const odds = await tfidfLogOdds(['cut taxes', 'fund schools'], [1, 0], ['fund them'])
 */
export async function tfidfLogOdds(
  labelled: readonly string[],
  poles: ArrayLike<number>,
  unseen: readonly string[],
  signal?: AbortSignal,
): Promise<Float64Array> {
  const train = Int32Array.from(labelled.keys())
  const weighted = weigh(count([...labelled, ...unseen]), train)
  const w = await fitSparse(weighted, poles, train, signal)
  return Float64Array.from(unseen, (_, i) => rowDot(weighted, labelled.length + i, w))
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

/** L2 logistic regression (C = 1, intercept last and not penalised), to a gradient of 1e-5 per row. */
async function fitSparse(
  table: Sparse,
  poles: ArrayLike<number>,
  train: Int32Array,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const size = table.vocabulary + 1
  const search = new Lbfgs(size, 1e-5 * train.length, 4 / train.length, 1e-13)
  const pace = pacer(signal)
  for (let round = 0; round < 300 && !search.done; round++) {
    await pace()
    const w = search.trial()
    const gradient = w.slice()
    gradient[size - 1] = 0
    let value = 0
    for (let j = 0; j < size - 1; j++) value += w[j]! ** 2 / 2
    for (const i of train) {
      const t = rowDot(table, i, w)
      const e = Math.exp(-Math.abs(t))
      const share = (t > 0 ? 1 : e) / (1 + e)
      value += Math.log1p(e) + Math.max(0, poles[i] === 1 ? -t : t)
      const residual = share - poles[i]!
      gradient[size - 1]! += residual
      for (let e = table.starts[i]!; e < table.starts[i + 1]!; e++)
        gradient[table.terms[e]!]! += residual * table.counts[e]!
    }
    const q = search.advance(w, value, gradient)
    if (q !== undefined) search.direct(q)
  }
  return search.point
}
