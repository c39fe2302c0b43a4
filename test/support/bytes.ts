/** Files of both binary formats made byte by byte, right or wrong as a test needs them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PalimpsestError } from '../../src/core/errors.ts'

/** A folder that is removed with its content. */
export function temporaryFolder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'palimpsest-test-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** Writes a file into a folder and returns its path. */
export function put(folder: string, name: string, content: Uint8Array | string | object): string {
  const path = join(folder, name)
  writeFileSync(
    path,
    typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content),
  )
  return path
}

/** The refusal that `act` throws; fails when it throws anything else or nothing. */
export function refusal(act: () => unknown): PalimpsestError {
  try {
    act()
  } catch (error) {
    if (error instanceof PalimpsestError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

/** The same for promises. */
export async function refusalOf(promise: Promise<unknown>): Promise<PalimpsestError> {
  try {
    await promise
  } catch (error) {
    if (error instanceof PalimpsestError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

/** A refusal that says all four things a user needs. */
export function isComplete(error: PalimpsestError): boolean {
  const { where, expected, found, fix } = error.parts
  return [where, expected ?? found, fix].every((part) => part !== undefined && part.length > 0)
}

/** A safetensors file: header as an object or as its text, and data. */
export function safetensorsBytes(
  header: string | object,
  data: Uint8Array | number = new Uint8Array(0),
): Buffer {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  return Buffer.concat([length, text, typeof data === 'number' ? Buffer.alloc(data) : data])
}

export type Kv = readonly [type: KvType, value: unknown]
type KvType =
  | 'u8'
  | 'u16'
  | 'u32'
  | 'i32'
  | 'f32'
  | 'bool'
  | 'string'
  | 'u64'
  | 'f64'
  | readonly ['array', KvType]

const KV_IDS = { u8: 0, u16: 2, u32: 4, i32: 5, f32: 6, bool: 7, string: 8, u64: 10, f64: 12 } as const

export interface GgufTensor {
  readonly name: string
  /** ggml's id. */
  readonly type: number
  /** Row-major, slowest first. */
  readonly shape: readonly number[]
  readonly data: Uint8Array
  /** Instead of the next free place. */
  readonly offset?: bigint
}

/** A GGUF file; repeated keys and names are written as given. */
export function ggufBytes(parts: {
  version?: number
  kv?: readonly (readonly [key: string, ...Kv])[]
  tensors?: readonly GgufTensor[]
  alignment?: number
}): Buffer {
  const { version = 3, kv = [], tensors = [], alignment = 32 } = parts
  const infos: Buffer[] = []
  const data: Buffer[] = []
  let at = 0
  for (const t of tensors) {
    infos.push(
      text(t.name),
      u32(t.shape.length),
      ...t.shape.toReversed().map((n) => u64(BigInt(n))),
      u32(t.type),
      u64(t.offset ?? BigInt(at)),
    )
    const padded = Buffer.alloc(Math.ceil(t.data.length / alignment) * alignment)
    padded.set(t.data)
    data.push(padded)
    at += padded.length
  }
  const head = Buffer.concat([
    Buffer.from('GGUF'),
    u32(version),
    u64(BigInt(tensors.length)),
    u64(BigInt(kv.length)),
    ...kv.flatMap(([key, type, value]) => [text(key), u32(typeId(type)), kvValue(type, value)]),
    ...infos,
  ])
  const padding = Buffer.alloc((alignment - (head.length % alignment)) % alignment)
  return Buffer.concat([head, padding, ...data])
}

function typeId(type: KvType): number {
  return typeof type === 'string' ? KV_IDS[type] : 9
}

function kvValue(type: KvType, value: unknown): Buffer {
  if (typeof type !== 'string') {
    const values = value as unknown[]
    return Buffer.concat([
      u32(typeId(type[1])),
      u64(BigInt(values.length)),
      ...values.map((v) => kvValue(type[1], v)),
    ])
  }
  if (type === 'string') return text(value as string)
  const b = Buffer.alloc(8)
  if (type === 'u8' || type === 'bool') return b.subarray(0, b.writeUInt8(Number(value)))
  if (type === 'u16') return b.subarray(0, b.writeUInt16LE(value as number))
  if (type === 'u32') return b.subarray(0, b.writeUInt32LE(value as number))
  if (type === 'i32') return b.subarray(0, b.writeInt32LE(value as number))
  if (type === 'f32') return b.subarray(0, b.writeFloatLE(value as number))
  if (type === 'u64') return b.subarray(0, b.writeBigUInt64LE(BigInt(value as number)))
  return b.subarray(0, b.writeDoubleLE(value as number))
}

export function u32(n: number): Buffer {
  const b = Buffer.alloc(4)
  b.writeUInt32LE(n)
  return b
}

export function u64(n: bigint): Buffer {
  const b = Buffer.alloc(8)
  b.writeBigUInt64LE(n)
  return b
}

function text(s: string): Buffer {
  const bytes = Buffer.from(s)
  return Buffer.concat([u64(BigInt(bytes.length)), bytes])
}
