/**
 * What a number of units could and would decide, where an answer holds once the whole interval of an estimate lies
 * between two bars: by the normal approximation of the estimate's error, as its interval shows it.
 */

import normalCdf from '@stdlib/stats-base-dists-normal-cdf'
import normalQuantile from '@stdlib/stats-base-dists-normal-quantile'
import { LEVEL } from './estimate.ts'

/** Where the interval must lie for an answer; no bar: anywhere on that side. */
export interface Between {
  readonly low?: number
  readonly high?: number
}

/** An estimate as far as its power goes. */
export interface Spanned {
  readonly value: number
  readonly ci: readonly [number, number]
  readonly level?: number | undefined
  readonly groups?: number | undefined
}

/**
 * Chance that the interval will lie between two bars, at this width of it, for a given truth.
 *
 * @example chanceWithin({ value: 0.1, ci: [-0.88, 1.08] }, 1, { low: 0.5 }) // 0.17: too few units
 */
export function chanceWithin(
  { ci, level = LEVEL }: Spanned,
  truth: number,
  { low = Number.NEGATIVE_INFINITY, high = Number.POSITIVE_INFINITY }: Between,
): number {
  const z = normalQuantile((1 + level) / 2, 0, 1)
  const se = (ci[1] - ci[0]) / (2 * z)
  const below = normalCdf((high - truth) / se - z, 0, 1)
  const above = normalCdf((truth - low) / se - z, 0, 1)
  return Math.max(0, below + above - 1)
}

/**
 * Units at which the interval around this very estimate would lie between the bars of one of the answers; undefined
 * where the estimate itself lies in none, however many there are.
 *
 * @example unitsNeeded({ value: 0.75, ci: [0.25, 1.25], groups: 24 }, [{ low: 0.5 }]) // 96: half as wide, four times as many
 */
export function unitsNeeded(
  { value, ci, groups = 0 }: Spanned,
  answers: readonly Between[],
): number | undefined {
  const narrower = answers.map(({ low, high }) =>
    Math.min(
      low === undefined ? Number.POSITIVE_INFINITY : (value - low) / (value - ci[0]),
      high === undefined ? Number.POSITIVE_INFINITY : (high - value) / (ci[1] - value),
    ),
  )
  const best = Math.max(...narrower.filter((s) => s > 0))
  return best > 0 ? Math.max(groups + 1, Math.ceil(groups / best ** 2)) : undefined
}
