/**
 * A safetensors file whose tensors are written piece by piece, in any order: results that are longer than
 * memory. The file has another name until it is whole, and what was written stays there when the process ends.
 */

import { type FileHandle, open, rename } from 'node:fs/promises'
import { explainFileError } from '../core/files.ts'
import { safetensorsHeader, type TensorHeader } from './safetensors-write.ts'

export class SafetensorsStream implements AsyncDisposable {
  readonly #path: string
  readonly #file: FileHandle
  readonly #tensors: readonly TensorHeader[]
  readonly #headerLength: number
  readonly #places: ReadonlyMap<string, { offset: number; size: number }>

  private constructor(path: string, file: FileHandle, tensors: readonly TensorHeader[], longest: Metadata) {
    this.#path = path
    this.#file = file
    this.#tensors = tensors
    const { header, offsets, sizes } = safetensorsHeader(tensors, longest)
    this.#headerLength = header.length
    this.#places = new Map(tensors.map((t, i) => [t.name, { offset: offsets[i]!, size: sizes[i]! }]))
  }

  /**
   * Opens the unfinished file, or makes it; what an earlier process wrote is kept.
   *
   * @param path of the unfinished file
   * @param longest metadata at least as long, in every value, as those given to {@link finish}
   * @throws PalimpsestError `disk-full`, `file-permission`
   */
  static async open(
    path: string,
    tensors: readonly TensorHeader[],
    longest: Metadata,
  ): Promise<SafetensorsStream> {
    try {
      const file = await open(path, 'a').then(async (made) => {
        await made.close()
        return open(path, 'r+')
      })
      return new SafetensorsStream(path, file, tensors, longest)
    } catch (error) {
      throw explainFileError(error, path)
    }
  }

  /**
   * Writes a part of a tensor.
   *
   * @param at where in the tensor, in bytes
   * @throws RangeError when the part does not fit: a bug in the caller. PalimpsestError `disk-full`
   */
  async write(name: string, data: ArrayBufferView, at = 0): Promise<void> {
    const place = this.#places.get(name)
    if (place === undefined || at < 0 || at + data.byteLength > place.size)
      throw new RangeError(`tensor ${name}: ${data.byteLength} bytes at ${at} do not fit`)
    await this.#writeAt(
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      this.#headerLength + place.offset + at,
    ).catch((error) => {
      throw explainFileError(error, this.#path)
    })
  }

  async #writeAt(bytes: Uint8Array, position: number): Promise<void> {
    let done = 0
    while (done < bytes.length) {
      const { bytesWritten } = await this.#file.write(bytes, done, bytes.length - done, position + done)
      done += bytesWritten
    }
  }

  /** Brings what was written to the disk. */
  async sync(): Promise<void> {
    await this.#file.datasync().catch((error) => {
      throw explainFileError(error, this.#path)
    })
  }

  /** Writes the header, gives the file its name and closes it. Every tensor must have been written. */
  async finish(path: string, metadata: Metadata): Promise<void> {
    const { header } = safetensorsHeader(this.#tensors, metadata, this.#headerLength)
    try {
      await this.#writeAt(header, 0)
      await this.#file.sync()
      await this.#file.close()
      await rename(this.#path, path)
    } catch (error) {
      throw explainFileError(error, path)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close().catch(() => {})
  }
}

type Metadata = Readonly<Record<string, string>>
