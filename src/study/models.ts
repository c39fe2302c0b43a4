/**
 * The models of a study: what their files say, how they fit each other, and how to open one when a step needs
 * it. Only one is open at a time, so that a pair needs no more memory than its larger half.
 */

import { join } from 'node:path'
import { refuse } from '../core/errors.ts'
import { hashFile, hashJson } from '../core/files.ts'
import { machineMemory } from '../core/memory.ts'
import { type Checkpoint, hashCheckpoint } from '../formats/checkpoint.ts'
import { Backend } from '../ggml/backend.ts'
import { loadModel, type ModelDescription, openDescription } from '../model/load.ts'
import type { Model } from '../model/model.ts'
import { parameterCount, randomTwin } from '../model/random.ts'
import { engineLabel } from './engine-label.ts'
import type { ModelKey } from './harvest.ts'
import type { ModelRecord } from './results.ts'
import { modelRoles, type Study } from './schema.ts'

const TWIN_SHARE = 0.25

/** Turns a model reference (a path, `hf:...`, `organism:...`) into a path on this machine. */
export type Resolve = (ref: string) => Promise<string>

export interface StudyModel {
  readonly role: string
  readonly ref: string
  readonly path: string
  readonly adapter: string | undefined
  readonly description: ModelDescription
  /** The type that holds most of the weights' bytes: BF16, Q4_K, ... */
  readonly storedAs: string
  readonly key: ModelKey
  readonly record: ModelRecord
  /** Opens the model on the study's device; the caller disposes it. */
  readonly open: () => Promise<Model>
}

export interface StudyModels extends Disposable {
  readonly all: readonly StudyModel[]
  /** The template that renders chats for all models: the aligned model's own, else the base model's. */
  readonly template: ModelDescription['template']
  readonly warnings: readonly string[]
}

/**
 * Describes the models of a study and checks that they can be compared.
 *
 * @throws PalimpsestError `models-differ` (shapes), `models-quantised-differently`, and those of loadModel
 */
export async function openModels(study: Study, resolve: Resolve): Promise<StudyModels> {
  const opened: StudyModel[] = []
  const close = (): void => {
    for (const { description } of opened) description[Symbol.dispose]()
  }
  try {
    using backend = new Backend({ device: study.device })
    for (const { role, ref, adapter } of modelRoles(study))
      opened.push(await describe(study, role, ref, adapter, resolve, backend))
    for (const other of opened.slice(1)) checkPair(opened[0]!, other, study)
    const { template, warnings } = chooseTemplate(opened)
    return { all: opened, template, warnings, [Symbol.dispose]: close }
  } catch (error) {
    close()
    throw error
  }
}

async function describe(
  study: Study,
  role: string,
  ref: string,
  adapterRef: string | undefined,
  resolve: Resolve,
  backend: Backend,
): Promise<StudyModel> {
  const path = await resolve(ref)
  const adapter = adapterRef === undefined ? undefined : await resolve(adapterRef)
  const description = await openDescription(path)
  const { architecture } = description
  const storedAs = mainType(description.checkpoint)
  const weights = await hashCheckpoint(description.checkpoint)
  const hash =
    adapter === undefined ? weights : hashJson([weights, await hashFile(adapterWeights(adapter)), 'lora'])
  return {
    role,
    ref,
    path,
    adapter,
    description,
    storedAs,
    key: {
      hash,
      precision: study.precision,
      width: architecture.width,
      device: backend.device.name,
      engine: engineLabel(backend, description, study.precision),
    },
    record: {
      role,
      ref: adapterRef === undefined ? ref : `${ref} with ${adapterRef}`,
      family: architecture.family,
      layers: architecture.layers.length,
      width: architecture.width,
      precision: `${study.precision}, stored as ${storedAs}`,
      hash,
    },
    open: () =>
      loadModel(path, {
        device: study.device,
        precision: study.precision,
        ...(study.threads === undefined ? {} : { threads: study.threads }),
        ...(adapter === undefined ? {} : { adapter }),
      }),
  }
}

function adapterWeights(folder: string): string {
  return join(folder, 'adapter_model.safetensors')
}

/** The type that most bytes of a checkpoint have. */
export function mainType(checkpoint: Pick<Checkpoint, 'tensors'>): string {
  const bytes = new Map<string, number>()
  for (const t of checkpoint.tensors.values()) bytes.set(t.type, (bytes.get(t.type) ?? 0) + t.byteLength)
  return [...bytes].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0]?.[0] ?? 'nothing'
}

/** What two models that cannot be held against each other, activation by activation, can still be asked. */
export const STUDY_EACH =
  'study each alone with `models: { subject: ... }`: claims direction, behaviour, geometry and identity are of one model, and `palimpsest compare` shows two runs side by side. Whether a direction is kept, compression, features and steering need activations and doses of the same tokens, block by block.'

function checkPair(a: StudyModel, b: StudyModel, study: Study): void {
  const shape = (m: StudyModel): string =>
    `${m.description.architecture.layers.length} layers of width ${m.description.architecture.width}`
  if (shape(a) !== shape(b))
    throw refuse(
      'models-differ',
      'The models have different shapes, so that their layers cannot be compared.',
      {
        where: `${a.role} ${a.path} and ${b.role} ${b.path}`,
        expected: shape(a),
        found: shape(b),
        fix: `Compare a base model with the aligned model that was trained from it, or ${STUDY_EACH}`,
      },
    )
  if (a.storedAs !== b.storedAs && !study.allow_mixed_quantisation)
    throw refuse(
      'models-quantised-differently',
      'The models are stored in different types: rounding alone would tell them apart.',
      {
        where: `${a.role} ${a.path} and ${b.role} ${b.path}`,
        expected: a.storedAs,
        found: b.storedAs,
        fix: 'Use files of the same type, or set `allow_mixed_quantisation: true` in the study file.',
      },
    )
}

function chooseTemplate(models: readonly StudyModel[]): Pick<StudyModels, 'template' | 'warnings'> {
  const own = models.map((m) => m.description.template)
  const template = own.at(-1) ?? own.find((t) => t !== undefined)
  const warnings: string[] = []
  if (models.length > 1 && template !== undefined)
    for (const [i, t] of own.entries())
      if (t === undefined) warnings.push(`${models[i]!.role} has no chat template and borrows one.`)
      else if (t.text !== template.text)
        warnings.push(
          `${models[i]!.role} has another chat template than ${models.at(-1)!.role}, whose template renders the chats of both.`,
        )
  return { template, warnings }
}

/**
 * Whether a random model of this many bytes is made: it may take a share of the machine's memory, of all and not
 * of what is free, so that the same machine decides alike every time.
 */
export function twinFits(bytes: number): boolean {
  return bytes < TWIN_SHARE * machineMemory()
}

/** A randomly initialised model of the shape of a study's first: its key, its size and how to open it. */
export function randomTwinOf(
  model: StudyModel,
  seed: number,
): { key: ModelKey; bytes: number; open: () => Promise<Model> } {
  const { architecture } = model.description
  return {
    key: {
      ...model.key,
      precision: 'native',
      hash: hashJson({ random: seed, architecture }),
    },
    bytes: 2 * parameterCount(architecture),
    open: async () => {
      using like = await model.open()
      return randomTwin(like, seed)
    },
  }
}
