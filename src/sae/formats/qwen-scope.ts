/**
 * Qwen Scope (config.json of model_type topk_sae + layerN.sae.pt files): TopK without subtraction.
 * Reference: the model cards' demo, which applies no relu after top-k; SAELens does (rule `saelens`). They
 * differ only where fewer than k pre-activations are positive.
 */

import { refuse } from '../../core/errors.ts'
import type { DictionaryForm } from '../dictionary.ts'
import { configError, type Opening, type Place, Tensors } from '../source.ts'

const FILE = /^layer(\d+)\.sae\.pt$/

export function recognises(place: Place): boolean {
  return (
    place.names.has('config.json') &&
    [...place.names].some((name) => FILE.test(name)) &&
    (place.file === undefined || FILE.test(place.file))
  )
}

export async function load(opening: Opening): Promise<DictionaryForm> {
  const { place, rule } = opening
  const config = opening.config('config.json')
  const files =
    place.file === undefined ? [...place.names].filter((name) => FILE.test(name)).sort() : [place.file]
  if (files.length !== 1)
    throw refuse('dictionary-ambiguous', 'The folder holds a dictionary for each of several layers.', {
      where: place.path,
      expected: 'one file such as layer11.sae.pt',
      found: `${files.length}: ${files.slice(0, 4).join(', ')}, ...`,
      fix: 'Give the file of one layer, such as layer11.sae.pt.',
    })
  const name = files[0]!
  if (config.string('model_type') !== 'topk_sae')
    throw configError(
      config.path,
      'The configuration is not that of a Qwen Scope dictionary.',
      '"model_type": "topk_sae"',
      JSON.stringify(config.get('model_type') ?? null),
    )
  const width = config.count('d_model')
  const latents = config.count('d_sae')
  const k = config.count('k')
  if (k > latents)
    throw configError(config.path, '"k" is larger than the number of latents.', `1 to ${latents}`, `${k}`)
  const t = new Tensors(opening.openTorch(name))
  const signed = rule === 'reference'
  const hook = config.string('hook_point') ?? 'resid_post'
  const site = hook === 'resid_post' ? `blocks.${FILE.exec(name)![1]}.hook_resid_post` : undefined
  return {
    format: 'Qwen Scope',
    kind: 'sae',
    width,
    outWidth: width,
    latents,
    site,
    outSite: site,
    model: config.string('base_model'),
    inputNorm: 'none',
    subtract: undefined,
    encoder: t.matrix('W_enc', latents, width, 'rows'),
    gain: undefined,
    bias: t.vector('b_enc', latents),
    activation: { kind: 'topk', k, signed, weight: undefined },
    decoderGain: undefined,
    decoder: t.matrix('W_dec', width, latents, 'columns'),
    decoderBias: t.vector('b_dec', width),
    skip: undefined,
    nominalL0: k,
    rules: [
      signed
        ? `The ${k} largest pre-activations are kept as they are, negative ones included, as the makers' own demo does (--rule saelens drops negative ones).`
        : `The rule of SAELens, as asked for: the ${k} largest pre-activations are kept where positive.`,
      'b_dec is not subtracted from the input.',
    ],
    warnings:
      site === undefined ? [`The hook point "${hook}" is not one that is known: it is for you to say.`] : [],
  }
}
