/**
 * A file that holds panels: as weights are mapped from theirs, so panels are pages of a file, which the system may drop
 * and read again, and no private memory. The file has no name once it is open, so it is gone with its last user, whatever
 * becomes of the process. It is written, never mapped before it is whole: a full disk is then an error that can be
 * caught, where a page without a place on the disk would end the process.
 */

import { randomBytes } from 'node:crypto'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Pages, Refusal } from './memory.ts'

export class PanelFile implements AsyncDisposable {
  readonly #handle: FileHandle
  #size = 0

  private constructor(handle: FileHandle) {
    this.#handle = handle
  }

  /** @throws the system's error where the folder for temporary files is missing or may not be written to */
  static async create(): Promise<PanelFile> {
    const path = join(tmpdir(), `palimpsest-panels-${randomBytes(12).toString('hex')}`)
    const handle = await open(path, 'wx+', 0o600)
    try {
      await unlink(path)
    } catch (error) {
      await handle.close()
      throw error
    }
    return new PanelFile(handle)
  }

  /** @throws the system's error, that the disk is full among them; Refusal */
  async append(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const rest = bytes.length - done
      const { bytesWritten } = await this.#handle.write(bytes, done, rest, this.#size)
      if (bytesWritten === 0) throw new Refusal('nothing was written')
      done += bytesWritten
      this.#size += bytesWritten
    }
  }

  /**
   * All that was written, as memory; the file is closed.
   *
   * @throws Refusal where the system does not map it; the system's error where a write turns out to have failed
   */
  async finish(): Promise<Pages> {
    const pages = new Pages(this.#size, this.#handle.fd)
    try {
      await this.#handle.close()
    } catch (error) {
      pages[Symbol.dispose]()
      throw error
    }
    return pages
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close().catch(() => {}) // whoever needed its content has called `finish`
  }
}
