/**
 * Files of torch.save: the zip archives of torch 1.6 and later, and the pickles in sequence of before. Only
 * tensors, storages and plain data are understood, nothing is executed (pickle.ts), and tensors stay where
 * the file is mapped unless they are transposed views.
 * Format: pytorch/pytorch, torch/serialization.py and torch/_utils.py.
 */

import { crc32 } from 'node:zlib'
import { refuse } from '../core/errors.ts'
import { type MappedFile, mapFile } from './mapped-file.ts'
import { Built, PersistentId, PickleGlobal, type PickleValue, readPickle, Tuple } from './pickle.ts'
import { isRowMajor, packStrided } from './strided.ts'
import {
  byteLength,
  type StoredTensor,
  TENSOR_TYPES,
  type TensorFile,
  type TensorType,
} from './tensor-type.ts'
import { isZip, readZip, type ZipMember } from './zip.ts'

/** Tensors by name; nested dicts give names joined by dots. */
export interface TorchFile extends TensorFile {
  /** Numbers, texts and flags that lie beside the tensors. */
  readonly values: ReadonlyMap<string, number | string | boolean>
}

const MAX_PICKLE = 100_000_000
const MAX_RANK = 8
const MAX_DEPTH = 16
const MAX_ENTRIES = 1_000_000
/** A transposed view is unpacked through an ArrayBuffer. */
const MAX_UNPACKED = 2 ** 31
const LEGACY_MAGIC = 119547037146038801333356n
const LEGACY_PROTOCOL = 1001

const STORAGES: Record<string, TensorType> = {
  'torch.FloatStorage': 'F32',
  'torch.HalfStorage': 'F16',
  'torch.BFloat16Storage': 'BF16',
  'torch.DoubleStorage': 'F64',
  'torch.IntStorage': 'I32',
  'torch.LongStorage': 'I64',
  'torch.ShortStorage': 'I16',
  'torch.CharStorage': 'I8',
  'torch.ByteStorage': 'U8',
  'torch.BoolStorage': 'BOOL',
}
const UNTYPED = new Set(['torch.storage.UntypedStorage', 'torch.UntypedStorage'])
const DTYPES: Record<string, TensorType> = {
  'torch.float32': 'F32',
  'torch.float16': 'F16',
  'torch.bfloat16': 'BF16',
  'torch.float64': 'F64',
  'torch.int32': 'I32',
  'torch.int64': 'I64',
  'torch.int16': 'I16',
  'torch.int8': 'I8',
  'torch.uint8': 'U8',
  'torch.bool': 'BOOL',
  'torch.uint16': 'U16',
  'torch.uint32': 'U32',
  'torch.uint64': 'U64',
  'torch.complex64': 'C64',
  'torch.float8_e4m3fn': 'F8_E4M3',
  'torch.float8_e5m2': 'F8_E5M2',
}
const REBUILD_V2 = 'torch._utils._rebuild_tensor_v2'
const REBUILD_V3 = 'torch._utils._rebuild_tensor_v3'
const REBUILD_PARAMETER = 'torch._utils._rebuild_parameter'

/** Every name that a pickle may hold: constructors of data, none of which is called. */
const ALLOWED = new Set([
  'collections.OrderedDict',
  REBUILD_V2,
  REBUILD_V3,
  REBUILD_PARAMETER,
  'torch.Size',
  'torch.device',
  'torch.serialization._get_layout',
  // Scalars in the training state of interrupted runs; their content is left alone.
  'numpy.dtype',
  'numpy.core.multiarray.scalar',
  'numpy._core.multiarray.scalar',
  '_codecs.encode',
  ...Object.keys(STORAGES),
  ...UNTYPED,
  'torch.storage.TypedStorage',
  ...Object.keys(DTYPES),
])

/** Where the bytes of a storage lie. */
interface Storage {
  readonly offset: number
  readonly bytes: number
}

/**
 * Opens a .pt, .pth or .bin file of tensors. Synchronous: it reads the pickle only.
 *
 * @throws PalimpsestError `pickle-global`, `pickle-opcode`, `pickle-malformed`, `zip-*`, `torch-archive`,
 *   `torch-storage`, `torch-tensor`, `torch-content` and those of `mapFile`
 * @example using file = openTorch('ae.pt'); file.tensors.get('encoder.weight')?.shape
 */
