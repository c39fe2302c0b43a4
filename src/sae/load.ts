/** Opening a dictionary of any known format: which one it is, is seen from the files. */

import { refuse } from '../core/errors.ts'
import { pacer } from '../core/pace.ts'
import type { Dictionary, DictionaryForm, Rule } from './dictionary.ts'
import * as dictionaryLearning from './formats/dictionary-learning.ts'
import * as gemmaScope from './formats/gemma-scope.ts'
import * as gemmaScope2 from './formats/gemma-scope-2.ts'
import * as linear from './formats/linear.ts'
import * as llamaScope from './formats/llama-scope.ts'
import * as openmoss from './formats/openmoss.ts'
import * as qwenScope from './formats/qwen-scope.ts'
import * as saelens from './formats/saelens.ts'
import * as sparsify from './formats/sparsify.ts'
import * as unsupported from './formats/unsupported.ts'
import { lookAt, Opener, type Opening, type Place } from './source.ts'

/** A format: whether files look like it, and how they are read. Each lives in a file of its own. */
interface Format {
  recognises(place: Place): boolean
  load(opening: Opening): Promise<DictionaryForm>
}

/** Asked in this order; no folder fits two, but for `linear`, which takes any lone torch file. */
const FORMATS: readonly Format[] = [
  saelens,
  sparsify,
  llamaScope,
  openmoss,
  dictionaryLearning,
  gemmaScope,
  gemmaScope2,
  qwenScope,
  unsupported,
  linear,
]

export interface OpenDictionaryOptions {
  /** For formats that are read in two ways: their makers' (`reference`, default) or SAELens's. */
  readonly rule?: Rule
  readonly signal?: AbortSignal | undefined
}

/**
 * Opens a dictionary. Matrices stay mapped; decoder norms are computed where the format's rule needs them.
 *
 * @param path a folder, or a file in it where a folder holds several (`layer11.sae.pt`)
 * @throws PalimpsestError `dictionary-format` when nothing is recognised; `dictionary-unsupported` for what is
 *   recognised but not read; `dictionary-config`, `dictionary-tensor`, `dictionary-shape`, `dictionary-type`,
 *   `dictionary-nan`, `dictionary-ambiguous`; those of the files' own formats; `interrupted`
 * @example using dictionary = await openDictionary('./layers.23'); dictionary.latents // 131072
 */
export async function openDictionary(path: string, options: OpenDictionaryOptions = {}): Promise<Dictionary> {
  const place = lookAt(path)
  const format = recognise(place)
  if (format === undefined)
    throw refuse('dictionary-format', 'This is no dictionary of a known format.', {
      where: path,
      found: [...place.names].slice(0, 12).join(', ') || 'an empty folder',
      expected:
        'such as cfg.json + sae_weights.safetensors, cfg.json + sae.safetensors, params.npz, config.json + ae.pt',
      fix: 'Give the folder (or file) of one dictionary; docs/dictionaries.md lists the formats.',
    })
  const opener = new Opener(place, options.rule ?? 'reference', pacer(options.signal))
  try {
    const form = await format.load(opener)
    checkDerived(form, path)
    return { ...form, path, files: opener.files, [Symbol.dispose]: () => opener[Symbol.dispose]() }
  } catch (error) {
    opener[Symbol.dispose]()
    throw error
  }
}

/** Refuses vectors that are not finite once scales are folded: an exponential or a division may be too large. */
function checkDerived(form: DictionaryForm, path: string): void {
  const { activation } = form
  const vectors = {
    'encoder gain': form.gain,
    'encoder bias': form.bias,
    'decoder gain': form.decoderGain,
    'decoder bias': form.decoderBias,
    'weight of top-k': activation.kind === 'topk' ? activation.weight : undefined,
  }
  for (const [name, vector] of Object.entries(vectors)) {
    const at = vector?.findIndex((v) => !Number.isFinite(v)) ?? -1
    if (at >= 0)
      throw refuse('dictionary-nan', 'A number that follows from the weights is not finite.', {
        where: `${path}, ${name} of latent or channel ${at}`,
        expected: 'finite numbers once scales are folded',
        found: `${vector![at]}`,
        fix: 'The file is damaged, or its norms are not what its format says: fetch it again.',
      })
  }
}

/** Whether a path holds a dictionary rather than a model, as far as its files' names say. */
export function looksLikeDictionary(path: string): boolean {
  return recognise(lookAt(path)) !== undefined
}

function recognise(place: Place): Format | undefined {
  if (place.file?.endsWith('.gguf') === true) return undefined
  return FORMATS.find((format) => format.recognises(place))
}
