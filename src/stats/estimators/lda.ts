/**
 * Linear discriminant analysis with Ledoit-Wolf shrinkage: the direction Σ⁻¹ (mean B - mean A). Σ is the mean,
 * by share of texts, of both classes' covariances; each class is brought to unit variance, shrunk towards a
 * multiple of the identity (Ledoit and Wolf 2004) and scaled back, as scikit-learn's
 * LinearDiscriminantAnalysis(solver='lsqr', shrinkage='auto') does.
 */

import { type Matrix, matrix, takeRows } from '../../core/matrix.ts'
import { pacer } from '../../core/pace.ts'
import { matmulNT } from '../../ggml/gemm.ts'
import { transpose } from '../components.ts'
import type { Part } from '../folds.ts'
import { cholesky, choleskySolve } from '../linear.ts'
import { classMeans } from './mean-difference.ts'
import { isPrecise, moments, standardised } from './moments.ts'

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

/**
 * Directions of all folds of a cross-validation: for each part, fitted on the rows that are not in its test. The
 * products of each part's rows are taken once and added up, which saves most of the work of {@link fitLda}.
 *
 * @param parts whose tests hold every row of X once, as of `partsOf` over all rows
 */
export async function fitLdaFolds(
  x: Matrix,
  poles: ArrayLike<number>,
  parts: readonly Part[],
  signal?: AbortSignal,
): Promise<Float64Array[]> {
  const d = x.cols
  const { z, scale } = standardised(x)
  // [class][part]: how many rows, their sum and the sum of their outer products.
  const held = await Promise.all(
    [0, 1].map(async (pole) => {
      const sums: { rows: Int32Array; sum: Float64Array; gram: Float32Array }[] = []
      for (const { test } of parts) {
        const rows = test.filter((i) => poles[i] === pole)
        const byFeature = transpose(takeRows(z, rows))
        const sum = new Float64Array(d)
        for (const i of rows) for (let j = 0; j < d; j++) sum[j]! += z.data[i * d + j]!
        sums.push({ rows, sum, gram: (await matmulNT(byFeature, byFeature, signal)).data })
      }
      return sums
    }),
  )
  const pace = pacer(signal)
  const directions: Float64Array[] = []
  for (let f = 0; f < parts.length; f++) {
    await pace()
    const classes = held.map((of) => {
      const others = of.filter((_, g) => g !== f)
      const n = others.reduce((s, o) => s + o.rows.length, 0)
      const mean = new Float64Array(d)
      const correlation = new Float64Array(d * d)
      for (const o of others) {
        for (let j = 0; j < d; j++) mean[j]! += o.sum[j]! / n
        for (let k = 0; k < correlation.length; k++) correlation[k]! += o.gram[k]!
      }
      const sd = new Float64Array(d)
      for (let j = 0; j < d; j++) {
        const variance = correlation[j * d + j]! / n - mean[j]! ** 2
        sd[j] = isPrecise(variance, mean[j]!) ? Math.sqrt(variance) : Number.NaN
      }
      if (sd.some(Number.isNaN)) return undefined
      for (let i = 0; i < d; i++)
        for (let j = 0; j < d; j++)
          correlation[i * d + j] = (correlation[i * d + j]! / n - mean[i]! * mean[j]!) / (sd[i]! * sd[j]!)
      const inverse = sd.map((v) => 1 / v)
      let fourth = 0
      for (const { rows } of others)
        for (const i of rows) {
          let square = 0
          for (let j = 0; j < d; j++) square += ((z.data[i * d + j]! - mean[j]!) * inverse[j]!) ** 2
          fourth += square * square
        }
      const weight = shrink(correlation, fourth, n, d)
      return { correlation, scale: sd, weight, mean, n }
    })
    const [a, b] = classes
    if (a === undefined || b === undefined) {
      directions.push((await fitLda(x, poles, parts[f]!.train, signal)).direction)
      continue
    }
    const factor = pooledFactor(
      [a, b].map((c) => ({ ...c, share: c.n / (a.n + b.n) })),
      new Float64Array(d).fill(1),
    )
    const difference = b.mean.map((v, j) => v - a.mean[j]!)
    directions.push(choleskySolve(factor, d, difference).map((v, j) => v / scale[j]!))
  }
  return directions
}

/** The Cholesky factor of the mean of the classes' shrunk covariances, in standardised features. */
async function factorise(
  x: Matrix,
  rows: Int32Array,
  classes: readonly Int32Array[],
  signal?: AbortSignal,
): Promise<{ solve(b: Float64Array): Float64Array; shrinkage: number[] }> {
  const common = moments(x, rows).scale
  const fitted = []
  for (const members of classes)
    fitted.push({
      ...(await shrunkCorrelation(x, members, signal)),
      share: members.length / rows.length,
    })
  const factor = pooledFactor(fitted, common)
  return {
    shrinkage: fitted.map((c) => c.weight),
    solve: (b) => {
      const scaled = b.map((v, j) => v / common[j]!)
      return choleskySolve(factor, x.cols, scaled).map((v, j) => v / common[j]!)
    },
  }
}

/** Cholesky factor of sum_c share_c D_c R_c D_c, D the classes' scales over the common one. */
function pooledFactor(
  classes: readonly { correlation: Float64Array; scale: Float64Array; share: number }[],
  common: Float64Array,
): Float64Array {
  const d = common.length
  const sum = new Float64Array(d * d)
  for (const { correlation, scale, share } of classes) {
    const relative = scale.map((s, j) => s / common[j]!)
    for (let i = 0; i < d; i++) {
      const r = share * relative[i]!
      for (let j = 0; j < d; j++) sum[i * d + j]! += r * relative[j]! * correlation[i * d + j]!
    }
  }
  // Where nothing is shrunk and features depend on each other the matrix is singular but for this.
  for (let j = 0; j < d; j++) sum[j * d + j]! += 1e-10
  cholesky(sum, d)
  return sum
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
  const correlation = new Float64Array(data)
  for (let k = 0; k < correlation.length; k++) correlation[k]! /= n
  return { correlation, scale, weight: shrink(correlation, fourth, n, d) }
}

/**
 * Shrinks a covariance in place, by Ledoit and Wolf's weight.
 *
 * @param fourth sum over rows of their squared norm, squared
 * @returns the weight of the identity
 */
function shrink(covariance: Float64Array, fourth: number, n: number, d: number): number {
  let squares = 0
  for (let k = 0; k < covariance.length; k++) squares += covariance[k]! ** 2
  let trace = 0
  for (let j = 0; j < d; j++) trace += covariance[j * d + j]!
  const mu = trace / d
  const delta = (squares - 2 * mu * trace + d * mu * mu) / d
  const beta = Math.min((fourth / n - squares) / (d * n), delta)
  const weight = delta === 0 ? 0 : Math.max(0, beta / delta)
  for (let k = 0; k < covariance.length; k++) covariance[k]! *= 1 - weight
  for (let j = 0; j < d; j++) covariance[j * d + j]! += weight * mu
  return weight
}
