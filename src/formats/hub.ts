/**
 * References to models and dictionaries, turned into paths: what is in the Hub's cache is used as it is, what
 * is not is fetched where that is allowed. See docs/hub.md.
 */

import { readFile, stat } from 'node:fs/promises'
import { PalimpsestError, refuse } from '../core/errors.ts'
import { explainFileError } from '../core/files.ts'
import { RepoCache } from './hub-cache.ts'
import { chooseFiles, shardsOf } from './hub-choose.ts'
import { type FetchOptions, fetchReference, offline } from './hub-fetch.ts'
import { formatHubRef, type HubRef, isHubRef, parseHubRef } from './hub-ref.ts'
import { type HubSettings, hubSettings } from './hub-settings.ts'

export { type Fetched, type FetchOptions, type FetchProgress, fetchReference } from './hub-fetch.ts'
export { isHubRef, parseHubRef } from './hub-ref.ts'

/**
 * The path that a reference stands for. `hf:org/name[@revision][:path]` is looked for in the cache of the
 * environment and, if `allowFetch`, fetched when it is not there (whole); anything else is an ordinary path,
 * which must exist. `organism:` references are not files: the answer is undefined.
 *
 * A branch is what it was when last fetched: {@link fetchReference} asks the Hub what it is now.
 *
 * @throws PalimpsestError `file-missing`; `hub-reference`, `hub-choose`; `hub-not-cached` without
 *   `allowFetch`, `hub-offline` with an offline switch on; everything of {@link fetchReference}
 * @example await resolveReference('hf:HuggingFaceTB/SmolLM2-135M', { allowFetch: true })
 * // '/home/me/.cache/huggingface/hub/models--HuggingFaceTB--SmolLM2-135M/snapshots/93efa2f0...'
 */
export async function resolveReference(
  reference: string,
  options: FetchOptions & { readonly allowFetch?: boolean } = {},
): Promise<string | undefined> {
  if (reference.startsWith('organism:')) return undefined
  if (!isHubRef(reference)) return existingPath(reference)
  const ref = parseHubRef(reference)
  const settings = hubSettings(options.env)
  const cached = await findCached(ref, settings)
  const mayFetch = options.allowFetch === true && !settings.offline
  if (cached !== undefined && (cached.complete || !mayFetch)) return cached.path
  if (mayFetch) return (await fetchReference(reference, options)).path
  throw settings.offline ? offline(ref, settings) : notCached(ref, settings)
}

/**
 * What the cache has for a reference.
 *
 * @returns undefined when it has nothing that could be opened; `complete` false for a model without its
 *   tokenizer, where nobody has asked yet whether there is one
 */
async function findCached(
  ref: HubRef,
  settings: HubSettings,
): Promise<{ path: string; complete: boolean } | undefined> {
  const cache = new RepoCache(settings.cacheFolder, ref.repo)
  const commit = await cache.commitOf(ref.revision)
  if (commit === undefined) return undefined
  const paths = await cache.files(commit)
  try {
    const choice = chooseFiles(paths, ref)
    if (choice.index !== undefined) {
      const shards = shardsOf(await readFile(cache.snapshot(commit, choice.index), 'utf8'), choice.index)
      if (!shards.every((shard) => paths.includes(shard))) return undefined
    }
    const { tokenizer } = choice
    const complete =
      tokenizer === undefined || paths.includes(tokenizer) || (await cache.isAbsent(commit, tokenizer))
    return { path: cache.snapshot(commit, choice.path), complete }
  } catch (error) {
    // Of several things in the cache none may be picked silently; all else means: not there.
    if (error instanceof PalimpsestError && error.code === 'hub-choose') throw error
    return undefined
  }
}

async function existingPath(path: string): Promise<string> {
  try {
    await stat(path)
    return path
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' && /^\w[\w.-]*\/\w[\w.-]*$/.test(path))
      throw refuse('file-missing', 'There is no such file.', {
        where: path,
        expected: 'a file or folder',
        found: 'nothing of this name',
        fix: `Check the path; a model on the Hugging Face Hub is written hf:${path}.`,
        cause: error,
      })
    throw explainFileError(error, path)
  }
}

function notCached(ref: HubRef, settings: HubSettings): PalimpsestError {
  const text = formatHubRef(ref)
  return refuse(
    'hub-not-cached',
    'This is not (wholly) in the cache of the Hub, and fetching was not asked for.',
    {
      where: text,
      expected: `a snapshot in ${settings.cacheFolder}`,
      found: 'no whole snapshot there',
      fix: `Fetch it first: palimpsest fetch ${text}`,
    },
  )
}
