/**
 * OpenMOSS after Llama Scope 1 (config.json + sae_weights.safetensors): Llama-Scope-R1-Distill (tensors
 * `encoder.weight`, ...) and Llamascopium, Llama Scope 2 (tensors `W_E`, ...).
 * Reference: OpenMOSS lm_saes, sparse_dictionary.py and activation_functions.py; for the rule `saelens`,
 * sae_lens 6.54, llama_scope_r1_distill_sae_huggingface_loader.
 */

import type { Activation, DictionaryForm } from '../dictionary.ts'
import {
  type Config,
  configError,
  latentNorms,
  type Opening,
  type Place,
  Tensors,
  unsupported,
} from '../source.ts'

export function recognises(place: Place): boolean {
  return (
    place.names.has('config.json') &&
    place.names.has('sae_weights.safetensors') &&
    !place.names.has('cfg.json')
  )
}

export async function load(opening: Opening): Promise<DictionaryForm> {
  const config = opening.config('config.json')
  const act = checkKind(config)
  const t = new Tensors(await opening.open('sae_weights.safetensors'))
  const distill = t.has('encoder.weight')
  const width = config.count('d_model')
  const encoder = distill
    ? t.matrix('encoder.weight', undefined, width, 'rows')
    : t.matrix('W_E', width, undefined, 'columns')
  const latents = encoder.tensor.shape[distill ? 0 : 1]!
  const decoder = distill
    ? t.matrix('decoder.weight', undefined, latents, 'columns')
    : t.matrix('W_D', latents, undefined, 'rows')
  const outWidth = decoder.tensor.shape[distill ? 0 : 1]!
  const site = config.string('hook_point_in')
  const outSite = config.string('hook_point_out') ?? site
  const { scaleIn, scaleOut, scales } = readScales(config, t, site, outSite, width, outWidth)
  const usesNorms = config.boolean('sparsity_include_decoder_norm', true)
  const saelens = distill && opening.rule === 'saelens'
  const norms = usesNorms && !saelens ? await latentNorms(decoder, opening.pace) : undefined
  const { activation, rule } = readActivation(config, t, act, distill, latents, norms)
  return {
    format: distill ? 'Llama Scope R1-Distill' : 'Llamascopium',
    kind: site === outSite ? 'sae' : 'transcoder',
    width,
    outWidth,
    latents,
    site,
    outSite,
    model: undefined,
    inputNorm: 'none',
    subtract: undefined,
    encoder,
    gain: scaleIn === 1 ? undefined : new Float32Array(latents).fill(scaleIn),
    bias: t.vector(distill ? 'encoder.bias' : 'b_E', latents),
    activation,
    decoderGain: scaleOut === 1 ? undefined : new Float32Array(latents).fill(1 / scaleOut),
    decoder,
    decoderBias: t.vector(distill ? 'decoder.bias' : 'b_D', outWidth).map((b) => b / scaleOut),
    skip: undefined,
    nominalL0: config.number('top_k'),
    rules: [
      saelens
        ? 'The rule of SAELens, as asked for: decoder norms play no part in the threshold.'
        : usesNorms
          ? "The makers' rule: pre-activations times the decoder's norms are held against the threshold (or ranked); the features are the pre-activations themselves."
          : 'Decoder norms play no part (sparsity_include_decoder_norm is false).',
      scales,
      rule,
    ],
    warnings: distill
      ? ["How the released files' decoder norms behave has not been seen: compare L0 under both rules."]
      : [],
  }
}

function checkKind(config: Config): string {
  const kind = config.string('sae_type') ?? 'sae'
  if (kind !== 'sae')
    throw unsupported(
      config.path,
      `OpenMOSS dictionaries of sae_type "${kind}"`,
      'Use one of sae_type "sae" (transcoders included).',
    )
  for (const [key, value] of [
    ['use_decoder_bias', true],
    ['use_glu_encoder', false],
    ['apply_decoder_bias_to_pre_encoder', false],
  ] as const)
    if (config.boolean(key, value) !== value)
      throw unsupported(config.path, `OpenMOSS dictionaries with ${key} ${!value}`, 'Use one without.')
  const act = config.string('act_fn') ?? 'relu'
  if (!['relu', 'jumprelu', 'topk'].includes(act))
    throw unsupported(
      config.path,
      `OpenMOSS dictionaries with act_fn "${act}"`,
      'Convert it to jumprelu, as its makers do for release.',
    )
  return act
}

/** sqrt(d) over the dataset's average norm, for the input and the output. */
function readScales(
  config: Config,
  t: Tensors,
  site: string | undefined,
  outSite: string | undefined,
  width: number,
  outWidth: number,
): { scaleIn: number; scaleOut: number; scales: string } {
  const mode = config.string('norm_activation') ?? 'dataset-wise'
  if (mode === 'inference' || mode === 'none')
    return { scaleIn: 1, scaleOut: 1, scales: `No scale is applied: norm_activation is ${mode}.` }
  if (mode !== 'dataset-wise')
    throw unsupported(
      config.path,
      `OpenMOSS dictionaries with norm_activation "${mode}"`,
      'Use one with dataset-wise.',
    )
  const scale = (hook: string | undefined, d: number): number => {
    const average = t.scalar(`dataset_average_activation_norm.${hook}`)
    if (!(average > 0))
      throw configError(
        config.path,
        'An average activation norm is not positive.',
        'a positive number',
        `${average}`,
      )
    return Math.sqrt(d) / average
  }
  return {
    scaleIn: scale(site, width),
    scaleOut: scale(outSite, outWidth),
    scales:
      "Activations are scaled by sqrt(d) over the dataset's average norm, outputs scaled back (dataset-wise).",
  }
}

function readActivation(
  config: Config,
  t: Tensors,
  act: string,
  distill: boolean,
  latents: number,
  norms: Float64Array | undefined,
): { activation: Activation; rule: string } {
  if (act === 'relu') return { activation: { kind: 'relu' }, rule: 'Every positive pre-activation is kept.' }
  if (act === 'topk') {
    const k = config.count('top_k')
    if (k > latents)
      throw configError(
        config.path,
        '"top_k" is larger than the number of latents.',
        `1 to ${latents}`,
        `${k}`,
      )
    const weight = norms === undefined ? undefined : Float32Array.from(norms)
    return {
      activation: { kind: 'topk', k, signed: false, weight },
      rule: `The ${k} largest are kept where positive.`,
    }
  }
  const name = distill ? 'log_jumprelu_threshold' : 'activation_function.log_jumprelu_threshold'
  // h * n > exp(l) where h > exp(l) / n; a latent without a decoder never fires.
  const threshold = t.vector(name, latents).map((l, i) => Math.exp(l) / (norms?.[i] ?? 1))
  return {
    activation: { kind: 'threshold', threshold },
    rule: `Thresholds are exp(${name}), one per latent, compared strictly.`,
  }
}
