/**
 * EleutherAI sparsify (cfg.json + sae.safetensors), autoencoders and transcoders.
 * Reference: sparsify 1.3.3, sparse_coder.py and fused_encoder.py.
 */

import { basename } from 'node:path'
import type { DictionaryForm } from '../dictionary.ts'
import { siteOfModule } from '../sites.ts'
import { configError, type Opening, type Place, Tensors, unsupported } from '../source.ts'

export function recognises(place: Place): boolean {
  return place.names.has('cfg.json') && place.names.has('sae.safetensors')
}

export async function load(opening: Opening): Promise<DictionaryForm> {
  const config = opening.config('cfg.json')
  const activation = config.string('activation') ?? 'topk'
  if (activation !== 'topk')
    throw unsupported(
      config.path,
      `sparsify dictionaries with the activation "${activation}"`,
      'Use one with topk.',
    )
  if (config.boolean('signed', false))
    throw unsupported(
      config.path,
      'sparsify dictionaries with signed activations',
      'Use one without "signed".',
    )
  const t = new Tensors(await opening.open('sae.safetensors'))
  const encoder = t.matrix('encoder.weight', undefined, undefined, 'rows')
  const [latents, width] = encoder.tensor.shape as [number, number]
  if (config.count('d_in') !== width)
    throw configError(config.path, '"d_in" and the weights disagree.', `${width}`, `${config.count('d_in')}`)
  const k = config.count('k')
  if (k > latents)
    throw configError(config.path, '"k" is larger than the number of latents.', `1 to ${latents}`, `${k}`)
  const decoder = t.matrix('W_dec', latents, width, 'rows')
  const decoderBias = t.vector('b_dec', width)
  const said = config.get('transcode') !== undefined
  const transcode = config.boolean('transcode', false)
  const skip = t.has('W_skip') ? t.matrix('W_skip', width, width, 'rows') : undefined
  const module = basename(opening.place.folder)
  const site = siteOfModule(module)
  const transcoder = transcode || skip !== undefined
  return {
    format: 'EleutherAI sparsify',
    kind: transcoder ? 'transcoder' : 'sae',
    width,
    outWidth: width,
    latents,
    // The folder names a module: its output for an autoencoder, its input and output for a transcoder.
    site: transcoder ? site?.replace('hook_mlp_out', 'mlp.hook_in') : site,
    outSite: site,
    model: undefined,
    inputNorm: 'none',
    subtract: transcode ? undefined : decoderBias,
    encoder,
    gain: undefined,
    bias: t.vector('encoder.bias', latents),
    activation: { kind: 'topk', k, signed: false, weight: undefined },
    decoderGain: undefined,
    decoder,
    decoderBias,
    skip,
    nominalL0: k,
    rules: [
      `sparsify: relu, then the ${k} largest.`,
      transcode
        ? 'b_dec is not subtracted from the input: transcode is true.'
        : `b_dec is subtracted from the input: transcode is ${said ? 'false' : 'not in cfg.json, and files without it were trained so, transcoders included'}.`,
      ...(skip === undefined ? [] : ['W_skip x is added to the output.']),
      ...(module.endsWith('.mlp')
        ? [
            `${module} is what the MLP itself gives: hook_mlp_out, but in families that norm it behind (Gemma 2 and 3, OLMo 2 and 3), where no hook point is that.`,
          ]
        : []),
    ],
    warnings:
      site === undefined
        ? [`The folder's name, ${module}, is no module that is known: the hook point is for you to say.`]
        : [],
  }
}
