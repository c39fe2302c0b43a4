/**
 * Claim 1: the direction exists, and beyond what random weights give. Everything that is measured on one
 * model's pooled activations; what two models share is in `transfer.ts`.
 */

import type { Matrix } from '../core/matrix.ts'
import { auc, delongInterval, SortedScores } from './auc.ts'
import { clusterBootstrap } from './bootstrap.ts'
import { cohensD } from './effect.ts'
import { type Estimate, LEVEL, percentileInterval, summariseNull, upperP } from './estimate.ts'
import { FOLDS, type Folds, groupFolds, randomFolds } from './folds.ts'
import { type Cells, cells as cellsOf, type Grouping } from './groups.ts'
import { type Chosen, ESTIMATORS, type Estimator, outOfFold } from './oof.ts'
import { ldaNull, logisticNull, meanDifferenceNull, observedAuc, permutedCells } from './permutation.ts'

/** Pooled activations of a model by layer: [n texts, d], one layer in memory at a time. */
export interface Layers {
  readonly count: number
  load(layer: number): Promise<Matrix>
}

export interface Labels {
  /** 0 (pole A) or 1 (pole B) of each text. */
  readonly poles: Int8Array
  readonly groups: Grouping
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

export interface LayerResult {
  readonly layer: number
  /** By estimator: mean of the repetitions' standardised out-of-fold scores. */
  readonly scores: Readonly<Record<Estimator, Float64Array>>
  readonly auc: Readonly<Record<Estimator, Estimate>>
  readonly aucDelong: Readonly<Record<Estimator, Estimate>>
  readonly cohensD: Readonly<Record<Estimator, number>>
  readonly accuracy: number
}

export interface ModelDirection {
  readonly layers: readonly LayerResult[]
  /** The layer with the best inner AUC of logistic regression over all training folds. */
  readonly layer: number
  /** The layer each fold of each repetition chose without seeing its test texts, and how often. */
  readonly votes: readonly number[]
  /** Scores of the primary cell: each text by logistic regression at the layer its own fold chose. */
  readonly primary: Float64Array
  readonly primaryAuc: Estimate
  /** AUC of groups' mean scores (nested groups), by the primary scores. */
  readonly groupAuc: Estimate | undefined
  /** AUC with folds that ignore groups, and what it gains, at the chosen layer. */
  readonly randomFoldsAuc: number
  readonly foldsUsed: readonly Folds[]
}

/** Measures one model: all layers, all estimators, nulls, and the layer chosen inside the training folds. */
export async function measureDirection(
  layers: Layers,
  labels: Labels,
  stage: string,
  options: DirectionOptions,
): Promise<ModelDirection> {
  const { poles, groups } = labels
  const folds =
    options.folds !== undefined
      ? [options.folds]
      : Array.from({ length: options.repeats ?? 3 }, (_, r) => groupFolds(groups, poles, options.seed, r))
  const cells = cellsOf(groups, poles)
  const draws = permutedCells(cells, {
    seed: options.seed,
    stage: 'direction',
    draws: options.draws.meanDifference,
  })
  const kept: {
    scores: LayerResult['scores']
    perRepeat: Float64Array[]
    chosen: Chosen[][]
    accuracy: number
    null: Float64Array
    observed: number
  }[] = []
  for (let layer = 0; layer < layers.count; layer++) {
    const x = await layers.load(layer)
    const runs = []
    for (const f of folds)
      runs.push(
        await outOfFold(x, poles, f, groups.of, {
          ...(options.C === undefined ? {} : { C: options.C }),
          signal: options.signal,
        }),
      )
    const nulls = await meanDifferenceNull(x, cells, folds[0]!, draws, options.signal)
    kept.push({
      scores: averaged(runs.map((r) => r.scores)),
      perRepeat: runs.map((r) => r.scores.logistic),
      chosen: runs.map((r) => [...r.chosen]),
      accuracy: runs.reduce((s, r) => s + r.accuracy / runs.length, 0),
      null: nulls,
      observed: observedAuc(runs[0]!.scores['mean-difference'], poles),
    })
    options.onProgress?.(layer + 1, layers.count)
  }
  const maxNull = Float64Array.from(draws, (_, p) => Math.max(...kept.map((k) => k.null[p]!)))
  const results: LayerResult[] = []
  for (const [layer, k] of kept.entries()) {
    const intervals = await aucIntervals(
      ESTIMATORS.map((e) => k.scores[e]),
      labels,
      `${stage}/layer`,
      options,
    )
    const estimates = Object.fromEntries(ESTIMATORS.map((e, i) => [e, intervals[i]!])) as Record<
      Estimator,
      Estimate
    >
    estimates['mean-difference'] = {
      ...estimates['mean-difference'],
      null: summariseNull(maxNull),
      p: upperP(k.observed, maxNull),
    }
    results.push({
      layer,
      scores: k.scores,
      auc: estimates,
      aucDelong: byEstimator((e) => ({
        ...delongInterval(k.scores[e], poles),
        level: LEVEL,
        method: 'DeLong',
        n: poles.length,
      })),
      cohensD: byEstimator((e) => cohensD(k.scores[e], poles)),
      accuracy: k.accuracy,
    })
  }
  const { votes, layer, primary } = choosePrimary(kept, folds, poles)
  const best = await layers.load(layer)
  const C = typical(kept[layer]!.chosen.flat())
  await addRefittedNulls(
    results[layer]!,
    best,
    cells,
    folds[0]!,
    draws.slice(0, options.draws.refitted),
    C,
    options,
  )
  const [primaryAuc] = await aucIntervals([primary], labels, `${stage}/primary`, options)
  const random = await outOfFold(
    best,
    poles,
    randomFolds(poles.length, options.seed, 0),
    Int32Array.from(poles, (_, i) => i),
    { C, estimators: ['logistic'], signal: options.signal },
  )
  return {
    layers: results,
    layer,
    votes,
    primary,
    primaryAuc: { ...primaryAuc!, ...pick(results[layer]!.auc.logistic) },
    groupAuc: groupLevelAuc(primary, labels, options),
    randomFoldsAuc: auc(random.scores.logistic, poles),
    foldsUsed: folds,
  }
}

function pick(e: Estimate): Partial<Estimate> {
  return { ...(e.null === undefined ? {} : { null: e.null }), ...(e.p === undefined ? {} : { p: e.p }) }
}

function byEstimator<T>(f: (e: Estimator) => T): Record<Estimator, T> {
  return Object.fromEntries(ESTIMATORS.map((e) => [e, f(e)])) as Record<Estimator, T>
}

function averaged(
  runs: readonly Readonly<Record<Estimator, Float64Array>>[],
): Record<Estimator, Float64Array> {
  return byEstimator((e) => runs[0]![e].map((_, i) => runs.reduce((s, r) => s + r[e][i]! / runs.length, 0)))
}

/** Each fold takes the layer with the best inner AUC; with a given penalty, the layer's own out-of-fold AUC. */
function choosePrimary(
  kept: readonly { perRepeat: Float64Array[]; chosen: Chosen[][] }[],
  folds: readonly Folds[],
  poles: Int8Array,
): { votes: number[]; layer: number; primary: Float64Array } {
  const inner = (layer: number, r: number, f: number): number => kept[layer]!.chosen[r]![f]!.innerAuc
  const given = Number.isNaN(inner(0, 0, 0))
  const votes = new Array<number>(kept.length).fill(0)
  const totals = new Float64Array(kept.length)
  const primary = new Float64Array(poles.length)
  folds.forEach((fold, r) => {
    const k = kept[0]!.chosen[r]!.length
    const choice = Array.from({ length: k }, (_, f) => {
      const value = (layer: number): number =>
        given ? outsideAuc(kept[layer]!.perRepeat[r]!, fold, f, poles) : inner(layer, r, f)
      let best = 0
      for (let layer = 0; layer < kept.length; layer++) {
        totals[layer]! += value(layer)
        if (value(layer) > value(best)) best = layer
      }
      votes[best]!++
      return best
    })
    for (let i = 0; i < poles.length; i++)
      primary[i]! += kept[choice[fold[i]!]!]!.perRepeat[r]![i]! / folds.length
  })
  let layer = 0
  for (let l = 1; l < kept.length; l++) if (totals[l]! > totals[layer]!) layer = l
  return { votes, layer, primary }
}

/** AUC over the texts outside a fold: what may choose a layer for it when there is no inner validation. */
function outsideAuc(scores: Float64Array, folds: Folds, fold: number, poles: Int8Array): number {
  const keep = Array.from(folds.keys()).filter((i) => folds[i] !== fold)
  return auc(
    keep.map((i) => scores[i]!),
    keep.map((i) => poles[i]!),
  )
}

/** The penalty chosen most often; the smaller of equals. */
function typical(chosen: readonly Chosen[]): number {
  const times = new Map<number, number>()
  for (const { C } of chosen) times.set(C, (times.get(C) ?? 0) + 1)
  return [...times].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0]![0]
}

