/** The numbers of claim `direction` as measures: names, places, intervals, nulls. */

import type { ModelDirection } from '../stats/direction.ts'
import { correlation, correlationInterval } from '../stats/effect.ts'
import { type Estimate, LEVEL } from '../stats/estimate.ts'
import type { ExcessResult } from '../stats/excess.ts'
import { benjaminiHochberg } from '../stats/fdr.ts'
import type { Labels } from '../stats/groups.ts'
import { ESTIMATORS } from '../stats/oof.ts'
import type { Measure } from './results.ts'

const FAMILY = 'layers x estimators'

export type Common = Pick<Measure, 'rendering' | 'pool' | 'folds' | 'estimator' | 'site'>

/** An estimate without the interval that no draw could give, as of a single issue. */
function withoutGap(e: Estimate): Estimate {
  if (e.ci === undefined || e.ci.every(Number.isFinite)) return e
  const { ci, level, method, ...rest } = e
  return rest
}

/** An estimate as a measure. */
export function measure(name: string, of: Estimate, rest: Partial<Measure>): Measure {
  const e = withoutGap(of)
  return {
    name,
    ...rest,
    value: e.value,
    ...(e.ci === undefined ? {} : { ci: [...e.ci] as [number, number], level: e.level }),
    ...(e.method === undefined ? {} : { method: e.method }),
    n: e.n,
    ...(e.groups === undefined ? {} : { groups: e.groups }),
    ...(e.null === undefined ? {} : { null: e.null }),
    ...(e.p === undefined ? {} : { p: e.p }),
    ...(e.seed === undefined ? {} : { seed: e.seed }),
  } as Measure
}

/**
 * An estimate with a test of its own beside the interval.
 *
 * @param test how p and null were made
 * @example tested({ value: 0.9, method: 'jackknife over groups', n: 60 }, 'permuted labels').method
 */
export function tested(of: Estimate, test: string): Estimate {
  const e = withoutGap(of)
  return { ...e, method: e.method === undefined ? test : `${e.method}; p: ${test}` }
}

/** AUC, d and accuracy of every layer and estimator. */
export function layerMeasures(
  out: Measure[],
  m: ModelDirection,
  role: string,
  layers: readonly number[],
  common: Common,
): void {
  for (const result of m.layers) {
    const layer = layers[result.layer]!
    const place = { model: role, site: `blocks.${layer}.hook_resid_post`, layer, ...common }
    for (const estimator of ESTIMATORS) {
      const e = result.auc[estimator]
      if (e === undefined) continue
      const rest = { ...place, estimator }
      out.push(measure('auc', e, { ...rest, ...(e.p === undefined ? {} : { family: `${FAMILY}, ${role}` }) }))
      out.push(measure('auc_delong', result.aucDelong[estimator]!, rest))
      out.push(measure('cohens_d', result.cohensD[estimator]!, rest))
    }
    out.push(measure('accuracy', result.accuracy, { ...place, estimator: 'logistic' }))
  }
}

/** The primary cell, the leak, and correlations with scores within poles. */
export function primaryMeasures(
  out: Measure[],
  m: ModelDirection,
  role: string,
  site: string,
  common: Common,
  labels: Labels,
  scores: Float64Array | undefined,
): void {
  const rest = { model: role, ...common, estimator: 'logistic' }
  const inside = { ...rest, note: 'the layer is chosen inside the training folds' }
  out.push(measure('auc', m.primaryAuc, inside))
  out.push(measure('cohens_d', m.primaryD, inside))
  if (m.groupAuc !== undefined)
    out.push(measure('auc_group', m.groupAuc, { ...rest, note: 'mean score of each group' }))
  out.push(measure('auc_random_folds', m.randomFoldsAuc, { ...rest, site, folds: 'random' }))
  out.push(measure('leak', m.leak, { ...rest, site, note: 'random folds minus group folds' }))
  if (scores === undefined || labels.groups.kind !== 'nested') return
  for (const pole of [0, 1] as const) {
    const groups = new Map<number, { z: number; n: number; score: number }>()
    labels.groups.of.forEach((g, i) => {
      if (labels.poles[i] !== pole) return
      const e = groups.get(g) ?? { z: 0, n: 0, score: scores[i]! }
      e.z += m.primary[i]!
      e.n++
      groups.set(g, e)
    })
    const list = [...groups.values()]
    const r = correlation(
      list.map((e) => e.z / e.n),
      list.map((e) => e.score),
    )
    if (list.length > 3 && Number.isFinite(r))
      out.push({
        name: 'score_correlation',
        ...rest,
        value: r,
        ci: correlationInterval(r, list.length),
        level: LEVEL,
        method: "Fisher's z over groups",
        n: list.reduce((s, e) => s + e.n, 0),
        groups: list.length,
        note: `within pole ${pole === 0 ? 'A' : 'B'}`,
      })
  }
}

const BASELINE_NAMES = {
  randomEmbeddings: 'random-embeddings',
  randomModel: 'random-model',
  embeddingLayer: 'embedding-layer',
  tfidf: 'tf-idf',
} as const

export function excessMeasures(
  out: Measure[],
  excess: ExcessResult,
  roles: readonly string[],
  site: string,
  common: Common,
): void {
  excess.of.forEach((e, i) => {
    for (const [key, name] of Object.entries(BASELINE_NAMES)) {
      const estimate = e.baselines[key as keyof typeof BASELINE_NAMES]
      const own = key === 'embeddingLayer'
      if (estimate !== undefined && (i === 0 || own))
        out.push(
          measure('baseline_auc', estimate, {
            model: name,
            ...common,
            ...(own ? { note: `of ${roles[i]}` } : {}),
          }),
        )
    }
    const rest = { model: roles[i]!, site, ...common }
    out.push(
      measure('excess_auc', e.overRandom, {
        ...rest,
        note: 'over the larger of the two random baselines: decides',
      }),
    )
    if (e.overEmbeddings !== undefined) out.push(measure('excess_over_embeddings', e.overEmbeddings, rest))
    if (e.overWords !== undefined) out.push(measure('excess_over_words', e.overWords, rest))
    const kept = excess.retention[i]
    if (i > 0 && kept !== undefined)
      out.push(
        measure('retention', kept, { ...rest, note: `excess of ${roles[i]} over excess of ${roles[0]}` }),
      )
  })
}

/** q-values within each family. */
export function addQ(measures: Measure[]): void {
  const families = new Map<string, Measure[]>()
  for (const m of measures)
    if (m.family !== undefined && m.p !== undefined)
      families.set(m.family, [...(families.get(m.family) ?? []), m])
  for (const members of families.values()) {
    const q = benjaminiHochberg(members.map((m) => m.p!))
    for (const [i, m] of members.entries()) m.q = q[i]!
  }
}
