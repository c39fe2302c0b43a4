/**
 * Gemma Scope 2 (config.json + params.safetensors, for Gemma 3): JumpReLU autoencoders and transcoders.
 * Reference: sae_lens 6.54, gemma_3_sae_huggingface_loader (the skip is stored [d_in, d_out]).
 */

import type { DictionaryForm } from '../dictionary.ts'
import { siteOfModule } from '../sites.ts'
import { type Opening, type Place, Tensors, unsupported } from '../source.ts'

export function recognises(place: Place): boolean {
  return place.names.has('config.json') && place.names.has('params.safetensors')
}

export async function load(opening: Opening): Promise<DictionaryForm> {
  const config = opening.config('config.json')
  const type = config.string('type') ?? 'sae'
  if (type !== 'sae' && type !== 'transcoder')
    throw unsupported(
      config.path,
      `Gemma Scope 2 dictionaries of type "${type}"`,
      'Use one of type sae or transcoder.',
    )
  const architecture = config.string('architecture')
  if (architecture !== 'jump_relu')
    throw unsupported(
      config.path,
      `Gemma Scope 2 dictionaries of the architecture ${JSON.stringify(architecture)}`,
      'Use one of jump_relu.',
    )
  const t = new Tensors(await opening.open('params.safetensors'))
  const encoder = t.matrix('w_enc', undefined, undefined, 'columns')
  const [width, latents] = encoder.tensor.shape as [number, number]
  const decoder = t.matrix('w_dec', latents, type === 'sae' ? width : undefined, 'rows')
  const outWidth = decoder.tensor.shape[1]!
  const hookIn = config.string('hf_hook_point_in')
  const hookOut = config.string('hf_hook_point_out') ?? hookIn
  const site = hookIn === undefined ? undefined : siteOfModule(hookIn)
  const skip = t.has('affine_skip_connection')
    ? t.matrix('affine_skip_connection', width, outWidth, 'columns')
    : undefined
  return {
    format: 'Gemma Scope 2',
    kind: type,
    width,
    outWidth,
    latents,
    site,
    outSite: hookOut === undefined ? undefined : siteOfModule(hookOut),
    model: config.string('model_name'),
    inputNorm: 'none',
    subtract: undefined,
    encoder,
    gain: undefined,
    bias: t.vector('b_enc', latents),
    activation: { kind: 'threshold', threshold: t.vector('threshold', latents) },
    decoderGain: undefined,
    decoder,
    decoderBias: t.vector('b_dec', outWidth),
    skip,
    nominalL0: config.number('l0'),
    rules: [
      'A latent fires where its pre-activation exceeds its own threshold (strictly); b_dec is not subtracted from the input.',
      `The hook point is ${JSON.stringify(hookIn ?? null)} of the configuration.`,
      ...(skip === undefined ? [] : ['x times affine_skip_connection is added to the output.']),
    ],
    warnings:
      site === undefined
        ? [`The hook point ${JSON.stringify(hookIn ?? null)} is not one that is known: it is for you to say.`]
        : [],
  }
}
