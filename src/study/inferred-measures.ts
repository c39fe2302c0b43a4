/** What inferring, amplifying and ablating did, as measures, series and words. */

import { average, issueDraws, overIssues } from '../stats/contrast.ts'
import { drawnEstimate, mean } from '../stats/estimate.ts'
import { measure, tested } from './direction-measures.ts'
import type { InferredTable } from './inferred-identity.ts'
import type { Measure, Series } from './results.ts'
import type { Study } from './schema.ts'
import { gainOf, gainsOf, rankAmong } from './steering-table.ts'

export interface InferredInput {
  readonly study: Study
  readonly site: string
  readonly rendering: 'raw' | 'chat'
  /** Base (or subject) first. */
  readonly tables: readonly InferredTable[]
  /** Base's own contrast between implied identities, by issue of the tables: what an amplified model is held to. */
  readonly target: readonly number[]
  readonly signal?: AbortSignal | undefined
}

export interface InferredOutcome {
  readonly measures: Measure[]
  readonly series: Series[]
  readonly words: string[]
}

/** Measures all models. @throws PalimpsestError `interrupted` */
export async function inferredMeasures(input: InferredInput): Promise<InferredOutcome> {
  const { study, tables } = input
  const out: InferredOutcome = { measures: [], series: [], words: [] }
  const times = await issueDraws(input.target.length, {
    seed: study.seed,
    draws: study.draws.bootstrap,
    signal: input.signal,
  })
  for (const table of tables) addTable(input, table, times, out)
  return out
}

function addTable(
  input: InferredInput,
  t: InferredTable,
  times: readonly Int32Array[],
  { measures, series, words }: InferredOutcome,
): void {
  const { study, site, rendering } = input
  const f = (x: number): string => x.toFixed(3)
  const place = { model: t.role, site, rendering }
  const at = { ...place, pool: 'last_template' }
  measures.push(
    measure('user_auc', t.user.auc, { ...at, note: 'implied identities that it was not fitted on' }),
    measure('user_cosine', t.user.cosine, {
      ...at,
      note: 'with its own difference of means; the null is of |cosine|',
    }),
  )
  const curve = t.doses.map((both) => ({
    dose: (both.plus.dose - both.minus.dose) / 2,
    contrast: Float64Array.from(both.plus.stance, (v, i) => v - both.minus.stance[i]!),
  }))
  const estimates = curve.map((c) => overIssues(c.contrast, times, study.seed))
  curve.forEach((c, k) => {
    measures.push(
      measure('amplified_contrast', estimates[k]!, {
        ...place,
        condition: `user direction, dose ${f(c.dose)}`,
        note: 'stance with it added less with it taken away, nothing said about the user',
      }),
    )
  })
  const found = `The user direction of ${t.role} tells held-out biographies apart with AUC ${f(t.user.auc.value)} (p = ${f(t.user.auc.p!)}; cosine with the domain's direction ${f(t.user.cosine.value)})`
  const primary = t.doses.find((both) => both.plus.asked === t.primary)
  if (primary === undefined) words.push(`${found}; its doses could not be reached.`)
  else {
    const rank = rankAmong(
      gainOf(primary, t.subset),
      t.random.map((r) => gainOf(r)),
    )
    const gain = overIssues(gainsOf(primary, t.subset), times, study.seed)
    measures.push(
      measure(
        'amplified_gain',
        tested({ ...gain, null: rank.null, p: rank.p }, 'rank among variance-matched directions of equal KL'),
        { ...place, note: `stance per dose at ${t.primary} nats; to look, no status depends on it` },
      ),
    )
    words.push(
      `${found}; added where nothing is said about the user it moves the stance ${rank.value > 0 && rank.p <= study.thresholds.arms_p ? 'beyond' : 'not beyond'} ${t.random.length} random directions of equal KL (p = ${f(rank.p)}).`,
    )
  }
  thickness(input, t, curve, times, place, measures, words)
  for (const { factor, contrast } of t.scaled)
    measures.push(
      measure('scaled_contrast', overIssues(Float64Array.from(contrast), times, study.seed), {
        ...place,
        condition: `x${factor}, implied, user`,
        note: 'stance, biographies that imply B less A, the component along the user direction multiplied',
      }),
    )
  const own = { model: t.role, site, rendering }
  series.push(
    { name: 'amplification_dose', ...own, values: curve.map((c) => c.dose), note: 'sqrt(2 KL)' },
    { name: 'amplification_contrast', ...own, values: estimates.map((e) => e.value) },
    { name: 'amplification_low', ...own, values: estimates.map((e) => e.ci![0]) },
    { name: 'amplification_high', ...own, values: estimates.map((e) => e.ci![1]) },
    {
      name: 'amplification_random',
      ...own,
      values: t.random.map((r) => mean(r.plus.stance) - mean(r.minus.stance)),
      note: `contrasts under random directions of equal KL, ${t.primary} nats each way`,
    },
  )
  mediation(input, t, times, place, measures, series, words)
  if (t.unreached.length > 0) words.push(`Out of reach in ${t.role}: ${t.unreached.join(', ')}.`)
}

