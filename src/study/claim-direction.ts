/**
 * Claim `direction`: the direction exists in the base model beyond what random weights give, and the aligned
 * model keeps it. Turns harvests into measures, gates and a status.
 */

import type { Matrix } from '../core/matrix.ts'
import { delongInterval, auc as plainAuc } from '../stats/auc.ts'
import { type Labels, type ModelDirection, measureDirection } from '../stats/direction.ts'
import { fitLda } from '../stats/estimators/lda.ts'
import { fitLogistic } from '../stats/estimators/logistic.ts'
import { meanDifference } from '../stats/estimators/mean-difference.ts'
import { type ExcessResult, measureExcess, type RetentionLabel, readRetention } from '../stats/excess.ts'
import type { Folds } from '../stats/folds.ts'
import { cosine, unit } from '../stats/linear.ts'
import { ESTIMATORS, outOfFold } from '../stats/oof.ts'
import { tfidfScores } from '../stats/tfidf.ts'
import { compareDirections, linearCka, transferAuc, transferScores } from '../stats/transfer.ts'
import {
  addQ,
  type Common,
  excessMeasures,
  layerMeasures,
  measure,
  primaryMeasures,
} from './direction-measures.ts'
import type { Harvest, Pool } from './harvest.ts'
import { type Claim, type Measure, pairNote } from './results.ts'
import type { Study } from './schema.ts'

export interface DirectionInput {
  readonly study: Study
  readonly labels: Labels
  readonly texts: readonly string[]
  readonly scores: Float64Array | undefined
  readonly givenFolds: Folds | undefined
  readonly pool: Pool
  readonly otherPools: readonly Pool[]
  /** Layers that were harvested, rising. */
  readonly layers: readonly number[]
  /** By role, base (or subject) first. */
  readonly models: readonly { readonly role: string; readonly harvest: Harvest }[]
  /** Mean-pooled random token embeddings, [n, d], by pool. */
  readonly randomEmbeddings: ReadonlyMap<Pool, Matrix>
  /** A random twin's activations at a layer, where one fits. */
  readonly randomModel: ((layer: number) => Promise<Matrix>) | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((what: string, done: number, total: number) => void) | undefined
}

export interface DirectionOutcome {
  readonly claim: Claim
  /** Primary layer (block number). */
  readonly layer: number
  /** Unit directions at the primary layer by `role.estimator`. */
  readonly directions: ReadonlyMap<string, Float64Array>
  readonly exists: boolean
  readonly retention: RetentionLabel | 'not tested'
}

export async function claimDirection(input: DirectionInput): Promise<DirectionOutcome> {
  const { study, labels } = input
  const options = {
    seed: study.seed,
    repeats: study.repeats,
    ...(input.givenFolds === undefined ? {} : { folds: input.givenFolds }),
    ...(study.logistic_C === undefined ? {} : { C: study.logistic_C }),
    draws: {
      bootstrap: study.draws.bootstrap,
      meanDifference: study.draws.permutations,
      refitted: study.draws.refitted,
    },
    signal: input.signal,
  }
  const measured: ModelDirection[] = []
  for (const { role, harvest } of input.models) {
    const layers = {
      count: input.layers.length,
      load: (l: number) => harvest.load(input.layers[l]!, input.pool),
    }
    // Every model uses the same stage, so that resampling draws the same groups for all.
    measured.push(
      await measureDirection(layers, labels, 'direction', {
        ...options,
        onProgress: (done, total) => input.onProgress?.(`direction of ${role}`, done, total),
      }),
    )
  }
  const first = measured[0]!
  const layer = input.layers[first.layer]!
  const folds = first.foldsUsed[0]!
  const C = study.logistic_C ?? 3e-3
  const matrices = await Promise.all(input.models.map((m) => m.harvest.load(layer, input.pool)))

  // Baselines on the folds of the first repetition; models are compared at the base model's chosen layer.
  const logistic = async (x: Matrix, f: Folds = folds): Promise<Float64Array> =>
    (
      await outOfFold(x, labels.poles, f, labels.groups.of, {
        ...(study.logistic_C === undefined ? {} : { C: study.logistic_C }),
        estimators: ['logistic'],
        signal: input.signal,
      })
    ).scores.logistic
  const random = await logistic(input.randomEmbeddings.get(input.pool)!)
  const randomModel =
    input.randomModel === undefined ? undefined : await logistic(await input.randomModel(layer))
  const tfidf = await tfidfScores(input.texts, labels.poles, folds, input.signal)
  const embedding = await Promise.all(
    input.models.map(async (m) => logistic(await m.harvest.load(-1, input.pool))),
  )
  const excess = await measureExcess(
    measured.map((m, i) => ({
      model: m.layers[first.layer]!.scores.logistic,
      randomEmbeddings: random,
      randomModel,
      embeddingLayer: embedding[i],
      tfidf,
    })),
    labels,
    { seed: study.seed, draws: study.draws.bootstrap, signal: input.signal },
  )

  const measures: Measure[] = []
  const site = `blocks.${layer}.hook_resid_post`
  const foldKind = input.givenFolds === undefined ? ('group' as const) : ('given' as const)
  const common = { rendering: study.render[0]!, pool: input.pool }
  for (const [i, { role }] of input.models.entries())
    layerMeasures(measures, measured[i]!, role, input.layers, { ...common, folds: foldKind }, labels)
  for (const [i, { role }] of input.models.entries())
    primaryMeasures(
      measures,
      measured[i]!,
      role,
      site,
      { ...common, folds: foldKind },
      labels,
      input.scores,
      study.seed,
    )
  excessMeasures(
    measures,
    excess,
    input.models.map((m) => m.role),
    site,
    { ...common, estimator: 'logistic', folds: foldKind },
  )
  const directions = await fitDirections(input, matrices, C, measures, { ...common, site })
  const pools = await otherPools(input, layer, folds, logistic, measures)
  if (matrices.length === 2)
    await pairMeasures(input, matrices as [Matrix, Matrix], folds, C, measures, site, common)
  addQ(measures)

  const bar = study.thresholds.excess_auc
  const own = excess.of[0]!.overRandom
  const exists = own.ci![0] > bar
  const gates = [
    {
      name: 'excess AUC over random baselines (lower bound)',
      passed: exists,
      value: own.ci![0],
      threshold: bar,
    },
  ]
  const retention =
    input.models.length < 2
      ? ('not tested' as const)
      : exists
        ? readRetention(excess.retention[1]?.ci ?? [Number.NaN, Number.NaN], study.thresholds)
        : ('underpowered' as const)
  return {
    claim: assemble(input, excess, exists, retention, pools, layer, first, measures, gates),
    layer,
    directions,
    exists,
    retention,
  }
}

