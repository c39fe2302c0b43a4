/** What the model adds: excess AUC over random baselines, its own embeddings and the words; and what is kept. */

import type { ReportData } from '../data.ts'
import { clip } from '../format.ts'
import { headline, primary, roles, threshold } from '../select.ts'
import { inSentence, poolName, roleName } from '../words.ts'
import { type ForestRow, forest, forestWords } from './forest.ts'
import { compose, type Width } from './svg.ts'
import { modelColour } from './theme.ts'

/** A model's name, short enough for what follows it to be read. */
const who = (role: string | undefined): string => clip(roleName(role), 14)

const OVER: readonly [name: string, words: string][] = [
  ['excess_auc', 'over random baselines'],
  ['excess_over_embeddings', 'over own embeddings'],
  ['excess_over_words', 'over the words'],
]

/**
 * Excess AUC of each model over what random weights, its own embedding layer and the words give.
 *
 * @returns the SVG, or undefined where no excess was measured
 * @example const svg = excess(data, WIDE)
 */
export function excess(data: ReportData, width: Width): string | undefined {
  const rows: ForestRow[] = []
  for (const [name, words] of OVER)
    for (const role of roles(data)) {
      const measure = headline(data, 'direction', { name, model: role })
      const label = roles(data).length > 1 ? `${who(role)}, ${words}` : `Excess ${words}`
      if (measure) rows.push({ label, measure, colour: modelColour(role) })
    }
  rows.push(...onNewTopics(data))
  if (rows.length === 0) return undefined
  const bar = threshold(data, 'excess_auc', 0.02)
  return compose(
    {
      id: 'excess',
      title: 'AUC in excess of the baselines',
      description: `${forestWords(rows)} The direction counts from a lower bound of ${bar} over the random baselines.`,
      width,
      columns: 1,
    },
    [
      forest(rows, {
        width,
        label: 'excess AUC',
        rules: [{ x: bar, label: `must exceed ${bar}` }],
        reach: [0],
      }),
    ],
  )
}

/** The second evaluation, where texts have topics: then words carry little, and what transfers is the value. */
function onNewTopics(data: ReportData): ForestRow[] {
  return (['excess_auc', 'excess_over_words'] as const).flatMap((name) =>
    roles(data).flatMap((role) => {
      const measure = headline(data, 'direction', { name, model: role, folds: 'topic' })
      if (measure === undefined) return []
      const over = name === 'excess_auc' ? 'random' : 'words'
      return [{ label: `${who(role)}, over ${over}, new topics`, measure, colour: modelColour(role) }]
    }),
  )
}

/**
 * The share of base's excess that the aligned model keeps, in every pool, between the bars of lost and retained.
 *
 * @returns the SVG, or undefined where retention was not measured
 * @example const svg = retention(data, NARROW)
 */
export function retention(data: ReportData, width: Width): string | undefined {
  const found = primary(data, 'direction', { name: 'retention' }, ['pool', 'model'])
  const several = new Set(found.map((m) => m.model)).size > 1
  const rows: ForestRow[] = found.map((measure) => ({
    label: `${several ? `${who(measure.model)}, ` : ''}${poolName(measure.pool ?? '')}`,
    measure,
  }))
  if (rows.length === 0) return undefined
  const lost = threshold(data, 'lost', 0.25)
  const kept = threshold(data, 'retained', 0.5)
  return compose(
    {
      id: 'retention',
      title: 'Retention of the direction, by pool',
      description: `Excess AUC of the aligned model over that of the base model. ${forestWords(rows)} Retained: lower bound above ${kept}. Lost: upper bound below ${lost}.`,
      width,
      columns: 1,
    },
    [
      forest(rows, {
        width,
        label: 'excess AUC, aligned / base',
        rules: [
          { x: lost, label: 'lost' },
          { x: kept, label: 'retained' },
        ],
        reach: [0, 1],
      }),
    ],
  )
}

/**
 * How alike the directions of the two models are: cosine against its null and ceiling, CKA.
 *
 * @returns the SVG, or undefined where no likeness was measured
 * @example const svg = agreement(data, WIDE)
 */
export function agreement(data: ReportData, width: Width): string | undefined {
  const rows: ForestRow[] = []
  const cosine = headline(data, 'direction', { name: 'cosine_base_aligned' })
  if (cosine) rows.push({ label: 'cosine of base and aligned', measure: cosine })
  for (const role of roles(data)) {
    const measure = headline(data, 'direction', { name: 'split_half_cosine', model: role })
    if (measure)
      rows.push({
        label: `split halves, ${inSentence(who(role))}`,
        measure,
        colour: modelColour(role),
      })
  }
  const across = headline(data, 'direction', { name: 'split_half_across' })
  if (across) rows.push({ label: 'split halves, base to aligned', measure: across })
  const cka = headline(data, 'direction', { name: 'cka' })
  if (cka) rows.push({ label: 'linear CKA of the layer', measure: cka })
  if (rows.length === 0) return undefined
  const permuted = cosine?.null?.q95
  return compose(
    {
      id: 'agreement',
      title: 'Likeness of the directions',
      description: `${forestWords(rows)}${permuted === undefined ? '' : ` Directions of permuted labels reach ${permuted} in 95% of draws.`}`,
      width,
      columns: 1,
    },
    [
      forest(rows, {
        width,
        label: 'cosine, or CKA',
        rules: permuted === undefined ? [] : [{ x: permuted, label: 'permuted, 95%' }],
        reach: [1],
      }),
    ],
  )
}

/**
 * Correlation of the projection with an outside score within each pole (over all members the poles
 * themselves would make it).
 *
 * @returns the SVG, or undefined where there was no score
 * @example const svg = scores(data, WIDE)
 */
export function scores(data: ReportData, width: Width): string | undefined {
  const rows: ForestRow[] = roles(data).flatMap((role) =>
    primary(data, 'direction', { name: 'score_correlation', model: role }, ['note']).map((measure) => ({
      label: `${who(role)}, ${measure.note ?? 'all'}`,
      measure,
      colour: modelColour(role),
    })),
  )
  if (rows.length === 0) return undefined
  return compose(
    { id: 'scores', title: 'Correlation with the score', description: forestWords(rows), width, columns: 1 },
    [forest(rows, { width, label: 'correlation', rules: [{ x: 0, label: 'none' }] })],
  )
}
