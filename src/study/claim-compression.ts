/**
 * Claim `compression`: alignment compresses the spread of prompts along the direction, and along it more than
 * along comparable directions.
 */

import type { Matrix } from '../core/matrix.ts'
import { clusterBootstrap } from '../stats/bootstrap.ts'
import { type AxisResult, measureCompression } from '../stats/compression.ts'
import { percentileInterval } from '../stats/estimate.ts'
import { classMeans } from '../stats/estimators/mean-difference.ts'
import { dot, unit } from '../stats/linear.ts'
import type { Claim, Measure, Series } from './results.ts'
import type { Study } from './schema.ts'

export interface CompressionClaimInput {
  readonly study: Study
  readonly layer: number
  /** Labelled texts at the layer, by role. */
  readonly texts: { readonly base: Matrix; readonly aligned: Matrix }
  readonly poles: Int8Array
  /** Prompts at the layer by rendering, the primary first. */
  readonly prompts: readonly {
    readonly rendering: 'raw' | 'chat'
    readonly base: Matrix
    readonly aligned: Matrix
  }[]
  readonly issues: readonly string[]
  readonly pool: string
  readonly directions: ReadonlyMap<string, Float64Array>
  readonly signal?: AbortSignal | undefined
}

export async function claimCompression(input: CompressionClaimInput): Promise<Claim> {
  const { study } = input
  const ids = new Map<string, number>()
  const issues = Int32Array.from(input.issues, (issue) => {
    if (!ids.has(issue)) ids.set(issue, ids.size)
    return ids.get(issue)!
  })
  const own = (role: string): Float64Array => input.directions.get(`${role}.mean-difference`)!
  const axes = [
    { name: 'base', direction: own('base') },
    { name: 'aligned', direction: own('aligned') },
    { name: 'pooled', direction: unit(own('base').map((v, j) => v + own('aligned')[j]!)) },
  ]
  const rows = Int32Array.from(input.poles, (_, i) => i)
  const means = {
    base: classMeans(input.texts.base, input.poles, rows).means,
    aligned: classMeans(input.texts.aligned, input.poles, rows).means,
  }
  const gapAlong = (role: 'base' | 'aligned', d: Float64Array): number =>
    dot(means[role][1], d) - dot(means[role][0], d)
  const [primary] = input.prompts
  const result = await measureCompression(
    {
      base: primary!.base,
      aligned: primary!.aligned,
      issues,
      axes,
      gaps: axes.map(({ direction }) => ({
        base: gapAlong('base', direction),
        aligned: gapAlong('aligned', direction),
      })),
    },
    {
      seed: study.seed,
      draws: study.draws.bootstrap,
      selectiveRatio: study.thresholds.selective_ratio,
      references: study.draws.references,
      signal: input.signal,
    },
  )
  const site = `blocks.${input.layer}.hook_resid_post`
  const measures = result.axes.flatMap((a) =>
    axisMeasures(a, {
      site,
      layer: input.layer,
      rendering: primary!.rendering,
      pool: input.pool,
      n: result.prompts,
      groups: result.issues,
      seed: study.seed,
    }),
  )
  if (input.prompts.length === 2)
    measures.push(await renderingDifference(input, axes[0]!.direction, issues, ids.size, site))
  const series = result.axes.flatMap((a) => axisSeries(a, site, input.layer))
  const a = result.axes[0]!
  const gates = [
    {
      name: 'log r_d - median log r_ref (upper bound)',
      passed: a.selectivity === 'selective',
      value: a.selective.ci![1],
      threshold: Math.log(study.thresholds.selective_ratio),
    },
  ]
  const status =
    a.selectivity === 'selective' ? 'supported' : a.selectivity === 'not' ? 'contradicted' : 'underpowered'
  return {
    id: 'compression',
    status,
    label: a.reading,
    words: words(a, result.agrees, result.prompts, result.issues),
    gates,
    measures,
    series,
  }
}

