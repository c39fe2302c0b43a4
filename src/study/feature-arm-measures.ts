/** Steered features as numbers: the gain of each in every model, within the band of features that fire as often. */

import { mean } from '../stats/estimate.ts'
import { gainEstimates, slopes } from '../stats/gain.ts'
import { addQ, measure } from './direction-measures.ts'
import type { FeatureArms, NoFeatures } from './feature-arms.ts'
import type { FeaturesRecord } from './features-record.ts'
import type { Measure, Series } from './results.ts'
import type { Study } from './schema.ts'
import { type BothWays, gainOf, rankAmong, type SteeringTable } from './steering-table.ts'
import type { Beside } from './text-measures.ts'

export interface FeatureArmInput {
  readonly study: Study
  readonly arms: FeatureArms | NoFeatures
  /** Of the same models: their contrasts between personas are what gains are measured in. */
  readonly tables: readonly SteeringTable[]
  readonly rendering: 'raw' | 'chat'
  /** Labels of the features, where claim `features` has them. */
  readonly record: FeaturesRecord | undefined
  readonly signal?: AbortSignal | undefined
}

/** Measures the arms. */
export async function featureArmMeasures(input: FeatureArmInput): Promise<Beside> {
  const { arms, study, tables } = input
  if ('why' in arms) return { measures: [], series: [], words: `No feature was steered: ${arms.why}.` }
  const measures: Measure[] = []
  const series: Series[] = []
  const place = { site: arms.site, rendering: input.rendering }
  const scale = tables.map((t) => mean(t.personas.B.map((b, i) => b - t.personas.A[i]!)))
  const controls = arms.models.map((m, k) =>
    m.arms.flatMap((arm, i) =>
      arm === null || arms.features[i]!.matches === undefined ? [] : [gainOf(arm) / scale[k]!],
    ),
  )
  for (const [k, m] of arms.models.entries())
    series.push({
      name: 'feature_control_gain',
      model: m.role,
      ...place,
      values: controls[k]!,
      note: `features that fire as often in base, at ${arms.nats} nats, in contrasts between personas`,
    })
  const beyond = arms.models.map(() => 0)
  const targets = arms.features.flatMap((f, i) => (f.matches === undefined ? [{ ...f, i }] : []))
  for (const { feature, rate, i } of targets) {
    const own = arms.models.map((m) => m.arms[i]!)
    const condition = `feature ${feature} of ${arms.dictionary}`
    const note = noteOf(input.record, feature, rate)
    if (own.some((arm) => arm === null)) continue
    const both = own as BothWays[]
    const found = await gainEstimates(
      both.map((arm, k) => ({
        slopes: slopes([arm.minus.dose, arm.plus.dose], [arm.minus.stance, arm.plus.stance]),
        contrast: tables[k]!.personas.B.map((b, j) => b - tables[k]!.personas.A[j]!),
      })),
      { seed: study.seed, draws: study.draws.bootstrap, signal: input.signal },
    )
    for (const [k, m] of arms.models.entries()) {
      const rest = { model: m.role, ...place, condition }
      const rank = rankAmong(gainOf(both[k]!, arms.subset) / scale[k]!, controls[k]!)
      const against =
        controls[k]!.length === 0 ? {} : { null: rank.null, p: rank.p, family: `features, ${m.role}` }
      if (controls[k]!.length > 0 && Math.abs(rank.value) > rank.null.q95) beyond[k]!++
      measures.push(measure('feature_gain', found.gains[k]!, { ...rest, ...against, note }))
      if (k > 0)
        measures.push(
          measure('feature_gain_ratio', found.ratios[k - 1]!, {
            ...rest,
            note: `gain of ${m.role} over that of ${arms.models[0]!.role}`,
          }),
        )
    }
  }
  const lost = arms.models.map((m) => m.arms.filter((a) => a === null).length)
  for (const [k, m] of arms.models.entries())
    if (lost[k]! > 0)
      measures.push({
        name: 'features_unreached',
        model: m.role,
        ...place,
        value: lost[k]!,
        n: arms.features.length,
        note: 'features left out, because no size of theirs costs the KL asked for',
      })
  addQ(measures)
  const n = controls[0]!.length
  const said = arms.models.map((m, k) => `${beyond[k]} in ${m.role}`).join(' and ')
  return {
    measures,
    series,
    words:
      n === 0
        ? `Of ${targets.length} features that were steered none has a control that fires as often in base.`
        : `Of ${targets.length} features that were steered, ${said} move the stance further than 95% of ${n} features that fire as often in base.`,
  }
}

function noteOf(record: FeaturesRecord | undefined, feature: number, rate: number): string {
  const found = record?.features.find(
    (f) => f.dictionary === record.dictionaries[0]!.ref && f.feature === feature && f.set === 'policy',
  )
  const fires = `fires in ${(100 * rate).toFixed(0)}% of the prompts in base`
  return found === undefined ? fires : `${found.label}; ${fires}`
}
