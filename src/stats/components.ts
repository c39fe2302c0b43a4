/**
 * Principal components of a few thousand rows: all of them through the smaller Gram matrix, or only the
 * strongest by subspace iteration, which stays affordable at a width of thousands.
 */

import { type Matrix, matrix } from '../core/matrix.ts'
import { stream } from '../core/random.ts'
import { matmulNT } from '../ggml/gemm.ts'
import { symmetricEigen } from './eigen.ts'
import { dot, norm } from './linear.ts'

/** x minus its column means, [n, d]. Means are taken in f64. */
export function centred(x: Matrix): Matrix {
  const means = columnMeans(x)
  const out = matrix(x.rows, x.cols)
  for (let i = 0; i < x.rows; i++)
    for (let j = 0; j < x.cols; j++) out.data[i * x.cols + j] = x.data[i * x.cols + j]! - means[j]!
  return out
}

function columnMeans(x: Matrix): Float64Array {
  const means = new Float64Array(x.cols)
  for (let i = 0; i < x.rows; i++) for (let j = 0; j < x.cols; j++) means[j]! += x.data[i * x.cols + j]!
  return means.map((m) => m / x.rows)
}

/** Xᵀ as a matrix of its own. */
export function transpose(x: Matrix): Matrix {
  const out = matrix(x.cols, x.rows)
  for (let i = 0; i < x.rows; i++)
    for (let j = 0; j < x.cols; j++) out.data[j * x.rows + i] = x.data[i * x.cols + j]!
  return out
}

/** Weaker components than this share of the strongest are rounding. */
const RANK = 1e-6

/**
 * The components of centred rows x [n, d] that hold a share of their variance, as unit rows [k, d], strongest
 * first.
 *
 * @param least so many in any case, where x has them
 */
export async function componentsHolding(
  share: number,
  x: Matrix,
  signal?: AbortSignal,
  least = 0,
): Promise<Matrix> {
  const rowsAreFewer = x.rows <= x.cols
  const a = rowsAreFewer ? x : transpose(x)
  const gram = await matmulNT(a, a, signal)
  const { values, vectors } = symmetricEigen(Float64Array.from(gram.data), a.rows)
  const total = values.reduce((s, v) => s + Math.max(0, v), 0)
  let held = 0
  let k = 0
  const wanted = (): boolean => held < share * total || (k < least && values[k]! > RANK * values[0]!)
  while (k < values.length && values[k]! > 0 && wanted()) held += values[k++]!
  const out = matrix(k, x.cols)
  for (let c = 0; c < k; c++)
    if (rowsAreFewer) {
      const sum = new Float64Array(x.cols)
      for (let i = 0; i < x.rows; i++) {
        const w = vectors[i * x.rows + c]!
        for (let j = 0; j < x.cols; j++) sum[j]! += w * x.data[i * x.cols + j]!
      }
      const length = norm(sum)
      for (let j = 0; j < x.cols; j++) out.data[c * x.cols + j] = sum[j]! / length
    } else for (let j = 0; j < x.cols; j++) out.data[c * x.cols + j] = vectors[j * x.cols + c]!
  return out
}

const OVERSAMPLING = 8
const MAX_ROUNDS = 100

/**
 * The strongest right singular vectors of x [n, d], as orthonormal rows, by subspace iteration with
 * Rayleigh-Ritz (Halko, Martinsson and Tropp 2011), until their singular values stand still. Centre x first
 * where components of the covariance are meant.
 *
 * @param k how many; fewer come back where n or d is smaller
 * @param near those of a matrix like x, to begin at: fewer rounds
 */
