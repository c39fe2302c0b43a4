/** References to models: what a user types, as a path that can be opened. */

import { resolveReference } from '../formats/hub.ts'
import { organismPath } from '../organism/paths.ts'
import type { Context } from './command.ts'
import { usage } from './usage.ts'

/**
 * A function that turns references into paths: a folder or file as it is, `hf:org/name[@revision][:path]` from
 * the cache of the Hub, fetched first where that is allowed, `organism:name` a model that ships with the package.
 *
 * @param fetch false for commands that must not download
 */
export function modelResolver(
  context: Context,
  { fetch = true }: { fetch?: boolean } = {},
): (ref: string) => Promise<string> {
  return async (ref) => {
    if (ref.startsWith('organism:')) return organismPath(ref.slice('organism:'.length))
    using progress = context.progress(`Fetching ${ref}`, 'bytes')
    const path = await resolveReference(ref, {
      allowFetch: fetch,
      signal: context.signal,
      onNote: context.note,
      onProgress: ({ bytes, totalBytes }) => progress.update(bytes, totalBytes),
    })
    if (path !== undefined) return path
    throw usage('model-ref', 'This kind of model reference is not known.', {
      found: ref,
      expected:
        'a folder with config.json, a .gguf file, hf:org/name[@revision][:file.gguf] or organism:name',
      fix: 'Prefix a path that begins like this with ./',
    })
  }
}
