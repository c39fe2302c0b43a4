/**
 * SAELens (cfg.json + sae_weights.safetensors): version 6, and the files of every version before it.
 * Reference: sae_lens 6.54, saes/*.py and loading/pretrained_sae_loaders.py; sae_lens 5, sae.py, for
 * `scaling_factor` and `tanh-relu`, which version 6 no longer reads.
 */

import type { Activation, DictionaryForm, InputNorm } from '../dictionary.ts'
import {
  type Config,
  configError,
  latentNorms,
  type Opening,
  type Place,
  reciprocals,
  Tensors,
  unsupported,
} from '../source.ts'

export function recognises(place: Place): boolean {
  return place.names.has('cfg.json') && place.names.has('sae_weights.safetensors')
}

/** What version 6 and the versions before it say in different words. */
interface Settings {
  readonly architecture: string
  readonly version: string
  readonly site: string | undefined
  readonly outSite: string | undefined
  /** The one head whose activations it reads, where it does. */
  readonly head: number | undefined
  readonly model: string | undefined
  readonly subtracts: boolean
  readonly subtractsBecause: string
  readonly normalisation: unknown
  readonly activation: string
  readonly k: number | undefined
  readonly scaled: boolean
}

export async function load(opening: Opening): Promise<DictionaryForm> {
  const config = opening.config('cfg.json')
  const settings = readSettings(config)
  const t = new Tensors(await opening.open('sae_weights.safetensors'))
  const transcoder = settings.architecture.includes('transcoder')
  if (!ARCHITECTURES.has(settings.architecture))
    throw unsupported(
      config.path,
      `SAELens dictionaries of the architecture "${settings.architecture}"`,
      `Use one of: ${[...ARCHITECTURES].join(', ')}.`,
    )
  if (settings.head !== undefined)
    throw unsupported(
      config.path,
      `SAELens dictionaries of a single head (hook_head_index ${settings.head})`,
      'Use one of all heads together (attn.hook_z without an index).',
    )
  const encoder = t.matrix('W_enc', undefined, undefined, 'columns')
  const [width, latents] = encoder.tensor.shape as [number, number]
  checkSize(config, 'd_in', width)
  checkSize(config, 'd_sae', latents)
  const decoder = t.matrix('W_dec', latents, transcoder ? undefined : width, 'rows')
  const outWidth = decoder.tensor.shape[1]!
  const decoderBias = t.vector('b_dec', outWidth)
  const { inputNorm, rule, warnings } = readNormalisation(config, settings.normalisation)
  const subtracts = settings.subtracts && !transcoder
  const rules = [
    `SAELens ${settings.version}, architecture ${settings.architecture}.`,
    subtracts
      ? `b_dec is subtracted from the input: ${settings.subtractsBecause}.`
      : `b_dec is not subtracted from the input: ${transcoder ? 'a transcoder never does' : settings.subtractsBecause}.`,
    ...rule,
  ]
  const form = {
    format: 'SAELens',
    kind: transcoder ? 'transcoder' : 'sae',
    width,
    outWidth,
    latents,
    site: settings.site,
    outSite: transcoder ? settings.outSite : settings.site,
    model: settings.model,
    inputNorm,
    subtract: subtracts ? decoderBias : undefined,
    encoder,
    decoder,
    decoderBias,
    skip: settings.architecture.includes('skip') ? t.matrix('W_skip', outWidth, width, 'rows') : undefined,
    decoderGain: scalingFactor(t, latents, settings.scaled, config, rules),
    nominalL0: config.child('metadata').number('nominal_l0'),
    dashboard: dashboardOf(config),
    rules,
    warnings,
  } as const

  if (settings.architecture === 'gated') {
    rules.push(
      'Gated: a latent is on where W_enc x + b_gate > 0, with magnitude relu(exp(r_mag) W_enc x + b_mag).',
    )
    return {
      ...form,
      gain: t.vector('r_mag', latents).map(Math.exp),
      bias: t.vector('b_mag', latents),
      activation: { kind: 'gated', gateBias: t.vector('b_gate', latents) },
    }
  }
  const bias = t.vector('b_enc', latents)
  if (settings.architecture === 'topk') {
    const k = settings.k
    if (k === undefined || !Number.isInteger(k) || k < 1 || k > latents)
      throw configError(config.path, '"k" is missing or not a number of latents.', `1 to ${latents}`, `${k}`)
    const activation: Activation = { kind: 'topk', k, signed: false, weight: undefined }
    if (!config.boolean('rescale_acts_by_decoder_norm', false)) {
      rules.push(`The ${k} largest pre-activations are kept where positive.`)
      return { ...form, gain: undefined, bias, activation, nominalL0: k }
    }
    const norms = await latentNorms(decoder, opening.pace)
    rules.push(
      `Pre-activations are multiplied by the decoder's row norms, the ${k} largest kept where positive, and divided by them again in decoding (rescale_acts_by_decoder_norm).`,
    )
    return {
      ...form,
      gain: Float32Array.from(norms),
      bias: bias.map((b, i) => b * norms[i]!),
      activation,
      decoderGain: reciprocals(norms),
      nominalL0: k,
    }
  }
  if (settings.architecture.startsWith('jumprelu')) {
    const threshold = t.has('threshold')
      ? t.vector('threshold', latents)
      : t.vector('log_threshold', latents).map(Math.exp)
    rules.push(
      t.has('threshold')
        ? 'A latent fires where its pre-activation exceeds its threshold (strictly).'
        : 'A latent fires where its pre-activation exceeds exp(log_threshold): a training checkpoint.',
    )
    return { ...form, gain: undefined, bias, activation: { kind: 'threshold', threshold } }
  }
  return {
    ...form,
    gain: undefined,
    bias,
    activation: { kind: settings.activation === 'tanh-relu' ? 'tanh-relu' : 'relu' },
  }
}

