/**
 * Claim `steering`: whether the path from the direction to the output is cut. Compares how far a dose of steering
 * moves the stance in the aligned model with how far it does in base. Only where steering works in base at all,
 * and where the aligned model can be steered by something, does the ratio mean anything.
 */

import {
  type GainEstimates,
  type GainLabel,
  type GainMargins,
  gainEstimates,
  gainPower,
  labelGain,
  slopes,
} from '../stats/gain.ts'
import { coherentLevels } from './coherent.ts'
import { addQ, measure } from './direction-measures.ts'
import type { Claim, Gate, Measure, Series } from './results.ts'
import type { Study } from './schema.ts'
import { controlRank, modelMeasures } from './steering-measures.ts'
import { gainOf, ownRank, type Rank, type SteeringTable } from './steering-table.ts'
import type { VerdictInputs } from './verdict.ts'

/** Random arms without which no status is given. */
export const LEAST_RANDOM = 100
/** In a narrower span random directions are copies of each other, and their number means nothing. */
export const LEAST_SPAN = 8
/** What is promised of every dose. */
export const DOSE_TOLERANCE = 0.05

export interface SteeringInput {
  readonly study: Study
  /** Base, then aligned. */
  readonly tables: readonly SteeringTable[]
  readonly site: string
  readonly rendering: 'raw' | 'chat'
  readonly signal?: AbortSignal | undefined
}

export interface SteeringOutcome {
  readonly claim: Claim
  readonly label: VerdictInputs['steering']
}

/** Measures the claim. @throws PalimpsestError `interrupted` */
export async function claimSteering(input: SteeringInput): Promise<SteeringOutcome> {
  const { study, tables } = input
  const t = study.thresholds
  const place = { site: input.site, rendering: input.rendering, estimator: 'mean-difference' }
  const levels = coherentLevels(tables, { perplexity: t.coherent_perplexity, distinct: t.coherent_distinct })
  const margins: GainMargins = {
    disconnected: t.gain_disconnected,
    connected_low: t.gain_connected_low,
    connected_high: t.gain_connected_high,
    attenuated: t.gain_attenuated,
  }
  // Where not even the smallest dose is coherent the slope is shown at it, and the gate says what it is worth.
  const used = levels.length > 0 ? levels : [Math.min(...tables[0]!.own.map((d) => Math.abs(d.asked)))]
  const found = await gainEstimates(
    tables.map((table) => {
      const own = table.own.filter((d) => used.includes(Math.abs(d.asked)))
      return {
        slopes: slopes([0, ...own.map((d) => d.dose)], [table.plain, ...own.map((d) => d.stance)]),
        contrast: table.personas.B.map((b, i) => b - table.personas.A[i]!),
      }
    }),
    { seed: study.seed, draws: study.draws.bootstrap, signal: input.signal },
  )
  const ranks = tables.map((table) => ownRank(table))
  const measures: Measure[] = []
  for (const [i, table] of tables.entries())
    await modelMeasures(measures, table, found, ranks[i]!, i, { place, study, signal: input.signal })
  const gates = gatesOf(tables, found, ranks, levels, study)
  const ratio = found.ratios[0]!
  const label: GainLabel | 'untestable' = gates.every((g) => g.passed)
    ? labelGain(ratio, margins)
    : 'untestable'
  const power = gainPower(ratio, margins)
  const of = tables[1]!.role
  const note = `gain of ${of} over that of ${tables[0]!.role}`
  const { equivalence, ...interval } = ratio
  // In units of what may be nothing there are no gains, and no ratio of them.
  const scaled = found.contrasts.every((c) => c.ci[0] > 0)
  if (scaled)
    measures.push(
      measure('gain_ratio', interval, { model: of, ...place, note }),
      measure(
        'gain_ratio_equivalence',
        { ...interval, ci: equivalence, level: 0.9 },
        { model: of, ...place, note: `${note}; this interval decides equivalence` },
      ),
      ...(['disconnected', 'connected'] as const).map(
        (name): Measure => ({
          name: `power_${name}`,
          model: of,
          value: power[name],
          n: ratio.n,
          groups: ratio.n,
          note: `chance of this label at ${ratio.n} issues if the ratio is ${name === 'connected' ? 1 : 0}`,
        }),
      ),
    )
  measures.push(
    ...(power.needed === undefined || label !== 'underpowered'
      ? []
      : [
          {
            name: 'issues_needed',
            model: of,
            value: power.needed,
            n: ratio.n,
            note: 'issues at which an interval around this ratio would decide',
          },
        ]),
  )
  addQ(measures)
  return {
    label,
    claim: {
      id: 'steering',
      status:
        label === 'connected'
          ? 'contradicted'
          : label === 'disconnected' || label === 'attenuated'
            ? 'supported'
            : label,
      label,
      words: wordsOf(tables, found, ranks, label, gates, power),
      gates,
      measures,
      series: tables.flatMap((table) => tableSeries(table, input)),
    },
  }
}

