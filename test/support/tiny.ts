/** Opens the tiny fixture models, which have no tokenizer: tests give token ids. */
import { openCheckpoint } from '../../src/formats/checkpoint.ts'
import type { Tokenizer } from '../../src/formats/tokenizer.ts'
import { Backend } from '../../src/ggml/backend.ts'
import type { RopePairs } from '../../src/ggml/graph.ts'
import type { DeviceKind } from '../../src/ggml/locate.ts'
import { describeCheckpoint } from '../../src/model/load.ts'
import { loadAdapter } from '../../src/model/lora.ts'
import { Model } from '../../src/model/model.ts'
import { loadWeights } from '../../src/model/weights.ts'

export const TINY_FAMILIES = [
  'llama',
  'llama3.1',
  'mistral',
  'qwen2',
  'qwen3',
  'olmo2',
  'olmo3',
  'smollm3',
  'gemma',
  'gemma2',
  'gemma3',
] as const
export type Family = (typeof TINY_FAMILIES)[number]

/** A model from a folder without tokenizer. */
export async function loadTiny(
  folder: string,
  threads = 1,
  options: {
    precision?: 'native' | 'f32'
    adapter?: string
    /** Default: the CPU. */
    device?: DeviceKind
    /** The file's query and key rows are in GGUF's order of adjacent pairs. */
    ropePairs?: RopePairs
    /** Id of a token to begin texts with. */
    bosId?: number
    /** Ids of tokens that end a generated text. */
    eosIds?: readonly number[]
  } = {},
): Promise<Model> {
  const checkpoint = openCheckpoint(folder)
  const { source, architecture } = describeCheckpoint(checkpoint)
  const ropePairs = options.ropePairs ?? source.ropePairs
  const backend = new Backend({ device: options.device ?? 'cpu', threads })
  const tokenizer: Tokenizer = {
    size: architecture.vocabulary,
    bosId: options.bosId,
    eosId: undefined,
    addsBos: false,
    kind: 'none',
    hash: 'none',
    encode: (text) => [...text].map((c) => c.charCodeAt(0) % architecture.vocabulary),
    decode: (ids) => Array.from(ids, (id) => String.fromCharCode(id)).join(''),
    isSpecial: () => false,
    token: (id) => String.fromCharCode(id),
    idOf: (piece) => piece.charCodeAt(0),
  }
  return new Model({
    path: folder,
    checkpoint,
    architecture,
    backend,
    weights: loadWeights(backend, architecture, source),
    adapter:
      options.adapter === undefined
        ? undefined
        : await loadAdapter(backend, options.adapter, architecture, ropePairs),
    tokenizer,
    template: undefined,
    ropePairs,
    precision: options.precision ?? 'f32',
    eosIds: options.eosIds ?? architecture.eosIds,
    fixed: true,
  })
}
