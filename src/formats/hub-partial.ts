/**
 * The file that a download grows in, `<blob>.incomplete`: what an interrupted download left is read once for
 * its hash and gone on with.
 */

import { createHash, type Hash } from 'node:crypto'
import { constants, type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { explainFileError } from '../core/files.ts'
import { throwIfStopped } from '../core/pace.ts'
import { sizeOf } from './hub-cache.ts'

/** A file at a commit. */
export interface RemoteFile {
  readonly path: string
  readonly size: number
  /** Name of its blob: SHA-256 (64 digits) of its content, or git's SHA-1 (40). */
  readonly hash: string
}

/** The file that a download grows in, with the hash of what is in it. */
export class Partial implements AsyncDisposable {
  readonly file: RemoteFile
  readonly #path: string
  #handle: FileHandle
  #hash: Hash
  /** Bytes in it. */
  length = 0
  /** Whether some of them were there when it was opened. */
  inherited = false

  private constructor(path: string, file: RemoteFile, handle: FileHandle) {
    this.#path = path
    this.file = file
    this.#handle = handle
    this.#hash = startHash(file)
  }

  /** Opens it and reads what is there. */
  static async open(path: string, file: RemoteFile, signal: AbortSignal | undefined): Promise<Partial> {
    try {
      await mkdir(dirname(path), { recursive: true })
      const partial = new Partial(path, file, await openToGrow(path))
      try {
        await partial.#readOn(signal)
      } catch (error) {
        await partial.#handle.close()
        throw error
      }
      return partial
    } catch (error) {
      throw explainFileError(error, path)
    }
  }

  async #readOn(signal: AbortSignal | undefined): Promise<void> {
    const { size } = await this.#handle.stat()
    if (size > this.file.size) return this.restart()
    const buffer = Buffer.allocUnsafe(1 << 20)
    while (this.length < size) {
      throwIfStopped(signal)
      const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, this.length)
      if (bytesRead === 0) break
      this.#hash.update(buffer.subarray(0, bytesRead))
      this.length += bytesRead
    }
    this.inherited = this.length > 0
  }

  async append(chunk: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < chunk.length; ) {
        const { bytesWritten } = await this.#handle.write(chunk, at, chunk.length - at, this.length + at)
        at += bytesWritten
      }
    } catch (error) {
      throw explainFileError(error, this.#path)
    }
    this.#hash.update(chunk)
    this.length += chunk.length
  }

  /**
   * Forgets what was written. The file is replaced, not cut: where locks do not work, another process may be
   * writing the same bytes into the old one.
   */
  async restart(): Promise<void> {
    try {
      await rm(this.#path, { force: true })
      const handle = await openToGrow(this.#path)
      await this.#handle.close()
      this.#handle = handle
    } catch (error) {
      throw explainFileError(error, this.#path)
    }
    this.#hash = startHash(this.file)
    this.length = 0
    this.inherited = false
  }

  /** Removes the file: nothing of it is worth keeping. */
  async discard(): Promise<void> {
    await rm(this.#path, { force: true })
  }

  digest(): string {
    return this.#hash.copy().digest('hex')
  }

  /** Gives it its final name; false when it is no longer what stands under its own. */
  async finish(blob: string, size: number): Promise<boolean> {
    try {
      await this.#handle.sync()
      const [own, named] = await Promise.all([this.#handle.stat(), stat(this.#path).catch(() => undefined)])
      if (named === undefined && (await sizeOf(blob)) === size) return true
      if (named?.ino !== own.ino) {
        await this.restart()
        return false
      }
      await rename(this.#path, blob)
      return true
    } catch (error) {
      throw explainFileError(error, blob)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close()
  }
}

function openToGrow(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDWR | constants.O_CREAT)
}

/** Git hashes a blob with its length in front. */
function startHash({ hash, size }: RemoteFile): Hash {
  return hash.length === 64 ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`)
}

/** What kind of hash it is, by its length. */
export function hashName(hash: string): string {
  return hash.length === 64 ? 'SHA-256' : 'git SHA-1'
}
