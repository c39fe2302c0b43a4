/**
 * Claim `features`: whether the features that carry the domain in base fall silent in aligned, more of them than
 * of others that fire as often. A function of the labels.
 */

import binomialCdf from '@stdlib/stats-base-dists-binomial-cdf'
import { LEVEL, methodOf } from '../stats/estimate.ts'
import { clopperPearson, fisherUpper } from '../stats/exact.ts'
import { type FeatureLabel, promptsForSilence } from '../stats/silence.ts'
import type { FeatureRecord, FeaturesRecord } from './features-record.ts'
import type { Power } from './power-words.ts'
import type { Claim, Gate, Measure } from './results.ts'
import type { Study } from './schema.ts'

/** Dormant features exceed the matched controls where Fisher's exact test has p below this. */
const SHOWN = 0.05
/** This share of the features must have an answer before "none is dormant" is one. */
const DECIDED = 0.5

export interface FeaturesInput {
  readonly study: Study
  readonly record: FeaturesRecord
  /** Gates of the self-tests, named by dictionary and model. */
  readonly gates: readonly Gate[]
}

/** Measures, status and words of the claim. */
export function claimFeatures({ study, record, gates }: FeaturesInput): Claim {
  const own = new Set(record.dictionaries.filter((d) => d.of === 'base').map((d) => d.ref))
  const of = record.features.filter((f) => own.has(f.dictionary))
  const policy = of.filter((f) => f.set === 'policy')
  const controls = of.filter((f) => f.set === 'control')
  const testable = record.dictionaries.some((d) => d.of === 'base' && d.testable)
  const found: Gate = {
    name: 'policy features found in base',
    passed: policy.length > 0,
    value: testable ? policy.length : null,
    threshold: 1,
  }
  const measures = [
    ...testMeasures(record, study),
    ...record.features.flatMap((f) => featureMeasures(f, study)),
  ]
  const base = { id: 'features' as const, gates: [...gates, found], measures }
  if (!testable)
    return {
      ...base,
      status: 'untestable',
      label: 'untestable',
      words:
        'No dictionary of base passes its self-test in both models, so that its features say nothing of them.',
    }
  if (policy.length === 0)
    return {
      ...base,
      status: 'untestable',
      label: 'untestable',
      words: `Of the ${sum(record, 'tested')} features that fire, none is shown to fire in more prompts of the domain than in their matched controls, so that there is none to follow.`,
    }
  const silent = count(policy, 'dormant')
  const others = count(controls, 'dormant')
  const p = fisherUpper(silent, policy.length, others, controls.length)
  measures.push(
    share('dormant_share', policy, silent, study, {
      p,
      method: `Clopper-Pearson; Fisher's exact test against ${controls.length} matched controls, one-sided`,
    }),
    ...(controls.length === 0 ? [] : [share('dormant_share_controls', controls, others, study, {})]),
  )
  const content = record.dictionaries.reduce((n, d) => (d.of === 'base' ? n + d.with_content : n), 0)
  const read = answer(policy, content, controls, silent, others, p)
  if (read.status !== 'underpowered') return { ...base, ...read }
  const power = silent > 0 ? powerBesideControls(policy, controls, others) : powerOfSilence(policy, study)
  measures.push(...power.measures)
  return { ...base, ...read, words: `${read.words} ${power.words}` }
}

/** How many policy features would have had to fall silent, and how likely that is if half of them do. */
function powerBesideControls(
  policy: readonly FeatureRecord[],
  controls: readonly FeatureRecord[],
  others: number,
): Power {
  const n = policy.length
  const enough = Array.from({ length: n }, (_, i) => i + 1).find(
    (k) => fisherUpper(k, n, others, controls.length) < SHOWN,
  )
  const chance = enough === undefined ? 0 : 1 - binomialCdf(enough - 1, n, 0.5)
  const beside = `beside ${controls.length} controls, ${others} of them dormant`
  return {
    measures: [
      {
        name: 'power_beyond_controls',
        model: 'aligned',
        value: chance,
        n,
        note: `chance of more dormant ones than among controls at ${n} policy features, if half of them fall silent`,
      },
    ],
    words:
      enough === undefined
        ? `${n} policy features, ${beside}, could not have shown it, however many fall silent.`
        : `Of ${n} policy features, ${beside}, ${enough} dormant ones would show it; the chance of that is ${Math.round(100 * chance)}% if half of them fall silent.`,
  }
}

/** Of how many policy features silence could have been shown, and how many prompts the others need. */
function powerOfSilence(policy: readonly FeatureRecord[], study: Study): Power {
  const rare = policy.filter((f) => f.label === 'underpowered')
  const prompts = policy[0]!.n
  const could = policy.length - rare.length
  const { feature_q: q, feature_silent: share } = study.thresholds
  const needs = rare
    .map((f) => promptsForSilence(f.base.fired, f.n, { q, share }) ?? Number.POSITIVE_INFINITY)
    .sort((a, b) => a - b)
  const needed = needs[(needs.length - 1) >> 1]
  return {
    measures: [
      {
        name: 'power_dormant',
        model: 'aligned',
        value: could / policy.length,
        n: prompts,
        note: `share of the policy features whose silence could have been shown at ${prompts} prompts`,
      },
      ...(needed === undefined || needed === Number.POSITIVE_INFINITY
        ? []
        : [
            {
              name: 'prompts_needed',
              model: 'aligned',
              value: needed,
              n: prompts,
              note: 'prompts at which the silence of half of the others could be shown, at least',
            },
          ]),
    ],
    words: `At ${prompts} prompts the silence of ${could} of the ${policy.length} could have been shown.${
      needed === undefined
        ? ''
        : needed === Number.POSITIVE_INFINITY
          ? ' Half of the others fire in none of them.'
          : ` Half of the others need ${needed} prompts at least.`
    }`,
  }
}

