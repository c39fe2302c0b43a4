/**
 * Folds for cross-validation. Whole groups go to a fold, so that a classifier is never tested on an author it
 * has seen; folds are balanced in poles and sizes, because unbalanced ones cost AUC.
 */

import { refuse } from '../core/errors.ts'
import { stream } from '../core/random.ts'
import type { Grouping } from './groups.ts'

/** Fold of each item. */
export type Folds = Int32Array

/** Folds of a cross-validation, where nothing else is said. */
export const FOLDS = 5

/**
 * Stratified group k-fold: groups in random order, the most one-sided first, each to the fold where it leaves
 * the poles' counts most even (the criterion of scikit-learn's StratifiedGroupKFold).
 *
 * @param rows only these items are dealt out (a training set's inner folds); default all
 * @returns the fold of each item; -1 for items that are not in `rows`
 * @example const folds = groupFolds(groups, poles, seed, 0) // repetition 0
 */
export function groupFolds(
  groups: Grouping,
  poles: ArrayLike<number>,
  seed: number,
  repeat: number,
  k = FOLDS,
  rows: ArrayLike<number> = Int32Array.from(groups.of.keys()),
): Folds {
  const counts = Array.from({ length: groups.count }, () => [0, 0] as [number, number])
  for (let r = 0; r < rows.length; r++) counts[groups.of[rows[r]!]!]![poles[rows[r]!]! as 0 | 1]++
  const total = [0, 1].map((p) => counts.reduce((s, c) => s + c[p]!, 0)) as [number, number]
  const sequence = stream(seed, 'folds/group', repeat)
    .shuffle(Array.from({ length: groups.count }, (_, g) => g))
    .filter((g) => counts[g]![0] + counts[g]![1] > 0)
  const spread = (c: readonly number[]): number => Math.abs(c[0]! - c[1]!)
  sequence.sort(
    (a, b) =>
      spread(counts[b]!) - spread(counts[a]!) ||
      counts[b]![0] + counts[b]![1] - counts[a]![0] - counts[a]![1],
  )
  const held = Array.from({ length: k }, () => [0, 0] as [number, number])
  const foldOf = new Int32Array(groups.count).fill(-1)
  for (const g of sequence) {
    let best = 0
    let bestCost = Number.POSITIVE_INFINITY
    for (let f = 0; f < k; f++) {
      const cost = unevenness(held, total, f, counts[g]!)
      if (cost < bestCost - 1e-12) {
        bestCost = cost
        best = f
      }
    }
    foldOf[g] = best
    held[best]![0] += counts[g]![0]
    held[best]![1] += counts[g]![1]
  }
  const folds = new Int32Array(groups.of.length).fill(-1)
  for (let r = 0; r < rows.length; r++) folds[rows[r]!] = foldOf[groups.of[rows[r]!]!]!
  return folds
}

/** Standard deviation over folds of each pole's share, were `added` put into fold f; size breaks ties. */
function unevenness(
  held: readonly (readonly [number, number])[],
  total: readonly [number, number],
  f: number,
  added: readonly [number, number],
): number {
  let cost = 0
  for (const pole of [0, 1] as const) {
    let sum = 0
    let squares = 0
    held.forEach((h, i) => {
      const share = (h[pole] + (i === f ? added[pole] : 0)) / total[pole]
      sum += share
      squares += share * share
    })
    cost += Math.sqrt(Math.max(0, squares / held.length - (sum / held.length) ** 2)) / 2
  }
  return cost + 1e-9 * (held[f]![0] + held[f]![1])
}

/** Random folds that ignore groups: what they gain over group folds is the leak. */
export function randomFolds(n: number, seed: number, repeat: number, k = FOLDS): Folds {
  const sequence = stream(seed, 'folds/random', repeat).shuffle(Array.from({ length: n }, (_, i) => i))
  const folds = new Int32Array(n)
  sequence.forEach((item, at) => {
    folds[item] = at % k
  })
  return folds
}

/**
 * Checks folds that were given: every fold must have both poles inside and outside, and no group may be in two.
 *
 * @throws PalimpsestError `folds-unusable`
 */
export function checkFolds(folds: Folds, poles: ArrayLike<number>, groups: Grouping): number {
  const k = foldCount(folds)
  const wrong = (found: string): Error =>
    refuse('folds-unusable', 'These folds cannot be used.', {
      found,
      expected: 'both poles in every fold, and whole groups',
      fix: 'Correct the file of folds, or leave texts.folds out for stratified group folds.',
    })
  if (k < 2 || k > groups.count) throw wrong(`${k} folds of ${groups.count} groups`)
  const seen = Array.from({ length: k }, () => [0, 0])
  const groupFold = new Int32Array(groups.count).fill(-1)
  folds.forEach((f, i) => {
    if (!(f >= 0)) throw wrong(`item ${i} has no fold`)
    seen[f]![poles[i]!]!++
    const g = groups.of[i]!
    if (groupFold[g] !== -1 && groupFold[g] !== f)
      throw wrong(`the group of item ${i} is in folds ${groupFold[g]} and ${f}`)
    groupFold[g] = f
  })
  seen.forEach((counts, f) => {
    if (counts[0] === 0 || counts[1] === 0)
      throw wrong(`fold ${f} has ${counts[0]} texts of pole A and ${counts[1]} of pole B`)
  })
  return k
}

/** A fit and what it is tested on. */
export interface Part {
  readonly train: Int32Array
  readonly test: Int32Array
}

/** Number of folds. */
export function foldCount(folds: Folds): number {
  return folds.reduce((m, f) => Math.max(m, f), -1) + 1
}

/** For each fold the items of the others, which train, and its own, which test; items of no fold (-1) do neither. */
export function partsOf(folds: Folds): Part[] {
  return Array.from({ length: foldCount(folds) }, (_, fold) => {
    const train: number[] = []
    const test: number[] = []
    for (let i = 0; i < folds.length; i++) {
      if (folds[i] === fold) test.push(i)
      else if (folds[i]! >= 0) train.push(i)
    }
    return { train: Int32Array.from(train), test: Int32Array.from(test) }
  })
}
