/**
 * Which features of a dictionary carry the domain: chosen in the model that it was trained on, on half of the
 * issues and half of the groups; what they do is measured on the other halves.
 */

import { pacer } from '../core/pace.ts'
import { stream } from '../core/random.ts'
import { auc } from '../stats/auc.ts'
import { mcnemarUpper } from '../stats/exact.ts'
import { benjaminiHochberg } from '../stats/fdr.ts'
import { groupFolds } from '../stats/folds.ts'
import { type Labels, number } from '../stats/groups.ts'
import { activationsOf, type Firing, textsFired } from './firing.ts'

/** Matched controls fire at most this many times as often, or as rarely, on the training prompts. */
const RATE_FACTOR = 1.5

/** Rows that choose, and rows that are measured. */
export interface Halves {
  readonly training: readonly number[]
  readonly heldOut: readonly number[]
}

/** Half of the issues, with all of their prompts, to each side. */
export function splitIssues(issues: readonly string[], seed: number): Halves {
  const { count, of } = number(issues)
  const order = stream(seed, 'features/issues').shuffle(Array.from({ length: count }, (_, i) => i))
  const trains = new Set(order.slice(0, count >> 1))
  const rows = [...of.keys()]
  return {
    training: rows.filter((i) => trains.has(of[i]!)),
    heldOut: rows.filter((i) => !trains.has(of[i]!)),
  }
}

/** Half of the groups of labelled texts to each side, poles balanced. */
export function splitGroups(labels: Labels, seed: number): Halves {
  const folds = groupFolds(labels.groups, labels.poles, seed, 0, 2)
  const rows = [...folds.keys()]
  return { training: rows.filter((i) => folds[i] === 0), heldOut: rows.filter((i) => folds[i] === 1) }
}

export interface SelectionInput {
  /** Firing in the dictionary's own model. */
  readonly prompts: Firing
  readonly controls: Firing
  readonly texts: Firing
  readonly poles: ArrayLike<number>
  readonly promptHalves: Halves
  readonly textHalves: Halves
  readonly q: number
  readonly most: number
  readonly matched: number
  readonly signal?: AbortSignal | undefined
}

/** A feature that is followed. */
export interface Selected {
  readonly feature: number
  /** Training prompts in which it fires, and their matched controls in which it does. */
  readonly prompts: number
  readonly controls: number
  /** Exact one-sided McNemar of prompts against controls, and q over all features that fire. */
  readonly p: number
  readonly q: number
  /** AUC between the poles of the training texts, of its largest activation. */
  readonly auc: number
}

export interface Selection {
  readonly policy: readonly Selected[]
  /** Features without policy content, and the policy feature whose rate each matches. */
  readonly controls: readonly (Selected & { readonly matches: number })[]
  /** Features tested, and how many have policy content. */
  readonly tested: number
  readonly withContent: number
}

/**
 * Selects: policy content is shown where a feature fires in more prompts of the domain than in their matched
 * controls; of those the ones that tell the poles apart best are followed.
 */
export async function selectFeatures(input: SelectionInput): Promise<Selection> {
  const { training } = input.promptHalves
  const tested = contents(input.prompts, input.controls, training)
  const withContent = tested.filter((f) => f.q < input.q)
  const pace = pacer(input.signal)
  const scored: Selected[] = []
  for (const f of withContent) {
    await pace()
    scored.push({ ...f, auc: aucOf(input.texts, f.feature, input.poles, input.textHalves.training) })
  }
  scored.sort((a, b) => Math.abs(b.auc - 0.5) - Math.abs(a.auc - 0.5) || a.q - b.q || a.feature - b.feature)
  const policy = scored.slice(0, input.most)
  const pool = tested.filter((f) => f.p >= 0.5)
  const controls = matchRates(policy, pool, training.length, input.matched).map((c) => ({
    ...c,
    auc: aucOf(input.texts, c.feature, input.poles, input.textHalves.training),
  }))
  return { policy, controls, tested: tested.length, withContent: withContent.length }
}

/** AUC between poles of a feature's largest activation over some texts; 0.5 where a pole is missing. */
function aucOf(texts: Firing, feature: number, poles: ArrayLike<number>, rows: readonly number[]): number {
  const all = activationsOf(texts, feature)
  const value = auc(
    rows.map((r) => all[r]!),
    rows.map((r) => poles[r]!),
  )
  return Number.isFinite(value) ? value : 0.5
}

/** Policy content of every feature that fires in some prompt or control. */
function contents(prompts: Firing, controls: Firing, rows: readonly number[]): Omit<Selected, 'auc'>[] {
  const fired = textsFired(prompts, rows)
  const inControls = textsFired(controls, rows)
  const both = new Map<number, number>()
  for (const r of rows) {
    const there = new Set(controls[r]!.features)
    for (const f of prompts[r]!.features) if (there.has(f)) both.set(f, (both.get(f) ?? 0) + 1)
  }
  const features = [...new Set([...fired.keys(), ...inControls.keys()])].sort((a, b) => a - b)
  const p = features.map((f) => {
    const shared = both.get(f) ?? 0
    return mcnemarUpper((fired.get(f) ?? 0) - shared, (inControls.get(f) ?? 0) - shared)
  })
  const q = benjaminiHochberg(p)
  return features.map((feature, i) => ({
    feature,
    prompts: fired.get(feature) ?? 0,
    controls: inControls.get(feature) ?? 0,
    p: p[i]!,
    q: q[i]!,
  }))
}

/** A feature and the number of prompts in which it fires. */
export type Rated = Pick<Selected, 'feature' | 'prompts'>

/**
 * For each feature in turn the nearest ones by rate that are not taken yet.
 *
 * @param n prompts in all
 * @param each most for one feature
 */
export function matchRates<T extends Rated>(
  policy: readonly Rated[],
  pool: readonly T[],
  n: number,
  each: number,
): (T & { matches: number })[] {
  const rate = (k: number): number => Math.log((k + 0.5) / (n + 1))
  const free = new Set(pool)
  const out: (T & { matches: number })[] = []
  for (const f of policy) {
    const distance = (c: Rated): number => Math.abs(rate(c.prompts) - rate(f.prompts))
    const near = [...free]
      .filter((c) => distance(c) <= Math.log(RATE_FACTOR))
      .sort((a, b) => distance(a) - distance(b) || a.feature - b.feature)
      .slice(0, each)
    for (const c of near) {
      free.delete(c)
      out.push({ ...c, matches: f.feature })
    }
  }
  return out
}
