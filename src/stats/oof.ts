/**
 * Out-of-fold scores: every text is scored by a direction that was fitted without its group. Scores are
 * standardised within the held-out part, so that parts can be pooled.
 */

import type { Matrix } from '../core/matrix.ts'
import { pacer } from '../core/pace.ts'
import { auc } from './auc.ts'
import { fitLda, fitLdaFolds } from './estimators/lda.ts'
import { fitLogistic, type LogisticProblem } from './estimators/logistic.ts'
import { matchedPc1 } from './estimators/matched-pc1.ts'
import { meanDifference } from './estimators/mean-difference.ts'
import { type Folds, groupFolds, type Part, partsOf } from './folds.ts'
import type { Labels } from './groups.ts'

/** How a direction is fitted. `matched-pc1` exists only where texts are matched pairs. */
export const ESTIMATORS = ['mean-difference', 'logistic', 'lda', 'matched-pc1'] as const
export type Estimator = (typeof ESTIMATORS)[number]

/** The estimators that labels allow. */
export function estimatorsFor(labels: Labels): Estimator[] {
  return ESTIMATORS.filter((e) => e !== 'matched-pc1' || labels.pairs !== undefined)
}

/** Inverse penalties that inner cross-validation chooses from. */
export const C_GRID = [1e-4, 1e-3, 3e-3, 1e-2, 1e-1] as const
const INNER_FOLDS = 3
/** Of fits that only choose, or only make a null distribution. */
export const COARSE = { tolerance: 3e-4, maxIterations: 80 } as const

/** (x - mean) / SD of `values`, written to `out` at `rows`. Equal values all become 0. */
export function standardiseInto(out: Float64Array, values: ArrayLike<number>, rows: ArrayLike<number>): void {
  let mean = 0
  for (let r = 0; r < rows.length; r++) mean += values[r]! / rows.length
  let square = 0
  for (let r = 0; r < rows.length; r++) square += (values[r]! - mean) ** 2 / rows.length
  const sd = Math.sqrt(square) || 1
  for (let r = 0; r < rows.length; r++) out[rows[r]!] = (values[r]! - mean) / sd
}

/** Scores <x, w> of some rows (default all), in f64. */
export function project(x: Matrix, w: ArrayLike<number>, rows?: ArrayLike<number>): Float64Array {
  const out = new Float64Array(rows === undefined ? x.rows : rows.length)
  for (let r = 0; r < out.length; r++) {
    const base = (rows === undefined ? r : rows[r]!) * x.cols
    let sum = 0
    for (let j = 0; j < x.cols; j++) sum += x.data[base + j]! * w[j]!
    out[r] = sum
  }
  return out
}

/** What logistic regression chose in a part: its penalty, and the mean AUC that this reached in inner folds. */
export interface Chosen {
  readonly C: number
  readonly innerAuc: number
}

export interface OutOfFold {
  /** Standardised scores of every text, by the estimators asked for. */
  readonly scores: Readonly<Partial<Record<Estimator, Float64Array>>>
  /** For each part what logistic chose; empty where nothing was to be chosen. */
  readonly chosen: readonly Chosen[]
  /** 1 for texts on the right side of the threshold that was fitted on the training texts (logistic). */
  readonly right: Float64Array
}

export interface OutOfFoldOptions {
  readonly estimators: readonly Estimator[]
  /** Keys the inner folds. */
  readonly seed: number
  /**
   * Penalties that inner group folds choose from, which also give the inner AUC by which a layer is chosen.
   * A plain number is a fixed penalty: no inner folds.
   */
  readonly C: number | readonly number[]
  readonly signal?: AbortSignal | undefined
}

/**
 * Scores every row of X [n, d] that is in a part's test.
 *
 * @throws PalimpsestError `interrupted`, `engine-*`
 * @example
 * const { scores } = await outOfFold(x, labels, partsOf(folds), { estimators: ['logistic'], seed: 1, C: C_GRID })
 */
export async function outOfFold(
  x: Matrix,
  labels: Labels,
  parts: readonly Part[],
  options: OutOfFoldOptions,
): Promise<OutOfFold> {
  return (await outOfFolds(x, labels, [parts], options))[0]!
}

