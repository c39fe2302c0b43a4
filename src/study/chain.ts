/**
 * A chain of training stages: one study for each stage, of base and that stage, by the same settings. Everything
 * that stages share (base's harvests, random baselines) is a step that the first of them leaves and the others
 * find. Each stage has its own records and report; `chain.json` says which there are, in order.
 */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { refuse } from '../core/errors.ts'
import { atomicWrite, explainFileError } from '../core/files.ts'
import type { Results } from './results.ts'
import { type RunOptions, runStudy } from './run.ts'
import { RunFolder } from './run-folder.ts'
import type { ChainStudy, Study } from './schema.ts'

export interface Stage {
  readonly name: string
  /** Of base and this stage. */
  readonly study: Study
}

/** One stage of a chain that was run. */
export interface StageRun {
  readonly stage: string
  readonly folder: string
  readonly results: Results
}

const chainSchema = z.strictObject({
  format: z.literal(1),
  study: z.string().min(1),
  stages: z.array(z.strictObject({ name: z.string().min(1), folder: z.string().min(1) })).min(2),
})

/** What chain.json holds: the stages in order, their folders relative to it. */
export type ChainRecord = z.infer<typeof chainSchema>

const FILE = 'chain.json'

/** The studies of a chain's stages, in order. */
export function stagesOf(study: ChainStudy): Stage[] {
  const { models, ...rest } = study
  return Object.entries(models.stages).map(([name, aligned]) => ({
    name,
    study: { ...rest, name: `${study.name}.${name}`, models: { base: models.base, aligned } },
  }))
}

/**
 * Runs or resumes the stages of a chain, one after the other, each in `stages/NAME` of the folder.
 *
 * @param stages as `stagesOf` gives them
 * @param onStage is told which stage begins
 * @throws PalimpsestError as `runStudy`
 * @example await runChain('rlhf', stagesOf(study), options)
 */
export async function runChain(
  name: string,
  stages: readonly Stage[],
  options: RunOptions & { readonly onStage?: (stage: string) => void },
): Promise<StageRun[]> {
  await using chain = await RunFolder.open(options.folder, options.steps)
  await atomicWrite(join(chain.path, 'study.yaml'), options.source)
  const runs: StageRun[] = []
  for (const { name: stage, study } of stages) {
    options.onStage?.(stage)
    const folder = join(chain.path, 'stages', stage)
    const results = await runStudy(study, {
      ...options,
      folder,
      steps: options.steps ?? join(chain.path, 'steps'),
    })
    runs.push({ stage, folder, results })
  }
  const record: ChainRecord = {
    format: 1,
    study: name,
    stages: stages.map((s) => ({ name: s.name, folder: `stages/${s.name}` })),
  }
  await atomicWrite(join(chain.path, FILE), `${JSON.stringify(record, null, 1)}\n`)
  return runs
}

/**
 * The record of a chain, or undefined where the folder holds a single run.
 *
 * @throws PalimpsestError `chain-malformed`
 */
export async function readChain(folder: string): Promise<ChainRecord | undefined> {
  const path = join(folder, FILE)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw explainFileError(error, path)
  }
  const malformed = (found: string): Error =>
    refuse('chain-malformed', 'The record of a chain cannot be read.', {
      where: path,
      expected: 'what `palimpsest run` wrote',
      found,
      fix: 'Give the run again: finished steps are kept.',
    })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw malformed((error as Error).message)
  }
  const parsed = chainSchema.safeParse(value)
  if (!parsed.success)
    throw malformed(`${parsed.error.issues[0]!.path.join('.')}: ${parsed.error.issues[0]!.message}`)
  const outside = parsed.data.stages.find((s) => !/^stages\/[\w][\w.-]*$/.test(s.folder))
  if (outside !== undefined) throw malformed(outside.folder)
  return parsed.data
}
