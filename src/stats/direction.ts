/**
 * Claim 1: the direction exists, and beyond what random weights give. Everything that is measured on one
 * model's pooled activations; what two models share is in `transfer.ts`.
 */

import type { Matrix } from '../core/matrix.ts'
import { delongInterval, SortedScores } from './auc.ts'
import { clusterEstimates } from './bootstrap.ts'
import { resampledD } from './effect.ts'
import { type Estimate, LEVEL } from './estimate.ts'
import { type Folds, groupFolds, partsOf, randomFolds } from './folds.ts'
import { cells as cellsOf, type Labels } from './groups.ts'
import {
  average,
  C_GRID,
  type Chosen,
  type Estimator,
  estimatorsFor,
  type OutOfFold,
  outOfFold,
  outOfFolds,
} from './oof.ts'
import {
  fewer,
  type Labellings,
  ldaNull,
  logisticNull,
  matchedPc1Null,
  meanDifferenceNull,
  permutedLabellings,
  testOf,
} from './permutation.ts'

/** Pooled activations of a model by layer: [n texts, d], one layer in memory at a time. */
export interface Layers {
  readonly count: number
  load(layer: number): Promise<Matrix>
}

export interface DirectionOptions {
  readonly seed: number
  /** Repetitions of the folds. Default 3; given folds are used once. */
  readonly repeats?: number
  readonly folds?: Folds
  /** Penalty of logistic regression given instead of chosen inside. */
  readonly C?: number
  readonly draws: { readonly bootstrap: number; readonly meanDifference: number; readonly refitted: number }
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (done: number, total: number) => void
}

type PerEstimator<T> = Readonly<Partial<Record<Estimator, T>>>

export interface LayerResult {
  readonly layer: number
  /** Mean of the repetitions' standardised out-of-fold scores. */
  readonly scores: PerEstimator<Float64Array>
  /** Scores of logistic regression by repetition: what a choice of layers by fold is put together from. */
  readonly byRepeat: readonly Float64Array[]
  /** With cluster-bootstrap intervals; with a null where one was drawn. */
  readonly auc: PerEstimator<Estimate>
  readonly aucDelong: PerEstimator<Estimate>
  readonly cohensD: PerEstimator<Estimate>
  /** Of logistic regression, with thresholds from the training texts. */
  readonly accuracy: Estimate
}

/** The layer that each fold of each repetition chose: [repetition][fold]. */
export type LayerChoice = readonly (readonly number[])[]

export interface ModelDirection {
  readonly layers: readonly LayerResult[]
  /** The layer with the best inner AUC of logistic regression over all training folds. */
  readonly layer: number
  /** The layer with the best inner AUC in each fold: chosen without its test texts. */
  readonly choice: LayerChoice
  /** The penalty chosen most often at `layer`. */
  readonly C: number
  /** Scores of the primary cell: each text by logistic regression at the layer its own fold chose. */
  readonly primary: Float64Array
  readonly primaryAuc: Estimate
  readonly primaryD: Estimate
  /** AUC of groups' mean scores (nested groups), by the primary scores. */
  readonly groupAuc: Estimate | undefined
  /** AUC of logistic regression at `layer` with folds that ignore groups, and what that gains. */
  readonly randomFoldsAuc: Estimate
  readonly leak: Estimate
  readonly folds: readonly Folds[]
}

/** The folds of a study: those given, or repeated stratified group folds. */
function foldsOf(labels: Labels, options: Pick<DirectionOptions, 'folds' | 'repeats' | 'seed'>): Folds[] {
  if (options.folds !== undefined) return [options.folds]
  return Array.from({ length: options.repeats ?? 3 }, (_, r) =>
    groupFolds(labels.groups, labels.poles, options.seed, r),
  )
}

/**
 * Measures one model: all layers, all estimators, nulls, and the layer chosen inside the training folds.
 *
 * @throws PalimpsestError `interrupted`, `engine-*`
 * @example
 * const found = await measureDirection({ count: 30, load }, labels, { seed: 1, draws })
 * found.primaryAuc.ci // of logistic regression at the layer chosen inside
 */
