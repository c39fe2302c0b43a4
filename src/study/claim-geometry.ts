/**
 * Claim `geometry`: whether the direction still works inside the aligned model. Three tests, each against random
 * directions that cost the same KL: steering along it, steering along that of the other model, and removing it.
 */

import { mean } from '../stats/estimate.ts'
import { doseGates, LEAST_RANDOM, spanGate, tableSeries } from './claim-steering.ts'
import { addQ } from './direction-measures.ts'
import type { Claim, Gate, Measure, Series } from './results.ts'
import type { Study } from './schema.ts'
import { ownRank, type Rank, rankAmong, rankMethod, type SteeringTable } from './steering-table.ts'

export interface GeometryInput {
  readonly study: Study
  /** Base then aligned, or the subject alone. */
  readonly tables: readonly SteeringTable[]
  readonly site: string
  readonly rendering: 'raw' | 'chat'
}

/** How much an ablation takes off the size of the contrast, mean over issues. */
function contrastDrop(plain: readonly number[], ablated: readonly number[]): number {
  return Math.sign(mean(plain)) * (mean(plain) - mean(ablated))
}

/** Measures the claim. */
export function claimGeometry(input: GeometryInput): Claim {
  const { tables, study } = input
  const bar = study.thresholds.arms_p
  const place = { site: input.site, rendering: input.rendering, estimator: 'mean-difference' }
  const measures: Measure[] = []
  const tests: { gate: Gate; decides: boolean }[] = []
  const test = (
    name: string,
    rank: Rank | undefined,
    decides: boolean,
    rest: Partial<Measure>,
    arms: number,
  ): void => {
    if (rank !== undefined)
      measures.push({
        name,
        ...place,
        ...rest,
        value: rank.value,
        null: rank.null,
        p: rank.p,
        family: 'geometry',
        method: rankMethod(tables[0]!),
        n: rest.n ?? 0,
        seed: study.seed,
      })
    tests.push({
      decides,
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
      table === last,
      { model: table.role, n: table.subset.length, note: `steering along the direction moves ${table.role}` },
      table.random.matched.length,
    )
  if (tables.length > 1)
    for (const [i, table] of tables.entries())
      test(
        'cross_gain',
        table.cross === undefined ? undefined : ownRank(table, table.cross),
        true,
        {
          model: table.role,
          fit: tables[1 - i]!.role,
          n: table.subset.length,
          note: `the direction of ${tables[1 - i]!.role} steers ${table.role}`,
        },
        table.random.matched.length,
      )
  const { ablation, role } = tables[0]!
  test(
    'ablation_drop',
    ablation === undefined
      ? undefined
      : rankAmong(
          contrastDrop(ablation.plain, ablation.own.contrast),
          ablation.random.map((r) => contrastDrop(ablation.plain, r.contrast)),
        ),
    true,
    {
      model: role,
      n: ablation?.plain.length ?? 0,
      note: `ablating the direction in ${role} removes differences between loaded prompts`,
    },
    ablation?.random.length ?? 0,
  )
  if (ablation !== undefined)
    measures.push(
      {
        name: 'loaded_contrast',
        model: role,
        ...place,
        value: mean(ablation.plain),
        n: ablation.plain.length,
        note: 'stance on prompts that lean to B less that on prompts that lean to A',
      },
      {
        name: 'loaded_contrast',
        model: role,
        ...place,
        value: mean(ablation.own.contrast),
        n: ablation.plain.length,
        note: 'the same with the direction ablated',
      },
      {
        name: 'ablation_nats',
        model: role,
        ...place,
        value: ablation.own.nats,
        n: ablation.random.length,
        note: 'KL of the ablation on neutral text, and of each random one',
      },
    )
  addQ(measures)
  const doses = [...doseGates(tables), ...tables.map(spanGate)]
  const gates = [...doses, ...tests.filter((t) => t.decides).map((t) => t.gate)]
  const status = statusOf(gates.slice(doses.length), doses, last)
  return {
    id: 'geometry',
    ...status,
    words: wordsOf(gates.slice(doses.length), status),
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

function statusOf(
  tests: readonly Gate[],
  doses: readonly Gate[],
  last: SteeringTable,
): Pick<Claim, 'status' | 'label'> {
  const few = last.random.matched.length < LEAST_RANDOM
  if (few || doses.some((g) => !g.passed)) return { status: 'untestable', label: 'untestable' }
  if (tests.every((g) => g.passed)) return { status: 'supported', label: 'works' }
  if (tests[0]!.passed) return { status: 'underpowered', label: 'works in part' }
  return { status: 'contradicted', label: 'no more than random directions' }
}

function wordsOf(tests: readonly Gate[], { label }: Pick<Claim, 'label'>): string {
  const say = (g: Gate): string =>
    `${g.name.replace(/ \(p\)$/, '')}: ${g.passed ? 'beyond' : 'not beyond'} random directions of equal KL (p = ${g.value === null ? 'not computed' : g.value.toFixed(3)}${g.note === undefined ? '' : `; ${g.note}`})`
  const list = tests.map(say).join('; ')
  const reading = {
    works: 'The direction does inside the model what it is read for.',
    'works in part': 'Steering along it works; not every test that the claim asks for does.',
    'no more than random directions':
      'Steering along it does no more than steering along a random direction.',
    untestable:
      'There are too few random directions, they can hardly differ, or the doses are not what was asked for.',
  }[label!]
  return `${list.charAt(0).toUpperCase()}${list.slice(1)}. ${reading}`
}
