/**
 * Which of a study's numbers a table or figure shows. Everything is in the full table; figures show the
 * primary cell (raw rendering, mean pool, grouped folds, base axis, logistic) or, without it, what there is.
 */

import { CLAIMS, type Claim, type ClaimId, type Measure, type Series } from '../study/results.ts'
import type { ReportData } from './data.ts'

/** What is preferred where a measure was taken in several ways, first the most preferred. */
const PREFERRED: { [K in keyof Measure]?: readonly Measure[K][] } = {
  rendering: ['raw', 'chat'],
  folds: ['group', 'topic', 'given', 'random'],
  axis: ['base', 'pooled', 'aligned'],
  estimator: ['logistic', 'mean-difference', 'lda', 'matched-pc1'],
  pool: ['mean', 'last_content', 'last_template'],
}

type Key = keyof typeof PREFERRED | 'name' | 'model' | 'fit' | 'test' | 'layer'
type Where = { [K in Key]?: Measure[K] }

/** The claim with this id, or a record that says that it was not tested. */
export function claim(data: ReportData, id: ClaimId): Claim {
  return (
    data.results.claims.find((c) => c.id === id) ?? {
      id,
      status: 'not tested',
      words: '',
      gates: [],
      measures: [],
    }
  )
}

/** All seven claims in the report's order, those that were not run included. */
export function claims(data: ReportData): Claim[] {
  return CLAIMS.map((id) => claim(data, id))
}

/** All measures of a claim for which every given key holds. */
export function measures(data: ReportData, id: ClaimId, where: Where): Measure[] {
  return claim(data, id).measures.filter((m) => matches(m, where))
}

/**
 * The measures that a figure shows: those for which every given key holds, thinned to one way of measuring.
 * Keys in `vary` are left alone, because they are what the figure compares.
 *
 * @example primary(data, 'direction', { name: 'auc', model: 'base' }, ['layer'])
 */
export function primary(
  data: ReportData,
  id: ClaimId,
  where: Where,
  vary: readonly (keyof Measure)[] = [],
): Measure[] {
  let found = measures(data, id, where)
  for (const [key, order] of Object.entries(PREFERRED) as [keyof Measure, readonly unknown[]][]) {
    if (vary.includes(key)) continue
    const best = order.find((value) => found.some((m) => m[key] === value))
    if (best !== undefined) found = found.filter((m) => m[key] === best)
  }
  return found
}

/** The one number of the primary cell; where several layers remain, the first. */
export function headline(data: ReportData, id: ClaimId, where: Where): Measure | undefined {
  const found = primary(data, id, where)
  // A number without a layer was chosen inside the folds, which is what decides.
  return found.find((m) => m.layer === undefined) ?? found[0]
}

/** The series of a claim with this name, base axis and raw rendering first. */
export function series(data: ReportData, id: ClaimId, name: string): Series | undefined {
  const found = (claim(data, id).series ?? []).filter((s) => s.name === name)
  return (
    found.find((s) => (s.axis ?? 'base') === 'base' && (s.rendering ?? 'raw') === 'raw') ??
    found.find((s) => (s.axis ?? 'base') === 'base') ??
    found[0]
  )
}

/**
 * The block that a measure was taken at: its own, or the one that its site names.
 *
 * @example layerOf({ site: 'blocks.24.hook_resid_post' }) // 24
 */
export function layerOf(m: Pick<Measure, 'layer' | 'site'>): number | undefined {
  const named = /^blocks\.(\d+)\./.exec(m.site ?? '')?.[1]
  return m.layer ?? (named === undefined ? undefined : Number(named))
}

/** The model that a baseline belongs to, or undefined where it serves all of them. */
export function ownerOf(m: Measure): string | undefined {
  return m.test ?? m.fit ?? /^of (.+)$/.exec(m.note ?? '')?.[1]
}

/** A threshold of this run; the default where the run does not print one. */
export function threshold(data: ReportData, key: string, byDefault: number): number {
  const value = Number(data.results.thresholds[key] ?? byDefault)
  return Number.isFinite(value) ? value : byDefault
}

/** The roles of the study's models, base before aligned before the rest. */
export function roles(data: ReportData): string[] {
  const known = ['subject', 'base', 'aligned']
  const all = data.results.models.map((m) => m.role)
  return [...known.filter((r) => all.includes(r)), ...all.filter((r) => !known.includes(r))]
}

/** Whether the study compares two models or more. */
export function isPair(data: ReportData): boolean {
  return roles(data).length > 1
}

function matches(m: Measure, where: Where): boolean {
  return (Object.keys(where) as Key[]).every((key) => where[key] === undefined || m[key] === where[key])
}
