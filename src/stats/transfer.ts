/**
 * What two models share: directions fitted on one and tested on the other, the cosine of their directions
 * against permuted ones and against what two halves of the data reach, and CKA.
 */

import { type Matrix, matrix, row } from '../core/matrix.ts'
import { stream } from '../core/random.ts'
import { matmulNT } from '../ggml/gemm.ts'
import { SortedScores } from './auc.ts'
import { type ClusterOptions, clusterEstimates } from './bootstrap.ts'
import { centred, principalAngles, topComponents, transpose } from './components.ts'
import { type Estimate, type Null, summariseNull, upperP } from './estimate.ts'
import { fitLogistic } from './estimators/logistic.ts'
import { meanDifference } from './estimators/mean-difference.ts'
import { type Folds, partsOf } from './folds.ts'
import { type Cells, cells as cellsOf, type Labels, permuteCells } from './groups.ts'
import { cosine } from './linear.ts'
import { project, standardiseInto } from './oof.ts'

export interface TransferResult {
  /** [fit][test]: AUC on model `test` of directions fitted on model `fit`, out of fold. */
  readonly auc: readonly (readonly Estimate[])[]
  /** For each test model, what the other model's directions cost against its own: AUC own minus AUC crossed. */
  readonly loss: readonly Estimate[]
}

/**
 * The 2x2 of transfer between two models over the same texts, by logistic regression out of fold. Transfer to a
 * model is non-inferior when the upper bound of its loss is below the margin.
 */
export async function measureTransfer(
  models: readonly [Matrix, Matrix],
  labels: Labels,
  folds: Folds,
  C: number,
  options: ClusterOptions,
): Promise<TransferResult> {
  const { poles, groups } = labels
  const parts = partsOf(folds)
  const sorted: SortedScores[] = []
  for (const fitOn of models) {
    const fits = await fitLogistic(
      fitOn,
      parts.map(({ train }) => ({ rows: train, labels: poles, C })),
      { signal: options.signal },
    )
    for (const testOn of models) {
      const scores = new Float64Array(poles.length)
      for (const [f, { test }] of parts.entries())
        standardiseInto(scores, project(testOn, fits[f]!.weights, test), test)
      sorted.push(new SortedScores(scores, poles, groups.of))
    }
  }
  const [bb, ba, ab, aa, lossB, lossA] = (await clusterEstimates(labels, options, (times) => {
    const [b2b, b2a, a2b, a2a] = sorted.map((s) => s.auc(times)) as [number, number, number, number]
    return [b2b, b2a, a2b, a2a, b2b - a2b, a2a - b2a]
  })) as [Estimate, Estimate, Estimate, Estimate, Estimate, Estimate]
  return {
    auc: [
      [bb, ba],
      [ab, aa],
    ],
    loss: [lossB, lossA],
  }
}

export interface CosineResult {
  /** Cosine of the two models' difference-of-means directions. */
  readonly value: number
  /** Cosines of directions of permuted labels: near-identical weights make every cosine high. */
  readonly null: Null
  readonly p: number
  /**
   * Means over random halves of the groups of the cosine between one half's direction and the other's: within
   * each model (the ceiling that noise sets), and from the first model to the second over the same halves.
   */
  readonly splitHalf: { readonly first: number; readonly second: number; readonly across: number }
}

/** Compares difference-of-means directions of two models over the same texts. */
export async function compareDirections(
  a: Matrix,
  b: Matrix,
  labels: Labels,
  options: { readonly seed: number; readonly draws: number; readonly signal?: AbortSignal | undefined },
): Promise<CosineResult> {
  const { poles, groups } = labels
  const rows = Int32Array.from(poles, (_, i) => i)
  const value = cosine(meanDifference(a, poles, rows), meanDifference(b, poles, rows))
  const cells = cellsOf(groups, poles)
  const draws = Array.from({ length: options.draws }, (_, draw) =>
    permuteCells(cells, stream(options.seed, 'permutation/cosine', draw)),
  )
  // The observed labelling goes the same way as the others.
  const labellings = [cells.poles, ...draws]
  const da = await differences(a, cells, labellings, options.signal)
  const db = await differences(b, cells, labellings, options.signal)
  const cosines = Float64Array.from(labellings, (_, p) => cosine(row(da, p), row(db, p)))
  const nulls = cosines.subarray(1)
  return {
    value,
    null: summariseNull(nulls),
    p: upperP(cosines[0]!, nulls),
    splitHalf: splitHalfCosines(a, b, labels, options.seed),
  }
}

