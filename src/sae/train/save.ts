/** Trained dictionaries in SAELens's layout (version 6), and checkpoints of unfinished training. */

import { join } from 'node:path'
import { refuse } from '../../core/errors.ts'
import { atomicWrite } from '../../core/files.ts'
import { openSafetensors, readF32 } from '../../formats/safetensors.ts'
import { type TensorToWrite, writeSafetensors } from '../../formats/safetensors-write.ts'
import type { ActivationStream } from './activations.ts'
import type { DictionaryTrainer, StepReport } from './trainer.ts'

/** Version of SAELens whose layout is written. */
const LAYOUT = '6.0.0'

/** What SAELens keeps beside the weights. */
export interface DictionaryMetadata {
  readonly model_name: string
  readonly hook_name: string
  readonly prepend_bos: boolean
  readonly context_size: number
  readonly [key: string]: unknown
}

/**
 * Writes `cfg.json` and `sae_weights.safetensors`. The scale of training is undone, so that raw activations go
 * in; decoder vectors are of unit norm, so features are in the activations' own units.
 *
 * @param scale what activations were multiplied by in training
 */
export async function saveDictionary(
  folder: string,
  trainer: DictionaryTrainer,
  scale: number,
  metadata: DictionaryMetadata,
): Promise<void> {
  const { weights, width: d, settings } = trainer
  const { latents, kind, k } = settings
  const unscaled = (v: Float32Array): Float32Array => v.map((x) => x / scale)
  const threshold = trainer.thresholds()
  const encoder = new Float32Array(d * latents)
  for (let j = 0; j < latents; j++)
    for (let i = 0; i < d; i++) encoder[i * latents + j] = weights.encoder[j * d + i]!
  const tensors: TensorToWrite[] = [
    { name: 'W_enc', shape: [d, latents], data: encoder },
    { name: 'b_enc', shape: [latents], data: unscaled(weights.encoderBias) },
    { name: 'W_dec', shape: [latents, d], data: weights.decoder },
    { name: 'b_dec', shape: [d], data: unscaled(weights.decoderBias) },
  ]
  if (threshold !== undefined)
    tensors.push({ name: 'threshold', shape: [latents], data: unscaled(threshold) })
  await writeSafetensors(join(folder, 'sae_weights.safetensors'), tensors)
  const config = {
    architecture: kind === 'topk' ? 'topk' : 'jumprelu',
    d_in: d,
    d_sae: latents,
    ...(kind === 'topk' ? { k, rescale_acts_by_decoder_norm: false } : {}),
    dtype: 'float32',
    device: 'cpu',
    apply_b_dec_to_input: true,
    normalize_activations: 'none',
    reshape_activations: 'none',
    metadata: {
      sae_lens_version: LAYOUT,
      sae_lens_training_version: null,
      hook_head_index: null,
      // Files of thresholds do not say how many latents were to fire: the self-test asks.
      nominal_l0: k,
      ...metadata,
    },
  }
  await atomicWrite(join(folder, 'cfg.json'), `${JSON.stringify(config, null, 2)}\n`)
}

/** What training knows besides its weights and its place in the texts. */
export interface TrainProgress {
  /** What activations are multiplied by. */
  readonly scale: number
  /** Reports kept for the record. */
  readonly reports: readonly StepReport[]
}

/** Writes everything that going on needs. `job` tells this training from others. */
export async function saveCheckpoint(
  path: string,
  job: string,
  trainer: DictionaryTrainer,
  activations: ActivationStream,
  { scale, reports }: TrainProgress,
): Promise<void> {
  const tensors: TensorToWrite[] = [...trainer.state()].map(([name, data]) => ({
    name,
    type: data instanceof Float64Array ? 'F64' : 'F32',
    shape: [data.length],
    data,
  }))
  const { carry, text, fills } = activations.state
  tensors.push({ name: 'carry', shape: [carry.length], data: carry })
  const { step } = trainer
  await writeSafetensors(path, tensors, {
    job,
    state: JSON.stringify({ step, text, fills, scale, reports }),
  })
}

/**
 * Takes up a checkpoint.
 *
 * @throws PalimpsestError `train-other` when it is of another training; `train-checkpoint` when it is damaged
 */
export function loadCheckpoint(
  path: string,
  job: string,
  trainer: DictionaryTrainer,
  activations: ActivationStream,
): TrainProgress {
  using file = openSafetensors(path)
  if (file.metadata.job !== job)
    throw refuse('train-other', 'The folder holds a checkpoint of another training.', {
      where: path,
      expected: 'the same models, texts and settings as before',
      found: 'others',
      fix: 'Choose another folder with -o, or remove this one.',
    })
  const state = readState(path, file.metadata.state)
  const carry = file.tensors.get('carry')
  const stored = [...trainer.state()].map(([name, target]) => ({ name, target, t: file.tensors.get(name) }))
  const wrong = stored.find(
    ({ t, target }) =>
      t?.shape[0] !== target.length || t.type !== (target instanceof Float64Array ? 'F64' : 'F32'),
  )
  if (wrong !== undefined || carry?.type !== 'F32') throw damaged(path, wrong?.name ?? 'carry')
  for (const { target, t } of stored)
    if (target instanceof Float64Array)
      target.set(new Float64Array(t!.file.bytes(t!.offset, t!.byteLength).slice().buffer))
    else target.set(readF32(t!))
  const { step, text, fills, scale, reports } = state
  trainer.step = step
  Object.assign(activations.state, { text, fills, carry: readF32(carry) })
  return { scale, reports }
}

type State = TrainProgress & Readonly<Record<'step' | 'text' | 'fills', number>>

function readState(path: string, text: string | undefined): State {
  let state: Partial<State> | null = null
  try {
    state = JSON.parse(text ?? 'null') as Partial<State> | null
  } catch {
    // Said below.
  }
  const { step, text: taken, fills, scale, reports } = state ?? {}
  if (![step, taken, fills, scale].every((v) => typeof v === 'number') || !Array.isArray(reports))
    throw damaged(path, 'state')
  return state as State
}

function damaged(path: string, what: string): Error {
  return refuse('train-checkpoint', 'The checkpoint of an unfinished training is damaged.', {
    where: path,
    expected: 'what training writes',
    found: `"${what}" is missing or of another size`,
    fix: 'Remove it: training then starts again.',
  })
}
