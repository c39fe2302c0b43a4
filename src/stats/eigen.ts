/**
 * Eigenvalues and eigenvectors of symmetric matrices: Householder tridiagonalisation and implicit QL
 * (EISPACK's tred2 and tql2, through ml-matrix), in f64.
 */

import { EigenvalueDecomposition, Matrix } from 'ml-matrix'

export interface Eigen {
  /** Largest first. */
  readonly values: Float64Array
  /** Column c of the row-major [n, n] is the unit eigenvector of value c. */
  readonly vectors: Float64Array
}

/**
 * Decomposes a symmetric matrix.
 *
 * @param a row-major [n, n]; only its symmetric part counts
 * @throws RangeError when the extents disagree or a value is not finite
 * @example symmetricEigen(Float64Array.of(2, 0, 0, 3), 2).values // 3, 2
 */
export function symmetricEigen(a: Float64Array, n: number): Eigen {
  if (a.length !== n * n) throw new RangeError(`${a.length} values for ${n} x ${n}`)
  if (!a.every(Number.isFinite)) throw new RangeError('the matrix holds values that are not finite')
  const decomposition = new EigenvalueDecomposition(Matrix.from1DArray(n, n, Array.from(a)), {
    assumeSymmetric: true,
  })
  const raw = decomposition.realEigenvalues
  const v = decomposition.eigenvectorMatrix
  const sequence = Array.from({ length: n }, (_, i) => i).sort((i, j) => raw[j]! - raw[i]!)
  const vectors = new Float64Array(n * n)
  sequence.forEach((from, to) => {
    for (let i = 0; i < n; i++) vectors[i * n + to] = v.get(i, from)
  })
  return { values: Float64Array.from(sequence, (i) => raw[i]!), vectors }
}
