/** The difference of class means, B minus A, over some rows of X [n, d] (f64). */

import type { Matrix } from '../../core/matrix.ts'

/** @param rows indices of the training rows; @returns the direction, not normalised */
export function meanDifference(x: Matrix, poles: ArrayLike<number>, rows: ArrayLike<number>): Float64Array {
  const { means } = classMeans(x, poles, rows)
  return means[1].map((v, j) => v - means[0][j]!)
}

/** Means of both classes over some rows, and how many rows each has. */
export function classMeans(
  x: Matrix,
  poles: ArrayLike<number>,
  rows: ArrayLike<number>,
): { means: [Float64Array, Float64Array]; counts: [number, number] } {
  const means: [Float64Array, Float64Array] = [new Float64Array(x.cols), new Float64Array(x.cols)]
  const counts: [number, number] = [0, 0]
  for (let r = 0; r < rows.length; r++) {
    const i = rows[r]!
    const pole = poles[i]! as 0 | 1
    counts[pole]++
    const sum = means[pole]
    const base = i * x.cols
    for (let j = 0; j < x.cols; j++) sum[j]! += x.data[base + j]!
  }
  for (const pole of [0, 1] as const) for (let j = 0; j < x.cols; j++) means[pole][j]! /= counts[pole]
  return { means, counts }
}
