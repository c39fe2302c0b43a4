/** Generation and scoring: batches, stop tokens, sampling, cancelling, and completions over a shared prompt. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generate } from '../src/model/generate.ts'
import type { Model } from '../src/model/model.ts'
import { chooseToken, samplingNumber } from '../src/model/sample.ts'
import { logProbability, type Scored, score } from '../src/model/score.ts'
import { MODELS } from './support/golden.ts'
import { loadTiny } from './support/tiny.ts'

const FOLDER = join(MODELS, 'llama3.1')
const prompts = Array.from({ length: 11 }, (_, i) => ({
  id: `p${i}`,
  tokens: Array.from({ length: 1 + ((i * 5) % 13) }, (_, t) => (17 * i + 31 * t + 1) % 256),
}))

let model: Model
beforeAll(async () => {
  model = await loadTiny(FOLDER)
})
afterAll(() => model[Symbol.dispose]())

describe('generation', () => {
  it.each([0, 0.8])('at temperature %f gives each text the same in any batch', async (temperature) => {
    const options = { maxTokens: 70, temperature, seed: 9 }
    const alone = []
    for (const prompt of prompts) alone.push((await generate(model, [prompt], options)).texts[0])
    for (const batch of [1, 3, 16]) {
      const { texts } = await generate(model, prompts, { ...options, batch })
      expect(texts).toEqual(alone)
    }
  })

  it('follows from seed, id and position alone', async () => {
    const options = { maxTokens: 20, temperature: 1 }
    const first = await generate(model, prompts, { ...options, seed: 1 })
    expect(await generate(model, prompts, { ...options, seed: 1 })).toEqual(first)
    const second = await generate(model, prompts, { ...options, seed: 2 })
    expect(second.texts.map((t) => t.tokens)).not.toEqual(first.texts.map((t) => t.tokens))
    const same = await generate(
      model,
      ['a', 'b'].map((id) => ({ id, tokens: [5, 6] })),
      options,
    )
    expect(same.texts[0]!.tokens).not.toEqual(same.texts[1]!.tokens)
  })

  it('stops at an end token, which it keeps, and at the length otherwise', async () => {
    using endless = await loadTiny(FOLDER, 1, { eosIds: [] })
    const plain = await generate(endless, prompts, { maxTokens: 12 })
    for (const text of plain.texts) expect([text.stop, text.tokens.length]).toEqual(['length', 12])
    const ends = [plain.texts[0]!.tokens[3]!, plain.texts[4]!.tokens[0]!]
    using ending = await loadTiny(FOLDER, 1, { eosIds: ends })
    const seen: string[] = []
    const { texts } = await generate(ending, prompts, {
      maxTokens: 12,
      onText: (text) => void seen.push(text.id),
    })
    for (const [i, text] of texts.entries()) {
      const full = plain.texts[i]!.tokens
      const end = full.findIndex((token) => ends.includes(token))
      expect(text.tokens).toEqual(end < 0 ? full : full.slice(0, end + 1))
      expect(text.stop).toBe(end < 0 ? 'length' : 'eos')
    }
    expect(texts[4]!.tokens).toHaveLength(1)
    expect(seen.toSorted()).toEqual(prompts.map((p) => p.id).toSorted())
    expect(seen.indexOf('p4')).toBe(0)
  })

  it('is stopped by a signal, and the model goes on afterwards', async () => {
    const controller = new AbortController()
    let done = 0
    const running = generate(model, prompts, {
      maxTokens: 100,
      batch: 1,
      signal: controller.signal,
      onText: () => {
        if (++done === 2) controller.abort()
      },
    })
    await expect(running).rejects.toMatchObject({ kind: 'interrupted' })
    expect(done).toBe(2)
    expect((await generate(model, [[1, 2]], { maxTokens: 2 })).texts[0]!.tokens).toHaveLength(2)
  })
})

describe('the token chosen', () => {
  it('is drawn with the softmax probabilities', () => {
    const logits = Float32Array.of(0, 1, 2, -1, 9)
    const usable = 4 // the last is padding of the embedding
    const draws = 20_000
    const counts = new Array<number>(usable).fill(0)
    for (let n = 0; n < draws; n++) counts[chooseToken(logits, usable, 0.7, samplingNumber(3, 'x', n))]!++
    const weights = [0, 1, 2, -1].map((v) => Math.exp(v / 0.7))
    const total = weights.reduce((a, b) => a + b)
    let chi2 = 0
    weights.forEach((w, i) => {
      const expected = (draws * w) / total
      chi2 += (counts[i]! - expected) ** 2 / expected
    })
    expect(chi2).toBeLessThan(16.3) // the 0.999 quantile with 3 degrees of freedom
  })

  it('is the lowest of the best without temperature, and never padding', () => {
    expect(chooseToken(Float32Array.of(1, 3, 3, 9), 3, 0, 0)).toBe(1)
    expect(chooseToken(Float32Array.of(1, 3, 3, 9), 3, 1, 1 - 1e-12)).toBe(2)
  })
})

describe('scoring', () => {
  it('gives what full passes give, whatever shares a pass, in order', async () => {
    const items = prompts.map(({ id, tokens }, i) => ({
      id,
      prompt: tokens,
      completions: Array.from({ length: i % 4 }, (_, c) =>
        Array.from({ length: 1 + ((c * 7 + i) % 9) }, (_, t) => (i + 13 * c + 5 * t) % 256),
      ),
    }))
    // One whose completions do not fit into a pass together.
    items.push({
      id: 'long',
      prompt: new Array<number>(150).fill(8),
      completions: Array.from({ length: 9 }, (_, c) => new Array<number>(60).fill(c + 1)),
    })
    const found: Scored[] = []
    const progress: number[] = []
    await score(model, items, { onProgress: (done) => progress.push(done) }, (scored, index) => {
      expect(index).toBe(found.length)
      found.push(scored)
    })
    expect(progress).toEqual(items.map((_, i) => i + 1))
    for (const [i, item] of items.entries()) {
      expect(found[i]).toMatchObject({ id: item.id, tokens: item.completions.map((c) => c.length) })
      for (const [c, completion] of item.completions.entries()) {
        const full = await model.run([[...item.prompt, ...completion]], { logits: 'all' })
        const expected = completion.reduce((sum, token, t) => {
          const at = item.prompt.length - 1 + t
          return sum + logProbability(full.logits(0).data.subarray(at * 256, (at + 1) * 256), token)
        }, 0)
        expect(Math.abs(found[i]!.logprobs[c]! - expected)).toBeLessThan(1e-4 * completion.length)
      }
    }
  })
})
