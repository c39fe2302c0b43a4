/**
 * Files that are whole or not there: every write goes to a temporary name beside the target, is flushed
 * to disk and renamed. Hashes and reads go in chunks, so that a file of any size needs little memory.
 */

import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { PalimpsestError } from './errors.ts'

/** Turns the operating system's error into one that says what to do; other errors pass unchanged. */
export function explainFileError(error: unknown, path: string): unknown {
  const { code, message = '' } = (error ?? {}) as Partial<NodeJS.ErrnoException>
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new PalimpsestError('failed', 'disk-full', 'The disk is full; nothing was left half written.', {
      where: path,
      expected: 'space for what is written',
      found: message,
      fix: 'Free some space (or choose another folder with -o) and give the same command again: it resumes.',
      cause: error,
    })
  if (code === 'ENOENT')
    return new PalimpsestError('input', 'file-missing', 'There is no such file.', {
      where: path,
      expected: 'a file or folder',
      found: message,
      fix: 'Check the path; relative paths start at the current folder (in a study: at the study file).',
      cause: error,
    })
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return new PalimpsestError(
      'failed',
      'file-permission',
      'This file or folder may not be read or written.',
      {
        where: path,
        expected: 'permission to read or write it',
        found: message,
        fix: 'Change its permissions, or choose another folder.',
        cause: error,
      },
    )
  return error
}

/**
 * Writes a file so that it is either whole or not there: `write` fills a temporary file beside it, which
 * is flushed and renamed onto `path`. On failure the temporary file is removed.
 *
 * @throws PalimpsestError `disk-full`, `file-permission`; whatever `write` throws
 * @example await atomicWrite('out/results.json', JSON.stringify(results))
 */
export async function atomicWrite(
  path: string,
  content: string | Uint8Array | ((temporaryPath: string) => Promise<void>),
): Promise<void> {
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`
  try {
    await mkdir(dirname(path), { recursive: true })
    if (typeof content === 'function') {
      await content(temporary)
      await flush(temporary)
    } else {
      const handle = await open(temporary, 'w')
      try {
        await handle.writeFile(content)
        await handle.sync()
      } finally {
        await handle.close()
      }
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw explainFileError(error, path)
  }
}

async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r+')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * SHA-256 of a file's content, in hex, read in chunks.
 *
 * @throws PalimpsestError `file-missing`, `file-permission`
 */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer)
  } catch (error) {
    throw explainFileError(error, path)
  }
  return hash.digest('hex')
}

/**
 * JSON with sorted keys and no spaces: equal values give equal text, so that hashes of settings agree.
 * `undefined` members are left out, as in JSON.stringify.
 *
 * @example canonicalJson({ b: 1, a: [2] }) // '{"a":[2],"b":1}'
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value))
    return `[${value.map((v) => canonicalJson(v === undefined ? null : v)).join(',')}]`
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value as Record<string, unknown>).filter(([, v]) => v !== undefined)
    entries.sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${canonicalJson(v)}`).join(',')}}`
  }
  return JSON.stringify(value)
}

/** SHA-256 in hex of any JSON value, through {@link canonicalJson}. */
export function hashJson(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex')
}
