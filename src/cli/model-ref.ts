/** Model references: what a user types for a model, as a path that can be opened. */

import { usage } from './usage.ts'

/**
 * The folder or file that a reference stands for.
 *
 * @param ref a folder with config.json, a .gguf file, or `hf:org/name[@revision][:file.gguf]`
 * @throws PalimpsestError `model-ref` for kinds of reference that are not known
 */
export async function resolveModel(ref: string): Promise<string> {
  const scheme = /^([a-z]{2,}):/.exec(ref)?.[1]
  if (scheme === undefined) return ref
  throw usage('model-ref', 'This kind of model reference is not known.', {
    found: ref,
    expected: 'a folder with config.json, or a .gguf file',
    fix: 'Prefix a path that begins like this with ./',
  })
}
