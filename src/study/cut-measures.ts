/** What the hybrids and the doses by block say: shown beside claim `steering`; no status depends on it. */

import { clusterBootstrap } from '../stats/bootstrap.ts'
import { drawnEstimate, type Estimate } from '../stats/estimate.ts'
import { gainEstimates } from '../stats/gain.ts'
import type { CutTable } from './cut-step.ts'
import { measure } from './direction-measures.ts'
import { siteOf } from './harvest.ts'
import type { Measure } from './results.ts'
import type { Study } from './schema.ts'
import type { SteeringTable } from './steering-table.ts'
import type { Beside } from './text-measures.ts'

export interface CutInput {
  readonly study: Study
  readonly cut: CutTable
  readonly tables: readonly SteeringTable[]
  readonly rendering: 'raw' | 'chat'
  readonly signal?: AbortSignal | undefined
}

/** A contrast is lost where less than this share of base's is left. */
const HALF = 0.5

/** @throws PalimpsestError `interrupted` */
export async function cutMeasures({ study, cut, tables, rendering, signal }: CutInput): Promise<Beside> {
  const resample = { seed: study.seed, draws: study.draws.bootstrap, stage: 'issues', signal }
  const mixed = await hybridMeasures(cut, rendering, resample)
  const gains: Measure[] = []
  for (const { role, layer, slopes } of cut.gains) {
    const table = tables.find((t) => t.role === role)!
    const contrast = table.personas.B.map((b, i) => b - table.personas.A[i]!)
    const found = await gainEstimates([{ slopes, contrast }], resample)
    gains.push(measure('cut_gain', found.gains[0]!, { model: role, layer, site: siteOf(layer), rendering }))
  }
  return {
    measures: [...mixed.measures, ...gains],
    series: [],
    words: [...mixed.words, ...gainWords(cut, gains)].join(' '),
  }
}

/** The contrast in base, and in every hybrid in units of base's. */
async function hybridMeasures(
  { hybrids, issues, leftOut }: CutTable,
  rendering: CutInput['rendering'],
  resample: Parameters<typeof clusterBootstrap>[1],
): Promise<{ measures: Measure[]; words: string[] }> {
  if (leftOut !== undefined)
    return {
      measures: [],
      words: [`Where the path is cut was not looked for with hybrids of the models, because ${leftOut}.`],
    }
  const contrast = (k: number, times?: ArrayLike<number>): number =>
    hybrids[k]!.contrast.reduce((sum, x, i) => sum + x * (times?.[i] ?? 1), 0) / issues.length
  const statistics = (times?: ArrayLike<number>): number[] => {
    const base = contrast(0, times)
    return [base, ...hybrids.map((_, k) => contrast(k, times) / base)]
  }
  const points = statistics()
  const draws = await clusterBootstrap(issues.length, resample, statistics)
  const of = { n: 2 * issues.length, groups: issues.length, seed: resample.seed }
  const estimate = (i: number): Estimate => drawnEstimate(points[i]!, draws[i]!, of)
  const base = estimate(0)
  const [low, high] = base.ci!
  const own = measure('cut_base_contrast', base, { model: 'base', rendering })
  // Shares of what may be nothing are no numbers.
  if (!(low > 0))
    return {
      measures: [own],
      words: [
        `Where the path is cut cannot be read: in base itself, prompts that lean do not surely move the completions (${base.value.toFixed(3)} log-odds per token, 95% ${low.toFixed(3)} to ${high.toFixed(3)}).`,
      ],
    }
  const measures = [
    own,
    ...hybrids.flatMap((h, k) =>
      h.kind === 'base'
        ? []
        : [
            measure(`cut_${h.kind}`, estimate(k + 1), {
              condition: h.name,
              rendering,
              ...(h.layer === undefined ? {} : { layer: h.layer, site: siteOf(h.layer) }),
            }),
          ],
    ),
  ]
  return { measures, words: cutWords(hybrids, points.slice(1), estimate(2).ci!) }
}

/** From which block on aligned's blocks take the contrast, where they do. */
function cutWords(
  hybrids: CutTable['hybrids'],
  points: readonly number[],
  [low, high]: readonly [number, number],
): string[] {
  const share = (v: number): string => v.toFixed(2)
  const aligned = points[1]!
  const said = [
    `In aligned, prompts that lean move the completions ${share(aligned)} times as far as in base (95% ${share(low)} to ${share(high)}).`,
  ]
  // With base below, the fewer blocks of aligned are above, the more is left.
  const upper = hybrids.flatMap((h, i) =>
    h.kind === 'patch' && h.name === 'base below, aligned above'
      ? [{ layer: h.layer!, share: points[i]! }]
      : [],
  )
  const kept = upper.find((_, i) => upper.slice(i).every((x) => x.share >= HALF))
  if (aligned < HALF && kept !== undefined)
    said.push(
      `Base up to block ${kept.layer} with aligned above keeps ${share(kept.share)}: what aligned takes, it takes at or before block ${kept.layer}.`,
    )
  else if (aligned < HALF && upper.length > 0)
    said.push(
      'Base below with aligned above never keeps half of it: the last block (or the unembedding) is enough to take it.',
    )
  const narrowest = Math.min(...hybrids.flatMap((h) => (h.kind === 'graft' ? [h.end! - h.layer!] : [])))
  const single = hybrids.flatMap((h, i) =>
    h.kind === 'graft' && h.head === 0 && h.end! - h.layer! === narrowest
      ? [{ ...h, share: points[i]! }]
      : [],
  )
  const [first, ...others] = single
  if (first !== undefined) {
    const least = others.reduce((a, b) => (b.share < a.share ? b : a), first)
    said.push(
      `Of the narrowest grafts into base, ${least.name.replace(' in base', '')} leave${narrowest === 1 ? 's' : ''} least of it: ${share(least.share)}.`,
    )
  }
  return said
}

function gainWords({ unreached }: CutTable, gains: readonly Measure[]): string[] {
  const best = (role: string): string[] => {
    const [first, ...rest] = gains.filter((m) => m.model === role)
    if (first === undefined) return []
    const top = rest.reduce((a, b) => (Math.abs(b.value) > Math.abs(a.value) ? b : a), first)
    return [`in ${role} at block ${top.layer} (${top.value.toFixed(2)})`]
  }
  const tops = [...new Set(gains.map((m) => m.model!))].flatMap(best)
  return [
    ...(tops.length === 0 ? [] : [`A dose carries furthest ${tops.join(', ')}.`]),
    ...(unreached.length === 0 ? [] : [`Doses could not be reached: ${unreached.join(', ')}.`]),
  ]
}
