/** Means and standard deviations of features over some rows. */

import { type Matrix, matrix, row } from '../../core/matrix.ts'
import { matmulNT } from '../../ggml/gemm.ts'

/**
 * Whether a variance that was got as mean square minus squared mean, in f32, keeps four digits. Rare where features
 * were standardised over all rows: constant ones, and those that differ only in rows left out.
 */
export function isPrecise(variance: number, mean: number): boolean {
  return variance > 0.01 && variance > 0.02 * mean * mean
}

/**
 * Mean and SD (divisor n) of every column of X over `rows` (default all). A column that is constant within the
 * rounding of f64 has scale 1, so that standardising leaves it at zero (scikit-learn's rule).
 */
export function moments(x: Matrix, rows?: ArrayLike<number>): { mean: Float64Array; scale: Float64Array } {
  const d = x.cols
  const n = rows === undefined ? x.rows : rows.length
  const mean = new Float64Array(d)
  const scale = new Float64Array(d)
  for (let r = 0; r < n; r++) {
    const base = (rows === undefined ? r : rows[r]!) * d
    for (let j = 0; j < d; j++) mean[j]! += x.data[base + j]!
  }
  for (let j = 0; j < d; j++) mean[j]! /= n
  for (let r = 0; r < n; r++) {
    const base = (rows === undefined ? r : rows[r]!) * d
    for (let j = 0; j < d; j++) scale[j]! += (x.data[base + j]! - mean[j]!) ** 2
  }
  for (let j = 0; j < d; j++) {
    const variance = scale[j]! / n
    const rounding = n * Number.EPSILON * variance + (n * mean[j]! * Number.EPSILON) ** 2
    scale[j] = variance <= rounding ? 1 : Math.sqrt(variance)
  }
  return { mean, scale }
}

/**
 * X brought to mean 0 and variance 1 over all its rows, so that f32 products keep their digits where a feature
 * lies far from zero. Each fit standardises again on its own training rows: nothing leaks from the others.
 */
export function standardised(x: Matrix): { z: Matrix; mean: Float64Array; scale: Float64Array } {
  const { mean, scale } = moments(x)
  const z = matrix(x.rows, x.cols)
  for (let i = 0; i < x.rows; i++)
    for (let j = 0; j < x.cols; j++) z.data[i * x.cols + j] = (x.data[i * x.cols + j]! - mean[j]!) / scale[j]!
  return { z, mean, scale }
}

/**
 * Moments over many sets of rows at once, by products with their indicators.
 *
 * @param transposed standardised features as rows, [d, n]: near 0 and 1, so that f32 sums suffice
 */
export async function momentsOf(
  transposed: Matrix,
  sets: Iterable<Int32Array>,
  signal?: AbortSignal,
): Promise<Map<Int32Array, { mean: Float64Array; scale: Float64Array }>> {
  const list = [...sets]
  const indicators = matrix(list.length, transposed.cols)
  list.forEach((rows, s) => {
    for (const i of rows) indicators.data[s * transposed.cols + i] = 1 / rows.length
  })
  const squares = matrix(transposed.rows, transposed.cols)
  for (let k = 0; k < squares.data.length; k++) squares.data[k] = transposed.data[k]! ** 2
  const means = await matmulNT(indicators, transposed, signal)
  const meanSquares = await matmulNT(indicators, squares, signal)
  return new Map(
    list.map((rows, s) => {
      const mean = new Float64Array(row(means, s))
      const scale = mean.map((m, j) => {
        const variance = row(meanSquares, s)[j]! - m * m
        if (isPrecise(variance, m)) return Math.sqrt(variance)
        const feature = row(transposed, j)
        const exact = moments({ rows: feature.length, cols: 1, data: feature }, rows)
        mean[j] = exact.mean[0]!
        return exact.scale[0]!
      })
      return [rows, { mean, scale }]
    }),
  )
}
