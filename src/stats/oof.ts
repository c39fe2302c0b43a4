/**
 * Out-of-fold scores: every text is scored by a direction that was fitted without its group. Scores are
 * standardised within the held-out fold, so that folds can be pooled, and averaged over repetitions.
 */

import { type Matrix, matrix } from '../core/matrix.ts'
import { pacer } from '../core/pace.ts'
import { SortedScores } from './auc.ts'
import { fitLda } from './estimators/lda.ts'
import { fitLogistic, type LogisticProblem } from './estimators/logistic.ts'
import { meanDifference } from './estimators/mean-difference.ts'
import { type Folds, split } from './folds.ts'
import { dot } from './linear.ts'

export type Estimator = 'mean-difference' | 'logistic' | 'lda'
export const ESTIMATORS: readonly Estimator[] = ['mean-difference', 'logistic', 'lda']

/** Inverse penalties that inner cross-validation chooses from. */
export const C_GRID = [1e-4, 1e-3, 3e-3, 1e-2, 1e-1] as const
const INNER_FOLDS = 3

/** (x - mean) / SD of the values at `rows`, written to `out`. */
export function standardiseInto(out: Float64Array, values: ArrayLike<number>, rows: ArrayLike<number>): void {
  let mean = 0
  for (let r = 0; r < rows.length; r++) mean += values[r]! / rows.length
  let square = 0
  for (let r = 0; r < rows.length; r++) square += (values[r]! - mean) ** 2 / rows.length
  const sd = Math.sqrt(square) || 1
  for (let r = 0; r < rows.length; r++) out[rows[r]!] = (values[r]! - mean) / sd
}

/** Scores <x, w> of some rows. */
export function project(x: Matrix, w: ArrayLike<number>, rows: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: rows.length }, (_, r) => {
    const base = rows[r]! * x.cols
    let sum = 0
    for (let j = 0; j < x.cols; j++) sum += x.data[base + j]! * w[j]!
    return sum
  })
}

/** What logistic regression chose in a fold: its penalty, and the inner AUC that it reached there. */
export interface Chosen {
  readonly C: number
  readonly innerAuc: number
}

export interface OutOfFold {
  /** Standardised scores of every text, by estimator. */
  readonly scores: Readonly<Record<Estimator, Float64Array>>
  /** For each fold what logistic chose. */
  readonly chosen: readonly Chosen[]
  /** Share of texts on the right side of the threshold fitted on the training folds (logistic). */
  readonly accuracy: number
}

export interface OutOfFoldOptions {
  /** Penalty given instead of chosen by inner cross-validation. */
  readonly C?: number
  /** Which estimators; default all. */
  readonly estimators?: readonly Estimator[]
  readonly signal?: AbortSignal | undefined
}

/**
 * Scores every row of X [n, d] out of fold.
 *
 * @param innerGroups group of each row, for the inner folds that choose the penalty
 */
export async function outOfFold(
  x: Matrix,
  poles: ArrayLike<number>,
  folds: Folds,
  innerGroups: Int32Array,
  options: OutOfFoldOptions = {},
): Promise<OutOfFold> {
  const estimators = options.estimators ?? ESTIMATORS
  const k = folds.reduce((m, f) => Math.max(m, f), 0) + 1
  const parts = Array.from({ length: k }, (_, f) => split(folds, f))
  const scores = Object.fromEntries(ESTIMATORS.map((e) => [e, new Float64Array(x.rows)])) as Record<
    Estimator,
    Float64Array
  >
  let chosen: Chosen[] = []
  let right = 0
  const pace = pacer(options.signal)
  for (const { train, test } of parts) {
    await pace()
    if (estimators.includes('mean-difference'))
      standardiseInto(scores['mean-difference'], project(x, meanDifference(x, poles, train), test), test)
    if (estimators.includes('lda'))
      standardiseInto(
        scores.lda,
        project(x, (await fitLda(x, poles, train, options.signal)).direction, test),
        test,
      )
  }
  if (estimators.includes('logistic')) {
    chosen =
      options.C === undefined
        ? await choosePenalty(
            x,
            poles,
            parts.map((p) => p.train),
            innerGroups,
            options.signal,
          )
        : parts.map(() => ({ C: options.C!, innerAuc: Number.NaN }))
    const fits = await fitLogistic(
      x,
      parts.map(({ train }, f) => ({ rows: train, labels: poles, C: chosen[f]!.C })),
      { signal: options.signal },
    )
    parts.forEach(({ test }, f) => {
      const raw = project(x, fits[f]!.weights, test)
      standardiseInto(scores.logistic, raw, test)
      raw.forEach((score, r) => {
        if ((score + fits[f]!.intercept > 0 ? 1 : 0) === poles[test[r]!]) right++
      })
    })
  }
  return { scores, chosen, accuracy: right / x.rows }
}

/** The penalty with the best AUC over inner group folds, for each outer training set; all fits in one batch. */
async function choosePenalty(
  x: Matrix,
  poles: ArrayLike<number>,
  trains: readonly Int32Array[],
  groups: Int32Array,
  signal?: AbortSignal,
): Promise<Chosen[]> {
  const problems: LogisticProblem[] = []
  const inner = trains.map((train) => innerSplits(train, groups))
  for (const splits of inner)
    for (const { fit } of splits) for (const C of C_GRID) problems.push({ rows: fit, labels: poles, C })
  const fits = await fitLogistic(x, problems, { signal, tolerance: 3e-4, maxIterations: 80 })
  let at = 0
  return inner.map((splits) => {
    const sums = new Float64Array(C_GRID.length)
    for (const { held } of splits) {
      const labels = Int8Array.from(held, (i) => poles[i]!)
      for (let c = 0; c < C_GRID.length; c++)
        sums[c]! += new SortedScores(project(x, fits[at++]!.weights, held), labels).auc() / splits.length
    }
    let best = 0
    for (let c = 1; c < C_GRID.length; c++) if (sums[c]! > sums[best]! + 1e-9) best = c
    return { C: C_GRID[best]!, innerAuc: sums[best]! }
  })
}

/** Splits a training set by whole groups, dealing them out in order of their number. */
function innerSplits(train: Int32Array, groups: Int32Array): { fit: Int32Array; held: Int32Array }[] {
  const ids = [...new Set(Array.from(train, (i) => groups[i]!))]
  const part = new Map(ids.map((g, at) => [g, at % INNER_FOLDS]))
  return Array.from({ length: INNER_FOLDS }, (_, f) => ({
    fit: train.filter((i) => part.get(groups[i]!) !== f),
    held: train.filter((i) => part.get(groups[i]!) === f),
  }))
}

/** X w for all rows, as a matrix of one column is to be avoided. */
export function scoreAll(x: Matrix, w: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: x.rows }, (_, i) =>
    dot(x.data.subarray(i * x.cols, (i + 1) * x.cols), w),
  )
}

/** The rows of several vectors as a matrix. */
export function stack(vectors: readonly ArrayLike<number>[]): Matrix {
  const out = matrix(vectors.length, vectors[0]?.length ?? 0)
  vectors.forEach((v, i) => {
    for (let j = 0; j < out.cols; j++) out.data[i * out.cols + j] = v[j]!
  })
  return out
}
