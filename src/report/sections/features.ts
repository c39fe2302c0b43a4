/** Claim `features`: the dictionaries and whether they fit, what became of the features, and their cards. */

import { FEATURE_LABELS, type FeatureRecord, type FeaturesRecord } from '../../study/features-record.ts'
import type { ReportData } from '../data.ts'
import { count } from '../format.ts'
import { type Content, type Html, html } from '../html.ts'
import { bounds, chance, datum, folded, measured, table } from '../table.ts'
import { capital, roleName } from '../words.ts'
import { claimSection } from './claim.ts'
import { featureCard, LABEL_MEANINGS } from './feature-card.ts'

/** What a page can bear of the longest runs: features.json and the store have all. */
const MOST_ROWS = 200
const MOST_CARDS = 24

export const features = claimSection('features', ({ features: record }: ReportData) =>
  record === undefined ? undefined : [selfTests(record), labels(record), list(record), cards(record)],
)

function labels({ features }: FeaturesRecord): Html | undefined {
  const of = (set: FeatureRecord['set'], label: FeatureRecord['label']): number =>
    features.filter((f) => f.set === set && f.label === label).length
  return table(
    'What became of the features, from the held-out prompts. Controls are features without policy content that fire about as often in base.',
    [
      { head: 'Label', cell: (label: FeatureRecord['label']) => capital(label) },
      {
        head: 'Policy',
        numeric: true,
        cell: (label) => datum(of('policy', label), count(of('policy', label))),
      },
      {
        head: 'Controls',
        numeric: true,
        cell: (label) => datum(of('control', label), count(of('control', label))),
      },
      { head: 'Meaning', long: true, cell: (label) => LABEL_MEANINGS[label] },
    ],
    FEATURE_LABELS.filter((label) => of('policy', label) + of('control', label) > 0),
  )
}

function list({ features, dictionaries }: FeaturesRecord): Html | undefined {
  const policy = features.filter((f) => f.set === 'policy')
  const rate = (r: FeatureRecord['base']): Content =>
    html`${datum(r.value)} <span class="ci">(${bounds(r.ci)})</span>`
  const shown = table(
    'Policy features: share of held-out prompts in which each fires, with exact 95% intervals.',
    [
      {
        head: 'Feature',
        cell: (f: FeatureRecord) =>
          html`${f.feature}${dictionaries.length > 1 ? html` <span class="ci">${f.dictionary}</span>` : ''}`,
      },
      { head: 'Label', cell: (f) => f.label },
      { head: 'Base', numeric: true, cell: (f) => rate(f.base) },
      { head: 'Aligned', numeric: true, cell: (f) => rate(f.aligned) },
      { head: 'q', numeric: true, cell: (f) => chance(f.q) },
      {
        head: 'AUC',
        numeric: true,
        cell: (f) =>
          f.auc === null ? '' : measured({ value: f.auc, ...(f.auc_ci === null ? {} : { ci: f.auc_ci }) }),
      },
      { head: 'Cosine', numeric: true, cell: (f) => (f.cosine === null ? '' : datum(f.cosine)) },
    ],
    policy.slice(0, MOST_ROWS),
  )
  return shown && folded('All policy features', shown)
}

function cards({ features }: FeaturesRecord): Html[] {
  return features
    .flatMap((f) => (f.card === undefined ? [] : [{ f, card: f.card }]))
    .slice(0, MOST_CARDS)
    .map(({ f, card }, i) => featureCard(f, card, `feature-card-${i}`))
}

/** A dictionary on one model. */
type Tested = FeaturesRecord['dictionaries'][number] & {
  test: FeaturesRecord['dictionaries'][number]['tests'][number]
}

function selfTests({ dictionaries }: FeaturesRecord): Html | undefined {
  const rows = dictionaries.flatMap((d) => d.tests.map((test): Tested => ({ ...d, test })))
  const value = (d: Tested, key: keyof NonNullable<Tested['test']['intervals']>): Content => {
    const [value, ci] = [d.test[key], d.test.intervals?.[key]]
    return value === null ? 'not computed' : measured(ci === undefined ? { value } : { value, ci })
  }
  return table(
    'Self-tests: active latents per token (L0), fraction of variance unexplained (FVU), cross-entropy of the next token in nats as it is and with the dictionary spliced in.',
    [
      {
        head: 'Dictionary',
        long: true,
        cell: (d: Tested) => html`${d.ref} <span class="ci">${d.format}, ${d.site}</span>`,
      },
      { head: 'Model', cell: (d) => roleName(d.test.model) },
      { head: 'L0', numeric: true, cell: (d) => value(d, 'l0') },
      { head: 'FVU', numeric: true, cell: (d) => value(d, 'fvu') },
      { head: 'Cross-entropy', numeric: true, cell: (d) => value(d, 'cross_entropy') },
      { head: 'Spliced in', numeric: true, cell: (d) => value(d, 'cross_entropy_spliced') },
      {
        head: 'Never fired',
        numeric: true,
        cell: (d) =>
          html`${datum(d.test.silent, count(d.test.silent))} of ${datum(d.latents, count(d.latents))}, ${d.test.silent_are}`,
      },
      { head: 'Tokens', numeric: true, cell: (d) => datum(d.test.tokens, count(d.test.tokens)) },
    ],
    rows,
  )
}
