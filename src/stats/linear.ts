/** Dense linear algebra in f64 for matrices of a few hundred to a few thousand rows: Cholesky and solves. */

/**
 * Cholesky factor of a symmetric positive definite matrix, in place: the lower triangle of `a` [n, n]
 * (row-major) becomes L with A = L Lᵀ; the upper triangle is left as it was.
 *
 * @throws RangeError when the matrix is not positive definite
 */
export function cholesky(a: Float64Array, n: number): void {
  for (let j = 0; j < n; j++) {
    const rowJ = a.subarray(j * n, j * n + j)
    let diagonal = a[j * n + j]!
    for (let k = 0; k < j; k++) diagonal -= rowJ[k]! * rowJ[k]!
    if (!(diagonal > 0)) throw new RangeError(`the matrix is not positive definite (pivot ${j}: ${diagonal})`)
    const pivot = Math.sqrt(diagonal)
    a[j * n + j] = pivot
    for (let i = j + 1; i < n; i++) {
      const base = i * n
      let sum = a[base + j]!
      for (let k = 0; k < j; k++) sum -= a[base + k]! * rowJ[k]!
      a[base + j] = sum / pivot
    }
  }
}

/** Solves L Lᵀ x = b for one right-hand side, given the factor of {@link cholesky}. */
export function choleskySolve(l: Float64Array, n: number, b: ArrayLike<number>): Float64Array {
  const x = Float64Array.from(b)
  for (let i = 0; i < n; i++) {
    let sum = x[i]!
    for (let k = 0; k < i; k++) sum -= l[i * n + k]! * x[k]!
    x[i] = sum / l[i * n + i]!
  }
  for (let i = n - 1; i >= 0; i--) {
    const v = x[i]! / l[i * n + i]!
    x[i] = v
    for (let k = 0; k < i; k++) x[k]! -= l[i * n + k]! * v
  }
  return x
}

/** Euclidean norm. */
export function norm(v: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < v.length; i++) sum += v[i]! * v[i]!
  return Math.sqrt(sum)
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

/** v / ||v||; zeros stay zeros. */
export function unit(v: ArrayLike<number>): Float64Array {
  const length = norm(v)
  return Float64Array.from(v, (x) => (length === 0 ? 0 : x / length))
}

export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return dot(a, b) / (norm(a) * norm(b))
}
