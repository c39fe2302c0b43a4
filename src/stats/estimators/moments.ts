/** Means and standard deviations of features over some rows. */

import type { Matrix } from '../../core/matrix.ts'

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
