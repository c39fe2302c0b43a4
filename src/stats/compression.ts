/**
 * Claim 2: alignment compresses the spread of prompts along the direction, and along it more than along
 * others. The unit is the issue; every ratio is aligned over base.
 */

import { refuse } from '../core/errors.ts'
import type { Matrix } from '../core/matrix.ts'
import { type ClusterOptions, clusterBootstrap, strataOf } from './bootstrap.ts'
import { drawnEstimate, type Estimate, mean, percentileInterval, quantile } from './estimate.ts'
import { type Labels, MIN_GROUPS } from './groups.ts'
import { project } from './oof.ts'
import { type References, referenceDirections } from './references.ts'
import { brownForsythe, IssueSums, SortedByIssue, swapTest } from './spread.ts'

export interface CompressionInput {
  /** Prompts' pooled activations at the site, [n, d], same prompts in both. */
  readonly base: Matrix
  readonly aligned: Matrix
  /** Issue of each prompt, 0 on. */
  readonly issues: Int32Array
  /** Of each prompt: -1 where it leans to pole A, 1 to pole B, 0 to neither. */
  readonly leans: Int8Array
  /** Axes to measure along: unit vectors by name; the first is primary. */
  readonly axes: readonly { readonly name: string; readonly direction: Float64Array }[]
  /** Labelled texts' activations at the site, [texts, d], for the class gaps along the axes. */
  readonly texts: { readonly base: Matrix; readonly aligned: Matrix; readonly labels: Labels }
}

export interface CompressionOptions extends ClusterOptions {
  /** Selective when the upper bound of log r_d - median log r_ref lies below the log of this. */
  readonly selectiveRatio: number
  readonly references: number
}

/** Dimensions of the references' span at least: prompts of few forms vary in two or three that hold 95%. */
const LEAST_SPAN = 4

export type Selectivity = 'selective' | 'not' | 'underpowered'

/** What the spread of prompts and the class gap say together. */
export type Reading =
  | 'compression'
  | 'attenuated direction'
  | 'compression or attenuated direction'
  | 'change of scale'
  | 'no compression'
  | 'underpowered'

export interface AxisResult {
  readonly axis: string
  readonly sd: { readonly base: Estimate; readonly aligned: Estimate }
  /** SDs in class-gap units of each model. */
  readonly sdGap: { readonly base: Estimate; readonly aligned: Estimate }
  /** SD ratio, raw: the spread of prompts. */
  readonly ratio: Estimate
  /** Ratio of class gaps of labelled texts. */
  readonly gapRatio: Estimate
  /** SD ratio after scaling each model by its class gap. */
  readonly ratioGapScaled: Estimate
  /** The square of `ratio`. */
  readonly varianceRatio: Estimate
  readonly iqrRatio: Estimate
  readonly rangeRatio: Estimate
  /** SD ratio of the references: what happened to directions as strong as this one. */
  readonly ratioOfReferences: Estimate
  /** log r_d minus the median log r of the reference directions. */
  readonly selective: Estimate
  readonly selectivity: Selectivity
  readonly reading: Reading
  readonly referenceLogRatios: readonly number[]
  readonly isotropicLogRatios: readonly number[]
  readonly covarianceLogRatios: readonly number[]
  readonly references: Pick<References, 'method' | 'span'>
  /** Two-sided p of swapping the models within issues, after centring and gap scaling; as many draws. */
  readonly swapP: number
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
 * @throws PalimpsestError `issues-few`, `issue-single` (an issue of one prompt), `activation-nan`,
 *   `spread-none` (an axis along which prompts or classes do not differ), `interrupted`
 */
export async function measureCompression(
  input: CompressionInput,
  options: CompressionOptions,
): Promise<CompressionResult> {
  const issues = checkInput(input)
  const axes: AxisResult[] = []
  for (const { name, direction } of input.axes)
    axes.push(await measureAxis(input, name, direction, issues, options))
  return { axes, agrees: axes.every((a) => a.reading === axes[0]!.reading), prompts: input.base.rows, issues }
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
      expected: 'at least 2',
      found: `${counts[single]}`,
      fix: 'Give every issue at least two prompts.',
    })
  for (const m of [input.base, input.aligned])
    for (let i = 0; i < m.data.length; i++)
      if (!Number.isFinite(m.data[i]!))
        throw refuse('activation-nan', 'An activation is not a finite number.', {
          where: `prompt ${Math.floor(i / m.cols)}`,
          expected: 'finite numbers',
          found: `${m.data[i]}`,
          fix: 'Leave the prompt out, or run the model with precision: f32.',
        })
  return issues
}

