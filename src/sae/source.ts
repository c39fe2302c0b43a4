/** What loaders read from: the files beside a dictionary, its configuration, and its tensors, checked. */

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { refuse } from '../core/errors.ts'
import { explainFileError } from '../core/files.ts'
import type { pacer } from '../core/pace.ts'
import { openNpz } from '../formats/npz.ts'
import { openSafetensors, readF32 } from '../formats/safetensors.ts'
import { type StoredTensor, TENSOR_TYPES, type TensorFile, type TensorType } from '../formats/tensor-type.ts'
import { openTorch, type TorchFile } from '../formats/torch.ts'
import type { Rule, WeightMatrix } from './dictionary.ts'

const MAX_JSON = 10_000_000
const MATRIX_TYPES = new Set(['F32', 'F16', 'BF16'])

/** A place that may hold a dictionary: a folder, or one file in it. */
export interface Place {
  /** As the user gave it. */
  readonly path: string
  readonly folder: string
  /** Name of the file that was given, if it was one. */
  readonly file: string | undefined
  /** Names in the folder. */
  readonly names: ReadonlySet<string>
}

/** @throws PalimpsestError `file-missing`, `file-permission` */
export function lookAt(path: string): Place {
  try {
    const isFolder = statSync(path).isDirectory()
    const parent = isFolder ? path : dirname(path)
    // Llama Scope keeps its weights one folder below the rest.
    const folder = basename(parent) === 'checkpoints' ? dirname(parent) : parent
    return { path, folder, file: isFolder ? undefined : basename(path), names: new Set(readdirSync(folder)) }
  } catch (error) {
    throw explainFileError(error, path)
  }
}

/** How a format is opened: what its loader gets. */
export interface Opening {
  readonly place: Place
  readonly rule: Rule
  /** Await it in loops over weights. */
  readonly pace: ReturnType<typeof pacer>
  /** Opens a file of tensors beside the dictionary; it is closed with the dictionary. */
  open(name: string): Promise<TensorFile>
  openTorch(name: string): TorchFile
  /** Reads a configuration file beside the dictionary. */
  config(name: string): Config
}

/** Opens files and remembers them, for their hashes and their disposal. */
export class Opener implements Opening, Disposable {
  readonly place: Place
  readonly rule: Rule
  readonly pace: ReturnType<typeof pacer>
  readonly files: string[] = []
  readonly #open: Disposable[] = []

  constructor(place: Place, rule: Rule, pace: ReturnType<typeof pacer>) {
    this.place = place
    this.rule = rule
    this.pace = pace
  }

  async open(name: string): Promise<TensorFile> {
    if (/\.(pt|pth|bin)$/.test(name)) return this.openTorch(name)
    const path = join(this.place.folder, name)
    return this.#remember(path, name.endsWith('.npz') ? await openNpz(path) : openSafetensors(path))
  }

  openTorch(name: string): TorchFile {
    const path = join(this.place.folder, name)
    return this.#remember(path, openTorch(path))
  }

  config(name: string): Config {
    const path = join(this.place.folder, name)
    const config = Config.read(path)
    this.files.push(path)
    return config
  }

  #remember<T extends TensorFile>(path: string, file: T): T {
    this.files.push(path)
    this.#open.push(file)
    return file
  }

  [Symbol.dispose](): void {
    for (const file of this.#open.splice(0)) file[Symbol.dispose]()
  }
}

/** A configuration file, with typed and explained access to its keys. */
export class Config {
  readonly path: string
  readonly #values: Record<string, unknown>

  constructor(path: string, values: Record<string, unknown>) {
    this.path = path
    this.#values = values
  }

  /** @throws PalimpsestError `dictionary-config` */
  static read(path: string): Config {
    let text: string
    try {
      const { size } = statSync(path)
      if (size > MAX_JSON)
        throw configError(path, 'The file is impossibly large.', `at most ${MAX_JSON} bytes`, `${size} bytes`)
      text = readFileSync(path, 'utf8')
    } catch (error) {
      throw explainFileError(error, path)
    }
    let values: unknown
    try {
      values = JSON.parse(text)
    } catch (error) {
      throw configError(path, 'The file is not JSON.', 'JSON', (error as Error).message)
    }
    if (values === null || typeof values !== 'object' || Array.isArray(values))
      throw configError(path, 'The file is not a JSON object.', 'a JSON object', show(values))
    return new Config(path, values as Record<string, unknown>)
  }

