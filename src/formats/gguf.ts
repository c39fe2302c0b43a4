/**
 * GGUF files, versions 2 and 3, whole or split: metadata, and tensors that stay mapped and quantised.
 * Format: ggml-org/ggml docs/gguf.md. Every count and length is bounded by what the file can hold.
 */

import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { nearest, refuse } from '../core/errors.ts'
import { excerpt, printable } from './excerpt.ts'
import { GgufReader, type GgufValue } from './gguf-reader.ts'
import { type MappedFile, mapFile } from './mapped-file.ts'
import {
  byteLength,
  type StoredTensor,
  TENSOR_TYPES,
  type TensorFile,
  type TensorType,
  typeOfGgmlId,
} from './tensor-type.ts'

export interface GgufFile extends TensorFile {
  readonly version: number
  readonly kv: ReadonlyMap<string, GgufValue>
  /** @throws PalimpsestError `gguf-key` when it is missing or of another type, with the nearest keys */
  getString(key: string): string
  getNumber(key: string): number
}

/** Types of ggml that are known by name and not read. */
const UNREAD: Readonly<Record<number, string>> = {
  4: 'Q4_2, removed from ggml',
  5: 'Q4_3, removed from ggml',
  9: 'Q8_1',
  15: 'Q8_K',
  31: 'Q4_0_4_4, removed from ggml',
  32: 'Q4_0_4_8, removed from ggml',
  33: 'Q4_0_8_8, removed from ggml',
  36: 'IQ4_NL_4_4, removed from ggml',
  37: 'IQ4_NL_4_8, removed from ggml',
  38: 'IQ4_NL_8_8, removed from ggml',
  40: 'NVFP4',
  41: 'Q1_0',
}
const GGML_TYPES = Object.keys(TENSOR_TYPES).filter((type) => 'ggml' in TENSOR_TYPES[type as TensorType])
const REMAKE = 'Fetch it again, or convert the model again with a current converter.'
const MAX_TENSORS = 1_000_000
const MAX_KEYS = 1_000_000
const MAX_SPLITS = 10_000
const MAX_NAME = 65_535
const MAX_ALIGNMENT = 1 << 20

/**
 * Opens a GGUF file; a part of a split file (`name-00001-of-00003.gguf`) opens all of them.
 *
 * @throws PalimpsestError `gguf-magic`, `gguf-version`, `gguf-truncated`, `gguf-malformed`, `gguf-type`,
 *   `gguf-split` and those of `mapFile`, naming the place
 * @example using file = openGguf('model.gguf'); file.getString('general.architecture')
 */
export function openGguf(path: string): GgufFile {
  const first = openPart(path)
  const count = first.kv.get('split.count') ?? 1
  if (count === 1 || count === 0) return first
  const opened: GgufFile[] = [first]
  const close = (): void => {
    for (const part of opened) part[Symbol.dispose]()
  }
  try {
    const name = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/.exec(basename(path))
    if (name === null || Number(name[3]) !== count || count > MAX_SPLITS)
      throw refuse('gguf-split', 'A part of a split file must keep its name.', {
        where: path,
        expected: `name-00001-of-${String(count).padStart(5, '0')}.gguf`,
        found: basename(path),
        fix: 'Rename the parts back, or fetch them again.',
      })
    const parts: GgufFile[] = []
    for (let i = 0; i < count; i++) {
      const file = join(dirname(path), `${name[1]}-${String(i + 1).padStart(5, '0')}-of-${name[3]}.gguf`)
      if (Number(name[2]) === i + 1) parts.push(first)
      else {
        if (!existsSync(file))
          throw refuse('gguf-split', 'A part of a split file is missing.', {
            where: file,
            expected: `${count} parts`,
            found: 'no such file',
            fix: 'Fetch every part into one folder.',
          })
        const part = openPart(file)
        opened.push(part)
        parts.push(part)
      }
    }
    return joinParts(path, parts, close)
  } catch (error) {
    close()
    throw error
  }
}

/** The parts as one file. Each says its place (`split.no`, from 0) and their number, and the first has the metadata. */
function joinParts(path: string, parts: readonly GgufFile[], close: () => void): GgufFile {
  const tensors = new Map<string, StoredTensor>()
  parts.forEach((part, i) => {
    const [no, count] = [part.kv.get('split.no'), part.kv.get('split.count')]
    if (no !== i || count !== parts.length)
      throw refuse('gguf-split', 'A part of a split file is not the one that its name says.', {
        where: part.path,
        expected: `split.no ${i} of ${parts.length}`,
        found: `split.no ${excerpt(no)} of ${excerpt(count)}`,
        fix: 'Give the parts their own names again, or fetch them again.',
      })
    for (const [name, tensor] of part.tensors) {
      if (tensors.has(name))
        throw refuse('gguf-split', 'Two parts hold the same tensor.', {
          where: `${part.path}, tensor ${printable(name)}`,
          expected: 'each tensor in one part',
          found: `it in ${tensors.get(name)!.file.path} as well`,
          fix: 'Fetch every part again.',
        })
      tensors.set(name, tensor)
    }
  })
  const total = parts[0]!.kv.get('split.tensors.count')
  if (total !== undefined && total !== tensors.size)
    throw refuse('gguf-split', 'The parts do not hold all tensors.', {
      where: path,
      expected: `${excerpt(total)} tensors`,
      found: `${tensors.size}`,
      fix: 'Fetch every part again.',
    })
  const { version, kv } = parts[0]!
  return makeFile(
    path,
    parts.map((p) => p.path),
    version,
    kv,
    tensors,
    close,
  )
}