async function addRefittedNulls(
  result: LayerResult,
  x: Matrix,
  cells: Cells,
  folds: Folds,
  draws: readonly Int8Array[],
  C: number,
  options: DirectionOptions,
): Promise<void> {
  if (draws.length === 0) return
  const target = result.auc as Record<Estimator, Estimate>
  for (const [estimator, null_] of [
    ['lda', await ldaNull(x, cells, folds, draws, options.signal)],
    ['logistic', await logisticNull(x, cells, folds, draws, C, options.signal)],
  ] as const)
    target[estimator] = {
      ...target[estimator],
      null: summariseNull(null_),
      p: upperP(target[estimator].value, null_),
    }
}

/** AUCs with cluster-bootstrap intervals, all from the same draws of groups. */
export async function aucIntervals(
  scores: readonly Float64Array[],
  labels: Labels,
  stage: string,
  options: Pick<DirectionOptions, 'seed' | 'draws' | 'signal'>,
): Promise<Estimate[]> {
  const { groups, poles } = labels
  const sorted = scores.map((s) => new SortedScores(s, poles))
  const draws = await clusterBootstrap(
    groups.count,
    {
      seed: options.seed,
      stage: 'groups',
      draws: options.draws.bootstrap,
      strata: strataOf(labels),
      signal: options.signal,
    },
    (times) => sorted.map((s) => s.auc((i) => times[groups.of[i]!]!)),
  )
  void stage
  return sorted.map((s, k) => ({
    value: s.auc(),
    ci: percentileInterval(draws[k]!),
    level: LEVEL,
    method: 'cluster bootstrap',
    n: poles.length,
    groups: groups.count,
    seed: options.seed,
  }))
}

/** With nested groups each pole's groups are resampled on their own. */
export function strataOf(labels: Labels): Int8Array | undefined {
  return labels.groups.kind === 'nested' ? cellsOf(labels.groups, labels.poles).poles : undefined
}

function groupLevelAuc(
  scores: Float64Array,
  labels: Labels,
  options: DirectionOptions,
): Estimate | undefined {
  if (labels.groups.kind !== 'nested') return undefined
  const { groups, poles } = labels
  const sums = new Float64Array(groups.count)
  const counts = new Float64Array(groups.count)
  groups.of.forEach((g, i) => {
    sums[g]! += scores[i]!
    counts[g]!++
  })
  const means = sums.map((s, g) => s / counts[g]!)
  const { value, ci } = delongInterval(means, cellsOf(groups, poles).poles)
  return {
    value,
    ci,
    level: LEVEL,
    method: 'DeLong over groups',
    n: poles.length,
    groups: groups.count,
    seed: options.seed,
  }
}

export { FOLDS }
