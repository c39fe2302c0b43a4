/** The dictionary whose features claim `steering` steers, checked before anything is run. */

import { refuse } from '../core/errors.ts'
import { openStudyDictionaries, type StudyDictionary } from './dictionaries.ts'
import type { Resolve, StudyModel } from './models.ts'
import type { Study } from './schema.ts'

export interface SteeredDictionary {
  readonly dictionary: StudyDictionary
  /** The residual stream as it leaves a block, where its decoder vectors are added. */
  readonly site: string
  /** Features that the study file names; undefined: those that claim `features` follows, so many. */
  readonly named: readonly number[] | undefined
  readonly most: number
}

/**
 * The first dictionary of base, where features are to be steered.
 *
 * @param opened the study's dictionaries, as far as they are open for claim `features`
 * @param warnings is told why features that are not named are left out
 * @throws PalimpsestError `feature-range`; `feature-arm-site` where features are named of a dictionary that does not
 *   write to the residual stream; and those of `openStudyDictionaries`
 */
export async function steeredDictionary(
  study: Study,
  models: readonly StudyModel[],
  opened: readonly StudyDictionary[],
  resolve: Resolve,
  warnings: string[],
  signal?: AbortSignal,
): Promise<SteeredDictionary | undefined> {
  const asked = study.steering.features
  const named = typeof asked === 'number' ? undefined : asked
  const most = typeof asked === 'number' ? asked : asked.length
  if (!study.claims.includes('steering') || models.length < 2 || most === 0) return undefined
  if (named === undefined && opened.length === 0) return undefined // nothing is followed that could be steered
  const first = { base: study.dictionaries.base.slice(0, 1), aligned: [] }
  const [dictionary] =
    opened.length > 0
      ? opened
      : await openStudyDictionaries({ ...study, dictionaries: first }, models, resolve, signal)
  const { site: at, path, facts } = dictionary!
  const wrong = named?.find((f) => f >= facts.latents)
  if (wrong !== undefined)
    throw refuse('feature-range', 'The dictionary has no such feature.', {
      where: `study file, steering.features, and ${path}`,
      expected: `0 to ${facts.latents - 1}`,
      found: `${wrong}`,
      fix: 'Give the index of a latent, counted from 0.',
    })
  const site = residualSite(at)
  if (site !== undefined) return { dictionary: dictionary!, site, named, most }
  if (named !== undefined)
    throw refuse('feature-arm-site', 'Features of this dictionary cannot be steered.', {
      where: `study file, steering.features, and ${path}`,
      expected: 'a dictionary of the residual stream, such as blocks.12.hook_resid_post',
      found: at,
      fix: 'Name a dictionary of the residual stream first in `dictionaries.base`, or leave steering.features out.',
    })
  warnings.push(
    `Features of ${dictionary!.ref} at ${at} are not steered: only those of the residual stream are.`,
  )
  return undefined
}

/** The stream that enters a block is the one that leaves the block before it. */
function residualSite(site: string): string | undefined {
  const match = /^blocks\.(\d+)\.hook_resid_(pre|post)$/.exec(site)
  if (match === null) return undefined
  const layer = Number(match[1]) - (match[2] === 'pre' ? 1 : 0)
  return layer < 0 ? undefined : `blocks.${layer}.hook_resid_post`
}