function openPart(path: string): GgufFile {
  const file = mapFile(path)
  try {
    const reader = new GgufReader(file)
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
    const alignment = kv.get('general.alignment') ?? 32
    if (
      typeof alignment !== 'number' ||
      !Number.isInteger(alignment) ||
      alignment < 8 ||
      alignment > MAX_ALIGNMENT ||
      (alignment & (alignment - 1)) !== 0
    )
      throw refuse('gguf-malformed', 'The alignment of the data is impossible.', {
        where: `${path}, key general.alignment`,
        expected: `a power of two from 8 to ${MAX_ALIGNMENT}`,
        found: excerpt(alignment),
        fix: REMAKE,
      })
    const tensors = placeTensors(file, infos, Math.ceil(reader.at / alignment) * alignment, alignment)
    return makeFile(path, [path], version, kv, tensors, () => file[Symbol.dispose]())
  } catch (error) {
    file[Symbol.dispose]()
    throw error
  }
}

function makeFile(
  path: string,
  files: readonly string[],
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
    files,
    version,
    kv,
    tensors,
    metadata: Object.fromEntries([...kv].filter((e): e is [string, string] => typeof e[1] === 'string')),
    getString: (key) => get(key, 'string') as string,
    getNumber: (key) => get(key, 'number') as number,
    [Symbol.dispose]: close,
  }
}

function readVersion(reader: GgufReader): number {
  const { path } = reader.file
  const magic = reader.u32('magic')
  if (magic !== 0x46554747)
    throw refuse('gguf-magic', 'This is not a GGUF file.', {
      where: path,
      expected: 'the letters GGUF',
      found: excerpt(Array.from(reader.file.bytes(0, 4), (b) => String.fromCharCode(b)).join('')),
      fix: 'Give a .gguf file; if this should be one, fetch it again.',
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

function readInfo(reader: GgufReader, index: number): Info {
  const name = reader.string(`tensor ${index}`, MAX_NAME)
  const what = `tensor ${name}`
  const rank = reader.u32(what)
  if (rank > 4) throw reader.malformed('a tensor of more than 4 dimensions', `${name}: ${rank}`)
  const dims = Array.from({ length: rank }, () =>
    reader.count(`dimension of ${what}`, Number.MAX_SAFE_INTEGER),
  )
  return {
    name,
    dims,
    type: reader.u32(what),
    offset: reader.count(`offset of ${what}`, Number.MAX_SAFE_INTEGER),
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
    const where = `${file.path}, tensor ${printable(name)}`
    const type = typeOfGgmlId(id)
    if (type === undefined)
      throw refuse('gguf-type', 'This type of tensor is not supported.', {
        where,
        found: `ggml type ${id}${UNREAD[id] === undefined ? '' : ` (${UNREAD[id]})`}`,
        expected: `one of ${GGML_TYPES.join(', ')}`,
        fix: 'Convert or quantise the model to one of these types.',
      })
    if (tensors.has(name))
      throw refuse('gguf-malformed', 'The file holds a tensor twice.', {
        where,
        expected: 'a name of its own for every tensor',
        found: 'a second one of this name',
        fix: REMAKE,
      })
    const shape = dims.toReversed()
    const bytes = byteLength(type, shape)
    if (bytes === undefined)
      throw refuse('gguf-malformed', 'A tensor has an impossible shape.', {
        where,
        found: `${type} [${shape.join(', ')}]`,
        expected: `rows of a multiple of ${TENSOR_TYPES[type].block} elements and less than 2^53 bytes`,
        fix: REMAKE,
      })
    if (offset % alignment !== 0)
      throw refuse('gguf-malformed', 'A tensor is not aligned.', {
        where,
        expected: `an offset that is a multiple of ${alignment}`,
        found: `${offset}`,
        fix: REMAKE,
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
        where: `${file.path}, tensors ${printable(ordered[i - 1]!.name)} and ${printable(ordered[i]!.name)}`,
        expected: `the second at byte ${ordered[i - 1]!.offset + ordered[i - 1]!.byteLength} or later`,
        found: `byte ${ordered[i]!.offset}`,
        fix: REMAKE,
      })
  return tensors
}