function gatesOf(
  tables: readonly SteeringTable[],
  found: GainEstimates,
  ranks: readonly Rank[],
  levels: readonly number[],
  study: Study,
): Gate[] {
  const t = study.thresholds
  const bar = t.arms_p
  const arms = tables[0]!.random.matched.length
  return [
    ...doseGates(tables),
    ...tables.map((table, i): Gate => {
      const lower = found.contrasts[i]!.ci[0]
      return {
        name: `contrast between personas in ${table.role} (lower bound)`,
        passed: lower > 0,
        value: finite(lower),
        threshold: 0,
      }
    }),
    {
      name: 'largest coherent dose in both models (nats)',
      passed: levels.includes(tables[0]!.primary),
      value: levels.at(-1) ?? 0,
      threshold: tables[0]!.primary,
    },
    ...tables.map((table, i) => controlGate(table, bar, i === 0 ? undefined : ranks[i])),
    {
      name: `random directions in ${tables[0]!.role}`,
      passed: arms >= LEAST_RANDOM,
      value: arms,
      threshold: LEAST_RANDOM,
    },
    spanGate(tables[0]!),
    {
      name: `gain of ${tables[0]!.role} beyond its random arms (p)`,
      passed: ranks[0]!.p <= bar,
      value: ranks[0]!.p,
      threshold: bar,
    },
  ]
}

/**
 * Something must be seen to steer the model at this layer, or one that nothing steers looks disconnected: the
 * unrelated concept or, failing that, the direction itself where it moves the stance further than every one of
 * enough random directions.
 *
 * @param own rank of the direction, where it may stand in for the concept
 */
function controlGate(table: SteeringTable, bar: number, own?: Rank): Gate {
  const control = controlRank(table)
  const passed = control !== undefined && control.p <= bar
  const best = 1 / (1 + LEAST_RANDOM)
  if (!passed && own !== undefined && own.p <= best)
    return {
      name: `positive control in ${table.role}: the direction itself moves the stance further than every random one (p)`,
      passed: true,
      value: own.p,
      threshold: best,
    }
  return {
    name: `positive control in ${table.role}: the unrelated concept moves its own completions (p)`,
    passed,
    value: control?.p ?? null,
    threshold: bar,
  }
}

/** What must hold of every dose: zero changes nothing, and the KL is what was asked for. */
export function doseGates(tables: readonly SteeringTable[]): Gate[] {
  const off = tables.flatMap(({ nats }) =>
    nats.asked.map((a, i) => Math.abs(nats.reached[i]! / Math.abs(a) - 1)),
  )
  const zero = Math.max(...tables.map((t) => t.zero))
  const worst = Math.max(0, ...off)
  return [
    { name: 'change of the scores by a dose of zero', passed: zero === 0, value: zero, threshold: 0 },
    {
      name: 'KL reached against KL asked for (largest relative difference)',
      passed: worst <= DOSE_TOLERANCE,
      value: worst,
      threshold: DOSE_TOLERANCE,
    },
  ]
}

/** Random directions must be able to differ. */
export function spanGate(table: SteeringTable): Gate {
  return {
    name: `dimension of the span of random directions in ${table.role}`,
    passed: table.span >= LEAST_SPAN,
    value: table.span,
    threshold: LEAST_SPAN,
  }
}

const finite = (x: number): number | null => (Number.isFinite(x) ? x : null)

