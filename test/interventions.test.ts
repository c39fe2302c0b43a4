/** Interventions do what they say, to the bit where nothing is asked, and prove it. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { matrix, row } from '../src/core/matrix.ts'
import { stream } from '../src/core/random.ts'
import { generate } from '../src/model/generate.ts'
import { ablate, add, rel, replace } from '../src/model/interventions.ts'
import { logProbability } from '../src/model/log-probabilities.ts'
import type { Model } from '../src/model/model.ts'
import { score } from '../src/model/score.ts'
import { loadTiny } from './support/tiny.ts'

const FOLDER = join(fileURLToPath(new URL('./fixtures/models/', import.meta.url)), 'llama3.1')
const SITE = 'blocks.1.hook_resid_post'
const LAST = 'blocks.3.hook_resid_post'
const rng = stream(3, 'interventions')
const vector = Float32Array.from({ length: 64 }, () => rng.normal())
const unit = vector.map((v) => v / Math.hypot(...vector))
const texts = [
  [1, 2, 3, 4, 5, 6, 7],
  [9, 8, 7],
  [20, 30, 40, 50, 60],
]

let model: Model
beforeAll(async () => {
  model = await loadTiny(FOLDER)
})
afterAll(() => model[Symbol.dispose]())

describe('add', () => {
  it('of dose zero leaves every bit as it was', async () => {
    const plain = await model.run(texts, { hooks: [SITE, LAST], logits: 'all' })
    const zero = await model.run(texts, {
      hooks: [SITE, LAST],
      logits: 'all',
      interventions: [
        add({ site: SITE, vector, dose: 0 }),
        add({ site: 'blocks.*.hook_resid_mid', vector, dose: 0 }),
      ],
    })
    for (const i of texts.keys()) {
      expect(zero.get(LAST, i).data).toEqual(plain.get(LAST, i).data)
      expect(zero.logits(i).data).toEqual(plain.logits(i).data)
    }
  })

  it('moves what it should by what it should, and says so', async () => {
    const plain = await model.run(texts, { hooks: [SITE] })
    const out = await model.run(texts, {
      hooks: [SITE],
      interventions: [
        add({ site: SITE, vector, dose: 2, rows: [0] }),
        add({ site: SITE, vector: unit, dose: -3, rows: [1], positions: 'last' }),
      ],
    })
    for (let t = 0; t < 7; t++)
      expect(row(out.get(SITE, 0), t)).toBeAllclose(
        row(plain.get(SITE, 0), t).map((v, j) => v + 2 * vector[j]!),
        { rtol: 1e-6, atol: 1e-6 },
      )
    expect(out.get(SITE, 1).data.subarray(0, 128)).toEqual(plain.get(SITE, 1).data.subarray(0, 128))
    expect(row(out.get(SITE, 1), 2)).toBeAllclose(
      row(plain.get(SITE, 1), 2).map((v, j) => v - 3 * unit[j]!),
      { rtol: 1e-6, atol: 1e-6 },
    )
    expect(out.get(SITE, 2).data).toEqual(plain.get(SITE, 2).data)
    const [first, second] = out.receipts
    expect(first).toMatchObject({ op: 'add', site: SITE, fired: 1, tokens: 7 })
    expect(first!.measured / (2 * Math.hypot(...vector))).toBeCloseTo(1, 5)
    expect(second).toMatchObject({ tokens: 1 })
    expect(second!.asked).toBeCloseTo(3, 5)
  })

  it('takes doses in fractions of the mean residual norm', async () => {
    const norms = await model.meanNorms(model.items(texts), [SITE])
    const out = await model.run(texts, {
      hooks: [],
      logits: 'last',
      interventions: [add({ site: SITE, vector, dose: rel(0.5) })],
    })
    expect(out.receipts[0]!.measured / norms.get(SITE)!).toBeCloseTo(0.5, 4)
  })
})

describe('ablate', () => {
  it('leaves a projection below 1e-5 of the norm, at every site of a glob', async () => {
    const out = await model.run(texts, {
      hooks: ['blocks.*.hook_resid_post'],
      interventions: [ablate({ site: 'blocks.*.hook_resid_post', direction: vector })],
    })
    for (let layer = 0; layer < 4; layer++)
      for (const i of texts.keys()) {
        const x = out.get(`blocks.${layer}.hook_resid_post`, i)
        for (let t = 0; t < x.rows; t++) {
          const projection = row(x, t).reduce((s, v, j) => s + v * unit[j]!, 0)
          expect(Math.abs(projection) / Math.hypot(...row(x, t))).toBeLessThan(1e-5)
        }
      }
    expect(out.receipts).toHaveLength(4)
    for (const receipt of out.receipts) expect(receipt.left).toBeLessThan(1e-5)
  })

  it('sets the projection to a mean', async () => {
    const out = await model.run(texts, {
      hooks: [SITE],
      interventions: [ablate({ site: SITE, direction: unit, mean: 1.5 })],
    })
    const x = out.get(SITE, 2)
    for (let t = 0; t < x.rows; t++)
      expect(row(x, t).reduce((s, v, j) => s + v * unit[j]!, 0)).toBeCloseTo(1.5, 4)
  })
})

describe('replace', () => {
  it("patches another text's activations in, to the bit", async () => {
    const other = await model.run([[70, 80, 90]], { hooks: [SITE] })
    const values = other.get(SITE, 0)
    const out = await model.run(texts, {
      hooks: [SITE],
      interventions: [replace({ site: SITE, values, rows: [1] })],
    })
    expect(out.get(SITE, 1).data).toEqual(values.data)
    expect(out.receipts[0]).toMatchObject({ tokens: 3 })
  })

  it('is what makes the rest follow: patching everything carries the output over', async () => {
    const other = await model.run([[70, 80, 90]], { hooks: [LAST], logits: 'all' })
    const out = await model.run([[1, 2, 3]], {
      logits: 'all',
      interventions: [replace({ site: LAST, values: other.get(LAST, 0) })],
    })
    expect(out.logits(0).data).toEqual(other.logits(0).data)
  })
})

describe('queries, keys, values and z', () => {
  it.each([
    'attn.hook_q',
    'attn.hook_k',
    'attn.hook_v',
    'attn.hook_z',
    'mlp.hook_post',
    'hook_attn_out',
    'hook_mlp_out',
  ])('can be changed at %s', async (hook) => {
    const site = `blocks.2.${hook}`
    const plain = await model.run(texts, { hooks: [site], logits: 'last' })
    const width = plain.get(site, 0).cols
    const out = await model.run(texts, {
      hooks: [site],
      logits: 'last',
      interventions: [add({ site, vector: new Float32Array(width).fill(1), dose: 0.5 })],
    })
    expect(out.get(site, 0).data).toBeAllclose(
      plain.get(site, 0).data.map((v) => v + 0.5),
      { atol: 1e-5 },
    )
    expect(out.logits(0).data).not.toEqual(plain.logits(0).data)
  })
})

describe('in generation', () => {
  it('steers prompt and generated positions apart, as a full pass does', async () => {
    const dose = 3
    const interventions = [add({ site: SITE, vector, dose, positions: 'generated' as const })]
    const { texts: out, receipts } = await generate(model, texts, { maxTokens: 12, interventions })
    // A full pass over prompt and generated tokens, with the vector added at the generated ones by patching.
    const plain = await generate(model, texts, { maxTokens: 12 })
    expect(out.map((t) => t.tokens)).not.toEqual(plain.texts.map((t) => t.tokens))
    expect(out.map((t) => t.tokens[0])).toEqual(plain.texts.map((t) => t.tokens[0]))
    expect(receipts[0]!.tokens).toBeGreaterThanOrEqual(11)
    const prompt = texts[0]!
    const generated = out[0]!.tokens
    const whole = [...prompt, ...generated]
    const before = await model.run([whole], { hooks: [SITE] })
    const patched = matrix(whole.length, 64, before.get(SITE, 0).data.slice())
    for (let t = prompt.length; t < whole.length; t++)
      for (let j = 0; j < 64; j++) patched.data[t * 64 + j]! += dose * vector[j]!
    const full = await model.run([whole], {
      logits: 'all',
      interventions: [replace({ site: SITE, values: patched })],
    })
    for (const [t, token] of generated.entries()) {
      const r = full.logits(0).data.subarray((prompt.length - 1 + t) * 256, (prompt.length + t) * 256)
      expect(Math.max(...r) - r[token]!).toBeLessThan(1e-4)
    }
  })

  it('keeps a receipt for each text, which stops counting when the text has ended', async () => {
    const interventions = [
      add({ site: SITE, vector, dose: 1 }),
      ablate({ site: LAST, direction: vector, positions: 'generated', rows: [0, 1] }),
    ]
    using own = await loadTiny(FOLDER)
    const free = await generate(own, texts, { maxTokens: 9, interventions })
    // An end token that one text reaches early and the others may not reach at all.
    Object.assign(own, { eosIds: [free.texts[1]!.tokens[3]!] })
    const { texts: out, receipts } = await generate(own, texts, { maxTokens: 9, interventions })
    expect(out[1]!.tokens.length).toBeLessThan(9)
    for (const [i, text] of out.entries()) {
      // The last token generated is never run.
      const run = text.tokens.length - 1
      expect(text.receipts.map((r) => r.tokens)).toEqual(
        i < 2 ? [texts[i]!.length + run, run] : [texts[i]!.length + run],
      )
      expect(text.receipts[0]!.fired).toBe(1 + run)
      expect(text.receipts[0]!.asked).toBeCloseTo(Math.hypot(...vector), 4)
      expect(text.receipts[0]!.measured).toBeCloseTo(text.receipts[0]!.asked, 3)
    }
    for (const k of [0, 1])
      expect(receipts[k]!.tokens).toBe(out.reduce((n, t) => n + (t.receipts[k]?.tokens ?? 0), 0))
  })

  it('goes on after the texts that are done, as if it had not stopped', async () => {
    const interventions = [add({ site: SITE, vector, dose: rel(0.5) })]
    const options = { maxTokens: 5, interventions, batch: 2, temperature: 1 }
    const whole = await generate(model, texts, options)
    const rest = await generate(model, texts, { ...options, skip: 2 })
    expect(rest.texts).toEqual(whole.texts.slice(2))
    await expect(generate(model, texts, { ...options, skip: 1 })).rejects.toMatchObject({
      code: 'generate-option',
    })
  })

  it('gives every text of a batch what it gives it alone, greedy or sampled', async () => {
    const items = texts.map((tokens, i) => ({ id: `t${i}`, tokens }))
    for (const temperature of [0, 1]) {
      const together = await generate(model, items, { maxTokens: 10, temperature, seed: 5 })
      for (const [i, item] of items.entries()) {
        const alone = await generate(model, [item], { maxTokens: 10, temperature, seed: 5 })
        expect(alone.texts[0]).toEqual(together.texts[i])
      }
    }
  })
})

describe('refusals', () => {
  it('name the nearest hook for an unknown one', async () => {
    await expect(model.run(texts, { hooks: ['blocks.0.hook_resid_pots'] })).rejects.toMatchObject({
      code: 'hook-unknown',
      message: expect.stringContaining('blocks.0.hook_resid_post'),
    })
  })

  it.each([
    [
      'a vector of another width',
      add({ site: SITE, vector: new Float32Array(63), dose: 1 }),
      'intervention-shape',
    ],
    [
      'a vector with NaN',
      add({ site: SITE, vector: new Float32Array(64).fill(Number.NaN), dose: 1 }),
      'intervention-value',
    ],
    [
      'a dose that is not finite',
      add({ site: SITE, vector, dose: Number.POSITIVE_INFINITY }),
      'intervention-value',
    ],
    [
      'a direction of length zero',
      ablate({ site: SITE, direction: new Float32Array(64) }),
      'intervention-value',
    ],
    [
      'a change of patterns',
      add({ site: 'blocks.0.attn.hook_pattern', vector, dose: 1 }),
      'intervention-site',
    ],
    [
      'an intervention that never applies',
      add({ site: SITE, vector, dose: 1, positions: 'generated' }),
      'intervention-idle',
    ],
  ])('%s', async (_, intervention, code) => {
    await expect(model.run(texts, { logits: 'last', interventions: [intervention] })).rejects.toMatchObject({
      code,
    })
  })

  it('empty texts, texts beyond the context and tokens beyond the vocabulary', async () => {
    await expect(model.run([[]], {})).rejects.toMatchObject({ code: 'text-empty' })
    await expect(model.run([new Array(257).fill(1)], {})).rejects.toMatchObject({ code: 'text-too-long' })
    await expect(model.run([[1, 256]], {})).rejects.toMatchObject({ code: 'token-range' })
  })
})

describe('score', () => {
  it('gives the log-probabilities of a full pass for each completion', async () => {
    const prompt = [5, 6, 7, 8]
    const completions = [[1, 2, 3], [4], [10, 11, 12, 13]]
    await score(model, [{ id: 'a', prompt, completions }], {}, async (scored) => {
      expect(scored.tokens).toEqual([3, 1, 4])
      for (const [c, completion] of completions.entries()) {
        const full = await model.run([[...prompt, ...completion]], { logits: 'all' })
        const expected = completion.reduce((sum, token, t) => {
          const at = prompt.length - 1 + t
          return sum + logProbability(full.logits(0).data.subarray(at * 256, (at + 1) * 256), token)
        }, 0)
        expect(scored.logprobs[c]).toBeCloseTo(expected, 4)
      }
    })
  })
})
