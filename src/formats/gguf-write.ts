/** Writing GGUF files of f32 tensors (version 3, little-endian): whole or not at all. */

import { atomicWrite } from '../core/files.ts'

const ALIGNMENT = 32
const TYPE_U32 = 4
const TYPE_STRING = 8
const GGML_F32 = 0

/**
 * Writes metadata (strings, and unsigned 32-bit integers) and f32 tensors.
 *
 * @param tensors `shape` row-major, slowest first; GGUF's order of dimensions is the reverse
 * @throws RangeError when data and shape disagree: a bug in the caller. PalimpsestError `disk-full`,
 *   `file-permission`
 * @example await writeGguf('x.gguf', { 'general.architecture': 'controlvector' }, [{ name: 'direction.1', shape: [2], data: Float32Array.of(1, 2) }])
 */
export async function writeGguf(
  path: string,
  metadata: Readonly<Record<string, string | number>>,
  tensors: readonly {
    readonly name: string
    readonly shape: readonly number[]
    readonly data: Float32Array
  }[],
): Promise<void> {
  const parts: Buffer[] = []
  const u32 = (v: number): void => {
    const b = Buffer.alloc(4)
    b.writeUInt32LE(v)
    parts.push(b)
  }
  const u64 = (v: number): void => {
    const b = Buffer.alloc(8)
    b.writeBigUInt64LE(BigInt(v))
    parts.push(b)
  }
  const text = (v: string): void => {
    const b = Buffer.from(v, 'utf8')
    u64(b.length)
    parts.push(b)
  }
  parts.push(Buffer.from('GGUF'))
  u32(3)
  u64(tensors.length)
  u64(Object.keys(metadata).length)
  for (const [key, value] of Object.entries(metadata)) {
    text(key)
    u32(typeof value === 'string' ? TYPE_STRING : TYPE_U32)
    if (typeof value === 'string') text(value)
    else u32(value)
  }
  let offset = 0
  for (const { name, shape, data } of tensors) {
    if (data.length !== shape.reduce((n, d) => n * d, 1))
      throw new RangeError(`tensor ${name}: ${data.length} values for [${shape.join(', ')}]`)
    text(name)
    u32(shape.length)
    for (const d of [...shape].reverse()) u64(d)
    u32(GGML_F32)
    u64(offset)
    offset += padded(data.byteLength)
  }
  const header = Buffer.concat(parts)
  const body = tensors.map(({ data }) => {
    const b = Buffer.alloc(padded(data.byteLength))
    data.forEach((v, i) => {
      b.writeFloatLE(v, 4 * i)
    })
    return b
  })
  await atomicWrite(
    path,
    Buffer.concat([header, Buffer.alloc(padded(header.length) - header.length), ...body]),
  )
}

function padded(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT
}
