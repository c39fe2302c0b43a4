/**
 * JSON lines that survive an interruption: they are written to `OUT.<key>.partial` as they come, and the file
 * gets its name when it is whole. The key stands for everything the lines depend on, so that only the same
 * command goes on from them.
 */

import { createReadStream, existsSync } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { explainFileError, hashJson } from '../core/files.ts'

export interface ResumeOptions {
  /** Suffix of a file beside the lines without which they are worth nothing. */
  readonly companion?: string
  /** How many of the lines found can be gone on from; default all. */
  readonly keep?: (found: number) => number
}

export class ResumableLines<T> implements AsyncDisposable {
  /** What an earlier process left. */
  readonly found: readonly T[]
  /** The unfinished file. */
  readonly partial: string
  readonly #path: string
  readonly #file: FileHandle

  private constructor(path: string, partial: string, file: FileHandle, found: readonly T[]) {
    this.#path = path
    this.partial = partial
    this.#file = file
    this.found = found
  }

  /**
   * Opens the lines of a command; those of other commands with the same output are removed.
   *
   * @param path where the whole file will be
   * @param depends everything the lines depend on
   * @throws PalimpsestError `file-permission`, `disk-full`
   */
  static async open<T>(
    path: string,
    depends: unknown,
    options: ResumeOptions = {},
  ): Promise<ResumableLines<T>> {
    const partial = partialPath(path, depends)
    try {
      await mkdir(dirname(path), { recursive: true })
      await removePartials(path, partial)
      if (!existsSync(partial + (options.companion ?? ''))) await rm(partial, { force: true })
      const { rows, ends } = await readWhole<T>(partial)
      const keep = options.keep?.(rows.length) ?? rows.length
      const file = await open(partial, 'a')
      // A line that was cut is written again.
      await file.truncate(ends[keep - 1] ?? 0)
      return new ResumableLines(path, partial, file, rows.slice(0, keep))
    } catch (error) {
      throw explainFileError(error, path)
    }
  }

  async append(rows: readonly T[]): Promise<void> {
    const text = rows.map((row) => `${JSON.stringify(row)}\n`).join('')
    await this.#file.appendFile(text).catch((error) => {
      throw explainFileError(error, this.#path)
    })
  }

  /** Gives the file its name. */
  async finish(): Promise<void> {
    try {
      await this.#file.sync()
      await this.#file.close()
      await rename(this.partial, this.#path)
    } catch (error) {
      throw explainFileError(error, this.#path)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close().catch(() => {})
  }
}

/** `OUT.<key>.partial`. */
function partialPath(path: string, depends: unknown): string {
  return `${path}.${hashJson(depends).slice(0, 8)}.partial`
}

async function removePartials(path: string, keep: string): Promise<void> {
  const name = basename(path)
  for (const file of await readdir(dirname(path))) {
    const key = file.startsWith(`${name}.`) ? file.slice(name.length + 1) : ''
    if (/^[0-9a-f]{8}\.partial(\.data)?$/.test(key) && !file.startsWith(basename(keep)))
      await rm(join(dirname(path), file), { force: true })
  }
}

/** The whole JSON lines at the beginning of a file, and where each ends, in bytes. */
async function readWhole<T>(path: string): Promise<{ rows: T[]; ends: number[] }> {
  const rows: T[] = []
  const ends: number[] = []
  let rest: Buffer = Buffer.alloc(0)
  try {
    for await (const chunk of createReadStream(path)) {
      rest = Buffer.concat([rest, chunk as Buffer])
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
        rows.push(JSON.parse(rest.subarray(0, end).toString('utf8')) as T)
        ends.push((ends.at(-1) ?? 0) + end + 1)
        rest = rest.subarray(end + 1)
      }
    }
  } catch (error) {
    // No file yet, or a line that the disk did not keep: go on from before it.
    if (!(error instanceof SyntaxError) && (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  return { rows, ends }
}
