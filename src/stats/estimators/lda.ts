/**
 * Linear discriminant analysis with Ledoit-Wolf shrinkage: the direction Σ⁻¹ (mean B - mean A), Σ the
 * within-class covariance, shrunk towards a multiple of the identity after features are brought to unit
 * within-class variance (Ledoit and Wolf 2004; the formulas of scikit-learn's `ledoit_wolf`).
 */

import { type Matrix, matrix } from '../../core/matrix.ts'
import { matmulNT } from '../../ggml/gemm.ts'
import { cholesky, choleskySolve } from '../linear.ts'
import { classMeans } from './mean-difference.ts'

export interface LdaFit {
  /** In the space of x, not normalised. */
  readonly direction: Float64Array
  /** Weight of the identity, 0 to 1. */
  readonly shrinkage: number
}

/** Fits on some rows of X [n, d]. */
export async function fitLda(
  x: Matrix,
  poles: ArrayLike<number>,
  rows: ArrayLike<number>,
  signal?: AbortSignal,
): Promise<LdaFit> {
  const fold = await withinClass(x, poles, rows, signal)
  return { direction: fold.solve(fold.difference), shrinkage: fold.shrinkage }
}

/**
 * Directions for many labellings of the same rows at once (a permutation test). Between labellings only a
 * rank-one term of the covariance differs, which leaves the direction Σ⁻¹δ unchanged when Σ is the total
 * covariance (Sherman-Morrison), so one factor serves all.
 *
 * @param differences mean differences of the labellings, [draws][d]
 */
export async function fitLdaMany(
  x: Matrix,
  rows: ArrayLike<number>,
  differences: readonly Float64Array[],
  signal?: AbortSignal,
): Promise<Float64Array[]> {
  const fold = await withinClass(x, new Uint8Array(x.rows), rows, signal)
  return differences.map((d) => fold.solve(d))
}

/** Shrunk covariance around the class means of the rows, factorised. One class only: around the grand mean. */
async function withinClass(
  x: Matrix,
  poles: ArrayLike<number>,
  rows: ArrayLike<number>,
  signal?: AbortSignal,
) {
  const d = x.cols
  const n = rows.length
  const { means, counts } = classMeans(x, poles, rows)
  const scale = new Float64Array(d)
  for (let r = 0; r < n; r++) {
    const i = rows[r]!
    const mean = means[poles[i]! as 0 | 1]
    for (let j = 0; j < d; j++) scale[j]! += (x.data[i * d + j]! - mean[j]!) ** 2
  }
  for (let j = 0; j < d; j++) scale[j] = Math.sqrt(scale[j]! / n) || 1
  // Features as rows, so that one product gives the covariance.
  const z = matrix(d, n)
  let fourth = 0
  for (let r = 0; r < n; r++) {
    const i = rows[r]!
    const mean = means[poles[i]! as 0 | 1]
    let square = 0
    for (let j = 0; j < d; j++) {
      const v = (x.data[i * d + j]! - mean[j]!) / scale[j]!
      z.data[j * n + r] = v
      square += v * v
    }
    fourth += square * square
  }
  const gram = await matmulNT(z, z, signal)
  const covariance = Float64Array.from(gram.data, (v) => v / n)
  let trace = 0
  let squares = 0
  for (let j = 0; j < d; j++) trace += covariance[j * d + j]!
  for (let k = 0; k < covariance.length; k++) squares += covariance[k]! ** 2
  const mu = trace / d
  const delta = (squares - 2 * mu * trace + d * mu * mu) / d
  const beta = Math.min((fourth / n - squares) / (d * n), delta)
  const shrinkage = delta === 0 ? 0 : Math.max(0, beta / delta)
  for (let k = 0; k < covariance.length; k++) covariance[k]! *= 1 - shrinkage
  for (let j = 0; j < d; j++) covariance[j * d + j]! += shrinkage * mu + 1e-10
  cholesky(covariance, d)
  return {
    shrinkage,
    difference: counts[1] === 0 ? new Float64Array(d) : means[1].map((v, j) => v - means[0][j]!),
    solve: (b: ArrayLike<number>): Float64Array => {
      const w = choleskySolve(
        covariance,
        d,
        scale.map((s, j) => b[j]! / s),
      )
      return w.map((v, j) => v / scale[j]!)
    },
  }
}