export function openTorch(path: string): TorchFile {
  const file = mapFile(path)
  const unpacked: MappedFile[] = []
  const close = (): void => {
    for (const memory of unpacked) memory[Symbol.dispose]()
    file[Symbol.dispose]()
  }
  try {
    const { value, storage } = isZip(file) ? readArchive(file) : readLegacy(file)
    const collector = new Collector(file, storage, unpacked)
    collector.walk(value, '', 0)
    if (collector.tensors.size === 0)
      throw refuse('torch-content', 'The file holds no tensors under names.', {
        where: path,
        expected: 'a state dict: names and tensors',
        found: describe(value),
        fix: 'Save the weights alone: torch.save(model.state_dict(), ...).',
      })
    return {
      path,
      metadata: {},
      files: [path],
      tensors: collector.tensors,
      values: collector.values,
      [Symbol.dispose]: close,
    }
  } catch (error) {
    close()
    throw error
  }
}

type FindStorage = (key: string, bytes: number) => Storage

function readArchive(file: MappedFile): { value: PickleValue; storage: FindStorage } {
  const members = readZip(file)
  const wrong = (expected: string, found: string): Error =>
    refuse('torch-archive', 'This zip archive is not one of torch.save.', {
      where: file.path,
      expected,
      found,
      fix: 'Give the file that torch.save wrote; models saved with torch.jit must be saved again as state dicts.',
    })
  const pickles = [...members.keys()].filter((name) => name.endsWith('/data.pkl'))
  if (pickles.length !== 1) throw wrong('one data.pkl under one folder', `${pickles.length}`)
  const root = pickles[0]!.slice(0, -'data.pkl'.length)
  for (const [name, member] of members) {
    if (!name.startsWith(root)) throw wrong(`every member under ${root}`, name)
    if (name.startsWith(`${root}code/`)) throw wrong('data alone', 'a TorchScript program')
    if (member.method !== 'stored') throw wrong('members that are stored as they are', `${name}, compressed`)
  }
  const text = (name: string): string | undefined => {
    const member = members.get(root + name)
    if (member === undefined) return undefined
    return new TextDecoder().decode(file.bytes(member.offset, Math.min(member.size, 64))).trim()
  }
  const order = text('byteorder') ?? 'little'
  if (order !== 'little') throw wrong('little-endian numbers', order)
  const pickle = members.get(pickles[0]!) as ZipMember
  if (pickle.size > MAX_PICKLE) throw wrong(`a data.pkl of at most ${MAX_PICKLE} bytes`, `${pickle.size}`)
  const bytes = file.bytes(pickle.offset, pickle.size)
  if (crc32(bytes) !== pickle.crc32) throw wrong('a data.pkl with its checksum', 'another checksum')
  const { value } = readPickle(bytes, { where: `${file.path}, ${pickles[0]}`, allows })
  return {
    value,
    storage: (key, expected) => {
      const member = members.get(`${root}data/${key}`)
      if (member === undefined || member.size !== expected)
        throw storageError(
          file,
          key,
          `${expected} bytes`,
          member === undefined ? 'none' : `${member.size} bytes`,
        )
      return { offset: member.offset, bytes: member.size }
    },
  }
}

