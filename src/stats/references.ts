/**
 * Reference directions for the claim that compression is selective: directions as strong as d in base, in the
 * span where prompts vary at all, orthogonal to d and uncorrelated over base's prompts with it and with what the prompts
 * are known to differ in by design (their leaning to a pole): both are the value. Directions drawn
 * isotropically, or with the prompts' covariance, are of other strengths than d, so that a change of strong directions
 * looks selective beside them; they are shown, never decide.
 *
 * A random direction rarely has d's variance, so each is constructed: on the great circle through two random
 * directions of the span, one of more and one of less variance than d's, the variance changes continuously,
 * and the point where it equals a target drawn within 20% of d's is taken.
 */

import { refuse } from '../core/errors.ts'
import { type Matrix, matrix } from '../core/matrix.ts'
import { pacer } from '../core/pace.ts'
import { stream } from '../core/random.ts'
import { matmulNT } from '../ggml/gemm.ts'
import { centred, componentsHolding, stack, transpose } from './components.ts'
import { dot, norm, unit } from './linear.ts'
import { project } from './oof.ts'

export interface References {
  readonly directions: readonly Float64Array[]
  readonly isotropic: readonly Float64Array[]
  readonly covariance: readonly Float64Array[]
  /** `matched`, or `strongest` where too few directions of d's variance exist: those that vary most. */
  readonly method: 'matched' | 'strongest'
  /** Dimension of the span of 95% of the pooled variance (or more, where asked for), without d. */
  readonly span: number
}

const SPAN_SHARE = 0.95
const VARIANCE_WINDOW = 0.2
const LEAST_MATCHED = 20
const SHOWN = 200
/**
 * Dimensions among which arms of interventions are drawn at least: a rank among random directions of k dimensions
 * errs in 19% of cases at k = 3, 9% at 8 and 7% at 16 where 5% are meant (simulated in calibration.slow.ts), because the
 * direction itself is one of k + 1.
 */
const ARM_SPAN = 16

