/** Dense linear algebra in f64 for matrices of a few hundred to a few thousand rows: Cholesky and solves. */

/**
 * Cholesky factor of a symmetric positive definite matrix, in place: the lower triangle of `a` [n, n]
 * (row-major) becomes L with A = L Lᵀ; the upper triangle is left as it was.
 *
 * @throws RangeError when the matrix is not positive definite
 */
export function cholesky(a: Float64Array, n: number): void {
  for (let j = 0; j < n; j++) {
    const rowJ = j * n
    let diagonal = a[rowJ + j]!
    for (let k = 0; k < j; k++) diagonal -= a[rowJ + k]! * a[rowJ + k]!
    if (!(diagonal > 0)) throw new RangeError(`the matrix is not positive definite (pivot ${j}: ${diagonal})`)
    const pivot = Math.sqrt(diagonal)
    a[rowJ + j] = pivot
    let i = j + 1
    // Four rows at a time: their sums do not wait for each other.
    for (; i + 3 < n; i += 4) {
      const [r0, r1, r2, r3] = [i * n, (i + 1) * n, (i + 2) * n, (i + 3) * n]
      let s0 = a[r0 + j]!
      let s1 = a[r1 + j]!
      let s2 = a[r2 + j]!
      let s3 = a[r3 + j]!
      for (let k = 0; k < j; k++) {
        const v = a[rowJ + k]!
        s0 -= a[r0 + k]! * v
        s1 -= a[r1 + k]! * v
        s2 -= a[r2 + k]! * v
        s3 -= a[r3 + k]! * v
      }
      a[r0 + j] = s0 / pivot
      a[r1 + j] = s1 / pivot
      a[r2 + j] = s2 / pivot
      a[r3 + j] = s3 / pivot
    }
    for (; i < n; i++) {
      let sum = a[i * n + j]!
      for (let k = 0; k < j; k++) sum -= a[i * n + k]! * a[rowJ + k]!
      a[i * n + j] = sum / pivot
    }
  }
}

/** The inverse of the lower triangle of `l` [n, n], itself lower triangular, with zeros above. */
export function invertLower(l: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    const rowI = i * n
    // Row i of the inverse: -1 / l_ii times the combination of the rows above it.
    for (let k = 0; k < i; k++) {
      const f = l[rowI + k]!
      const rowK = k * n
      for (let j = 0; j <= k; j++) out[rowI + j]! -= f * out[rowK + j]!
    }
    const pivot = l[rowI + i]!
    for (let j = 0; j < i; j++) out[rowI + j]! /= pivot
    out[rowI + i] = 1 / pivot
  }
  return out
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
