/**
 * The parity of every family without the kernels and with those for AVX2 alone; models.test.ts holds it with what
 * the processor has. And what kernels promise of whole models: the same bits for a text alone and among others.
 */
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { f32ToF16 } from '../src/formats/half.ts'
import { KERNELS_VARIABLE } from '../src/ggml/kernels/kernels.ts'
import { matchHooks } from '../src/model/hooks.ts'
import type { RunResult } from '../src/model/model.ts'
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
    const instructions = model.backend.kernels?.kernels.isa?.name
    if (setting === 'off') expect(instructions).toBeUndefined()
    else expect(instructions).not.toBe('avx512')
    const texts = [golden.tokens(0), golden.tokens(1)]
    for (const patterns of [false, true]) {
      const out = await model.run(texts, { hooks: goldenHooks(model, patterns), logits: 'all' })
      for (const [item, tokens] of texts.entries())
        expectGolden(model, golden, item, [0, tokens.length], (hook) => {
          if (hook === 'logits') return out.logits(item)
          return hook.endsWith('hook_pattern') && !patterns ? undefined : out.get(hook, item)
        })
    }
  })
})

it('a text has the same bits alone, packed, cut short and with patterns read, through a whole model', async () => {
  using copy = await halfCopy('llama3.1', 'BF16', f32ToF16)
  for (const path of [copy.path, join(MODELS, 'gemma2'), join(MODELS, 'olmo3')])
    for (const precision of ['f32', 'native'] as const) {
      using model = await loadTiny(path, 2, { precision })
      if (model.backend.kernels?.kernels.isa === undefined) return
      const hooks = ['blocks.*.hook_resid_post', 'blocks.1.attn.hook_z']
      const text = Array.from({ length: 40 }, (_, i) => 5 + i)
      const alone = await model.run([text], { hooks, logits: 'all' })
      const packed = await model.run([[1, 2, 3], text, [4]], { hooks, logits: 'all' })
      const cut = await model.run([text.slice(0, 9)], { hooks, logits: 'all' })
      const read = await model.run([[8], text], {
        hooks: [...hooks, 'blocks.*.attn.hook_pattern'],
        logits: 'all',
      })
      for (const hook of [...matchHooks(hooks, model.architecture), 'logits']) {
        const of = (out: RunResult, item: number): Float32Array =>
          (hook === 'logits' ? out.logits(item) : out.get(hook, item)).data
        const whole = of(alone, 0)
        expect(of(packed, 1), hook).toBeBitIdentical(whole)
        expect(of(read, 1), hook).toBeBitIdentical(whole)
        expect(of(cut, 0), hook).toBeBitIdentical(whole.subarray(0, (whole.length / 40) * 9))
      }
    }
})