/** A direction's projections in both models, by issue. */
interface Pair {
  readonly base: IssueSums
  readonly aligned: IssueSums
}

async function measureAxis(
  input: CompressionInput,
  axis: string,
  direction: Float64Array,
  issues: number,
  options: CompressionOptions,
): Promise<AxisResult> {
  const { seed, signal } = options
  const references = await referenceDirections(input.base, input.aligned, direction, {
    count: options.references,
    seed,
    least: LEAST_SPAN,
    strongest: Math.max(20, Math.ceil(options.references / 10)),
    leans: input.leans,
    signal,
  })
  const [zb, za] = [project(input.base, direction), project(input.aligned, direction)]
  const pairOf = (b: Float64Array, a: Float64Array): Pair => ({
    base: new IssueSums(b, input.issues, issues),
    aligned: new IssueSums(a, input.issues, issues),
  })
  const along = (d: Float64Array): Pair => pairOf(project(input.base, d), project(input.aligned, d))
  const logRatio = (p: Pair, times?: Int32Array): number => p.aligned.logSd(times) - p.base.logSd(times)
  const own = pairOf(zb, za)
  const refs = references.directions.map(along)
  const gap = classGaps(input, direction)
  const gaps = gap()
  const sd = { base: Math.exp(own.base.logSd()), aligned: Math.exp(own.aligned.logSd()) }
  for (const [what, value] of Object.entries({ ...sd, 'gap of base': gaps[0], 'gap of aligned': gaps[1] }))
    if (!(Math.abs(value) > 0))
      throw refuse('spread-none', 'Nothing differs along an axis, so that no ratio can be taken.', {
        where: `axis ${axis}, ${what}`,
        expected: 'a number that differs from 0',
        found: `${value}`,
        fix: 'Give prompts and texts that differ; the same text under other ids will not do.',
      })

  const ranges = [zb, za].map((z) => new SortedByIssue(z, input.issues)) as [SortedByIssue, SortedByIssue]
  const rangeRatio = (q: number, times?: Int32Array): number =>
    ranges[1].range(q, times) / ranges[0].range(q, times)
  /** log r of the direction and of the references' centre; log SDs; ratios of quantile ranges. */
  const logs = (times?: Int32Array): [number, number, number, number, number, number] => {
    const ratios = Float64Array.from(refs, (p) => logRatio(p, times)).sort()
    return [
      logRatio(own, times),
      quantile(ratios, 0.5),
      own.base.logSd(times),
      own.aligned.logSd(times),
      rangeRatio(0.25, times),
      rangeRatio(0.05, times),
    ]
  }
  const [logR, centre, , , iqrRatio, wideRatio] = logs()
  const [drawsR, drawsCentre, drawsBase, drawsAligned, drawsIqr, drawsWide] = (await clusterBootstrap(
    issues,
    { seed, signal, stage: 'issues', draws: options.draws },
    logs,
  )) as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array, Float64Array]
  const { labels } = input.texts
  const [drawsGap, gapBase, gapAligned] = (await clusterBootstrap(
    labels.groups.count,
    { seed, signal, stage: 'groups', draws: options.draws, strata: strataOf(labels) },
    (times) => {
      const [b, a] = gap(times)
      return [Math.log(Math.abs(a / b)), Math.log(Math.abs(b)), Math.log(Math.abs(a))]
    },
  )) as [Float64Array, Float64Array, Float64Array]
  const logGap = Math.log(Math.abs(gaps[1] / gaps[0]))

  const estimate = (value: number, draws: Float64Array, method = 'paired bootstrap over issues'): Estimate =>
    drawnEstimate(value, draws, { n: input.base.rows, groups: issues, seed, method })
  const contrast = drawsR.map((r, b) => r - drawsCentre[b]!)
  const selective = estimate(logR - centre, contrast)
  const ratio = estimate(Math.exp(logR), drawsR.map(Math.exp))
  const ratioOfReferences = estimate(Math.exp(centre), drawsCentre.map(Math.exp))
  const bar = Math.log(options.selectiveRatio)
  const [low, high] = selective.ci!
  const selectivity: Selectivity = high < bar ? 'selective' : low > bar ? 'not' : 'underpowered'
  // Against the references too: what a change of scale does to the gap is no attenuation.
  const gapAgainstReferences = percentileInterval(
    drawsGap.map((g, b) => g - drawsCentre[b]!),
    { count: issues, strata: 1 },
  )
  const [shapeBase, shapeAligned] = [zb, za].map((z, i) => {
    const m = mean(z)
    return z.map((v) => (v - m) / Math.abs(gaps[i]!))
  }) as [Float64Array, Float64Array]
  const overIssues = 'bootstrap over issues'
  const overBoth = 'bootstrap over issues, and over groups of the gaps'
  return {
    axis,
    sd: {
      base: estimate(sd.base, drawsBase.map(Math.exp), overIssues),
      aligned: estimate(sd.aligned, drawsAligned.map(Math.exp), overIssues),
    },
    sdGap: {
      base: estimate(
        sd.base / Math.abs(gaps[0]),
        drawsBase.map((s, b) => Math.exp(s - gapBase[b]!)),
        overBoth,
      ),
      aligned: estimate(
        sd.aligned / Math.abs(gaps[1]),
        drawsAligned.map((s, b) => Math.exp(s - gapAligned[b]!)),
        overBoth,
      ),
    },
    ratio,
    gapRatio: drawnEstimate(Math.exp(logGap), drawsGap.map(Math.exp), {
      n: labels.poles.length,
      groups: labels.groups.count,
      seed,
      strata: strataOf(labels) === undefined ? 1 : 2,
      method: 'paired cluster bootstrap',
    }),
    ratioGapScaled: estimate(
      Math.exp(logR - logGap),
      drawsR.map((r, b) => Math.exp(r - drawsGap[b]!)),
      'paired bootstrap over issues, and over groups of the gaps',
    ),
    varianceRatio: estimate(
      Math.exp(2 * logR),
      drawsR.map((r) => Math.exp(2 * r)),
    ),
    iqrRatio: estimate(iqrRatio, drawsIqr),
    rangeRatio: estimate(wideRatio, drawsWide),
    ratioOfReferences,
    selective,
    selectivity,
    reading: read(
      selectivity,
      ratio.ci!,
      ratioOfReferences.ci!,
      gapAgainstReferences,
      options.selectiveRatio,
    ),
    referenceLogRatios: refs.map((p) => logRatio(p)),
    isotropicLogRatios: references.isotropic.map((d) => logRatio(along(d))),
    covarianceLogRatios: references.covariance.map((d) => logRatio(along(d))),
    references: { method: references.method, span: references.span },
    swapP: await swapTest(shapeBase, shapeAligned, input.issues, issues, options),
    brownForsytheP: brownForsythe(shapeBase, shapeAligned),
  }
}

