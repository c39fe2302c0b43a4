/**
 * Gain: the slope of an outcome on the dose, per issue; the ratio of two models' gains; and what the ratio's
 * interval says. A gain is a mean over issues, so that issues are resampled and both models are resampled alike.
 */

import { clusterBootstrap, weightedMean } from './bootstrap.ts'
import { type DrawnEstimate, drawnEstimate, mean, percentileInterval } from './estimate.ts'
import { chanceWithin } from './power.ts'

/** Level of the interval of an equivalence test that errs in 5% of cases (two one-sided tests). */
export const EQUIVALENCE_LEVEL = 0.9

/**
 * Least-squares slope of outcomes on doses, by issue.
 *
 * @param doses [k], at least two of them different
 * @param outcomes [k][issues]
 * @returns [issues]
 */
export function slopes(doses: readonly number[], outcomes: readonly ArrayLike<number>[]): Float64Array {
  const centre = mean(doses)
  const xx = doses.reduce((s, x) => s + (x - centre) ** 2, 0)
  return Float64Array.from({ length: outcomes[0]!.length }, (_, i) =>
    doses.reduce((s, x, k) => s + ((x - centre) / xx) * outcomes[k]![i]!, 0),
  )
}

/** A model's gain: slopes by issue, and the contrast by issue that they are measured in. */
export interface Gain {
  /** [issues] */
  readonly slopes: ArrayLike<number>
  /** The model's own contrast under personas, [issues]. */
  readonly contrast: ArrayLike<number>
}

export interface GainOptions {
  readonly seed: number
  readonly draws: number
  readonly signal?: AbortSignal | undefined
}

export interface GainEstimates {
  /** Gains in contrasts of the model itself, in the order of the input. */
  readonly gains: readonly DrawnEstimate[]
  /** Slopes as they are: log-odds per token and dose. */
  readonly raw: readonly DrawnEstimate[]
  readonly contrasts: readonly DrawnEstimate[]
  /** Each later model's gain over that of the first. */
  readonly ratios: readonly GainRatio[]
}

export interface GainRatio extends DrawnEstimate {
  /** The interval at 90%, which decides equivalence. */
  readonly equivalence: readonly [number, number]
}

/**
 * Gains, contrasts and ratios with their intervals; all models are resampled by the same issues.
 *
 * @throws PalimpsestError `interrupted`
 */
export async function gainEstimates(models: readonly Gain[], options: GainOptions): Promise<GainEstimates> {
  const issues = models[0]!.slopes.length
  const statistics = (times?: ArrayLike<number>): number[] => {
    const over = (values: ArrayLike<number>): number =>
      times === undefined ? mean(values) : weightedMean(values, times)
    const raw = models.map((m) => over(m.slopes))
    const contrasts = models.map((m) => over(m.contrast))
    const gains = raw.map((v, i) => v / contrasts[i]!)
    return [...raw, ...contrasts, ...gains, ...gains.slice(1).map((g) => g / gains[0]!)]
  }
  const point = statistics()
  const draws = await clusterBootstrap(issues, { ...options, stage: 'issues' }, statistics)
  const estimate = (s: number, method = 'bootstrap over issues'): DrawnEstimate =>
    drawnEstimate(point[s]!, draws[s]!, { n: issues, groups: issues, seed: options.seed, method })
  const k = models.length
  const part = (from: number): DrawnEstimate[] => models.map((_, i) => estimate(from + i))
  return {
    raw: part(0),
    contrasts: part(k),
    gains: part(2 * k),
    ratios: models.slice(1).map((_, i) => ({
      ...estimate(3 * k + i, 'paired bootstrap over issues'),
      equivalence: percentileInterval(draws[3 * k + i]!, { count: issues, strata: 1 }, EQUIVALENCE_LEVEL),
    })),
  }
}

export type GainLabel = 'disconnected' | 'connected' | 'attenuated' | 'underpowered'

/** Margins of the labels. */
export interface GainMargins {
  /** disconnected: the 90% interval of the ratio within -this to this */
  readonly disconnected: number
  /** connected: the 90% interval within connected_low to connected_high */
  readonly connected_low: number
  readonly connected_high: number
  /** attenuated: the 95% interval above 0 and below this */
  readonly attenuated: number
}

/**
 * What a ratio's intervals say.
 *
 * @example labelGain({ ci: [-0.1, 0.2], equivalence: [-0.08, 0.17] }, margins) // 'disconnected'
 */
export function labelGain(ratio: Pick<GainRatio, 'ci' | 'equivalence'>, m: GainMargins): GainLabel {
  const [low, high] = ratio.equivalence
  if (low > -m.disconnected && high < m.disconnected) return 'disconnected'
  if (low > m.connected_low && high < m.connected_high) return 'connected'
  if (ratio.ci[1] < m.attenuated && ratio.ci[0] > 0) return 'attenuated'
  return 'underpowered'
}

export interface GainPower {
  /** Chance of `disconnected` at this many issues if the ratio is 0, and of `connected` if it is 1. */
  readonly disconnected: number
  readonly connected: number
  /** Issues at which the interval around this very ratio would decide; undefined where none would. */
  readonly needed: number | undefined
}

/** What the number of issues could and would decide, by the normal approximation of the ratio's error. */
export function gainPower(ratio: GainRatio, m: GainMargins): GainPower {
  const half = (ratio.equivalence[1] - ratio.equivalence[0]) / 2
  const spanned = { value: ratio.value, ci: ratio.equivalence, level: EQUIVALENCE_LEVEL }
  const r = ratio.value
  const wide = (ratio.ci[1] - ratio.ci[0]) / 2
  const shrink = [
    (m.disconnected - Math.abs(r)) / half,
    Math.min(r - m.connected_low, m.connected_high - r) / half,
    Math.min(m.attenuated - r, r) / wide,
  ].filter((s) => s > 0)
  const best = Math.max(...shrink)
  return {
    disconnected: chanceWithin(spanned, 0, { low: -m.disconnected, high: m.disconnected }),
    connected: chanceWithin(spanned, 1, { low: m.connected_low, high: m.connected_high }),
    // An interval that is narrow enough already, but lies askew, needs a little more than its issues.
    needed:
      shrink.length === 0
        ? undefined
        : Math.max((ratio.groups ?? 0) + 1, Math.ceil((ratio.groups ?? 0) / best ** 2)),
  }
}
