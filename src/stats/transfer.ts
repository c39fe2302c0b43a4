/**
 * What two models share: directions fitted on one and tested on the other, the cosine of their directions
 * against permuted ones and against what two halves of the data reach, and CKA.
 */

import { type Matrix, matrix } from '../core/matrix.ts'
import { stream } from '../core/random.ts'
import { matmulNT } from '../ggml/gemm.ts'
import { SortedScores } from './auc.ts'
import type { Labels } from './direction.ts'
import { type Null, summariseNull, upperP } from './estimate.ts'
import { fitLogistic } from './estimators/logistic.ts'
import { meanDifference } from './estimators/mean-difference.ts'
import { type Folds, split } from './folds.ts'
import { cells as cellsOf, type Grouping } from './groups.ts'
import { cosine } from './linear.ts'
import { project, standardiseInto } from './oof.ts'
import { itemPoles, permutedCells } from './permutation.ts'

/** Out-of-fold scores of X `test` under logistic directions fitted on X `fit` (same texts, same width). */
export async function transferScores(
  fitOn: Matrix,
  testOn: Matrix,
  poles: ArrayLike<number>,
  folds: Folds,
  C: number,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const k = folds.reduce((m, f) => Math.max(m, f), 0) + 1
  const parts = Array.from({ length: k }, (_, f) => split(folds, f))
  const fits = await fitLogistic(
    fitOn,
    parts.map(({ train }) => ({ rows: train, labels: poles, C })),
    { signal },
  )
  const scores = new Float64Array(poles.length)
  for (const [f, { test }] of parts.entries())
    standardiseInto(scores, project(testOn, fits[f]!.weights, test), test)
  return scores
}

export interface CosineResult {
  /** Cosine of the two models' difference-of-means directions. */
  readonly value: number
  /** Cosines of directions of permuted labels: near-identical weights make every cosine high. */
  readonly null: Null
  readonly p: number
  /** Mean cosine between one half of the groups in one model and the other half in the same model: the ceiling. */
  readonly splitHalf: number
}

/** Compares difference-of-means directions of two models over the same texts. */
export async function compareDirections(
  a: Matrix,
  b: Matrix,
  labels: Labels,
  options: { seed: number; draws: number; signal?: AbortSignal | undefined },
): Promise<CosineResult> {
  const { poles, groups } = labels
  const rows = Int32Array.from(poles, (_, i) => i)
  const value = cosine(meanDifference(a, poles, rows), meanDifference(b, poles, rows))
  const cells = cellsOf(groups, poles)
  const draws = permutedCells(cells, { seed: options.seed, stage: 'cosine', draws: options.draws })
  const [da, db] = [
    await differences(a, cells.of, cells.count, draws, options.signal),
    await differences(b, cells.of, cells.count, draws, options.signal),
  ]
  const nulls = Float64Array.from(draws, (_, p) => cosine(rowOf(da, p), rowOf(db, p)))
  return {
    value,
    null: summariseNull(nulls),
    p: upperP(value, nulls),
    splitHalf: splitHalfCosine(a, poles, groups, options.seed),
  }
}

function rowOf(m: Matrix, i: number): Float32Array {
  return m.data.subarray(i * m.cols, (i + 1) * m.cols)
}

/** Mean differences under many labellings of the cells, [draws, d]. */
async function differences(
  x: Matrix,
  cellOf: Int32Array,
  count: number,
  draws: readonly Int8Array[],
  signal?: AbortSignal,
): Promise<Matrix> {
  const sums = matrix(x.cols, count) // transposed: [d, cells]
  const counts = new Float64Array(count)
  for (let i = 0; i < x.rows; i++) {
    counts[cellOf[i]!]!++
    for (let j = 0; j < x.cols; j++) sums.data[j * count + cellOf[i]!]! += x.data[i * x.cols + j]!
  }
  const coefficients = matrix(draws.length, count)
  draws.forEach((poles, p) => {
    const totals = [0, 0]
    for (let c = 0; c < count; c++) totals[poles[c]!]! += counts[c]!
    for (let c = 0; c < count; c++)
      coefficients.data[p * count + c] = poles[c] === 1 ? 1 / totals[1]! : -1 / totals[0]!
  })
  return matmulNT(coefficients, sums, signal)
}

const SPLITS = 20

/** Mean over random splits of the groups of the cosine between the halves' directions. */
export function splitHalfCosine(x: Matrix, poles: Int8Array, groups: Grouping, seed: number): number {
  const cells = cellsOf(groups, poles)
  let sum = 0
  for (let s = 0; s < SPLITS; s++) {
    const half = new Uint8Array(groups.count)
    const rng = stream(seed, 'split-half', s)
    for (const pole of groups.kind === 'nested' ? [0, 1] : [undefined]) {
      const members = Array.from({ length: groups.count }, (_, g) => g).filter(
        (g) => pole === undefined || cells.poles[g] === pole,
      )
      rng.shuffle(members).forEach((g, i) => {
        half[g] = i % 2
      })
    }
    const rows = [0, 1].map((h) =>
      Int32Array.from(Array.from(poles.keys()).filter((i) => half[groups.of[i]!] === h)),
    )
    sum += cosine(meanDifference(x, poles, rows[0]!), meanDifference(x, poles, rows[1]!)) / SPLITS
  }
  return sum
}

/**
 * Linear centred kernel alignment of two representations of the same texts (Kornblith et al. 2019): 1 for
 * equal up to rotation and scale.
 */
export async function linearCka(a: Matrix, b: Matrix, signal?: AbortSignal): Promise<number> {
  const [x, y] = [centredTranspose(a), centredTranspose(b)] // [d, n]
  const norm2 = async (p: Matrix, q: Matrix): Promise<number> =>
    (await matmulNT(p, q, signal)).data.reduce((s, v) => s + v * v, 0)
  return (await norm2(y, x)) / Math.sqrt((await norm2(x, x)) * (await norm2(y, y)))
}

function centredTranspose(m: Matrix): Matrix {
  const out = matrix(m.cols, m.rows)
  for (let j = 0; j < m.cols; j++) {
    let mean = 0
    for (let i = 0; i < m.rows; i++) mean += m.data[i * m.cols + j]! / m.rows
    for (let i = 0; i < m.rows; i++) out.data[j * m.rows + i] = m.data[i * m.cols + j]! - mean
  }
  return out
}

/** AUC of transferred scores. */
export function transferAuc(scores: Float64Array, poles: ArrayLike<number>): number {
  return new SortedScores(scores, poles).auc()
}

export { itemPoles }
