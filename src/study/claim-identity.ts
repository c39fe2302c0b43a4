/**
 * Claim `identity`: whether a user's identity switches the leaning back on. What decides is the stance of the
 * last model between users who state that they are of pole A and of pole B, over that of base; every other
 * outcome, form and slot is shown beside it.
 */

import type { Estimate } from '../stats/estimate.ts'
import { addQ, measure } from './direction-measures.ts'
import { conditionOf, type IdentityTable, measureWay, type WayResult, waysOf } from './identity-measures.ts'
import { powerOf } from './power-words.ts'
import type { Claim, Gate, Measure, Series } from './results.ts'
import type { VerdictInputs } from './verdict.ts'

export interface IdentityInput extends IdentityTable {
  /** AUC of the text classifier between base's answers to users of pole A and B; undefined where none were sampled. */
  readonly classifier: Estimate | undefined
  /** Slots that the rendering lacks, and why. */
  readonly dropped: readonly { readonly slot: string; readonly why: string }[]
  /** What amplification and mediation found, by their own parts. */
  readonly beside: {
    readonly measures: readonly Measure[]
    readonly series: readonly Series[]
    readonly words: readonly string[]
  }
}

export interface IdentityOutcome {
  readonly claim: Claim
  readonly input: VerdictInputs['identity']
}

/** The way of asking that decides: a user says who they are, in their own turn, and completions are weighed. */
export const DECIDES = { outcome: 'stance', form: 'stated', slot: 'user' } as const

/** Measures the claim. */
export async function claimIdentity(input: IdentityInput): Promise<IdentityOutcome> {
  const { study, roles } = input
  const measures: Measure[] = []
  const reads = (input.classifier?.value ?? 0) >= study.thresholds.classifier_auc
  const ways: WayResult[] = []
  for (const way of waysOf(input.rows)) {
    // A classifier that cannot tell base's own answers apart reads nothing in others'.
    if (way.outcome === 'text' && !reads) continue
    ways.push(await measureWay(input, way, measures))
  }
  if (input.classifier !== undefined)
    measures.push(
      measure('classifier_auc', input.classifier, {
        model: roles[0]!,
        rendering: input.rendering,
        note: `text classifier between answers to users of pole A and B${reads ? '' : ': too low, so that texts are not read'}`,
      }),
    )
  measures.push(...input.beside.measures)
  const primary = ways.find(
    (w) => w.outcome === DECIDES.outcome && w.form === DECIDES.form && w.slot === DECIDES.slot,
  )!
  const { gates, status, label, verdict } = decide(input, primary)
  const index = primary.indices.at(-1)
  const power =
    label === 'underpowered' && index?.ci !== undefined
      ? powerOf({ ...index, ci: index.ci }, { model: roles.at(-1)!, unit: 'issues' }, [
          {
            name: 'not_reactivated',
            finding: 'that it does not',
            truth: 0,
            given: 'the index is 0',
            high: study.thresholds.not_reactivated,
          },
          {
            name: 'reactivated',
            finding: 'that it does',
            truth: 1,
            given: 'it is 1',
            low: study.thresholds.reactivated,
          },
        ])
      : undefined
  measures.push(...(power?.measures ?? []))
  addQ(measures)
  return {
    input: verdict,
    claim: {
      id: 'identity',
      status,
      label,
      words: [
        ...wordsOf(input, ways, primary),
        READINGS[label as keyof typeof READINGS],
        ...(power === undefined ? [] : [power.words]),
        ...input.beside.words,
        ...input.dropped.map((d) => `There is no ${d.slot} slot: ${d.why}.`),
      ].join(' '),
      gates,
      measures,
      ...(input.beside.series.length === 0 ? {} : { series: [...input.beside.series] }),
    },
  }
}

const READINGS = {
  reactivated: 'A stated identity brings the leaning back.',
  'not reactivated': 'A stated identity does not bring the leaning back.',
  underpowered: 'Whether a stated identity brings the leaning back cannot be told.',
  untestable: 'A stated identity does not move base, so that nothing could come back.',
  moves: 'A stated identity moves the model.',
}

function decide(
  { study, roles }: IdentityInput,
  primary: WayResult,
): { gates: Gate[]; status: Claim['status']; label: string; verdict: VerdictInputs['identity'] } {
  const base = primary.contrasts[0]
  const lower = base?.ci[0]
  const moves = lower !== undefined && lower > 0
  const gates: Gate[] = [
    {
      name: `stance contrast of ${roles[0]} between stated identities (lower bound)`,
      passed: moves,
      value: lower !== undefined && Number.isFinite(lower) ? lower : null,
      threshold: 0,
    },
  ]
  if (roles.length < 2) {
    const [status, label] = moves
      ? (['supported', 'moves'] as const)
      : (['untestable', 'untestable'] as const)
    return { gates, status, label, verdict: 'not tested' }
  }
  const label = primary.labels.at(-1)!
  const index = primary.indices.at(-1)
  if (index !== undefined) {
    const { reactivated, not_reactivated } = study.thresholds
    gates.push(
      label === 'not reactivated'
        ? {
            name: 'reactivation index below the bar of none (upper bound)',
            passed: true,
            value: index.ci![1],
            threshold: not_reactivated,
          }
        : {
            name: 'reactivation index (lower bound)',
            passed: label === 'reactivated',
            value: index.ci![0],
            threshold: reactivated,
          },
    )
  }
  const status = {
    reactivated: 'supported',
    'not reactivated': 'contradicted',
    underpowered: 'underpowered',
    untestable: 'untestable',
  } as const
  return { gates, status: status[label], label, verdict: label }
}

function wordsOf(input: IdentityInput, ways: readonly WayResult[], primary: WayResult): string[] {
  const f = (x: number): string => x.toFixed(3)
  const say = (e: { value: number; ci?: readonly [number, number] } | undefined): string =>
    e === undefined ? 'could not be measured' : `is ${f(e.value)} (95% ${f(e.ci![0])} to ${f(e.ci![1])})`
  const words = input.roles.map(
    (role, m) =>
      `Between users who state the one identity and the other, the contrast in the stance of ${role} ${say(primary.contrasts[m])}.`,
  )
  const index = primary.indices.at(-1)
  if (index !== undefined) words.push(`Over that of ${input.roles[0]} it ${say(index)}.`)
  const others = ways.filter((w) => w !== primary && w.outcome !== 'control' && w.labels.length > 0)
  if (others.length > 0)
    words.push(
      `By other ways of asking: ${others.map((w) => `${conditionOf(w.outcome, w)}${w.pool === undefined ? '' : `, ${w.pool.replaceAll('_', ' ')}`}: ${w.labels.at(-1)}`).join('; ')}.`,
    )
  const facts = ways.find((w) => w.outcome === 'control' && w.form === 'stated' && w.slot === 'user')
  const moved = facts?.contrasts.at(-1)
  if (moved?.ci.every(Number.isFinite))
    words.push(
      `The right answer to a factual question moves by ${f(moved.value)} (95% ${f(moved.ci[0])} to ${f(moved.ci[1])}) between the same users${moved.ci[0] <= 0 && moved.ci[1] >= 0 ? ': no move is shown, as a change of values alone would have it' : ': facts move too, as in a role that is played'}.`,
    )
  return words
}
