/**
 * Claim 2: alignment compresses the spread of prompts along the direction, and along it more than along
 * others. The unit is the issue; every ratio is aligned over base.
 *
 * Spreads come from sufficient statistics per issue (count, sum, sum of squares of each direction's
 * projections), so that thousands of bootstrap draws over hundreds of directions cost little.
 */

import fCdf from '@stdlib/stats-base-dists-f-cdf'
import { refuse } from '../core/errors.ts'
import type { Matrix } from '../core/matrix.ts'
import { pacer } from '../core/pace.ts'
import { stream } from '../core/random.ts'
import { drawGroups } from './bootstrap.ts'
import {
  type Estimate,
  LEVEL,
  mean,
  percentileInterval,
  quantile,
  summariseNull,
  variance,
} from './estimate.ts'
import { MIN_GROUPS } from './groups.ts'
import { norm } from './linear.ts'
import { type References, referenceDirections } from './references.ts'

export interface CompressionInput {
  /** Prompts' pooled activations at the site, [n, d], same prompts in both. */
  readonly base: Matrix
  readonly aligned: Matrix
  /** Issue of each prompt, 0 on. */
  readonly issues: Int32Array
  /** Axes to measure along: unit vectors by name; the first is primary. */
  readonly axes: readonly { readonly name: string; readonly direction: Float64Array }[]
  /** Distance between the class means of labelled texts along each axis, by model: the class gap. */
  readonly gaps: readonly {
    readonly base: number
    readonly aligned: number
    readonly ci?: readonly [number, number]
  }[]
}

export interface CompressionOptions {
  readonly seed: number
  readonly draws: number
  /** Selective when the upper bound of log r_d - median log r_ref lies below the log of this. */
  readonly selectiveRatio: number
  readonly references: number
  readonly signal?: AbortSignal | undefined
}

export type Selectivity = 'selective' | 'not' | 'underpowered'

export interface AxisResult {
  readonly axis: string
  readonly sd: { readonly base: number; readonly aligned: number }
  /** SDs in class-gap units of each model. */
  readonly sdGap: { readonly base: number; readonly aligned: number }
  /** SD ratio, raw: the spread of prompts. */
  readonly ratio: Estimate
  /** Ratio of class gaps of labelled texts. */
  readonly gapRatio: number
  /** SD ratio after scaling each model by its class gap. */
  readonly ratioGapScaled: Estimate
  readonly iqrRatio: number
  readonly rangeRatio: number
  /** log r_d minus the median log r of the reference directions. */
  readonly selective: Estimate
  readonly selectivity: Selectivity
  /** What the two ratios say together. */
  readonly reading:
    | 'compression'
    | 'attenuated direction'
    | 'change of scale'
    | 'no compression'
    | 'underpowered'
  readonly referenceLogRatios: readonly number[]
  readonly isotropicLogRatios: readonly number[]
  readonly covarianceLogRatios: readonly number[]
  readonly references: Pick<References, 'method' | 'span'>
  /** Two-sided p of swapping the models within issues, after centring and scaling. */
  readonly swapP: number
  readonly swapDraws: number
  /** Brown and Forsythe's test of equal spread, after centring and gap scaling (secondary). */
  readonly brownForsytheP: number
}

export interface CompressionResult {
  readonly axes: readonly AxisResult[]
  /** Whether all axes read alike. */
  readonly agrees: boolean
  readonly prompts: number
  readonly issues: number
}

/**
 * Measures claim 2 at one site.
 *
 * @throws PalimpsestError `issues-few`, `issue-single` (an issue of one prompt), `activation-nan`
 */
export async function measureCompression(
  input: CompressionInput,
  options: CompressionOptions,
): Promise<CompressionResult> {
  const issues = checkInput(input)
  const axes: AxisResult[] = []
  for (const [a, { name, direction }] of input.axes.entries()) {
    const references = await referenceDirections(
      input.base,
      input.aligned,
      direction,
      options.references,
      options.seed,
      options.signal,
    )
    axes.push(await measureAxis(input, name, direction, input.gaps[a]!, references, issues, options))
  }
  return {
    axes,
    agrees: axes.every((a) => a.selectivity === axes[0]!.selectivity),
    prompts: input.base.rows,
    issues,
  }
}

