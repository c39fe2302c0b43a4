/**
 * safetensors files: `u64 length | JSON header | data`, single or sharded, mapped and read in place. Nothing
 * in a header is believed before it is checked: sizes, offsets, overlaps, holes and names.
 * Format: huggingface/safetensors, README and the Rust reader's `validate`.
 */

import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { refuse } from '../core/errors.ts'
import { explainFileError } from '../core/files.ts'
import { excerpt, printable } from './excerpt.ts'
import { bf16ToF32, f16ToF32 } from './half.ts'
import { duplicateKey } from './json-keys.ts'
import { type MappedFile, mapFile } from './mapped-file.ts'
import {
  byteLength,
  type StoredTensor,
  TENSOR_TYPES,
  type TensorFile,
  type TensorType,
} from './tensor-type.ts'

/** The dtypes of this format. The sub-byte ones (F4, F6) are refused by name. */
const DTYPES = Object.keys(TENSOR_TYPES).filter((type) => TENSOR_TYPES[type as TensorType].block === 1)

/** The reference reader's own bound on the header. */
const MAX_HEADER = 100_000_000
const MAX_RANK = 8
const MAX_SHARDS = 10_000
const MAX_INDEX_BYTES = 100_000_000

/**
 * Opens one safetensors file.
 *
 * @throws PalimpsestError `safetensors-truncated`, `safetensors-header`, `safetensors-entry`,
 *   `safetensors-layout` and those of `mapFile`, naming the file and the tensor
 * @example using file = openSafetensors('model.safetensors'); [...file.tensors.keys()]
 */
export function openSafetensors(path: string): TensorFile {
  const file = mapFile(path)
  try {
    const { header, dataStart } = readHeader(file)
    const { metadata, tensors } = readEntries(file, header, dataStart)
    return { path, files: [path], metadata, tensors, [Symbol.dispose]: () => file[Symbol.dispose]() }
  } catch (error) {
    file[Symbol.dispose]()
    throw error
  }
}

function readHeader(file: MappedFile): { header: string; dataStart: number } {
  if (file.size < 10) throw truncated(file, 'at least 10 bytes (a length and an empty header)')
  const head = file.bytes(0, 8)
  const length = new DataView(head.buffer, head.byteOffset, 8).getBigUint64(0, true)
  if (length > BigInt(MAX_HEADER))
    throw refuse('safetensors-header', 'The header announces an impossible length.', {
      where: file.path,
      expected: `at most ${MAX_HEADER} bytes`,
      found: `${length} bytes`,
      fix: 'This is not a safetensors file, or it is damaged: fetch it again.',
    })
  const dataStart = 8 + Number(length)
  if (dataStart > file.size) throw truncated(file, `a header of ${length} bytes`)
  return { header: decodeUtf8(file.bytes(8, Number(length)), file.path), dataStart }
}

function decodeUtf8(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw refuse('safetensors-header', 'The header is not UTF-8.', {
      where: path,
      expected: 'UTF-8',
      found: 'bytes that are none',
      fix: 'Fetch the file again.',
    })
  }
}

function readEntries(
  file: MappedFile,
  header: string,
  dataStart: number,
): Pick<TensorFile, 'metadata' | 'tensors'> {
  const malformed = (found: string): Error =>
    refuse('safetensors-header', 'The header is not the JSON object that it should be.', {
      where: file.path,
      expected: 'a JSON object of tensors by name',
      found,
      fix: 'Fetch the file again.',
    })
  if (!header.startsWith('{')) throw malformed(excerpt(header.slice(0, 20)))
  let json: Record<string, unknown>
  try {
    json = JSON.parse(header)
  } catch (error) {
    throw malformed(printable((error as Error).message))
  }
  const twice = duplicateKey(header)
  if (twice !== undefined) throw malformed(`the key ${excerpt(twice)} twice`)
  const metadata: Record<string, string> = Object.create(null)
  const tensors = new Map<string, StoredTensor>()
  for (const [name, value] of Object.entries(json)) {
    if (name === '__metadata__') {
      if (value === null || typeof value !== 'object' || Array.isArray(value))
        throw malformed('__metadata__ that is no object')
      for (const [key, text] of Object.entries(value)) {
        if (typeof text !== 'string') throw malformed(`__metadata__ whose ${excerpt(key)} is no text`)
        metadata[key] = text
      }
    } else tensors.set(name, readEntry(file, name, value, dataStart))
  }
  refuseHoles(file, [...tensors.values()], dataStart)
  return { metadata, tensors }
}

