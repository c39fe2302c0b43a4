/** A real quantised chat model against float64: token ids, activations, logits, greedy text, chat rendering. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { row } from '../src/core/matrix.ts'
import { openSafetensors, readF32 } from '../src/formats/safetensors.ts'
import type { TensorFile } from '../src/formats/tensor-type.ts'
import { generate } from '../src/model/generate.ts'
import { loadModel } from '../src/model/load.ts'
import type { Model } from '../src/model/model.ts'
import { SMOLLM2 } from './support/real.ts'

interface Golden {
  text: string
  greedy_ids: number[]
  mean_nll: number
}

const LAYERS = [0, 7, 15, 23, 29]
const NAMES = ['plain', 'unicode', 'chat', 'long']
/** In `native` the activations are rounded to 8 bits before each product with quantised weights. */
const LIMITS = { f32: { resid: 2e-5, logits: 2e-5 }, native: { resid: 5e-2, logits: 0.12 } }

describe.skipIf(SMOLLM2 === undefined)(
  'SmolLM2 135M Instruct, Q4_1 (skipped where the model is not at hand)',
  () => {
    const goldens: Record<string, Golden> =
      SMOLLM2 === undefined ? {} : JSON.parse(readFileSync(join(SMOLLM2, 'golden.json'), 'utf8'))
    let tensors: TensorFile

    beforeAll(() => {
      tensors = openSafetensors(join(SMOLLM2!, 'golden.safetensors'))
    })
    afterAll(() => tensors[Symbol.dispose]())

    describe.each(['f32', 'native'] as const)('%s', (precision) => {
      let model: Model
      beforeAll(async () => {
        model = await loadModel(SMOLLM2!, { device: 'cpu', threads: 1, precision })
      })
      afterAll(() => model[Symbol.dispose]())

      it.each(NAMES)('meets the goldens of the text "%s"', async (name) => {
        const golden = (key: string): Float32Array => readF32(tensors.tensors.get(`${name}.${key}`)!)
        const ids = [...golden('input_ids')]
        expect(model.tokenizer.encode(goldens[name]!.text)).toEqual(ids)
        const out = await model.run([goldens[name]!.text], {
          hooks: LAYERS.map((l) => `blocks.${l}.hook_resid_post`),
          logits: 'last',
        })
        for (const layer of LAYERS) {
          const x = out.get(`blocks.${layer}.hook_resid_post`, 0)
          const last8 = golden(`blocks.${layer}.hook_resid_post.last8`)
          expect(x.data.subarray(x.data.length - last8.length)).toBeWithinRelativeL2(
            last8,
            LIMITS[precision].resid,
          )
          const mean = new Float64Array(x.cols)
          for (let t = 1; t < x.rows; t++)
            for (let j = 0; j < x.cols; j++) mean[j]! += row(x, t)[j]! / (x.rows - 1)
          expect(mean).toBeWithinRelativeL2(
            golden(`blocks.${layer}.hook_resid_post.mean_from_1`),
            LIMITS[precision].resid,
          )
        }
        expect(out.logits(0).data).toBeWithinRelativeL2(golden('logits.last'), LIMITS[precision].logits)
      })

      it('renders the chat as the golden does', () => {
        const messages = [{ role: 'user', content: 'What should the government do about the minimum wage?' }]
        expect(model.template!.render(messages, { addGenerationPrompt: true })).toBe(goldens.chat!.text)
      })
    })

    // Rounded activations may tip a near tie, after which texts differ: only f32 must follow to the end.
    it('continues all four texts with the 32 greedy tokens at f32', async () => {
      using model = await loadModel(SMOLLM2!, { device: 'cpu', threads: 1, precision: 'f32' })
      const { texts } = await generate(
        model,
        NAMES.map((name) => goldens[name]!.text),
        { maxTokens: 32 },
      )
      expect(texts.map((t) => t.tokens)).toEqual(NAMES.map((name) => goldens[name]!.greedy_ids))
      expect(texts[0]!.stop).toBe('eos')
    })
  },
)
