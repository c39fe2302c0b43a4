/** `generations.json`: a few texts that the models wrote, with where each token lies along the direction. */

import { z } from 'zod'
import { readRecord } from './record-file.ts'

const text = z.string().max(100_000)

const writtenSchema = z.strictObject({
  claim: z.enum(['behaviour', 'steering']),
  model: text,
  id: text.describe('of the prompt'),
  prompt: text.describe('as it is written, without a template'),
  arm: text.describe('what it was written under, in words'),
  kind: z.enum(['answer', 'refusal', 'degenerate']),
  score: z.number().nullable().describe('of the text classifier, -1 (A) to 1 (B)'),
  tokens: z.array(text).describe('of the text alone'),
  projection: z
    .array(z.number())
    .describe(
      'of each token: -1 where labelled texts of pole A lie on average in this model, 1 where those of B do',
    ),
})
export type WrittenRecord = z.infer<typeof writtenSchema>

export const generationsSchema = z.strictObject({
  format: z.literal(1),
  site: text,
  texts: z.array(writtenSchema).max(200),
})
export type GenerationsRecord = z.infer<typeof generationsSchema>

/**
 * Reads a run's generations.json.
 *
 * @returns undefined where the run has none
 * @throws PalimpsestError `record-malformed`, `file-permission`
 */
export function readGenerations(path: string): Promise<GenerationsRecord | undefined> {
  return readRecord(path, generationsSchema)
}
