/** The dictionaries of a study: where they are, what they are for, and what names their numbers. */

import { refuse } from '../core/errors.ts'
import { hashFile, hashJson } from '../core/files.ts'
import { hookLayer, hookWidth, matchHooks } from '../model/hooks.ts'
import { type DictionaryFacts, describeDictionary, openDictionary, type Rule, siteOf } from '../sae/index.ts'
import type { Resolve, StudyModel } from './models.ts'
import type { Study } from './schema.ts'

export interface StudyDictionary {
  /** As the study file names it. */
  readonly ref: string
  readonly path: string
  /** The model that it was trained on: its features are selected there. */
  readonly of: 'base' | 'aligned'
  readonly rule: Rule
  readonly site: string
  /** Block of the site; -1 is the embedding. */
  readonly layer: number
  readonly facts: DictionaryFacts
  /** Page of a public dashboard, without the number of the feature; undefined where its files name none. */
  readonly dashboard: string | undefined
  /** Hash of its files and of the rule by which they are read. */
  readonly hash: string
}

/**
 * Opens every dictionary of a study once, checks that it fits the models, and closes it again.
 *
 * @throws PalimpsestError `dictionaries-missing`, `dictionary-transcoder`, `dictionary-model`, and those of
 *   `openDictionary` and `siteOf`
 */
export async function openStudyDictionaries(
  study: Study,
  models: readonly StudyModel[],
  resolve: Resolve,
  signal?: AbortSignal,
): Promise<StudyDictionary[]> {
  const wanted = (['base', 'aligned'] as const).flatMap((of) =>
    study.dictionaries[of].map((d) => ({ of, ...(d as { ref: string; site?: string; rule?: Rule }) })),
  )
  if (!wanted.some((d) => d.of === 'base'))
    throw refuse('dictionaries-missing', 'A dictionary of the base model is needed.', {
      where: 'study file, dictionaries.base',
      expected: 'at least one dictionary',
      found: 'none',
      fix: 'Name one, such as `dictionaries: { base: [hf:org/repo:path] }`, or leave claim `features` and steering.features out.',
    })
  const found: StudyDictionary[] = []
  for (const { of, ref, site, rule = 'reference' } of wanted) {
    const path = await resolve(ref)
    using dictionary = await openDictionary(path, { rule, ...(signal === undefined ? {} : { signal }) })
    const at = siteOf(dictionary, site)
    checkFit(dictionary, at, models[0]!, path)
    const files: string[] = []
    for (const file of dictionary.files) files.push(await hashFile(file))
    found.push({
      ref,
      path,
      of,
      rule,
      site: at,
      layer: hookLayer(at, models[0]!.description.architecture),
      facts: describeDictionary(dictionary),
      dashboard: dictionary.dashboard,
      hash: hashJson([files, rule]),
    })
  }
  return found
}

function checkFit(
  dictionary: { readonly kind: string; readonly width: number },
  site: string,
  model: StudyModel,
  path: string,
): void {
  if (dictionary.kind !== 'sae')
    throw refuse('dictionary-transcoder', 'A transcoder reads one hook point and writes another.', {
      where: path,
      expected: 'an autoencoder',
      found: `a ${dictionary.kind}`,
      fix: 'Name an autoencoder in the study file.',
    })
  const { architecture } = model.description
  const [hook, ...more] = matchHooks([site], architecture)
  const width = hookWidth(hook!, architecture)
  if (more.length > 0 || width !== dictionary.width)
    throw refuse('dictionary-model', 'The dictionary does not fit the model at this hook point.', {
      where: `${path} at ${site} of ${model.path}`,
      expected: `one hook point of width ${dictionary.width}`,
      found: more.length > 0 ? `${more.length + 1} hook points` : `width ${width}`,
      fix: 'Use the model (and layer) that the dictionary was made for: `palimpsest inspect` names them.',
    })
}
