/**
 * GGUF files, versions 2 and 3, whole or split: metadata, and tensors that stay mapped and quantised.
 * Format: ggml-org/ggml docs/gguf.md. Every count and length is bounded by what the file can hold.
 */

import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { nearest, refuse } from '../core/errors.ts'
import { type MappedFile, mapFile } from './mapped-file.ts'
import { byteLength, type StoredTensor, TENSOR_TYPES, type TensorFile, typeOfGgmlId } from './tensor-type.ts'

/** A metadata value. 64-bit integers beyond 2^53 are bigint; numeric arrays are typed arrays or number[]. */
export type GgufValue = number | bigint | boolean | string | readonly GgufValue[]

export interface GgufFile extends TensorFile {
  readonly version: number
  readonly kv: ReadonlyMap<string, GgufValue>
  /** @throws PalimpsestError `gguf-key` when it is missing or of another type, with the nearest keys */
  getString(key: string): string
  getNumber(key: string): number
}

const MAX_TENSORS = 1_000_000
const MAX_KEYS = 1_000_000
const MAX_DEPTH = 4
const MAX_SPLITS = 10_000
const MAX_NAME = 65_535

/**
 * Opens a GGUF file; a part of a split file (`name-00001-of-00003.gguf`) opens all of them.
 *
 * @throws PalimpsestError `gguf-magic`, `gguf-version`, `gguf-truncated`, `gguf-malformed`, `gguf-type`,
 *   `gguf-split` and those of `mapFile`, naming the place
 * @example using file = openGguf('model.gguf'); file.getString('general.architecture')
 */
export function openGguf(path: string): GgufFile {
  const first = openPart(path)
  const split = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/.exec(basename(path))
  const count = Number(first.kv.get('split.count') ?? 1)
  if (count <= 1) return first
  const parts: GgufFile[] = []
  const close = (): void => {
    for (const part of parts) part[Symbol.dispose]()
  }
  try {
    if (split === null || Number(split[3]) !== count || count > MAX_SPLITS) {
      parts.push(first)
      throw refuse('gguf-split', 'A part of a split file must keep its name.', {
        where: path,
        expected: `name-00001-of-${String(count).padStart(5, '0')}.gguf`,
        found: basename(path),
        fix: 'Rename the parts back.',
      })
    }
    for (let i = 0; i < count; i++) {
      const name = join(dirname(path), `${split[1]}-${String(i + 1).padStart(5, '0')}-of-${split[3]}.gguf`)
      if (Number(split[2]) === i + 1) parts.push(first)
      else if (existsSync(name)) parts.push(openPart(name))
      else
        throw refuse('gguf-split', 'A part of a split file is missing.', {
          where: name,
          fix: 'Fetch every part into one folder.',
        })
    }
    return joinParts(path, parts, close)
  } catch (error) {
    if (!parts.includes(first)) first[Symbol.dispose]()
    close()
    throw error
  }
}

function joinParts(path: string, parts: readonly GgufFile[], close: () => void): GgufFile {
  const tensors = new Map<string, StoredTensor>()
  for (const part of parts)
    for (const [name, tensor] of part.tensors) {
      if (tensors.has(name))
        throw refuse('gguf-malformed', 'Two parts hold the same tensor.', {
          where: `${part.path}, tensor ${name}`,
        })
      tensors.set(name, tensor)
    }
  const total = parts[0]!.kv.get('split.tensors.count')
  if (total !== undefined && Number(total) !== tensors.size)
    throw refuse('gguf-split', 'The parts do not hold all tensors.', {
      where: path,
      expected: `${total} tensors`,
      found: `${tensors.size}`,
      fix: 'Fetch every part again.',
    })
  return makeFile(path, parts[0]!.version, parts[0]!.kv, tensors, close)
}

function openPart(path: string): GgufFile {
  const file = mapFile(path)
  try {
    const reader = new Reader(file)
    const version = readVersion(reader)
    const tensorCount = reader.count('tensor count', MAX_TENSORS)
    const keyCount = reader.count('metadata count', MAX_KEYS)
    const kv = new Map<string, GgufValue>()
    for (let i = 0; i < keyCount; i++) {
      const key = reader.string(`key ${i}`, MAX_NAME)
      if (kv.has(key)) throw reader.malformed('a metadata key twice', key)
      kv.set(key, reader.value(reader.u32(key), key, 0))
    }
    const infos = Array.from({ length: tensorCount }, (_, i) => readInfo(reader, i))
    const alignment = Number(kv.get('general.alignment') ?? 32)
    if (
      !Number.isInteger(alignment) ||
      alignment < 8 ||
      alignment > 1 << 20 ||
      (alignment & (alignment - 1)) !== 0
    )
      throw reader.malformed('an alignment that is no power of two from 8 on', String(alignment))
    const tensors = placeTensors(file, infos, Math.ceil(reader.at / alignment) * alignment, alignment)
    return makeFile(path, version, kv, tensors, () => file[Symbol.dispose]())
  } catch (error) {
    file[Symbol.dispose]()
    throw error
  }
}

