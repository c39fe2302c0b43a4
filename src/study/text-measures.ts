/**
 * The outcome `text` of claim `steering` as numbers: how far a dose moves the classifier's score of what is
 * written. Beside the stance, and no status depends on it.
 */

import { SortedScores } from '../stats/auc.ts'
import { type ClusterOptions, issueEstimate } from '../stats/bootstrap.ts'
import { issueDraws, overIssues } from '../stats/contrast.ts'
import { type DrawnEstimate, type Estimate, LEVEL, mean } from '../stats/estimate.ts'
import { clopperPearson } from '../stats/exact.ts'
import { type GainEstimates, gainEstimates } from '../stats/gain.ts'
import { number } from '../stats/groups.ts'
import { addQ, measure, tested } from './direction-measures.ts'
import type { Measure, Series } from './results.ts'
import type { Study } from './schema.ts'
import { type ArmTexts, type ReadText, readUnder, type TextTable } from './steered-answers.ts'
import { rankAmong } from './steering-table.ts'

export interface TextInput {
  readonly study: Study
  /** Base, then aligned, or the subject alone. */
  readonly tables: readonly { readonly role: string; readonly texts: TextTable }[]
  readonly site: string
  readonly rendering: 'raw' | 'chat'
  /** |KL| of the doses that leave texts coherent. */
  readonly levels: readonly number[]
  readonly signal?: AbortSignal | undefined
}

/** What is shown beside a claim. */
export interface Beside {
  readonly measures: Measure[]
  readonly series: Series[]
  readonly words: string
}

/** A text at a dose. */
interface Point {
  readonly unit: string
  readonly dose: number
  readonly score: number
}

/** Measures the outcome. */
export async function textMeasures(input: TextInput): Promise<Beside> {
  const { study, tables } = input
  const place = { site: input.site, rendering: input.rendering }
  const measures: Measure[] = []
  const series: Series[] = []
  const readable = tables.filter((t) => (t.texts.classifier.auc ?? 0) >= study.thresholds.classifier_auc)
  for (const table of tables) {
    const { role, texts } = table
    const draws = { seed: study.seed, draws: study.draws.bootstrap, signal: input.signal }
    kinds(measures, role, texts, place)
    const classifier = await classifierEstimate(texts.personas, draws)
    if (classifier !== undefined)
      measures.push(
        measure('text_classifier_auc', classifier, {
          model: role,
          ...place,
          note: `text classifier between its own texts under persona A and B${readable.includes(table) ? '' : ': too low, so that its texts are not read'}`,
        }),
      )
    if (!readable.includes(table)) continue
    await ranked(measures, role, texts, place, draws)
    series.push(
      { name: 'text_dose', model: role, ...place, values: texts.own.map((a) => a.dose) },
      {
        name: 'text_score',
        model: role,
        ...place,
        values: texts.own.map((a) => meanScore(a.texts) ?? 0),
        note: 'mean score of the classifier, -1 (A) to 1 (B), of the texts that have one',
      },
    )
  }
  const found = await gains(readable, input)
  if (found !== undefined)
    for (const [i, { role }] of readable.entries()) {
      const rest = { model: role, ...place }
      measures.push(
        measure('text_persona_contrast', found.contrasts[i]!, {
          ...rest,
          note: 'score of texts under persona B less that under persona A',
        }),
        measure('text_gain_raw', found.raw[i]!, { ...rest, note: 'slope of the score on the dose' }),
      )
      if (scaled(found.contrasts[i]!))
        measures.push(
          measure('text_gain', found.gains[i]!, { ...rest, note: 'in contrasts between personas' }),
        )
      if (i > 0 && readable.length === tables.length && found.contrasts.every(scaled))
        measures.push(
          measure('text_gain_ratio', found.ratios[i - 1]!, {
            ...rest,
            note: `gain of ${role} over that of ${readable[0]!.role}, by texts`,
          }),
        )
    }
  addQ(measures)
  return { measures, series, words: wordsOf(input, readable, found) }
}

/** A contrast that a gain can be measured in. */
const scaled = (c: DrawnEstimate): boolean => c.ci[0] > 0

const meanScore = (texts: readonly ReadText[]): number | undefined => {
  const scores = texts.flatMap((t) => t.score ?? [])
  return scores.length === 0 ? undefined : mean(scores)
}

/** Shares of refusals and degenerate texts at every dose: they are no answers, and never neutral. */
function kinds(out: Measure[], role: string, texts: TextTable, place: object): void {
  for (const arm of texts.own)
    for (const kind of ['refusal', 'degenerate'] as const) {
      const n = arm.texts.length
      const k = arm.texts.filter((t) => t.kind === kind).length
      // One text an issue: they are independent, and where none is of this kind no draw would say so.
      const e = {
        value: k / n,
        ci: clopperPearson(k, n),
        level: LEVEL,
        method: 'Clopper-Pearson',
        n,
        groups: new Set(arm.texts.map((t) => t.unit)).size,
      }
      out.push(
        measure(`text_${kind}_share`, e, { model: role, ...place, note: `dose ${arm.dose.toFixed(3)}` }),
      )
    }
}