function checkInput(input: CompressionInput): number {
  const issues = input.issues.reduce((m, i) => Math.max(m, i), -1) + 1
  if (issues < MIN_GROUPS)
    throw refuse('issues-few', 'There are too few issues for any honest interval.', {
      expected: `at least ${MIN_GROUPS}`,
      found: `${issues}`,
      fix: 'Give prompts on more issues.',
    })
  const counts = new Int32Array(issues)
  for (const i of input.issues) counts[i]!++
  const single = counts.findIndex((c) => c < 2)
  if (single >= 0)
    throw refuse('issue-single', 'An issue has fewer than two prompts.', {
      where: `issue ${single}`,
      found: `${counts[single]}`,
      fix: 'Give every issue at least two prompts.',
    })
  for (const m of [input.base, input.aligned])
    for (let i = 0; i < m.data.length; i++)
      if (!Number.isFinite(m.data[i]!))
        throw refuse('activation-nan', 'An activation is not a finite number.', {
          where: `prompt ${Math.floor(i / m.cols)}`,
          found: `${m.data[i]}`,
        })
  return issues
}

/** Counts, sums and sums of squares of projections by issue. */
interface Sums {
  readonly n: Float64Array
  readonly s: Float64Array
  readonly q: Float64Array
}

function sumsOf(z: Float64Array, issueOf: Int32Array, issues: number): Sums {
  const sums = { n: new Float64Array(issues), s: new Float64Array(issues), q: new Float64Array(issues) }
  // Around the mean, so that sums of squares keep their digits.
  const m = mean(z)
  for (let i = 0; i < z.length; i++) {
    const k = issueOf[i]!
    const v = z[i]! - m
    sums.n[k]!++
    sums.s[k]! += v
    sums.q[k]! += v * v
  }
  return sums
}

/** log SD under a draw that holds each issue `times` times. */
function logSd({ n, s, q }: Sums, times?: Int32Array): number {
  let count = 0
  let sum = 0
  let square = 0
  for (let k = 0; k < n.length; k++) {
    const t = times === undefined ? 1 : times[k]!
    if (t === 0) continue
    count += t * n[k]!
    sum += t * s[k]!
    square += t * q[k]!
  }
  return 0.5 * Math.log((square - (sum * sum) / count) / (count - 1))
}

async function measureAxis(
  input: CompressionInput,
  axis: string,
  direction: Float64Array,
  gap: { base: number; aligned: number; ci?: readonly [number, number] },
  references: References,
  issues: number,
  options: CompressionOptions,
): Promise<AxisResult> {
  const project = (m: Matrix, d: ArrayLike<number>): Float64Array =>
    Float64Array.from({ length: m.rows }, (_, i) => {
      let v = 0
      for (let j = 0; j < m.cols; j++) v += m.data[i * m.cols + j]! * d[j]!
      return v
    })
  const zb = project(input.base, direction)
  const za = project(input.aligned, direction)
  const pairOf = (d: ArrayLike<number>): { b: Sums; a: Sums } => ({
    b: sumsOf(project(input.base, d), input.issues, issues),
    a: sumsOf(project(input.aligned, d), input.issues, issues),
  })
  const own = { b: sumsOf(zb, input.issues, issues), a: sumsOf(za, input.issues, issues) }
  const refs = references.directions.map(pairOf)
  const logRatio = (p: { b: Sums; a: Sums }, times?: Int32Array): number =>
    logSd(p.a, times) - logSd(p.b, times)
  const contrast = (times?: Int32Array): [number, number] => {
    const r = logRatio(own, times)
    const others = refs.map((p) => logRatio(p, times))
    return [
      r,
      r -
        references.centre(
          others,
          refs.map((p) => logSd(p.b, times)),
          logSd(own.b, times),
        ),
    ]
  }
  const [logR, selective] = contrast()
  const pace = pacer(options.signal)
  const drawsR = new Float64Array(options.draws)
  const drawsS = new Float64Array(options.draws)
  for (let b = 0; b < options.draws; b++) {
    await pace()
    const [r, s] = contrast(drawGroups(issues, options.seed, 'issues', b))
    drawsR[b] = Math.exp(r)
    drawsS[b] = s
  }
  const common = {
    level: LEVEL,
    method: 'paired bootstrap over issues',
    n: input.base.rows,
    groups: issues,
    seed: options.seed,
  }
  const ratio: Estimate = { value: Math.exp(logR), ci: percentileInterval(drawsR), ...common }
  const gapRatio = gap.aligned / gap.base
  const selectiveCi = percentileInterval(drawsS)
  const bar = Math.log(options.selectiveRatio)
  const selectivity: Selectivity =
    selectiveCi[1] < bar ? 'selective' : selectiveCi[0] > bar ? 'not' : 'underpowered'
  const swap = await swapTest(zb, za, input.issues, issues, options)
  return {
    axis,
    sd: { base: Math.exp(logSd(own.b)), aligned: Math.exp(logSd(own.a)) },
    sdGap: {
      base: Math.exp(logSd(own.b)) / Math.abs(gap.base),
      aligned: Math.exp(logSd(own.a)) / Math.abs(gap.aligned),
    },
    ratio,
    gapRatio,
    ratioGapScaled: {
      value: ratio.value / Math.abs(gapRatio),
      ci: [ratio.ci![0] / Math.abs(gapRatio), ratio.ci![1] / Math.abs(gapRatio)],
      ...common,
      method: `${common.method}; class gaps held fixed`,
    },
    iqrRatio: spread(za, 0.25) / spread(zb, 0.25),
    rangeRatio: spread(za, 0.05) / spread(zb, 0.05),
    selective: { value: selective, ci: selectiveCi, ...common },
    selectivity,
    reading: readRatios(ratio, gapRatio, selectivity, options.selectiveRatio),
    referenceLogRatios: refs.map((p) => logRatio(p)),
    isotropicLogRatios: references.isotropic.map((d) => logRatio(pairOf(d))),
    covarianceLogRatios: references.covariance.map((d) => logRatio(pairOf(d))),
    references: { method: references.method, span: references.span },
    swapP: swap.p,
    swapDraws: swap.draws,
    brownForsytheP: brownForsythe(
      zb.map((v) => v / Math.abs(gap.base)),
      za.map((v) => v / Math.abs(gap.aligned)),
    ),
  }
}

