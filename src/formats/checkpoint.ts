/** What a path holds: a Hugging Face folder or a GGUF file, opened with everything that defines the model. */

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { refuse } from '../core/errors.ts'
import { explainFileError, hashFile, hashJson } from '../core/files.ts'
import { printable } from './excerpt.ts'
import { type GgufFile, openGguf } from './gguf.ts'
import { openSafetensors, openSafetensorsIndex } from './safetensors.ts'
import type { TensorFile } from './tensor-type.ts'
import { openTorch } from './torch.ts'

export interface Checkpoint extends Disposable {
  readonly kind: 'hf' | 'gguf'
  /** The folder, or the GGUF file. */
  readonly path: string
  readonly tensors: TensorFile['tensors']
  /** Parsed config.json; undefined for GGUF. */
  readonly config: unknown
  /** Parsed generation_config.json, where there is one. */
  readonly generationConfig: unknown
  readonly gguf: GgufFile | undefined
  /** Every file that defines the model, for its hash. */
  readonly files: readonly string[]
}

const TEXT_FILES = [
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'chat_template.jinja',
  'chat_template.json',
]
/** Where a Hugging Face folder keeps its weights; the first that is there is read. */
const WEIGHTS: readonly { name: string; open: (path: string) => TensorFile }[] = [
  { name: 'model.safetensors', open: openSafetensors },
  { name: 'model.safetensors.index.json', open: openSafetensorsIndex },
  { name: 'pytorch_model.bin', open: openTorch },
  { name: 'pytorch_model.bin.index.json', open: (path) => openSafetensorsIndex(path, openTorch) },
]
const MAX_JSON = 100_000_000

/**
 * Opens a checkpoint: a folder with config.json and model.safetensors (or its index) or pytorch_model.bin (or
 * its index; read without executing anything, see torch.ts), a .gguf file, or a folder that holds one .gguf file.
 *
 * @throws PalimpsestError `checkpoint-kind` when the path holds no model, and the formats' own errors
 * @example using checkpoint = openCheckpoint('./base'); checkpoint.tensors.size
 */
export function openCheckpoint(path: string): Checkpoint {
  let isFolder: boolean
  try {
    isFolder = statSync(path).isDirectory()
  } catch (error) {
    throw explainFileError(error, path)
  }
  if (!isFolder) return openGgufCheckpoint(path)
  const has = (name: string): boolean => existsSync(join(path, name))
  const weights = has('config.json') ? WEIGHTS.find(({ name }) => has(name)) : undefined
  if (weights === undefined) return openGgufCheckpoint(onlyGguf(path))
  const file = weights.open(join(path, weights.name))
  try {
    return {
      kind: 'hf',
      path,
      tensors: file.tensors,
      config: readJson(join(path, 'config.json')),
      generationConfig: has('generation_config.json')
        ? readJson(join(path, 'generation_config.json'))
        : undefined,
      gguf: undefined,
      files: [...TEXT_FILES.filter(has).map((name) => join(path, name)), ...file.files],
      [Symbol.dispose]: () => file[Symbol.dispose](),
    }
  } catch (error) {
    file[Symbol.dispose]()
    throw error
  }
}

function openGgufCheckpoint(path: string): Checkpoint {
  if (/\.(safetensors|bin|pt|pth)$/.test(path))
    throw refuse(
      'checkpoint-kind',
      'A file of weights alone is no model: its configuration and tokenizer are missing.',
      {
        where: path,
        found: basename(path),
        expected: 'the folder with config.json, or a .gguf file',
        fix: 'Give the folder that holds this file.',
      },
    )
  const gguf = openGguf(path)
  return {
    kind: 'gguf',
    path,
    tensors: gguf.tensors,
    config: undefined,
    generationConfig: undefined,
    gguf,
    files: gguf.files,
    [Symbol.dispose]: () => gguf[Symbol.dispose](),
  }
}

/** The GGUF file of a folder without safetensors: the only one, or the first part of the only one. */
function onlyGguf(folder: string): string {
  const names = readdirSync(folder)
  const ggufs = names.filter((f) => f.endsWith('.gguf') && !/-(?!00001)\d{5}-of-\d{5}\.gguf$/.test(f))
  if (ggufs.length === 1) return join(folder, ggufs[0]!)
  const found =
    ggufs.length > 1
      ? `${ggufs.length} .gguf files: ${ggufs.slice(0, 5).map(printable).join(', ')}`
      : names.includes('config.json')
        ? 'config.json without weights'
        : names.some((f) => WEIGHTS.some(({ name }) => name === f))
          ? 'weights without config.json'
          : 'neither config.json nor a .gguf file'
  throw refuse('checkpoint-kind', 'This folder holds no model that can be opened.', {
    where: folder,
    expected:
      'config.json with model.safetensors or pytorch_model.bin (or an index of either), or one .gguf file',
    found,
    fix:
      ggufs.length > 1
        ? 'Give the path of one of them.'
        : 'Give the folder of the model itself, with all its files.',
  })
}

function readJson(path: string): unknown {
  try {
    const { size } = statSync(path)
    if (size > MAX_JSON)
      throw refuse('config-malformed', 'The file is impossibly large.', {
        where: path,
        expected: `at most ${MAX_JSON} bytes`,
        found: `${size} bytes`,
        fix: 'Fetch it again.',
      })
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    if (error instanceof SyntaxError)
      throw refuse('config-malformed', 'The file is not JSON.', {
        where: path,
        expected: 'JSON',
        found: printable(error.message),
        fix: 'Fetch it again.',
      })
    throw explainFileError(error, path)
  }
}

const hashes = new Map<string, string>()

/**
 * A hash of everything that defines a model: its files' contents, not their names' folders. Content hashes
 * are remembered by path, size and time while the process lives.
 *
 * @throws PalimpsestError `file-missing`, `file-permission`
 */
export async function hashCheckpoint(checkpoint: Pick<Checkpoint, 'files'>): Promise<string> {
  const parts: [string, string][] = []
  for (const file of checkpoint.files) {
    const { size, mtimeMs } = statSync(file)
    const key = `${file}\u0000${size}\u0000${mtimeMs}`
    let hash = hashes.get(key)
    if (hash === undefined) {
      hash = await hashFile(file)
      hashes.set(key, hash)
    }
    parts.push([basename(file), hash])
  }
  return hashJson(parts.sort(([a], [b]) => (a < b ? -1 : 1)))
}
