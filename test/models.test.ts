/** Parity of every family with float64 goldens, at f32 precision: packed or alone, any threads, patterns or flash. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { openSafetensors, readF32 } from '../src/formats/safetensors.ts'
import { generate } from '../src/model/generate.ts'
import { type Family, loadTiny, TINY_FAMILIES } from './support/tiny.ts'

const FIXTURES = fileURLToPath(new URL('./fixtures/models/', import.meta.url))

/** Relative L2 error allowed against float64. torch's own float32 is at 1e-6 to 2e-6 on these models. */
const LIMIT = 2e-6

describe.each(TINY_FAMILIES)('%s', (family: Family) => {
  const folder = join(FIXTURES, family)

  it('meets its goldens, with patterns and with flash attention', async () => {
    using golden = openSafetensors(join(folder, 'golden.safetensors'))
    using model = await loadTiny(folder)
    const expected = (name: string): Float32Array => readF32(golden.tensors.get(name)!)
    const last = model.architecture.layers.length - 1
    const patterns = [0, last].map((layer) => `blocks.${layer}.attn.hook_pattern`)
    for (const i of [0, 1]) {
      const tokens = [...expected(`${i}.input_ids`)]
      for (const extra of [[], patterns]) {
        const hooks = ['blocks.*.hook_resid_p*', 'blocks.*.hook_*_out', ...extra]
        const out = await model.run([tokens], { hooks, logits: 'all' })
        expect(out.get('blocks.0.hook_resid_pre', 0).data).toBeWithinRelativeL2(
          expected(`${i}.resid_pre_0`),
          LIMIT,
        )
        for (let layer = 0; layer <= last; layer++) {
          const of = (hook: string): Float32Array => out.get(`blocks.${layer}.${hook}`, 0).data
          expect(of('hook_resid_post')).toBeWithinRelativeL2(
            expected(`${i}.blocks.${layer}.hook_resid_post`),
            LIMIT,
          )
          // What the modules return is what is added to the residual, unless a norm stands between.
          if (model.architecture.norms.afterAttention === undefined) {
            expect(of('hook_attn_out')).toBeWithinRelativeL2(
              expected(`${i}.layers.${layer}.self_attn.output`),
              LIMIT,
            )
            expect(of('hook_mlp_out')).toBeWithinRelativeL2(
              expected(`${i}.layers.${layer}.mlp.output`),
              LIMIT,
            )
          }
        }
        expect(out.logits(0).data).toBeWithinRelativeL2(expected(`${i}.logits`), LIMIT)
        for (const name of extra)
          expect(out.get(name, 0).data).toBeAllclose(expected(`${i}.${name}`), { rtol: 0, atol: 1e-6 })
      }
    }
  })

  it('gives the same packed, in a batch of eight and with one thread', async () => {
    using golden = openSafetensors(join(folder, 'golden.safetensors'))
    const texts = [0, 1, 1, 0, 1, 0, 0, 1].map((i) => ({
      i,
      tokens: [...readF32(golden.tensors.get(`${i}.input_ids`)!)],
    }))
    for (const threads of [1, 2]) {
      using model = await loadTiny(folder, threads)
      const hook = `blocks.${model.architecture.layers.length - 1}.hook_resid_post`
      const out = await model.run(
        texts.map((t) => t.tokens),
        { hooks: [hook], logits: 'all' },
      )
      for (const [index, { i }] of texts.entries()) {
        expect(out.get(hook, index).data).toBeWithinRelativeL2(
          readF32(golden.tensors.get(`${i}.${hook}`)!),
          LIMIT,
        )
        expect(out.logits(index).data).toBeWithinRelativeL2(
          readF32(golden.tensors.get(`${i}.logits`)!),
          LIMIT,
        )
      }
    }
  })

  it('decodes from its cache what a full pass gives', async () => {
    using golden = openSafetensors(join(folder, 'golden.safetensors'))
    using model = await loadTiny(folder)
    const prompts = [0, 1].map((i) => [...readF32(golden.tensors.get(`${i}.input_ids`)!)])
    const { texts } = await generate(model, [...prompts, prompts[1]!.slice(0, 3)], { maxTokens: 40 })
    for (const [index, prompt] of [...prompts, prompts[1]!.slice(0, 3)].entries()) {
      const generated = texts[index]!.tokens
      const full = await model.run([[...prompt, ...generated]], { logits: 'all' })
      for (const [t, token] of generated.entries()) {
        const row = full.logits(0).data.subarray((prompt.length - 1 + t) * 256, (prompt.length + t) * 256)
        // Ties within f32 rounding may fall either way: the chosen token must be within rounding of the best.
        expect(Math.max(...row) - row[token]!).toBeLessThan(1e-5)
      }
    }
  })
})