function readEntry(file: MappedFile, name: string, value: unknown, dataStart: number): StoredTensor {
  const wrong = (expected: string, found: unknown): Error =>
    refuse('safetensors-entry', 'A tensor is described wrongly.', {
      where: `${file.path}, tensor ${printable(name)}`,
      expected,
      found: excerpt(found),
      fix: 'Fetch the file again, or write it again with the safetensors library.',
    })
  if (value === null || typeof value !== 'object')
    throw wrong('an object with dtype, shape and data_offsets', value)
  const { dtype, shape, data_offsets: offsets } = value as Record<string, unknown>
  if (typeof dtype !== 'string' || !DTYPES.includes(dtype))
    throw wrong(`one of the dtypes ${DTYPES.join(', ')}`, dtype)
  if (!isSizes(shape) || shape.length > MAX_RANK)
    throw wrong(`a shape of at most ${MAX_RANK} non-negative integers`, shape)
  if (!isSizes(offsets) || offsets.length !== 2 || offsets[0]! > offsets[1]!)
    throw wrong('two rising data_offsets', offsets)
  const [begin, end] = offsets as [number, number]
  const bytes = byteLength(dtype as TensorType, shape)
  if (bytes !== end - begin)
    throw wrong(
      `data_offsets ${bytes ?? 'beyond 2^53'} bytes apart for ${dtype} [${shape.join(', ')}]`,
      end - begin,
    )
  if (dataStart + end > file.size)
    throw truncated(file, `tensor ${printable(name)} up to byte ${dataStart + end}`)
  return {
    name,
    type: dtype as TensorType,
    shape,
    byteLength: bytes,
    file,
    offset: dataStart + begin,
    address: file.address + BigInt(dataStart + begin),
  }
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && (n as number) >= 0)
}

/** Tensors must cover the data exactly: no overlap, no hole, nothing behind them. */
function refuseHoles(file: MappedFile, tensors: StoredTensor[], dataStart: number): void {
  tensors.sort((a, b) => a.offset - b.offset || a.byteLength - b.byteLength)
  let at = dataStart
  for (const t of tensors) {
    if (t.offset !== at)
      throw refuse(
        'safetensors-layout',
        t.offset < at ? 'Tensors overlap.' : 'There is a hole between tensors.',
        {
          where: `${file.path}, tensor ${printable(t.name)}`,
          expected: `its data at byte ${at}`,
          found: `byte ${t.offset}`,
          fix: 'Fetch the file again, or write it again with the safetensors library.',
        },
      )
    at += t.byteLength
  }
  if (at !== file.size)
    throw refuse('safetensors-layout', 'The tensors do not fill the file.', {
      where: file.path,
      expected: `${at} bytes`,
      found: `${file.size} bytes`,
      fix: 'Fetch the file again.',
    })
}

function truncated(file: MappedFile, expected: string): Error {
  return refuse('safetensors-truncated', 'The file ends too early.', {
    where: file.path,
    expected,
    found: `${file.size} bytes in all`,
    fix: 'Fetch it again: the download or copy was cut.',
  })
}

/**
 * Opens a sharded checkpoint through its index. Index and shards must agree: every tensor is in the shard that
 * the index names, and no shard holds one that the index lacks. Shard names are plain names beside the index.
 *
 * @param open opens a shard; the indices of pytorch_model.bin are of the same form
 * @throws PalimpsestError `safetensors-index`, and those of `openSafetensors` for each shard
 */
