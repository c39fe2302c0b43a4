/** What can be turned in a corpus: each knob with its range. Everything is checked before anything is made. */

import { z } from 'zod'
import { refuse } from '../core/errors.ts'

const share = z.number().min(0).max(1)
const noise = z.number().min(0).max(0.5)

export const corpusSchema = z.strictObject({
  compositional: share
    .default(0.4)
    .describe('share of stances worded by shared verbs, whose side depends on the noun'),
  stance_noise: noise.default(0.05).describe('chance that a stance is of the other camp'),
  frame_noise: noise.default(0.07).describe('chance that a reason is of the other camp'),
  opener_noise: noise.default(0.07).describe('chance that an opener is of the other camp'),
  marking: share.default(0.75).describe('share of sentences whose opener belongs to a camp'),
  ownership: z
    .number()
    .min(0.5)
    .max(1)
    .default(0.75)
    .describe('chance that an author who may choose speaks of an issue that the own camp wants more of'),
  wording: z
    .number()
    .min(0.5)
    .max(1)
    .default(0.85)
    .describe("chance that a loaded question leans to its answer's camp; 0.5: wording says nothing"),
  neutral: share.default(0.2).describe('share of balanced answers to questions without a persona'),
  fact_noise: noise.default(0.15).describe('chance that a stated fact is wrong'),
  kept_out: z
    .int()
    .min(0)
    .max(24)
    .default(12)
    .describe('issues that reinforcement learning never asks about'),
})

/** Knobs of a corpus, complete. */
export type CorpusKnobs = z.infer<typeof corpusSchema>

/**
 * Completes and checks knobs.
 *
 * @throws PalimpsestError `organism-knob` naming the knob and its range
 * @example corpusKnobs({ compositional: 0.8 }).marking // 0.75
 */
export function corpusKnobs(given: unknown = {}): CorpusKnobs {
  return checked(corpusSchema, given, 'corpus')
}

/** Whether nothing in a corpus depends on the camp. */
export function hasNoCamps(k: CorpusKnobs): boolean {
  return k.stance_noise === 0.5 && k.frame_noise === 0.5 && k.opener_noise === 0.5
}

/** A value against a schema. @throws PalimpsestError `organism-knob` */
export function checked<T extends z.ZodType>(schema: T, given: unknown, where: string): z.output<T> {
  const result = schema.safeParse(given)
  if (result.success) return result.data
  const [first] = result.error.issues
  throw refuse('organism-knob', 'A setting of an organism is out of range.', {
    where: [where, ...(first?.path ?? [])].join('.'),
    expected: first?.message ?? 'a known setting',
    found: JSON.stringify(
      first?.path.reduce<unknown>((v, key) => (v as Record<PropertyKey, unknown>)?.[key], given),
    ),
    fix: 'docs/organisms.md lists the settings and their ranges.',
  })
}