/** The dose at which the amplified contrast equals what base shows to users whose biography implies who they are. */
function thickness(
  input: InferredInput,
  t: InferredTable,
  curve: readonly { dose: number; contrast: Float64Array }[],
  times: readonly Int32Array[],
  place: Partial<Measure>,
  measures: Measure[],
  words: string[],
): void {
  const target = Float64Array.from(input.target)
  const at = (times?: Int32Array): number =>
    crossing(
      curve.map((c) => ({ dose: c.dose, value: average(c.contrast, times) })),
      average(target, times),
    )
  const value = at()
  const base = input.tables[0]!.role
  if (!Number.isFinite(value)) {
    words.push(
      Number.isNaN(value)
        ? `There is no contrast between implied identities in ${base} that ${t.role} could be held to.`
        : `No dose that was tried brings ${t.role} to the contrast that ${base} shows to implied identities.`,
    )
    return
  }
  const draws = Float64Array.from(times, at)
  const whole = draws.every(Number.isFinite)
  const of = { n: target.length, groups: target.length, seed: input.study.seed }
  measures.push(
    measure('mask_thickness', whole ? drawnEstimate(value, draws, of) : { value, ...of }, {
      ...place,
      note: `dose at which the amplified contrast equals that of ${base} between implied identities${whole ? '' : '; without an interval, since some draws do not reach it'}`,
    }),
  )
  words.push(`At a dose of ${value.toFixed(3)} ${t.role} shows the contrast of ${base} between implied ones.`)
}

/**
 * The smallest dose at which a curve from (0, 0), linear between its points, reaches a value.
 *
 * @returns Infinity where it does not; NaN where the value is not above 0
 * @example crossing([{ dose: 1, value: 0.2 }, { dose: 2, value: 0.6 }], 0.4) // 1.5
 */
export function crossing(curve: readonly { dose: number; value: number }[], target: number): number {
  if (!(target > 0)) return Number.NaN
  let before = { dose: 0, value: 0 }
  for (const point of curve) {
    if (point.value >= target)
      return (
        before.dose + ((target - before.value) / (point.value - before.value)) * (point.dose - before.dose)
      )
    before = point
  }
  return Number.POSITIVE_INFINITY
}

/** How much of the contrast between stated identities goes with the direction. */
function mediation(
  { study }: InferredInput,
  t: InferredTable,
  times: readonly Int32Array[],
  place: Partial<Measure>,
  measures: Measure[],
  series: Series[],
  words: string[],
): void {
  if (t.mediation === undefined) {
    words.push(
      `Ablating the direction in ${t.role} changes nothing on neutral text, so that it was not compared.`,
    )
    return
  }
  const { plain, own, random, nats } = t.mediation
  const pick = (values: readonly number[]): number[] => t.subset.map((i) => values[i]!)
  const drops = random.map((r) => mean(pick(plain)) - mean(r))
  const rank = rankAmong(mean(pick(plain)) - mean(pick(own)), drops)
  const some = new Set(t.subset)
  const taken = Float64Array.from(plain, (v, i) => (some.has(i) ? v - own[i]! : Number.NaN))
  const drop = overIssues(taken, times, study.seed)
  measures.push(
    measure(
      'mediation_drop',
      tested(
        { ...drop, null: rank.null, p: rank.p },
        'rank among ablations of variance-matched directions of equal KL',
      ),
      {
        ...place,
        note: `contrast of stated identities that ablating the direction from its layer on takes away; ${nats.toPrecision(3)} nats a token on neutral text; to look, no status depends on it`,
      },
    ),
  )
  series.push({
    name: 'mediation_random',
    model: t.role,
    values: drops,
    note: 'drops under random ablations',
  })
  const before = overIssues(Float64Array.from(plain), times, study.seed)
  if (!(before.ci![0] > 0)) {
    words.push(`Stated identities do not move ${t.role} by one wording, so that nothing can be mediated.`)
    return
  }
  const share = (times?: Int32Array): number =>
    1 - average(Float64Array.from(own), times) / average(Float64Array.from(plain), times)
  const value = share()
  const of = { n: plain.length, groups: plain.length, seed: study.seed }
  measures.push(
    measure('mediated_share', drawnEstimate(value, Float64Array.from(times, share), of), {
      ...place,
      note: 'share of the contrast of stated identities that goes with the direction',
    }),
  )
  words.push(
    `Ablating the direction in ${t.role} takes away ${(100 * value).toFixed(0)}% of what stated identities do, ${rank.value > 0 && rank.p <= study.thresholds.arms_p ? 'more than' : 'not more than'} ablating ${random.length} random directions of equal KL.`,
  )
}
