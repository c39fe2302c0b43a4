/** A run's records beside `results.json`: JSON files that a run may lack and that are checked before they are used. */

import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import type { z } from 'zod'
import { refuse } from '../core/errors.ts'
import { explainFileError } from '../core/files.ts'

/**
 * Reads a record.
 *
 * @returns undefined where the run has none
 * @throws PalimpsestError `record-malformed`, `file-permission`
 */
export async function readRecord<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const malformed = (found: string): Error =>
    refuse('record-malformed', 'A record of this run cannot be read.', {
      where: path,
      expected: `${basename(path)} as this version writes it`,
      found,
      fix: 'Give the run again: finished steps are kept.',
    })
  let value: unknown
  try {
    value = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    if (!(error instanceof SyntaxError)) throw explainFileError(error, path)
    throw malformed(error.message)
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]!
  throw malformed(`${issue.path.join('.')}: ${issue.message}`)
}
