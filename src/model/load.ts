/**
 * Opening a model: a folder in Hugging Face layout or a GGUF file becomes an architecture, weights on a
 * device, a tokenizer and a chat template, all checked against each other.
 */

import { join } from 'node:path'
import { PalimpsestError, refuse } from '../core/errors.ts'
import { type ChatTemplate, chatTemplateFromGguf, loadChatTemplate } from '../formats/chat-template.ts'
import { type Checkpoint, openCheckpoint } from '../formats/checkpoint.ts'
import { absentTokenizer, loadTokenizer, type Tokenizer, tokenizerFromGguf } from '../formats/tokenizer.ts'
import { Backend } from '../ggml/backend.ts'
import type { DeviceKind } from '../ggml/locate.ts'
import { selfTest } from '../ggml/selftest.ts'
import { chooseThreads } from '../ggml/threads.ts'
import type { Architecture } from './architecture.ts'
import { readArchitecture } from './families/index.ts'
import { ggufConfig, ggufWeights } from './gguf-names.ts'
import { type Adapter, loadAdapter } from './lora.ts'
import { Model } from './model.ts'
import { loadWeights, type WeightSource } from './weights.ts'

export interface LoadOptions {
  /** Default `auto`: a GPU where its engine package is installed, else the CPU. */
  device?: DeviceKind
  /** CPU threads; default: probed. */
  threads?: number
  /** `native` (default): weights as stored; `f32`: widened in the graph, so activations stay f32. */
  precision?: 'native' | 'f32'
  /** Folder of a PEFT LoRA adapter, applied in the graph. */
  adapter?: string
}

/**
 * Opens a model for reading and steering. Dispose it (`using`) to free its memory and unmap its files.
 *
 * @param path a folder with config.json and safetensors, or a .gguf file
 * @throws PalimpsestError for files that are missing, hostile or do not fit together, naming the place
 * @example
 * using model = await loadModel('./base', { precision: 'f32' })
 * const out = await model.run(['A text.'], { hooks: ['blocks.*.hook_resid_post'] })
 */
export async function loadModel(path: string, options: LoadOptions = {}): Promise<Model> {
  const { checkpoint, source, architecture, tokenizer, template } = await openDescription(path)
  let backend: Backend | undefined
  let adapter: Adapter | undefined
  try {
    backend = await openBackend(options, architecture.width)
    const weights = loadWeights(backend, architecture, source)
    if (options.adapter !== undefined)
      adapter = await loadAdapter(backend, options.adapter, architecture, source.ropePairs)
    return new Model({
      path,
      checkpoint,
      architecture,
      backend,
      weights,
      adapter,
      tokenizer,
      template,
      ropePairs: source.ropePairs,
      precision: options.precision ?? 'native',
      eosIds: endTokens(checkpoint, architecture, tokenizer),
      fixed: true,
    })
  } catch (error) {
    adapter?.[Symbol.dispose]()
    backend?.[Symbol.dispose]()
    checkpoint[Symbol.dispose]()
    throw error
  }
}

/** A model as its files describe it: everything but the device. */
export interface ModelDescription extends Disposable {
  readonly checkpoint: Checkpoint
  readonly source: WeightSource
  readonly architecture: Architecture
  readonly tokenizer: Tokenizer
  readonly template: ChatTemplate | undefined
}

/**
 * Opens the files of a model and checks them against each other, without a device: what `plan`, `inspect` and
 * tokenization need. Dispose it to unmap the files.
 *
 * @throws PalimpsestError as {@link loadModel}, engine errors excepted
 */
export async function openDescription(path: string): Promise<ModelDescription> {
  const checkpoint = openCheckpoint(path)
  try {
    const { source, architecture } = describeCheckpoint(checkpoint)
    const tokenizer = await openTokenizer(checkpoint, architecture)
    checkTokenizer(tokenizer, architecture, path)
    const template = await openTemplate(checkpoint)
    return {
      checkpoint,
      source,
      architecture,
      tokenizer,
      template,
      [Symbol.dispose]: () => checkpoint[Symbol.dispose](),
    }
  } catch (error) {
    checkpoint[Symbol.dispose]()
    throw error
  }
}

