/**
 * Claim `geometry`: whether the direction still works inside the aligned model. Three tests, each against random
 * directions that cost the same KL: steering along it, steering along that of the other model, and removing it.
 */

import { issueDraws, overIssues } from '../stats/contrast.ts'
import { type Estimate, mean } from '../stats/estimate.ts'
import { type Reach, reachBeside } from '../stats/reach.ts'
import { doseGates, LEAST_RANDOM, spanGate, tableSeries } from './claim-steering.ts'
import { addQ, measure, tested } from './direction-measures.ts'
import { type Power, powerOf } from './power-words.ts'
import type { Claim, Gate, Measure, Series } from './results.ts'
import type { Study } from './schema.ts'
import {
  gainOf,
  gainsOf,
  ownRank,
  primaryArm,
  type Rank,
  rankAmong,
  rankMethod,
  type SteeringTable,
} from './steering-table.ts'

export interface GeometryInput {
  readonly study: Study
  /** Base then aligned, or the subject alone. */
  readonly tables: readonly SteeringTable[]
  readonly site: string
  readonly rendering: 'raw' | 'chat'
  readonly signal?: AbortSignal | undefined
}

/** How much an ablation takes off the size of the contrast, mean over issues. */
function contrastDrop(plain: readonly number[], ablated: readonly number[]): number {
  return Math.sign(mean(plain)) * (mean(plain) - mean(ablated))
}

/** The same by issue, with the sign that the whole contrast has. */
function contrastDrops(plain: readonly number[], ablated: readonly number[]): Float64Array {
  const sign = Math.sign(mean(plain))
  return Float64Array.from(plain, (v, i) => sign * (v - ablated[i]!))
}

/** Effects of a test by issue, and the mean effects of random directions beside them. */
interface Effects {
  readonly own: ArrayLike<number>
  readonly random: readonly number[]
}

/** What steering along a direction does, on the issues of the random arms. */
function steeringEffects(table: SteeringTable, arm = primaryArm(table)): Effects {
  const gains = gainsOf(arm)
  return { own: table.subset.map((i) => gains[i]!), random: table.random.matched.map((r) => gainOf(r)) }
}

/** How far the effects go, over the 95% point of random directions. */
function reachOf({ own, random }: Effects, { study, signal }: GeometryInput): Promise<Reach> {
  return reachBeside(own, random, { seed: study.seed, draws: study.draws.bootstrap, signal })
}

/**
 * Measures the claim.
 *
 * @throws PalimpsestError `interrupted`
 */
export async function claimGeometry(input: GeometryInput): Promise<Claim> {
  const { tables, study } = input
  const bar = study.thresholds.arms_p
  const place = { site: input.site, rendering: input.rendering, estimator: 'mean-difference' }
  const measures: Measure[] = []
  const tests: { gate: Gate; decides: boolean; effects: Effects | undefined }[] = []
  const { seed, draws } = study
  const drawn = (count: number): Promise<Int32Array[]> =>
    issueDraws(count, { seed, draws: draws.bootstrap, signal: input.signal })
  const times = await drawn(tables[0]!.plain.length)
  const test = (
    name: string,
    rank: Rank | undefined,
    effect: Estimate | undefined,
    decides: boolean,
    rest: Partial<Measure>,
    arms: number,
    effects: Effects | undefined,
  ): void => {
    if (rank !== undefined && effect !== undefined)
      measures.push(
        measure(name, tested({ ...effect, null: rank.null, p: rank.p }, rankMethod(tables[0]!)), {
          ...place,
          ...rest,
          family: 'geometry',
        }),
      )
    tests.push({
      decides,
      effects,
      gate: {
        name: `${rest.note} (p)`,
        passed: rank !== undefined && rank.p <= bar && arms >= LEAST_RANDOM,
        value: rank?.p ?? null,
        threshold: bar,
        ...(arms < LEAST_RANDOM ? { note: `${arms} random directions, and ${LEAST_RANDOM} are needed` } : {}),
      },
    })
  }
  const last = tables.at(-1)!
  for (const table of [last, ...tables.slice(0, -1)])
    test(
      'steering_gain',
      ownRank(table),
      overIssues(gainsOf(primaryArm(table), table.subset), times, seed),
      table === last,
      { model: table.role, note: `steering along the direction moves ${table.role}` },
      table.random.matched.length,
      steeringEffects(table),
    )
  if (tables.length > 1)
    for (const [i, table] of tables.entries())
      test(
        'cross_gain',
        table.cross && ownRank(table, table.cross),
        table.cross && overIssues(gainsOf(table.cross, table.subset), times, seed),
        true,
        {
          model: table.role,
          fit: tables[1 - i]!.role,
          note: `the direction of ${tables[1 - i]!.role} steers ${table.role}`,
        },
        table.random.matched.length,
        table.cross && steeringEffects(table, table.cross),
      )
  const { ablation, role } = tables[0]!
  const removed = ablation && {
    ...ablation,
    times: await drawn(ablation.plain.length),
    drops: contrastDrops(ablation.plain, ablation.own.contrast),
    random: ablation.random.map((r) => contrastDrop(ablation.plain, r.contrast)),
  }
  test(
    'ablation_drop',
    removed && rankAmong(contrastDrop(removed.plain, removed.own.contrast), removed.random),
    removed && overIssues(removed.drops, removed.times, seed),
    true,
    {
      model: role,
      note: `ablating the direction in ${role} removes differences between loaded prompts`,
    },
    removed?.random.length ?? 0,
    removed && { own: removed.drops, random: removed.random },
  )
  if (removed !== undefined) {
    const contrast = (by: readonly number[], note: string): Measure =>
      measure('loaded_contrast', overIssues(Float64Array.from(by), removed.times, seed), {
        model: role,
        ...place,
        note,
      })
    measures.push(
      contrast(removed.plain, 'stance on prompts that lean to B less that on prompts that lean to A'),
      contrast(removed.own.contrast, 'the same with the direction ablated'),
      measure('ablation_nats', removed.cost, {
        model: role,
        ...place,
        note: `KL of the ablation on neutral text, which each of ${removed.random.length} random ones is made to cost`,
      }),
    )
  }
  const reach = await reachOf(steeringEffects(last), input)
  measures.push(...reachMeasures(reach, last, place))
  addQ(measures)
  const doses = [...doseGates(tables), ...tables.map(spanGate)]
  const gates = [...doses, ...tests.filter((t) => t.decides).map((t) => t.gate)]
  const status = statusOf(gates.slice(doses.length), doses, last, reach)
  const power = await powerOfTests(
    status.label === 'underpowered'
      ? tests.slice(0, 1)
      : status.label === 'works in part'
        ? tests.filter((t) => t.decides && !t.gate.passed)
        : [],
    input,
  )
  measures.push(...power.flatMap((o) => o.measures))
  return {
    id: 'geometry',
    ...status,
    words: [wordsOf(gates.slice(doses.length), status, last, reach), ...power.map((o) => o.words)].join(' '),
    gates,
    measures,
    series: [
      ...(study.claims.includes('steering') && tables.length > 1
        ? []
        : tables.flatMap((t) => tableSeries(t, input))),
      ...(ablation === undefined
        ? []
        : [
            {
              name: 'ablation_drop',
              model: role,
              site: input.site,
              rendering: input.rendering,
              values: ablation.random.map((r) => contrastDrop(ablation.plain, r.contrast)),
              note: 'variance-matched directions of equal KL',
            } satisfies Series,
          ]),
    ],
  }
}

