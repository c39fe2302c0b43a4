/**
 * Formats that are recognised and refused by name: nothing was found to hold a reading of them against, so
 * the numbers could be wrong without a sign of it.
 */

import { join } from 'node:path'
import { openSafetensors } from '../../formats/safetensors.ts'
import { type Opening, type Place, unsupported } from '../source.ts'

const KINDS: readonly { readonly what: string; readonly matches: (place: Place) => boolean }[] = [
  {
    what: "Kissane's crosscoders",
    matches: (p) => p.names.has('cfg.json') && p.names.has('cc_weights.pt'),
  },
  {
    what: 'Crosscoders of science-of-finetuning',
    matches: (p) =>
      p.names.has('config.json') &&
      p.names.has('model.safetensors') &&
      (/crosscoder/i.test(p.folder) || encoderAxes(p) === 3),
  },
  {
    what: 'Cross-layer transcoders (W_enc_N and W_dec_N)',
    matches: (p) => [...p.names].some((n) => /^W_enc_\d+\.safetensors$/.test(n)),
  },
  {
    what: 'Per-layer transcoders (layer_N.safetensors)',
    matches: (p) => [...p.names].some((n) => /^layer_\d+\.safetensors$/.test(n)),
  },
]

/** Axes of `encoder.weight`: the files of a crosscoder have the names of a model's, and this one tensor more. */
function encoderAxes(place: Place): number | undefined {
  try {
    using file = openSafetensors(join(place.folder, 'model.safetensors'))
    return file.tensors.get('encoder.weight')?.shape.length
  } catch {
    // Whatever reads it next says what is wrong with it.
    return undefined
  }
}

export function recognises(place: Place): boolean {
  return KINDS.some((kind) => kind.matches(place))
}

export async function load({ place }: Opening): Promise<never> {
  const kind = KINDS.find((k) => k.matches(place))!
  throw unsupported(
    place.path,
    kind.what,
    'Use an autoencoder in one of the formats of docs/dictionaries.md.',
  )
}