/** How well the classifier tells texts under persona B from those under persona A. */
async function classifierEstimate(
  personas: TextTable['personas'],
  draws: ClusterOptions,
): Promise<Estimate | undefined> {
  const { usable, auc } = readUnder(personas)
  if (auc === null) return undefined
  const issues = number(usable.map((u) => u.unit))
  const sorted = new SortedScores(
    usable.map((u) => u.score),
    usable.map((u) => (u.pole === 'B' ? 1 : 0)),
  )
  return issueEstimate(issues, draws, (w) => sorted.auc(w))
}

/** The gain at the primary dose among those of random directions. */
async function ranked(
  out: Measure[],
  role: string,
  texts: TextTable,
  place: object,
  draws: ClusterOptions,
): Promise<void> {
  const asked = Math.abs(texts.others[0]?.asked ?? 0)
  const slopes = (list: readonly ArmTexts[], id: string): number[] => {
    const two = list.filter((a) => a.id === id && Math.abs(a.asked) === asked)
    return two.length < 2 ? [] : [...slopesOf(two).values()]
  }
  const ids = [...new Set(texts.others.map((a) => a.id))]
  const random = ids
    .filter((id) => id.startsWith('matched-'))
    .flatMap((id) => {
      const own = slopes(texts.others, id)
      return own.length === 0 ? [] : [mean(own)]
    })
  if (random.length === 0) return
  for (const [name, own, note] of [
    ['text_gain_primary', slopes(texts.own, 'own'), 'its own direction'],
    ['text_gain_cross', slopes(texts.others, 'cross'), 'direction of the other model'],
    ['text_gain_unrelated', slopes(texts.others, 'unrelated'), 'direction of the unrelated concept'],
  ] as const) {
    if (own.length === 0) continue
    const rank = rankAmong(mean(own), random)
    const found = overIssues(Float64Array.from(own), await issueDraws(own.length, draws), draws.seed)
    out.push(
      measure(
        name,
        tested({ ...found, null: rank.null, p: rank.p }, 'rank among random directions of equal KL'),
        {
          model: role,
          ...place,
          family: `texts under random arms, ${role}`,
          note: `${note}, at ${asked} nats, slope of the score on the dose`,
        },
      ),
    )
  }
}

function points(arms: readonly ArmTexts[]): Point[] {
  return arms.flatMap(({ dose, texts }) =>
    texts.flatMap(({ unit, score }) => (score === null ? [] : [{ unit, dose, score }])),
  )
}

/** Least-squares slope of the score on the dose by issue; an issue whose texts lack two doses has none. */
function slopesOf(arms: readonly ArmTexts[]): Map<string, number> {
  const out = new Map<string, number>()
  for (const [unit, own] of byIssue(points(arms))) {
    const centre = mean(own.map((p) => p.dose))
    const xx = own.reduce((s, p) => s + (p.dose - centre) ** 2, 0)
    if (xx > 0) out.set(unit, own.reduce((s, p) => s + (p.dose - centre) * p.score, 0) / xx)
  }
  return out
}

function byIssue<T extends { readonly unit: string }>(list: readonly T[]): Map<string, T[]> {
  const out = new Map<string, T[]>()
  for (const item of list) out.set(item.unit, [...(out.get(item.unit) ?? []), item])
  return out
}

/** Persona B less persona A, by issue. */
function contrastsOf({ personas }: TextTable): Map<string, number> {
  const means = (texts: readonly ReadText[]): Map<string, number> =>
    new Map(
      [...byIssue(texts)].flatMap(([unit, own]) => {
        const value = meanScore(own)
        return value === undefined ? [] : [[unit, value] as const]
      }),
    )
  const [a, b] = [means(personas.A), means(personas.B)]
  return new Map([...b].flatMap(([unit, v]) => (a.has(unit) ? [[unit, v - a.get(unit)!] as const] : [])))
}

/** Gains of the readable models over the issues that all of them have; undefined where there are too few. */
async function gains(readable: TextInput['tables'], input: TextInput): Promise<GainEstimates | undefined> {
  const parts = readable.map(({ texts }) => ({
    slopes: slopesOf(texts.own.filter((a) => a.asked === 0 || input.levels.includes(Math.abs(a.asked)))),
    contrast: contrastsOf(texts),
  }))
  const units = [...(parts[0]?.slopes.keys() ?? [])].filter((u) =>
    parts.every((m) => m.slopes.has(u) && m.contrast.has(u)),
  )
  if (units.length < 2) return undefined
  return gainEstimates(
    parts.map((m) => ({
      slopes: units.map((u) => m.slopes.get(u)!),
      contrast: units.map((u) => m.contrast.get(u)!),
    })),
    { seed: input.study.seed, draws: input.study.draws.bootstrap, signal: input.signal },
  )
}

function wordsOf(
  { tables, study }: TextInput,
  readable: TextInput['tables'],
  found: GainEstimates | undefined,
): string {
  const f = (x: number): string => x.toFixed(3)
  return tables
    .map(({ role, texts }) => {
      const i = readable.findIndex((t) => t.role === role)
      if (i < 0)
        return `What ${role} writes cannot be read: the classifier tells its texts under personas apart with AUC ${texts.classifier.auc === null ? 'unknown' : f(texts.classifier.auc)}, below ${study.thresholds.classifier_auc}.`
      if (found === undefined) return `Too few texts of ${role} have a score at two doses.`
      const g = found.raw[i]!
      return `In what ${role} writes a dose of 1 moves the classifier's score by ${f(g.value)} (95% ${f(g.ci[0])} to ${f(g.ci[1])}).`
    })
    .join(' ')
}