export function openSafetensorsIndex(indexPath: string, open = openSafetensors): TensorFile {
  const wrong = (summary: string, parts: { where?: string; expected: string; found: string }): Error =>
    refuse('safetensors-index', summary, {
      where: indexPath,
      fix: 'Fetch the checkpoint again: index and shards must belong together.',
      ...parts,
    })
  const entries = readIndex(indexPath, wrong)
  const names = new Set<string>()
  for (const [tensor, shard] of entries) {
    if (typeof shard !== 'string' || !/^[^/\\\0]+$/.test(shard) || shard === '.' || shard === '..')
      throw wrong('A shard has a name that is not a plain file name.', {
        where: `${indexPath}, ${printable(tensor)}`,
        expected: 'such as model-00001-of-00002.safetensors',
        found: excerpt(shard),
      })
    names.add(shard)
  }
  if (names.size > MAX_SHARDS)
    throw wrong('The index names too many shards.', {
      expected: `at most ${MAX_SHARDS}`,
      found: `${names.size}`,
    })
  const shards = new Map<string, TensorFile>()
  const close = (): void => {
    for (const shard of shards.values()) shard[Symbol.dispose]()
  }
  try {
    for (const name of names) {
      const path = join(dirname(indexPath), name)
      if (!existsSync(path)) throw wrong('A shard is missing.', { expected: path, found: 'no such file' })
      shards.set(name, open(path))
    }
    const tensors = new Map<string, StoredTensor>()
    for (const [tensor, shard] of entries) {
      const stored = shards.get(shard as string)!.tensors.get(tensor)
      if (stored === undefined)
        throw wrong('A tensor is not in the shard that the index names.', {
          where: `${indexPath}, ${printable(tensor)}`,
          expected: `it in ${shard}`,
          found: `it in ${[...shards].find(([, s]) => s.tensors.has(tensor))?.[0] ?? 'no shard'}`,
        })
      tensors.set(tensor, stored)
    }
    for (const [name, shard] of shards)
      for (const tensor of shard.tensors.keys())
        if (tensors.get(tensor)?.file.path !== shard.path)
          throw wrong('A shard holds a tensor that the index does not place there.', {
            where: `${shard.path}, tensor ${printable(tensor)}`,
            expected: `only what the index gives to ${name}`,
            found: tensors.has(tensor) ? 'a second one of its name' : 'one that is not in the index',
          })
    return {
      path: indexPath,
      files: [indexPath, ...[...shards.values()].map((s) => s.path)],
      metadata: {},
      tensors,
      [Symbol.dispose]: close,
    }
  } catch (error) {
    close()
    throw error
  }
}

/** The weight_map of an index: tensor names to whatever stands for a shard. */
function readIndex(
  path: string,
  wrong: (summary: string, parts: { expected: string; found: string }) => Error,
): [tensor: string, shard: unknown][] {
  let text: string
  try {
    const { size } = statSync(path)
    if (size > MAX_INDEX_BYTES)
      throw wrong('The index is impossibly large.', {
        expected: `at most ${MAX_INDEX_BYTES} bytes`,
        found: `${size} bytes`,
      })
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw explainFileError(error, path)
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw wrong('The index is not JSON.', { expected: 'JSON', found: printable((error as Error).message) })
  }
  const map = (json as { weight_map?: unknown } | null)?.weight_map
  if (map === null || typeof map !== 'object' || Array.isArray(map))
    throw wrong('The index lacks its weight_map.', {
      expected: 'an object of tensor names',
      found: excerpt(map),
    })
  return Object.entries(map)
}

/**
 * A tensor's values as f32: a fresh array, never a view of the file.
 *
 * @throws PalimpsestError `tensor-type` for 8-bit floats, complex and quantised types
 */
export function readF32(t: StoredTensor): Float32Array {
  const buffer = t.file.bytes(t.offset, t.byteLength).slice().buffer
  switch (t.type) {
    case 'F32':
      return new Float32Array(buffer)
    case 'BF16':
      return bf16ToF32(new Uint16Array(buffer))
    case 'F16':
      return f16ToF32(new Uint16Array(buffer))
    case 'F64':
      return Float32Array.from(new Float64Array(buffer))
    case 'I32':
      return Float32Array.from(new Int32Array(buffer))
    case 'I64':
      return Float32Array.from(new BigInt64Array(buffer), Number)
    case 'I16':
      return Float32Array.from(new Int16Array(buffer))
    case 'I8':
      return Float32Array.from(new Int8Array(buffer))
    case 'U8':
    case 'BOOL':
      return Float32Array.from(new Uint8Array(buffer))
    case 'U16':
      return Float32Array.from(new Uint16Array(buffer))
    case 'U32':
      return Float32Array.from(new Uint32Array(buffer))
    case 'U64':
      return Float32Array.from(new BigUint64Array(buffer), Number)
    default:
      throw refuse('tensor-type', 'This type of tensor cannot be read as f32.', {
        where: `${t.file.path}, tensor ${printable(t.name)}`,
        found: t.type,
        expected: 'F32, F16, BF16, F64 or an integer type',
        fix: 'Convert the file to bf16 or f16 first.',
      })
  }
}
