/**
 * Permutation nulls: what AUC an estimator reaches out of fold when the poles mean nothing. Poles are permuted
 * over whole groups (nested) or swapped within them (crossed), with the folds as they are.
 *
 * For difference of means a permuted direction is a combination of the cells' sums, so that one product of
 * texts with those sums serves all draws.
 */

import { type Matrix, matrix } from '../core/matrix.ts'
import { pacer } from '../core/pace.ts'
import { stream } from '../core/random.ts'
import { matmulNT } from '../ggml/gemm.ts'
import { binnedAuc } from './auc.ts'
import { fitLdaMany } from './estimators/lda.ts'
import { fitLogistic } from './estimators/logistic.ts'
import { meanDifference } from './estimators/mean-difference.ts'
import { type Folds, split } from './folds.ts'
import { type Cells, permuteCells } from './groups.ts'
import { project, stack, standardiseInto } from './oof.ts'

export interface PermutationOptions {
  readonly seed: number
  readonly stage: string
  readonly draws: number
  readonly signal?: AbortSignal | undefined
}

/** Poles of the cells under each draw: the same for every layer, so that maxima over layers make sense. */
export function permutedCells(cells: Cells, options: PermutationOptions): Int8Array[] {
  return Array.from({ length: options.draws }, (_, draw) =>
    permuteCells(cells, stream(options.seed, `permutation/${options.stage}`, draw)),
  )
}

/** Poles of the items under a draw. */
export function itemPoles(cells: Cells, cellPoles: Int8Array): Int8Array {
  return Int8Array.from(cells.of, (c) => cellPoles[c]!)
}

/** Null AUCs of difference of means on X [n, d] under given draws. */
export async function meanDifferenceNull(
  x: Matrix,
  cells: Cells,
  folds: Folds,
  draws: readonly Int8Array[],
  signal?: AbortSignal,
): Promise<Float64Array> {
  const n = x.rows
  const sums = matrix(cells.count, x.cols)
  const counts = new Float64Array(cells.count)
  for (let i = 0; i < n; i++) {
    const c = cells.of[i]!
    counts[c]!++
    for (let j = 0; j < x.cols; j++) sums.data[c * x.cols + j]! += x.data[i * x.cols + j]!
  }
  const kernel = await matmulNT(x, sums, signal) // [n, cells]
  const scores = draws.map(() => new Float64Array(n))
  const pace = pacer(signal)
  // A cell lies in one fold, but crossed groups have two cells in it: cells outside the fold train.
  const foldOfCell = new Int32Array(cells.count)
  cells.of.forEach((c, i) => {
    foldOfCell[c] = folds[i]!
  })
  const k = folds.reduce((m, f) => Math.max(m, f), 0) + 1
  for (let f = 0; f < k; f++) {
    const { test } = split(folds, f)
    const coefficients = matrix(draws.length, cells.count)
    draws.forEach((poles, p) => {
      const total = [0, 0]
      for (let c = 0; c < cells.count; c++) if (foldOfCell[c] !== f) total[poles[c]!]! += counts[c]!
      for (let c = 0; c < cells.count; c++)
        if (foldOfCell[c] !== f)
          coefficients.data[p * cells.count + c] = poles[c] === 1 ? 1 / total[1]! : -1 / total[0]!
    })
    const rows = matrix(test.length, cells.count)
    test.forEach((i, r) => {
      rows.data.set(kernel.data.subarray(i * cells.count, (i + 1) * cells.count), r * cells.count)
    })
    const projected = await matmulNT(coefficients, rows, signal) // [draws, test]
    for (let p = 0; p < draws.length; p++) {
      await pace()
      standardiseInto(scores[p]!, projected.data.subarray(p * test.length, (p + 1) * test.length), test)
    }
  }
  const out = new Float64Array(draws.length)
  for (let p = 0; p < draws.length; p++) {
    await pace()
    out[p] = binnedAuc(scores[p]!, itemPoles(cells, draws[p]!))
  }
  return out
}

/** Null AUCs of LDA: one factor of the total covariance a fold serves every draw. */
export async function ldaNull(
  x: Matrix,
  cells: Cells,
  folds: Folds,
  draws: readonly Int8Array[],
  signal?: AbortSignal,
): Promise<Float64Array> {
  return refittedNull(x, cells, folds, draws, signal, async (train, labels) =>
    fitLdaMany(
      x,
      train,
      labels.map((l) => meanDifference(x, l, train)),
      signal,
    ),
  )
}

/** Null AUCs of logistic regression with its penalty fixed. */
export async function logisticNull(
  x: Matrix,
  cells: Cells,
  folds: Folds,
  draws: readonly Int8Array[],
  C: number,
  signal?: AbortSignal,
): Promise<Float64Array> {
  return refittedNull(x, cells, folds, draws, signal, async (train, labels) =>
    (
      await fitLogistic(
        x,
        labels.map((l) => ({ rows: train, labels: l, C })),
        { signal, tolerance: 3e-4, maxIterations: 80 },
      )
    ).map((fit) => fit.weights),
  )
}

async function refittedNull(
  x: Matrix,
  cells: Cells,
  folds: Folds,
  draws: readonly Int8Array[],
  signal: AbortSignal | undefined,
  refit: (train: Int32Array, labels: readonly Int8Array[]) => Promise<Float64Array[]>,
): Promise<Float64Array> {
  const labels = draws.map((d) => itemPoles(cells, d))
  const scores = draws.map(() => new Float64Array(x.rows))
  const k = folds.reduce((m, f) => Math.max(m, f), 0) + 1
  for (let f = 0; f < k; f++) {
    const { train, test } = split(folds, f)
    const directions = await refit(train, labels)
    const rows = matrix(test.length, x.cols)
    test.forEach((i, r) => {
      rows.data.set(x.data.subarray(i * x.cols, (i + 1) * x.cols), r * x.cols)
    })
    const projected = await matmulNT(stack(directions), rows, signal)
    directions.forEach((_, p) => {
      standardiseInto(scores[p]!, projected.data.subarray(p * test.length, (p + 1) * test.length), test)
    })
  }
  return Float64Array.from(scores, (s, p) => binnedAuc(s, labels[p]!))
}

/** The observed AUC, rounded as the null's are. */
export function observedAuc(scores: Float64Array, poles: ArrayLike<number>): number {
  return binnedAuc(scores, poles)
}

export { project }