export async function measureDirection(
  layers: Layers,
  labels: Labels,
  options: DirectionOptions,
): Promise<ModelDirection> {
  const { poles } = labels
  const { seed, signal } = options
  const folds = foldsOf(labels, options)
  const labellings = permutedLabellings(labels, folds[0]!, { seed, draws: options.draws.meanDifference })
  const bootstrap = { seed, draws: options.draws.bootstrap, signal }
  const kept: { result: LayerResult; chosen: Chosen[][]; nulls: Float64Array }[] = []
  for (let layer = 0; layer < layers.count; layer++) {
    const x = await layers.load(layer)
    const runs = await outOfFolds(x, labels, folds.map(partsOf), {
      estimators: estimatorsFor(labels),
      seed,
      C: options.C === undefined ? C_GRID : [options.C],
      signal,
    })
    kept.push({
      result: await summarise(layer, runs, labels, bootstrap),
      chosen: runs.map((r) => [...r.chosen]),
      nulls: await meanDifferenceNull(x, labellings, signal),
    })
    options.onProgress?.(layer + 1, layers.count)
  }
  // Draw by draw the best of all layers: what searching over layers finds where there is nothing.
  const best = Float64Array.from(labellings.poles, (_, p) => Math.max(...kept.map((k) => k.nulls[p]!)))
  const results = kept.map(({ result, nulls }) =>
    withTest(result, 'mean-difference', testOf(Float64Array.of(nulls[0]!, ...best.subarray(1)))),
  )
  const { choice, layer } = chooseLayers(kept.map((k) => k.chosen))
  const C = typical(kept[layer]!.chosen.flat())
  const x = await layers.load(layer)
  if (options.draws.refitted > 0)
    results[layer] = await refittedTests(
      results[layer]!,
      x,
      labels,
      fewer(labellings, options.draws.refitted),
      C,
      signal,
    )
  const primary = scoresAt(results, choice, folds)
  const random = await outOfFold(x, labels, partsOf(randomFolds(poles.length, seed, 0)), {
    estimators: ['logistic'],
    seed,
    C,
    signal,
  })
  const sorted = [primary, random.scores.logistic!, results[layer]!.scores.logistic!].map(
    (s) => new SortedScores(s, poles, labels.groups.of),
  )
  const d = resampledD(primary, poles, labels.groups.of)
  const [primaryAuc, primaryD, randomFoldsAuc, leak] = (await clusterEstimates(labels, bootstrap, (times) => {
    const [own, ungrouped, grouped] = sorted.map((s) => s.auc(times)) as [number, number, number]
    return [own, d(times), ungrouped, ungrouped - grouped]
  })) as [Estimate, Estimate, Estimate, Estimate]
  const { null: null_, p } = results[layer]!.auc.logistic!
  return {
    layers: results,
    layer,
    choice,
    C,
    primary,
    primaryAuc: null_ === undefined ? primaryAuc : { ...primaryAuc, null: null_, p: p! },
    primaryD,
    groupAuc: groupLevelAuc(primary, labels),
    randomFoldsAuc,
    leak,
    folds,
  }
}

