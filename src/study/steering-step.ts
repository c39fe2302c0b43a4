/**
 * The steps of the claims `steering` and `geometry`: directions, random ones like them, doses of equal KL, scores
 * under every arm, texts under every dose, and the claims. The work on models is in `model-steering.ts`.
 */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { atomicWrite, hashJson } from '../core/files.ts'
import { armDirections } from '../stats/references.ts'
import type { ArmDirection } from './arms.ts'
import { claimGeometry } from './claim-geometry.ts'
import { claimSteering, type SteeringOutcome } from './claim-steering.ts'
import { coherentLevels } from './coherent.ts'
import { conceptDirections } from './concept-directions.ts'
import { cutMeasures } from './cut-measures.ts'
import { cutTable } from './cut-step.ts'
import { type DirectionRecord, directionAt } from './directions.ts'
import { featureArmMeasures } from './feature-arm-measures.ts'
import { featureArms } from './feature-arms.ts'
import type { FeaturesRecord } from './features-record.ts'
import { type Harvest, siteOf } from './harvest.ts'
import type { StepOptions } from './model-place.ts'
import { CROSS, type ModelDirections, steerModel } from './model-steering.ts'
import type { Prepared } from './prepare.ts'
import type { Claim } from './results.ts'
import type { RunFolder } from './run-folder.ts'
import { choiceMeasures } from './steering-choice.ts'
import { randomCounts, steers } from './steering-cost.ts'
import { steeringPlace } from './steering-layer.ts'
import type { SteeringTable } from './steering-table.ts'
import { type Beside, type TextInput, textMeasures } from './text-measures.ts'
import type { VerdictInputs } from './verdict.ts'

const CLAIMS = 7

/**
 * Measures the claims that the study asks for.
 *
 * @param prompts harvests of the prompts in the primary rendering, by model: random directions are as strong in
 *   them as the direction is
 * @param texts harvests of the labelled texts, by model: each block's direction is fitted on them
 * @param features what claim `features` found, where it was run
 * @throws PalimpsestError `dose-unreachable`, `interrupted`, and as the models
 */
export async function steeringStep(
  run: RunFolder,
  p: Prepared,
  direction: DirectionRecord,
  prompts: readonly Harvest[],
  texts: readonly Harvest[],
  features: FeaturesRecord | undefined,
  options: StepOptions,
): Promise<{ claims: Claim[]; steering: VerdictInputs['steering']; tables: readonly SteeringTable[] }> {
  const { study } = p
  const pair = p.models.all.length > 1
  const asked = study.claims.filter((c) => c === 'geometry' || (c === 'steering' && pair))
  if (!steers(study, p.models.all.length)) return { claims: [], steering: 'not tested', tables: [] }
  const { items, ...choice } = await steeringPlace(run, p, direction.layer, texts[0]!, options)
  const { layer } = choice
  const fitted = await Promise.all(p.models.all.map((_, m) => directionAt(p, texts[m]!, layer)))
  const tables: SteeringTable[] = []
  for (const [m, model] of p.models.all.entries()) {
    const directions = await directionsOf(run, p, layer, fitted, prompts[m]!, m, options)
    tables.push(await steerModel(run, p, model, directions, items, options))
  }
  const arms =
    p.steered === undefined
      ? undefined
      : await featureArms(run, p, p.steered, features, prompts, items, options)
  const cut = p.cut === undefined ? undefined : await cutTable(run, p, texts, items, options)
  const at = {
    study,
    site: siteOf(layer),
    rendering: study.render[0]!,
  }
  const spec = {
    kind: 'claim-steering',
    version: CLAIMS,
    params: {
      tables: hashJson(tables),
      features:
        arms === undefined ? null : hashJson([arms, features?.features.map((f) => [f.feature, f.label])]),
      ...(cut === undefined ? {} : { cut: hashJson(cut) }),
      asked,
      at: [at.site, at.rendering, choice],
      seed: study.seed,
      draws: study.draws,
      thresholds: study.thresholds,
    },
  }
  options.onProgress?.('steering', 0, 1)
  const { folder } = await run.step(spec, async (partial) => {
    const steering: SteeringOutcome | undefined = asked.includes('steering')
      ? await claimSteering({ ...at, tables, signal: options.signal })
      : undefined
    const geometry = asked.includes('geometry')
      ? await claimGeometry({ ...at, tables, signal: options.signal })
      : undefined
    const [first, ...others] = [steering?.claim, geometry].filter((c) => c !== undefined)
    const { signal } = options
    const beside = [
      choiceMeasures(choice, p.models.all[0]!.role, at.rendering),
      arms && (await featureArmMeasures({ ...at, arms, tables, record: features, signal })),
      await textsOf(tables, at, signal),
      cut && (await cutMeasures({ study, cut, tables, rendering: at.rendering, signal })),
    ].filter((b) => b !== undefined)
    await atomicWrite(
      join(partial, 'claims.json'),
      JSON.stringify({
        claims: [beside.reduce(withBeside, first!), ...others],
        steering: steering?.label ?? 'not tested',
      }),
    )
  })
  options.onProgress?.('steering', 1, 1)
  return { ...JSON.parse(await readFile(join(folder, 'claims.json'), 'utf8')), tables }
}

