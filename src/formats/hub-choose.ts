/**
 * Which files of a repository a reference means. The same rules choose from the Hub's list before a download
 * and from a snapshot on disk, so what is fetched is what is found again.
 */

import { nearest, type PalimpsestError, refuse } from '../core/errors.ts'
import { formatHubRef, type HubRef } from './hub-ref.ts'

export interface Choice {
  /** What the reference stands for in the snapshot: a file, a folder, or '' for the whole snapshot. */
  readonly path: string
  /** The files needed, small ones first, weights last. */
  readonly files: readonly string[]
  /** The one among them that names further weights in its folder (a sharded checkpoint). */
  readonly index: string | undefined
  /** For a model in Hugging Face's form: where its tokenizer is, or would be. */
  readonly tokenizer: string | undefined
}

const MODEL_TEXTS = new Set([
  'config.json',
  'generation_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'chat_template.jinja',
  'chat_template.json',
])
const TOKENIZER = /^tokenizer[^/]*\.(json|model)$/
const NAMED_TEMPLATE = /^additional_chat_templates\/[^/]+\.jinja$/
/** In order of preference; only one of them is ever taken. */
const MODEL_WEIGHTS = [
  'model.safetensors',
  'model.safetensors.index.json',
  'pytorch_model.bin',
  'pytorch_model.bin.index.json',
]
const ADAPTER_WEIGHTS = ['adapter_model.safetensors', 'adapter_model.bin']
/** Settings that a dictionary's file needs; they may lie in a folder above it. */
const SETTINGS = ['config.json', 'cfg.json', 'hyperparams.json']
const PICKLED = /\.(bin|pt|pth)$/
const WEIGHTS = /\.(safetensors|npz|bin|pt|pth)$/
const TEXTS = /\.(json|ya?ml)$/
/** What a training run leaves beside its weights. */
const TRAINING_STATE = /(^|\/)(optimizer|scheduler|rng_state[^/]*|training_args|scaler)\.(bin|pt|pth)$/
const PART = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/

/**
 * The files that a reference needs.
 *
 * @param paths every file of the repository
 * @throws PalimpsestError `hub-file-missing` when the path is not among them, `hub-choose` when several models
 *   or dictionaries answer to it, `hub-empty` when none does
 */
export function chooseFiles(paths: readonly string[], ref: HubRef): Choice {
  const all = new Set(paths)
  const { path } = ref
  if (path === undefined) return chooseFolder(paths, all, '', ref)
  if (all.has(path)) return chooseFile(all, path, ref)
  if (paths.some((p) => p.startsWith(`${path}/`))) return chooseFolder(paths, all, `${path}/`, ref)
  throw missing(ref, path, paths)
}

/** The error for a file that the repository does not have at this revision. */
export function missing(ref: HubRef, path: string, paths: readonly string[]): PalimpsestError {
  const near = nearest(path, paths)
  return refuse('hub-file-missing', 'The repository has no such file or folder at this revision.', {
    where: formatHubRef(ref),
    expected: 'a path in the repository',
    found: path,
    fix:
      near.length > 0
        ? `Did you mean ${near.join(' or ')}?`
        : `It has, for instance: ${paths.slice(0, 5).join(', ') || 'nothing at all'}.`,
  })
}

function chooseFile(all: ReadonlySet<string>, path: string, ref: HubRef): Choice {
  if (path.endsWith('.gguf')) {
    const files = ggufParts(path)
    for (const part of files) if (!all.has(part)) throw missing(ref, part, [...all])
    return { path: files[0]!, files, index: undefined, tokenizer: undefined }
  }
  const files = WEIGHTS.test(path) ? [...settingsAbove(all, path), path] : [path]
  return { path, files, index: undefined, tokenizer: undefined }
}

/** @param base '' or a folder with its slash */
function chooseFolder(paths: readonly string[], all: ReadonlySet<string>, base: string, ref: HubRef): Choice {
  const inside = paths.filter((p) => p.startsWith(base)).map((p) => p.slice(base.length))
  const has = (name: string): boolean => all.has(base + name)
  const folder = base.slice(0, -1)
  const choice = (names: readonly string[], extra: Partial<Choice> = {}): Choice => ({
    path: folder,
    files: names.map((n) => base + n),
    index: undefined,
    tokenizer: undefined,
    ...extra,
  })

  const weights = MODEL_WEIGHTS.find(has)
  if (weights !== undefined && has('config.json')) {
    const texts = inside.filter((n) => MODEL_TEXTS.has(n) || TOKENIZER.test(n) || NAMED_TEMPLATE.test(n))
    return choice([...texts, weights], {
      index: weights.endsWith('.index.json') ? base + weights : undefined,
      tokenizer: `${base}tokenizer.json`,
    })
  }
  const adapter = ADAPTER_WEIGHTS.find(has)
  if (adapter !== undefined && has('adapter_config.json')) return choice(['adapter_config.json', adapter])

  const ggufs = inside.filter(
    (n) => /^[^/]+\.gguf$/.test(n) && !n.startsWith('mmproj') && ggufParts(n)[0] === n,
  )
  if (ggufs.length === 1) return chooseFile(all, base + ggufs[0]!, ref)
  if (ggufs.length > 1) throw several(ref, base, ggufs, 'files')
  return chooseDictionary(inside, all, base, ref, choice)
}

