/**
 * The second evaluation: topics are held out as well as groups. Where a text's words give its topic away, and
 * with it the camp that talks of it, only what also transfers to new topics is the value.
 */

import { SortedScores } from './auc.ts'
import { type ClusterOptions, clusterBootstrap, drawGroups, strataOf } from './bootstrap.ts'
import { type Estimate, LEVEL, methodOf, percentileInterval } from './estimate.ts'
import { FOLDS, type Folds, foldCount, groupFolds, type Part } from './folds.ts'
import type { Labels } from './groups.ts'

/**
 * Parts that hold out both: the texts of one fold of groups and one of topics are scored by a fit on texts of
 * other groups and other topics. Topics are dealt out evenly in poles, like groups.
 *
 * @param folds of the groups, such as the study's
 * @returns parts whose test sets cover every text once; a part without test texts is left out. Undefined where
 *   some fit would lack a pole.
 */
export function topicParts(labels: Labels, folds: Folds, seed: number): Part[] | undefined {
  const { poles } = labels
  const topics = labels.topics!
  const count = foldCount(topics)
  const k = Math.min(FOLDS, count)
  const topicFolds = groupFolds({ kind: 'crossed', count, of: topics }, poles, seed, 0, k)
  const parts: Part[] = []
  for (let g = 0; g < foldCount(folds); g++)
    for (let t = 0; t < k; t++) {
      const items = Int32Array.from(folds.keys())
      const test = items.filter((i) => folds[i] === g && topicFolds[i] === t)
      const train = items.filter((i) => folds[i] !== g && topicFolds[i] !== t)
      if (test.length === 0) continue
      if (![0, 1].every((p) => train.some((i) => poles[i] === p))) return undefined
      parts.push({ train, test })
    }
  return parts
}

/**
 * AUC of scores and their excess over a baseline's when both groups and topics are resampled (each text counts
 * as often as its group times as often as its topic: the pigeonhole bootstrap of Owen 2007, which errs on the
 * wide side).
 */
export async function topicEstimates(
  scores: { readonly model: Float64Array; readonly baseline: Float64Array },
  labels: Labels,
  options: ClusterOptions,
): Promise<{ auc: Estimate; excess: Estimate }> {
  const { poles, groups } = labels
  const topics = labels.topics!
  const topicCount = foldCount(topics)
  const units = groups.of.map((g, i) => g * topicCount + topics[i]!)
  const [model, baseline] = [scores.model, scores.baseline].map((s) => new SortedScores(s, poles, units)) as [
    SortedScores,
    SortedScores,
  ]
  const statistics = (times?: ArrayLike<number>): number[] => {
    const own = model.auc(times)
    return [own, own - baseline.auc(times)]
  }
  const { seed } = options
  const strata = strataOf(labels)
  const times = new Float64Array(groups.count * topicCount)
  const draws = await clusterBootstrap(
    groups.count,
    { ...options, stage: 'groups', strata },
    (byGroup, draw) => {
      const byTopic = drawGroups(topicCount, seed, 'topics', draw)
      byGroup.forEach((n, g) => {
        for (let t = 0; t < topicCount; t++) times[g * topicCount + t] = n * byTopic[t]!
      })
      return statistics(times)
    },
  )
  const point = statistics()
  // The scarcer of the two decides how wide an interval must be.
  const scarce =
    topicCount < groups.count
      ? { count: topicCount, strata: 1 }
      : { count: groups.count, strata: strata === undefined ? 1 : 2 }
  const estimate = (s: number): Estimate => ({
    value: point[s]!,
    ci: percentileInterval(draws[s]!, scarce),
    level: LEVEL,
    method: methodOf('bootstrap of groups and topics', Math.min(groups.count, topicCount)),
    n: poles.length,
    groups: groups.count,
    seed,
  })
  return { auc: estimate(0), excess: estimate(1) }
}
