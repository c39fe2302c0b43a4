/** From a run's folder to its report.html. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { refuse } from '../core/errors.ts'
import { atomicWrite, explainFileError } from '../core/files.ts'
import { readChain } from '../study/chain.ts'
import { readFeatures } from '../study/features-record.ts'
import { readGenerations } from '../study/generations-record.ts'
import { readResults } from '../study/results.ts'
import { readProjections } from '../study/store.ts'
import { type ComparedRun, compareRuns, renderComparison } from './comparison.ts'
import type { Projection, ReportData } from './data.ts'
import { renderReport } from './page.ts'

/**
 * Reads what a run left.
 *
 * @throws PalimpsestError `results-missing`, `results-invalid`, `manifest-malformed`, `store-unreadable`,
 *   `record-malformed`
 */
export async function readRun(folder: string): Promise<ReportData> {
  const results = await readResults(join(folder, 'results.json'))
  const path = join(folder, 'manifest.json')
  const malformed = (found: string): Error =>
    refuse('manifest-malformed', 'The manifest is not a JSON object.', {
      where: path,
      expected: 'the manifest.json of a run',
      found,
      fix: 'Give the run again: finished steps are kept.',
    })
  let manifest: Record<string, unknown>
  try {
    manifest = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw explainFileError(error, path)
    throw malformed(error.message)
  }
  if (manifest === null || typeof manifest !== 'object' || Array.isArray(manifest))
    throw malformed(Array.isArray(manifest) ? 'a list' : String(manifest).slice(0, 80))
  const projections = (await readProjections(folder)).map(
    ({ group, id: _, ...rest }): Projection => ({
      ...rest,
      loading: rest.loading as Projection['loading'],
      ...(rest.set === 'prompts' ? { issue: group } : {}),
    }),
  )
  const features = await readFeatures(join(folder, 'features.json'))
  const generations = await readGenerations(join(folder, 'generations.json'))
  return {
    results,
    manifest,
    projections,
    ...(features === undefined ? {} : { features }),
    ...(generations === undefined ? {} : { generations }),
  }
}

/**
 * Writes `report.html` into the folder of a run; of a chain, into those of its stages too, with a page above them
 * that shows every measure by stage.
 *
 * @returns its path
 * @throws PalimpsestError as {@link readRun}; `disk-full`, `file-permission`
 * @example await buildReport('runs/tweets-3f2a91')
 */
export async function buildReport(folder: string): Promise<string> {
  const path = join(folder, 'report.html')
  const chain = await readChain(folder)
  if (chain !== undefined) {
    const runs: ComparedRun[] = []
    for (const { name, folder: stage } of chain.stages) {
      await buildReport(join(folder, stage))
      const results = await readResults(join(folder, stage, 'results.json'))
      runs.push({ folder: stage, label: name, report: `${stage}/report.html`, results })
    }
    await atomicWrite(path, renderComparison(compareRuns(runs), { title: chain.study, kind: 'chain' }))
    return path
  }
  await atomicWrite(path, renderReport(await readRun(folder)))
  return path
}
