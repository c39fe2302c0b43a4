/**
 * Claim `compression`: alignment compresses the spread of prompts along the direction, and along it more than
 * along comparable directions.
 */

import type { Matrix } from '../core/matrix.ts'
import { clusterBootstrap } from '../stats/bootstrap.ts'
import {
  type AxisResult,
  type CompressionResult,
  measureCompression,
  type Reading,
} from '../stats/compression.ts'
import { drawnEstimate } from '../stats/estimate.ts'
import { type Labels, number } from '../stats/groups.ts'
import { unit } from '../stats/linear.ts'
import { project } from '../stats/oof.ts'
import { IssueSums } from '../stats/spread.ts'
import { measure } from './direction-measures.ts'
import { powerOf } from './power-words.ts'
import type { Claim, Measure, Series } from './results.ts'
import type { Study } from './schema.ts'

export interface CompressionClaimInput {
  readonly study: Study
  readonly layer: number
  /** Labelled texts at the layer, by role. */
  readonly texts: { readonly base: Matrix; readonly aligned: Matrix }
  readonly labels: Labels
  /** Prompts at the layer by rendering, the primary first. */
  readonly prompts: readonly {
    readonly rendering: 'raw' | 'chat'
    readonly base: Matrix
    readonly aligned: Matrix
  }[]
  readonly issues: readonly string[]
  /** Which pole each prompt leans to, `A` or `B`; anything else is neither. */
  readonly loadings: readonly (string | undefined)[]
  readonly pool: string
  readonly directions: ReadonlyMap<string, Float64Array>
  readonly signal?: AbortSignal | undefined
}

