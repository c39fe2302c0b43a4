/**
 * Claim `direction`: the direction exists in the base model beyond what random weights give, and the aligned
 * model keeps it. Turns harvests into measures, gates and a status.
 */

import type { Matrix } from '../core/matrix.ts'
import { delongInterval } from '../stats/auc.ts'
import { type ModelDirection, measureDirection, scoresAt } from '../stats/direction.ts'
import { LEVEL } from '../stats/estimate.ts'
import {
  type ExcessResult,
  measureExcess,
  overPools,
  type RetentionLabel,
  readRetention,
} from '../stats/excess.ts'
import { type Folds, partsOf } from '../stats/folds.ts'
import type { Labels } from '../stats/groups.ts'
import { average, C_GRID, logisticScores, outOfFold } from '../stats/oof.ts'
import { tfidfScores } from '../stats/tfidf.ts'
import { topicEstimates, topicParts } from '../stats/topics.ts'
import {
  addQ,
  type Common,
  excessMeasures,
  layerMeasures,
  measure,
  primaryMeasures,
} from './direction-measures.ts'
import { estimatorDirections } from './estimator-directions.ts'
import type { Harvest, Pool } from './harvest.ts'
import { pairMeasures } from './pair-measures.ts'
import { type Power, powerOf } from './power-words.ts'
import type { Claim, Measure, Series } from './results.ts'
import type { Study } from './schema.ts'

/** An excess AUC that one would not want to miss. */
const LIKELY_EXCESS = 0.1

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

/** What all parts of the claim need. */
interface Setting {
  readonly input: DirectionInput
  readonly first: ModelDirection
  /** Primary layer, by its block number. */
  readonly layer: number
  readonly bootstrap: { seed: number; draws: number; signal: AbortSignal | undefined }
  readonly place: Common & { rendering: 'raw' | 'chat'; pool: Pool; folds: 'group' | 'given'; site: string }
  /** Out-of-fold scores of activations or a baseline, on the folds of all. */
  score(x: Matrix): Promise<Float64Array>
}

/**
 * Measures the claim.
 *
 * @throws PalimpsestError `interrupted`, `engine-*`
 */
