/**
 * The parity of every family without the kernels and with those for AVX2 alone; models.test.ts holds it with what
 * the processor has. And what kernels promise of whole models: the same bits for a text alone and among others.
 */
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { f32ToF16 } from '../src/formats/half.ts'
import { KERNELS_VARIABLE } from '../src/ggml/kernels/kernels.ts'
import { halfCopy } from './support/checkpoints.ts'
import { expectGolden, goldenHooks, MODELS, openGolden } from './support/golden.ts'
import { loadTiny, TINY_FAMILIES } from './support/tiny.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

describe.each(['off', 'avx2'])('with kernels=%s', (setting) => {
  it.each(TINY_FAMILIES)('%s meets its goldens, alone and packed', async (family) => {
    vi.stubEnv(KERNELS_VARIABLE, setting)
    using golden = openGolden(family)
    using model = await loadTiny(join(MODELS, family))
    if (setting === 'off') expect(model.backend.kernels?.kernels.isa).toBeUndefined()
    const texts = [golden.tokens(0), golden.tokens(1)]
    const out = await model.run(texts, { hooks: goldenHooks(model, false), logits: 'all' })
    for (const [item, tokens] of texts.entries())
      expectGolden(model, golden, item, [0, tokens.length], (hook) => {
        if (hook === 'logits') return out.logits(item)
        return hook.endsWith('hook_pattern') ? undefined : out.get(hook, item)
      })
  })
})

it('the first product of a text has the same bits alone, packed and cut to one token', async () => {
  using copy = await halfCopy('llama3.1', 'BF16', f32ToF16)
  for (const precision of ['f32', 'native'] as const) {
    using model = await loadTiny(copy.path, 2, { precision })
    if (model.backend.kernels?.kernels.isa === undefined) return
    const hooks = ['blocks.0.attn.hook_q', 'blocks.0.attn.hook_v']
    const text = [5, 6, 7, 8, 9, 10, 11]
    const alone = await model.run([text], { hooks })
    const packed = await model.run([[1, 2, 3], text, [4]], { hooks })
    const cut = await model.run([text.slice(0, 1)], { hooks })
    for (const hook of hooks) {
      expect(packed.get(hook, 1).data).toBeBitIdentical(alone.get(hook, 0).data)
      const { data, cols } = alone.get(hook, 0)
      expect(cut.get(hook, 0).data).toBeBitIdentical(data.subarray(0, cols))
    }
  }
})
