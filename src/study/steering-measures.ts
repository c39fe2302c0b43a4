/** What claim `steering` measured in one model, as numbers: gains among random arms, the control, what was written. */

import { issueDraws, overIssues, ratioOverIssues } from '../stats/contrast.ts'
import type { Estimate } from '../stats/estimate.ts'
import type { GainEstimates } from '../stats/gain.ts'
import { measure, tested } from './direction-measures.ts'
import type { Measure } from './results.ts'
import type { Study } from './schema.ts'
import {
  type BothWays,
  gainOf,
  gainsOf,
  ownRank,
  primaryArm,
  type Rank,
  rankAmong,
  rankMethod,
  type SteeringTable,
} from './steering-table.ts'

export interface MeasuresAt {
  readonly place: Pick<Measure, 'site' | 'rendering' | 'estimator'>
  readonly study: Study
  readonly signal?: AbortSignal | undefined
}

/**
 * Adds the numbers of a model.
 *
 * @param i which of the models of `found` it is
 * @throws PalimpsestError `interrupted`
 */
export async function modelMeasures(
  out: Measure[],
  table: SteeringTable,
  found: GainEstimates,
  rank: Rank,
  i: number,
  { place, study, signal }: MeasuresAt,
): Promise<void> {
  const rest = { model: table.role, ...place }
  const scaled = found.contrasts[i]!.ci[0] > 0
  const contrast = scaled ? found.contrasts[i]!.value : 1
  const unit = scaled ? 'contrasts between personas' : 'log-odds per token and dose'
  const family = `random arms, ${table.role}`
  const { seed } = study
  const draws = { seed, draws: study.draws.bootstrap, signal }
  const times = await issueDraws(table.plain.length, draws)
  const contrasts = Float64Array.from(table.personas.B, (b, k) => b - table.personas.A[k]!)
  /** An arm's gain on the issues of the random arms, with its place among them. */
  const ranked = (arm: BothWays, { null: nulls, p }: Pick<Rank, 'null' | 'p'>): Estimate => {
    const gains = gainsOf(arm, table.subset)
    const scale = Math.abs(contrast)
    return {
      ...(scaled ? ratioOverIssues(gains, contrasts, times, seed) : overIssues(gains, times, seed)),
      null: { mean: nulls.mean / scale, q95: nulls.q95 / scale, draws: nulls.draws },
      p,
    }
  }
  out.push(
    ...(scaled
      ? [measure('gain', found.gains[i]!, { ...rest, note: `slope of the stance on the dose, in ${unit}` })]
      : []),
    measure('gain_raw', found.raw[i]!, { ...rest, note: 'log-odds per token and dose' }),
    measure('persona_contrast', found.contrasts[i]!, {
      ...rest,
      note: 'prompt-only arm: stance under persona B less that under persona A, log-odds per token',
    }),
    measure('gain_primary', tested(ranked(primaryArm(table), rank), rankMethod(table)), {
      ...rest,
      family,
      note: `${unit}, at ${table.primary} nats, on the issues of the random arms`,
    }),
  )
  if (table.random.isotropic.length > 0) {
    const isotropic = rankAmong(
      rank.value,
      table.random.isotropic.map((a) => gainOf(a)),
    )
    const { p, ...shown } = ranked(primaryArm(table), isotropic)
    out.push(
      measure('gain_primary', shown, {
        ...rest,
        note: 'beside isotropic random directions, which are shown and do not decide',
      }),
    )
  }
  for (const [name, arm] of [
    ['gain_unrelated', table.unrelated],
    ['gain_cross', table.cross],
  ] as const)
    if (arm !== undefined)
      out.push(
        measure(name, tested(ranked(arm, ownRank(table, arm)), rankMethod(table)), {
          ...rest,
          family,
          note: name === 'gain_cross' ? 'direction of the other model' : 'direction of the unrelated concept',
        }),
      )
  const prompts = await issueDraws(table.concept.own?.plus.stance.length ?? 0, { ...draws, stage: 'concept' })
  const onConcept = (arm: BothWays): Estimate => {
    const e = overIssues(gainsOf(arm), prompts, seed)
    return { ...e, method: e.method!.replace('over issues', 'over prompts') }
  }
  const control = controlRank(table)
  if (control !== undefined)
    out.push(
      measure(
        'control_gain',
        tested(
          { ...onConcept(table.concept.own!), null: control.null, p: control.p },
          'rank among isotropic random directions of equal KL',
        ),
        {
          ...rest,
          family: 'positive control',
          note: 'the unrelated concept on its own completions, log-odds per token and dose',
        },
      ),
    )
  if (table.concept.direction !== undefined)
    out.push(
      measure('control_gain_of_direction', onConcept(table.concept.direction), {
        ...rest,
        note: 'this direction on the completions of the unrelated concept',
      }),
    )
  if (table.unreached.length > 0)
    out.push({
      name: 'arms_unreached',
      model: table.role,
      value: table.unreached.length,
      n: table.nats.asked.length + table.unreached.length,
      note: 'arms left out, because no size of theirs costs the KL asked for',
    })
  for (const c of table.coherence)
    for (const [name, e] of [
      ['perplexity', c.perplexity],
      ['distinct_2', c.distinct],
      ['repetition', c.repetition],
    ] as const)
      out.push(measure(name, e, { model: table.role, site: place.site!, note: `dose ${c.dose.toFixed(3)}` }))
}

/** The positive control among its random arms. */
export function controlRank(table: SteeringTable): Rank | undefined {
  const { own, random } = table.concept
  return own === undefined
    ? undefined
    : rankAmong(
        gainOf(own),
        random.map((r) => gainOf(r)),
      )
}
