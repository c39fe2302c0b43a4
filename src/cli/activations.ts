/**
 * Activations in a safetensors file, as `encode` reads them: one tensor, or one hook point of all texts that
 * `extract` wrote; and which tokens are fit for statistics.
 */

import { nearest, refuse } from '../core/errors.ts'
import { type Matrix, matrix } from '../core/matrix.ts'
import { openSafetensors, readF32 } from '../formats/safetensors.ts'
import { type StoredTensor, TENSOR_TYPES, type TensorFile } from '../formats/tensor-type.ts'
import { SINK_RATIO } from '../model/model.ts'
import { median, rowNorms } from '../model/norms.ts'
import { findSinks, usedTokens } from '../model/pooling.ts'

/** Rows looked through at a time. */
const ROWS = 1024

/** The tokens of one tensor. */
interface Part {
  readonly tensor: StoredTensor
  /** Rows before it. */
  readonly start: number
  readonly rows: number
  /** 1 for tokens of the text's own, where the file says; undefined where it does not. */
  readonly content: Uint8Array | undefined
}

/** Tensors that hold the activations. Dispose them after the last read. */
export interface FoundActivations extends Disposable {
  readonly file: TensorFile
  readonly tensors: readonly StoredTensor[]
  /** Whether they are one hook point of several texts. */
  readonly several: boolean
}

/**
 * Finds `FILE#TENSOR`; `FILE#HOOK`, for the tensors `ID/HOOK` of all texts; or `FILE`, where it holds one tensor or
 * one hook point.
 *
 * @throws PalimpsestError `activations-missing`, and those of `openSafetensors`
 */
export function findActivations(ref: string): FoundActivations {
  const at = ref.lastIndexOf('#')
  const [path, name] = at < 0 ? [ref, undefined] : [ref.slice(0, at), ref.slice(at + 1)]
  const file = openSafetensors(path)
  try {
    return { file, ...find(file, name), [Symbol.dispose]: () => file[Symbol.dispose]() }
  } catch (error) {
    file[Symbol.dispose]()
    throw error
  }
}

/** Tokens [n, d] of one tensor or of several, one after the other. */
export class Activations {
  readonly rows: number
  /** Where each text begins, and the end, where they are of several texts; their ids. */
  readonly texts: { readonly ids: readonly string[]; readonly starts: readonly number[] } | undefined
  readonly #width: number
  readonly #parts: readonly Part[]

  /** @throws PalimpsestError `activation-shape` */
  constructor({ file, tensors, several }: FoundActivations, width: number) {
    const contents = contentsOf(file)
    const parts: Part[] = []
    let start = 0
    for (const tensor of tensors) {
      const rows = rowsOf(tensor, width)
      const content = contents.get(idOf(tensor.name))
      // A file that contradicts itself says nothing.
      parts.push({ tensor, start, rows, content: content?.length === rows ? content : undefined })
      start += rows
    }
    this.#width = width
    this.#parts = parts
    this.rows = start
    this.texts = several
      ? { ids: tensors.map((t) => idOf(t.name)), starts: [...parts.map((p) => p.start), start] }
      : undefined
  }