/** Class gaps of the labelled texts along a direction, base's and aligned's, under resampling of their groups. */
function classGaps(
  { texts }: CompressionInput,
  direction: Float64Array,
): (times?: ArrayLike<number>) => [number, number] {
  const { poles, groups } = texts.labels
  const counts = [new Float64Array(groups.count), new Float64Array(groups.count)]
  groups.of.forEach((g, i) => {
    counts[poles[i]!]![g]!++
  })
  const sums = [texts.base, texts.aligned].map((m) => {
    const by = [new Float64Array(groups.count), new Float64Array(groups.count)]
    project(m, direction).forEach((v, i) => {
      by[poles[i]!]![groups.of[i]!]! += v
    })
    return by
  })
  const total = (v: Float64Array, times?: ArrayLike<number>): number =>
    v.reduce((s, x, g) => s + x * (times === undefined ? 1 : times[g]!), 0)
  return (times) =>
    sums.map(
      (by) =>
        total(by[1]!, times) / total(counts[1]!, times) - total(by[0]!, times) / total(counts[0]!, times),
    ) as [number, number]
}

/**
 * Selective and the class gap not: compression. Both: the direction itself is attenuated. Not selective, and
 * the direction and its references changed alike: a change of scale.
 *
 * @param own interval of the direction's SD ratio
 * @param scale interval of the references' SD ratio
 * @param gap interval of the log class-gap ratio minus the references' log SD ratio
 */
function read(
  selectivity: Selectivity,
  own: readonly [number, number],
  scale: readonly [number, number],
  gap: readonly [number, number],
  bar: number,
): Reading {
  if (selectivity === 'underpowered') return 'underpowered'
  if (selectivity === 'not') {
    const shrank = [own, scale].every((ci) => ci[1] < bar)
    const grew = [own, scale].every((ci) => ci[0] > 1 / bar)
    return shrank || grew ? 'change of scale' : 'no compression'
  }
  if (gap[1] < Math.log(bar)) return 'attenuated direction'
  return gap[0] > Math.log(bar) ? 'compression' : 'compression or attenuated direction'
}
