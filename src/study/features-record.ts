/**
 * `features.json`: what claim `features` found of each dictionary and feature, beside `results.json`. The table
 * `features` of the store and the cards of the report are made from it.
 */

import { z } from 'zod'
import { FEATURE_LABELS } from '../stats/silence.ts'
import { readRecord } from './record-file.ts'

export { FEATURE_LABELS }

const count = z.int().nonnegative()
const interval = z.tuple([z.number(), z.number()])
const rate = z.strictObject({ fired: count, value: z.number(), ci: interval })
const tokenWeight = z.strictObject({ token: z.string(), weight: z.number() })

const contextSchema = z.strictObject({
  id: z.string(),
  tokens: z.array(z.string()),
  base: z.array(z.number()).describe('activation of the feature at each token, in base'),
  aligned: z.array(z.number()),
})

const cardSchema = z.strictObject({
  promoted: z.array(tokenWeight).describe('decoder direction through final norm and unembedding'),
  suppressed: z.array(tokenWeight),
  contexts: z.array(contextSchema).describe('where it fires most in the model of its dictionary'),
  histogram: z
    .strictObject({ edges: z.array(z.number()), base: z.array(count), aligned: z.array(count) })
    .describe('largest activations of texts in which it fires'),
  dashboard: z.string().optional(),
})
export type FeatureCard = z.infer<typeof cardSchema>

/** What was found of one feature; rates and counts are of held-out prompts. */
export const featureSchema = z.strictObject({
  dictionary: z.string(),
  site: z.string(),
  feature: count,
  set: z.enum(['policy', 'control']),
  matches: count.optional().describe('the policy feature whose rate in base a control matches'),
  label: z.enum(FEATURE_LABELS),
  n: count.describe('held-out prompts'),
  issues: count,
  base: rate,
  aligned: rate,
  base_restored: count.describe("prompts in which it fires once base has aligned's mean and mean norm"),
  aligned_restored: count.describe("prompts in which it fires once aligned has base's mean and mean norm"),
  ratio: z.number().nullable().describe('rate in aligned over rate in base; null where base is silent'),
  p: z.number(),
  q: z.number(),
  control_rate: z.number().describe('rate on the matched control prompts of the held-out ones, in base'),
  content_q: z.number().describe('q of its policy content, on the training prompts'),
  auc: z.number().nullable().describe('AUC between the poles of held-out texts'),
  auc_ci: z.tuple([z.number(), z.number()]).nullable(),
  cosine: z.number().nullable().describe('of its decoder vector with the direction of base at this layer'),
  margin_base: z.number().describe('median over held-out prompts of the largest margin to the threshold'),
  margin_aligned: z.number(),
  card: cardSchema.optional(),
})
export type FeatureRecord = z.infer<typeof featureSchema>

const testSchema = z.strictObject({
  model: z.string(),
  tokens: count,
  l0: z.number(),
  nominal_l0: z.number().nullable(),
  fvu: z.number().nullable(),
  cross_entropy: z.number().nullable(),
  cross_entropy_spliced: z.number().nullable(),
  silent: count,
  silent_are: z.enum(['dead', 'not seen']),
  texts: count.optional().describe('what the intervals resample'),
  intervals: z
    .partialRecord(z.enum(['l0', 'fvu', 'cross_entropy', 'cross_entropy_spliced']), interval)
    .optional()
    .describe('95%, by bootstrap over texts'),
})

/** The whole of features.json. */
export const featuresSchema = z.strictObject({
  format: z.literal(1),
  dictionaries: z.array(
    z.strictObject({
      ref: z.string(),
      of: z.enum(['base', 'aligned']),
      format: z.string(),
      site: z.string(),
      latents: count,
      testable: z.boolean(),
      tests: z.array(testSchema),
      tested: count.describe('features that fire in training prompts or controls'),
      with_content: count.describe('of those, the ones with policy content'),
    }),
  ),
  features: z.array(featureSchema),
})
export type FeaturesRecord = z.infer<typeof featuresSchema>

/**
 * Reads a run's features.json.
 *
 * @returns undefined where the run has none
 * @throws PalimpsestError `record-malformed`, `file-permission`
 */
export function readFeatures(path: string): Promise<FeaturesRecord | undefined> {
  return readRecord(path, featuresSchema)
}