/** Mean differences under many labellings of the cells, [draws, d]. */
async function differences(
  x: Matrix,
  cells: Cells,
  draws: readonly Int8Array[],
  signal?: AbortSignal,
): Promise<Matrix> {
  const z = centred(x)
  const sums = new Float64Array(cells.count * x.cols)
  const counts = new Float64Array(cells.count)
  for (let i = 0; i < x.rows; i++) {
    const c = cells.of[i]!
    counts[c]!++
    for (let j = 0; j < x.cols; j++) sums[c * x.cols + j]! += z.data[i * x.cols + j]!
  }
  const coefficients = matrix(draws.length, cells.count)
  draws.forEach((poles, p) => {
    const totals = [0, 0]
    for (let c = 0; c < cells.count; c++) totals[poles[c]!]! += counts[c]!
    for (let c = 0; c < cells.count; c++)
      coefficients.data[p * cells.count + c] = poles[c] === 1 ? 1 / totals[1]! : -1 / totals[0]!
  })
  const byCell = matrix(cells.count, x.cols, Float32Array.from(sums))
  return matmulNT(coefficients, transpose(byCell), signal)
}

const SPLITS = 20

/** Cosines between directions of random halves of the groups (each pole's groups halved where nested). */
export function splitHalfCosines(
  first: Matrix,
  second: Matrix,
  labels: Labels,
  seed: number,
): CosineResult['splitHalf'] {
  const { poles, groups } = labels
  const cells = cellsOf(groups, poles)
  const sum = { first: 0, second: 0, across: 0 }
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
    const [h0, h1] = [0, 1].map((h) =>
      Int32Array.from(poles.keys()).filter((i) => half[groups.of[i]!] === h),
    ) as [Int32Array, Int32Array]
    const [f0, f1] = [meanDifference(first, poles, h0), meanDifference(first, poles, h1)]
    const [s0, s1] = [meanDifference(second, poles, h0), meanDifference(second, poles, h1)]
    sum.first += cosine(f0, f1) / SPLITS
    sum.second += cosine(s0, s1) / SPLITS
    sum.across += (cosine(f0, s1) + cosine(s0, f1)) / 2 / SPLITS
  }
  return sum
}

/**
 * Linear centred kernel alignment of two representations of the same texts (Kornblith et al. 2019): 1 for
 * equal up to rotation and scale.
 *
 * @param a,b [n, d] and [n, e]: rows are the same texts
 */
export async function linearCka(a: Matrix, b: Matrix, signal?: AbortSignal): Promise<number> {
  const [x, y] = [transpose(centred(a)), transpose(centred(b))] // [d, n]
  const norm2 = async (p: Matrix, q: Matrix): Promise<number> =>
    (await matmulNT(p, q, signal)).data.reduce((s, v) => s + v * v, 0)
  return (await norm2(y, x)) / Math.sqrt((await norm2(x, x)) * (await norm2(y, y)))
}

/** Components whose spans are compared. */
const ANGLE_COMPONENTS = 10

/**
 * Principal angles between the spans of two models' ten strongest principal components, in degrees, smallest
 * first (Björck and Golub 1973): all near 0 where texts vary along the same dimensions in both. The models must
 * be of one width.
 */
export async function componentAngles(a: Matrix, b: Matrix, signal?: AbortSignal): Promise<number[]> {
  const first = await topComponents(centred(a), ANGLE_COMPONENTS, signal)
  const second = await topComponents(centred(b), ANGLE_COMPONENTS, signal)
  return principalAngles(first, second).map((v) => (v * 180) / Math.PI)
}
