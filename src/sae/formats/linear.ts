/**
 * Two linear layers and a relu in one torch file: Goodfire (`encoder_linear.*`) and qresearch (`encoder.*`,
 * `decoder.*`). Nothing is subtracted, nothing normalised.
 * Reference: the model cards of Goodfire/Llama-3.1-8B-Instruct-SAE-l19 and
 * qresearch/DeepSeek-R1-Distill-Llama-8B-SAE-l19.
 */

import type { DictionaryForm } from '../dictionary.ts'
import { type Opening, type Place, Tensors } from '../source.ts'

/** The one torch file of the place, or the file that was given. */
export function torchFile(place: Place): string | undefined {
  if (place.file !== undefined) return /\.(pt|pth)$/.test(place.file) ? place.file : undefined
  const files = [...place.names].filter((name) => /\.(pt|pth)$/.test(name))
  return files.length === 1 ? files[0] : undefined
}

export function recognises(place: Place): boolean {
  return torchFile(place) !== undefined && !place.names.has('config.json') && !place.names.has('cfg.json')
}

export async function load(opening: Opening): Promise<DictionaryForm> {
  const name = torchFile(opening.place)!
  const t = new Tensors(opening.openTorch(name))
  const goodfire = t.has('encoder_linear.weight')
  const [enc, dec] = goodfire ? ['encoder_linear', 'decoder_linear'] : ['encoder', 'decoder']
  const encoder = t.matrix(`${enc}.weight`, undefined, undefined, 'rows')
  const [latents, width] = encoder.tensor.shape as [number, number]
  const layer = /-l(\d+)\.(pt|pth)$/i.exec(name)?.[1]
  const site = layer === undefined ? undefined : `blocks.${layer}.hook_resid_post`
  return {
    format: goodfire ? 'Goodfire' : 'qresearch',
    kind: 'sae',
    width,
    outWidth: width,
    latents,
    site,
    outSite: site,
    model: undefined,
    inputNorm: 'none',
    subtract: undefined,
    encoder,
    gain: undefined,
    bias: t.vector(`${enc}.bias`, latents),
    activation: { kind: 'relu' },
    decoderGain: undefined,
    decoder: t.matrix(`${dec}.weight`, width, latents, 'columns'),
    decoderBias: t.vector(`${dec}.bias`, width),
    skip: undefined,
    nominalL0: undefined,
    rules: ['Two linear layers with a relu between them; the decoder bias is not subtracted from the input.'],
    warnings:
      site === undefined ? ["The file's name does not end in -lN: the hook point is for you to say."] : [],
  }
}
