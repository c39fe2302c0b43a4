/**
 * Reading config.json: typed access to its fields in the forms that different versions of transformers write
 * (formats: `rope_parameters` or `rope_theta` with `rope_scaling`; `dtype` or `torch_dtype`; nested
 * `text_config`), and the parts of an architecture that most families share.
 */

import { refuse } from '../core/errors.ts'
import { excerpt } from '../formats/excerpt.ts'
import type { Architecture, Layer, Rope } from './architecture.ts'

const REPAIR = 'Fetch config.json again: it is damaged, or was edited.'

/** Bounds on sizes, far above any real model: a hostile config must not make us allocate. */
const MAX = { width: 65536, layers: 1024, heads: 4096, vocabulary: 4_194_304, context: 2 ** 31 - 1 }

export class Config {
  readonly where: string
  readonly #fields: Record<string, unknown>

  constructor(fields: unknown, where: string) {
    if (fields === null || typeof fields !== 'object' || Array.isArray(fields))
      throw refuse('config-malformed', 'The configuration of the model is not an object.', {
        where,
        expected: 'a JSON object',
        found: excerpt(fields),
        fix: 'Fetch config.json again.',
      })
    this.where = where
    this.#fields = fields as Record<string, unknown>
  }

  raw(key: string): unknown {
    const value = this.#fields[key]
    return value === null ? undefined : value
  }

  keys(): string[] {
    return Object.keys(this.#fields)
  }

  /** A nested object, or undefined. */
  section(key: string): Config | undefined {
    const value = this.raw(key)
    return value === undefined ? undefined : new Config(value, `${this.where}, ${key}`)
  }

  string(key: string): string | undefined {
    return this.#typed(key, 'string') as string | undefined
  }

  boolean(key: string): boolean | undefined {
    return this.#typed(key, 'boolean') as boolean | undefined
  }

  number(key: string): number | undefined {
    const value = this.#typed(key, 'number') as number | undefined
    if (value !== undefined && !Number.isFinite(value)) throw this.#wrong(key, 'a finite number', value)
    return value
  }

  /** A number above zero, or undefined. */
  positive(key: string): number | undefined {
    const value = this.number(key)
    if (value !== undefined && value <= 0) throw this.#wrong(key, 'a number above 0', value)
    return value
  }

  /** The same configuration with values for what it leaves out. */
  withDefaults(defaults: Readonly<Record<string, unknown>>): Config {
    const given = Object.entries(this.#fields).filter(([, value]) => value !== null && value !== undefined)
    return new Config({ ...defaults, ...Object.fromEntries(given) }, this.where)
  }

  /** A required positive integer up to `max`. */
  size(key: string, max: number, fallback?: number): number {
    const value = this.number(key) ?? fallback
    if (value === undefined || !Number.isInteger(value) || value < 1 || value > max)
      throw this.#wrong(key, `an integer from 1 to ${max}`, value)
    return value
  }

  list<T>(key: string): readonly T[] | undefined {
    const value = this.raw(key)
    if (value !== undefined && !Array.isArray(value)) throw this.#wrong(key, 'a list', value)
    return value as T[] | undefined
  }

  #typed(key: string, type: string): unknown {
    const value = this.raw(key)
    if (value !== undefined && typeof value !== type) throw this.#wrong(key, `a ${type}`, value)
    return value
  }

  #wrong(key: string, expected: string, found: unknown): Error {
    return refuse('config-field', `The model's configuration has no usable ${key}.`, {
      where: `${this.where}, key ${key}`,
      expected,
      found: found === undefined ? 'nothing' : JSON.stringify(found),
      fix: 'The file may be from another kind of model or damaged: fetch it again.',
    })
  }
}

/** The fields most decoder families share; a family spreads this and changes what differs. */
export function commonArchitecture(
  c: Config,
  family: string,
): Omit<Architecture, 'layers'> & { layerCount: number } {
  const width = c.size('hidden_size', MAX.width)
  const heads = c.size('num_attention_heads', MAX.heads)
  const kvHeads = c.size('num_key_value_heads', MAX.heads, heads)
  const headDim = c.size('head_dim', 4096, width % heads === 0 ? width / heads : undefined)
  if (heads % kvHeads !== 0)
    throw refuse('config-field', 'The heads of the model do not divide into groups.', {
      where: c.where,
      found: `${heads} heads, ${kvHeads} key-value heads`,
      expected: 'heads that are a multiple of the key-value heads',
      fix: REPAIR,
    })
  if (headDim % 2 !== 0)
    throw refuse('config-field', 'The head width is odd; RoPE needs pairs.', {
      where: c.where,
      expected: 'an even head_dim',
      found: `${headDim}`,
      fix: REPAIR,
    })
  const eos = c.raw('eos_token_id')
  return {
    family,
    vocabulary: c.size('vocab_size', MAX.vocabulary),
    width,
    heads,
    kvHeads,
    headDim,
    mlpWidth: c.size('intermediate_size', MAX.width * 16),
    normEps: c.positive('rms_norm_eps') ?? 1e-6,
    context: c.size('max_position_embeddings', MAX.context, 2048),
    activation: activation(c),
    normPlusOne: false,
    embeddingScale: 1,
    attentionScale: 1 / Math.sqrt(headDim),
    attentionSoftcap: 0,
    logitSoftcap: 0,
    queryKeyNorm: 'none',
    norms: {
      beforeAttention: 'input_layernorm',
      afterAttention: undefined,
      beforeMlp: 'post_attention_layernorm',
      afterMlp: undefined,
    },
    bias: {
      qkv: c.boolean('attention_bias') ?? false,
      output: c.boolean('attention_bias') ?? false,
      mlp: c.boolean('mlp_bias') ?? false,
    },
    tied: c.boolean('tie_word_embeddings'),
    layerCount: c.size('num_hidden_layers', MAX.layers),
    bosId: c.number('bos_token_id'),
    eosIds: (Array.isArray(eos) ? eos : eos === undefined ? [] : [eos]).filter((id): id is number =>
      Number.isInteger(id),
    ),
  }
}

