/** Effect sizes. */

import { mean, variance } from './estimate.ts'

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
