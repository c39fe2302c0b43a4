/** Configurations as released models have them: what their fields mean for the forward pass. */
import { describe, expect, it } from 'vitest'
import { readArchitecture } from './index.ts'

const read = (config: Record<string, unknown>, type = 'BF16') => readArchitecture(config, type, 'config.json')

describe('Gemma 3, multimodal', () => {
  // The nested configuration of the 4B model says no more than this of the text model.
  const config = {
    model_type: 'gemma3',
    text_config: {
      hidden_size: 2560,
      intermediate_size: 10240,
      model_type: 'gemma3_text',
      num_hidden_layers: 34,
      rope_scaling: { factor: 8, rope_type: 'linear' },
      sliding_window: 1024,
    },
  }

  it('has what its configuration leaves out', () => {
    const a = read(config)
    expect(a).toMatchObject({
      vocabulary: 262_208,
      heads: 8,
      kvHeads: 4,
      headDim: 256,
      context: 131_072,
      normPlusOne: true,
      tied: true,
      queryKeyNorm: 'head',
      attentionScale: 1 / 16,
      embeddingScale: 50.5, // sqrt(2560) = 50.596 in bf16
    })
  })

  it('turns local and global layers by bases of their own, and scales the global ones only', () => {
    const { layers } = read(config)
    for (const [i, layer] of layers.entries())
      expect(layer).toEqual(
        i % 6 === 5
          ? { window: undefined, rope: { theta: 1e6, scale: 1 / 8, factors: undefined } }
          : { window: 1024, rope: { theta: 1e4, scale: 1, factors: undefined } },
      )
  })

  it('reads the newer form to the same effect', () => {
    const { rope_scaling: _, ...text } = config.text_config
    const newer = {
      ...config,
      text_config: {
        ...text,
        rope_parameters: {
          full_attention: { rope_type: 'linear', factor: 8, rope_theta: 1e6 },
          sliding_attention: { rope_type: 'default', rope_theta: 1e4 },
        },
        layer_types: Array.from({ length: 34 }, (_, i) =>
          i % 6 === 5 ? 'full_attention' : 'sliding_attention',
        ),
      },
    }
    expect(read(newer)).toEqual(read(config))
  })
})

describe('Llama', () => {
  const base = {
    model_type: 'llama',
    hidden_size: 4096,
    intermediate_size: 14336,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    num_hidden_layers: 2,
    vocab_size: 128_256,
    rms_norm_eps: 1e-5,
    rope_theta: 500_000,
    max_position_embeddings: 131_072,
    tie_word_embeddings: false,
    bos_token_id: 128_000,
    eos_token_id: [128_001, 128_008, 128_009],
  }

  it('3.1 stretches slow frequencies by 8 and leaves fast ones alone', () => {
    const a = read({
      ...base,
      rope_scaling: {
        factor: 8,
        low_freq_factor: 1,
        high_freq_factor: 4,
        original_max_position_embeddings: 8192,
        rope_type: 'llama3',
      },
    })
    const { factors, theta } = a.layers[0]!.rope!
    expect(theta).toBe(500_000)
    expect(factors).toHaveLength(64)
    expect(factors![0]).toBe(1)
    expect(factors![63]).toBe(8)
    const between = [...factors!].filter((f) => f > 1 && f < 8)
    expect(between.length).toBeGreaterThan(0)
    expect(between).toEqual(between.toSorted((x, y) => x - y))
    expect(a).toMatchObject({ headDim: 128, kvHeads: 8, tied: false, eosIds: [128_001, 128_008, 128_009] })
  })

  it('reads rope_parameters, rope_scaling with `type`, and plain rope_theta alike', () => {
    const linear = (fields: object) => read({ ...base, ...fields }).layers[0]!.rope
    const expected = { theta: 500_000, scale: 0.25, factors: undefined }
    expect(linear({ rope_scaling: { type: 'linear', factor: 4 } })).toEqual(expected)
    expect(linear({ rope_scaling: { rope_type: 'linear', factor: 4 } })).toEqual(expected)
    expect(
      linear({
        rope_theta: undefined,
        rope_parameters: { rope_type: 'linear', factor: 4, rope_theta: 500_000 },
      }),
    ).toEqual(expected)
  })
})

describe('windows', () => {
  const base = {
    hidden_size: 64,
    intermediate_size: 64,
    num_attention_heads: 4,
    num_hidden_layers: 4,
    vocab_size: 100,
  }
  const windows = (config: object) => read({ ...base, ...config }).layers.map((l) => l.window)

  it('of Mistral are on every layer, where there is one', () => {
    expect(windows({ model_type: 'mistral', sliding_window: 4096 })).toEqual([4096, 4096, 4096, 4096])
    expect(windows({ model_type: 'mistral', sliding_window: null })).toEqual(new Array(4).fill(undefined))
  })

  it('of Qwen 2 are off unless they are switched on', () => {
    const off = { model_type: 'qwen2', sliding_window: 32, max_window_layers: 2 }
    expect(windows({ ...off, use_sliding_window: false })).toEqual(new Array(4).fill(undefined))
    expect(windows({ ...off, use_sliding_window: true })).toEqual([undefined, undefined, 32, 32])
  })

  it('of Gemma 2 are on even layers, of OLMo 3 on three of four', () => {
    expect(windows({ model_type: 'gemma2', sliding_window: 32 })).toEqual([32, undefined, 32, undefined])
    expect(windows({ model_type: 'olmo3', sliding_window: 32 })).toEqual([32, 32, 32, undefined])
    expect(windows({ model_type: 'olmo2' })).toEqual(new Array(4).fill(undefined))
  })

  it('and rotary embeddings of SmolLM3 follow its flags', () => {
    const ropes = (config: object) =>
      read({ ...base, model_type: 'smollm3', ...config }).layers.map((l) => l.rope !== undefined)
    expect(ropes({})).toEqual([true, true, true, false])
    expect(ropes({ no_rope_layers: [0, 1, 1, 0] })).toEqual([false, true, true, false])
  })
})

describe('the scale of Gemma’s embedding', () => {
  it.each([
    ['BF16', 2304, 48],
    ['BF16', 3584, 59.75],
    ['F32', 3584, Math.fround(Math.sqrt(3584))],
  ])('in %s for a width of %i is %f', (type, width, scale) => {
    const config = {
      model_type: 'gemma2',
      hidden_size: width,
      intermediate_size: 64,
      num_attention_heads: 8,
      num_hidden_layers: 1,
      vocab_size: 100,
    }
    expect(read(config, type).embeddingScale).toBe(scale)
  })
})