/** Unit directions at the primary layer on all texts, and the cosines between the estimators. */
async function fitDirections(
  input: DirectionInput,
  matrices: readonly Matrix[],
  C: number,
  out: Measure[],
  common: Common,
): Promise<Map<string, Float64Array>> {
  const { poles } = input.labels
  const rows = Int32Array.from(poles, (_, i) => i)
  const directions = new Map<string, Float64Array>()
  for (const [i, { role }] of input.models.entries()) {
    const x = matrices[i]!
    const fits = {
      'mean-difference': meanDifference(x, poles, rows),
      logistic: (await fitLogistic(x, [{ rows, labels: poles, C }], { signal: input.signal }))[0]!.weights,
      lda: (await fitLda(x, poles, rows, input.signal)).direction,
    }
    for (const e of ESTIMATORS) directions.set(`${role}.${e}`, unit(fits[e]))
    for (const [a, b] of [
      ['mean-difference', 'logistic'],
      ['mean-difference', 'lda'],
      ['logistic', 'lda'],
    ] as const)
      out.push({
        name: 'cosine_estimators',
        model: role,
        ...common,
        value: cosine(fits[a], fits[b]),
        n: poles.length,
        note: pairNote(a, b),
      })
  }
  return directions
}

/** Retention in the other pools: a direction can leave the last token and stay in the mean. */
async function otherPools(
  input: DirectionInput,
  layer: number,
  folds: Folds,
  logistic: (x: Matrix) => Promise<Float64Array>,
  out: Measure[],
): Promise<{ pool: Pool; label: RetentionLabel; excess: number }[]> {
  const found: { pool: Pool; label: RetentionLabel; excess: number }[] = []
  for (const pool of input.otherPools) {
    const random = await logistic(input.randomEmbeddings.get(pool)!)
    const inputs: { model: Float64Array; randomEmbeddings: Float64Array }[] = []
    for (const { harvest } of input.models)
      inputs.push({ model: await logistic(await harvest.load(layer, pool)), randomEmbeddings: random })
    const excess = await measureExcess(inputs, input.labels, {
      seed: input.study.seed,
      draws: input.study.draws.bootstrap,
      signal: input.signal,
    })
    const rest = {
      site: `blocks.${layer}.hook_resid_post`,
      rendering: input.study.render[0]!,
      pool,
      estimator: 'logistic',
      folds: input.givenFolds === undefined ? ('group' as const) : ('given' as const),
    }
    input.models.forEach(({ role }, i) => {
      out.push({
        name: 'auc',
        model: role,
        ...rest,
        value: plainAuc(inputs[i]!.model, input.labels.poles),
        ci: delongInterval(inputs[i]!.model, input.labels.poles).ci,
        level: 0.95,
        method: 'DeLong',
        n: input.labels.poles.length,
        groups: input.labels.groups.count,
      })
      out.push(
        measure('excess_auc', excess.of[i]!.overRandom, {
          model: role,
          ...rest,
          note: 'over random embeddings in this pool',
        }),
      )
      const kept = excess.retention[i]
      if (i > 0 && kept !== undefined) out.push(measure('retention', kept, { model: role, ...rest }))
    })
    const ci = excess.retention[1]?.ci
    if (ci !== undefined)
      found.push({
        pool,
        label: readRetention(ci, input.study.thresholds),
        excess: excess.of[0]!.overRandom.ci![0],
      })
  }
  void folds
  return found
}

