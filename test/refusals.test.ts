/** Models and texts that are refused: each with a code, the place, what was expected and what to do. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { PalimpsestError } from '../src/core/errors.ts'
import { readF32 } from '../src/formats/safetensors.ts'
import { add, generate, loadModel, score } from '../src/model/index.ts'
import { type Change, changedCopy, edited } from './support/checkpoints.ts'
import { MODELS } from './support/golden.ts'
import { loadTiny } from './support/tiny.ts'

const FOLDER = join(MODELS, 'llama3.1')
const same: Change = (name, data, shape) => ({ name, shape, data })

/** Expects a refusal, and that its message says where, and what to do. */
async function refusal(work: Promise<unknown>, code: string, ...says: string[]): Promise<void> {
  const error = (await work.then(
    () => expect.fail('it was not refused'),
    (e: unknown) => e,
  )) as PalimpsestError
  expect(error.message).toContain(says[0] ?? '')
  for (const text of says) expect(error.message).toContain(text)
  expect([error.code, error.parts.where === undefined, error.exitCode]).toEqual([code, false, 2])
}

describe('a checkpoint', () => {
  it('that lacks a tensor is refused with its name and the nearest ones', async () => {
    using copy = await changedCopy(FOLDER, (name, data, shape) => ({
      name: name.replace('layers.2.mlp.up_proj', 'layers.2.mlp.up_prj'),
      shape,
      data,
    }))
    await refusal(
      loadTiny(copy.path),
      'weight-missing',
      'model.layers.2.mlp.up_proj.weight',
      'model.layers.2.mlp.up_prj.weight',
    )
  })

  it('whose tensor has another shape is refused with both shapes', async () => {
    using copy = await changedCopy(FOLDER, (name, data, shape) =>
      name === 'model.layers.1.self_attn.k_proj.weight'
        ? { name, shape: [shape[1]!, shape[0]!], data }
        : { name, shape, data },
    )
    await refusal(
      loadTiny(copy.path),
      'weight-shape',
      'layers.1.self_attn.k_proj',
      '[32, 64]',
      '[64, 32]',
      copy.path,
    )
  })

  it('without the output matrix that its configuration announces is refused', async () => {
    using copy = await changedCopy(
      FOLDER,
      (name, data, shape) => (name === 'lm_head.weight' ? undefined : { name, shape, data }),
      (config) => ({ ...config, tie_word_embeddings: false }),
    )
    await refusal(loadTiny(copy.path), 'weight-missing', 'lm_head.weight')
  })

  it('of matrices that cannot be computed with is refused', async () => {
    using copy = await changedCopy(FOLDER, (name, data, shape) =>
      name === 'model.layers.0.mlp.up_proj.weight'
        ? { name, shape, type: 'I32', data: new Int32Array(data.length) }
        : { name, shape, data },
    )
    await refusal(loadTiny(copy.path), 'weight-type', 'model.layers.0.mlp.up_proj.weight', 'I32')
  })

  it.each<[string, Record<string, unknown>, string, string]>([
    ['an unknown family', { model_type: 'lama' }, 'model-family', 'Did you mean llama?'],
    ['no family', { model_type: null }, 'model-family', 'model_type'],
    ['no width', { hidden_size: null }, 'config-field', 'hidden_size'],
    ['a width that is no number', { hidden_size: '64' }, 'config-field', 'hidden_size'],
    ['layers beyond any model', { num_hidden_layers: 1e9 }, 'config-field', 'num_hidden_layers'],
    ['heads that do not divide', { num_key_value_heads: 3 }, 'config-field', 'heads'],
    ['an odd head width', { head_dim: 15 }, 'config-field', '15'],
    ['an epsilon below zero', { rms_norm_eps: -1 }, 'config-field', 'rms_norm_eps'],
    ['a window of nothing', { model_type: 'mistral', sliding_window: 0 }, 'config-field', 'sliding_window'],
    ['a RoPE base below zero', { rope_parameters: { rope_theta: -1 } }, 'config-field', 'rope_theta'],
    ['RoPE on part of a head', { partial_rotary_factor: 0.5 }, 'config-unsupported', '0.5'],
    ['an unknown activation', { hidden_act: 'relu' }, 'config-unsupported', 'relu'],
    [
      'an unknown RoPE scaling',
      { rope_parameters: { rope_type: 'yarn', rope_theta: 1e4 } },
      'config-unsupported',
      'yarn',
    ],
    [
      'Llama 3 scaling without its numbers',
      { rope_parameters: { rope_type: 'llama3', rope_theta: 1e4 } },
      'config-field',
      'factor',
    ],
  ])('of %s is refused', async (_, change, code, says) => {
    using copy = await changedCopy(FOLDER, same, (config) => ({ ...config, ...change }))
    await refusal(loadTiny(copy.path), code, says, copy.path)
  })

  it('with a value in a norm that is not finite is refused at loading', async () => {
    using copy = await edited('llama3.1', (name, values) => {
      if (name === 'layers.2.input_layernorm') values[5] = Number.NaN
    })
    await refusal(loadTiny(copy.path), 'weight-nan', 'model.layers.2.input_layernorm.weight[5]')
  })

  it('without a tokenizer runs ids and refuses texts', async () => {
    using model = await loadModel(FOLDER, { device: 'cpu', threads: 1 })
    expect((await model.run([[1, 2]], { logits: 'last' })).logits(0).cols).toBe(256)
    await refusal(model.run(['A text.']), 'tokenizer-missing', FOLDER)
  })
})