/** The outcome `text`, where texts were written for it. */
async function textsOf(
  tables: readonly SteeringTable[],
  at: Pick<TextInput, 'study' | 'site' | 'rendering'>,
  signal: AbortSignal | undefined,
): Promise<Beside | undefined> {
  const read = tables.flatMap(({ role, texts }) => (texts === undefined ? [] : [{ role, texts }]))
  if (read.length === 0) return undefined
  const { coherent_perplexity: perplexity, coherent_distinct: distinct } = at.study.thresholds
  return textMeasures({
    ...at,
    tables: read,
    levels: coherentLevels(tables, { perplexity, distinct }),
    signal,
  })
}

/** A claim with what is shown beside what decides it. */
function withBeside(claim: Claim, { measures, series, words }: Beside): Claim {
  return {
    ...claim,
    words: [claim.words, words].join(' '),
    measures: [...claim.measures, ...measures],
    series: [...(claim.series ?? []), ...series],
  }
}

/** The directions that a model is steered along. @param fitted each model's own at the layer */
async function directionsOf(
  run: RunFolder,
  p: Prepared,
  layer: number,
  fitted: readonly Float64Array[],
  prompts: Harvest,
  m: number,
  options: StepOptions,
): Promise<ModelDirections> {
  const { study, models } = p
  const model = models.all[m]!
  const named = (id: string, vector: Float64Array): ArmDirection => ({
    id,
    vector: Float32Array.from(vector),
  })
  const { matched: count, spare } = randomCounts(study, m)
  const own = fitted[m]!
  const ablate = m === 0 && study.claims.includes('geometry')
  // Mean over tokens: steering touches every token, and prompts may all end alike.
  const means = await prompts.load(layer, 'mean')
  const random = await armDirections(means, own, count + spare, study.seed, options.signal)
  /** Ablations set a direction to its mean over the prompts. */
  const withMean = (d: ArmDirection): ArmDirection => {
    let sum = 0
    for (let i = 0; i < means.rows; i++)
      for (let j = 0; j < means.cols; j++) sum += means.data[i * means.cols + j]! * d.vector[j]!
    return { ...d, mean: sum / means.rows }
  }
  // Where too few matched ones exist the list begins with the axes of the span: random ones are at its end.
  const alike = random.directions.slice(-(count + spare)).map((d, i) => withMean(named(`matched-${i}`, d)))
  return {
    site: siteOf(layer),
    own: withMean(named('own', own)),
    cross: models.all.length === 2 ? named(CROSS, fitted[1 - m]!) : undefined,
    unrelated: named('unrelated', (await conceptDirections(run, p, model, [layer], options))[0]!),
    matched: alike.slice(0, count),
    spare: alike.slice(count),
    isotropic: random.isotropic.slice(0, study.steering.isotropic).map((d, i) => named(`isotropic-${i}`, d)),
    matching: random.method,
    span: random.span,
    ablate,
  }
}
