/**
 * Features as arms of claim `steering`: each feature's decoder vector is added, both ways, at a dose of equal KL in
 * both models, beside features that fire as often in base. Where a feature is silent this is what clamping it does.
 */

import { hashJson } from '../core/files.ts'
import { unit } from '../stats/linear.ts'
import { type Arm, type ArmDirection, calibrateArms, middleDose, scoreArms } from './arms.ts'
import { testPair } from './dictionary-tests.ts'
import type { SteeredDictionary } from './feature-arm-dictionary.ts'
import { decoderVectors } from './feature-details.ts'
import { matchRates } from './feature-selection.ts'
import type { FeaturesRecord } from './features-record.ts'
import { countedTexts, dictionaryNames, testTexts } from './features-step.ts'
import { firing, HeldDictionary, textsFired } from './firing.ts'
import type { Harvest } from './harvest.ts'
import { modelPlace, type StepOptions } from './model-place.ts'
import type { StudyModel } from './models.ts'
import type { Prepared } from './prepare.ts'
import type { RunFolder } from './run-folder.ts'
import { shardedStep } from './shards.ts'
import { evenly, type StanceItems } from './stance-items.ts'
import type { BothWays, DosedStance } from './steering-table.ts'

const VECTORS = 1

export interface SteeredFeature {
  readonly feature: number
  /** The steered feature that a control fires as often as; undefined for one that is asked about. */
  readonly matches: number | undefined
  /** Share of the prompts in which it fires in base. */
  readonly rate: number
}

/** What steering features did, by model. */
export interface FeatureArms {
  readonly dictionary: string
  readonly site: string
  /** |KL| of every arm. */
  readonly nats: number
  readonly features: readonly SteeredFeature[]
  readonly models: readonly {
    readonly role: string
    /** In the order of `features`; null where no size costs the KL. Controls are scored on `subset` only. */
    readonly arms: readonly (BothWays | null)[]
  }[]
  /** Issues (by index) on which controls are scored. */
  readonly subset: readonly number[]
}

/** Why there are none. */
export interface NoFeatures {
  readonly why: string
}

/**
 * Steers features in every model.
 *
 * @param record what claim `features` found, where it was run
 * @param prompts harvests of the prompts in the primary rendering: they know the sinks of every prompt
 * @throws PalimpsestError `interrupted`, and as the models and the dictionary
 */
export async function featureArms(
  run: RunFolder,
  p: Prepared,
  steered: SteeredDictionary,
  record: FeaturesRecord | undefined,
  prompts: readonly Harvest[],
  items: StanceItems,
  options: StepOptions,
): Promise<FeatureArms | NoFeatures> {
  const { dictionary, site } = steered
  const { steering } = p.study
  const nats = middleDose(steering.nats)
  const found = await targetsOf(run, p, steered, record, options)
  if ('why' in found) return found
  const features = await withControls(run, p, steered, found.targets, found.others, prompts, options)
  const directions = await directionsOf(run, p, steered, features, options)
  const subset = evenly([...items.neutral.keys()], steering.random_issues)
  const few = subset.map((i) => items.neutral[i]!)
  const models: FeatureArms['models'][number][] = []
  for (const model of p.models.all) {
    const place = (what: string) => modelPlace(model, site, `features of ${model.role}: ${what}`, options)
    const asks = directions.flatMap((direction, feature) =>
      direction === undefined
        ? []
        : [-nats, nats].map((n) => ({ feature, direction, op: 'add' as const, nats: n })),
    )
    const { doses } = await calibrateArms(run, place('doses'), items.texts, asks)
    const arms = asks.flatMap(({ feature, direction, op, nats: asked }, i) => {
      const dose = doses[i]!.found
      const { matches } = features[feature]!
      return dose === undefined
        ? []
        : [
            {
              id: `${direction.id} ${asked}`,
              arm: { ...direction, op, size: dose.alpha } satisfies Arm,
              items: matches === undefined ? items.neutral : few,
              dose: dose.dose,
              asked,
            },
          ]
    })
    const { scores } = await scoreArms(run, { ...place('scores'), positions: steering.positions }, arms)
    const dosed = new Map(
      arms.map((a, i): [string, DosedStance] => [
        a.id,
        { asked: a.asked, dose: a.dose, stance: scores[i]!.stance },
      ]),
    )
    models.push({
      role: model.role,
      arms: directions.map((direction) => {
        const id = direction?.id ?? ''
        const [plus, minus] = [dosed.get(`${id} ${nats}`), dosed.get(`${id} ${-nats}`)]
        return plus === undefined || minus === undefined ? null : { id, plus, minus }
      }),
    })
  }
  return {
    dictionary: record?.dictionaries[0]?.ref ?? dictionaryNames([dictionary])[0]!,
    site,
    nats,
    features,
    models,
    subset,
  }
}