function reachMeasures(reach: Reach, { role: model }: SteeringTable, place: Partial<Measure>): Measure[] {
  // Random directions that move nothing at all leave nothing to divide by.
  if (![reach.value, ...reach.ci].every(Number.isFinite)) return []
  const note = 'an interval wholly below 1 says that it moves the model no further than random directions do'
  return [measure('steering_reach', reach, { model, ...place, note })]
}

/** What the issues of the random arms could have shown, of each test that was not passed. */
async function powerOfTests(
  tests: readonly { gate: Gate; effects: Effects | undefined }[],
  input: GeometryInput,
): Promise<Power[]> {
  const out: Power[] = []
  for (const { gate, effects } of tests) {
    if (effects === undefined) continue
    const what = gate.name.replace(/ \(p\)$/, '')
    const reach = await reachOf(effects, input)
    const power = powerOf(
      reach,
      { model: input.tables.at(-1)!.role, unit: 'issues' },
      [
        {
          name: 'no_more_than_random',
          finding: 'no more than random directions',
          truth: 0,
          given: 'it does nothing',
          high: 1,
        },
      ],
      [{ low: 1 }],
    )
    out.push({
      measures: power.measures.map((m) => ({ ...m, note: `${what}: ${m.note}` })),
      words: `Of the test that ${what}, which reaches ${reaches(reach, effects.random.length)}: ${power.words}`,
    })
  }
  return out
}

function statusOf(
  tests: readonly Gate[],
  doses: readonly Gate[],
  last: SteeringTable,
  reach: Reach,
): Pick<Claim, 'status' | 'label'> {
  const few = last.random.matched.length < LEAST_RANDOM
  if (few || doses.some((g) => !g.passed)) return { status: 'untestable', label: 'untestable' }
  if (tests.every((g) => g.passed)) return { status: 'supported', label: 'works' }
  if (tests[0]!.passed) return { status: 'underpowered', label: 'works in part' }
  // That a test was not passed is no evidence of nothing: only a reach that is surely below 1 is.
  return reach.ci[1] < 1
    ? { status: 'contradicted', label: 'no more than random directions' }
    : { status: 'underpowered', label: 'underpowered' }
}

const reaches = ({ value, ci }: Reach, arms: number): string =>
  `${value.toFixed(3)} times as far as the 95% point of ${arms} random directions (90% ${ci[0].toFixed(3)} to ${ci[1].toFixed(3)})`

function wordsOf(
  tests: readonly Gate[],
  { label }: Pick<Claim, 'label'>,
  last: SteeringTable,
  reach: Reach,
): string {
  const say = (g: Gate): string =>
    `${g.name.replace(/ \(p\)$/, '')}: ${g.passed ? 'beyond' : 'not beyond'} random directions of equal KL (p = ${g.value === null ? 'not computed' : g.value.toFixed(3)}${g.note === undefined ? '' : `; ${g.note}`})`
  const list = tests.map(say).join('; ')
  const reading = {
    works: 'The direction does inside the model what it is read for.',
    'works in part': 'Steering along it works; not every test that the claim asks for does.',
    'no more than random directions': `Steering along it moves ${last.role} ${reaches(reach, last.random.matched.length)}: no further than random directions do.`,
    underpowered: 'That does not decide whether it goes beyond them.',
    untestable:
      'There are too few random directions, they can hardly differ, or the doses are not what was asked for.',
  }[label!]
  return `${list.charAt(0).toUpperCase()}${list.slice(1)}. ${reading}`
}
