/**
 * Llama Scope 1 (hyperparams.json + checkpoints/final.safetensors): two readings are in use, and differ.
 * Reference: OpenMOSS lm_saes of October and November 2024 (from_config with standardisation), where the
 * dataset's norms and the decoder's norms are folded before the threshold is compared; and SAELens since May
 * 2025, which folds no decoder norms.
 */

import type { DictionaryForm } from '../dictionary.ts'
import {
  type Config,
  configError,
  has,
  latentNorms,
  type Opening,
  type Place,
  reciprocals,
  Tensors,
  unsupported,
} from '../source.ts'

export function recognises(place: Place): boolean {
  return place.names.has('hyperparams.json') && has(place, 'checkpoints/final.safetensors')
}

export async function load(opening: Opening): Promise<DictionaryForm> {
  const config = opening.config('hyperparams.json')
  const threshold = readThreshold(config)
  const t = new Tensors(await opening.open('checkpoints/final.safetensors'))
  const width = config.count('d_model')
  const latents = config.count('d_sae')
  const encoder = t.matrix('encoder.weight', latents, width, 'rows')
  const decoder = t.matrix('decoder.weight', width, latents, 'columns')
  const bias = t.vector('encoder.bias', latents)
  const averages = config.child('dataset_average_activation_norm')
  const scaleIn = Math.sqrt(width) / positive(averages, 'in')
  const scaleOut = Math.sqrt(width) / positive(averages, 'out')
  const site = config.string('hook_point_in')
  const outSite = config.string('hook_point_out')
  const form = {
    format: 'Llama Scope 1',
    kind: site === outSite ? 'sae' : 'transcoder',
    width,
    outWidth: width,
    latents,
    site,
    outSite,
    model: 'meta-llama/Llama-3.1-8B',
    inputNorm: 'none',
    subtract: undefined,
    encoder,
    decoder,
    decoderBias: t.vector('decoder.bias', width).map((b) => b / scaleOut),
    skip: undefined,
    nominalL0: config.number('top_k'),
    warnings: [],
  } as const
  const norms = config.boolean('sparsity_include_decoder_norm', true)
  if (opening.rule === 'saelens')
    return {
      ...form,
      // relu(s W x + b) where it exceeds s * threshold; the decoder's output is divided by s.
      gain: new Float32Array(latents).fill(scaleIn),
      bias,
      activation: { kind: 'threshold', threshold: new Float32Array(latents).fill(threshold * scaleIn) },
      decoderGain: new Float32Array(latents).fill(1 / scaleOut),
      rules: [
        'The rule of SAELens, as asked for: the norm of the dataset is folded into the encoder and the threshold, decoder norms are not.',
        `One threshold for all latents: ${threshold} times sqrt(d) / ${averages.number('in')}.`,
      ],
    }
  const n = norms ? await latentNorms(decoder, opening.pace) : new Float64Array(latents).fill(1)
  // n here is that of the stored decoder; the folded one is scaled by s_in / s_out first.
  const folded = n.map((v) => (norms ? (v * scaleIn) / scaleOut : 1))
  return {
    ...form,
    gain: Float32Array.from(folded),
    bias: bias.map((b, i) => (b / scaleIn) * folded[i]!),
    activation: { kind: 'threshold', threshold: new Float32Array(latents).fill(threshold) },
    decoderGain: reciprocals(folded.map((v) => (v * scaleOut) / scaleIn)),
    rules: [
      "The makers' rule (default; --rule saelens gives the other one): the norms of the dataset are folded away, so that raw activations go in.",
      norms
        ? "Pre-activations are multiplied by the decoder's norms before the threshold is compared (sparsity_include_decoder_norm), and features are in units of the residual stream."
        : 'Decoder norms play no part (sparsity_include_decoder_norm is false).',
      `One threshold for all latents, compared strictly: ${threshold}.`,
      'The decoder bias is not subtracted from the input.',
    ],
  }
}

function readThreshold(config: Config): number {
  const act = config.string('act_fn')
  const threshold = config.number('jump_relu_threshold')
  for (const [key, value] of [
    ['use_decoder_bias', true],
    ['apply_decoder_bias_to_pre_encoder', false],
    ['use_glu_encoder', false],
  ] as const)
    if (config.boolean(key, value) !== value)
      throw unsupported(
        config.path,
        `Llama Scope dictionaries with ${key} ${!value}`,
        'Use the published ones.',
      )
  if (config.string('norm_activation') !== 'dataset-wise')
    throw unsupported(
      config.path,
      `Llama Scope dictionaries with norm_activation ${JSON.stringify(config.get('norm_activation'))}`,
      'Use the published ones (dataset-wise).',
    )
  // Released files of act_fn topk carry the threshold that their makers found for inference.
  if (act !== 'jumprelu' && act !== 'topk')
    throw unsupported(
      config.path,
      `Llama Scope dictionaries with act_fn ${JSON.stringify(act)}`,
      'Use one with jumprelu or topk.',
    )
  if (threshold === undefined || !(threshold > 0))
    throw configError(
      config.path,
      'The threshold is missing.',
      '"jump_relu_threshold" above zero',
      `${threshold}`,
    )
  return threshold
}

function positive(config: Config, key: string): number {
  const value = config.number(key)
  if (value === undefined || !(value > 0))
    throw configError(
      config.path,
      `dataset_average_activation_norm lacks "${key}".`,
      'a positive number',
      `${value}`,
    )
  return value
}
