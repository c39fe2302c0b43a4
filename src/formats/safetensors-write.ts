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
  const header: Record<string, unknown> = Object.create(null) // a tensor may be called __proto__
  header.__metadata__ = metadata
  let at = 0
  const sizes = tensors.map(({ name, type = 'F32', shape }) => {
    const bytes = byteLength(type, shape)
    if (bytes === undefined || Object.hasOwn(header, name))
      throw new RangeError(`tensor ${name}: ${type} [${shape.join(', ')}] twice or of an impossible size`)
    header[name] = { dtype: type, shape, data_offsets: [at, at + bytes] }
    at += bytes
    return bytes
  })
  let text = JSON.stringify(header)
  text += ' '.repeat((8 - (Buffer.byteLength(text) % 8)) % 8)
  await atomicWrite(path, async (temporary) => {
    const file = await open(temporary, 'w')
    try {
      const length = Buffer.alloc(8)
      length.writeBigUInt64LE(BigInt(Buffer.byteLength(text)))
      await file.writeFile(length)
      await file.writeFile(text)
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
