/**
 * Preregistration: what a study will ask, by which bars and seeds, written down with a hash before it is run; and
 * afterwards, whether the run kept to it.
 */

import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { z } from 'zod'
import { refuse } from '../core/errors.ts'
import { explainFileError, hashJson } from '../core/files.ts'
import type { PreregistrationRecord } from './results.ts'
import type { ChainStudy, Study } from './schema.ts'

const MAX_BYTES = 1_000_000

/** What each claim predicts, and what speaks against it, as the decisions read it. */
const HYPOTHESES: Record<Study['claims'][number], string> = {
  direction:
    'Base holds a direction beyond what random weights give (excess_auc), and aligned retains it (retained); it is lost below lost.',
  compression:
    'Prompts are compressed along the direction more than along reference directions (selective_ratio), or they are not.',
  behaviour:
    'Base varies with the wording of prompts, and aligned answers neutrally (neutral, refusals, degenerate), or it does not.',
  features:
    'Features of dictionaries that encode the domain fall silent in aligned (dormant) more than matched controls do, or they do not.',
  steering:
    'The gain of steering in aligned over base says whether the path to the output is cut (gain_disconnected, gain_connected_low, gain_connected_high, gain_attenuated).',
  geometry: 'The direction works inside aligned beyond random directions of equal KL (arms_p).',
  identity:
    'A stated identity brings the leaning back in aligned (reactivated), or it does not (not_reactivated).',
}

const schema = z.strictObject({
  format: z.literal(1),
  study: z.string().min(1).max(200),
  date: z.iso.datetime(),
  hypotheses: z.record(z.string(), z.string()),
  registered: z.record(z.string(), z.unknown()),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
})

/** A preregistration; `registered` are the settings that decide, `hash` is of all but the date. */
export type Preregistration = z.infer<typeof schema>

/**
 * Writes down what a study will ask. Files count by their names and columns, models not at all: where they lie
 * differs between machines, and the manifest has their content.
 *
 * @example preregister(await readStudy('tweets.yaml'), new Date()).hash
 */
export function preregister(study: Study | ChainStudy, now: Date): Preregistration {
  const content = {
    format: 1 as const,
    study: study.name,
    hypotheses: Object.fromEntries(study.claims.map((c) => [c, HYPOTHESES[c]])),
    registered: deciding(study),
  }
  return { ...content, date: now.toISOString(), hash: hashJson(content) }
}

/** The settings that decide what is asked and how it is answered. */
function deciding(study: Study | ChainStudy): Record<string, unknown> {
  const {
    palimpsest: _p,
    name: _n,
    models: _m,
    device: _d,
    threads: _t,
    preregistration: _r,
    domain,
    prompts,
    directions,
    texts,
    dictionaries,
    ...rest
  } = study
  const named = (path: string | undefined): string | null => (path === undefined ? null : basename(path))
  const refs = (list: Study['dictionaries']['base']): unknown =>
    list.map((d) => ({ ...d, ref: d.ref.startsWith('hf:') ? d.ref : basename(d.ref) }))
  const plain = {
    ...rest,
    dictionaries: { base: refs(dictionaries.base), aligned: refs(dictionaries.aligned) },
    domain: basename(domain),
    prompts: named(prompts),
    directions: named(directions),
    texts:
      texts === undefined
        ? null
        : { ...texts, file: basename(texts.file), ...(texts.folds ? { folds: basename(texts.folds) } : {}) },
  }
  return JSON.parse(JSON.stringify(plain)) as Record<string, unknown> // as it is read back: without undefined
}

/**
 * Reads and checks a preregistration.
 *
 * @throws PalimpsestError `file-missing`, `preregistration-invalid`; `preregistration-altered` where the hash is
 *   not that of the content
 */
export async function readPreregistration(path: string): Promise<Preregistration> {
  const invalid = (found: string): Error =>
    refuse('preregistration-invalid', 'This is not a preregistration that can be read.', {
      where: path,
      expected: 'a file that `palimpsest plan --preregister` wrote',
      found,
      fix: 'Take the file as it was written, or remove the key preregistration.',
    })
  let text: string
  try {
    const { size } = await stat(path)
    if (size > MAX_BYTES) throw invalid(`${size} bytes`)
    text = await readFile(path, 'utf8')
  } catch (error) {
    throw explainFileError(error, path)
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw invalid((error as Error).message)
  }
  const parsed = schema.safeParse(value)
  if (!parsed.success)
    throw invalid(`${parsed.error.issues[0]!.path.join('.')}: ${parsed.error.issues[0]!.message}`)
  const { date: _, hash, ...content } = parsed.data
  const own = hashJson(content)
  if (own !== hash)
    throw refuse('preregistration-altered', 'The preregistration was changed after it was written.', {
      where: path,
      expected: hash,
      found: own,
      fix: 'Restore the file as it was written, or preregister again and say so.',
    })
  return parsed.data
}

/**
 * Whether a study is what was registered.
 *
 * @returns a record for the results; values that differ are shown as JSON, by key
 * @example keptTo(registered, study).differences // [{ key: 'thresholds.retained', registered: '0.5', run: '0.4' }]
 */
export function keptTo(
  { registered, hash, date, study: name }: Preregistration,
  study: Study,
): PreregistrationRecord {
  const before = new Map(leaves({ name, ...registered }))
  const now = new Map(leaves({ name: study.name, ...deciding(study) }))
  const differences = [...new Set([...before.keys(), ...now.keys()])].flatMap((key) => {
    const [a, b] = [before.get(key) ?? 'not there', now.get(key) ?? 'not there']
    return a === b ? [] : [{ key, registered: a, run: b }]
  })
  return { hash, date, kept: differences.length === 0, differences }
}

/** Values by dotted key; lists are whole. */
function leaves(value: unknown, path = ''): [string, string][] {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    return [[path, JSON.stringify(value)]]
  return Object.entries(value).flatMap(([key, v]) => leaves(v, path === '' ? key : `${path}.${key}`))
}
