/**
 * The cluster bootstrap: whole groups (authors, issues) are drawn with replacement, because texts of one
 * author are not independent. Draws are keyed by (seed, stage, draw), so that every statistic of a study
 * can be resampled together: the same draw holds the same groups for all of them.
 */

import { pacer } from '../core/pace.ts'
import { stream } from '../core/random.ts'
import { drawnEstimate, type Estimate } from './estimate.ts'
import { cells, type Labels } from './groups.ts'

/** Draws of a bootstrap where nothing else is said. */
export const BOOTSTRAP_DRAWS = 2000

/**
 * How often draw `draw` holds each group, `[count]`: a sample of `count` groups with replacement. With
 * `strata` (nested groups: the pole of each group) each stratum is drawn on its own, so that no draw lacks a
 * pole.
 */
export function drawGroups(
  count: number,
  seed: number,
  stage: string,
  draw: number,
  strata?: ArrayLike<number>,
): Int32Array {
  const rng = stream(seed, `bootstrap/${stage}`, draw)
  const times = new Int32Array(count)
  if (strata === undefined) {
    for (let i = 0; i < count; i++) times[rng.below(count)]!++
    return times
  }
  const members = new Map<number, number[]>()
  for (let g = 0; g < count; g++) {
    const s = strata[g]!
    if (!members.has(s)) members.set(s, [])
    members.get(s)!.push(g)
  }
  for (const list of members.values())
    for (let i = 0; i < list.length; i++) times[list[rng.below(list.length)]!]!++
  return times
}

/**
 * Statistics under resampling of groups.
 *
 * @param statistics of one draw, given how often it holds each group; all of one length
 * @returns for each statistic its values over the draws
 * @throws PalimpsestError `interrupted`
 */
export async function clusterBootstrap(
  count: number,
  options: {
    seed: number
    stage: string
    draws?: number
    strata?: ArrayLike<number> | undefined
    signal?: AbortSignal | undefined
  },
  statistics: (times: Int32Array, draw: number) => ArrayLike<number>,
): Promise<Float64Array[]> {
  const draws = options.draws ?? BOOTSTRAP_DRAWS
  const pace = pacer(options.signal)
  let out: Float64Array[] = []
  for (let b = 0; b < draws; b++) {
    await pace()
    const values = statistics(drawGroups(count, options.seed, options.stage, b, options.strata), b)
    if (b === 0) out = Array.from({ length: values.length }, () => new Float64Array(draws))
    for (let s = 0; s < values.length; s++) out[s]![b] = values[s]!
  }
  return out
}

/** With nested groups each pole's groups are resampled on their own. */
export function strataOf(labels: Labels): Int8Array | undefined {
  return labels.groups.kind === 'nested' ? cells(labels.groups, labels.poles).poles : undefined
}

export interface ClusterOptions {
  readonly seed: number
  readonly draws: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Statistics of labelled texts with their cluster-bootstrap intervals. All calls with one seed draw the same
 * groups, so that differences between calls are paired too.
 *
 * @param statistics of one draw, given how often it holds each group
 * @throws PalimpsestError `interrupted`
 */
export async function clusterEstimates(
  labels: Labels,
  options: ClusterOptions,
  statistics: (times: Int32Array) => ArrayLike<number>,
): Promise<Estimate[]> {
  const { count } = labels.groups
  const point = statistics(new Int32Array(count).fill(1))
  const strata = strataOf(labels)
  const draws = await clusterBootstrap(count, { ...options, stage: 'groups', strata }, statistics)
  return Array.from(point, (value, s) =>
    drawnEstimate(value, draws[s]!, {
      n: labels.poles.length,
      groups: count,
      seed: options.seed,
      strata: strata === undefined ? 1 : 2,
      method: 'cluster bootstrap',
    }),
  )
}

/**
 * A statistic of rows (answers, texts) with its interval by bootstrap over the issues that they belong to.
 *
 * @param issues issue of each row, 0 to count - 1
 * @param statistic of the rows, given how often each counts
 * @returns without an interval where there is one issue; undefined where the statistic is not finite
 * @throws PalimpsestError `interrupted`
 * @example await issueEstimate({ of: [0, 0, 1], count: 2 }, { seed: 1, draws: 2000 }, (w) => weightedMean(x, w))
 */
export async function issueEstimate(
  issues: { readonly of: ArrayLike<number>; readonly count: number },
  options: ClusterOptions & { readonly stage?: string; readonly method?: string },
  statistic: (weights: ArrayLike<number>) => number,
): Promise<Estimate | undefined> {
  const { stage = 'issues', method = 'bootstrap over issues', ...rest } = options
  const weights = new Float64Array(issues.of.length).fill(1)
  const value = statistic(weights)
  if (!Number.isFinite(value)) return undefined
  const of = { n: weights.length, groups: issues.count, seed: options.seed, method }
  if (issues.count < 2) return { value, n: of.n, groups: of.groups, seed: of.seed }
  const [draws] = await clusterBootstrap(issues.count, { ...rest, stage }, (times) => {
    for (let i = 0; i < weights.length; i++) weights[i] = times[issues.of[i]!]!
    return [statistic(weights)]
  })
  return drawnEstimate(value, draws!, of)
}

/** Mean of values, each as often as its weight says; NaN where nothing counts. */
export function weightedMean(values: ArrayLike<number>, weights: ArrayLike<number>): number {
  let sum = 0
  let count = 0
  for (let i = 0; i < values.length; i++) {
    sum += weights[i]! * values[i]!
    count += weights[i]!
  }
  return sum / count
}