  /** The value of the first of some keys that is there. */
  get(...keys: string[]): unknown {
    for (const key of keys)
      if (Object.hasOwn(this.#values, key) && this.#values[key] !== null) return this.#values[key]
    return undefined
  }

  string(...keys: string[]): string | undefined {
    const value = this.get(...keys)
    if (value === undefined || typeof value === 'string') return value
    throw configError(this.path, `"${keys[0]}" is not a text.`, 'a text', show(value))
  }

  number(...keys: string[]): number | undefined {
    const value = this.get(...keys)
    if (value === undefined || (typeof value === 'number' && Number.isFinite(value))) return value
    throw configError(this.path, `"${keys[0]}" is not a number.`, 'a number', show(value))
  }

  boolean(key: string, fallback: boolean): boolean {
    const value = this.get(key)
    if (value === undefined) return fallback
    if (typeof value === 'boolean') return value
    throw configError(this.path, `"${key}" is neither true nor false.`, 'true or false', show(value))
  }

  /** A nested object; empty where there is none. */
  child(key: string): Config {
    const value = this.get(key)
    if (value === undefined) return new Config(this.path, {})
    if (typeof value !== 'object' || Array.isArray(value))
      throw configError(this.path, `"${key}" is not an object.`, 'an object', show(value))
    return new Config(this.path, value as Record<string, unknown>)
  }

  /** A positive integer that must be there. */
  count(...keys: string[]): number {
    const value = this.number(...keys)
    if (value === undefined || !Number.isInteger(value) || value < 1)
      throw configError(
        this.path,
        `"${keys[0]}" is missing or not a count.`,
        'a positive integer',
        show(value),
      )
    return value
  }
}

/** Whether a file lies in the place's folder, at a path below it. */
export function has(place: Place, name: string): boolean {
  return place.names.has(name) || existsSync(join(place.folder, name))
}

/** A configuration that is damaged, or that contradicts the weights: `dictionary-config`. */
export function configError(path: string, summary: string, expected: string, found: string): Error {
  return refuse('dictionary-config', summary, {
    where: path,
    expected,
    found,
    fix: 'Fetch the dictionary again; if it stays, its format is not the one that its files look like.',
  })
}

/** A dictionary that is recognised and not read, because nothing could be found to hold it against. */
export function unsupported(path: string, what: string, instead: string): Error {
  return refuse('dictionary-unsupported', `${what} are recognised but not read.`, {
    where: path,
    expected: 'a format that was held against its reference',
    found: what,
    fix: instead,
  })
}

/** Tensors of one file, by name, with their shapes checked. */
export class Tensors {
  readonly #file: TensorFile
  readonly #prefix: string

  /** `prefix` is what stands before every name in this file. */
  constructor(file: TensorFile, prefix = '') {
    this.#file = file
    this.#prefix = prefix
  }

  has(name: string): boolean {
    return this.#file.tensors.has(this.#prefix + name)
  }

  /** @throws PalimpsestError `dictionary-tensor` when it is missing */
  find(name: string): StoredTensor {
    const tensor = this.#file.tensors.get(this.#prefix + name)
    if (tensor !== undefined) return tensor
    throw refuse('dictionary-tensor', 'The dictionary lacks a tensor.', {
      where: this.#file.path,
      expected: name,
      found: [...this.#file.tensors.keys()].slice(0, 12).join(', '),
      fix: 'Fetch it again; if it stays, its format is not the one that its files look like.',
    })
  }

  /**
   * A matrix [a, b]; `latents` says which axis is the latents'. An extent of undefined is free.
   *
   * @throws PalimpsestError `dictionary-tensor`, `dictionary-shape`, `dictionary-type`
   */
  matrix(
    name: string,
    rows: number | undefined,
    columns: number | undefined,
    latents: WeightMatrix['latents'],
  ): WeightMatrix {
    const tensor = this.find(name)
    const [a, b] = tensor.shape
    if (tensor.shape.length !== 2 || a === 0 || b === 0 || (rows ?? a) !== a || (columns ?? b) !== b)
      throw this.#misshapen(name, `[${rows ?? '?'}, ${columns ?? '?'}]`, tensor)
    if (!MATRIX_TYPES.has(tensor.type))
      throw refuse('dictionary-type', 'A weight matrix has a type that cannot be computed with.', {
        where: `${this.#file.path}, ${name}`,
        expected: 'F32, F16 or BF16',
        found: tensor.type,
        fix: 'Save the dictionary as float32 or bfloat16.',
      })
    return { tensor, latents }
  }

  /**
   * A vector of `length` f32 values, all finite; a scalar fills it where `scalar` allows one.
   *
   * @throws PalimpsestError `dictionary-tensor`, `dictionary-shape`, `dictionary-nan`
   */
  vector(name: string, length: number, options: { scalar?: boolean } = {}): Float32Array {
    const tensor = this.find(name)
    const isScalar = tensor.shape.length === 0 || (tensor.shape.length === 1 && tensor.shape[0] === 1)
    const fits = tensor.shape.length === 1 && tensor.shape[0] === length
    if (!fits && !(options.scalar === true && isScalar)) throw this.#misshapen(name, `[${length}]`, tensor)
    const values = readF32(tensor)
    const at = values.findIndex((v) => !Number.isFinite(v))
    if (at >= 0) throw notFinite(`${this.#file.path}, ${name}[${at}]`, values[at]!)
    return fits ? values : new Float32Array(length).fill(values[0]!)
  }

  /** A single number. */
  scalar(name: string): number {
    return this.vector(name, 1, { scalar: true })[0]!
  }

  #misshapen(name: string, expected: string, tensor: StoredTensor): Error {
    return refuse('dictionary-shape', 'A tensor of the dictionary has another shape than it should.', {
      where: `${this.#file.path}, ${name}`,
      expected,
      found: `[${tensor.shape.join(', ')}]`,
      fix: 'Files of different dictionaries may be mixed up: fetch it again.',
    })
  }
}

function notFinite(where: string, value: number): Error {
  return refuse('dictionary-nan', 'A weight of the dictionary is not a finite number.', {
    where,
    expected: 'finite weights',
    found: `${value}`,
    fix: 'The file is damaged, or training diverged: fetch it again or use another dictionary.',
  })
}

/** Bits of the exponent, all set in what is not finite. */
const EXPONENT: Partial<Record<TensorType, number>> = { F32: 0x7f800000, F16: 0x7c00, BF16: 0x7f80 }
const SCAN_BYTES = 4 << 20

/**
 * Reads a matrix once, as bits: a latent of NaN would silently never fire.
 *
 * @throws PalimpsestError `dictionary-nan` with the place
 */
export async function refuseNotFinite(t: StoredTensor, pace: () => Promise<void> | undefined): Promise<void> {
  const mask = EXPONENT[t.type]!
  const width = TENSOR_TYPES[t.type].bytes
  for (let from = 0; from < t.byteLength; from += SCAN_BYTES) {
    const bytes = t.file.bytes(t.offset + from, Math.min(SCAN_BYTES, t.byteLength - from)).slice()
    const bits = width === 4 ? new Uint32Array(bytes.buffer) : new Uint16Array(bytes.buffer)
    for (let i = 0; i < bits.length; i++)
      if ((bits[i]! & mask) === mask) {
        const at = from / width + i
        const columns = t.shape[1]!
        const value = readF32({ ...t, shape: [1], byteLength: width, offset: t.offset + at * width })[0]!
        throw notFinite(`${t.file.path}, ${t.name}[${Math.floor(at / columns)}, ${at % columns}]`, value)
      }
    await pace()
  }
}

/** Rows [from, from + count) of a stored matrix as f32, copied. */
export function readRows(tensor: StoredTensor, from: number, count: number): Float32Array {
  const columns = tensor.shape[1]!
  const stride = columns * TENSOR_TYPES[tensor.type].bytes
  return readF32({
    ...tensor,
    shape: [count, columns],
    byteLength: count * stride,
    offset: tensor.offset + from * stride,
    address: tensor.address + BigInt(from * stride),
  })
}

/** Matrix rows read at a time: about 4 MB as f32. */
function rowsAtOnce(tensor: StoredTensor): number {
  return Math.max(1, Math.floor((1 << 20) / tensor.shape[1]!))
}

/** Euclidean norm of each latent's vector in a matrix: [F]. Reads the matrix once, in pieces. */
export async function latentNorms(
  m: WeightMatrix,
  pace: () => Promise<void> | undefined,
): Promise<Float64Array> {
  const { tensor, latents } = m
  const [rows, columns] = tensor.shape as [number, number]
  const sums = new Float64Array(latents === 'rows' ? rows : columns)
  const step = rowsAtOnce(tensor)
  for (let from = 0; from < rows; from += step) {
    const count = Math.min(step, rows - from)
    const values = readRows(tensor, from, count)
    for (let r = 0; r < count; r++)
      for (let c = 0; c < columns; c++) {
        const v = values[r * columns + c]!
        sums[latents === 'rows' ? from + r : c]! += v * v
      }
    await pace()
  }
  return sums.map(Math.sqrt)
}

/**
 * What undoes norms, [F]: 1 / n, and 0 where there is nothing to undo. A latent whose decoder vector is zero adds
 * nothing; as infinity times zero it would make every reconstruction not a number.
 */
export function reciprocals(norms: ArrayLike<number>): Float32Array {
  return Float32Array.from(norms, (n) => (Number.isFinite(Math.fround(1 / n)) ? 1 / n : 0))
}

function show(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 100) ?? 'nothing'
}