function answer(
  policy: readonly FeatureRecord[],
  content: number,
  controls: readonly FeatureRecord[],
  silent: number,
  others: number,
  p: number,
): Pick<Claim, 'status' | 'label' | 'words'> {
  const counts = (['dormant', 'shifted', 'attenuated', 'active', 'amplified', 'new'] as const).map(
    (label) => [label, count(policy, label)] as const,
  )
  const open = policy.length - counts.reduce((n, [, k]) => n + k, 0)
  const words = [
    `${content} features of base fire in more prompts of the domain than in matched controls${policy.length < content ? `; the ${policy.length} of them that tell the poles apart best are followed` : ''}. In aligned ${list(counts)}${open > 0 ? `; of ${open} nothing can be said at this number of prompts` : ''}.`,
    `Of ${controls.length} features matched on their rate in base, ${others} ${others === 1 ? 'is' : 'are'} dormant.`,
  ]
  if (silent > 0 && p < SHOWN)
    return {
      status: 'supported',
      label: 'dormant',
      words: [...words, 'Policy features fall silent more often than others that fire as often.'].join(' '),
    }
  if (silent > 0)
    return {
      status: 'underpowered',
      label: 'not beyond controls',
      words: [
        ...words,
        'Some fall silent, but it is not shown that they do so more often than others that fire as often.',
      ].join(' '),
    }
  if (policy.length - open >= DECIDED * policy.length)
    return {
      status: 'contradicted',
      label: counts.reduce((a, b) => (b[1] > a[1] ? b : a))[0],
      words: [...words, 'No policy feature falls silent.'].join(' '),
    }
  return {
    status: 'underpowered',
    label: 'underpowered',
    words: [...words, 'Too few have an answer.'].join(' '),
  }
}

function list(counts: readonly (readonly [FeatureLabel, number])[]): string {
  const some = counts.filter(([, k]) => k > 0).map(([label, k]) => `${k} ${k === 1 ? 'is' : 'are'} ${label}`)
  return some.length === 0 ? 'none has an answer' : some.join(', ')
}

function count(features: readonly FeatureRecord[], label: FeatureLabel): number {
  return features.filter((f) => f.label === label).length
}

function sum(record: FeaturesRecord, key: 'tested'): number {
  return record.dictionaries.reduce((n, d) => n + d[key], 0)
}

function share(
  name: string,
  of: readonly FeatureRecord[],
  k: number,
  study: Study,
  rest: Partial<Measure>,
): Measure {
  return {
    name,
    model: 'aligned',
    rendering: study.render[0]!,
    value: k / of.length,
    ci: clopperPearson(k, of.length),
    level: LEVEL,
    method: 'Clopper-Pearson',
    n: of.length,
    note: 'features are not independent of each other: the interval is a guide',
    ...rest,
  }
}

/** What the self-tests measured. */
function testMeasures(record: FeaturesRecord, { seed }: Study): Measure[] {
  return record.dictionaries.flatMap((d) =>
    d.tests.flatMap((t) => {
      const rest = { model: t.model, site: d.site, n: t.tokens, note: `dictionary ${d.ref}` }
      const value = (name: string, v: number | null): Measure[] =>
        v === null ? [] : [{ name, ...rest, value: v }]
      const estimated = (['l0', 'fvu', 'cross_entropy', 'cross_entropy_spliced'] as const).flatMap((key) => {
        const ci = t.intervals?.[key]
        const of = ci && {
          ci,
          level: LEVEL,
          method: methodOf('bootstrap over texts', t.texts!),
          groups: t.texts!,
          seed,
        }
        return value(`dictionary_${key}`, t[key]).map((m) => ({ ...m, ...of }))
      })
      return [
        ...estimated,
        ...value(t.silent_are === 'dead' ? 'dictionary_dead' : 'dictionary_not_seen', t.silent),
      ]
    }),
  )
}

/** Rates of a policy feature in both models; those of controls are in features.json and the store. */
function featureMeasures(f: FeatureRecord, study: Study): Measure[] {
  if (f.set !== 'policy') return []
  const rest = {
    name: 'firing_rate',
    site: f.site,
    rendering: study.render[0]!,
    level: LEVEL,
    n: f.n,
    groups: f.issues,
    note: `feature ${f.feature} of ${f.dictionary}: ${f.label}`,
  }
  return [
    { ...rest, model: 'base', value: f.base.value, ci: f.base.ci, method: 'Clopper-Pearson' },
    {
      ...rest,
      model: 'aligned',
      value: f.aligned.value,
      ci: f.aligned.ci,
      method: 'Clopper-Pearson; exact McNemar against base',
      p: f.p,
      q: f.q,
      family: `features of ${f.dictionary}`,
    },
  ]
}
