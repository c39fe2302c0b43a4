/**
 * Gemma Scope 1 (params.npz, for Gemma 2): JumpReLU; training scales are folded, nothing is subtracted.
 * Reference: google/gemma-scope's model card; sae_lens 6.54, gemma_2_sae_huggingface_loader and
 * gemma_2_transcoder_huggingface_loader.
 */

import type { DictionaryForm } from '../dictionary.ts'
import { type Opening, type Place, Tensors } from '../source.ts'

export function recognises(place: Place): boolean {
  return place.names.has('params.npz')
}

export async function load(opening: Opening): Promise<DictionaryForm> {
  const { folder } = opening.place
  const t = new Tensors(await opening.open('params.npz'))
  const encoder = t.matrix('W_enc', undefined, undefined, 'columns')
  const [width, latents] = encoder.tensor.shape as [number, number]
  const { kind, site, outSite } = placeOfPath(folder)
  return {
    format: 'Gemma Scope 1',
    kind,
    width,
    outWidth: width,
    latents,
    site,
    outSite,
    model: modelOfPath(folder),
    inputNorm: 'none',
    subtract: undefined,
    encoder,
    gain: undefined,
    bias: t.vector('b_enc', latents),
    activation: { kind: 'threshold', threshold: t.vector('threshold', latents) },
    decoderGain: undefined,
    decoder: t.matrix('W_dec', latents, width, 'rows'),
    decoderBias: t.vector('b_dec', width),
    skip: undefined,
    nominalL0: numberAfter(folder, /average_l0_(\d+)/),
    rules: [
      'A latent fires where its pre-activation exceeds its own threshold (strictly).',
      'b_dec is not subtracted from the input and nothing is normalised: the scale of training is folded.',
      ...(kind === 'transcoder'
        ? [
            "It reads the norm before the MLP without that norm's weight, and gives what the MLP adds to the residual stream.",
          ]
        : []),
    ],
    warnings:
      site === undefined
        ? ["The folder's path does not say which site it is for: that is for you to say."]
        : [],
  }
}

/** Repositories are called ...-res, -mlp, -att or -transcoders, with folders layer_N or embedding. */
function placeOfPath(folder: string): Pick<DictionaryForm, 'kind' | 'site' | 'outSite'> {
  const what = /gemma-scope-\d+b-(?:pt|it)-(res|mlp|att|transcoders)/.exec(folder)?.[1]
  const kind = /transcoders?([\\/]|--|$)/.test(folder) ? 'transcoder' : 'sae'
  const at = (site: string, outSite = site) => ({ kind, site, outSite }) as const
  if (what === 'res' && /[\\/]embedding[\\/]/.test(folder)) return at('hook_embed')
  const layer = numberAfter(folder, /layer_(\d+)/)
  if (layer === undefined || what === undefined) return { kind, site: undefined, outSite: undefined }
  const block = `blocks.${layer}`
  if (kind === 'transcoder') return at(`${block}.ln2.hook_normalized`, `${block}.hook_mlp_out`)
  return at(`${block}.${{ res: 'hook_resid_post', mlp: 'hook_mlp_out', att: 'attn.hook_z' }[what as 'res']}`)
}

/** Base models have no suffix on the Hub. */
function modelOfPath(folder: string): string | undefined {
  const [, size, kind] = /gemma-scope-(\d+b)-(pt|it)/.exec(folder) ?? []
  return size === undefined ? undefined : `google/gemma-2-${size}${kind === 'it' ? '-it' : ''}`
}

function numberAfter(text: string, pattern: RegExp): number | undefined {
  const found = pattern.exec(text)?.[1]
  return found === undefined ? undefined : Number(found)
}