/** Dose-response, its random band, the curve of the dose, and the receipts. */
export function tableSeries(table: SteeringTable, at: Pick<SteeringInput, 'site' | 'rendering'>): Series[] {
  const of = (name: string, values: readonly number[], note?: string): Series => ({
    name,
    model: table.role,
    site: at.site,
    rendering: at.rendering,
    values: [...values],
    ...(note === undefined ? {} : { note }),
  })
  const mean = (v: readonly number[]): number => v.reduce((s, x) => s + x, 0) / v.length
  const zero = mean(table.plain)
  const below = table.own.filter((d) => d.dose < 0)
  const above = table.own.filter((d) => d.dose > 0)
  return [
    of('dose', [...below.map((d) => d.dose), 0, ...above.map((d) => d.dose)]),
    of(
      'stance',
      [...below.map((d) => mean(d.stance) - zero), 0, ...above.map((d) => mean(d.stance) - zero)],
      'mean log-odds of B over A per token, less that without steering',
    ),
    of(
      'random_gain',
      table.random.matched.map((r) => gainOf(r)),
      'variance-matched directions at the primary dose',
    ),
    of(
      'isotropic_gain',
      table.random.isotropic.map((r) => gainOf(r)),
      'isotropic directions at the primary dose',
    ),
    of(
      'curve_alpha',
      table.curve.map((p) => p.alpha),
      'what multiplies the unit direction',
    ),
    of(
      'curve_nats',
      table.curve.map((p) => p.nats),
      'nats a token on neutral text',
    ),
    of('nats_asked', table.nats.asked, 'every arm'),
    of('nats_reached', table.nats.reached, 'every arm'),
    of('receipt_asked', table.receipts.asked, 'norm of the change asked for, every arm'),
    of('receipt_measured', table.receipts.measured, 'norm of the change measured, every arm'),
    of('receipt_tokens', table.receipts.tokens, 'tokens touched, every arm'),
  ].filter((s) => s.values.length > 0)
}

function wordsOf(
  tables: readonly SteeringTable[],
  found: GainEstimates,
  ranks: readonly Rank[],
  label: GainLabel | 'untestable',
  gates: readonly Gate[],
  power: ReturnType<typeof gainPower>,
): string {
  const f = (x: number): string => x.toFixed(3)
  // Each model has its own number of random directions.
  const beaten = (i: number): number => {
    const n = tables[i]!.random.matched.length
    return n - Math.round(ranks[i]!.p * (n + 1) - 1)
  }
  const scaled = found.contrasts.map((c) => c.ci[0] > 0)
  const own = tables.map((t, i) => {
    const { value, ci } = scaled[i]! ? found.gains[i]! : found.raw[i]!
    const unit = scaled[i]! ? 'contrasts between personas' : 'log-odds per token'
    return `In ${t.role} a dose of 1 moves the stance by ${f(value)} ${unit} (95% ${f(ci[0])} to ${f(ci[1])}), further than ${beaten(i)} of ${t.random.matched.length} random directions of equal KL.`
  })
  const r = found.ratios[0]!
  const ratio = !scaled.every(Boolean)
    ? 'There is no ratio, because a model has no contrast between personas to measure in.'
    : `The ratio is ${f(r.value)} (90% ${f(r.equivalence[0])} to ${f(r.equivalence[1])}).`
  const percent = (x: number): string => `${Math.round(100 * x)}%`
  const reading = {
    disconnected:
      'Steering moves base and leaves the aligned model where it is: the path to the output is cut.',
    connected: 'Steering moves the aligned model about as far: the path to the output is whole.',
    attenuated: 'Steering moves the aligned model, and less than base: the path to the output is weakened.',
    underpowered: `That does not decide: with ${r.n} issues the chance of finding a cut path is ${percent(power.disconnected)}, of finding a whole one ${percent(power.connected)}. ${power.needed === undefined ? 'The ratio lies where no label holds, so that more issues would not decide.' : `About ${power.needed} issues would decide if the ratio stays as it is.`}`,
    untestable: `It cannot be tested here: ${gates
      .filter((g) => !g.passed)
      .map((g) => g.name)
      .join('; ')}.`,
  }[label]
  return [...own, ratio, reading].join(' ')
}
