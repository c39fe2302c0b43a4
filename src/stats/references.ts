/**
 * Reference directions for the claim that compression is selective: directions as strong as d in base, in the
 * span where prompts vary at all, orthogonal to d. Directions drawn isotropically, or with the prompts'
 * covariance, concentrate on a few values and call generic jitter selective; they are shown, never decide.
 *
 * A random direction rarely has d's variance, so each is constructed: on the great circle through two random
 * directions of the span, one of more and one of less variance than d's, the variance changes continuously,
 * and the point where it equals a target drawn within 20% of d's is taken.
 */

import { type Matrix, matrix } from '../core/matrix.ts'
import { stream } from '../core/random.ts'
import { matmulNT } from '../ggml/gemm.ts'
import { symmetricEigen } from './eigen.ts'
import { quantile } from './estimate.ts'
import { dot, unit } from './linear.ts'

export interface References {
  readonly directions: readonly Float64Array[]
  readonly isotropic: readonly Float64Array[]
  readonly covariance: readonly Float64Array[]
  /** `matched`, or `regression` where too few directions of d's variance exist. */
  readonly method: 'matched' | 'regression'
  /** Dimension of the span that holds 95% of the pooled variance. */
  readonly span: number
  /** What d's log ratio is compared with: the median, or the regression's prediction at d's base variance. */
  centre(logRatios: readonly number[], logBaseSds: readonly number[], logBaseSdOfD: number): number
}

const SPAN_SHARE = 0.95
const VARIANCE_WINDOW = 0.2
const LEAST_MATCHED = 20
const SHOWN = 200

/** Constructs reference directions around the unit vector d for two models' prompts [n, dim]. */
export async function referenceDirections(
  base: Matrix,
  aligned: Matrix,
  d: Float64Array,
  count: number,
  seed: number,
  signal?: AbortSignal,
): Promise<References> {
  const vb = centred(base)
  const pooled = stackRows(vb, centred(aligned))
  const components = await principalComponents(pooled, signal) // rows, strongest first
  const span = orthogonalBasis(components, d)
  const baseScores = await matmulNT(vb, span, signal) // [n, k]
  const covariance = await gram(baseScores, signal)
  const k = span.rows
  const target = varianceAlong(vb, d)
  const rng = stream(seed, 'references')
  const randomUnit = (): Float64Array => unit(Float64Array.from({ length: k }, () => rng.normal()))
  const quadratic = (u: Float64Array, v: Float64Array): number => {
    let sum = 0
    for (let i = 0; i < k; i++) {
      let s = 0
      for (let j = 0; j < k; j++) s += covariance[i * k + j]! * v[j]!
      sum += u[i]! * s
    }
    return sum
  }
  const full = (u: Float64Array): Float64Array => {
    const out = new Float64Array(span.cols)
    for (let i = 0; i < k; i++)
      for (let j = 0; j < span.cols; j++) out[j]! += u[i]! * span.data[i * span.cols + j]!
    return out
  }
  // Powers of the covariance bias random directions to strong components: some then lie above the target.
  const strong = (): Float64Array => {
    const g = Float64Array.from({ length: k }, () => rng.normal())
    const out = new Float64Array(k)
    for (let i = 0; i < k; i++) for (let j = 0; j < k; j++) out[i]! += covariance[i * k + j]! * g[j]!
    return unit(out)
  }
  const matched: Float64Array[] = []
  for (let attempt = 0; attempt < 20 * count && matched.length < count; attempt++) {
    const wanted = target * (1 + VARIANCE_WINDOW * (2 * rng.uniform() - 1))
    const candidates = [randomUnit(), strong(), strong(), randomUnit()].map((u) => ({
      u,
      v: quadratic(u, u),
    }))
    const low = candidates.find((c) => c.v <= wanted)
    const high = candidates.find((c) => c.v > wanted)
    if (low !== undefined && high !== undefined) matched.push(between(low.u, high.u, wanted, quadratic))
  }
  const enough = matched.length >= LEAST_MATCHED
  const axes = Array.from({ length: k }, (_, i) =>
    Float64Array.from({ length: k }, (__, j) => (i === j ? 1 : 0)),
  )
  const directions = (enough ? matched : [...axes, ...Array.from({ length: SHOWN }, randomUnit)]).map(full)
  return {
    directions,
    isotropic: Array.from({ length: SHOWN }, () =>
      unit(Float64Array.from({ length: base.cols }, () => rng.normal())),
    ),
    covariance: Array.from({ length: SHOWN }, () => full(strong())),
    method: enough ? 'matched' : 'regression',
    span: k,
    centre: enough ? (ratios) => quantile(Float64Array.from(ratios).sort(), 0.5) : predict,
  }
}