export interface ReferenceOptions {
  /** How many to construct. */
  readonly count: number
  readonly seed: number
  /** How many of the strongest stand in where too few are as strong as d. Default `count`. */
  readonly strongest?: number
  /** Dimensions of the span, where 95% of the variance lie in fewer and the prompts vary in more. */
  readonly least: number
  /**
   * A number of each prompt that no reference may covary with in base, such as -1 and 1 for prompts that lean to a
   * pole and 0 for neutral ones; none where nothing is known of them.
   */
  readonly leans?: ArrayLike<number> | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Constructs reference directions around the unit vector d for two models' prompts [n, dim]. The span is that
 * of the strongest components of both models' prompts, each centred, and all references lie in its part that is
 * orthogonal to d and uncorrelated with it and with the leans.
 *
 * @throws PalimpsestError `references-none` where prompts vary along nothing else, `interrupted`
 */
export async function referenceDirections(
  base: Matrix,
  aligned: Matrix,
  d: Float64Array,
  { count, seed, least, leans, strongest = count, signal }: ReferenceOptions,
): Promise<References> {
  const pace = pacer(signal)
  const vb = centred(base)
  const pooled = matrix(base.rows + aligned.rows, base.cols)
  pooled.data.set(vb.data)
  pooled.data.set(centred(aligned).data, vb.data.length)
  // Orthogonal to d, and uncorrelated with it over base's prompts: what shares d's variance shrinks with d and is
  // no reference for it. Prompts may vary along a direction to which d is only close, and that is then known by
  // their leans.
  const covariances = (scores: ArrayLike<number>): Float64Array => {
    const out = new Float64Array(base.cols)
    for (let i = 0; i < vb.rows; i++)
      for (let j = 0; j < out.length; j++) out[j]! += scores[i]! * vb.data[i * vb.cols + j]!
    return out
  }
  const removed = [d, covariances(project(vb, d)), ...(leans === undefined ? [] : [covariances(leans)])]
  const span = spanWithout(
    await componentsHolding(SPAN_SHARE, pooled, signal, least + removed.length),
    removed,
  )
  const k = span.length
  if (k === 0)
    throw refuse(
      'references-none',
      'Prompts vary along the direction alone: there is nothing to compare it with.',
      {
        expected: 'prompts that differ in more than their leaning to a pole',
        found: 'no other dimension in which their activations vary',
        fix: 'Give prompts on more issues, worded in more ways.',
      },
    )
  const byComponent = transpose(await matmulNT(vb, stack(span), signal)) // [k, n]
  const covariance = Float64Array.from(
    (await matmulNT(byComponent, byComponent, signal)).data,
    (v) => v / vb.rows,
  )
  const target = project(vb, d).reduce((s, v) => s + v * v, 0) / vb.rows
  const rng = stream(seed, 'references')
  const randomUnit = (size = k): Float64Array => unit(Float64Array.from({ length: size }, () => rng.normal()))
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
    const out = new Float64Array(base.cols)
    for (let i = 0; i < k; i++) for (let j = 0; j < out.length; j++) out[j]! += u[i]! * span[i]![j]!
    return unit(out)
  }
  // The covariance applied to a random direction turns it to strong components, the more so the more often:
  // some then lie above the target.
  const strong = (times: number): Float64Array => {
    let u = randomUnit()
    for (let t = 0; t < times; t++) {
      const out = new Float64Array(k)
      for (let i = 0; i < k; i++) for (let j = 0; j < k; j++) out[i]! += covariance[i * k + j]! * u[j]!
      u = unit(out)
    }
    return u
  }
  // As prompts vary: a random mixture of prompts has their covariance.
  const mixture = (): Float64Array => {
    const out = new Float64Array(base.cols)
    for (let i = 0; i < vb.rows; i++) {
      const w = rng.normal()
      for (let j = 0; j < out.length; j++) out[j]! += w * vb.data[i * vb.cols + j]!
    }
    const along = dot(out, d)
    return unit(out.map((v, j) => v - along * d[j]!))
  }
  const matched: Float64Array[] = []
  for (let attempt = 0; attempt < 20 * count && matched.length < count; attempt++) {
    const wanted = target * (1 + VARIANCE_WINDOW * (2 * rng.uniform() - 1))
    await pace()
    const candidates = [randomUnit(), strong(1), strong(2), randomUnit()].map((u) => ({
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
  // A line through ratios and strengths, read off beyond the strongest, is no measurement: on organisms it predicted
  // ratios of 0.06 where no direction had one below 0.8.
  const nearest = (): Float64Array[] =>
    [...axes, ...Array.from({ length: count }, (_, i) => strong(i % 4))]
      .map((u) => ({ u, v: quadratic(u, u) }))
      .sort((a, b) => b.v - a.v)
      .slice(0, strongest)
      .map(({ u }) => u)
  return {
    directions: (enough ? matched : nearest()).map(full),
    isotropic: Array.from({ length: SHOWN }, () => randomUnit(base.cols)),
    covariance: Array.from({ length: SHOWN }, mixture),
    method: enough ? 'matched' : 'strongest',
    span: k,
  }
}

/**
 * Random directions that interventions along d are ranked among: references in one model's own prompts [n, dim].
 * Where prompts vary in few dimensions (short questions of a few forms), directions of the span of 95% are copies of
 * each other, so that weaker components join it; each direction still varies as much as d.
 */
export function armDirections(
  prompts: Matrix,
  d: Float64Array,
  count: number,
  seed: number,
  signal?: AbortSignal,
): Promise<References> {
  return referenceDirections(prompts, prompts, d, { count, seed, least: ARM_SPAN, signal })
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

/**
 * An orthonormal basis of what is orthogonal to some vectors within the span of orthonormal rows: Gram-Schmidt,
 * at each step with the row of which most is left.
 */
function spanWithout(components: Matrix, removed: readonly Float64Array[]): Float64Array[] {
  const rows = Array.from({ length: components.rows }, (_, c) =>
    Float64Array.from(components.data.subarray(c * components.cols, (c + 1) * components.cols)),
  )
  // The part of a vector in the span: what is orthogonal to it there is orthogonal to the vector.
  const parts = removed
    .map((v) => {
      const part = new Float64Array(components.cols)
      for (const row of rows) add(part, dot(row, v), row)
      return part
    })
    .filter((part, i) => norm(part) > 1e-9 * norm(removed[i]!))
  let left = rows.map((row) => row.slice())
  const basis: Float64Array[] = []
  const take = (v: Float64Array): void => {
    const direction = unit(v)
    basis.push(direction)
    for (const row of left) add(row, -dot(row, direction), direction)
  }
  for (const part of parts) {
    for (const b of basis) add(part, -dot(part, b), b)
    if (norm(part) > 1e-9) take(part)
  }
  const dropped = basis.length
  while (basis.length < rows.length) {
    const best = left.reduce((a, b) => (norm(b) > norm(a) ? b : a))
    left = left.filter((row) => row !== best)
    take(best)
  }
  return basis.slice(dropped)
}

/** a += factor * b. */
function add(a: Float64Array, factor: number, b: Float64Array): void {
  for (let j = 0; j < a.length; j++) a[j]! += factor * b[j]!
}
