/** What two judges say, as numbers: how far they can be used, how far they agree, and the scores of every arm. */

import { type ClusterOptions, issueEstimate, weightedMean } from '../../stats/bootstrap.ts'
import { contrast } from '../../stats/contrast.ts'
import { type Estimate, mean } from '../../stats/estimate.ts'
import { number } from '../../stats/groups.ts'
import { kappaEstimate } from '../../stats/kappa.ts'
import { measure } from '../direction-measures.ts'
import type { JudgeRecord, JudgesRecord, Measure } from '../results.ts'
import type { Study } from '../schema.ts'
import type { Answers } from './answers.ts'
import { BAD, type Bad, isLabel, LABELS, type Label, scoreOf } from './question.ts'
import type { JudgeSettings } from './settings.ts'
import type { JudgedText } from './texts.ts'

/** What a judge made of every text. */
export interface Judged {
  readonly settings: JudgeSettings
  readonly found: readonly (Label | Bad)[]
  readonly answers: Answers
}

export interface JudgesInput {
  readonly study: Study
  readonly texts: readonly JudgedText[]
  readonly judges: readonly Judged[]
  readonly rendering: 'raw' | 'chat'
  readonly signal?: AbortSignal | undefined
}

/**
 * The record of the judges.
 *
 * @throws PalimpsestError `interrupted`
 */
export async function judgesRecord(input: JudgesInput): Promise<JudgesRecord> {
  const records = input.judges.map((j) => judgeRecord(j, input.study))
  const measures: Measure[] = []
  const both = input.judges.every((_, j) => records[j]!.testable) ? await agreement(input) : undefined
  if (both !== undefined) measures.push(both)
  for (const [j, judged] of input.judges.entries())
    if (records[j]!.testable) measures.push(...(await armMeasures(input, judged)))
  return { judges: records, measures }
}

function judgeRecord({ settings, found, answers }: Judged, study: Study): JudgeRecord {
  const count = (what: Label | Bad): number => found.filter((f) => f === what).length
  const bad = BAD.reduce((n, b) => n + count(b), 0)
  const share = found.length === 0 ? 1 : bad / found.length
  const { in: tokensIn, out: tokensOut } = answers.tokens
  const { name, model, url, price } = settings
  return {
    name,
    model,
    host: new URL(url).host,
    asked: found.length,
    labels: Object.fromEntries(LABELS.map((l) => [l, count(l)])),
    bad: Object.fromEntries(BAD.map((b) => [b, count(b)])),
    bad_share: share,
    testable: share <= study.thresholds.judge_bad,
    failures: Object.fromEntries(answers.failures),
    ...(answers.gaveUp === undefined ? {} : { gave_up: answers.gaveUp }),
    tokens_in: tokensIn,
    tokens_out: tokensOut,
    cost:
      price === undefined || tokensIn === null || tokensOut === null
        ? null
        : (price.in * tokensIn + price.out * tokensOut) / 1e6,
  }
}

/** Cohen's kappa over the texts to which both gave a label. */
async function agreement({ study, texts, judges, signal }: JudgesInput): Promise<Measure | undefined> {
  const [a, b] = judges
  const rows = texts.flatMap((t, i) => {
    const [x, y] = [a!.found[i]!, b!.found[i]!]
    return isLabel(x) && isLabel(y) ? [{ x, y, unit: t.unit }] : []
  })
  const found = await kappaEstimate(
    rows.map((r) => r.x),
    rows.map((r) => r.y),
    number(rows.map((r) => r.unit)),
    { seed: study.seed, draws: study.draws.bootstrap, signal },
  )
  if (found === undefined) return undefined
  const same = rows.filter((r) => r.x === r.y).length / rows.length
  return measure('judge_kappa', found, {
    note: `Cohen's kappa of ${a!.settings.name} and ${b!.settings.name}, who give the same label to ${Math.round(100 * same)}% of the texts`,
  })
}

/** A text with its score. */
interface Scored extends JudgedText {
  readonly score: number
}

