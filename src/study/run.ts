/**
 * Runs a study: harvests, claims, records, in steps that are named by what they depend on. Giving the same
 * study again finds the finished steps and goes on with the first that is missing.
 */

import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { atomicWrite, hashJson } from '../core/files.ts'
import type { Matrix } from '../core/matrix.ts'
import { usedTokens } from '../model/pooling.ts'
import { behaviourStep } from './behaviour-step.ts'
import type { BehaviourOutcome } from './claim-behaviour.ts'
import { claimCompression } from './claim-compression.ts'
import { claimDirection } from './claim-direction.ts'
import { type DirectionRecord, keepDirection, readDirection, writeDirections } from './directions.ts'
import { featuresStep } from './features-step.ts'
import { generationsStep } from './generations-step.ts'
import { type Harvest, harvest, harvestTogether, type Pool } from './harvest.ts'
import { identityStep } from './identity-step.ts'
import { randomEmbeddingPool } from './inputs.ts'
import { judgeKeys } from './judges/settings.ts'
import { judgesStep } from './judges/step.ts'
import { writeManifest } from './manifest.ts'
import { type Resolve, randomTwinOf, twinFits } from './models.ts'
import { ownDirections } from './own-directions.ts'
import { harvestJob, type Prepared, prepareStudy, type Rendering } from './prepare.ts'
import { keptTo, readPreregistration } from './preregistration.ts'
import { projections } from './projections.ts'
import { type Claim, type Results, resultsSchema } from './results.ts'
import { RunFolder } from './run-folder.ts'
import type { ChainStudy, Study } from './schema.ts'
import { steeringStep } from './steering-step.ts'
import { writeStore } from './store.ts'
import { type VerdictInputs, verdict } from './verdict.ts'

/** Versions of the steps: raise one when its numbers would change. */
const DIRECTION = 2
const COMPRESSION = 5

export interface RunOptions {
  /** The study file's text, kept beside the results. */
  readonly source: string
  /** Folder of the run. */
  readonly folder: string
  /** Where its steps are kept, where not in the folder: runs of one process, one after the other, may share them. */
  readonly steps?: string
  readonly resolve: Resolve
  /** What was typed, for the manifest. */
  readonly command: readonly string[]
  readonly signal?: AbortSignal | undefined
  /** What is being done now, how much of it is done, and how much there is. */
  readonly onProgress?: ((what: string, done: number, total: number) => void) | undefined
}

/**
 * The folder where a study runs unless another is asked for: its name and a hash of what it says.
 *
 * @example runFolderName(study) // 'tweets-3f2a91'
 */
export function runFolderName(study: Study | ChainStudy): string {
  return `${study.name}-${hashJson(study).slice(0, 6)}`
}

/**
 * Runs or resumes a study and writes results.json, manifest.json, study.duckdb and directions.safetensors.
 *
 * @returns what results.json holds
 * @throws PalimpsestError for refused input, a run folder in use, a full disk, `judge-key`; `interrupted` (resumable)
 */
export async function runStudy(study: Study, options: RunOptions): Promise<Results> {
  const started = new Date()
  const registered =
    study.preregistration === undefined
      ? undefined
      : keptTo(await readPreregistration(study.preregistration), study)
  const keys = judgeKeys(study, process.env)
  await using run = await RunFolder.open(options.folder, options.steps)
  using prepared = await prepareStudy(study, options.resolve, options.signal)
  await atomicWrite(join(run.path, 'study.yaml'), options.source)
  const texts = await harvestTexts(run, prepared, options)
  const prompts = await harvestPrompts(run, prepared, options)
  const warnings = [...prepared.warnings]
  const direction = await directionStep(run, prepared, texts, warnings, options)
  direction.claim.measures.push(...(await ownDirections(prepared, direction, texts, options.signal)))
  const claims: Claim[] = study.claims.includes('direction') ? [direction.claim] : []
  if (study.claims.includes('compression') && prepared.models.all.length > 1)
    claims.push(await compressionStep(run, prepared, texts, prompts, direction, options))
  else if (study.claims.includes('compression'))
    warnings.push('Claim compression compares two models; this study has one, so it was not tested.')
  const behaviour = study.claims.includes('behaviour')
    ? await behaviourStep(run, prepared, options)
    : undefined
  if (behaviour !== undefined) claims.push(behaviour.claim)
  const features = await featuresOf(run, prepared, texts, prompts, warnings, options)
  if (features !== undefined) claims.push(features.claim)
  if (study.claims.includes('steering') && prepared.models.all.length === 1)
    warnings.push('Claim steering compares two models; this study has one, so it was not tested.')
  const steered = await steeringStep(
    run,
    prepared,
    direction,
    prompts.get(study.render[0]!)!,
    texts,
    features?.record,
    options,
  )
  claims.push(...steered.claims)
  const identity = study.claims.includes('identity')
    ? await identityStep(run, prepared, direction, texts, prompts.get(study.render[0]!)!, options)
    : undefined
  if (identity !== undefined) claims.push(identity.claim)
  const written = await generationsStep(
    run,
    prepared,
    direction,
    texts,
    behaviour?.answers ?? [],
    steered.tables,
    options,
  )
  const judged = await judgesStep(run, prepared, behaviour?.answers ?? [], steered.tables, keys, options)
  const results = resultsSchema.parse({
    format: 1,
    study: study.name,
    domain: prepared.domain.name,
    poles: { A: prepared.domain.poles.A.name, B: prepared.domain.poles.B.name },
    models: prepared.models.all.map((m) => m.record),
    ...(prepared.models.all.length > 1
      ? {
          verdict: verdict(
            verdictInputs(direction, claims, behaviour, steered.steering, identity?.input),
            identity?.input === undefined && behaviour?.inputs.identity !== undefined,
          ),
        }
      : {}),
    claims,
    warnings,
    ...(registered === undefined ? {} : { preregistration: registered }),
    ...(judged === undefined ? {} : { judges: judged.record }),
    thresholds: study.thresholds,
    seed: study.seed,
  } satisfies Results)
  const points = await projections(prepared, direction, texts, prompts)
  await writeDirections(run.path, prepared, direction, texts)
  await atomicWrite(join(run.path, 'results.json'), `${JSON.stringify(results, null, 1)}\n`)
  await writeManifest(run.path, prepared, options.command, started, registered)
  await writeRecord(run.path, 'features.json', features?.record)
  await writeRecord(run.path, 'generations.json', written)
  await writeStore(
    run.path,
    {
      results,
      projections: points,
      answers: behaviour?.answers ?? [],
      steered: steered.tables,
      judgements: judged?.judgements ?? [],
      features: features?.record.features ?? [],
    },
    prepared,
  )
  return results
}

