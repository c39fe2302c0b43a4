/** Effect sizes. */

import normalQuantile from '@stdlib/stats-base-dists-normal-quantile'
import { LEVEL, mean, variance } from './estimate.ts'

/**
 * Cohen's d: the difference of class means, B minus A, in pooled standard deviations (Cohen 1988).
 *
 * @param labels 0 (A) or 1 (B) of each score
 */
export function cohensD(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  const of = (label: number): number[] => Array.from(scores).filter((_, i) => labels[i] === label)
  const [a, b] = [of(0), of(1)]
  const pooled = ((a.length - 1) * variance(a) + (b.length - 1) * variance(b)) / (a.length + b.length - 2)
  return (mean(b) - mean(a)) / Math.sqrt(pooled)
}

/**
 * Cohen's d as a function of how often a draw holds each group: sums by group are taken once.
 *
 * @param groups group of each score
 */
export function resampledD(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  groups: Int32Array,
): (times: ArrayLike<number>) => number {
  const count = groups.reduce((m, g) => Math.max(m, g), -1) + 1
  const sums = Array.from({ length: 6 }, () => new Float64Array(count)) // n, sum, squares of A; then of B
  for (let i = 0; i < scores.length; i++) {
    const g = groups[i]!
    const at = labels[i] === 1 ? 3 : 0
    sums[at]![g]!++
    sums[at + 1]![g]! += scores[i]!
    sums[at + 2]![g]! += scores[i]! ** 2
  }
  return (times) => {
    const [n0, s0, q0, n1, s1, q1] = sums.map((v) => v.reduce((t, x, g) => t + x * times[g]!, 0)) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ]
    const pooled = (q0 - (s0 * s0) / n0 + q1 - (s1 * s1) / n1) / (n0 + n1 - 2)
    return (s1 / n1 - s0 / n0) / Math.sqrt(pooled)
  }
}

/** Pearson's correlation. */
export function correlation(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const mx = mean(x)
  const my = mean(y)
  let xy = 0
  let xx = 0
  let yy = 0
  for (let i = 0; i < x.length; i++) {
    xy += (x[i]! - mx) * (y[i]! - my)
    xx += (x[i]! - mx) ** 2
    yy += (y[i]! - my) ** 2
  }
  return xy / Math.sqrt(xx * yy)
}

/** Interval of a correlation of n independent pairs (Fisher's z). */
export function correlationInterval(r: number, n: number, level = LEVEL): [number, number] {
  const half = normalQuantile(0.5 + level / 2, 0, 1) / Math.sqrt(n - 3)
  return [Math.tanh(Math.atanh(r) - half), Math.tanh(Math.atanh(r) + half)]
}
