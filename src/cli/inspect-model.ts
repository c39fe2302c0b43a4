/**
 * What a checkpoint is and whether it can be run, without running it. Reasons against it are collected, not
 * thrown: an unknown family still has tensors, sizes and a tokenizer to tell about.
 */

import { PalimpsestError } from '../core/errors.ts'
import { type ChatTemplate, chatTemplateFromGguf, loadChatTemplate } from '../formats/chat-template.ts'
import { type Checkpoint, openCheckpoint } from '../formats/checkpoint.ts'
import type { StoredTensor } from '../formats/tensor-type.ts'
import { loadTokenizer, type Tokenizer, tokenizerFromGguf } from '../formats/tokenizer.ts'
import { Backend } from '../ggml/index.ts'
import type { Architecture } from '../model/architecture.ts'
import { hookNames, hookWidth } from '../model/hooks.ts'
import { checkTokenizer, describeCheckpoint } from '../model/load.ts'
import { PACK_TOKENS } from '../model/model.ts'
import { loadWeights } from '../model/weights.ts'

const F32_BYTES = 4

/** Something that will not work, and what to do about it. */
export interface Obstacle {
  /** What it stands in the way of. */
  readonly blocks: 'running' | 'texts' | 'chat'
  readonly code: string
  readonly message: string
}

/**
 * Describes the model at a path.
 *
 * @throws PalimpsestError where there is no model at all, or its files are damaged or hostile
 */
export async function inspectModel(path: string) {
  using checkpoint = openCheckpoint(path)
  const obstacles: Obstacle[] = []
  /** Runs a step; what it refuses becomes an obstacle. */
  const attempt = async <T>(
    blocks: Obstacle['blocks'],
    step: () => T | Promise<T>,
  ): Promise<T | undefined> => {
    try {
      return await step()
    } catch (error) {
      if (!(error instanceof PalimpsestError)) throw error
      obstacles.push({ blocks, code: error.code, message: error.message })
      return undefined
    }
  }
  const described = await attempt('running', () => describeCheckpoint(checkpoint))
  const architecture = described?.architecture
  if (described !== undefined)
    await attempt('running', () => {
      using backend = new Backend({ device: 'cpu' })
      loadWeights(backend, described.architecture, described.source)[Symbol.dispose]()
    })
  const { gguf } = checkpoint
  const tokenizer = await attempt('texts', () =>
    gguf === undefined ? loadTokenizer(checkpoint.path) : tokenizerFromGguf(gguf),
  )
  if (tokenizer !== undefined && architecture !== undefined)
    await attempt('texts', () => checkTokenizer(tokenizer, architecture, path))
  const template = await attempt('chat', async () => {
    const found = await (gguf === undefined
      ? loadChatTemplate(checkpoint.path)
      : chatTemplateFromGguf(gguf.kv))
    found?.render([{ role: 'user', content: 'Hello' }], { addGenerationPrompt: true })
    return found
  })
  const tensors = [...(described?.source.tensors ?? checkpoint.tensors).values()]
  return {
    path,
    kind: 'model' as const,
    format: formatOf(checkpoint),
    runs: !obstacles.some((o) => o.blocks === 'running'),
    obstacles,
    family: architecture?.family ?? statedFamily(checkpoint),
    ...(architecture === undefined ? {} : { architecture: shapeOf(architecture, tensors) }),
    parameters: tensors.reduce((n, t) => n + t.shape.reduce((a, b) => a * b, 1), 0),
    tensors: { count: tensors.length, types: typesOf(tensors) },
    tokenizer: tokenizer === undefined ? undefined : tokenizerFacts(tokenizer),
    chatTemplate: template === undefined ? undefined : templateFacts(template),
    ...(architecture === undefined
      ? {}
      : { memory: memoryOf(architecture, tensors), hooks: hooksOf(architecture) }),
  }
}

/** What a command prints about a model. */
export type ModelFacts = Awaited<ReturnType<typeof inspectModel>>

function formatOf(checkpoint: Checkpoint): string {
  if (checkpoint.gguf !== undefined) return `GGUF v${checkpoint.gguf.version}`
  return checkpoint.files.some((file) => file.endsWith('.bin')) ? 'torch (pytorch_model.bin)' : 'safetensors'
}

/** What the files call the family, known or not. */
function statedFamily(checkpoint: Checkpoint): string | undefined {
  const name =
    checkpoint.gguf?.kv.get('general.architecture') ??
    (checkpoint.config as { model_type?: unknown } | null | undefined)?.model_type
  return typeof name === 'string' ? name : undefined
}

function shapeOf(a: Architecture, tensors: readonly StoredTensor[]) {
  const windows = [...new Set(a.layers.map((l) => l.window).filter((w) => w !== undefined))]
  return {
    layers: a.layers.length,
    width: a.width,
    heads: a.heads,
    kvHeads: a.kvHeads,
    headDim: a.headDim,
    mlpWidth: a.mlpWidth,
    vocabulary: a.vocabulary,
    context: a.context,
    slidingWindows: windows,
    activation: a.activation,
    tiedEmbeddings: a.tied ?? !tensors.some((t) => t.name === 'lm_head.weight' || t.name === 'output.weight'),
  }
}

function typesOf(tensors: readonly StoredTensor[]): Record<string, { tensors: number; bytes: number }> {
  const types: Record<string, { tensors: number; bytes: number }> = {}
  for (const t of tensors) {
    types[t.type] ??= { tensors: 0, bytes: 0 }
    const entry = types[t.type]!
    entry.tensors++
    entry.bytes += t.byteLength
  }
  return types
}

function tokenizerFacts(t: Tokenizer) {
  const piece = (id: number | undefined) => (id === undefined ? undefined : { id, piece: t.token(id) })
  return {
    kind: t.kind,
    size: t.size,
    addsBos: t.addsBos,
    bos: piece(t.bosId),
    eos: piece(t.eosId),
    hash: t.hash,
  }
}

function templateFacts(t: ChatTemplate) {
  return { source: t.source, characters: t.text.length, printsDate: t.usesDate }
}

/** Bytes: what each use of the model needs. Weights stay in the mapped file on the CPU. */
function memoryOf(a: Architecture, tensors: readonly StoredTensor[]) {
  const largest = tensors.reduce(
    (n, t) =>
      Math.max(
        n,
        t.shape.reduce((x, y) => x * y, 1),
      ),
    0,
  )
  return {
    weights: tensors.reduce((n, t) => n + t.byteLength, 0),
    /** At `--precision f32` a matrix is widened when its turn comes: the largest one. */
    widened: tensors.some((t) => t.type !== 'F32') ? largest * F32_BYTES : 0,
    cachePerToken: 2 * a.layers.length * a.kvHeads * a.headDim * F32_BYTES,
    residualsPerPass: PACK_TOKENS * a.width * (a.layers.length + 1) * F32_BYTES,
    logitsPerToken: a.vocabulary * F32_BYTES,
  }
}

/** Every hook point with its values per token; patterns have [heads, T, T]. */
function hooksOf(a: Architecture) {
  return hookNames(a).map((name) => ({ name, width: hookWidth(name, a) || null }))
}
