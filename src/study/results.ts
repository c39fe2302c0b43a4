/**
 * The record that a study leaves: `results.json`. Every number in it describes itself (what was measured,
 * where, on how many, with which interval, null and seed), so that the report, DuckDB and other people's
 * scripts need nothing else to read it. Claims write these records; the report only reads them.
 */

import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { PalimpsestError } from '../core/errors.ts'

/** The seven questions, in the order of the report. */
export const CLAIMS = [
  'direction',
  'compression',
  'behaviour',
  'features',
  'steering',
  'geometry',
  'identity',
] as const
export type ClaimId = (typeof CLAIMS)[number]

/** `not tested`: not asked for. `untestable`: asked for, and a gate says that no answer is possible here. */
export const STATUSES = ['supported', 'contradicted', 'underpowered', 'untestable', 'not tested'] as const
export type ClaimStatus = (typeof STATUSES)[number]

const name = z.string().min(1)
const count = z.int().nonnegative()

/** One number with all that is needed to judge it. */
export const measureSchema = z.strictObject({
  name: name.describe('what is measured: auc, excess_auc, ratio_gap_scaled, ...'),
  model: name.optional().describe('a role of `models` (base, aligned, subject), or a baseline by its name'),
  site: name.optional().describe('hook point, such as blocks.24.hook_resid_post'),
  layer: count
    .optional()
    .describe('block number of the site; absent where the layer is chosen inside the folds'),
  estimator: name.optional().describe('mean-difference, logistic, lda, matched-pc1'),
  rendering: z.enum(['raw', 'chat']).optional(),
  pool: name.optional().describe('mean, last_content or last_template'),
  folds: name.optional().describe('what the folds hold out: group, topic, random, given'),
  axis: name.optional().describe('whose direction the projection is on: base, aligned, pooled'),
  fit: name.optional().describe('transfer: the model whose direction it is'),
  test: name.optional().describe('transfer: the model whose activations are scored'),
  condition: name
    .optional()
    .describe('what it was measured under, such as A, stated, user (claim identity), or a judge and its arm'),
  value: z.number(),
  ci: z.tuple([z.number(), z.number()]).optional().describe('interval [lower, upper]'),
  level: z.number().gt(0).lt(1).optional().describe('coverage of the interval, such as 0.95'),
  method: name.optional().describe('how interval or test was made, such as cluster bootstrap'),
  n: count.describe('items behind the number'),
  groups: count.optional().describe('independent units behind it: authors, issues'),
  null: z
    .strictObject({ mean: z.number(), q95: z.number(), draws: count })
    .optional()
    .describe('the distribution under no effect: mean, 95th percentile, number of draws'),
  p: z.number().min(0).max(1).optional(),
  q: z.number().min(0).max(1).optional().describe('p after Benjamini-Hochberg within the family'),
  family: name.optional().describe('the family of tests that q corrects over'),
  seed: z.int().optional(),
  note: z.string().optional(),
})
export type Measure = z.infer<typeof measureSchema>

/** A condition on a number that a status depends on. */
export const gateSchema = z.strictObject({
  name,
  passed: z.boolean(),
  value: z.number().nullable().describe('null where it could not be computed'),
  threshold: z.number(),
  note: z.string().optional(),
})
export type Gate = z.infer<typeof gateSchema>

/** Many numbers of one kind that are only of use together, such as the log ratios of reference directions. */
export const seriesSchema = z.strictObject({
  name,
  model: name.optional(),
  site: name.optional(),
  layer: count.optional(),
  rendering: z.enum(['raw', 'chat']).optional(),
  axis: name.optional(),
  values: z.array(z.number()),
  note: z.string().optional(),
})
export type Series = z.infer<typeof seriesSchema>

export const claimSchema = z.strictObject({
  id: z.enum(CLAIMS),
  status: z.enum(STATUSES),
  label: name.optional().describe('the finer answer: retained, lost, selective, change of scale, ...'),
  words: z.string().describe('the answer in one paragraph'),
  gates: z.array(gateSchema),
  measures: z.array(measureSchema),
  series: z.array(seriesSchema).optional(),
})
export type Claim = z.infer<typeof claimSchema>

export const modelRecordSchema = z.strictObject({
  role: name.describe('base and aligned, or subject; further stages by their names'),
  ref: name.describe('as the study file names it'),
  family: name,
  layers: count,
  width: count.describe('width of the residual stream'),
  precision: name.describe('native or f32, with the stored type where it is known'),
  hash: name.describe('content hash of the weights'),
})
export type ModelRecord = z.infer<typeof modelRecordSchema>

export const verdictSchema = z.strictObject({
  label: name.describe('masked, intact, erased, not measurable, undecided, or mixed: why'),
  because: z.array(z.string()),
  inputs: z.record(z.string(), z.string()).describe('each column of the verdict table and what it held'),
})
export type Verdict = z.infer<typeof verdictSchema>