function chooseDictionary(
  inside: readonly string[],
  all: ReadonlySet<string>,
  base: string,
  ref: HubRef,
  choice: (names: readonly string[], extra?: Partial<Choice>) => Choice,
): Choice {
  const isWeights = (n: string): boolean => WEIGHTS.test(n) && !TRAINING_STATE.test(n)
  const folders = [...new Set(inside.filter(isWeights).map(folderOf))]
  // Weights right here are what is meant, whatever lies in folders below (checkpoints, other layers).
  const home = folders.includes('') ? '' : folders[0]
  if (home === undefined)
    throw refuse('hub-empty', 'There is nothing here that can be opened.', {
      where: formatHubRef(ref),
      expected: 'a model (config.json with safetensors, or a .gguf file), an adapter or a dictionary',
      found: inside.slice(0, 5).join(', ') || 'no files',
      fix: 'Check the name on the Hub, or name a file or folder inside: hf:org/name:path.',
    })
  if (folders.length > 1 && home !== '') throw several(ref, base, folders, 'folders')
  const here = inside.filter((n) => folderOf(n) === home)
  const safe = here.some((n) => n.endsWith('.safetensors'))
  const weights = here.filter((n) => isWeights(n) && !(safe && PICKLED.test(n)))
  // At the root, many files of weights are many dictionaries; in a named folder they are parts of one.
  if (base === '' && home === '' && weights.length > 1) throw several(ref, base, weights, 'files')
  const texts = here.filter((n) => TEXTS.test(n))
  const above = settingsAbove(all, base + weights[0]!).filter((p) => !texts.some((t) => base + t === p))
  const files = [...above, ...[...texts, ...weights].map((n) => base + n)]
  return choice([], { files })
}

function several(ref: HubRef, base: string, names: readonly string[], what: string): PalimpsestError {
  const shown = names.slice(0, 12).map((n) => base + n)
  return refuse('hub-choose', `This reference could mean several ${what}.`, {
    where: formatHubRef(ref),
    expected: `one of the ${what}`,
    found: `${shown.join(', ')}${names.length > shown.length ? ` and ${names.length - shown.length} more` : ''}`,
    fix: `Name one: ${formatHubRef({ ...ref, path: shown[0]! })}`,
  })
}

/** All parts of a split GGUF file from the name of any of them; of one that is not split, itself. */
export function ggufParts(path: string): string[] {
  const match = PART.exec(path)
  const count = Number(match?.[3])
  if (match === null || count < 1 || count > 1000) return [path]
  return Array.from(
    { length: count },
    (_, i) => `${match[1]}-${String(i + 1).padStart(5, '0')}-of-${match[3]}.gguf`,
  )
}

/** Settings in the folder of a file and in those above it, outermost first. */
function settingsAbove(all: ReadonlySet<string>, path: string): string[] {
  const parts = path.split('/').slice(0, -1)
  const folders = parts.map((_, i) => `${parts.slice(0, i + 1).join('/')}/`)
  return ['', ...folders].flatMap((f) => SETTINGS.map((s) => f + s)).filter((p) => all.has(p))
}

function folderOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '' : path.slice(0, slash)
}

/**
 * The files of weights that an index names, as paths in the repository.
 *
 * @param text content of `*.index.json`
 * @throws PalimpsestError `hub-malformed` when it is no index, or names what is no plain file name
 */
export function shardsOf(text: string, index: string): string[] {
  const wrong = (found: string): PalimpsestError =>
    refuse('hub-malformed', 'The index of the weights cannot be read.', {
      where: index,
      expected: 'JSON with a weight_map from tensors to file names',
      found,
      fix: 'Report it to the owners of the repository.',
    })
  let map: unknown
  try {
    map = (JSON.parse(text) as { weight_map?: unknown } | null)?.weight_map
  } catch (error) {
    throw wrong((error as Error).message)
  }
  if (map === null || typeof map !== 'object' || Array.isArray(map)) throw wrong('no weight_map')
  const folder = folderOf(index)
  const shards = new Set<string>()
  for (const name of Object.values(map)) {
    if (typeof name !== 'string' || !/^[\w.+=-]+$/.test(name) || name.startsWith('.'))
      throw wrong(`a file named ${JSON.stringify(name)?.slice(0, 100)}`)
    shards.add(folder === '' ? name : `${folder}/${name}`)
  }
  if (shards.size === 0) throw wrong('an empty weight_map')
  return [...shards].sort()
}
