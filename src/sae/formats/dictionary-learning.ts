/**
 * dictionary_learning (config.json with `trainer`, + ae.pt), and files that follow it such as andyrdt's.
 * Norms of the training data were folded before saving, so nothing is scaled here even where config.json
 * holds a norm_factor.
 * Reference: dictionary_learning 0.1.0, dictionary.py and trainers/*.py.
 */

import type { DictionaryForm } from '../dictionary.ts'
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
  return place.names.has('config.json') && place.names.has('ae.pt')
}

type Common = Omit<DictionaryForm, 'activation' | 'bias' | 'gain' | 'decoderGain' | 'rules' | 'warnings'>

export async function load(opening: Opening): Promise<DictionaryForm> {
  const config = opening.config('config.json')
  const trainer = config.child('trainer')
  const kind = trainer.string('dict_class')
  const file = opening.openTorch('ae.pt')
  const prefix = ['', '_orig_mod.', 'ae.', 'ae._orig_mod.'].find(
    (p) => new Tensors(file, p).has('encoder.weight') || new Tensors(file, p).has('W_enc'),
  )
  const t = new Tensors(file, prefix ?? '')
  if (kind === undefined || !Object.hasOwn(CLASSES, kind))
    throw unsupported(
      config.path,
      `dictionary_learning dictionaries of the class ${JSON.stringify(kind ?? null)}`,
      `Use one of: ${Object.keys(CLASSES).join(', ')}.`,
    )
  return CLASSES[kind]!({ t, config, trainer, opening, k: readK(t, file.values, trainer, prefix ?? '') })
}

interface Input {
  readonly t: Tensors
  readonly config: Config
  readonly trainer: Config
  readonly opening: Opening
  readonly k: number | undefined
}

const CLASSES: Record<string, (input: Input) => DictionaryForm | Promise<DictionaryForm>> = {
  AutoEncoder: autoEncoder,
  GatedAutoEncoder: gated,
  JumpReluAutoEncoder: jumpRelu,
  AutoEncoderTopK: topK,
  BatchTopKSAE: (input) => batchTopK(input, linear(input, 'b_dec')),
  MatryoshkaBatchTopKSAE: (input) => batchTopK(input, plain(input, true)),
}

/** from_pretrained makes decoder columns of unit norm by default, so features are in the input's units. */
async function autoEncoder(input: Input): Promise<DictionaryForm> {
  const form = linear(input, 'bias')
  const norms = await latentNorms(form.decoder, input.opening.pace)
  return {
    ...form,
    gain: Float32Array.from(norms),
    bias: input.t.vector('encoder.bias', form.latents).map((b, i) => b * norms[i]!),
    activation: { kind: 'relu' },
    decoderGain: reciprocals(norms),
    rules: [
      'AutoEncoder: relu; the bias is subtracted from the input and added to the output.',
      'Decoder columns are made of unit norm and features multiplied by the norms, as from_pretrained does by default.',
    ],
    warnings: [],
  }
}

function gated(input: Input): DictionaryForm {
  const form = linear(input, 'decoder_bias')
  return {
    ...form,
    gain: input.t.vector('r_mag', form.latents).map(Math.exp),
    bias: input.t.vector('mag_bias', form.latents),
    activation: { kind: 'gated', gateBias: input.t.vector('gate_bias', form.latents) },
    decoderGain: undefined,
    rules: [
      'GatedAutoEncoder: on where W (x - decoder_bias) + gate_bias > 0, with magnitude relu(exp(r_mag) W (x - decoder_bias) + mag_bias).',
    ],
    warnings: [],
  }
}

function jumpRelu(input: Input): DictionaryForm {
  const form = plain(input, false)
  return {
    ...form,
    gain: undefined,
    bias: input.t.vector('b_enc', form.latents),
    activation: { kind: 'threshold', threshold: input.t.vector('threshold', form.latents) },
    decoderGain: undefined,
    rules: [
      'JumpReluAutoEncoder: kept where the pre-activation exceeds its threshold (strictly); b_dec is not subtracted from the input.',
    ],
    warnings: [],
  }
}

