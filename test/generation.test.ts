/** Generation and scoring: batches, stop tokens, sampling, cancelling, and completions over a shared prompt. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { TensorStore } from '../src/ggml/buffer.ts'
import { Graph } from '../src/ggml/graph.ts'
import { generate } from '../src/model/generate.ts'
import { add, type Intervention, type Positions } from '../src/model/interventions.ts'
import { logProbability } from '../src/model/log-probabilities.ts'
import type { Model } from '../src/model/model.ts'
import { bestToken, drawToken, samplingNumbers } from '../src/model/sample.ts'
import { type Scored, score } from '../src/model/score.ts'
import { equalPrompts, sharedDepth } from '../src/model/shared-prompts.ts'
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

  it('makes memory for waves of one size once, and for longer ones again', async () => {
    const text = (i: number, length: number) => ({
      id: `w${i}`,
      tokens: Array.from({ length }, (_, t) => (17 * i + 31 * t + 1) % 256),
    })
    // Waves of two: a long text after short ones, short ones after it, and one text that is left.
    const waves = [5, 3, 4, 5, 90, 3, 4, 2, 6].map((length, i) => text(i, length))
    const options = { maxTokens: 6, temperature: 1 }
    const alone = []
    for (const one of waves) alone.push((await generate(model, [one], options)).texts[0])
    const commit = vi.spyOn(TensorStore.prototype, 'commit')
    const { texts } = await generate(model, waves, { ...options, batch: 2 })
    const made = commit.mock.calls.length
    vi.restoreAllMocks()
    expect(texts).toEqual(alone)
    expect(made).toBe(3)
  })

  it('packs the weights once where that pays, and writes the same', async () => {
    using model = await loadTiny(FOLDER, 2)
    const { kernels } = model.backend
    if (kernels?.kernels.isa === undefined) return
    const many = Array.from({ length: 65 }, (_, i) => ({ id: `m${i}`, tokens: [i + 1, 7, 2 * i + 1] }))
    /** What steps multiply with: another kernel where panels are kept. */
    const chosen = (): bigint => {
      using graph = new Graph(model.backend, 8)
      const w = model.weights.layers[0]!.gate.weight
      const how = { precision: model.precision, step: true }
      return kernels.choose(w, graph.input('F32', [w.ne[0], 9]), how)!.address
    }
    const flying = chosen()
    const write = async (batch: number): Promise<readonly number[][]> =>
      (await generate(model, many, { maxTokens: 12, temperature: 1, batch })).texts.map((t) => [...t.tokens])
    const packing = vi.spyOn(model, 'prepareSteps').mockResolvedValue(undefined)
    const fly = await write(65)
    packing.mockRestore()
    expect(chosen()).toBe(flying)
    await generate(model, many.slice(0, 7), { maxTokens: 2 })
    expect(chosen()).toBe(flying)
    expect(await write(16)).toEqual(fly)
    expect(chosen()).not.toBe(flying)
  })

  it('writes the same where there is no folder for the file of packed weights', async () => {
    const many = prompts.map((prompt) => ({ ...prompt, id: `f${prompt.id}` }))
    const write = async (): Promise<unknown> => {
      using model = await loadTiny(FOLDER, 2)
      return (await generate(model, many, { maxTokens: 12, temperature: 1 })).texts
    }
    const kept = await write()
    vi.stubEnv('TMPDIR', join(FOLDER, 'no-such-folder'))
    expect(await write()).toEqual(kept)
    vi.unstubAllEnvs()
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
    const usable = 4
    const draws = 20_000
    const counts = new Array<number>(usable).fill(0)
    const weights = [0, 1, 2, -1].map((v) => Math.exp(v / 0.7))
    const total = weights.reduce((a, b) => a + b)
    const probabilities = Float32Array.from(weights, (w) => w / total)
    const number = samplingNumbers(3, 'x')
    for (let n = 0; n < draws; n++) counts[drawToken(probabilities, number(n))]!++
    let chi2 = 0
    weights.forEach((w, i) => {
      const expected = (draws * w) / total
      chi2 += (counts[i]! - expected) ** 2 / expected
    })
    expect(chi2).toBeLessThan(16.3) // the 0.999 quantile with 3 degrees of freedom
  })

  it('is the lowest of the best without temperature, and never padding', () => {
    expect(bestToken(Float32Array.of(1, 3, 3, 9), 3)).toBe(1)
    expect(drawToken(Float32Array.of(0.25, 0.5, 0.25), 1 - 1e-12)).toBe(2)
    expect(drawToken(Float32Array.of(0.25, 0.5, 0.2499), 1 - 1e-12)).toBe(1) // probabilities that sum to less
  })

  it('is drawn from the softmax of the logits at the temperature, over the ids of the tokenizer', async () => {
    using small = await loadTiny(FOLDER)
    Object.defineProperty(small.tokenizer, 'size', { value: 40 })
    const prompt = { id: 'p', tokens: [5, 6, 7] }
    const logits = (await model.run([prompt], { logits: 'last' })).logits(0).data
    for (const [of, ids] of [
      [model, model.architecture.vocabulary],
      [small, 40],
    ] as const) {
      const weights = [...logits.subarray(0, ids)].map((v) => Math.exp(v / 1.7))
      const total = weights.reduce((a, b) => a + b)
      const drawn = new Set<number>()
      for (let seed = 0; seed < 12; seed++) {
        let left = samplingNumbers(seed, 'p')(0) * total
        const expected = weights.findIndex((w) => {
          left -= w
          return left < 0
        })
        const { texts } = await generate(of, [prompt], { maxTokens: 1, temperature: 1.7, seed })
        expect(texts[0]!.tokens).toEqual([expected])
        drawn.add(expected)
      }
      expect(drawn.size).toBeGreaterThan(4)
    }
  })
})

