/** Zip archives and pickles made byte by byte, right or wrong as a test needs them. */
import { crc32, deflateRawSync } from 'node:zlib'
import type { StoredTensor } from '../../src/formats/tensor-type.ts'

export interface Member {
  readonly name: string
  readonly data: Uint8Array
  readonly deflate?: boolean
  /** Lies in the central directory. */
  readonly size?: number
  readonly stored?: number
  readonly crc?: number
  readonly local?: number
  readonly method?: number
  readonly flags?: number
}

/** A zip archive; `zip64` writes every size and offset in 64 bits, as for files beyond 4 GiB. */
export function zipBytes(
  members: readonly Member[],
  options: { zip64?: boolean; count?: number } = {},
): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let at = 0
  for (const m of members) {
    const name = Buffer.from(m.name)
    const data = m.deflate === true ? deflateRawSync(m.data) : m.data
    const local = Buffer.alloc(30)
    local.writeUInt32LE(0x04034b50, 0)
    local.writeUInt16LE(name.length, 26)
    local.writeUInt16LE(5, 28) // an extra field that the directory lacks, as torch pads
    const size = BigInt(m.size ?? m.data.length)
    const stored = BigInt(m.stored ?? data.length)
    const offset = BigInt(m.local ?? at)
    const extra = Buffer.alloc(options.zip64 === true ? 28 : 0)
    if (options.zip64 === true) {
      extra.writeUInt16LE(1, 0)
      extra.writeUInt16LE(24, 2)
      extra.writeBigUInt64LE(size, 4)
      extra.writeBigUInt64LE(stored, 12)
      extra.writeBigUInt64LE(offset, 20)
    }
    const short = (v: bigint): number => (options.zip64 === true ? 0xffffffff : Number(v))
    const entry = Buffer.alloc(46)
    entry.writeUInt32LE(0x02014b50, 0)
    entry.writeUInt16LE(m.flags ?? 0x0808, 8)
    entry.writeUInt16LE(m.method ?? (m.deflate === true ? 8 : 0), 10)
    entry.writeUInt32LE(m.crc ?? crc32(m.data), 16)
    entry.writeUInt32LE(short(stored), 20)
    entry.writeUInt32LE(short(size), 24)
    entry.writeUInt16LE(name.length, 28)
    entry.writeUInt16LE(extra.length, 30)
    entry.writeUInt32LE(short(offset), 42)
    directory.push(entry, name, extra)
    parts.push(local, name, Buffer.alloc(5), Buffer.from(data))
    at += 30 + name.length + 5 + data.length
  }
  const central = Buffer.concat(directory)
  const count = options.count ?? members.length
  const tail: Buffer[] = []
  if (options.zip64 === true) {
    const record = Buffer.alloc(56)
    record.writeUInt32LE(0x06064b50, 0)
    record.writeBigUInt64LE(BigInt(count), 32)
    record.writeBigUInt64LE(BigInt(central.length), 40)
    record.writeBigUInt64LE(BigInt(at), 48)
    const locator = Buffer.alloc(20)
    locator.writeUInt32LE(0x07064b50, 0)
    locator.writeBigUInt64LE(BigInt(at + central.length), 8)
    tail.push(record, locator)
  }
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(options.zip64 === true ? 0xffff : count, 10)
  end.writeUInt32LE(options.zip64 === true ? 0xffffffff : central.length, 12)
  end.writeUInt32LE(options.zip64 === true ? 0xffffffff : at, 16)
  return Buffer.concat([...parts, central, ...tail, end])
}

const text = (s: string): Buffer => {
  const bytes = Buffer.from(s)
  const head = Buffer.from([0x58, 0, 0, 0, 0])
  head.writeUInt32LE(bytes.length, 1)
  return Buffer.concat([head, bytes])
}
const int = (n: number): Buffer => {
  const long = Buffer.alloc(10)
  long.writeUInt16LE(0x088a, 0) // LONG1 of 8 bytes
  long.writeBigInt64LE(BigInt(n), 2)
  return long
}
const tuple = (...items: Buffer[]): Buffer => Buffer.concat([Buffer.from('('), ...items, Buffer.from('t')])

/** Pieces of a pickle, for assembling one by hand. */
export const pickle = {
  text,
  int,
  tuple,
  global: (module: string, name: string): Buffer => Buffer.from(`c${module}\n${name}\n`),
  reduce: (callee: Buffer, args: Buffer): Buffer => Buffer.concat([callee, args, Buffer.from('R')]),
  dict: (...pairs: Buffer[]): Buffer => Buffer.concat([Buffer.from('}('), ...pairs, Buffer.from('u')]),
  whole: (...parts: Buffer[]): Buffer => Buffer.concat([Buffer.from([0x80, 2]), ...parts, Buffer.from('.')]),
}

export interface TensorParts {
  readonly storage?: string
  readonly key: string
  readonly count: number
  readonly offset?: number
  readonly shape: readonly number[]
  readonly stride?: readonly number[]
}

/** The pickle of one tensor, as torch.save writes it. */
export function tensorPickle({
  storage = 'FloatStorage',
  key,
  count,
  offset = 0,
  shape,
  stride,
}: TensorParts): Buffer {
  const strides = stride ?? shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1))
  const reference = tuple(
    text('storage'),
    pickle.global('torch', storage),
    text(key),
    text('cpu'),
    int(count),
  )
  const hooks = pickle.reduce(pickle.global('collections', 'OrderedDict'), tuple())
  return pickle.reduce(
    pickle.global('torch._utils', '_rebuild_tensor_v2'),
    tuple(
      Buffer.concat([reference, Buffer.from('Q')]),
      int(offset),
      tuple(...shape.map(int)),
      tuple(...strides.map(int)),
      Buffer.from([0x89]),
      hooks,
    ),
  )
}

/** An archive of torch.save around a pickle and its storages. */
export function torchBytes(data: Buffer, storages: Readonly<Record<string, Uint8Array>>): Buffer {
  return zipBytes([
    { name: 'x/data.pkl', data },
    { name: 'x/byteorder', data: Buffer.from('little') },
    ...Object.entries(storages).map(([key, bytes]) => ({ name: `x/data/${key}`, data: bytes })),
    { name: 'x/version', data: Buffer.from('3\n') },
  ])
}

const STORAGE_OF: Record<string, string> = {
  F32: 'FloatStorage',
  BF16: 'BFloat16Storage',
  F16: 'HalfStorage',
}

/** Tensors of another file as one of torch.save. */
export function torchOf(tensors: Iterable<StoredTensor>): Buffer {
  const pairs: Buffer[] = []
  const storages: Record<string, Uint8Array> = {}
  for (const t of tensors) {
    const key = String(pairs.length)
    const count = t.shape.reduce((a, b) => a * b, 1)
    pairs.push(text(t.name), tensorPickle({ storage: STORAGE_OF[t.type]!, key, count, shape: t.shape }))
    storages[key] = t.file.bytes(t.offset, t.byteLength).slice()
  }
  return torchBytes(pickle.whole(pickle.dict(...pairs)), storages)
}
