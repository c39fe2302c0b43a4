/** A number as the reports show it: with its interval, its null, how it was got and from how much. */

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

/** Percentile interval of bootstrap draws; draws that are not finite are left out. */
export function percentileInterval(draws: Float64Array, level = LEVEL): [number, number] {
  const sorted = draws.filter(Number.isFinite).sort()
  if (sorted.length === 0) return [Number.NaN, Number.NaN]
  return [quantile(sorted, (1 - level) / 2), quantile(sorted, (1 + level) / 2)]
}

/** Summary of a null distribution. */
export function summariseNull(draws: Float64Array): Null {
  const sorted = draws.slice().sort()
  return { mean: mean(draws), q95: quantile(sorted, 0.95), draws: draws.length }
}

/**
 * One-sided permutation p-value, (1 + draws at least as large) / (1 + draws): never zero, and exact for
 * exchangeable draws (Phipson and Smyth 2010).
 */
export function upperP(observed: number, draws: Float64Array): number {
  let at = 1
  for (let i = 0; i < draws.length; i++) if (draws[i]! >= observed) at++
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