/** Whether a run kept to what was written down before it. */
export const preregistrationSchema = z.strictObject({
  hash: name,
  date: name.describe('when it was written'),
  kept: z.boolean(),
  differences: z.array(z.strictObject({ key: name, registered: z.string(), run: z.string() })),
})
export type PreregistrationRecord = z.infer<typeof preregistrationSchema>

/** How far one judge could be used. */
export const judgeRecordSchema = z.strictObject({
  name,
  model: name.describe('as its endpoint calls it'),
  host: name,
  asked: count,
  labels: z.record(z.string(), count).describe('what it said of texts: A, B, neither, refusal, nonsense'),
  bad: z
    .record(z.string(), count)
    .describe('answers that are none: empty, declined, unreadable; failed: none came'),
  bad_share: z.number().min(0).max(1),
  testable: z.boolean().describe('bad_share at most thresholds.judge_bad'),
  failures: z.record(z.string(), count).describe('why no answer came, and how often'),
  gave_up: z.string().optional().describe('why it was not asked to the end'),
  tokens_in: count.nullable().describe('as the endpoint counts; null where it does not say'),
  tokens_out: count.nullable(),
  cost: z.number().nullable().describe('at the prices of the study file; null where it gives none'),
})
export type JudgeRecord = z.infer<typeof judgeRecordSchema>

/** What judges said. */
export const judgesRecordSchema = z.strictObject({
  judges: z.array(judgeRecordSchema),
  measures: z.array(measureSchema),
})
export type JudgesRecord = z.infer<typeof judgesRecordSchema>

/** The whole of `results.json`. */
export const resultsSchema = z.strictObject({
  format: z.literal(1),
  study: name,
  domain: name.optional(),
  poles: z.strictObject({ A: name, B: name }).optional().describe('what the poles are called'),
  models: z.array(modelRecordSchema).min(1),
  verdict: verdictSchema.optional().describe('absent in a study of one model'),
  claims: z.array(claimSchema),
  warnings: z.array(z.string()),
  preregistration: preregistrationSchema.optional(),
  judges: judgesRecordSchema.optional(),
  thresholds: z
    .record(z.string(), z.union([z.number(), z.string()]))
    .describe('every threshold that a decision used'),
  seed: z.int(),
})
export type Results = z.infer<typeof resultsSchema>

/**
 * The note of a measure that compares two things, such as two estimators: read back by {@link parsePair}.
 *
 * @example pairNote('logistic', 'lda') // 'logistic | lda'
 */
export function pairNote(a: string, b: string): string {
  return `${a} | ${b}`
}

/**
 * The two names in a note written by {@link pairNote}; undefined for any other note.
 *
 * @example parsePair('logistic | lda') // ['logistic', 'lda']
 */
export function parsePair(note: string | undefined): [string, string] | undefined {
  const parts = note?.split(' | ')
  return parts?.length === 2 ? [parts[0]!, parts[1]!] : undefined
}

/**
 * Checks that a value is a `results.json` of this format.
 *
 * @param where the file's name, for the message
 * @throws PalimpsestError `results-invalid` with the key path and what was expected there.
 * @example parseResults(JSON.parse(text), 'runs/tweets-3f2a91/results.json').claims.length
 */
export function parseResults(value: unknown, where: string): Results {
  const parsed = resultsSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]!
  const path = issue.path.map((k) => (typeof k === 'number' ? `[${k}]` : `.${String(k)}`)).join('')
  throw new PalimpsestError('input', 'results-invalid', 'This is not a results file that can be read.', {
    where: `${where}${path === '' ? '' : `, at ${path.replace(/^\./, '')}`}`,
    expected: 'results.json of format 1',
    found: issue.message,
    fix: 'Run the study again with this version of Palimpsest, or read the file with the version that wrote it.',
    cause: parsed.error,
  })
}

/**
 * Reads and checks a run's `results.json`.
 *
 * @throws PalimpsestError `results-missing`, `results-not-json` or `results-invalid`.
 * @example const results = await readResults('runs/tweets-3f2a91/results.json')
 */
export async function readResults(path: string): Promise<Results> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    throw new PalimpsestError('input', 'results-missing', 'There are no results to read.', {
      where: path,
      expected: 'a results.json that a finished study left',
      found: cause instanceof Error ? cause.message : String(cause),
      fix: 'Give the folder of a run, or finish the study first: palimpsest run STUDY.yaml.',
      cause,
    })
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new PalimpsestError('input', 'results-not-json', 'The results file is not JSON.', {
      where: path,
      expected: 'a JSON document',
      found: cause instanceof Error ? cause.message : String(cause),
      fix: 'The file was edited or cut: remove it and give the same run again, finished steps are kept.',
      cause,
    })
  }
  return parseResults(value, path)
}