export async function claimDirection(input: DirectionInput): Promise<DirectionOutcome> {
  const { study, labels, signal } = input
  const { seed } = study
  const measured: ModelDirection[] = []
  for (const { role, harvest } of input.models)
    measured.push(
      await measureDirection(
        {
          count: input.layers.length,
          load: (l) => harvest.load(input.layers[l]!, input.pool),
        },
        labels,
        {
          seed,
          repeats: study.repeats,
          ...(input.givenFolds === undefined ? {} : { folds: input.givenFolds }),
          ...(study.logistic_C === undefined ? {} : { C: study.logistic_C }),
          draws: {
            bootstrap: study.draws.bootstrap,
            meanDifference: study.draws.permutations,
            refitted: study.draws.refitted,
          },
          signal,
          onProgress: (done, total) => input.onProgress?.(`direction of ${role}`, done, total),
        },
      ),
    )
  const first = measured[0]!
  const layer = input.layers[first.layer]!
  const setting: Setting = {
    input,
    first,
    layer,
    bootstrap: { seed, draws: study.draws.bootstrap, signal },
    place: {
      site: `blocks.${layer}.hook_resid_post`,
      rendering: study.render[0]!,
      pool: input.pool,
      folds: input.givenFolds === undefined ? 'group' : 'given',
    },
    score: (x) =>
      logisticScores(x, labels, first.folds, {
        seed,
        C: study.logistic_C === undefined ? C_GRID : study.logistic_C,
        signal,
      }),
  }
  const excess = await excessOf(setting, measured)
  const matrices = await Promise.all(input.models.map((m) => m.harvest.load(layer, input.pool)))

  const measures: Measure[] = []
  const { site, ...common } = setting.place
  const roles = input.models.map((m) => m.role)
  for (const [i, role] of roles.entries()) layerMeasures(measures, measured[i]!, role, input.layers, common)
  for (const [i, role] of roles.entries())
    primaryMeasures(measures, measured[i]!, role, site, common, labels, input.scores)
  excessMeasures(measures, excess, roles, site, { ...common, estimator: 'logistic' })
  const directions = await estimatorDirections(
    input.models.map(({ role }, i) => ({ role, x: matrices[i]!, C: measured[i]!.C })),
    labels,
    { site, rendering: setting.place.rendering, pool: setting.place.pool },
    { seed, signal },
    measures,
  )
  const pools = await otherPools(setting, measures)
  const topics = await topicMeasures(setting, matrices, measures)
  const series: Series[] = []
  if (matrices.length === 2)
    await pairMeasures(
      {
        models: [matrices[0]!, matrices[1]!],
        labels,
        folds: first.folds[0]!,
        C: first.C,
        study,
        place: setting.place,
        layer,
        signal,
      },
      measures,
      series,
    )
  addQ(measures)

  const bar = study.thresholds.excess_auc
  const lower = excess.of[0]!.overRandom.ci![0]
  const exists = lower > bar
  const gates = [
    { name: 'excess AUC over random baselines (lower bound)', passed: exists, value: lower, threshold: bar },
  ]
  const retention = retentionOf(setting, excess, pools, exists)
  const power = powerOfExcess(setting, excess, exists, retention)
  measures.push(...(power?.measures ?? []))
  return {
    claim: {
      ...assemble(setting, excess, exists, retention, pools, topics, power),
      gates,
      measures,
      ...(series.length === 0 ? {} : { series }),
    },
    layer,
    directions,
    exists,
    retention,
  }
}

/**
 * Excess over baselines on the same folds and repetitions. The first model's fold-by-fold choice of layers
 * serves all models; the random model is taken at the layer that serves the whole.
 */
async function excessOf(
  { input, first, layer, bootstrap, score }: Setting,
  measured: readonly ModelDirection[],
): Promise<ExcessResult> {
  const { labels, signal } = input
  const random = await score(input.randomEmbeddings.get(input.pool)!)
  const randomModel =
    input.randomModel === undefined ? undefined : await score(await input.randomModel(layer))
  const words: Float64Array[] = []
  for (const f of first.folds) words.push(await tfidfScores(input.texts, labels.poles, partsOf(f), signal))
  const embeddings: Float64Array[] = []
  for (const m of input.models) embeddings.push(await score(await m.harvest.load(-1, input.pool)))
  return measureExcess(
    measured.map((m, i) => ({
      model: scoresAt(m.layers, first.choice, first.folds),
      randomEmbeddings: random,
      randomModel,
      embeddingLayer: embeddings[i],
      tfidf: average(words),
    })),
    labels,
    bootstrap,
  )
}

interface PoolRetention {
  readonly pool: Pool
  readonly label: RetentionLabel
  /** Whether the first model has a direction in this pool at all. */
  readonly exists: boolean
}

