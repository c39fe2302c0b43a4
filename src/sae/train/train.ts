/**
 * Training a dictionary on a model's activations, or on those of both models of a pair: resumable, the same to
 * the bit however often it is interrupted, and written so that SAELens opens it.
 */

import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { refuse } from '../../core/errors.ts'
import { atomicWrite, explainFileError, hashJson } from '../../core/files.ts'
import { pacer } from '../../core/pace.ts'
import { packageVersion } from '../../core/version.ts'
import { hashCheckpoint } from '../../formats/checkpoint.ts'
import { hookWidth, matchHooks } from '../../model/hooks.ts'
import type { Model } from '../../model/model.ts'
import type { TestText } from '../selftest.ts'
import { ActivationStream } from './activations.ts'
import { loadCheckpoint, saveCheckpoint, saveDictionary } from './save.ts'
import type { TrainSettings } from './settings.ts'
import { DictionaryTrainer, type StepReport } from './trainer.ts'

/** Batches of a buffer: what is shuffled together. */
const BATCHES = 32
const CHECKPOINT_MS = 60_000
/** With fewer steps the rate has no time to rise and fall, nor a threshold to be found. */
const LEAST_STEPS = 10
/** How many lines of history the record keeps. */
const HISTORY = 200

export interface TrainJob {
  /** One model, or both of a pair: a shared dictionary then. */
  readonly models: readonly Model[]
  readonly texts: readonly TestText[]
  readonly site: string
  readonly settings: TrainSettings
  /** The folder to write. */
  readonly out: string
  readonly signal?: AbortSignal | undefined
  /** Time between checkpoints; they change nothing but how much an interruption costs. */
  readonly checkpointMs?: number
  /**
   * Tokens done and in all, half of each once it is read and half once it is trained on; and the last step's report,
   * from the first step on.
   */
  readonly onProgress?: (done: number, total: number, report: StepReport | undefined) => void
}

/** What training came to; also written as training.json. */
export interface TrainRecord {
  readonly job: string
  readonly palimpsest: string
  /** Names of the models' folders or files; the job's hash says which they were. */
  readonly models: readonly string[]
  readonly site: string
  readonly settings: TrainSettings
  readonly tokens: number
  /** Means over the last twentieth of the steps. */
  readonly fvu: number
  readonly l0: number
  readonly dead: number
  readonly history: readonly StepReport[]
}

/**
 * Trains, or goes on from the checkpoint in the folder, or finds the training done.
 *
 * @throws PalimpsestError `dictionary-model`, `train-settings`, `tokenizers-differ`, `text-no-content`, `train-other`,
 *   `train-checkpoint`, `training-diverged`, `interrupted`
 * @example
 * await trainDictionary({ models: [model], texts, site: 'blocks.12.hook_resid_post', out: './sae',
 *   settings: trainSettings({ kind: 'topk', latents: 4608, k: 32, tokens: 1e6 }) })
 */