/**
 * Only prompts shrunk: compression. Prompts and class gap shrunk alike and selectively: the direction itself
 * is attenuated. All directions shrunk alike: a change of scale.
 */
function readRatios(
  ratio: Estimate,
  gapRatio: number,
  selectivity: Selectivity,
  bar: number,
): AxisResult['reading'] {
  if (selectivity === 'underpowered') return 'underpowered'
  const [low, high] = ratio.ci!
  if (selectivity === 'selective') return Math.abs(gapRatio) < bar ? 'attenuated direction' : 'compression'
  if (high < bar || low > 1 / bar) return 'change of scale'
  return 'no compression'
}

/** Distance between the q and 1 - q quantiles. */
function spread(z: Float64Array, q: number): number {
  const sorted = z.slice().sort()
  return quantile(sorted, 1 - q) - quantile(sorted, q)
}

/**
 * Swaps the two models' standardised projections within issues at random: both centred by issue and scaled to
 * the pooled SD of the two, so that under exchange the log ratio of SDs is symmetric around zero.
 */
async function swapTest(
  zb: Float64Array,
  za: Float64Array,
  issueOf: Int32Array,
  issues: number,
  options: CompressionOptions,
): Promise<{ p: number; draws: number }> {
  const centre = (z: Float64Array): Float64Array => {
    const m = mean(z)
    return z.map((v) => v - m)
  }
  const [b, a] = [sumsOf(centre(zb), issueOf, issues), sumsOf(centre(za), issueOf, issues)]
  const statistic = (swap?: Uint8Array): number => {
    const totals = [0, 0, 0, 0, 0, 0]
    for (let k = 0; k < issues; k++) {
      const [first, second] = swap?.[k] === 1 ? [a, b] : [b, a]
      totals[0]! += first.n[k]!
      totals[1]! += first.s[k]!
      totals[2]! += first.q[k]!
      totals[3]! += second.n[k]!
      totals[4]! += second.s[k]!
      totals[5]! += second.q[k]!
    }
    const v = (n: number, s: number, q: number): number => (q - (s * s) / n) / (n - 1)
    return Math.abs(
      0.5 * Math.log(v(totals[3]!, totals[4]!, totals[5]!) / v(totals[0]!, totals[1]!, totals[2]!)),
    )
  }
  const observed = statistic()
  const pace = pacer(options.signal)
  let at = 1
  for (let d = 0; d < options.draws; d++) {
    await pace()
    const rng = stream(options.seed, 'swap', d)
    if (statistic(Uint8Array.from({ length: issues }, () => rng.uint32() & 1)) >= observed - 1e-12) at++
  }
  return { p: at / (1 + options.draws), draws: options.draws }
}

/** Brown and Forsythe's test: one-way ANOVA of absolute deviations from the median (scipy.stats.levene, median). */
export function brownForsythe(x: Float64Array, y: Float64Array): number {
  const deviations = [x, y].map((z) => {
    const m = quantile(z.slice().sort(), 0.5)
    return z.map((v) => Math.abs(v - m))
  })
  const n = x.length + y.length
  const grand = (mean(deviations[0]!) * x.length + mean(deviations[1]!) * y.length) / n
  const between = deviations.reduce((s, d) => s + d.length * (mean(d) - grand) ** 2, 0)
  const within = deviations.reduce((s, d) => s + variance(d) * (d.length - 1), 0)
  if (within === 0) return between === 0 ? 1 : 0
  return 1 - fCdf((between * (n - 2)) / within, 1, n - 2)
}

export { norm, summariseNull }