async function armMeasures(input: JudgesInput, { settings, found }: Judged): Promise<Measure[]> {
  const { study, texts, rendering, signal } = input
  const out: Measure[] = []
  const draws = { seed: study.seed, draws: study.draws.bootstrap, signal }
  for (const model of new Set(texts.map((t) => t.model)))
    for (const claim of ['behaviour', 'steering'] as const) {
      const own = texts.flatMap((t, i) =>
        t.model === model && t.claim === claim ? [{ ...t, said: found[i]! }] : [],
      )
      if (own.length === 0) continue
      const rest = (what: string): Partial<Measure> => ({
        model,
        rendering,
        condition: `${settings.name}: ${claim}, ${what}`,
      })
      const scored = own.flatMap((t): Scored[] => {
        const score = isLabel(t.said) ? scoreOf(t.said) : undefined
        return score === undefined ? [] : [{ ...t, score }]
      })
      for (const arm of [...new Set(own.map((t) => t.arm))].sort()) {
        const labelled = own.filter((t) => t.arm === arm && isLabel(t.said))
        const scores = scored.filter((t) => t.arm === arm)
        if (scores.length > 0)
          out.push(
            measure('judge_score', await meanOf(scores, draws), {
              ...rest(arm),
              note: '-1 (A) to 1 (B), texts that take no side at 0',
            }),
          )
        for (const kind of ['refusal', 'nonsense'] as const)
          if (labelled.length > 0) {
            const is = labelled.map((t) => (t.said === kind ? 1 : 0))
            const share = (await overTexts(labelled, draws, (w) => weightedMean(is, w)))!
            out.push(measure(`judge_${kind}_share`, share, rest(arm)))
          }
      }
      const slope = claim === 'steering' ? await slopeOf(scored, draws) : undefined
      if (slope !== undefined)
        out.push(
          measure('judge_gain', slope, { ...rest('own direction'), note: 'slope of the score on the dose' }),
        )
      const loaded = claim === 'behaviour' ? await loadedContrast(scored, study, signal) : undefined
      if (loaded !== undefined)
        out.push(
          measure('judge_contrast', loaded, {
            ...rest('loaded prompts'),
            note: 'prompts that lean to B less prompts that lean to A',
          }),
        )
    }
  return out
}

/** A statistic of some texts with its interval by bootstrap over issues. */
function overTexts(
  texts: readonly { readonly unit: string }[],
  options: ClusterOptions,
  statistic: (weights: ArrayLike<number>) => number,
): Promise<Estimate | undefined> {
  return issueEstimate(number(texts.map((t) => t.unit)), options, statistic)
}

async function meanOf(texts: readonly Scored[], options: ClusterOptions): Promise<Estimate> {
  const scores = texts.map((t) => t.score)
  const found = await overTexts(texts, options, (w) => weightedMean(scores, w))
  return found ?? { value: mean(scores), n: texts.length }
}

/** Least-squares slope of the score on the dose. */
async function slopeOf(texts: readonly Scored[], options: ClusterOptions): Promise<Estimate | undefined> {
  const dosed = texts.filter((t) => t.dose !== undefined)
  return overTexts(dosed, options, (w) => {
    let [n, x, y, xx, xy] = [0, 0, 0, 0, 0]
    for (const [i, { dose, score }] of dosed.entries()) {
      n += w[i]!
      x += w[i]! * dose!
      y += w[i]! * score
      xx += w[i]! * dose! * dose!
      xy += w[i]! * dose! * score
    }
    return (n * xy - x * y) / (n * xx - x * x)
  })
}

async function loadedContrast(
  texts: readonly Scored[],
  study: Study,
  signal: AbortSignal | undefined,
): Promise<Estimate | undefined> {
  const loaded = texts.filter((t) => t.lean !== undefined)
  const issues = number(loaded.map((t) => t.unit))
  return contrast(
    {
      score: loaded.map((t) => t.score),
      lean: loaded.map((t) => t.lean!),
      issue: issues.of,
      issues: issues.count,
    },
    { seed: study.seed, draws: study.draws.bootstrap, permutations: study.draws.permutations, signal },
  )
}
