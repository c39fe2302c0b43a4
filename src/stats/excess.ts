/**
 * What a model's direction says beyond its baselines, and what a second model keeps of it. Differences and
 * ratios are taken within each draw of the cluster bootstrap, so that what the scores share cancels.
 */

import { SortedScores } from './auc.ts'
import { clusterBootstrap } from './bootstrap.ts'
import { type Labels, strataOf } from './direction.ts'
import { type Estimate, LEVEL, percentileInterval } from './estimate.ts'

export interface ExcessOptions {
  readonly seed: number
  readonly draws: number
  readonly signal?: AbortSignal | undefined
}

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
  /** Excess of each model over that of the first: 1 for the first by definition. Undefined when the first has none. */
  readonly retention: readonly (Estimate | undefined)[]
}

const BASELINES = ['randomEmbeddings', 'randomModel', 'embeddingLayer', 'tfidf'] as const

/** Measures excess AUCs of one model, or of several against the first, in one bootstrap. */
export async function measureExcess(
  inputs: readonly ExcessInput[],
  labels: Labels,
  options: ExcessOptions,
): Promise<ExcessResult> {
  const { poles, groups } = labels
  const sorted = inputs.map((input) => ({
    model: new SortedScores(input.model, poles),
    ...Object.fromEntries(
      BASELINES.flatMap((b) => (input[b] === undefined ? [] : [[b, new SortedScores(input[b], poles)]])),
    ),
  })) as ({ model: SortedScores } & Partial<Record<(typeof BASELINES)[number], SortedScores>>)[]
  const measure = (weight?: (i: number) => number): number[] => {
    const perModel = sorted.map((s) => {
      const value = (scores: SortedScores | undefined): number => scores?.auc(weight) ?? Number.NaN
      const model = value(s.model)
      const base = BASELINES.map((b) => value(s[b]))
      const random = Math.max(base[0]!, Number.isNaN(base[1]!) ? 0 : base[1]!)
      return [...base, model - random, model - base[2]!, model - base[3]!]
    })
    const first = perModel[0]![4]!
    return perModel.flatMap((values) => [...values, values[4]! / first])
  }
  const point = measure()
  const draws = await clusterBootstrap(
    groups.count,
    {
      seed: options.seed,
      stage: 'groups',
      draws: options.draws,
      strata: strataOf(labels),
      signal: options.signal,
    },
    (times) => measure((i) => times[groups.of[i]!]!),
  )
  const width = BASELINES.length + 4
  const estimate = (model: number, at: number): Estimate | undefined => {
    const value = point[model * width + at]!
    if (Number.isNaN(value)) return undefined
    return {
      value,
      ci: percentileInterval(draws[model * width + at]!),
      level: LEVEL,
      method: 'paired cluster bootstrap',
      n: poles.length,
      groups: groups.count,
      seed: options.seed,
    }
  }
  return {
    of: inputs.map((_, m) => ({
      baselines: Object.fromEntries(
        BASELINES.flatMap((b, i) => (estimate(m, i) === undefined ? [] : [[b, estimate(m, i)]])),
      ),
      overRandom: estimate(m, 4)!,
      overEmbeddings: estimate(m, 5),
      overWords: estimate(m, 6),
    })),
    retention: inputs.map((_, m) => estimate(m, 7)),
  }
}

export type RetentionLabel = 'retained' | 'attenuated' | 'lost' | 'underpowered'

/**
 * Reads a retention ratio: retained when its lower bound is above `retained`, lost when its upper bound is
 * below `lost`, attenuated when the interval lies between, underpowered when it spans both bounds (or one of
 * them so that neither can be said).
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
