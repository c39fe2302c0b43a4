/**
 * What a model's direction says beyond its baselines, and what a second model keeps of it. Differences and
 * ratios are taken within each draw of the cluster bootstrap, so that what the scores share cancels.
 */

import { SortedScores } from './auc.ts'
import { type ClusterOptions, clusterEstimates } from './bootstrap.ts'
import type { Estimate } from './estimate.ts'
import type { Labels } from './groups.ts'

/** Scores of a model and of its baselines on the same texts and folds. */
export interface ExcessInput {
  readonly model: Float64Array
  /** Mean-pooled random token embeddings of the same width. */
  readonly randomEmbeddings: Float64Array
  /** A randomly initialised model of the shape, where there is one. */
  readonly randomModel?: Float64Array | undefined
  readonly embeddingLayer?: Float64Array | undefined
  readonly tfidf?: Float64Array | undefined
}

export interface Excess {
  /** AUC of each baseline that was given. */
  readonly baselines: Readonly<
    Partial<Record<'randomEmbeddings' | 'randomModel' | 'embeddingLayer' | 'tfidf', Estimate>>
  >
  /** AUC of the model minus the larger of the two random baselines: what decides. */
  readonly overRandom: Estimate
  readonly overEmbeddings: Estimate | undefined
  readonly overWords: Estimate | undefined
}

export interface ExcessResult {
  readonly of: readonly Excess[]
  /**
   * Excess of each model over that of the first (1 for the first itself). Undefined where the first one's own
   * excess is not above zero with its interval: a ratio over nothing says nothing.
   */
  readonly retention: readonly (Estimate | undefined)[]
}

const BASELINES = ['randomEmbeddings', 'randomModel', 'embeddingLayer', 'tfidf'] as const
/** Per model: the baselines, the three excesses from here on, and the retention last. */
const OVER_RANDOM = BASELINES.length
const WIDTH = BASELINES.length + 4

/**
 * Measures excess AUCs of one model, or of several against the first, in one bootstrap.
 *
 * @throws PalimpsestError `interrupted`
 * @example const { of: [own] } = await measureExcess([{ model, randomEmbeddings }], labels, { seed: 1, draws: 2000 })
 */
export async function measureExcess(
  inputs: readonly ExcessInput[],
  labels: Labels,
  options: ClusterOptions,
): Promise<ExcessResult> {
  const { poles, groups } = labels
  const sort = (s: Float64Array | undefined): SortedScores | undefined =>
    s === undefined ? undefined : new SortedScores(s, poles, groups.of)
  const sorted = inputs.map((input) => ({
    model: sort(input.model)!,
    baselines: BASELINES.map((b) => sort(input[b])),
  }))
  const measure = (times: Int32Array): number[] => {
    const perModel = sorted.map(({ model, baselines }) => {
      const own = model.auc(times)
      const base = baselines.map((b) => b?.auc(times) ?? Number.NaN)
      const random = baselines[1] === undefined ? base[0]! : Math.max(base[0]!, base[1]!)
      return [...base, own - random, own - base[2]!, own - base[3]!]
    })
    const first = perModel[0]![OVER_RANDOM]!
    return perModel.flatMap((values) => [...values, values[OVER_RANDOM]! / first])
  }
  const found = await clusterEstimates(labels, options, measure)
  const estimate = (model: number, at: number): Estimate | undefined => {
    const e = found[model * WIDTH + at]!
    return Number.isNaN(e.value)
      ? undefined
      : { ...e, method: e.method!.replace('cluster', 'paired cluster') }
  }
  const measurable = found[OVER_RANDOM]!.ci![0] > 0
  return {
    of: inputs.map((_, m) => ({
      baselines: Object.fromEntries(
        BASELINES.flatMap((b, i) => {
          const e = estimate(m, i)
          return e === undefined ? [] : [[b, e]]
        }),
      ),
      overRandom: estimate(m, OVER_RANDOM)!,
      overEmbeddings: estimate(m, OVER_RANDOM + 1),
      overWords: estimate(m, OVER_RANDOM + 2),
    })),
    retention: inputs.map((_, m) => (measurable ? estimate(m, WIDTH - 1) : undefined)),
  }
}

export type RetentionLabel = 'retained' | 'attenuated' | 'lost' | 'underpowered'

/**
 * Reads the interval of a retention ratio: retained when its lower bound is above `retained`, lost when its
 * upper bound is below `lost`, underpowered when it spans both bounds, attenuated otherwise.
 */
export function readRetention(
  ci: readonly [number, number],
  bounds: { readonly retained: number; readonly lost: number },
): RetentionLabel {
  const [low, high] = ci
  if (!(Number.isFinite(low) && Number.isFinite(high))) return 'underpowered'
  if (low > bounds.retained) return 'retained'
  if (high < bounds.lost) return 'lost'
  if (low <= bounds.lost && high >= bounds.retained) return 'underpowered'
  return 'attenuated'
}

/**
 * The label over all pools: that of the primary one, but *lost* only where every pool has lost it, because a
 * model can lose a value at the last token and keep it in the mean of its tokens.
 *
 * @param others labels of the other pools in which the first model has a direction at all
 */
export function overPools(primary: RetentionLabel, others: readonly RetentionLabel[]): RetentionLabel {
  return primary === 'lost' && others.some((o) => o !== 'lost') ? 'attenuated' : primary
}