/** {@link outOfFold} for several repetitions of the folds, with all logistic fits in two batches. */
export async function outOfFolds(
  x: Matrix,
  labels: Labels,
  repetitions: readonly (readonly Part[])[],
  options: OutOfFoldOptions,
): Promise<OutOfFold[]> {
  const { signal, estimators, C } = options
  const runs = repetitions.map((parts) => ({
    parts,
    scores: {} as Partial<Record<Estimator, Float64Array>>,
    chosen: [] as Chosen[],
    right: new Float64Array(x.rows),
  }))
  const pace = pacer(signal)
  for (const estimator of estimators)
    for (const { parts, scores } of runs) {
      const out = new Float64Array(x.rows)
      scores[estimator] = out
      if (estimator === 'logistic') continue
      const directions = await fitParts(estimator, x, labels, parts, signal)
      for (const [f, { test }] of parts.entries()) {
        await pace()
        standardiseInto(out, project(x, directions[f]!, test), test)
      }
    }
  if (!estimators.includes('logistic')) return runs
  const all = runs.flatMap((run) => run.parts)
  const chosen = typeof C === 'number' ? [] : await choosePenalty(x, labels, all, C, options)
  const fits = await fitLogistic(
    x,
    all.map(({ train }, f) => ({
      rows: train,
      labels: labels.poles,
      C: typeof C === 'number' ? C : chosen[f]!.C,
    })),
    { signal },
  )
  let at = 0
  for (const { parts, scores, right, chosen: own } of runs)
    for (const { test } of parts) {
      await pace()
      const fit = fits[at]!
      if (chosen.length > 0) own.push(chosen[at]!)
      at++
      const raw = project(x, fit.weights, test)
      standardiseInto(scores.logistic!, raw, test)
      raw.forEach((score, r) => {
        if ((score + fit.intercept > 0 ? 1 : 0) === labels.poles[test[r]!]) right[test[r]!] = 1
      })
    }
  return runs
}

/** Directions of all parts. */
async function fitParts(
  estimator: Exclude<Estimator, 'logistic'>,
  x: Matrix,
  labels: Labels,
  parts: readonly Part[],
  signal?: AbortSignal,
): Promise<Float64Array[]> {
  const everyRow = parts.every(({ train, test }) => train.length + test.length === x.rows)
  if (estimator === 'lda' && everyRow) return fitLdaFolds(x, labels.poles, parts, signal)
  const directions: Float64Array[] = []
  for (const { train } of parts) directions.push(await fitDirection(estimator, x, labels, train, signal))
  return directions
}

/** Logistic scores of every text, averaged over repetitions of the folds. */
export async function logisticScores(
  x: Matrix,
  labels: Labels,
  folds: readonly Folds[],
  options: Omit<OutOfFoldOptions, 'estimators'>,
): Promise<Float64Array> {
  const runs = await outOfFolds(x, labels, folds.map(partsOf), { ...options, estimators: ['logistic'] })
  return average(runs.map((r) => r.scores.logistic!))
}

/** The mean of several scores of the same texts. */
export function average(runs: readonly Float64Array[]): Float64Array {
  return runs[0]!.map((_, i) => runs.reduce((s, r) => s + r[i]! / runs.length, 0))
}

/** A direction by one of the estimators that need no penalty. Not normalised. */
export async function fitDirection(
  estimator: Exclude<Estimator, 'logistic'>,
  x: Matrix,
  labels: Labels,
  rows: ArrayLike<number>,
  signal?: AbortSignal,
): Promise<Float64Array> {
  if (estimator === 'mean-difference') return meanDifference(x, labels.poles, rows)
  if (estimator === 'lda') return (await fitLda(x, labels.poles, rows, signal)).direction
  return matchedPc1(x, labels.poles, labels.pairs!, rows, signal)
}

/** The penalty with the best AUC over inner group folds, for each outer training set; all fits in one batch. */
async function choosePenalty(
  x: Matrix,
  labels: Labels,
  parts: readonly Part[],
  grid: readonly number[],
  options: OutOfFoldOptions,
): Promise<Chosen[]> {
  const { poles, groups } = labels
  const inner = parts.map(({ train }) =>
    partsOf(groupFolds(groups, poles, options.seed, 0, INNER_FOLDS, train)),
  )
  const problems: LogisticProblem[] = inner.flatMap((splits) =>
    splits.flatMap((s) => grid.map((C) => ({ rows: s.train, labels: poles, C }))),
  )
  const fits = await fitLogistic(x, problems, { ...COARSE, signal: options.signal })
  const pace = pacer(options.signal)
  const chosen: Chosen[] = []
  let at = 0
  for (const splits of inner) {
    const sums = new Float64Array(grid.length)
    for (const { test } of splits) {
      const held = Int8Array.from(test, (i) => poles[i]!)
      for (let c = 0; c < grid.length; c++) {
        await pace()
        const { scores } = fits[at++]!
        sums[c]! +=
          auc(
            Float32Array.from(test, (i) => scores[i]!),
            held,
          ) / splits.length
      }
    }
    let best = 0
    for (let c = 1; c < grid.length; c++) if (sums[c]! > sums[best]! + 1e-9) best = c
    chosen.push({ C: grid[best]!, innerAuc: sums[best]! })
  }
  return chosen
}
