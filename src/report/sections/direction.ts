/** Claim `direction`: where it is read, beyond what baselines, what is kept, and what it agrees with. */

import { type Measure, parsePair } from '../../study/results.ts'
import type { ReportData } from '../data.ts'
import { figure } from '../figure.ts'
import { aucByLayer, aucCurves } from '../figures/auc-by-layer.ts'
import { agreement, excess, retention, scores } from '../figures/excess.ts'
import { textProjections } from '../figures/projections.ts'
import { type Content, type Html, html } from '../html.ts'
import { headline, isPair, layerOf, primary, roles, threshold } from '../select.ts'
import { measured, table } from '../table.ts'
import { estimatorName, inSentence, roleName } from '../words.ts'
import { claimSection } from './claim.ts'
import { type MeasureRow, measureTable, sizeOf } from './measure-table.ts'
import { projectionTable } from './projection-table.ts'

export const direction = claimSection('direction', (data) => [
  figure(data, aucByLayer, {
    title: 'AUC by layer',
    caption: html`How well the projection tells the two poles apart on texts that the fit has not seen: 0.5 is chance, 1 is perfect. The shaded ribbon is the interval of the deciding estimator (solid line); the grey band reaches from the mean to the 95th percentile of permuted labels; dotted lines are baselines. The ring marks the layer that decides.`,
    numbers: layers(data),
  }),
  figure(data, excess, {
    title: 'AUC in excess of the baselines',
    caption: `Words identify camps, so that even random vectors tell them apart to some degree. What decides is the AUC above the larger of the random baselines, on the same folds (in AUC, with intervals). Left of zero, the baseline says more than the model.`,
  }),
  figures(data),
  headlineNumbers(data),
  figure(data, textProjections, {
    title: 'Labelled texts along the direction',
    caption: `Densities of the projections ⟨a, d⟩ of the texts by their pole: in the activations’ own units, and in class-gap units, in which the two class means of that model are one apart.`,
    numbers: projectionTable(data, 'texts'),
  }),
  estimators(data),
  figure(data, scores, {
    title: 'Correlation with the score',
    caption: `Within each pole, since over all groups the poles by themselves would make it.`,
  }),
])

/** What only a pair has: retention, transfer, likeness. */
function figures(data: ReportData): Content {
  if (!isPair(data)) return figure(data, agreement, AGREEMENT)
  return [
    figure(data, retention, {
      title: 'Retention, by pool',
      caption: html`The aligned model’s excess AUC as a share of the base model’s: 1 is all of it. <i>Retained</i> needs the whole interval right of ${threshold(data, 'retained', 0.5)}, <i>lost</i> the whole interval left of ${threshold(data, 'lost', 0.25)} in every pool. A pool is which tokens were read.`,
    }),
    transfer(data),
    losses(data),
    figure(data, agreement, AGREEMENT),
    angles(data),
  ]
}

const AGREEMENT = {
  title: 'Likeness of the directions',
  caption: `Two models of nearly the same weights make any two directions alike, so that a cosine is read against the one of permuted labels (dashed) and against the ceiling that two halves of the same data reach. CKA compares the whole layer.`,
}

/** AUC of every estimator at every layer, for those who want to read rather than see it. */
function layers(data: ReportData): Html | undefined {
  const curves = roles(data).flatMap((role) => aucCurves(data, role).map((line) => ({ role, line })))
  const all = [...new Set(curves.flatMap((c) => c.line.map((m) => m.layer!)))].sort((a, b) => a - b)
  return table(
    'Out-of-fold AUC by layer, with its interval where one was computed.',
    [
      { head: 'Layer', numeric: true, cell: (layer: number) => layer },
      ...curves.map(({ role, line }) => ({
        head: isPair(data)
          ? `${roleName(role)}, ${estimatorName(line[0]!.estimator)}`
          : estimatorName(line[0]!.estimator),
        numeric: true,
        cell: (layer: number) => {
          const m = line.find((x) => x.layer === layer)
          return m && measured(m)
        },
      })),
    ],
    all,
  )
}

