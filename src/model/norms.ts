/** Norms of activations. */

import type { Matrix } from '../core/matrix.ts'

/** Euclidean norm of each row. */
export function rowNorms(m: Matrix): Float64Array {
  return Float64Array.from({ length: m.rows }, (_, i) => {
    let sum = 0
    for (let j = i * m.cols; j < (i + 1) * m.cols; j++) sum += m.data[j]! ** 2
    return Math.sqrt(sum)
  })
}

/** Median; the mean of the middle two for an even number. */
export function median(values: Float64Array): number {
  const sorted = values.slice().sort()
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
