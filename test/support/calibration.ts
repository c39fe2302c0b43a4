/** What calibration tests count: how uniform p-values are, how often intervals cover, what a test can show. */

import binomialCdf from '@stdlib/stats-base-dists-binomial-cdf'
import { clopperPearson, mcnemar } from '../../src/stats/exact.ts'

/** Kolmogorov and Smirnov's distance of p-values from the uniform distribution. */
export function ksDistance(p: readonly number[]): number {
  const sorted = Float64Array.from(p).sort()
  let distance = 0
  sorted.forEach((v, i) => {
    distance = Math.max(distance, (i + 1) / sorted.length - v, v - i / sorted.length)
  })
  return distance
}

/**
 * Distance that n uniform values exceed once in a thousand times (Kolmogorov's asymptotic 1.95 / sqrt(n)), and
 * the width of a step where p-values come from so many draws.
 */
export function ksBound(n: number, draws: number): number {
  return 1.95 / Math.sqrt(n) + 1 / (draws + 1)
}

/** The largest count out of n that a rate of `a` exceeds once in a thousand times (normal approximation). */
export function mostAt(a: number, n: number): number {
  return Math.ceil(n * a + 3.1 * Math.sqrt(n * a * (1 - a)) + 0.5)
}

/**
 * The exact chance that a feature which fires in each of n prompts at a rate, and never in aligned, is called
 * dormant, were every other test of its family in vain: at least this chance it has.
 */
export function dormancyPower(n: number, rate: number, family: number): number {
  for (let k = 1; k <= n; k++)
    if (mcnemar(k, 0) * family < 0.05 && clopperPearson(0, n)[1] < 0.5 * clopperPearson(k, n)[0])
      return 1 - binomialCdf(k - 1, n, rate)
  return 0
}