function axisMeasures(
  a: AxisResult,
  c: {
    site: string
    layer: number
    rendering: 'raw' | 'chat'
    pool: string
    n: number
    groups: number
    seed: number
  },
): Measure[] {
  const { n, groups, seed, ...place } = c
  const rest = { ...place, axis: a.axis as 'base' | 'aligned' | 'pooled' }
  const plain = (name: string, value: number, more: Partial<Measure> = {}): Measure => ({
    name,
    ...rest,
    value,
    n,
    groups,
    ...more,
  })
  const interval = (name: string, e: AxisResult['ratio'], note?: string): Measure => ({
    name,
    ...rest,
    value: e.value,
    ci: [e.ci![0], e.ci![1]],
    level: e.level,
    method: e.method,
    n,
    groups,
    seed,
    ...(note === undefined ? {} : { note }),
  })
  return [
    plain('sd_raw', a.sd.base, { model: 'base' }),
    plain('sd_raw', a.sd.aligned, { model: 'aligned' }),
    plain('sd_gap', a.sdGap.base, { model: 'base', note: 'class-gap units' }),
    plain('sd_gap', a.sdGap.aligned, { model: 'aligned', note: 'class-gap units' }),
    interval('r_prompt', a.ratio, 'SD of prompts, aligned over base'),
    plain('r_gap', a.gapRatio, { note: 'class gap of labelled texts, aligned over base' }),
    interval('ratio', a.ratio),
    interval('ratio_gap_scaled', a.ratioGapScaled),
    plain('variance_ratio', a.ratio.value ** 2),
    plain('iqr_ratio', a.iqrRatio),
    plain('range_ratio', a.rangeRatio, { note: '5% to 95%' }),
    interval(
      'selective',
      a.selective,
      `log r_d - ${a.references.method === 'matched' ? 'median' : 'predicted'} log r_ref; ${a.referenceLogRatios.length} directions (${a.references.method}) in a span of ${a.references.span}`,
    ),
    plain('swap_test', a.ratio.value, {
      p: a.swapP,
      null: { mean: 1, q95: 1, draws: a.swapDraws },
      method: 'swap of models within issues, centred',
      seed,
    }),
    plain('brown_forsythe', a.ratioGapScaled.value, {
      p: a.brownForsytheP,
      method: 'Brown-Forsythe, gap-scaled',
      note: 'secondary: treats prompts as independent',
    }),
  ].map((m) => {
    if (m.name !== 'swap_test') return m
    const { null: _, ...without } = m
    return without
  })
}

function axisSeries(a: AxisResult, site: string, layer: number): Series[] {
  const rest = { site, layer, axis: a.axis as 'base' | 'aligned' | 'pooled' }
  return [
    { name: 'reference_log_ratios', ...rest, values: [...a.referenceLogRatios] },
    { name: 'isotropic_log_ratios', ...rest, values: [...a.isotropicLogRatios], note: 'shown, never decide' },
    {
      name: 'covariance_log_ratios',
      ...rest,
      values: [...a.covarianceLogRatios],
      note: 'shown, never decide',
    },
  ]
}

/** (aligned - base in chat) - (aligned - base in raw) of log SD along the base axis. */
async function renderingDifference(
  input: CompressionClaimInput,
  d: Float64Array,
  issues: Int32Array,
  count: number,
  site: string,
): Promise<Measure> {
  const z = input.prompts.map((p) =>
    [p.base, p.aligned].map((m) =>
      Float64Array.from({ length: m.rows }, (_, i) => dot(m.data.subarray(i * m.cols, (i + 1) * m.cols), d)),
    ),
  )
  const byRendering = new Map(input.prompts.map((p, i) => [p.rendering, z[i]!]))
  const logSd = (values: Float64Array, times?: Int32Array): number => {
    let [n, s, q] = [0, 0, 0]
    for (let i = 0; i < values.length; i++) {
      const w = times === undefined ? 1 : times[issues[i]!]!
      n += w
      s += w * values[i]!
      q += w * values[i]! ** 2
    }
    return 0.5 * Math.log((q - (s * s) / n) / (n - 1))
  }
  const statistic = (times?: Int32Array): number => {
    const of = (r: 'raw' | 'chat'): number =>
      logSd(byRendering.get(r)![1]!, times) - logSd(byRendering.get(r)![0]!, times)
    return of('chat') - of('raw')
  }
  const [draws] = await clusterBootstrap(
    count,
    { seed: input.study.seed, stage: 'issues', draws: input.study.draws.bootstrap, signal: input.signal },
    (times) => [statistic(times)],
  )
  return {
    name: 'rendering_did',
    site,
    layer: input.layer,
    axis: 'base',
    pool: input.pool,
    value: statistic(),
    ci: percentileInterval(draws!),
    level: 0.95,
    method: 'paired bootstrap over issues',
    n: issues.length,
    groups: count,
    seed: input.study.seed,
    note: 'log SD, (aligned - base) in chat minus in raw',
  }
}

function words(a: AxisResult, agrees: boolean, prompts: number, issues: number): string {
  const f = (x: number): string => x.toFixed(3)
  const ratio = `Over ${prompts} prompts on ${issues} issues the spread along the base direction is ${f(a.ratio.value)} of base's in aligned (95% ${f(a.ratio.ci![0])} to ${f(a.ratio.ci![1])}); the class gap of labelled texts is ${f(a.gapRatio)} of base's.`
  const reference = `Against ${a.referenceLogRatios.length} directions that vary as much in base, it differs by ${f(a.selective.value)} in log units (${f(a.selective.ci![0])} to ${f(a.selective.ci![1])}).`
  const reading = {
    compression: 'Prompts are compressed along the direction, and along it more than elsewhere.',
    'attenuated direction': 'Prompts and class gap shrank together: the direction itself is attenuated.',
    'change of scale': 'All directions changed alike: a change of scale, not a selective compression.',
    'no compression': 'There is no selective compression.',
    underpowered: 'The interval spans the bar: more issues would be needed to decide.',
  }[a.reading]
  return [
    ratio,
    reference,
    reading,
    ...(agrees ? [] : ['The reading depends on whose axis is used; all three are in the table.']),
  ].join(' ')
}