export async function trainDictionary(options: TrainJob): Promise<TrainRecord> {
  const { models, texts, settings, out, signal, checkpointMs = CHECKPOINT_MS } = options
  const { site, width } = oneSite(models, options.site)
  if (!(settings.k >= 1 && settings.k <= settings.latents))
    throw refuse('train-settings', 'More latents are to be active than there are.', {
      where: 'k and latents',
      expected: `k from 1 to ${settings.latents}`,
      found: `${settings.k}`,
      fix: 'Lower k, or raise the number of latents.',
    })
  if (settings.tokens < LEAST_STEPS * settings.batch)
    throw refuse('train-settings', 'There are too few tokens to train on.', {
      where: 'tokens and batch',
      expected: `at least ${LEAST_STEPS} steps, of ${settings.batch} tokens each`,
      found: `${settings.tokens} tokens`,
      fix: 'Give more texts, more tokens (texts are gone through again), or a smaller batch.',
    })
  const job = hashJson({
    version: 2,
    models: await Promise.all(models.map((m) => hashCheckpoint(m.checkpoint))),
    precision: models.map((m) => m.precision),
    texts: await hashTexts(texts, signal),
    site,
    settings,
  })
  const recordPath = join(out, 'training.json')
  const done = await readRecord(recordPath, job)
  if (done !== undefined && existsSync(join(out, 'sae_weights.safetensors'))) return done

  const activations = new ActivationStream({ ...settings, models, texts, site, width, batches: BATCHES })
  using trainer = new DictionaryTrainer(models[0]!.backend, width, settings)
  const checkpoint = join(out, 'checkpoint.safetensors')
  const found = existsSync(checkpoint) ? loadCheckpoint(checkpoint, job, trainer, activations) : undefined
  let scale = found?.scale
  const reports: StepReport[] = [...(found?.reports ?? [])]
  const isLast = (step: number): boolean => step > 0.95 * trainer.steps
  const total = trainer.steps * settings.batch
  let last: StepReport | undefined
  const progress = (read: number, trained: number): void =>
    options.onProgress?.(Math.floor((Math.min(read, total) + trained) / 2), total, last)
  let saved = performance.now()
  const pace = pacer(signal)
  const rows = settings.batch * width
  while (trainer.step < trainer.steps) {
    const before = trainer.step * settings.batch
    const buffer = await activations.next(signal, (rows) => progress(before + rows, before))
    if (scale === undefined) {
      scale = 1 / Math.sqrt(buffer.reduce((sum, v) => sum + v * v, 0) / (buffer.length / width))
      trainer.startAt(buffer.map((v) => v * scale!))
    }
    for (let from = 0; from < buffer.length && trainer.step < trainer.steps; from += rows) {
      const x = buffer.subarray(from, from + rows)
      for (let i = 0; i < x.length; i++) x[i] = x[i]! * scale
      const report = await trainer.take(x, signal)
      last = report
      if (report.step % Math.ceil(trainer.steps / HISTORY) === 0 || isLast(report.step)) reports.push(report)
      progress(before + buffer.length / width, report.step * settings.batch)
      await pace()
    }
    if (performance.now() - saved > checkpointMs && trainer.step < trainer.steps) {
      await saveCheckpoint(checkpoint, job, trainer, activations, { scale: scale!, reports })
      saved = performance.now()
    }
  }
  const [model] = models as [Model]
  await saveDictionary(out, trainer, scale!, {
    model_name: basename(model.path),
    hook_name: site,
    prepend_bos: model.tokenizer.addsBos,
    context_size: texts.reduce((most, t) => Math.max(most, t.tokens.length), 0),
    trained_on: models.map((m) => basename(m.path)),
    trained_by: `palimpsest ${packageVersion()}`,
    training_job: job,
  })
  const end = reports.filter((r) => isLast(r.step))
  const mean = (of: (r: StepReport) => number): number => end.reduce((sum, r) => sum + of(r), 0) / end.length
  const record: TrainRecord = {
    job,
    palimpsest: packageVersion(),
    models: models.map((m) => basename(m.path)),
    site,
    settings,
    tokens: trainer.step * settings.batch,
    fvu: mean((r) => r.fvu),
    l0: mean((r) => r.l0),
    dead: end.at(-1)!.dead,
    history: reports.filter((r) => r.step % Math.ceil(trainer.steps / HISTORY) === 0),
  }
  await atomicWrite(recordPath, `${JSON.stringify(record, null, 2)}\n`)
  await rm(checkpoint, { force: true })
  return record
}

/** Piece by piece: as one JSON text a corpus of a hundred million tokens would be longer than a text may be. */
async function hashTexts(texts: readonly TestText[], signal: AbortSignal | undefined): Promise<string> {
  const pace = pacer(signal)
  const hash = createHash('sha256')
  for (const { tokens, content } of texts) {
    hash.update(`${tokens.length}\n`).update(Int32Array.from(tokens)).update(content)
    await pace()
  }
  return hash.digest('hex')
}

async function readRecord(path: string, job: string): Promise<TrainRecord | undefined> {
  if (!existsSync(path)) return undefined
  let record: TrainRecord | null = null
  try {
    record = JSON.parse(await readFile(path, 'utf8')) as TrainRecord | null
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw explainFileError(error, path)
  }
  if (record?.job === job) return record
  throw refuse('train-other', 'The folder holds another dictionary that is finished.', {
    where: path,
    expected: 'the same models, texts and settings as before, or a new folder',
    found:
      record?.settings === undefined
        ? 'a training.json of something else'
        : `${record.settings.kind} of ${record.settings.latents} latents`,
    fix: 'Choose another folder with -o.',
  })
}

function oneSite(models: readonly Model[], glob: string): { site: string; width: number } {
  const found = models.map((m) => matchHooks([glob], m.architecture))
  const site = found[0]![0]!
  const widths = new Set(models.map((m) => hookWidth(site, m.architecture)))
  if (found.some((names) => names.length !== 1) || widths.size !== 1 || widths.has(0))
    throw refuse('dictionary-model', 'A dictionary is trained at one hook point, of one width.', {
      where: models.map((m) => m.path).join(', '),
      expected: 'one site such as blocks.12.hook_resid_post',
      found: `${glob}: ${found.map((names) => names.length).join(' and ')} sites of width ${[...widths].join(' and ')}`,
      fix: 'Name one hook point that both models have.',
    })
  if (new Set(models.map((m) => m.tokenizer.hash)).size !== 1)
    throw refuse('tokenizers-differ', 'The models of a pair must read texts as the same tokens.', {
      where: models.map((m) => m.path).join(', '),
      expected: 'one tokenizer',
      found: 'different ones',
      fix: 'Train a dictionary on each model.',
    })
  return { site, width: [...widths][0]! }
}