function makeFile(
  path: string,
  version: number,
  kv: ReadonlyMap<string, GgufValue>,
  tensors: ReadonlyMap<string, StoredTensor>,
  close: () => void,
): GgufFile {
  const get = (key: string, type: 'string' | 'number'): GgufValue => {
    const value = kv.get(key)
    if (typeof value === type) return value!
    throw refuse('gguf-key', 'The metadata lack a value that is needed.', {
      where: `${path}, key ${key}`,
      expected: `a ${type}`,
      found:
        value === undefined
          ? `nothing (nearest: ${nearest(key, kv.keys()).join(', ') || 'none'})`
          : typeof value,
      fix: 'Convert the model again with a current converter.',
    })
  }
  return {
    path,
    version,
    kv,
    tensors,
    metadata: Object.fromEntries([...kv].filter((e): e is [string, string] => typeof e[1] === 'string')),
    getString: (key) => get(key, 'string') as string,
    getNumber: (key) => get(key, 'number') as number,
    [Symbol.dispose]: close,
  }
}

function readVersion(reader: Reader): number {
  const { path } = reader.file
  const magic = reader.u32('magic')
  if (magic !== 0x46554747)
    throw refuse('gguf-magic', 'This is not a GGUF file.', {
      where: path,
      expected: 'the letters GGUF',
      found: `0x${magic.toString(16)}`,
    })
  const version = reader.u32('version')
  if (version === 2 || version === 3) return version
  const swapped =
    ((version & 0xff) << 24) | ((version & 0xff00) << 8) | ((version >>> 8) & 0xff00) | (version >>> 24)
  throw refuse(
    'gguf-version',
    swapped >= 1 && swapped <= 3
      ? 'Big-endian GGUF files are not supported.'
      : 'This version of GGUF is not supported.',
    {
      where: path,
      expected: 'version 2 or 3, little-endian',
      found: `${version}`,
      fix: 'Convert the model again with a current converter.',
    },
  )
}

interface Info {
  readonly name: string
  readonly dims: number[]
  readonly type: number
  readonly offset: number
}

function readInfo(reader: Reader, index: number): Info {
  const name = reader.string(`tensor ${index}`, MAX_NAME)
  const rank = reader.u32(name)
  if (rank > 4) throw reader.malformed('a tensor of more than 4 dimensions', `${name}: ${rank}`)
  const dims = Array.from({ length: rank }, () =>
    reader.count(`dimension of ${name}`, Number.MAX_SAFE_INTEGER),
  )
  return {
    name,
    dims,
    type: reader.u32(name),
    offset: reader.count(`offset of ${name}`, Number.MAX_SAFE_INTEGER),
  }
}

function placeTensors(
  file: MappedFile,
  infos: readonly Info[],
  dataStart: number,
  alignment: number,
): Map<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>()
  for (const { name, dims, type: id, offset } of infos) {
    const where = `${file.path}, tensor ${name}`
    const type = typeOfGgmlId(id)
    if (type === undefined)
      throw refuse('gguf-type', 'This type of tensor is not supported.', {
        where,
        found: `ggml type ${id}`,
        expected: Object.keys(TENSOR_TYPES).join(', '),
        fix: 'Convert or quantise the model to one of these types.',
      })
    if (tensors.has(name)) throw refuse('gguf-malformed', 'The file holds a tensor twice.', { where })
    const shape = dims.toReversed()
    const bytes = byteLength(type, shape)
    if (bytes === undefined)
      throw refuse('gguf-malformed', 'A tensor has an impossible shape.', {
        where,
        found: `${type} [${shape.join(', ')}]`,
        expected: `rows of a multiple of ${TENSOR_TYPES[type].block}`,
      })
    if (offset % alignment !== 0)
      throw refuse('gguf-malformed', 'A tensor is not aligned.', {
        where,
        expected: `a multiple of ${alignment}`,
        found: `${offset}`,
      })
    const start = dataStart + offset
    if (!Number.isSafeInteger(start + bytes) || start + bytes > file.size)
      throw refuse('gguf-truncated', 'The file ends inside a tensor.', {
        where,
        expected: `${bytes} bytes from byte ${start} on`,
        found: `${file.size} bytes in all`,
        fix: 'Fetch it again: the download was cut.',
      })
    tensors.set(name, {
      name,
      type,
      shape,
      byteLength: bytes,
      file,
      offset: start,
      address: file.address + BigInt(start),
    })
  }
  const ordered = [...tensors.values()].sort((a, b) => a.offset - b.offset)
  for (let i = 1; i < ordered.length; i++)
    if (ordered[i]!.offset < ordered[i - 1]!.offset + ordered[i - 1]!.byteLength)
      throw refuse('gguf-malformed', 'Tensors overlap.', {
        where: `${file.path}, tensors ${ordered[i - 1]!.name} and ${ordered[i]!.name}`,
      })
  return tensors
}