/** Retention in the other pools: a direction can leave the last token and stay in the mean. */
async function otherPools(
  { input, layer, bootstrap, place, score }: Setting,
  out: Measure[],
): Promise<PoolRetention[]> {
  const { labels, study } = input
  const found: PoolRetention[] = []
  for (const pool of input.otherPools) {
    const randomEmbeddings = await score(input.randomEmbeddings.get(pool)!)
    const inputs: { model: Float64Array; randomEmbeddings: Float64Array }[] = []
    for (const { harvest } of input.models)
      inputs.push({ model: await score(await harvest.load(layer, pool)), randomEmbeddings })
    const excess = await measureExcess(inputs, labels, bootstrap)
    const rest = { ...place, pool, estimator: 'logistic' }
    input.models.forEach(({ role }, i) => {
      out.push({
        name: 'auc',
        model: role,
        ...rest,
        ...delongInterval(inputs[i]!.model, labels.poles),
        level: LEVEL,
        method: 'DeLong',
        n: labels.poles.length,
        groups: labels.groups.count,
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
    if (input.models.length > 1)
      found.push({
        pool,
        label: readRetention(excess.retention[1]?.ci ?? [Number.NaN, Number.NaN], study.thresholds),
        exists: excess.of[0]!.overRandom.ci![0] > study.thresholds.excess_auc,
      })
  }
  return found
}

/**
 * The second evaluation, where texts have topics: no fit has seen the topic or the group that it is tested on.
 *
 * @returns what it says, in words
 */
async function topicMeasures(
  { input, first, bootstrap, place }: Setting,
  matrices: readonly Matrix[],
  out: Measure[],
): Promise<string | undefined> {
  const { labels, study, signal } = input
  if (labels.topics === undefined) return undefined
  const parts = topicParts(labels, first.folds[0]!, study.seed)
  if (parts === undefined)
    return 'Topics could not be held out: without one of their folds, some fit would lack a pole.'
  const { seed } = study
  const logistic = async (x: Matrix): Promise<Float64Array> =>
    (await outOfFold(x, labels, parts, { estimators: ['logistic'], seed, C: first.C, signal })).scores
      .logistic!
  const rest = { ...place, folds: 'topic', estimator: 'logistic' }
  const random = await logistic(input.randomEmbeddings.get(input.pool)!)
  const words = await tfidfScores(input.texts, labels.poles, parts, signal)
  let said: string | undefined
  for (const [i, { role }] of input.models.entries()) {
    const model = await logistic(matrices[i]!)
    const overRandom = await topicEstimates({ model, baseline: random }, labels, bootstrap)
    const overWords = await topicEstimates({ model, baseline: words }, labels, bootstrap)
    const own = { model: role, ...rest }
    out.push(measure('auc', overRandom.auc, { ...own, note: 'topics and groups held out' }))
    out.push(
      measure('excess_auc', overRandom.excess, { ...own, note: 'over random embeddings; topics held out' }),
    )
    out.push(measure('excess_over_words', overWords.excess, { ...own, note: 'topics held out' }))
    const [f, { value, ci }] = [(x: number): string => x.toFixed(3), overRandom.excess]
    said ??= `With topics held out as well its AUC is ${f(overRandom.auc.value)}, ${f(value)} (${f(ci![0])} to ${f(ci![1])}) above random embeddings.`
  }
  return said
}

function retentionOf(
  { input }: Setting,
  excess: ExcessResult,
  pools: readonly PoolRetention[],
  exists: boolean,
): DirectionOutcome['retention'] {
  if (input.models.length < 2) return 'not tested'
  const ci = excess.retention[1]?.ci
  if (!exists || ci === undefined) return 'underpowered'
  return overPools(
    readRetention(ci, input.study.thresholds),
    pools.filter((p) => p.exists).map((p) => p.label),
  )
}

/** What the number of groups could have shown, where it did not decide. */
function powerOfExcess(
  { input }: Setting,
  excess: ExcessResult,
  exists: boolean,
  retention: DirectionOutcome['retention'],
): Power | undefined {
  const { excess_auc, retained, lost } = input.study.thresholds
  const over = excess.of[0]!.overRandom
  if (!exists)
    return over.ci![1] <= excess_auc
      ? undefined
      : powerOf(
          { ...over, ci: over.ci! },
          { model: input.models[0]!.role, unit: 'groups' },
          [
            {
              name: 'exists',
              finding: 'one',
              truth: LIKELY_EXCESS,
              given: `its excess is ${LIKELY_EXCESS}`,
              low: excess_auc,
            },
          ],
          [{ high: excess_auc }],
        )
  const kept = excess.retention[1]
  if (retention !== 'underpowered' || kept?.ci === undefined) return undefined
  return powerOf(
    { ...kept, ci: kept.ci },
    { model: input.models[1]!.role, unit: 'groups' },
    [
      { name: 'retained', finding: 'it retained', truth: 1, given: 'all of it is kept', low: retained },
      { name: 'lost', finding: 'it lost', truth: 0, given: 'nothing is', high: lost },
    ],
    // Attenuated is an answer too: whatever does not span both bars.
    [{ low: lost }, { high: retained }],
  )
}

/** Status, label and the answer in words. */
function assemble(
  { input, first, layer }: Setting,
  excess: ExcessResult,
  exists: boolean,
  retention: DirectionOutcome['retention'],
  pools: readonly PoolRetention[],
  topics: string | undefined,
  power: Power | undefined,
): Pick<Claim, 'id' | 'status' | 'label' | 'words'> {
  const f = (x: number): string => x.toFixed(3)
  const own = excess.of[0]!
  const role = input.models[0]!.role
  const words = [
    `In ${role}, logistic regression tells the poles of unseen groups apart with AUC ${f(first.primaryAuc.value)} (95% ${f(first.primaryAuc.ci![0])} to ${f(first.primaryAuc.ci![1])}), ${f(own.overRandom.value)} (${f(own.overRandom.ci![0])} to ${f(own.overRandom.ci![1])}) above what random weights give; the layer it chooses is block ${layer}.`,
  ]
  if (own.overEmbeddings !== undefined)
    words.push(
      own.overEmbeddings.ci![0] > 0
        ? "That is more than the model's own embedding layer says."
        : "That is no more than the model's own embedding layer says.",
    )
  if (own.overWords !== undefined)
    words.push(
      own.overWords.ci![0] > 0
        ? 'It is more than the words alone say (TF-IDF).'
        : own.overWords.ci![1] < 0
          ? `The words alone say more: TF-IDF reaches ${f(own.baselines.tfidf!.value)}.`
          : 'It is about what the words alone say (TF-IDF).',
    )
  if (topics !== undefined) words.push(topics)
  if (!exists)
    return {
      id: 'direction',
      status: own.overRandom.ci![1] > input.study.thresholds.excess_auc ? 'underpowered' : 'contradicted',
      label: 'no direction',
      words: [
        ...words,
        ...(power === undefined
          ? [
              'It does not exceed the random baselines by the margin asked for, so there is no direction to speak of.',
            ]
          : ['It is not shown to exceed the random baselines by the margin asked for.', power.words]),
      ].join(' '),
    }
  if (retention === 'not tested')
    return { id: 'direction', status: 'supported', label: 'exists', words: words.join(' ') }
  const kept = excess.retention[1]!
  words.push(
    `The aligned model keeps ${f(kept.value)} of the excess (${f(kept.ci![0])} to ${f(kept.ci![1])}) in the ${input.pool} pool: ${retention}.`,
  )
  if (power !== undefined) words.push(power.words)
  const tested = pools.filter((p) => p.exists)
  const lostIn = tested.filter((p) => p.label === 'lost').map((p) => p.pool)
  const primary = readRetention(kept.ci!, input.study.thresholds)
  if (primary === 'lost' && retention !== 'lost')
    words.push(
      `It is lost there, but not in ${tested.flatMap((p) => (p.label === 'lost' ? [] : [`${p.pool} (${p.label})`])).join(' and ')}; lost needs every pool.`,
    )
  else if (primary !== 'lost' && lostIn.length > 0)
    words.push(
      `It is lost in ${lostIn.join(' and ')}${input.pool === 'mean' ? ': what the mean of all tokens keeps is kept only in the embeddings' : ''}.`,
    )
  const status = {
    retained: 'supported',
    attenuated: 'supported',
    lost: 'contradicted',
    underpowered: 'underpowered',
  } as const
  return { id: 'direction', status: status[retention], label: retention, words: words.join(' ') }
}