/** The point on the great circle from `low` to `high` whose variance is `wanted`, by bisection. */
function between(
  low: Float64Array,
  high: Float64Array,
  wanted: number,
  quadratic: (u: Float64Array, v: Float64Array) => number,
): Float64Array {
  const overlap = dot(low, high)
  const across = unit(high.map((v, i) => v - overlap * low[i]!))
  const end = Math.acos(Math.min(1, Math.max(-1, overlap)))
  const [aa, ab, bb] = [quadratic(low, low), quadratic(low, across), quadratic(across, across)]
  const at = (t: number): number =>
    Math.cos(t) ** 2 * aa + 2 * Math.cos(t) * Math.sin(t) * ab + Math.sin(t) ** 2 * bb
  let [from, to] = [0, end]
  for (let i = 0; i < 60; i++) {
    const middle = (from + to) / 2
    if (at(middle) <= wanted) from = middle
    else to = middle
  }
  return low.map((v, i) => Math.cos(from) * v + Math.sin(from) * across[i]!)
}

/** Ordinary least squares of log ratio on log base variance, at d's. */
function predict(ratios: readonly number[], logSds: readonly number[], logSdOfD: number): number {
  const n = ratios.length
  const mx = logSds.reduce((s, v) => s + v, 0) / n
  const my = ratios.reduce((s, v) => s + v, 0) / n
  let xy = 0
  let xx = 0
  for (let i = 0; i < n; i++) {
    xy += (logSds[i]! - mx) * (ratios[i]! - my)
    xx += (logSds[i]! - mx) ** 2
  }
  return my + (xx === 0 ? 0 : (xy / xx) * (logSdOfD - mx))
}

function centred(m: Matrix): Matrix {
  const out = matrix(m.rows, m.cols)
  for (let j = 0; j < m.cols; j++) {
    let mean = 0
    for (let i = 0; i < m.rows; i++) mean += m.data[i * m.cols + j]! / m.rows
    for (let i = 0; i < m.rows; i++) out.data[i * m.cols + j] = m.data[i * m.cols + j]! - mean
  }
  return out
}

function stackRows(a: Matrix, b: Matrix): Matrix {
  const out = matrix(a.rows + b.rows, a.cols)
  out.data.set(a.data)
  out.data.set(b.data, a.data.length)
  return out
}

function varianceAlong(x: Matrix, d: Float64Array): number {
  let sum = 0
  for (let i = 0; i < x.rows; i++) {
    let z = 0
    for (let j = 0; j < x.cols; j++) z += x.data[i * x.cols + j]! * d[j]!
    sum += z * z
  }
  return sum / x.rows
}

/** The components that hold 95% of the variance, as rows, through the smaller of the two Gram matrices. */
async function principalComponents(x: Matrix, signal?: AbortSignal): Promise<Matrix> {
  const g = await matmulNT(x, x, signal) // [n, n]: prompts are fewer than dimensions
  const { values, vectors } = symmetricEigen(Float64Array.from(g.data), x.rows)
  const total = values.reduce((s, v) => s + Math.max(0, v), 0)
  let held = 0
  let k = 0
  while (k < values.length && held < SPAN_SHARE * total) held += Math.max(0, values[k++]!)
  const out = matrix(k, x.cols)
  for (let c = 0; c < k; c++) {
    for (let i = 0; i < x.rows; i++) {
      const w = vectors[i * x.rows + c]! / Math.sqrt(values[c]!)
      for (let j = 0; j < x.cols; j++) out.data[c * x.cols + j]! += w * x.data[i * x.cols + j]!
    }
  }
  return out
}

/** An orthonormal basis of the span of `rows` with d removed (Gram-Schmidt, twice). */
function orthogonalBasis(rows: Matrix, d: Float64Array): Matrix {
  const basis: Float64Array[] = []
  for (let c = 0; c < rows.rows; c++) {
    let v: Float64Array = Float64Array.from(rows.data.subarray(c * rows.cols, (c + 1) * rows.cols))
    for (let pass = 0; pass < 2; pass++)
      for (const u of [d, ...basis]) {
        const p = dot(v, u)
        v = v.map((x, j) => x - p * u[j]!)
      }
    const length = Math.sqrt(dot(v, v))
    if (length > 1e-6) basis.push(v.map((x) => x / length))
  }
  const out = matrix(basis.length, rows.cols)
  basis.forEach((v, i) => {
    out.data.set(v, i * rows.cols)
  })
  return out
}

/** Covariance of centred scores [n, k], divisor n. */
async function gram(scores: Matrix, signal?: AbortSignal): Promise<Float64Array> {
  const t = matrix(scores.cols, scores.rows)
  for (let i = 0; i < scores.rows; i++)
    for (let j = 0; j < scores.cols; j++) t.data[j * scores.rows + i] = scores.data[i * scores.cols + j]!
  return Float64Array.from((await matmulNT(t, t, signal)).data, (v) => v / scores.rows)
}