/** A record beside the results; one that an earlier run left is removed where there is none. */
async function writeRecord(folder: string, name: string, record: unknown): Promise<void> {
  if (record === undefined) await rm(join(folder, name), { force: true })
  else await atomicWrite(join(folder, name), `${JSON.stringify(record)}\n`)
}

async function featuresOf(
  run: RunFolder,
  p: Prepared,
  texts: readonly Harvest[],
  prompts: ReadonlyMap<Rendering, readonly Harvest[]>,
  warnings: string[],
  options: RunOptions,
): Promise<Awaited<ReturnType<typeof featuresStep>> | undefined> {
  if (!p.study.claims.includes('features')) return undefined
  if (p.models.all.length > 1) return featuresStep(run, p, texts, prompts.get(p.study.render[0]!)!, options)
  warnings.push('Claim features compares two models; this study has one, so it was not tested.')
  return undefined
}

async function harvestTexts(run: RunFolder, p: Prepared, options: RunOptions): Promise<Harvest[]> {
  return harvestAll(run, p, p.textTokens, 'texts', options)
}

async function harvestPrompts(
  run: RunFolder,
  p: Prepared,
  options: RunOptions,
): Promise<Map<Rendering, Harvest[]>> {
  const out = new Map<Rendering, Harvest[]>()
  for (const [rendering, tokens] of p.promptTokens)
    out.set(rendering, await harvestAll(run, p, tokens, `prompts, ${rendering}`, options))
  return out
}

async function harvestAll(
  run: RunFolder,
  p: Prepared,
  tokens: Parameters<typeof harvestJob>[2],
  what: string,
  options: RunOptions,
): Promise<Harvest[]> {
  const jobs = p.models.all.map((m) => ({
    job: harvestJob(p, m, tokens),
    open: m.open,
    what: `harvest of ${m.role}: ${what}`,
  }))
  return harvestTogether(run, jobs, {
    signal: options.signal,
    onProgress: (done, total, job) => options.onProgress?.(jobs[job]!.what, done, total),
  })
}

