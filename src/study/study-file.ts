/** Reading a study file: checked against its schema, its paths made absolute. */

import { existsSync } from 'node:fs'
import { basename, dirname, isAbsolute, join } from 'node:path'
import type { z } from 'zod'
import { refuse } from '../core/errors.ts'
import { checkAgainst, readLocated } from '../domain/yaml.ts'
import { type ChainStudy, isChain, type modelSchema, type Study, studyFileSchema } from './schema.ts'

const MAX_STUDY_BYTES = 1_000_000

/**
 * Reads a study file of one model or of a pair. Relative paths in it start at its own folder.
 *
 * @throws PalimpsestError as {@link readStudyFile}; `study-chain` where it asks for a chain of stages
 * @example const study = await readStudy('tweets.yaml')
 */
export async function readStudy(path: string): Promise<Study> {
  const study = await readStudyFile(path)
  if (!isChain(study)) return study
  throw refuse('study-chain', 'This study asks for a chain of stages.', {
    where: path,
    expected: '`subject`, or `base` and `aligned`',
    found: Object.keys(study.models.stages).join(', '),
    fix: 'Read it with readStudyFile, and take its stages from stagesOf.',
  })
}

/**
 * Reads a study file of any kind. Relative paths in it start at its own folder.
 *
 * @throws PalimpsestError `study-invalid` with line, column and the nearest known key; `yaml-syntax`;
 *   `file-missing`
 * @example const file = await readStudyFile('rlhf.yaml'); const chain = isChain(file)
 */
export async function readStudyFile(path: string): Promise<Study | ChainStudy> {
  const study = checkAgainst(
    studyFileSchema,
    await readLocated(path, MAX_STUDY_BYTES),
    'study-invalid',
    'study file',
  )
  const folder = dirname(path)
  const beside = preregistrationBeside(path)
  const registered = study.preregistration ?? (existsSync(beside) ? basename(beside) : undefined)
  const at = (p: string): string =>
    isAbsolute(p) || p.startsWith('hf:') || p.startsWith('organism:') ? p : join(folder, p)
  const place = (m: z.infer<typeof modelSchema>) => ({
    ref: at(m.ref),
    ...('adapter' in m && m.adapter !== undefined ? { adapter: at(m.adapter) } : {}),
  })
  const { models, ...rest } = study
  const placed = {
    ...rest,
    domain:
      study.domain.includes('/') || /\.(ya?ml|json)$/.test(study.domain) ? at(study.domain) : study.domain,
    dictionaries: {
      base: study.dictionaries.base.map((d) => ({ ...d, ref: at(d.ref) })),
      aligned: study.dictionaries.aligned.map((d) => ({ ...d, ref: at(d.ref) })),
    },
    ...(study.prompts === undefined ? {} : { prompts: at(study.prompts) }),
    ...(registered === undefined ? {} : { preregistration: at(registered) }),
    ...(study.directions === undefined ? {} : { directions: at(study.directions) }),
    ...(study.texts === undefined
      ? {}
      : {
          texts: {
            ...study.texts,
            file: at(study.texts.file),
            ...(study.texts.folds === undefined ? {} : { folds: at(study.texts.folds) }),
          },
        }),
  }
  if ('subject' in models) return { ...placed, models: { subject: place(models.subject) } }
  const base = place(models.base)
  if ('aligned' in models) return { ...placed, models: { base, aligned: place(models.aligned) } }
  const stages = Object.entries(models.stages).map(([name, m]) => [name, place(m)] as const)
  return { ...placed, models: { base, stages: Object.fromEntries(stages) } }
}

/** Where a study's preregistration lies unless it is said: `tweets.preregistration.json` beside `tweets.yaml`. */
export function preregistrationBeside(study: string): string {
  return join(dirname(study), `${basename(study).replace(/\.\w+$/, '')}.preregistration.json`)
}