export async function claimCompression(input: CompressionClaimInput): Promise<Claim> {
  const { study } = input
  const { count, of: issues } = number(input.issues)
  const own = (role: string): Float64Array => input.directions.get(`${role}.mean-difference`)!
  const axes = [
    { name: 'base', direction: own('base') },
    { name: 'aligned', direction: own('aligned') },
    { name: 'pooled', direction: unit(own('base').map((v, j) => v + own('aligned')[j]!)) },
  ]
  const [primary] = input.prompts
  const result = await measureCompression(
    {
      base: primary!.base,
      aligned: primary!.aligned,
      issues,
      leans: Int8Array.from(input.loadings, (l) => (l === 'A' ? -1 : l === 'B' ? 1 : 0)),
      axes,
      texts: { ...input.texts, labels: input.labels },
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
    measures.push(await renderingDifference(input, axes[0]!.direction, issues, count, site))
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
  const bar = Math.log(study.thresholds.selective_ratio)
  const power =
    a.selectivity === 'underpowered'
      ? powerOf({ ...a.selective, ci: a.selective.ci! }, { model: 'aligned', unit: 'issues' }, [
          {
            name: 'selective',
            finding: 'a selective compression',
            truth: Math.log(0.5),
            given: 'the spread is half of what the references make expect',
            high: bar,
          },
          {
            name: 'not_selective',
            finding: 'none',
            truth: 0,
            given: 'it is what they make expect',
            low: bar,
          },
        ])
      : undefined
  measures.push(...(power?.measures ?? []))
  const status =
    a.selectivity === 'selective' ? 'supported' : a.selectivity === 'not' ? 'contradicted' : 'underpowered'
  return {
    id: 'compression',
    status,
    label: a.reading,
    words: [words(result), ...(power === undefined ? [] : [power.words])].join(' '),
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
  const interval = (name: string, e: AxisResult['ratio'], note?: string): Measure =>
    measure(name, e, { ...rest, ...(note === undefined ? {} : { note }) })
  return [
    ...(['base', 'aligned'] as const).flatMap((model) => [
      measure('sd_raw', a.sd[model], { ...rest, model }),
      measure('sd_gap', a.sdGap[model], { ...rest, model, note: 'class-gap units' }),
    ]),
    interval('r_prompt', a.ratio, 'SD of prompts, aligned over base'),
    interval('r_gap', a.gapRatio, 'class gap of labelled texts, aligned over base'),
    interval('ratio_gap_scaled', a.ratioGapScaled),
    interval('r_reference', a.ratioOfReferences, 'SD ratio of the reference directions'),
    interval('variance_ratio', a.varianceRatio),
    interval('iqr_ratio', a.iqrRatio),
    interval('range_ratio', a.rangeRatio, '5% to 95%'),
    interval(
      'selective',
      a.selective,
      a.references.method === 'matched'
        ? `log r_d - median log r_ref; ${a.referenceLogRatios.length} directions in a span of ${a.references.span}`
        : `log r_d - median log r_ref; the ${a.referenceLogRatios.length} strongest directions in a span of ${a.references.span}, of which none varies as much`,
    ),
    plain('swap_test', a.ratioGapScaled.value, {
      p: a.swapP,
      method: 'swap of models within issues, centred and gap-scaled',
      seed,
    }),
    plain('brown_forsythe', a.ratioGapScaled.value, {
      p: a.brownForsytheP,
      method: 'Brown-Forsythe, gap-scaled',
      note: 'secondary: treats prompts as independent',
    }),
  ]
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
  const sums = new Map(
    input.prompts.map(
      (p) =>
        [p.rendering, [p.base, p.aligned].map((m) => new IssueSums(project(m, d), issues, count))] as const,
    ),
  )
  const statistic = (times?: Int32Array): number => {
    const of = (r: 'raw' | 'chat'): number => sums.get(r)![1]!.logSd(times) - sums.get(r)![0]!.logSd(times)
    return of('chat') - of('raw')
  }
  const [draws] = await clusterBootstrap(
    count,
    { seed: input.study.seed, stage: 'issues', draws: input.study.draws.bootstrap, signal: input.signal },
    (times) => [statistic(times)],
  )
  const method = 'paired bootstrap over issues'
  const of = { n: issues.length, groups: count, seed: input.study.seed, method }
  return measure('rendering_did', drawnEstimate(statistic(), draws!, of), {
    site,
    layer: input.layer,
    axis: 'base',
    pool: input.pool,
    note: 'log SD, (aligned - base) in chat minus in raw',
  })
}

function words({ axes, agrees, prompts, issues }: CompressionResult): string {
  const a = axes[0]!
  const f = (x: number): string => x.toFixed(3)
  const within = (e: AxisResult['ratio']): string => `${f(e.value)} (95% ${f(e.ci![0])} to ${f(e.ci![1])})`
  const ratio = `Over ${prompts} prompts on ${issues} issues the spread along the base direction in aligned is ${within(a.ratio)} of base's; the class gap of labelled texts is ${within(a.gapRatio)} of base's.`
  const references =
    a.references.method === 'matched'
      ? `${a.referenceLogRatios.length} directions that vary as much in base`
      : `the ${a.referenceLogRatios.length} directions that come nearest (none vary as much in base)`
  const contrast = `Against ${references}, it differs by ${f(a.selective.value)} in log units (${f(a.selective.ci![0])} to ${f(a.selective.ci![1])}).`
  const readings: Record<Reading, string> = {
    compression: 'Prompts are compressed along the direction, and along it more than elsewhere.',
    'attenuated direction': 'Prompts and class gap shrank together: the direction itself is attenuated.',
    'compression or attenuated direction':
      'Prompts shrank along the direction more than elsewhere; whether the class gap shrank with them is not decided.',
    'change of scale': 'All directions changed alike: a change of scale, not a selective compression.',
    'no compression': 'There is no selective compression.',
    underpowered: 'The interval spans the bar.',
  }
  return [
    ratio,
    contrast,
    readings[a.reading],
    ...(agrees
      ? []
      : [
          `The reading depends on whose axis is used: ${axes.map((x) => `${x.axis} axis, ${x.reading}`).join('; ')}.`,
        ]),
  ].join(' ')
}
