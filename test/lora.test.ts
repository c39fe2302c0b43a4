/** LoRA adapters as PEFT saves them, against PEFT's own float64 output, and everything that is refused. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { openSafetensors, readF32 } from '../src/formats/safetensors.ts'
import { type TensorToWrite, writeSafetensors } from '../src/formats/safetensors-write.ts'
import type { Model } from '../src/model/model.ts'
import { adjacentCopy, type TemporaryFolder, temporaryFolder } from './support/checkpoints.ts'
import { LIMIT, MODELS, openGolden } from './support/golden.ts'
import { loadTiny } from './support/tiny.ts'

const ADAPTERS = fileURLToPath(new URL('./fixtures/adapters/', import.meta.url))
const BASE = join(MODELS, 'llama3.1')
const HOOKS = ['blocks.1.attn.hook_q', 'blocks.3.hook_resid_post']

async function expectGolden(model: Model, adapter: string): Promise<void> {
  using inputs = openGolden('llama3.1')
  using golden = openSafetensors(join(ADAPTERS, adapter, 'golden.safetensors'))
  const out = await model.run([inputs.tokens(1)], { hooks: HOOKS, logits: 'all' })
  for (const hook of HOOKS)
    expect(out.get(hook, 0).data).toBeWithinRelativeL2(readF32(golden.tensors.get(hook)!), LIMIT)
  expect(out.logits(0).data).toBeWithinRelativeL2(readF32(golden.tensors.get('logits')!), LIMIT)
}

describe.each(['every', 'patterns'])('the adapter "%s"', (name) => {
  const adapter = join(ADAPTERS, name)

  it("meets PEFT's output", async () => {
    using model = await loadTiny(BASE, 1, { adapter })
    await expectGolden(model, name)
  })

  it('meets it on a file with permuted query and key rows', async () => {
    using copy = await adjacentCopy('llama3.1', 16)
    using model = await loadTiny(copy.path, 1, { adapter, ropePairs: 'adjacent' })
    await expectGolden(model, name)
  })
})

it('leaves the base model as it is, to the bit, where B is zero', async () => {
  using zero = await variant({}, (name, values) => (name.includes('lora_B') ? values.fill(0) : values))
  using base = await loadTiny(BASE)
  using model = await loadTiny(BASE, 1, { adapter: zero.path })
  const options = { hooks: HOOKS, logits: 'all' } as const
  const plain = await base.run([[1, 2, 3, 4]], options)
  const adapted = await model.run([[1, 2, 3, 4]], options)
  expect(adapted.logits(0).data).toBeBitIdentical(plain.logits(0).data)
})

/** A copy of the adapter "every" with changes to its configuration and its tensors. */
async function variant(
  config: Record<string, unknown>,
  change: (name: string, values: Float32Array) => Float32Array | TensorToWrite | undefined = (_, v) => v,
): Promise<TemporaryFolder> {
  const copy = temporaryFolder()
  cpSync(join(ADAPTERS, 'every'), copy.path, { recursive: true })
  const path = join(copy.path, 'adapter_config.json')
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...config }))
  using file = openSafetensors(join(ADAPTERS, 'every', 'adapter_model.safetensors'))
  const tensors = [...file.tensors].flatMap(([name, t]) => {
    const changed = change(name, readF32(t).slice())
    return changed instanceof Float32Array ? { name, shape: t.shape, data: changed } : (changed ?? [])
  })
  await writeSafetensors(join(copy.path, 'adapter_model.safetensors'), tensors)
  return copy
}

describe('refused are', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['other kinds of adapters', { peft_type: 'IA3' }, 'adapter-unsupported'],
    ['DoRA', { use_dora: true }, 'adapter-unsupported'],
    ['biases', { bias: 'all' }, 'adapter-unsupported'],
    ['biases of B', { lora_bias: true }, 'adapter-unsupported'],
    ['modules saved whole', { modules_to_save: ['lm_head'] }, 'adapter-unsupported'],
    ['transposed weights', { fan_in_fan_out: true }, 'adapter-unsupported'],
    ['replicated layers', { layer_replication: [[0, 2]] }, 'adapter-unsupported'],
    ['adapters for some tokens', { alora_invocation_tokens: [5] }, 'adapter-unsupported'],
    ['initialisations that change the base', { init_lora_weights: 'pissa' }, 'adapter-unsupported'],
    ['options that nobody knows yet', { use_future: { strength: 2 } }, 'adapter-unsupported'],
    ['patterns that are expressions', { alpha_pattern: { '.*q_proj': 3 } }, 'adapter-unsupported'],
    ['a missing alpha', { lora_alpha: null }, 'adapter-unsupported'],
    ['targets without weights', { target_modules: ['q_proj', 'lm_head'] }, 'adapter-incomplete'],
    ['a rank that is not the weights’', { r: 8 }, 'adapter-shape'],
    ['a rank pattern that is not theirs', { rank_pattern: { q_proj: 2 } }, 'adapter-shape'],
  ])('%s', async (_, config, code) => {
    using copy = await variant(config)
    await expect(loadTiny(BASE, 1, { adapter: copy.path })).rejects.toMatchObject({ code })
  })

  const extra = (name: string): Parameters<typeof variant>[1] => {
    let first = true
    return (tensor, values) => {
      if (!first) return values
      first = false
      expect(tensor).toContain('lora_')
      return { name, shape: [values.length], data: values }
    }
  }
  it.each<[string, Parameters<typeof variant>[1], string]>([
    [
      'weights of modules that the model lacks',
      extra('base_model.model.model.layers.0.self_attn.qkv_proj.lora_A.weight'),
      'adapter-unsupported',
    ],
    [
      'weights of layers that it lacks',
      extra('base_model.model.model.layers.4.self_attn.q_proj.lora_A.weight'),
      'adapter-unsupported',
    ],
    [
      'weights of embeddings',
      extra('base_model.model.model.embed_tokens.lora_embedding_A'),
      'adapter-unsupported',
    ],
    [
      'half a pair',
      (name, values) => (name.includes('layers.2.mlp.up_proj.lora_B') ? undefined : values),
      'adapter-incomplete',
    ],
    ['no weights at all', () => undefined, 'adapter-incomplete'],
    [
      'weights of another shape',
      (name, values) =>
        name.includes('layers.2.mlp.up_proj.lora_B')
          ? { name, shape: [values.length / 2, 2], data: values }
          : values,
      'adapter-shape',
    ],
    [
      'weights that are not finite',
      (name, values) => (name.includes('layers.1.mlp.up_proj.lora_A') ? values.fill(Number.NaN) : values),
      'weight-nan',
    ],
  ])('%s', async (_, change, code) => {
    using copy = await variant({}, change)
    await expect(loadTiny(BASE, 1, { adapter: copy.path })).rejects.toMatchObject({ code })
  })

  it('folders without their files', async () => {
    using copy = temporaryFolder()
    await expect(loadTiny(BASE, 1, { adapter: copy.path })).rejects.toMatchObject({ code: 'file-missing' })
  })
})