/** Pickles in sequence: magic, protocol, system, the object, the keys of its storages; then the storages. */
function readLegacy(file: MappedFile): { value: PickleValue; storage: FindStorage } {
  const bytes = file.bytes(0, Math.min(file.size, MAX_PICKLE))
  const options = { where: file.path, allows }
  const wrong = (expected: string, found: string): Error =>
    refuse('torch-archive', 'This is not a file of torch.save.', {
      where: file.path,
      expected,
      found,
      fix: 'Give the file that torch.save wrote, or convert it to safetensors.',
    })
  if (bytes[0] !== 0x80) throw wrong('a zip archive or a pickle', `first byte 0x${bytes[0]?.toString(16)}`)
  let at = 0
  const next = (): PickleValue => {
    const { value, end } = readPickle(bytes, options, at)
    at = end
    return value
  }
  const magic = next()
  if (magic !== LEGACY_MAGIC) throw wrong("torch's magic number", describe(magic))
  const protocol = next()
  if (protocol !== LEGACY_PROTOCOL) throw wrong(`protocol ${LEGACY_PROTOCOL}`, describe(protocol))
  const system = next()
  if (!(system instanceof Map) || system.get('little_endian') !== true)
    throw wrong('little-endian numbers', describe(system))
  const value = next()
  const keys = next()
  if (!Array.isArray(keys)) throw wrong('the keys of the storages', describe(keys))
  // Element sizes are known from the references to the storages; the file gives element counts only.
  const widths = new Map<string, number>()
  for (const { key, type } of storagesOf(value)) widths.set(key, TENSOR_TYPES[type].bytes)
  const storages = new Map<string, Storage>()
  for (const key of keys) {
    const width = widths.get(String(key))
    if (width === undefined) throw wrong('keys of storages that something refers to', describe(key))
    if (at + 8 > file.size) throw storageError(file, String(key), '8 bytes of length', 'the end of the file')
    const head = file.bytes(at, 8)
    const size = Number(new DataView(head.buffer, head.byteOffset, 8).getBigInt64(0, true)) * width
    if (!(size >= 0 && at + 8 + size <= file.size))
      throw storageError(
        file,
        String(key),
        `${size} bytes`,
        `${file.size - at - 8} bytes to the end of the file`,
      )
    storages.set(String(key), { offset: at + 8, bytes: size })
    at += 8 + size
  }
  return {
    value,
    storage: (key, expected) => {
      const found = storages.get(key)
      if (found === undefined || found.bytes !== expected)
        throw storageError(
          file,
          key,
          `${expected} bytes`,
          found === undefined ? 'none' : `${found.bytes} bytes`,
        )
      return found
    },
  }
}

function allows(name: string): boolean {
  return ALLOWED.has(name)
}

interface StorageReference {
  readonly key: string
  readonly type: TensorType
  /** Elements, or bytes of an untyped storage. */
  readonly count: number
  readonly untyped: boolean
}

/** ('storage', class, key, location, count[, None]): location is where it was, which does not matter. */
function readReference(value: PickleValue | undefined): StorageReference | undefined {
  if (!(value instanceof PersistentId) || !(value.id instanceof Tuple)) return undefined
  const [kind, storage, key, , count, part] = value.id.items
  if (kind !== 'storage' || !(storage instanceof PickleGlobal) || typeof key !== 'string') return undefined
  const untyped = UNTYPED.has(storage.name)
  const type = untyped ? 'U8' : STORAGES[storage.name]
  if (type === undefined || !isSize(count) || (part !== undefined && part !== null)) return undefined
  return { key, type, count, untyped }
}

/** Every storage that a value refers to. Shared parts are visited once. */
function* storagesOf(root: PickleValue): Generator<StorageReference> {
  const seen = new Set<PickleValue>()
  const queue: PickleValue[] = [root]
  while (queue.length > 0) {
    const value = queue.pop()!
    if (value === null || typeof value !== 'object' || seen.has(value)) continue
    seen.add(value)
    if (value instanceof PersistentId) {
      const reference = readReference(value)
      if (reference !== undefined) yield reference
    } else if (value instanceof Map) for (const item of value.values()) queue.push(item)
    else if (Array.isArray(value)) for (const item of value) queue.push(item)
    else if (value instanceof Tuple) for (const item of value.items) queue.push(item)
    else if (value instanceof Built) for (const item of value.args) queue.push(item)
  }
}

/** Turns the unpickled value into named tensors and plain values. */
class Collector {
  readonly tensors = new Map<string, StoredTensor>()
  readonly values = new Map<string, number | string | boolean>()
  readonly #file: MappedFile
  readonly #storage: FindStorage
  readonly #unpacked: MappedFile[]
  #unpackedBytes = 0
  #entries = 0

  constructor(file: MappedFile, storage: FindStorage, unpacked: MappedFile[]) {
    this.#file = file
    this.#storage = storage
    this.#unpacked = unpacked
  }

