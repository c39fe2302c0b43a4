/** Exact inference on counts: intervals of a rate, paired and unpaired comparisons of two. */

import betaQuantile from '@stdlib/stats-base-dists-beta-quantile'
import binomialCdf from '@stdlib/stats-base-dists-binomial-cdf'
import hypergeometricCdf from '@stdlib/stats-base-dists-hypergeometric-cdf'
import { LEVEL } from './estimate.ts'

/**
 * Exact interval of a rate (Clopper and Pearson 1934): `k` of `n`.
 *
 * @example clopperPearson(0, 100) // [0, 0.0362]
 */
export function clopperPearson(k: number, n: number, level = LEVEL): [number, number] {
  const tail = (1 - level) / 2
  return [k === 0 ? 0 : betaQuantile(tail, k, n - k + 1), k === n ? 1 : betaQuantile(1 - tail, k + 1, n - k)]
}

/**
 * Exact McNemar test, two-sided: of pairs that differ, `b` one way and `c` the other (binomial, 1/2).
 *
 * @example mcnemar(10, 0) // 0.00195
 */
export function mcnemar(b: number, c: number): number {
  return b === c ? 1 : Math.min(1, 2 * binomialCdf(Math.min(b, c), b + c, 0.5))
}

/** The same, one-sided: the chance of `b` or more of b + c where either way is as likely. */
export function mcnemarUpper(b: number, c: number): number {
  return b === 0 ? 1 : binomialCdf(c, b + c, 0.5) // P(X >= b) = P(X <= c), by symmetry
}

/**
 * Fisher's exact test, one-sided: the chance of `a` or more of `n1` where `a + b` of `n1 + n2` are marked at
 * random. For `a` of the n1 first and `b` of the n2 second.
 *
 * @example fisherUpper(5, 5, 0, 15) // 6.4e-5
 */
export function fisherUpper(a: number, n1: number, b: number, n2: number): number {
  return a === 0 ? 1 : 1 - hypergeometricCdf(a - 1, n1 + n2, a + b, n1)
}

/** Normal quantile of 95%: two one-sided tests at 5% each. */
const Z95 = 1.6448536269514722

/**
 * 90% interval of the ratio of two paired rates, second over first, on the log scale: the variance is
 * (b + c) / (x1 x2) of the pairs that differ, with one pair added so that a few firings in the same places do
 * not count as certainty. Two one-sided tests at 5% read equivalence from it.
 *
 * @param b pairs with only the first, @param c only the second, @param both pairs with both
 */
export function pairedRatio(both: number, b: number, c: number): { value: number; ci: [number, number] } {
  const [first, second] = [both + b, both + c]
  if (first === 0 || second === 0) return { value: second / first, ci: [0, Number.POSITIVE_INFINITY] }
  const value = second / first
  const half = Z95 * Math.sqrt((b + c + 1) / (first * second))
  return { value, ci: [value * Math.exp(-half), value * Math.exp(half)] }
}
