/** A number as the reports show it: with its interval, its null, how it was got and from how much. */

import normalCdf from '@stdlib/stats-base-dists-normal-cdf'
import tQuantile from '@stdlib/stats-base-dists-t-quantile'

export interface Null {
  readonly mean: number
  /** 95% point of the null distribution (upper). */
  readonly q95: number
  readonly draws: number
}

export interface Estimate {
  readonly value: number
  /** Confidence interval at `level`; absent where none can be given. */
  readonly ci?: readonly [number, number]
  readonly level?: number
  /** How the interval was made: `cluster bootstrap`, `DeLong`. */
  readonly method?: string
  /** Texts, prompts or pairs behind the number. */
  readonly n: number
  /** Independent units behind it: authors, issues. */
  readonly groups?: number
  readonly null?: Null
  readonly p?: number
  readonly seed?: number
}

/** From this many independent units on intervals keep their level; below, they are marked as approximate. */
export const ENOUGH_GROUPS = 40

/** How an interval was made, with a mark where it rests on few groups. */
export function methodOf(name: string, groups: number): string {
  return groups < ENOUGH_GROUPS ? `${name} (approximate: fewer than ${ENOUGH_GROUPS} groups)` : name
}

/** Level of every interval unless something else is said. */
export const LEVEL = 0.95

/** Linear-interpolated quantile (Hyndman and Fan's type 7, as in R and numpy) of sorted values. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  const at = (sorted.length - 1) * q
  const low = Math.floor(at)
  const high = Math.min(low + 1, sorted.length - 1)
  return sorted[low]! + (at - low) * (sorted[high]! - sorted[low]!)
}

/**
 * Percentile interval of bootstrap draws, widened for the number of units: resampling n units in some strata
 * makes a spread too small by sqrt((n - strata) / n) and leaves out that it was estimated, which matters below a
 * hundred units (the expanded percentile interval of Hesterberg 2015). Draws that are not finite are left out.
 *
 * @param units how many independent units were resampled, in how many strata
 */
export function percentileInterval(
  draws: Float64Array,
  units: { readonly count: number; readonly strata: number },
  level = LEVEL,
): [number, number] {
  const sorted = draws.filter(Number.isFinite).sort()
  const freedom = units.count - units.strata
  if (sorted.length === 0 || freedom < 1) return [Number.NaN, Number.NaN]
  const t = tQuantile(0.5 + level / 2, freedom) * Math.sqrt(units.count / freedom)
  const tail = normalCdf(-t, 0, 1)
  return [quantile(sorted, tail), quantile(sorted, 1 - tail)]
}

/** An estimate of which the interval, the units and the seed are known. */
export type DrawnEstimate = Estimate & {
  readonly ci: readonly [number, number]
  readonly groups: number
  readonly seed: number
}

/**
 * A value with the interval of its bootstrap draws, marked as approximate where it rests on few units.
 *
 * @param of `groups`: how many independent units were resampled, in how many strata (1 unless said); `n`: texts,
 *   prompts or pairs behind the value; `method`: what was resampled; `level` of the interval, 0.95 unless said
 */
export function drawnEstimate(
  value: number,
  draws: Float64Array,
  of: {
    readonly n: number
    readonly groups: number
    readonly seed: number
    readonly strata?: number
    readonly method?: string
    readonly level?: number
  },
): DrawnEstimate {
  const level = of.level ?? LEVEL
  return {
    value,
    ci: percentileInterval(draws, { count: of.groups, strata: of.strata ?? 1 }, level),
    level,
    method: methodOf(of.method ?? 'bootstrap over issues', of.groups),
    n: of.n,
    groups: of.groups,
    seed: of.seed,
  }
}

/** Summary of a null distribution. */
export function summariseNull(draws: Float64Array): Null {
  const sorted = draws.slice().sort()
  return { mean: mean(draws), q95: quantile(sorted, 0.95), draws: draws.length }
}

/**
 * One-sided permutation p-value, (1 + draws at least as large) / (1 + draws): never zero, and exact for
 * exchangeable draws (Phipson and Smyth 2010). What differs only by rounding is as large.
 */
export function upperP(observed: number, draws: Float64Array): number {
  let at = 1
  for (let i = 0; i < draws.length; i++) if (draws[i]! >= observed - 1e-12) at++
  return at / (1 + draws.length)
}

export function mean(values: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]!
  return sum / values.length
}

/** Variance with divisor n - 1; 0 for a single value. */
export function variance(values: ArrayLike<number>): number {
  if (values.length < 2) return 0
  const m = mean(values)
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += (values[i]! - m) ** 2
  return sum / (values.length - 1)
}