  walk(value: PickleValue, name: string, depth: number): void {
    if (++this.#entries > MAX_ENTRIES || depth > MAX_DEPTH)
      throw refuse('torch-content', 'The file nests or repeats its content without end.', {
        where: `${this.#file.path}, ${name}`,
        expected: `at most ${MAX_ENTRIES} entries, ${MAX_DEPTH} deep`,
        found: depth > MAX_DEPTH ? `more than ${MAX_DEPTH} deep` : `more than ${MAX_ENTRIES} entries`,
        fix: 'Save the weights alone: torch.save(model.state_dict(), ...).',
      })
    if (value instanceof Map)
      for (const [key, item] of value) {
        if (typeof key !== 'string' && typeof key !== 'number') continue
        this.walk(item, name === '' ? String(key) : `${name}.${key}`, depth + 1)
      }
    else if (value instanceof Built) {
      const tensor = this.#tensor(value, name)
      if (tensor !== undefined) this.tensors.set(name, tensor)
    } else if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean')
      this.values.set(name, value)
  }

  #tensor(built: Built, name: string): StoredTensor | undefined {
    if (built.callee === REBUILD_PARAMETER)
      return built.args[0] instanceof Built ? this.#tensor(built.args[0], name) : undefined
    if (built.callee !== REBUILD_V2 && built.callee !== REBUILD_V3) return undefined
    const wrong = (expected: string, found: string): Error =>
      refuse('torch-tensor', 'A tensor is described wrongly.', {
        where: `${this.#file.path}, tensor ${name}`,
        expected,
        found,
        fix: 'Fetch the file again, or save it again with torch.save.',
      })
    const [reference, start, size, stride, , , dtype] = built.args
    const storage = readReference(reference)
    if (storage === undefined) throw wrong('a storage of a known type', describe(reference ?? null))
    const type =
      built.callee === REBUILD_V3 && dtype instanceof PickleGlobal ? DTYPES[dtype.name] : storage.type
    if (type === undefined || (storage.untyped && built.callee === REBUILD_V2))
      throw wrong('a known dtype', describe(dtype ?? null))
    const shape = sizes(size)
    const strides = sizes(stride)
    if (shape === undefined || shape.length > MAX_RANK)
      throw wrong(`a shape of at most ${MAX_RANK} sizes`, describe(size ?? null))
    if (strides === undefined || strides.length !== shape.length)
      throw wrong('a stride per axis', describe(stride ?? null))
    if (!isSize(start)) throw wrong('an offset into its storage', describe(start ?? null))
    const width = TENSOR_TYPES[type].bytes
    const { offset, bytes } = this.#storage(storage.key, storage.count * TENSOR_TYPES[storage.type].bytes)
    const length = byteLength(type, shape)
    const reach = shape.includes(0)
      ? 0
      : shape.reduce((a, n, axis) => a + (n - 1) * strides[axis]!, start) + 1
    // More elements than the storage holds would be a small file that unpacks to a large one.
    if (length === undefined || length > bytes || !(reach * width <= bytes))
      throw wrong(
        `elements inside its storage of ${bytes} bytes`,
        `[${shape.join(', ')}] from ${start}, strides ${strides.join(', ')}`,
      )
    const at = offset + start * width
    const common = { name, type, shape, byteLength: length }
    if (isRowMajor(shape, strides))
      return { ...common, file: this.#file, offset: at, address: this.#file.address + BigInt(at) }
    this.#unpackedBytes += length
    if (reach * width > MAX_UNPACKED || this.#unpackedBytes > this.#file.size)
      throw wrong('transposed views that unpack to no more than the file', `${this.#unpackedBytes} bytes`)
    const file = packStrided(this.#file, at, width, shape, strides)
    this.#unpacked.push(file)
    return { ...common, file, offset: 0, address: file.address }
  }
}

function isSize(value: PickleValue | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** A tuple of sizes, or torch.Size of one. */
function sizes(value: PickleValue | undefined): number[] | undefined {
  if (value instanceof Built && value.callee === 'torch.Size') value = value.args[0]
  if (!(value instanceof Tuple) || !value.items.every(isSize)) return undefined
  return value.items as number[]
}

function storageError(file: MappedFile, key: string, expected: string, found: string): Error {
  return refuse('torch-storage', 'The data of a tensor are not all there.', {
    where: `${file.path}, storage ${key}`,
    expected,
    found,
    fix: 'Fetch it again: the download or copy was cut.',
  })
}

function describe(value: PickleValue): string {
  if (value === null) return 'None'
  if (typeof value !== 'object') return String(value).slice(0, 100)
  if (value instanceof Built) return value.callee
  if (value instanceof PickleGlobal) return value.name
  if (value instanceof Map) return `a dict of ${value.size}`
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (value instanceof Tuple)
    return `(${value.items.map((v) => (v !== null && typeof v === 'object' ? '...' : String(v))).join(', ')})`.slice(
      0,
      100,
    )
  return value.constructor.name
}