describe('prompts that are equal', () => {
  const [a, b] = [
    [5, 6, 7, 8],
    [9, 10, 11],
  ]
  const twice = [a, b, a, a, b, a].map((tokens, i) => ({ id: `row ${i}`, tokens }))
  const vector = (i: number): Float32Array =>
    Float32Array.from({ length: model.architecture.width }, (_, j) => Math.sin(i + j))
  const arms = (site: string, positions: Positions) =>
    [1, 2, 4].map((row) => add({ site, vector: vector(row), dose: 2, positions, rows: [row] }))
  it.each([
    ['nothing is changed', () => []],
    ['rows are steered', () => arms('blocks.0.hook_resid_post', 'all')],
    ['rows are steered inside a block', () => arms('blocks.1.hook_attn_out', 'prompt')],
    ['rows are steered where they begin', () => arms('hook_embed', 'all')],
    ['what is generated is steered', () => arms('blocks.0.hook_resid_mid', 'generated')],
    ['the last of the prompt is steered, at the end', () => arms('ln_final.hook_normalized', 'last')],
    [
      'everything at once',
      () => [...arms('blocks.1.hook_resid_post', 'all'), ...arms('blocks.1.hook_mlp_out', 'generated')],
    ],
  ] as const)(
    'share what they have in common: the texts are those of each alone, where %s',
    async (_, changes) => {
      const options = { maxTokens: 10, temperature: 1, seed: 4 }
      const together = await generate(model, twice, { ...options, interventions: changes() })
      for (const [row, item] of twice.entries()) {
        const own = changes()
          .filter((c) => c.rows!.includes(row))
          .map((c) => ({ ...c, rows: [0] }))
        const { texts } = await generate(model, [item], { ...options, interventions: own })
        expect(together.texts[row]!.tokens).toEqual(texts[0]!.tokens)
        expect(together.texts[row]!.receipts.map((r) => r.tokens)).toEqual(
          texts[0]!.receipts.map((r) => r.tokens),
        )
      }
    },
  )

  it('know how far they are alike', () => {
    const depth = (...list: Intervention[]) => sharedDepth(list, model.architecture)
    const { length } = model.architecture.layers
    expect(depth()).toBe(length - 1)
    expect(depth(...arms('blocks.0.hook_resid_post', 'generated'))).toBe(length - 1)
    expect(depth(...arms('blocks.1.hook_resid_post', 'last'))).toBe(1)
    expect(
      depth(...arms('blocks.1.hook_resid_post', 'all'), ...arms('blocks.1.hook_resid_mid', 'prompt')),
    ).toBe(0)
    expect(depth(...arms('blocks.0.attn.hook_z', 'all'))).toBe(-1)
    expect(depth(...arms('hook_embed', 'all'))).toBe(-1)
    expect(depth(...arms('ln_final.hook_normalized', 'all'))).toBe(length - 1)
    expect(equalPrompts(twice)).toEqual([
      [0, 2, 3, 5],
      [1, 4],
    ])
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