/** Scores and intervals of a layer from the runs of all repetitions. */
async function summarise(
  layer: number,
  runs: readonly OutOfFold[],
  labels: Labels,
  bootstrap: { seed: number; draws: number; signal: AbortSignal | undefined },
): Promise<LayerResult> {
  const { poles, groups } = labels
  const estimators = estimatorsFor(labels)
  const averages = estimators.map((e) => average(runs.map((r) => r.scores[e]!)))
  const right = average(runs.map((r) => r.right))
  const sizes = new Float64Array(groups.count)
  const rights = new Float64Array(groups.count)
  groups.of.forEach((g, i) => {
    sizes[g]!++
    rights[g]! += right[i]!
  })
  const sorted = averages.map((s) => new SortedScores(s, poles, groups.of))
  const d = averages.map((s) => resampledD(s, poles, groups.of))
  const weighed = (v: Float64Array, times: Int32Array): number => v.reduce((t, x, g) => t + x * times[g]!, 0)
  const found = await clusterEstimates(labels, bootstrap, (times) => [
    ...sorted.map((s) => s.auc(times)),
    ...d.map((f) => f(times)),
    weighed(rights, times) / weighed(sizes, times),
  ])
  const m = estimators.length
  const by = <T>(f: (index: number) => T): PerEstimator<T> =>
    Object.fromEntries(estimators.map((e, i) => [e, f(i)])) as PerEstimator<T>
  return {
    layer,
    scores: by((i) => averages[i]!),
    byRepeat: runs.map((r) => r.scores.logistic!),
    auc: by((i) => found[i]!),
    aucDelong: by((i) => ({
      ...delongInterval(averages[i]!, poles),
      level: LEVEL,
      method: 'DeLong',
      n: poles.length,
    })),
    cohensD: by((i) => found[m + i]!),
    accuracy: found[2 * m]!,
  }
}

function withTest(
  result: LayerResult,
  estimator: Estimator,
  test: Pick<Estimate, 'null' | 'p'>,
): LayerResult {
  return { ...result, auc: { ...result.auc, [estimator]: { ...result.auc[estimator]!, ...test } } }
}

async function refittedTests(
  result: LayerResult,
  x: Matrix,
  labels: Labels,
  labellings: Labellings,
  C: number,
  signal?: AbortSignal,
): Promise<LayerResult> {
  let tested = withTest(result, 'lda', testOf(await ldaNull(x, labellings, signal)))
  tested = withTest(tested, 'logistic', testOf(await logisticNull(x, labellings, C, signal)))
  if (labels.pairs === undefined) return tested
  return withTest(tested, 'matched-pc1', testOf(await matchedPc1Null(x, labels, labellings, signal)))
}

/** Each fold takes the layer with the best inner AUC; the layer with the best mean of them serves the whole. */
function chooseLayers(chosen: readonly (readonly (readonly Chosen[])[])[]): {
  choice: LayerChoice
  layer: number
} {
  const best = (value: (layer: number) => number): number => {
    let at = 0
    for (let layer = 1; layer < chosen.length; layer++) if (value(layer) > value(at)) at = layer
    return at
  }
  const totals = chosen.map((repeats) => repeats.flat().reduce((s, c) => s + c.innerAuc, 0))
  return {
    choice: chosen[0]!.map((parts, r) =>
      parts.map((_, f) => best((layer) => chosen[layer]![r]![f]!.innerAuc)),
    ),
    layer: best((layer) => totals[layer]!),
  }
}

/**
 * Logistic scores of every text at the layer that a choice gives its fold, averaged over repetitions. With
 * another model's choice: that model's layers, which is how two models are compared.
 */
export function scoresAt(
  layers: readonly Pick<LayerResult, 'byRepeat'>[],
  choice: LayerChoice,
  folds: readonly Folds[],
): Float64Array {
  return average(
    folds.map((fold, r) => Float64Array.from(fold, (f, i) => layers[choice[r]![f]!]!.byRepeat[r]![i]!)),
  )
}

/** The penalty chosen most often; the smaller of equals. */
function typical(chosen: readonly Chosen[]): number {
  const times = new Map<number, number>()
  for (const { C } of chosen) times.set(C, (times.get(C) ?? 0) + 1)
  return [...times].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0]![0]
}

/** AUC of groups' mean scores. Groups are independent, so DeLong's interval holds. */
function groupLevelAuc(scores: Float64Array, labels: Labels): Estimate | undefined {
  const { groups, poles } = labels
  if (groups.kind !== 'nested') return undefined
  const sums = new Float64Array(groups.count)
  const counts = new Float64Array(groups.count)
  groups.of.forEach((g, i) => {
    sums[g]! += scores[i]!
    counts[g]!++
  })
  return {
    ...delongInterval(
      sums.map((s, g) => s / counts[g]!),
      cellsOf(groups, poles).poles,
    ),
    level: LEVEL,
    method: 'DeLong over groups',
    n: poles.length,
    groups: groups.count,
  }
}
