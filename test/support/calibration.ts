/** What calibration tests count: how uniform p-values are, how often intervals cover. */

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