/** Bytes of each scalar type, by GGUF id; 8 is a string, 9 an array. */
const SCALAR_BYTES: readonly (number | undefined)[] = [1, 1, 2, 2, 4, 4, 4, 1, undefined, undefined, 8, 8, 8]
const STRING = 8
const ARRAY = 9

/** Reads forward through a mapped file and never beyond it. */
class Reader {
  readonly file: MappedFile
  at = 0
  readonly #view: DataView
  readonly #bytes: Uint8Array
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true })

  constructor(file: MappedFile) {
    this.file = file
    this.#bytes = file.bytes(0, file.size)
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength)
  }

  u32(what: string): number {
    this.#need(4, what)
    this.at += 4
    return this.#view.getUint32(this.at - 4, true)
  }

  /** A u64 that must be at most `max`. */
  count(what: string, max: number): number {
    this.#need(8, what)
    const value = this.#view.getBigUint64(this.at, true)
    this.at += 8
    if (value > BigInt(max)) throw this.malformed(`an impossible ${what}`, String(value))
    return Number(value)
  }

  string(what: string, max = this.file.size): string {
    const length = this.count(`length of ${what}`, max)
    this.#need(length, what)
    this.at += length
    try {
      return this.#utf8.decode(this.#bytes.subarray(this.at - length, this.at))
    } catch {
      throw this.malformed('a string that is not UTF-8', what)
    }
  }

  value(type: number, key: string, depth: number): GgufValue {
    if (type === STRING) return this.string(key)
    if (type === ARRAY) return this.#array(key, depth)
    const bytes = SCALAR_BYTES[type]
    if (bytes === undefined) throw this.malformed('an unknown type of metadata', `${key}: ${type}`)
    this.#need(bytes, key)
    const at = this.at
    this.at += bytes
    return this.#scalar(type, at)
  }

  #array(key: string, depth: number): GgufValue[] {
    if (depth >= MAX_DEPTH) throw this.malformed('arrays nested too deep', key)
    const type = this.u32(key)
    const least = type === STRING ? 8 : type === ARRAY ? 12 : SCALAR_BYTES[type]
    if (least === undefined) throw this.malformed('an unknown type of metadata', `${key}: ${type}`)
    // An element takes at least so many bytes: a count beyond the rest of the file is refused before allocating.
    const length = this.count(`length of ${key}`, Math.floor((this.file.size - this.at) / least))
    const values = new Array<GgufValue>(length)
    for (let i = 0; i < length; i++) values[i] = this.value(type, key, depth + 1)
    return values
  }

  #scalar(type: number, at: number): GgufValue {
    const v = this.#view
    switch (type) {
      case 0:
        return v.getUint8(at)
      case 1:
        return v.getInt8(at)
      case 2:
        return v.getUint16(at, true)
      case 3:
        return v.getInt16(at, true)
      case 4:
        return v.getUint32(at, true)
      case 5:
        return v.getInt32(at, true)
      case 6:
        return v.getFloat32(at, true)
      case 7:
        return v.getUint8(at) !== 0
      case 10:
        return safe(v.getBigUint64(at, true))
      case 11:
        return safe(v.getBigInt64(at, true))
      default:
        return v.getFloat64(at, true)
    }
  }

  malformed(what: string, found: string): Error {
    return refuse('gguf-malformed', `The file holds ${what}.`, {
      where: `${this.file.path}, byte ${this.at}`,
      found: found.slice(0, 200),
      fix: 'Fetch it again, or convert the model again.',
    })
  }

  #need(bytes: number, what: string): void {
    if (this.at + bytes > this.file.size)
      throw refuse('gguf-truncated', 'The file ends too early.', {
        where: `${this.file.path}, byte ${this.at}, ${what.slice(0, 200)}`,
        expected: `${bytes} more bytes`,
        found: `${this.file.size - this.at}`,
        fix: 'Fetch it again: the download was cut.',
      })
  }
}

function safe(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}