  /** Rows [from, from + count). */
  read(from: number, count: number): Matrix {
    const out = matrix(count, this.#width)
    for (let p = this.#partOf(from); p < this.#parts.length && this.#parts[p]!.start < from + count; p++) {
      const { tensor, start, rows } = this.#parts[p]!
      const [first, end] = [Math.max(from, start), Math.min(from + count, start + rows)]
      out.data.set(readSome(tensor, first - start, end - first, this.#width), (first - from) * this.#width)
    }
    return out
  }

  /**
   * 1 for the tokens that statistics are over. Where the file says what is content: that, without attention sinks,
   * text by text. Where it does not: all but those whose norm is above 10x the median of all.
   */
  counted(): Uint8Array {
    const out = new Uint8Array(this.rows).fill(1)
    for (const { content, start, rows } of this.#parts)
      if (content !== undefined)
        out.set(usedTokens(content, findSinks([this.read(start, rows)], content)), start)
    if (this.#parts.some((p) => p.content !== undefined)) return out
    const norms = new Float64Array(this.rows)
    for (let from = 0; from < this.rows; from += ROWS)
      norms.set(rowNorms(this.read(from, Math.min(ROWS, this.rows - from))), from)
    const limit = SINK_RATIO * median(norms)
    return out.map((_, i) => (norms[i]! > limit ? 0 : 1))
  }

  /** The last part that begins at or before a row. */
  #partOf(row: number): number {
    let [low, high] = [0, this.#parts.length]
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (this.#parts[middle]!.start <= row) low = middle
      else high = middle
    }
    return low
  }
}

function find(file: TensorFile, name: string | undefined): { tensors: StoredTensor[]; several: boolean } {
  const names = [...file.tensors.keys()]
  const one = file.tensors.get(name ?? (names.length === 1 ? names[0]! : ''))
  if (one !== undefined) return { tensors: [one], several: false }
  const hooks = new Set(names.map(hookOf))
  const hook = name ?? (hooks.size === 1 ? [...hooks][0] : undefined)
  const tensors = [...file.tensors.values()].filter((t) => t.name.includes('/') && hookOf(t.name) === hook)
  if (tensors.length > 0) return { tensors, several: true }
  const known = [...new Set([...hooks, ...names])]
  const near = nearest(name ?? '', known)
  throw refuse('activations-missing', 'The file holds no such activations.', {
    where: file.path,
    expected: 'FILE#TENSOR, or FILE#HOOK for all texts, with a name that the file holds',
    found: name ?? `no name, and ${names.length} tensors`,
    fix: `It holds ${(near.length > 0 ? near : known.slice(0, 8)).join(', ')}${known.length > 8 ? ', ...' : ''}.`,
  })
}

/** Names of texts may hold slashes, those of hook points do not. */
function hookOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1)
}

function idOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('/')))
}

/** Which tokens of each text are content, as `extract` notes it: 0 and 1, a character a token. */
function contentsOf(file: TensorFile): Map<string, Uint8Array> {
  const ids = listOf(file.metadata.ids)
  const content = listOf(file.metadata.content)
  return ids.length === content.length
    ? new Map(ids.map((id, i) => [id, Uint8Array.from(content[i]!, (c) => (c === '1' ? 1 : 0))]))
    : new Map()
}

/** A JSON list of texts; empty where it is none, because files of other tools may say anything here. */
function listOf(json: string | undefined): string[] {
  try {
    const list: unknown = JSON.parse(json ?? '[]')
    return Array.isArray(list) && list.every((v) => typeof v === 'string') ? list : []
  } catch {
    return []
  }
}

/** Tokens [n, d]; further axes (heads) are flattened, and a lone vector is one token. */
function rowsOf(t: StoredTensor, width: number): number {
  const count = t.shape.reduce((a, b) => a * b, 1)
  const inner = t.shape.slice(1).reduce((a, b) => a * b, 1)
  if (t.shape.length > 1 ? inner === width : count === width) return count / width
  throw refuse('activation-shape', 'The activations are of another width than the dictionary.', {
    where: `${t.file.path}, tensor ${t.name}`,
    expected: `[n, ${width}]`,
    found: `[${t.shape.join(', ')}]`,
    fix: 'Use activations of the model and hook point that the dictionary was made for: `palimpsest inspect` names them.',
  })
}

function readSome(t: StoredTensor, from: number, rows: number, width: number): Float32Array {
  const { bytes } = TENSOR_TYPES[t.type]
  const first = from * width * bytes
  return readF32({
    ...t,
    shape: [rows * width],
    byteLength: rows * width * bytes,
    offset: t.offset + first,
    address: t.address + BigInt(first),
  })
}
