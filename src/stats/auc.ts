/**
 * The area under the ROC curve: the probability that a text of pole B scores above one of pole A, ties
 * counting half; DeLong's variance; and a form for resampling that sorts once.
 */

import normalQuantile from '@stdlib/stats-base-dists-normal-quantile'
import { LEVEL } from './estimate.ts'

/** Indices of the scores in rising order. */
export function order(scores: ArrayLike<number>): Uint32Array {
  const index = Uint32Array.from({ length: scores.length }, (_, i) => i)
  return index.sort((a, b) => scores[a]! - scores[b]!)
}

/**
 * AUC of scores for labels (0 or 1), by ranks. NaN when a class is missing.
 *
 * @example auc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]) // 0.75
 */
export function auc(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  return new SortedScores(scores, labels).auc()
}

/** Scores sorted once, whose AUC can be taken under many resamplings of the units that the items belong to. */
export class SortedScores {
  /** In rising order of scores: the unit and the label of each item, and whether the next score is a new one. */
  readonly #units: Int32Array
  readonly #labels: Uint8Array
  readonly #last: Uint8Array

  /** @param units the unit (group) of each item; default its own */
  constructor(scores: ArrayLike<number>, labels: ArrayLike<number>, units?: ArrayLike<number>) {
    const sorted = order(scores)
    this.#units = Int32Array.from(sorted, (i) => (units === undefined ? i : units[i]!))
    this.#labels = Uint8Array.from(sorted, (i) => labels[i]!)
    this.#last = Uint8Array.from(sorted, (i, at) => (scores[i] === scores[sorted[at + 1]!] ? 0 : 1))
  }

  /** @param times how often a draw holds each unit; default once */
  auc(times?: ArrayLike<number>): number {
    let below = 0 // weight of class 0 under the current score
    let zeros = 0 // and at it
    let ones = 0
    let area = 0
    let positives = 0
    for (let i = 0; i < this.#units.length; i++) {
      const w = times === undefined ? 1 : times[this.#units[i]!]!
      if (this.#labels[i] === 1) ones += w
      else zeros += w
      if (this.#last[i] === 0) continue
      area += ones * (below + zeros / 2)
      below += zeros
      positives += ones
      zeros = 0
      ones = 0
    }
    return area / (below * positives)
  }
}

/**
 * DeLong's variance of an AUC, from structural components (DeLong, DeLong and Clarke-Pearson 1988; by ranks
 * as in Sun and Xu 2014).
 */
export function delongVariance(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  const { v10, v01 } = components(scores, labels)
  return sampleVariance(v10) / v10.length + sampleVariance(v01) / v01.length
}

/**
 * AUC with DeLong's interval (normal approximation, cut to 0..1). It treats texts as independent: authors
 * who wrote many make it too narrow, which is why the cluster bootstrap decides.
 */
export function delongInterval(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  level = LEVEL,
): { value: number; ci: [number, number] } {
  const value = auc(scores, labels)
  const half = normalQuantile(0.5 + level / 2, 0, 1) * Math.sqrt(delongVariance(scores, labels))
  return { value, ci: [Math.max(0, value - half), Math.min(1, value + half)] }
}

/** For each item of class 1 (v10) and of class 0 (v01) the share of the other class on the right side. */
function components(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
): { v10: Float64Array; v01: Float64Array } {
  const sorted = order(scores)
  const n1 = Array.from(labels).filter((l) => l === 1).length
  const n0 = labels.length - n1
  const v10 = new Float64Array(n1)
  const v01 = new Float64Array(n0)
  let zerosBelow = 0
  let onesBelow = 0
  for (let i = 0; i < sorted.length; ) {
    let end = i
    let zeros = 0
    while (end < sorted.length && scores[sorted[end]!] === scores[sorted[i]!])
      if (labels[sorted[end++]!] === 0) zeros++
    const ones = end - i - zeros
    for (let k = 0; k < ones; k++) v10[onesBelow + k] = (zerosBelow + zeros / 2) / n0
    for (let k = 0; k < zeros; k++) v01[zerosBelow + k] = (n1 - onesBelow - ones / 2) / n1
    zerosBelow += zeros
    onesBelow += ones
    i = end
  }
  return { v10, v01 }
}

function sampleVariance(v: Float64Array): number {
  const m = v.reduce((a, b) => a + b, 0) / v.length
  return v.reduce((a, b) => a + (b - m) ** 2, 0) / (v.length - 1)
}

/** Bins of {@link binnedAuc}: fine enough that its error stays below 1e-4 for thousands of scores. */
const BINS = 4096

/**
 * AUC after rounding standardised scores to {@link BINS} bins over -4..4: linear in n, for the thousands of
 * evaluations of a permutation test (whose observed value must be taken in the same way).
 */
export function binnedAuc(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  const zeros = new Int32Array(BINS)
  const ones = new Int32Array(BINS)
  for (let i = 0; i < scores.length; i++) {
    const bin = Math.min(BINS - 1, Math.max(0, Math.floor((scores[i]! + 4) * (BINS / 8))))
    if (labels[i] === 1) ones[bin]!++
    else zeros[bin]!++
  }
  let below = 0
  let area = 0
  let positives = 0
  for (let b = 0; b < BINS; b++) {
    area += ones[b]! * (below + zeros[b]! / 2)
    below += zeros[b]!
    positives += ones[b]!
  }
  return area / (below * positives)
}
