/** Writing safetensors files: whole or not at all, tensor after tensor, so that memory stays small. */

import { open } from 'node:fs/promises'
import { atomicWrite } from '../core/files.ts'
import { byteLength, type TensorType } from './tensor-type.ts'

/** A tensor to be written; `data` may be made when its turn comes. */
export interface TensorToWrite {
  readonly name: string
  readonly type?: TensorType
  /** Row-major, slowest first. */
  readonly shape: readonly number[]
  readonly data: ArrayBufferView | (() => ArrayBufferView | Promise<ArrayBufferView>)
}

/** What of a tensor its header tells. */
export type TensorHeader = Pick<TensorToWrite, 'name' | 'type' | 'shape'>

/**
 * The first bytes of a safetensors file (length and header, padded to 8 bytes or to `length`), and where each
 * tensor's data begin after them.
 *
 * @throws RangeError for a name twice, an impossible size, or a header longer than `length`
 */
export function safetensorsHeader(
  tensors: readonly TensorHeader[],
  metadata: Readonly<Record<string, string>>,
  length?: number,
): { header: Buffer; offsets: number[]; sizes: number[] } {
  const entries: Record<string, unknown> = Object.create(null) // a tensor may be called __proto__
  if (Object.keys(metadata).length > 0) entries.__metadata__ = metadata
  let at = 0
  const offsets: number[] = []
  const sizes = tensors.map(({ name, type = 'F32', shape }) => {
    const bytes = byteLength(type, shape)
    if (bytes === undefined || Object.hasOwn(entries, name) || name === '__metadata__')
      throw new RangeError(`tensor ${name}: ${type} [${shape.join(', ')}] twice or of an impossible size`)
    entries[name] = { dtype: type, shape, data_offsets: [at, at + bytes] }
    offsets.push(at)
    at += bytes
    return bytes
  })
  const text = Buffer.from(JSON.stringify(entries))
  const padded = (length ?? 8 + Math.ceil(text.length / 8) * 8) - 8
  if (text.length > padded) throw new RangeError(`a header of ${text.length} bytes for ${padded}`)
  const header = Buffer.alloc(8 + padded, ' ')
  header.writeBigUInt64LE(BigInt(padded))
  text.copy(header, 8)
  return { header, offsets, sizes }
}

/**
 * Writes a safetensors file. Names must differ; data must have the length that type (default F32) and shape
 * say. The header is padded to 8 bytes, so that data are aligned.
 *
 * @throws RangeError when data and shape disagree: a bug in the caller. PalimpsestError `disk-full`,
 *   `file-permission`
 * @example await writeSafetensors('x.safetensors', [{ name: 'x', shape: [2], data: Float32Array.of(1, 2) }])
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { header, sizes } = safetensorsHeader(tensors, metadata)
  await atomicWrite(path, async (temporary) => {
    const file = await open(temporary, 'w')
    try {
      await file.writeFile(header)
      for (const [i, tensor] of tensors.entries()) {
        const data = typeof tensor.data === 'function' ? await tensor.data() : tensor.data
        if (data.byteLength !== sizes[i])
          throw new RangeError(`tensor ${tensor.name}: ${data.byteLength} bytes for ${sizes[i]}`)
        await file.writeFile(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
      }
    } finally {
      await file.close()
    }
  })
}