function activation(c: Config): Architecture['activation'] {
  const name = c.string('hidden_activation') ?? c.string('hidden_act') ?? 'silu'
  if (name === 'silu' || name === 'swish') return 'silu'
  // Gemma's first configs say "gelu" and mean the tanh form; transformers resolves it so as well.
  if (name === 'gelu_pytorch_tanh' || (name === 'gelu' && c.string('model_type')?.startsWith('gemma')))
    return 'gelu_tanh'
  throw refuse('config-unsupported', 'This activation function is not supported.', {
    where: `${c.where}, hidden_act`,
    found: name,
    expected: 'silu or gelu_pytorch_tanh',
    fix: 'Choose a model of a family in docs/formats.md.',
  })
}

/**
 * The rotary embedding of a model, or of one of its layer types (Gemma 3 and OLMo 3 keep one for each).
 *
 * @throws PalimpsestError `config-unsupported` for scaling types other than default, linear and llama3
 */
export function readRope(c: Config, headDim: number, layerType?: string): Rope {
  const parameters = c.section('rope_parameters')
  const own = layerType === undefined ? parameters : (parameters?.section(layerType) ?? parameters)
  const scaling = own ?? c.section('rope_scaling')
  const theta = own?.positive('rope_theta') ?? c.positive('rope_theta') ?? 10_000
  for (const part of [c, own])
    if ((part?.number('partial_rotary_factor') ?? 1) !== 1)
      throw refuse('config-unsupported', 'Rotary embeddings of part of a head are not supported.', {
        where: `${part!.where}, partial_rotary_factor`,
        found: `${part!.number('partial_rotary_factor')}`,
        expected: '1',
        fix: 'Choose a model of a family in docs/formats.md.',
      })
  const type = scaling?.string('rope_type') ?? scaling?.string('type') ?? 'default'
  if (type === 'default') return { theta, scale: 1, factors: undefined }
  if (type === 'linear') return { theta, scale: 1 / positive(scaling!, 'factor'), factors: undefined }
  if (type === 'llama3') return { theta, scale: 1, factors: llama3Factors(scaling!, theta, headDim) }
  throw refuse('config-unsupported', 'This RoPE scaling is not supported.', {
    where: scaling!.where,
    found: type,
    expected: 'default, linear or llama3',
    fix: 'If your texts are shorter than the original context and the scaling only matters beyond it, set rope_type to default in a copy of config.json.',
  })
}

/**
 * Llama 3.1's frequency scaling as divisors of the inverse frequencies
 * (transformers, modeling_rope_utils `_compute_llama3_parameters`).
 */
function llama3Factors(c: Config, theta: number, headDim: number): Float32Array {
  const factor = positive(c, 'factor')
  const low = positive(c, 'low_freq_factor')
  const high = positive(c, 'high_freq_factor')
  const original = positive(c, 'original_max_position_embeddings')
  return Float32Array.from({ length: headDim / 2 }, (_, i) => {
    const wavelength = 2 * Math.PI * theta ** ((2 * i) / headDim)
    if (wavelength < original / high) return 1
    if (wavelength > original / low) return factor
    const t = (original / wavelength - low) / (high - low)
    return 1 / ((1 - t) / factor + t)
  })
}

function positive(c: Config, key: string): number {
  const value = c.number(key)
  if (value === undefined || value <= 0)
    throw refuse('config-field', `RoPE scaling lacks a positive ${key}.`, {
      where: `${c.where}, key ${key}`,
      expected: 'a number above 0',
      found: `${value ?? 'nothing'}`,
      fix: REPAIR,
    })
  return value
}

/**
 * The sliding window of each layer: `layer_types` decides where it is given, else `isSliding(layer)`.
 * Returns undefined for layers that see everything.
 */
export function readWindows(
  c: Config,
  count: number,
  isSliding: (layer: number) => boolean,
): (number | undefined)[] {
  const window = c.raw('sliding_window') === undefined ? undefined : c.size('sliding_window', MAX.context)
  const types = c.list<string>('layer_types')
  return Array.from({ length: count }, (_, layer) => {
    if (window === undefined) return undefined
    const type = types?.[layer]
    return (type === undefined ? isSliding(layer) : type === 'sliding_attention') ? window : undefined
  })
}

/** Layers that all rotate in the same way. */
export function uniformLayers(rope: Rope, windows: readonly (number | undefined)[]): Layer[] {
  return windows.map((window) => ({ window, rope }))
}
