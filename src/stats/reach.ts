/**
 * How far a direction moves an outcome beside random directions, as a ratio whose interval can say that it moves it
 * no further: a p-value above its bar says only that this was not seen.
 */

import { stream } from '../core/random.ts'
import { clusterBootstrap, weightedMean } from './bootstrap.ts'
import { type DrawnEstimate, drawnEstimate, mean, quantile } from './estimate.ts'
import { EQUIVALENCE_LEVEL, type GainOptions } from './gain.ts'

/** The share of random directions that an effect must exceed. */
const BEATEN = 0.95

export type Reach = DrawnEstimate

/**
 * The mean effect of a direction over the 95% point of the sizes of random ones' mean effects. The interval is at 90%,
 * so that its upper end is below 1 in 5% of cases where the direction moves the outcome just as far as that point: issues
 * are resampled for the direction, and random directions, as they were measured, for the point.
 *
 * @param own effects by issue, signed: what moves the outcome the wrong way reaches below 0
 * @param random mean effects of random directions on the same issues
 * @throws PalimpsestError `interrupted`
 */
export async function reachBeside(
  own: ArrayLike<number>,
  random: ArrayLike<number>,
  options: GainOptions,
): Promise<Reach> {
  const sizes = Float64Array.from(random, Math.abs)
  const point = (list: Float64Array): number => quantile(list.slice().sort(), BEATEN)
  const value = mean(own) / point(sizes)
  const issues = own.length
  const [draws] = await clusterBootstrap(issues, { ...options, stage: 'issues' }, (times, draw) => {
    const rng = stream(options.seed, 'bootstrap/arms', draw)
    return [weightedMean(own, times) / point(sizes.map(() => sizes[rng.below(sizes.length)]!))]
  })
  return drawnEstimate(value, draws!, {
    n: issues,
    groups: issues,
    seed: options.seed,
    method: 'bootstrap over issues and random directions',
    level: EQUIVALENCE_LEVEL,
  })
}