/** The features that are asked about, and those that cannot be their controls. */
async function targetsOf(
  run: RunFolder,
  p: Prepared,
  { dictionary, named, most }: SteeredDictionary,
  record: FeaturesRecord | undefined,
  options: StepOptions,
): Promise<{ targets: number[]; others: number[] } | NoFeatures> {
  const test = async (): Promise<boolean> => {
    const texts = testTexts([p.textTokens, primary(p)], p.study.features.test_tokens)
    return (await testPair(run, p, dictionary, texts, options)).gates.every((g) => g.passed)
  }
  const [tested] = record?.dictionaries ?? []
  const policy = (record?.features ?? [])
    .filter((f) => f.dictionary === tested!.ref && f.set === 'policy')
    .map((f) => f.feature)
  const testable = tested === undefined ? await test() : tested.testable
  if (!testable) return { why: `the dictionary ${dictionaryNames([dictionary])[0]} fails its self-test` }
  const targets = named === undefined ? policy.slice(0, most) : [...named]
  return targets.length === 0 ? { why: 'no feature has policy content' } : { targets, others: policy }
}

const primary = (p: Prepared) => p.promptTokens.get(p.study.render[0]!)!

/** Targets, then for each of them features that fire in as many prompts of base. */
async function withControls(
  run: RunFolder,
  p: Prepared,
  { dictionary }: SteeredDictionary,
  targets: readonly number[],
  others: readonly number[],
  prompts: readonly Harvest[],
  options: StepOptions,
): Promise<SteeredFeature[]> {
  const base = p.models.all[0]!
  const of = countedTexts(primary(p), prompts[0]!.sinks)
  const found = await firing(run, { key: base.key, dictionary, of }, base.open, {
    signal: options.signal,
    onProgress: (done, total) => options.onProgress?.(`features of ${base.role}: prompts`, done, total),
  })
  const fired = textsFired(found.firing, of.texts.keys())
  const taken = new Set([...targets, ...others])
  const rated = (feature: number) => ({ feature, prompts: fired.get(feature) ?? 0 })
  const pool = [...fired.keys()].filter((f) => !taken.has(f)).sort((a, b) => a - b)
  const n = of.texts.length
  const controls = matchRates(targets.map(rated), pool.map(rated), n, p.study.features.controls)
  return [
    ...targets.map((feature) => ({ feature, matches: undefined, rate: rated(feature).prompts / n })),
    ...controls.map(({ feature, matches, prompts: k }) => ({ feature, matches, rate: k / n })),
  ]
}

/** Decoder vectors of unit norm; undefined for a feature that writes nothing. */
async function directionsOf(
  run: RunFolder,
  p: Prepared,
  { dictionary }: SteeredDictionary,
  features: readonly SteeredFeature[],
  options: StepOptions,
): Promise<(ArmDirection | undefined)[]> {
  const base: StudyModel = p.models.all[0]!
  const list = features.map((f) => f.feature)
  using held = new HeldDictionary(dictionary)
  const { shards } = await shardedStep<number[][]>(
    run,
    {
      kind: 'feature-vectors',
      version: VECTORS,
      params: { engine: base.key.engine, dictionary: dictionary.hash, features: hashJson(list) },
    },
    1,
    base.open,
    async (model) =>
      (await decoderVectors(await held.on(model, options.signal), list, options.signal)).map((v) => [...v]),
  )
  return shards[0]!.map((v, i) =>
    v.some((x) => x !== 0)
      ? { id: `feature-${list[i]}`, vector: Float32Array.from(unit(Float64Array.from(v))) }
      : undefined,
  )
}
