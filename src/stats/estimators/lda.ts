/**
 * Linear discriminant analysis with Ledoit-Wolf shrinkage: the direction Σ⁻¹ (mean B - mean A). Σ is the mean,
 * by share of texts, of both classes' covariances; each class is brought to unit variance, shrunk towards a
 * multiple of the identity (Ledoit and Wolf 2004) and scaled back, as scikit-learn's
 * LinearDiscriminantAnalysis(solver='lsqr', shrinkage='auto') does.
 */

import { type Matrix, matrix } from '../../core/matrix.ts'
import { matmulNT } from '../../ggml/gemm.ts'
import { cholesky, choleskySolve } from '../linear.ts'
import { classMeans } from './mean-difference.ts'
import { moments } from './moments.ts'

export interface LdaFit {
  /** In the space of x, not normalised. */
  readonly direction: Float64Array
  /** Weight of the identity in each class, 0 to 1. */
  readonly shrinkage: readonly number[]
}

/**
 * Fits on some rows of X [n, d].
 *
 * @throws PalimpsestError `interrupted`, `engine-*`
 * @example const { direction } = await fitLda(x, poles, rows)
 */
export async function fitLda(
  x: Matrix,
  poles: ArrayLike<number>,
  rows: ArrayLike<number>,
  signal?: AbortSignal,
): Promise<LdaFit> {
  const list = Int32Array.from(rows)
  const classes = [0, 1].map((pole) => list.filter((i) => poles[i] === pole))
  const { solve, shrinkage } = await factorise(x, list, classes, signal)
  const { means } = classMeans(x, poles, rows)
  return { direction: solve(means[1].map((v, j) => v - means[0][j]!)), shrinkage }
}

/**
 * Directions for many labellings of the same rows at once (a permutation test), with the total covariance in
 * place of the within-class one. Unshrunk, the two give the same direction, as they differ by a multiple of
 * δδᵀ (Sherman-Morrison); shrunk, nearly so. A test must therefore take its observed value in the same way.
 *
 * @param differences mean differences of the labellings, [draws][d]
 */
export async function fitLdaMany(
  x: Matrix,
  rows: ArrayLike<number>,
  differences: readonly Float64Array[],
  signal?: AbortSignal,
): Promise<Float64Array[]> {
  const list = Int32Array.from(rows)
  const { solve } = await factorise(x, list, [list], signal)
  return differences.map(solve)
}

/** The Cholesky factor of the mean of the classes' shrunk covariances, in standardised features. */
async function factorise(
  x: Matrix,
  rows: Int32Array,
  classes: readonly Int32Array[],
  signal?: AbortSignal,
): Promise<{ solve(b: Float64Array): Float64Array; shrinkage: number[] }> {
  const d = x.cols
  const common = moments(x, rows)
  const sum = new Float64Array(d * d)
  const shrinkage: number[] = []
  for (const members of classes) {
    const { correlation, scale, weight } = await shrunkCorrelation(x, members, signal)
    const share = members.length / rows.length
    const relative = scale.map((s, j) => s / common.scale[j]!)
    for (let i = 0; i < d; i++)
      for (let j = 0; j < d; j++)
        sum[i * d + j]! += share * relative[i]! * relative[j]! * correlation[i * d + j]!
    shrinkage.push(weight)
  }
  // Where nothing is shrunk and features depend on each other the matrix is singular but for this.
  for (let j = 0; j < d; j++) sum[j * d + j]! += 1e-10
  cholesky(sum, d)
  return {
    shrinkage,
    solve: (b) => {
      const scaled = b.map((v, j) => v / common.scale[j]!)
      return choleskySolve(sum, d, scaled).map((v, j) => v / common.scale[j]!)
    },
  }
}

/**
 * Ledoit and Wolf's shrunk covariance of rows brought to mean 0 and variance 1 (scikit-learn's `ledoit_wolf`).
 */
export async function shrunkCorrelation(
  x: Matrix,
  rows: Int32Array,
  signal?: AbortSignal,
): Promise<{ correlation: Float64Array; scale: Float64Array; weight: number }> {
  const d = x.cols
  const n = rows.length
  const { mean, scale } = moments(x, rows)
  // Features as rows, so that one product gives the covariance.
  const z = matrix(d, n)
  let fourth = 0
  for (let r = 0; r < n; r++) {
    const base = rows[r]! * d
    let square = 0
    for (let j = 0; j < d; j++) {
      const v = (x.data[base + j]! - mean[j]!) / scale[j]!
      z.data[j * n + r] = v
      square += v * v
    }
    fourth += square * square
  }
  const { data } = await matmulNT(z, z, signal)
  const correlation = new Float64Array(d * d)
  let squares = 0
  for (let k = 0; k < correlation.length; k++) {
    const v = data[k]! / n
    correlation[k] = v
    squares += v * v
  }
  let trace = 0
  for (let j = 0; j < d; j++) trace += correlation[j * d + j]!
  const mu = trace / d
  const delta = (squares - 2 * mu * trace + d * mu * mu) / d
  const beta = Math.min((fourth / n - squares) / (d * n), delta)
  const weight = delta === 0 ? 0 : Math.max(0, beta / delta)
  for (let k = 0; k < correlation.length; k++) correlation[k]! *= 1 - weight
  for (let j = 0; j < d; j++) correlation[j * d + j]! += weight * mu
  return { correlation, scale, weight }
}