const HEADLINES: readonly MeasureRow[] = [
  { name: 'auc' },
  { name: 'auc', folds: 'topic', label: 'AUC, topics held out as well' },
  { name: 'auc_group' },
  { name: 'cohens_d' },
  { name: 'accuracy' },
  { name: 'auc_random_folds' },
  { name: 'leak' },
]

function headlineNumbers(data: ReportData): Html | undefined {
  return measureTable(
    data,
    'direction',
    HEADLINES,
    'The direction at a glance. Scores are out of fold; where a layer is not named it was chosen inside the training folds.',
  )
}

function transfer(data: ReportData): Html | undefined {
  const found = primary(data, 'direction', { name: 'transfer_auc' }, ['fit', 'test'])
  const at = (fit: string, test: string) => found.find((m) => m.fit === fit && m.test === test)
  const names = (key: 'fit' | 'test') => roles(data).filter((r) => found.some((m) => m[key] === r))
  const layer = found[0] && layerOf(found[0])
  return table(
    html`Transfer: AUC of a direction fitted on one model and read in the other${layer === undefined ? '' : html`, at layer ${layer}`}. Where it carries over, both models hold the value in the same place.`,
    [
      { head: 'Fitted on', cell: (fit: string) => roleName(fit) },
      ...names('test').map((test) => ({
        head: `Tested on ${inSentence(roleName(test))}`,
        numeric: true,
        cell: (fit: string) => {
          const m = at(fit, test)
          return m && measured(m)
        },
      })),
    ],
    names('fit'),
  )
}

/** What it costs to read one model along the other's direction, against the margin set beforehand. */
function losses(data: ReportData): Html | undefined {
  return table(
    html`AUC lost by reading a model along the other model’s direction. Non-inferior: the whole interval below ${threshold(data, 'transfer_margin', 0.05)}.`,
    [
      { head: 'Tested on', cell: (m: Measure) => roleName(m.test) },
      { head: 'Direction of', cell: (m) => roleName(m.fit) },
      { head: 'AUC lost', numeric: true, cell: measured },
      { head: 'n / groups', numeric: true, cell: sizeOf },
      { head: 'Reading', long: true, cell: (m) => m.note },
    ],
    primary(data, 'direction', { name: 'transfer_loss' }, ['fit', 'test']),
  )
}

function angles(data: ReportData): Html | undefined {
  const m = headline(data, 'direction', { name: 'principal_angle' })
  return (
    m &&
    html`<p>Principal angle between the two models’ activations: ${measured(m)} degrees${m.note === undefined ? '' : html` (${m.note})`}. 0 is the same subspace, 90 none in common.</p>`
  )
}

/** The cosine matrix: one a model. */
function estimators(data: ReportData): Content {
  const found = primary(data, 'direction', { name: 'cosine_estimators' }, ['model', 'note', 'estimator'])
  if (found.length === 0) return undefined
  const tables = roles(data).map((role) => {
    const pairs = found
      .filter((m) => m.model === role)
      .flatMap((m) => {
        const pair = parsePair(m.note)
        return pair ? [{ pair, m }] : []
      })
    const names = [...new Set(pairs.flatMap((p) => p.pair))]
    const at = (a: string, b: string) =>
      pairs.find(({ pair }) => (pair[0] === a && pair[1] === b) || (pair[0] === b && pair[1] === a))?.m
    return table(
      isPair(data)
        ? `Cosines (angles) between the estimators of the ${inSentence(roleName(role))} model.`
        : 'Cosines (angles) between the estimators.',
      [
        { head: 'Estimator', cell: (a: string) => estimatorName(a) },
        ...names.map((b) => ({
          head: estimatorName(b),
          numeric: true,
          cell: (a: string) => {
            const m = at(a, b)
            return a === b ? '1' : m && html`${measured(m)} <span class="ci">(${angle(m.value)}°)</span>`
          },
        })),
      ],
      names,
    )
  })
  return html`<h3>Do the estimators agree?</h3>
<p>Recipes may point far apart and still separate the same texts: what holds for one direction need not hold for another.</p>
${tables}`
}

function angle(cos: number): string {
  return ((Math.acos(Math.min(1, Math.max(-1, cos))) * 180) / Math.PI).toFixed(0)
}