describe('a number that is not finite', () => {
  it.each([
    ['layers.2.mlp.down_proj', 'model.layers.2.mlp.down_proj.weight', 'blocks.2.hook_mlp_out'],
    ['layers.1.self_attn.v_proj', 'model.layers.1.self_attn.v_proj.weight', 'blocks.1.attn.hook_v'],
    ['embed_tokens', 'model.embed_tokens.weight', 'hook_embed'],
  ])('in %s is traced to the weight and the first hook point', async (name, weight, hook) => {
    using copy = await edited('llama3.1', (tensor, values) => {
      if (tensor === name) values.fill(Number.NaN, 3 * 64, 4 * 64)
    })
    using model = await loadTiny(copy.path)
    const texts = [[1, 2, 3, 4]]
    const last = { hooks: ['blocks.3.hook_resid_post'] }
    await refusal(model.run(texts, last), 'weight-nan', weight, hook)
    await refusal(generate(model, texts, { maxTokens: 2 }), 'weight-nan', weight)
    await refusal(
      score(model, [{ id: 'a', prompt: texts[0]!, completions: [[5]] }], {}, () => {}),
      'weight-nan',
      weight,
    )
  })

  it('in an output row that no text uses is found in the logits', async () => {
    using copy = await edited('llama3.1', (tensor, values) => {
      if (tensor === 'embed_tokens' || tensor === 'lm_head') values.fill(Number.NaN, 200 * 64, 201 * 64)
    })
    using model = await loadTiny(copy.path)
    await model.run([[1, 2]], { hooks: ['blocks.3.hook_resid_post'] })
    await refusal(model.run([[1, 2]], { logits: 'last' }), 'weight-nan', 'weight', 'logits')
  })

  it('that comes from overflow names the first hook point', async () => {
    using copy = await edited('llama3.1', (tensor, values) => {
      if (tensor === 'layers.1.mlp.up_proj') for (let i = 0; i < values.length; i++) values[i]! *= 3e38
    })
    using model = await loadTiny(copy.path)
    await refusal(
      model.run([[1, 2, 3]], { logits: 'last' }),
      'activation-nan',
      'blocks.1.mlp.hook_post',
      copy.path,
    )
  })

  it('that an intervention makes while decoding is named too', async () => {
    using model = await loadTiny(FOLDER)
    const interventions = [
      add({
        site: 'blocks.2.hook_resid_mid',
        vector: new Float32Array(64).fill(3e38),
        dose: 3,
        positions: 'generated',
      }),
    ]
    await refusal(
      generate(model, [[1, 2, 3]], { maxTokens: 5, interventions }),
      'activation-nan',
      'blocks.2.hook_resid_mid',
    )
  })
})

describe('texts', async () => {
  const item = (prompt: number[], ...completions: number[][]) => [{ id: 'q1', prompt, completions }]
  it.each<[string, number[], string]>([
    ['empty ones', [], 'text-empty'],
    ['ones longer than the context', new Array(257).fill(1), 'text-too-long'],
    ['ids beyond the vocabulary', [1, 256], 'token-range'],
    ['negative ids', [-1], 'token-range'],
    ['ids that are no integers', [1.5], 'token-range'],
    ['ids that are no numbers', [Number.NaN], 'token-range'],
    ['two BOS tokens', [7, 7, 3], 'doubled-bos'],
  ])('that are %s are refused in runs, generation and scoring', async (_, tokens, code) => {
    using model = await loadTiny(FOLDER, 1, { bosId: 7 })
    await expect(model.run([[1], tokens])).rejects.toMatchObject({ code })
    await expect(generate(model, [tokens], { maxTokens: 1 })).rejects.toMatchObject({ code })
    await expect(score(model, item(tokens, [1]), {}, () => {})).rejects.toMatchObject({ code })
    if (code !== 'doubled-bos')
      await expect(score(model, item([1], tokens), {}, () => {})).rejects.toMatchObject({ code })
  })

  it('that are longer than one pass can be are refused, whatever the context', async () => {
    using copy = await changedCopy(FOLDER, same, (config) => ({
      ...config,
      max_position_embeddings: 1_000_000,
    }))
    using model = await loadTiny(copy.path)
    await expect(model.run([new Array(32_769).fill(1)])).rejects.toMatchObject({ code: 'text-too-long' })
  })

  it('that only fit without what is to follow are refused', async () => {
    using model = await loadTiny(FOLDER)
    const long = new Array<number>(250).fill(1)
    await expect(generate(model, [long], { maxTokens: 7 })).rejects.toMatchObject({ code: 'text-too-long' })
    await expect(score(model, item(long, [1, 2, 3, 4, 5, 6, 7]), {}, () => {})).rejects.toMatchObject({
      code: 'text-too-long',
    })
    await generate(model, [long], { maxTokens: 6 })
  })
})

describe('options of generation', () => {
  it.each([
    { maxTokens: 0 },
    { maxTokens: 1.5 },
    { maxTokens: Number.NaN },
    { batch: 0 },
    { temperature: -1 },
    { temperature: Number.NaN },
  ])('out of range are refused: %j', async (options) => {
    using model = await loadTiny(FOLDER)
    await expect(generate(model, [[1]], options)).rejects.toMatchObject({ code: 'generate-option' })
  })
})

it('a fixture is not changed by the copies made of it', async () => {
  using model = await loadTiny(FOLDER)
  const values = readF32(model.checkpoint.tensors.get('model.embed_tokens.weight')!)
  expect(values.every((v) => Number.isFinite(v))).toBe(true)
})