export async function topComponents(
  x: Matrix,
  k: number,
  signal?: AbortSignal,
  near: readonly Float64Array[] = [],
): Promise<Float64Array[]> {
  const kept = Math.min(k, x.rows, x.cols)
  const width = Math.min(kept + OVERSAMPLING, x.rows, x.cols)
  const rng = stream(0, 'components')
  const transposed = transpose(x)
  let basis = orthonormal(
    Array.from(
      { length: width },
      (_, c) => near[c] ?? Float64Array.from({ length: x.cols }, () => rng.normal()),
    ),
  )
  let before: Float64Array = new Float64Array(0)
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const scores = await matmulNT(stack(basis), x, signal) // [width, n]
    const gram = new Float64Array(basis.length * basis.length)
    const at = (i: number): Float32Array => scores.data.subarray(i * x.rows, (i + 1) * x.rows)
    for (let i = 0; i < basis.length; i++)
      for (let j = 0; j <= i; j++) gram[i * basis.length + j] = gram[j * basis.length + i] = dot(at(i), at(j))
    const { values, vectors } = symmetricEigen(gram, basis.length)
    const rotated = values.reduce<Float64Array[]>((all, _, c) => {
      const v = new Float64Array(x.cols)
      basis.forEach((b, i) => {
        const w = vectors[i * basis.length + c]!
        for (let j = 0; j < x.cols; j++) v[j]! += w * b[j]!
      })
      all.push(v)
      return all
    }, [])
    const settled =
      before.length === values.length &&
      values.subarray(0, kept).every((v, c) => Math.abs(v - before[c]!) <= 1e-7 * values[0]!)
    if (settled || round === MAX_ROUNDS - 1) return rotated.slice(0, kept)
    before = values
    const images = await matmulNT(await matmulNT(stack(rotated), x, signal), transposed, signal)
    basis = orthonormal(
      rotated.map((_, c) => Float64Array.from(images.data.subarray(c * x.cols, (c + 1) * x.cols))),
    )
    if (basis.length < values.length) before = new Float64Array(0)
    if (basis.length === 0) return []
  }
  return []
}

/** Vectors made orthonormal (Gram-Schmidt, twice); those that depend on earlier ones are left out. */
export function orthonormal(vectors: readonly ArrayLike<number>[]): Float64Array[] {
  const basis: Float64Array[] = []
  for (const vector of vectors) {
    const v = Float64Array.from(vector)
    const before = norm(v)
    for (let pass = 0; pass < 2; pass++)
      for (const u of basis) {
        const p = dot(v, u)
        for (let j = 0; j < v.length; j++) v[j]! -= p * u[j]!
      }
    const length = norm(v)
    if (length > 1e-6 * before) basis.push(v.map((c) => c / length))
  }
  return basis
}

/** Vectors as the rows of a matrix. */
export function stack(vectors: readonly ArrayLike<number>[]): Matrix {
  const out = matrix(vectors.length, vectors[0]?.length ?? 0)
  vectors.forEach((v, i) => {
    out.data.set(v, i * out.cols)
  })
  return out
}

/**
 * Principal angles between the spans of two sets of orthonormal vectors, in radians, smallest first: by
 * cosines, and by sines where the angle is small (Björck and Golub 1973).
 */
export function principalAngles(a: readonly Float64Array[], b: readonly Float64Array[]): number[] {
  const k = Math.min(a.length, b.length)
  const inner = a.map((u) => b.map((v) => dot(u, v)))
  const cosines = roots(b.map((_, i) => b.map((__, j) => inner.reduce((s, r) => s + r[i]! * r[j]!, 0))))
  // What of b lies outside the span of a; its singular values are the sines.
  const outside = b.map((v, c) => {
    const rest = v.slice()
    a.forEach((u, i) => {
      for (let j = 0; j < rest.length; j++) rest[j]! -= inner[i]![c]! * u[j]!
    })
    return rest
  })
  const sines = roots(outside.map((u) => outside.map((v) => dot(u, v))))
  return Array.from({ length: k }, (_, i) => {
    const cosine = Math.min(1, cosines[i]!)
    // Sines come largest first: the smallest angle has the last one.
    return cosine ** 2 > 0.5 && b.length <= a.length
      ? Math.asin(Math.min(1, sines[b.length - 1 - i]!))
      : Math.acos(cosine)
  })
}

/** Square roots of the eigenvalues of a Gram matrix, largest first. */
function roots(gram: readonly (readonly number[])[]): number[] {
  return Array.from(symmetricEigen(Float64Array.from(gram.flat()), gram.length).values, (v) =>
    Math.sqrt(Math.max(0, v)),
  )
}