async function pairMeasures(
  input: DirectionInput,
  [base, aligned]: [Matrix, Matrix],
  folds: Folds,
  C: number,
  out: Measure[],
  site: string,
  common: Common,
): Promise<void> {
  const { labels, study } = input
  const matrices = { base, aligned }
  for (const fit of ['base', 'aligned'] as const)
    for (const test of ['base', 'aligned'] as const) {
      const scores = await transferScores(matrices[fit], matrices[test], labels.poles, folds, C, input.signal)
      out.push({
        name: 'transfer_auc',
        fit,
        test,
        site,
        ...common,
        estimator: 'logistic',
        value: transferAuc(scores, labels.poles),
        ci: delongInterval(scores, labels.poles).ci,
        level: 0.95,
        method: 'DeLong',
        n: labels.poles.length,
        groups: labels.groups.count,
      })
    }
  const c = await compareDirections(base, aligned, labels, {
    seed: study.seed,
    draws: study.draws.permutations,
    signal: input.signal,
  })
  out.push({
    name: 'cosine_base_aligned',
    site,
    ...common,
    estimator: 'mean-difference',
    value: c.value,
    null: c.null,
    p: c.p,
    n: labels.poles.length,
    groups: labels.groups.count,
    method: 'permuted labels',
    seed: study.seed,
  })
  out.push({
    name: 'split_half_cosine',
    model: 'base',
    site,
    ...common,
    estimator: 'mean-difference',
    value: c.splitHalf,
    n: labels.poles.length,
    groups: labels.groups.count,
    note: 'halves of the groups within the base model: the ceiling',
    seed: study.seed,
  })
  out.push({
    name: 'cka',
    site,
    ...common,
    value: await linearCka(base, aligned, input.signal),
    n: labels.poles.length,
    note: 'linear',
  })
}

function assemble(
  input: DirectionInput,
  excess: ExcessResult,
  exists: boolean,
  retention: DirectionOutcome['retention'],
  pools: readonly { pool: Pool; label: RetentionLabel; excess: number }[],
  layer: number,
  first: ModelDirection,
  measures: Measure[],
  gates: Claim['gates'],
): Claim {
  const f = (x: number): string => x.toFixed(3)
  const own = excess.of[0]!
  const role = input.models[0]!.role
  const found = `In ${role}, logistic regression tells the poles of unseen groups apart with AUC ${f(first.primaryAuc.value)} (95% ${f(first.primaryAuc.ci![0])} to ${f(first.primaryAuc.ci![1])}), ${f(own.overRandom.value)} (${f(own.overRandom.ci![0])} to ${f(own.overRandom.ci![1])}) above what random weights give; the layer it chooses is block ${layer}.`
  const words = [found]
  if (own.overWords !== undefined)
    words.push(
      own.overWords.ci![0] > 0
        ? 'That is more than the words alone say (TF-IDF).'
        : own.overWords.ci![1] < 0
          ? `The words alone say more: TF-IDF reaches ${f(own.baselines.tfidf!.value)}.`
          : 'That is about what the words alone say (TF-IDF).',
    )
  if (!exists)
    return {
      id: 'direction',
      status: own.overRandom.ci![1] > input.study.thresholds.excess_auc ? 'underpowered' : 'contradicted',
      label: 'no direction',
      words: [
        ...words,
        'It does not exceed the random baselines by the margin asked for, so there is no direction to speak of.',
      ].join(' '),
      gates,
      measures,
    }
  if (retention === 'not tested')
    return { id: 'direction', status: 'supported', label: 'exists', words: words.join(' '), gates, measures }
  const kept = excess.retention[1]!
  words.push(
    `The aligned model keeps ${f(kept.value)} of the excess (${f(kept.ci![0])} to ${f(kept.ci![1])}): ${retention}.`,
  )
  const lostIn = pools.filter((p) => p.label === 'lost' && p.excess > 0).map((p) => p.pool)
  if (retention !== 'lost' && lostIn.length > 0)
    words.push(
      `It is lost at ${lostIn.join(' and ')}: what the ${input.pool} pool shows may be kept only in the embeddings.`,
    )
  const status =
    retention === 'retained'
      ? 'supported'
      : retention === 'underpowered'
        ? 'underpowered'
        : retention === 'lost'
          ? 'contradicted'
          : 'supported'
  return { id: 'direction', status, label: retention, words: words.join(' '), gates, measures }
}
