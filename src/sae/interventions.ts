/** Dictionaries as interventions of a model: a feature set to a value, activations put through a dictionary. */

import { createHash } from 'node:crypto'
import { PalimpsestError, refuse } from '../core/errors.ts'
import type { Graph } from '../ggml/graph.ts'
import type { Positions, Rewrite } from '../model/interventions.ts'
import type { Dictionary } from './dictionary.ts'
import type { PlacedDictionary } from './placed.ts'

interface Common {
  /** A dictionary on the model's own backend. */
  readonly placed: PlacedDictionary
  /** A hook point, or a glob of them; default: the one that the dictionary was made for. */
  readonly site?: string | undefined
  readonly positions?: Positions
  readonly rows?: readonly number[]
  /** Tokens that it applies to, by index of the text and position in it; default: all. */
  readonly applies?: (text: number, position: number) => boolean
}

export interface ClampOptions extends Common {
  /** Latents, by index. */
  readonly feature: number | readonly number[]
  /** What they are set to, in the features' own units. */
  readonly value: number
  /**
   * Whether the part of the activation that the dictionary does not explain is kept (default): only the
   * features' own share changes then. Otherwise the whole activation is replaced by its reconstruction.
   */
  readonly keepError?: boolean
}

/**
 * Sets features to a value wherever it applies: x + (value - f) w, for each feature f with decoder vector w.
 * But for top-k dictionaries only those features are computed, however large the dictionary is.
 *
 * @throws PalimpsestError `feature-range`, `dictionary-transcoder`, `dictionary-site`
 * @example
 * using placed = await PlacedDictionary.open(path, model.backend)
 * await model.run(texts, { interventions: [clamp({ placed, feature: 1201, value: 8 })], logits: 'last' })
 */
export function clamp(options: ClampOptions): Rewrite {
  const { placed, value, keepError = true } = options
  const { dictionary } = placed
  const features = typeof options.feature === 'number' ? [options.feature] : options.feature
  const wrong = features.find((f) => !Number.isInteger(f) || f < 0 || f >= dictionary.latents)
  if (wrong !== undefined || features.length === 0 || new Set(features).size !== features.length)
    throw refuse('feature-range', 'The dictionary has no such feature, or it is named twice.', {
      where: dictionary.path,
      expected: `different integers from 0 to ${dictionary.latents - 1}`,
      found: features.join(', '),
      fix: 'Give the index of a latent, counted from 0.',
    })
  if (!Number.isFinite(value))
    throw refuse('feature-value', 'A feature can only be set to a finite number.', {
      where: `feature ${features.join(', ')}`,
      expected: 'a finite number',
      found: `${value}`,
      fix: 'Give a number in the units of the features: `palimpsest encode` shows what is usual.',
    })
  return {
    ...shared(options),
    op: 'clamp',
    tensors: (keepError ? 1 : 2) * placed.tensors + 32 * features.length,
    settings: { dictionary: fingerprint(dictionary), features, value, keepError },
    change: (g, x) => {
      checkBackend(placed, g)
      const change = placed.clampChange(g, x, features, value)
      return keepError ? change : g.add(g.sub(placed.reconstruct(g, x), x), change)
    },
  }
}

/**
 * Puts the dictionary's reconstruction in place of the activation.
 *
 * @throws PalimpsestError `dictionary-transcoder`, `dictionary-site`
 * @example await model.run(texts, { interventions: [splice({ placed })], logits: 'all' })
 */
export function splice(options: Common): Rewrite {
  const { placed } = options
  return {
    ...shared(options),
    op: 'splice',
    tensors: placed.tensors + 8,
    settings: { dictionary: fingerprint(placed.dictionary) },
    change: (g, x) => {
      checkBackend(placed, g)
      return g.sub(placed.reconstruct(g, x), x)
    },
  }
}

function shared({
  placed,
  site,
  positions,
  rows,
  applies,
}: Common): Omit<Rewrite, 'op' | 'tensors' | 'settings' | 'change'> {
  const { dictionary } = placed
  if (dictionary.kind === 'transcoder')
    throw refuse('dictionary-transcoder', 'A transcoder reads one hook point and writes another.', {
      where: dictionary.path,
      expected: 'an autoencoder',
      found: `${dictionary.site ?? 'an input'} to ${dictionary.outSite ?? 'an output'}`,
      fix: 'Encode activations with it (`palimpsest encode`); it cannot be spliced in or clamped.',
    })
  return {
    site: siteOf(dictionary, site),
    width: dictionary.width,
    ...(positions === undefined ? {} : { positions }),
    ...(rows === undefined ? {} : { rows }),
    ...(applies === undefined ? {} : { applies }),
  }
}

/**
 * The hook point that a dictionary is used at: the one that it was made for. Another one is refused, because
 * the numbers would mean nothing; `site` is needed where the dictionary's files do not say.
 *
 * @throws PalimpsestError `dictionary-site`
 */
export function siteOf(dictionary: Dictionary, site?: string): string {
  const made = dictionary.site
  if (made !== undefined && (site === undefined || canonical(site) === canonical(made))) return site ?? made
  if (made === undefined && site !== undefined) return site
  throw refuse(
    'dictionary-site',
    made === undefined
      ? 'The files of the dictionary do not say which hook point it is for.'
      : 'The dictionary was made for another hook point.',
    {
      where: dictionary.path,
      expected: made ?? 'a site',
      found: site ?? 'none',
      fix:
        made === undefined
          ? 'Name it yourself, such as site blocks.12.hook_resid_post, as its documentation says.'
          : 'Use it there, or use a dictionary of the layer that you mean.',
    },
  )
}

/** The residual stream that leaves block N is the one that enters block N + 1. */
function canonical(site: string): string {
  const match = /^blocks\.(\d+)\.hook_resid_pre$/.exec(site)
  return match === null || match[1] === '0' ? site : `blocks.${Number(match[1]) - 1}.hook_resid_post`
}

/** A short hash of what tells dictionaries apart, without reading gigabytes: shapes, biases, thresholds. */
export function fingerprint(dictionary: Dictionary): string {
  const hash = createHash('sha256')
  const { format, width, latents, activation } = dictionary
  hash.update(
    JSON.stringify([format, width, latents, activation.kind, activation.kind === 'topk' ? activation.k : 0]),
  )
  const vectors = [dictionary.bias, dictionary.decoderBias, dictionary.gain, dictionary.decoderGain]
  if (activation.kind === 'threshold') vectors.push(activation.threshold)
  if (activation.kind === 'gated') vectors.push(activation.gateBias)
  for (const v of vectors)
    if (v !== undefined) hash.update(new Uint8Array(v.buffer, v.byteOffset, v.byteLength))
  return hash.digest('hex').slice(0, 32)
}

function checkBackend(placed: PlacedDictionary, g: Graph): void {
  if (placed.backend !== g.backend)
    throw new PalimpsestError(
      'engine',
      'dictionary-device',
      'The dictionary is not where the model computes.',
      {
        where: placed.dictionary.path,
        expected: g.backend.device.name,
        found: placed.backend.device.name,
        fix: "Place it on the model's own backend: PlacedDictionary.open(path, model.backend).",
      },
    )
}