/** What a checkpoint holds, without loading it: for `inspect`, `plan` and the loader itself. */
export function describeCheckpoint(checkpoint: Checkpoint): {
  source: WeightSource
  architecture: Architecture
} {
  const source: WeightSource =
    checkpoint.gguf !== undefined
      ? ggufWeights(checkpoint.gguf)
      : {
          tensors: withoutWrapper(checkpoint.tensors),
          ropePairs: 'half',
          normPlusOne: false,
          ropeFactors: undefined,
          where: checkpoint.path,
        }
  const config = checkpoint.gguf !== undefined ? ggufConfig(checkpoint.gguf) : checkpoint.config
  const where = checkpoint.gguf !== undefined ? checkpoint.path : join(checkpoint.path, 'config.json')
  const weightType = source.tensors.get('model.embed_tokens.weight')?.type ?? 'F32'
  return { source, architecture: readArchitecture(config, weightType, where) }
}

/** Multimodal checkpoints keep the language model under a prefix. */
function withoutWrapper(tensors: WeightSource['tensors']): WeightSource['tensors'] {
  if (tensors.has('model.embed_tokens.weight')) return tensors
  for (const prefix of ['language_model.model.', 'model.language_model.', 'language_model.'])
    if (tensors.has(`${prefix}embed_tokens.weight`) || tensors.has(`${prefix}model.embed_tokens.weight`)) {
      const inner = prefix === 'language_model.' ? '' : 'model.'
      return new Map(
        [...tensors].flatMap(([name, t]) =>
          name.startsWith(prefix)
            ? [[inner + name.slice(prefix.length), t] as const]
            : name === 'language_model.lm_head.weight'
              ? [['lm_head.weight', t] as const]
              : [],
        ),
      )
    }
  return tensors
}

/** A model without a tokenizer still runs token ids: the refusal waits until a text is to be encoded. */
async function openTokenizer(checkpoint: Checkpoint, architecture: Architecture): Promise<Tokenizer> {
  try {
    return checkpoint.gguf !== undefined
      ? tokenizerFromGguf(checkpoint.gguf)
      : await loadTokenizer(checkpoint.path)
  } catch (error) {
    if (error instanceof PalimpsestError && /^tokenizer-(missing|unsupported)$/.test(error.code))
      return absentTokenizer(error, architecture)
    throw error
  }
}

async function openTemplate(checkpoint: Checkpoint): Promise<ChatTemplate | undefined> {
  return checkpoint.gguf !== undefined
    ? chatTemplateFromGguf(checkpoint.gguf.kv)
    : loadChatTemplate(checkpoint.path)
}

/**
 * The device of a command, tested, with its threads chosen.
 *
 * @param width of the model's residual stream
 * @throws PalimpsestError `engine-*`
 */
export async function openBackend(
  options: Pick<LoadOptions, 'device' | 'threads'>,
  width?: number,
): Promise<Backend> {
  const backend = new Backend({ device: options.device ?? 'auto' })
  if (backend.isCpu) backend.setThreads(options.threads ?? (await chooseThreads(width)))
  await selfTest(backend)
  return backend
}

/**
 * A tokenizer may know fewer ids than the embedding has rows (padding), never more.
 *
 * @throws PalimpsestError `tokenizer-model`
 */
export function checkTokenizer(tokenizer: Tokenizer, architecture: Architecture, path: string): void {
  if (tokenizer.size > architecture.vocabulary)
    throw refuse('tokenizer-model', 'The tokenizer knows more tokens than the model has embeddings for.', {
      where: path,
      expected: `at most ${architecture.vocabulary} tokens`,
      found: `${tokenizer.size}`,
      fix: 'Use the tokenizer that came with this model.',
    })
}

/** Tokens that end a generated text: generation_config.json first, then the model's and the tokenizer's own. */
function endTokens(checkpoint: Checkpoint, architecture: Architecture, tokenizer: Tokenizer): number[] {
  const generation = (checkpoint.generationConfig as { eos_token_id?: unknown } | undefined)?.eos_token_id
  const ids = Array.isArray(generation)
    ? generation
    : generation === undefined || generation === null
      ? architecture.eosIds
      : [generation]
  const all = new Set(ids.filter((id): id is number => Number.isInteger(id)))
  if (tokenizer.eosId !== undefined) all.add(tokenizer.eosId)
  return [...all]
}
