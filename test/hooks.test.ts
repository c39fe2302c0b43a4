/** Hook points: each against float64 goldens, in HF's order whatever the file's, and names that are refused. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readF32 } from '../src/formats/safetensors.ts'
import { hookNames, hookWidth, matchHooks } from '../src/model/hooks.ts'
import { add } from '../src/model/interventions.ts'
import type { Model } from '../src/model/model.ts'
import { adjacentCopy } from './support/checkpoints.ts'
import { type Golden, LIMIT, MODELS, openGolden } from './support/golden.ts'
import { loadTiny } from './support/tiny.ts'

async function expectHooks(model: Model, golden: Golden, inputs: Golden): Promise<void> {
  const texts = [0, 1].map((i) => inputs.tokens(i))
  const hooks = hookNames(model.architecture).filter((name) => !name.endsWith('hook_pattern'))
  const out = await model.run(texts, { hooks, logits: 'all' })
  for (const name of golden.names)
    expect(out.get(name.slice(2), Number(name[0])).data, name).toBeWithinRelativeL2(
      golden.tensor(name),
      LIMIT,
    )
}

describe.each(['llama3.1', 'gemma3', 'olmo3'])('%s', (family) => {
  it('meets the goldens of its other hook points', async () => {
    using golden = openGolden(family, 'hooks.safetensors')
    using inputs = openGolden(family)
    using model = await loadTiny(join(MODELS, family))
    await expectHooks(model, golden, inputs)
  })
})

it.each(['llama3.1', 'gemma3', 'qwen3'])('reading what norms give changes no bit of %s', async (family) => {
  using inputs = openGolden(family)
  using model = await loadTiny(join(MODELS, family))
  const texts = [inputs.tokens(0), inputs.tokens(1)]
  const hooks = ['blocks.*.hook_resid_post']
  const bare = await model.run(texts, { hooks, logits: 'all' })
  const read = await model.run(texts, {
    hooks: [...hooks, 'blocks.*.ln2.hook_normalized', 'ln_final.hook_normalized'],
    logits: 'all',
  })
  for (const item of [0, 1]) {
    expect(read.logits(item).data).toBeBitIdentical(bare.logits(item).data)
    for (let layer = 0; layer < model.architecture.layers.length; layer++) {
      const hook = `blocks.${layer}.hook_resid_post`
      expect(read.get(hook, item).data, hook).toBeBitIdentical(bare.get(hook, item).data)
    }
  }
})

describe.each(['llama3.1', 'gemma3', 'olmo3'])('what the MLP of %s reads', (family) => {
  it('is the norm of the golden residual stream, before and after the weight', async () => {
    using golden = openGolden(family, 'hooks.safetensors')
    using inputs = openGolden(family)
    using model = await loadTiny(join(MODELS, family))
    const { width: d, norms, normEps, normPlusOne, layers } = model.architecture
    const out = await model.run([inputs.tokens(1)], {
      hooks: ['blocks.*.ln2.*', 'blocks.*.mlp.hook_in'].slice(norms.beforeMlp === undefined ? 1 : 0),
    })
    for (const layer of [0, layers.length - 1]) {
      const x = golden.tensor(`1.blocks.${layer}.hook_resid_mid`)
      const read = out.get(`blocks.${layer}.mlp.hook_in`, 0).data
      if (norms.beforeMlp === undefined) {
        // OLMo 2 and 3 norm what comes out of the MLP, not what goes in.
        expect(read).toBeWithinRelativeL2(x, LIMIT)
        continue
      }
      const normed = Float64Array.from(x, (v, i) => {
        const token = x.subarray(i - (i % d), i - (i % d) + d)
        return v / Math.sqrt(token.reduce((sum, y) => sum + y * y, 0) / d + normEps)
      })
      const weight = readF32(model.checkpoint.tensors.get(`model.layers.${layer}.${norms.beforeMlp}.weight`)!)
      const weighted = normed.map((v, i) => v * (weight[i % d]! + (normPlusOne ? 1 : 0)))
      expect(out.get(`blocks.${layer}.ln2.hook_normalized`, 0).data).toBeWithinRelativeL2(normed, LIMIT)
      expect(read).toBeWithinRelativeL2(weighted, LIMIT)
      // The three places differ, so that one taken for another would show.
      expect(() => expect(read).toBeWithinRelativeL2(normed, 0.01)).toThrow()
      expect(() => expect(read).toBeWithinRelativeL2(x, 0.01)).toThrow()
    }
    if (norms.beforeMlp === undefined)
      expect(() => matchHooks(['blocks.*.ln2.hook_normalized'], model.architecture)).toThrow('no such hook')
  })
})

describe('a file with query and key rows in the order of adjacent pairs', () => {
  it("shows and takes HF's order at its hook points", async () => {
    using golden = openGolden('llama3.1', 'hooks.safetensors')
    using inputs = openGolden('llama3.1')
    using copy = await adjacentCopy('llama3.1', 16)
    using model = await loadTiny(copy.path, 1, { ropePairs: 'adjacent' })
    await expectHooks(model, golden, inputs)
    // Read wrongly, the same file must not meet them: the test can fail.
    using wrong = await loadTiny(copy.path)
    await expect(expectHooks(wrong, golden, inputs)).rejects.toThrow('relative L2')
  })
})

it('a change of queries or keys means the same in a file of either order', async () => {
  using copy = await adjacentCopy('llama3.1', 16)
  using adjacent = await loadTiny(copy.path, 1, { ropePairs: 'adjacent' })
  using half = await loadTiny(join(MODELS, 'llama3.1'))
  const interventions = (['q', 'k'] as const).map((name) => {
    const site = `blocks.1.attn.hook_${name}`
    const vector = Float32Array.from({ length: hookWidth(site, half.architecture) }, (_, j) => Math.sin(j))
    return add({ site, vector, dose: 2 })
  })
  const run = (model: Model) => model.run([[1, 2, 3, 4, 5]], { logits: 'all', interventions })
  expect((await run(adjacent)).logits(0).data).toBeWithinRelativeL2((await run(half)).logits(0).data, LIMIT)
})

describe('names', async () => {
  using model = await loadTiny(join(MODELS, 'llama3.1'))
  const { architecture } = model

  it('are all there is to read, with the widths they are documented with', async () => {
    using own = await loadTiny(join(MODELS, 'llama3.1'))
    const names = hookNames(architecture)
    expect(names).toHaveLength(2 + 4 * 13)
    const out = await own.run([[1, 2, 3]], { hooks: ['*'] })
    for (const name of names) {
      const m = out.get(name, 0)
      expect([name, m.rows, m.cols]).toEqual(
        name.endsWith('hook_pattern') ? [name, 4 * 3, 3] : [name, 3, hookWidth(name, architecture)],
      )
    }
  })

  it('match globs, in the order in which they are computed', () => {
    expect(matchHooks(['blocks.*.hook_resid_post', 'hook_embed'], architecture)).toEqual([
      'hook_embed',
      ...[0, 1, 2, 3].map((layer) => `blocks.${layer}.hook_resid_post`),
    ])
    expect(matchHooks(['blocks.0.attn.*'], architecture)).toHaveLength(5)
    expect(matchHooks(['blocks.?.attn.hook_q'], architecture)).toHaveLength(4)
    expect(matchHooks(['blocks.2.hook_resid_p*'], architecture)).toEqual([
      'blocks.2.hook_resid_pre',
      'blocks.2.hook_resid_post',
    ])
  })

  it.each([
    ['blocks.0.hook_resid_pots', 'blocks.0.hook_resid_post'],
    ['blocks.9.attn.hook_z', 'blocks.0.attn.hook_z'],
    ['blocks.0.hook_z', 'blocks.0.attn.hook_z'],
    ['blocks.*.hook_nothing', 'such as'],
    ['ln_final.hook_normalised', 'ln_final.hook_normalized'],
  ])('that do not exist are refused: %s', (name, near) => {
    expect(() => matchHooks([name], architecture)).toThrow(
      expect.objectContaining({ code: 'hook-unknown', message: expect.stringContaining(near) }),
    )
  })
})