function topK(input: Input): DictionaryForm {
  const form = linear(input, 'b_dec')
  const k = input.k
  if (k === undefined || k < 1 || k > form.latents)
    throw configError(
      input.config.path,
      'The number of active latents, k, is missing.',
      `1 to ${form.latents}`,
      `${k}`,
    )
  return {
    ...form,
    gain: undefined,
    bias: input.t.vector('encoder.bias', form.latents),
    activation: { kind: 'topk', k, signed: false, weight: undefined },
    decoderGain: undefined,
    nominalL0: k,
    rules: [
      `AutoEncoderTopK: relu, then the ${k} largest per token (its threshold is not used unless asked for there); b_dec is subtracted from the input.`,
    ],
    warnings: [],
  }
}

function batchTopK(input: Input, form: Common): DictionaryForm {
  const { t } = input
  if (!t.has('threshold'))
    throw configError(
      input.config.path,
      'The threshold is missing: at inference a BatchTopK dictionary keeps what exceeds it, not the k largest.',
      'a tensor named threshold',
      'none',
    )
  const threshold = t.scalar('threshold')
  return {
    ...form,
    gain: undefined,
    bias: t.vector(t.has('b_enc') ? 'b_enc' : 'encoder.bias', form.latents),
    activation: { kind: 'threshold', threshold: new Float32Array(form.latents).fill(threshold) },
    decoderGain: undefined,
    nominalL0: input.k,
    rules: [
      `At inference it keeps what exceeds one threshold, ${threshold} (strictly), not the k largest; b_dec is subtracted from the input.`,
    ],
    warnings:
      threshold < 0
        ? [
            'Its threshold was never estimated (it is negative), so it acts as a plain relu and L0 will be far above k.',
          ]
        : [],
  }
}

/** Classes with encoder.weight [F, d] and decoder.weight [d, F], whose bias is subtracted from the input. */
function linear(input: Input, biasName: string): Common {
  const { t } = input
  const encoder = t.matrix('encoder.weight', undefined, undefined, 'rows')
  const [latents, width] = encoder.tensor.shape as [number, number]
  const decoderBias = t.vector(biasName, width)
  return {
    ...shared(input, width, latents),
    encoder,
    decoder: t.matrix('decoder.weight', width, latents, 'columns'),
    subtract: decoderBias,
    decoderBias,
  }
}

/** Classes with W_enc [d, F] and W_dec [F, d]. */
function plain(input: Input, subtracts: boolean): Common {
  const { t } = input
  const encoder = t.matrix('W_enc', undefined, undefined, 'columns')
  const [width, latents] = encoder.tensor.shape as [number, number]
  const decoderBias = t.vector('b_dec', width)
  return {
    ...shared(input, width, latents),
    encoder,
    decoder: t.matrix('W_dec', latents, width, 'rows'),
    subtract: subtracts ? decoderBias : undefined,
    decoderBias,
  }
}

function shared(
  { config, trainer }: Input,
  width: number,
  latents: number,
): Pick<
  Common,
  | 'format'
  | 'kind'
  | 'width'
  | 'outWidth'
  | 'latents'
  | 'site'
  | 'outSite'
  | 'model'
  | 'inputNorm'
  | 'skip'
  | 'nominalL0'
> {
  const layer = trainer.number('layer')
  const io = config.child('buffer').string('io') ?? 'out'
  const site =
    layer === undefined || layer < 0 ? undefined : submoduleSite(trainer.string('submodule_name'), layer, io)
  return {
    format: 'dictionary_learning',
    kind: 'sae',
    width,
    outWidth: width,
    latents,
    site,
    outSite: site,
    model: trainer.string('lm_name'),
    inputNorm: 'none',
    skip: undefined,
    nominalL0: undefined,
  }
}

/** `io` is which side of the module; names other than the residual stream's are left to the user. */
function submoduleSite(name: string | undefined, layer: number, io: string): string | undefined {
  if (name !== undefined && !name.startsWith('resid_post')) return undefined
  return `blocks.${layer}.${io === 'in' ? 'hook_resid_pre' : 'hook_resid_post'}`
}

/** k is a tensor of no dimensions, a number in the file, or in the configuration. */
function readK(
  t: Tensors,
  values: ReadonlyMap<string, unknown>,
  trainer: Config,
  prefix: string,
): number | undefined {
  const value = t.has('k') ? t.scalar('k') : (values.get(`${prefix}k`) ?? trainer.number('k'))
  return typeof value === 'number' && Number.isInteger(value) ? value : undefined
}