async function directionStep(
  run: RunFolder,
  p: Prepared,
  texts: readonly Harvest[],
  warnings: string[],
  options: RunOptions,
): Promise<DirectionRecord> {
  const { study, models } = p
  const twin = randomTwinOf(models.all[0]!, study.seed)
  const fits = study.baselines.random_model && twinFits(twin.bytes)
  if (study.baselines.random_model && !fits)
    warnings.push(
      `The randomly initialised model of this shape needs ${(twin.bytes / 1e9).toFixed(1)} GB and was left out: random embeddings are the only random baseline.`,
    )
  const used = p.textTokens.map(({ content }, i) => usedTokens(content, texts[0]!.sinks[i]!))
  const spec = {
    kind: 'claim-direction',
    version: DIRECTION,
    params: {
      labels: p.labelsHash,
      texts: texts.map((h) => h.hash),
      roles: models.all.map((m) => m.role),
      layers: p.layers,
      pools: p.pools,
      render: study.render[0],
      pool: study.sites.pool,
      seed: study.seed,
      repeats: study.repeats,
      C: study.logistic_C ?? null,
      draws: study.draws,
      thresholds: study.thresholds,
      twin: fits,
    },
  }
  const { folder } = await run.step(spec, async (partial) => {
    const pools = texts.length > 0 ? p.pools : []
    const randomEmbeddings = new Map<Pool, Matrix>()
    for (const pool of pools)
      randomEmbeddings.set(
        pool,
        await randomEmbeddingPool(
          p.textTokens,
          pool === 'mean' ? used : p.textTokens.map((t) => only(t.content.length, lastUsed(t.content, pool))),
          models.all[0]!.key.width,
          study.seed,
          options.signal,
        ),
      )
    const outcome = await claimDirection({
      study,
      labels: p.labels,
      texts: p.texts.texts,
      scores: p.texts.scores,
      givenFolds: p.texts.folds,
      pool: study.sites.pool,
      otherPools: pools.filter((pool) => pool !== study.sites.pool),
      layers: p.layers,
      models: models.all.map((m, i) => ({ role: m.role, harvest: texts[i]! })),
      randomEmbeddings,
      randomModel: fits
        ? async (layer) => {
            const job = {
              key: twin.key,
              texts: p.textTokens,
              layers: [layer],
              pools: [study.sites.pool],
              exclude: new Map(texts[0]!.sinks.entries()),
            }
            const h = await harvest(run, job, twin.open, {
              signal: options.signal,
              onProgress: (done, total) =>
                options.onProgress?.('harvest of a random model: texts', done, total),
            })
            return h.load(layer, study.sites.pool)
          }
        : undefined,
      signal: options.signal,
      onProgress: options.onProgress,
    })
    await keepDirection(partial, outcome)
  })
  return readDirection(folder)
}

/** Index of the token that a pool takes. */
function lastUsed(content: Uint8Array, pool: Pool): number {
  return pool === 'last_template' ? content.length - 1 : content.lastIndexOf(1)
}

function only(length: number, at: number): Uint8Array {
  const out = new Uint8Array(length)
  out[at] = 1
  return out
}

async function compressionStep(
  run: RunFolder,
  p: Prepared,
  texts: readonly Harvest[],
  prompts: ReadonlyMap<Rendering, readonly Harvest[]>,
  direction: DirectionRecord,
  options: RunOptions,
): Promise<Claim> {
  const { study } = p
  const layer = direction.layer
  const spec = {
    kind: 'claim-compression',
    version: COMPRESSION,
    params: {
      texts: texts.map((h) => h.hash),
      prompts: [...prompts].map(([r, hs]) => [r, hs.map((h) => h.hash)]),
      issues: p.prompts.issues,
      loadings: p.prompts.loadings,
      labels: p.labelsHash,
      directions: hashJson([...direction.directions].map(([name, d]) => [name, [...d]])),
      layer,
      seed: study.seed,
      draws: study.draws,
      thresholds: study.thresholds,
    },
  }
  options.onProgress?.('compression', 0, 1)
  const { folder } = await run.step(spec, async (partial) => {
    const pair = async (hs: readonly Harvest[], pool: Pool): Promise<{ base: Matrix; aligned: Matrix }> => ({
      base: await hs[0]!.load(layer, pool),
      aligned: await hs[1]!.load(layer, pool),
    })
    const claim = await claimCompression({
      study,
      layer,
      texts: await pair(texts, study.sites.pool),
      labels: p.labels,
      prompts: await Promise.all(
        [...prompts].map(async ([rendering, hs]) => ({ rendering, ...(await pair(hs, 'last_content')) })),
      ),
      issues: p.prompts.issues,
      loadings: p.prompts.loadings,
      pool: 'last_content',
      directions: direction.directions,
      signal: options.signal,
    })
    await atomicWrite(join(partial, 'claim.json'), JSON.stringify(claim))
  })
  options.onProgress?.('compression', 1, 1)
  return JSON.parse(await readFile(join(folder, 'claim.json'), 'utf8')) as Claim
}

/** What the claims say in the columns of the verdict's table. */
function verdictInputs(
  direction: DirectionRecord,
  claims: readonly Claim[],
  behaviour: BehaviourOutcome | undefined,
  steering: VerdictInputs['steering'],
  identity: VerdictInputs['identity'] | undefined,
): VerdictInputs {
  const gate = claims.find((c) => c.id === 'compression')
  return {
    exists: direction.exists ? 'yes' : 'no',
    varies: behaviour?.inputs.varies ?? 'not tested',
    direction: direction.retention,
    compression:
      gate === undefined
        ? 'not tested'
        : gate.status === 'supported'
          ? 'selective'
          : gate.status === 'contradicted'
            ? 'not'
            : 'underpowered',
    behaviour: behaviour?.inputs.behaviour ?? 'not tested',
    steering,
    identity: identity ?? behaviour?.inputs.identity ?? 'not tested',
  }
}
