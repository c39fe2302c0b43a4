/** What the hybrids and the doses by block say: shown beside claim `steering`; no status depends on it. */

import { clusterBootstrap } from '../stats/bootstrap.ts'
import { type Estimate, LEVEL, mean, methodOf, percentileInterval } from '../stats/estimate.ts'
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
  const { hybrids, issues } = cut
  const ratios = (times?: ArrayLike<number>): number[] => {
    const of = (v: readonly number[]): number => v.reduce((s, x, i) => s + x * (times?.[i] ?? 1), 0)
    const base = of(hybrids[0]!.contrast)
    return hybrids.map((h) => of(h.contrast) / base)
  }
  const draws = await clusterBootstrap(
    issues.length,
    { seed: study.seed, draws: study.draws.bootstrap, stage: 'issues', signal },
    ratios,
  )
  const points = ratios()
  const estimate = (i: number): Estimate => ({
    value: points[i]!,
    ci: percentileInterval(draws[i]!, { count: issues.length, strata: 1 }),
    level: LEVEL,
    method: methodOf('bootstrap over issues', issues.length),
    n: 2 * issues.length,
    groups: issues.length,
    seed: study.seed,
  })
  const measures: Measure[] = hybrids.flatMap((h, i) => {
    if (h.kind === 'base' || h.kind === 'control') return []
    const place = h.layer === undefined ? {} : { layer: h.layer, site: siteOf(h.layer) }
    const halves = hybrids.flatMap((o, k) =>
      h.kind === 'path' && o.kind === 'control' && o.alpha === h.alpha ? [points[k]!] : [],
    )
    return [
      measure(`cut_${h.kind}`, estimate(i), {
        condition: h.name,
        rendering,
        ...place,
        ...(halves.length === 0
          ? {}
          : { null: { mean: mean(halves), q95: Math.max(...halves), draws: halves.length } }),
        ...(h.kind === 'path'
          ? { note: 'null: a random half of the blocks moved; its largest stands as q95' }
          : {}),
      }),
    ]
  })
  measures.unshift(
    ...[measure('cut_base_contrast', await baseContrast(cut, study, signal), { model: 'base', rendering })],
  )
  for (const { role, layer, slopes } of cut.gains) {
    const table = tables.find((t) => t.role === role)!
    const { gains } = await gainEstimates(
      [{ slopes, contrast: table.personas.B.map((b, i) => b - table.personas.A[i]!) }],
      { seed: study.seed, draws: study.draws.bootstrap, signal },
    )
    measures.push(measure('cut_gain', gains[0]!, { model: role, layer, site: siteOf(layer), rendering }))
  }
  return { measures, series: [], words: words(cut, points) }
}

/** Log-odds per token that prompts which lean to B gain over those that lean to A, in base. */
async function baseContrast(cut: CutTable, study: Study, signal: AbortSignal | undefined): Promise<Estimate> {
  const { contrast } = cut.hybrids[0]!
  const of = (times?: ArrayLike<number>): number =>
    contrast.reduce((s, x, i) => s + x * (times?.[i] ?? 1), 0) / contrast.length
  const [draws] = (await clusterBootstrap(
    contrast.length,
    { seed: study.seed, draws: study.draws.bootstrap, stage: 'issues', signal },
    (times) => [of(times)],
  )) as [Float64Array]
  return {
    value: of(),
    ci: percentileInterval(draws, { count: contrast.length, strata: 1 }),
    level: LEVEL,
    method: methodOf('bootstrap over issues', contrast.length),
    n: 2 * contrast.length,
    groups: contrast.length,
    seed: study.seed,
  }
}

/** From which block on aligned's blocks take the contrast, where they do. */
function words({ hybrids, unreached }: CutTable, points: readonly number[]): string {
  const at = (name: string): { layer: number; share: number }[] =>
    hybrids.flatMap((h, i) =>
      h.kind === 'patch' && h.name === name ? [{ layer: h.layer!, share: points[i]! }] : [],
    )
  const share = (v: number): string => v.toFixed(2)
  const aligned = points[1]!
  const said = [
    `In aligned, prompts that lean move the completions ${share(aligned)} times as far as in base.`,
  ]
  // With base below, the fewer blocks of aligned are above, the more is left.
  const upper = at('base below, aligned above')
  const kept = upper.find((_, i) => upper.slice(i).every((x) => x.share >= HALF))
  if (aligned < HALF && kept !== undefined)
    said.push(
      `Base up to block ${kept.layer} with aligned above keeps ${share(kept.share)}: what aligned takes, it takes at or before block ${kept.layer}.`,
    )
  else if (aligned < HALF && upper.length > 0)
    said.push(
      `Base below with aligned above never keeps half of it: the last block (or the unembedding) is enough to take it.`,
    )
  const grafts = hybrids.flatMap((h, i) =>
    h.kind === 'graft' && h.name.endsWith('of aligned in base') ? [{ ...h, share: points[i]! }] : [],
  )
  const least = grafts.reduce((a, b) => (b.share < a.share ? b : a), grafts[0]!)
  if (least !== undefined)
    said.push(
      `Of grafts into base, ${least.name.replace(' in base', '')} leave${least.name.startsWith('block ') ? 's' : ''} least of it: ${share(least.share)}.`,
    )
  if (unreached.length > 0) said.push(`Doses could not be reached: ${unreached.join(', ')}.`)
  return said.join(' ')
}