const ARCHITECTURES = new Set([
  'standard',
  'topk',
  'jumprelu',
  'gated',
  'transcoder',
  'skip_transcoder',
  'jumprelu_transcoder',
  'jumprelu_skip_transcoder',
])

/** What it is called on Neuronpedia; anything but a name is none, because nothing depends on it. */
function dashboardOf(config: Config): string | undefined {
  const id = config.child('metadata').get('neuronpedia_id') ?? config.get('neuronpedia_id')
  return typeof id === 'string' ? id : undefined
}

function readSettings(config: Config): Settings {
  const metadata = config.child('metadata')
  const version = config.string('sae_lens_version') ?? metadata.string('sae_lens_version')
  if (version !== undefined && Number.parseInt(version, 10) >= 6) {
    const subtracts = config.boolean('apply_b_dec_to_input', true)
    return {
      architecture: config.string('architecture') ?? 'standard',
      version,
      site: metadata.string('hook_name'),
      outSite: metadata.string('hook_name_out'),
      head: metadata.number('hook_head_index'),
      model: metadata.string('model_name'),
      subtracts,
      subtractsBecause: `apply_b_dec_to_input is ${subtracts}`,
      normalisation: config.get('normalize_activations'),
      activation: 'relu',
      k: config.number('k'),
      scaled: false,
    }
  }
  const activation = config.string('activation_fn', 'activation_fn_str') ?? 'relu'
  const k = config.child('activation_fn_kwargs').number('k')
  const given = config.get('apply_b_dec_to_input') !== undefined
  const subtracts = config.boolean('apply_b_dec_to_input', true)
  const architecture = activation === 'topk' ? 'topk' : (config.string('architecture') ?? 'standard')
  if (!['relu', 'topk', 'tanh-relu'].includes(activation))
    throw unsupported(
      config.path,
      `SAELens dictionaries with the activation "${activation}"`,
      'Use one with relu, topk or tanh-relu.',
    )
  return {
    architecture,
    version: version ?? 'before 6',
    site: config.string('hook_name', 'hook_point'),
    outSite: config.string('hook_name_out'),
    head: config.number('hook_head_index', 'hook_point_head_index'),
    model: config.string('model_name'),
    subtracts,
    subtractsBecause: given
      ? `apply_b_dec_to_input is ${subtracts}`
      : 'files of before version 6 that do not say otherwise do',
    normalisation: config.get('normalize_activations'),
    activation,
    k,
    scaled: config.boolean('finetuning_scaling_factor', false),
  }
}

function readNormalisation(
  config: Config,
  value: unknown,
): { inputNorm: InputNorm; rule: string[]; warnings: string[] } {
  const factor = config.number('norm_scaling_factor')
  if (value === undefined || value === false || value === 'none')
    return { inputNorm: 'none', rule: [], warnings: [] }
  if (value === 'constant_norm_rescale')
    return {
      inputNorm: 'constant-norm',
      rule: [
        'Every token is rescaled to norm sqrt(d) before encoding and back after decoding (constant_norm_rescale).',
      ],
      warnings: [],
    }
  if (value === 'layer_norm')
    return {
      inputNorm: 'layer-norm',
      rule: [
        'Every token is centred and divided by its standard deviation (of n - 1) before encoding, and back after decoding (layer_norm).',
      ],
      warnings: [],
    }
  if ((value === true || value === 'expected_average_only_in') && factor === undefined)
    return {
      inputNorm: 'none',
      rule: [
        'normalize_activations is expected_average_only_in: its scale is folded into the weights at the end of training, so none is applied.',
      ],
      warnings: [
        'If these weights are from a checkpoint of before the end of training, the scale is not folded and is not in the files: the self-test will show it.',
      ],
    }
  throw unsupported(
    config.path,
    `SAELens dictionaries with normalize_activations ${JSON.stringify(value)}${factor === undefined ? '' : ' and an unfolded norm_scaling_factor'}`,
    'Fold the normalisation with SAELens and save the dictionary again.',
  )
}

/** Version 5 multiplied features by `scaling_factor` before decoding; without the flag it must be all ones. */
function scalingFactor(
  t: Tensors,
  latents: number,
  scaled: boolean,
  config: Config,
  rules: string[],
): Float32Array | undefined {
  if (!t.has('scaling_factor')) return undefined
  const factor = t.vector('scaling_factor', latents)
  // The tolerance of torch.allclose, which SAELens applies here.
  if (factor.every((v) => Math.abs(v - 1) <= 1e-8 + 1e-5)) return undefined
  if (!scaled)
    throw configError(
      config.path,
      'The weights hold a scaling_factor that the configuration says is not used.',
      '"finetuning_scaling_factor": true, or factors of one',
      'other factors',
    )
  rules.push(
    'Features are multiplied by scaling_factor in decoding (finetuning_scaling_factor, as version 5 did).',
  )
  return factor
}

function checkSize(config: Config, key: string, found: number): void {
  const expected = config.number(key)
  if (expected !== undefined && expected !== found)
    throw configError(config.path, `"${key}" and the weights disagree.`, `${expected}`, `${found}`)
}
