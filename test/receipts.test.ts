/** Interventions and their receipts: dose zero in every family, every kind of site, arms, positions, disagreement. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { matrix, row } from '../src/core/matrix.ts'
import { stream } from '../src/core/random.ts'
import { Backend } from '../src/ggml/backend.ts'
import { Graph, GraphAllocator } from '../src/ggml/graph.ts'
import type { Tensor } from '../src/ggml/tensor.ts'
import { Compiler } from '../src/model/compile.ts'
import { generate } from '../src/model/generate.ts'
import { BLOCK_HOOKS, hookNames, hookWidth } from '../src/model/hooks.ts'
import { ablate, add, type Intervention, placeInterventions, replace } from '../src/model/interventions.ts'
import type { Model } from '../src/model/model.ts'
import { score } from '../src/model/score.ts'
import { MODELS } from './support/golden.ts'
import { loadTiny, TINY_FAMILIES } from './support/tiny.ts'

const texts = [
  [1, 2, 3, 4, 5, 6, 7],
  [9, 8, 7],
  [20, 30, 40, 50, 60],
]
const rng = stream(3, 'receipts')
const normal = (length: number): Float32Array => Float32Array.from({ length }, () => rng.normal())
const writable = BLOCK_HOOKS.filter((hook) => hook !== 'attn.hook_pattern')

describe.each(TINY_FAMILIES)('%s', (family) => {
  it('is to the bit what it is without interventions at a dose of zero, everywhere at once', async () => {
    using model = await loadTiny(join(MODELS, family))
    const { architecture } = model
    const sites = hookNames(architecture).filter((name) => !name.endsWith('hook_pattern'))
    const zero = sites.map((site) => add({ site, vector: normal(hookWidth(site, architecture)), dose: 0 }))
    const options = { hooks: sites, logits: 'all' } as const
    const plain = await model.run(texts, options)
    const out = await model.run(texts, { ...options, interventions: zero })
    for (const i of texts.keys()) {
      expect(out.logits(i).data).toBeBitIdentical(plain.logits(i).data)
      for (const site of sites) expect(out.get(site, i).data).toBeBitIdentical(plain.get(site, i).data)
    }
    const unread = await model.run(texts, { logits: 'all' })
    const zeroed = await model.run(texts, { logits: 'all', interventions: zero })
    for (const i of texts.keys()) expect(zeroed.logits(i).data).toBeBitIdentical(unread.logits(i).data)
    const before = await generate(model, texts, { maxTokens: 8 })
    const after = await generate(model, texts, { maxTokens: 8, interventions: zero })
    expect(after.texts.map((t) => t.tokens)).toEqual(before.texts.map((t) => t.tokens))
    for (const receipt of after.receipts) expect(receipt).toMatchObject({ asked: 0, measured: 0 })
  })
})

describe('llama3.1', () => {
  let model: Model
  beforeAll(async () => {
    model = await loadTiny(join(MODELS, 'llama3.1'))
  })
  afterAll(() => model[Symbol.dispose]())

  describe.each([...writable.map((hook) => `blocks.2.${hook}`), 'hook_embed', 'ln_final.hook_normalized'])(
    'at %s',
    (site) => {
      it('adds, ablates and replaces, and the receipts say so', async () => {
        const width = hookWidth(site, model.architecture)
        const vector = normal(width)
        const norm = Math.hypot(...vector)
        const plain = await model.run(texts, { hooks: [site], logits: 'last' })
        const patch = (await model.run([[70, 80, 90]], { hooks: [site] })).get(site, 0)
        const out = await model.run(texts, {
          hooks: [site],
          logits: 'last',
          interventions: [
            add({ site, vector, dose: 0.5, rows: [0] }),
            ablate({ site, direction: vector, rows: [1], mean: 0.25 }),
            replace({ site, values: patch, rows: [2] }),
          ],
        })
        for (let t = 0; t < 7; t++)
          expect(row(out.get(site, 0), t)).toBeAllclose(
            row(plain.get(site, 0), t).map((v, j) => v + 0.5 * vector[j]!),
            { rtol: 1e-6, atol: 1e-5 },
          )
        for (let t = 0; t < 3; t++) {
          const left = row(out.get(site, 1), t).reduce((sum, v, j) => sum + (v * vector[j]!) / norm, 0) - 0.25
          expect(Math.abs(left)).toBeLessThan(1e-5 * Math.hypot(...row(plain.get(site, 1), t)) + 1e-6)
        }
        const replaced = out.get(site, 2).data
        expect(replaced.subarray(0, 3 * width)).toBeBitIdentical(patch.data)
        expect(replaced.subarray(3 * width)).toBeBitIdentical(plain.get(site, 2).data.subarray(3 * width))
        // At the final norm nothing follows that could carry the change to the third text's last token.
        for (const i of site.startsWith('ln_final') ? [0, 1] : [0, 1, 2])
          expect(out.logits(i).data).not.toEqual(plain.logits(i).data)
        expect(out.receipts.map(({ op, tokens, fired }) => ({ op, tokens, fired }))).toEqual([
          { op: 'add', tokens: 7, fired: 1 },
          { op: 'ablate', tokens: 3, fired: 1 },
          { op: 'replace', tokens: 3, fired: 1 },
        ])
        for (const { asked, measured } of out.receipts) expect(measured / asked).toBeCloseTo(1, 3)
        expect(out.receipts[0]!.asked).toBeCloseTo(0.5 * norm, 4)
        expect(out.receipts[1]!.left).toBeLessThan(1e-5)
      })
    },
  )

  it('shares one pass among many arms, each with its own vector', async () => {
    const site = 'blocks.1.hook_resid_post'
    const arms = Array.from({ length: 60 }, () => normal(64))
    const prompt = [5, 6, 7, 8]
    const out = await model.run(
      arms.map(() => prompt),
      {
        hooks: [site],
        logits: 'last',
        interventions: arms.map((vector, arm) => add({ site, vector, dose: arm / 10, rows: [arm] })),
      },
    )
    for (const arm of [0, 1, 17, 59]) {
      const alone = await model.run([prompt], {
        hooks: [site],
        logits: 'last',
        ...(arm === 0 ? {} : { interventions: [add({ site, vector: arms[arm]!, dose: arm / 10 })] }),
      })
      expect(out.logits(arm).data).toBeAllclose(alone.logits(0).data, { rtol: 0, atol: 1e-4 })
      expect(out.receipts[arm]).toMatchObject({ index: arm, tokens: 4, fired: 1 })
    }
  })

  it.each(['add', 'ablate'] as const)(
    'gives an arm the same bits alone and among others that share its operation: %s',
    async (op) => {
      const site = 'blocks.1.hook_resid_post'
      const rows = Array.from({ length: 12 }, (_, i) => i)
      // Of equal norm: receipts alone would not tell one from another.
      const arms = rows.map((arm) => {
        const vector = normal(64)
        const unit = vector.map((v) => v / Math.hypot(...vector))
        return op === 'add'
          ? add({ site, vector: unit, dose: 3, rows: [arm], positions: arm % 3 === 0 ? 'last' : 'all' })
          : ablate({ site, direction: unit, mean: arm / 4, amount: 1 + (arm % 2), rows: [arm] })
      })
      const options = { hooks: [site], logits: 'last' } as const
      const batch = rows.map((i) => [5, 6, 7 + i, 8])
      const plain = await model.run(batch, options)
      const together = await model.run(batch, { ...options, interventions: arms })
      for (const arm of [0, 1, 6, 11]) {
        const alone = await model.run(batch, { ...options, interventions: [arms[arm]!] })
        expect(together.logits(arm).data).toBeBitIdentical(alone.logits(arm).data)
        expect(together.logits(arm).data).not.toEqual(plain.logits(arm).data)
        expect(together.receipts[arm]).toEqual({ ...alone.receipts[0]!, index: arm })
        const other = (arm + 1) % rows.length
        expect(alone.get(site, other).data).toBeBitIdentical(plain.get(site, other).data)
      }
    },
  )

  it('keeps the order of what meets at one text, between arms that have texts of their own', async () => {
    const site = 'blocks.1.hook_resid_post'
    const [a, b] = [normal(64), normal(64)]
    const u = b.map((v) => v / Math.hypot(...b))
    const interventions = [
      add({ site, vector: a, dose: 1, rows: [0, 1] }),
      add({ site, vector: b, dose: 2, rows: [1, 2] }),
      ablate({ site, direction: b, rows: [0, 1] }),
      add({ site, vector: b, dose: 3, rows: [0] }),
    ]
    const plain = await model.run(texts, { hooks: [site] })
    const out = await model.run(texts, { hooks: [site], interventions })
    const without = (x: Float32Array): Float32Array => {
      const along = x.reduce((sum, v, j) => sum + v * u[j]!, 0)
      return x.map((v, j) => v - along * u[j]!)
    }
    const expected = [
      (x: Float32Array) => without(x.map((v, j) => v + a[j]!)).map((v, j) => v + 3 * b[j]!),
      (x: Float32Array) => without(x.map((v, j) => v + a[j]! + 2 * b[j]!)),
      (x: Float32Array) => x.map((v, j) => v + 2 * b[j]!),
    ]
    for (const [i, change] of expected.entries())
      for (const t of texts[i]!.keys())
        expect(row(out.get(site, i), t)).toBeAllclose(change(row(plain.get(site, i), t)), {
          rtol: 1e-5,
          atol: 1e-5,
        })
    expect(out.receipts.map((r) => r.tokens)).toEqual([10, 8, 10, 7])
  })

  it("patches another model's activations in", async () => {
    using other = await loadTiny(join(MODELS, 'llama'))
    const site = 'blocks.3.hook_resid_post'
    const theirs = (await other.run([texts[0]!], { hooks: [site] })).get(site, 0)
    const out = await model.run([texts[0]!], {
      hooks: [site],
      interventions: [replace({ site, values: theirs })],
    })
    expect(out.get(site, 0).data).toBeBitIdentical(theirs.data)
  })

  it('replaces at generated positions, each with its own row', async () => {
    const site = 'blocks.3.hook_resid_post'
    const prompt = [3, 1, 4]
    // The last block's output decides the token: patch in what makes each step say the next number.
    const source = await model.run([[11, 22, 33, 44, 55, 66, 77, 88]], { hooks: [site], logits: 'all' })
    const values = source.get(site, 0)
    const wanted = Array.from({ length: 8 }, (_, t) => {
      const logits = row(source.logits(0), t)
      return logits.indexOf(Math.max(...logits))
    })
    const { texts: out, receipts } = await generate(model, [prompt], {
      maxTokens: 6,
      interventions: [replace({ site, values, positions: 'generated' })],
    })
    // Token n (n >= 1) comes from position 3 + n - 1, which is row 3 + n - 1 of the values.
    const tokens = out[0]!.tokens
    expect(tokens.slice(1)).toEqual(wanted.slice(3, 3 + tokens.length - 1))
    expect(new Set(wanted.slice(3)).size).toBeGreaterThan(1)
    expect(receipts[0]!.tokens).toBe(Math.min(tokens.length - 1, 5))
  })

  it('leaves sequences alone that have ended, and does not count them', async () => {
    const plain = await generate(model, texts, { maxTokens: 30 })
    const lengths = plain.texts.map((t) => t.tokens.length)
    const end = plain.texts[1]!.tokens[2]! // make the second text end early
    using short = await loadTiny(join(MODELS, 'llama3.1'), 1, { eosIds: [end] })
    const { texts: out, receipts } = await generate(short, texts, {
      maxTokens: 30,
      interventions: [add({ site: 'hook_embed', vector: normal(64), dose: 0, positions: 'generated' })],
    })
    expect(out[1]!.tokens.length).toBeLessThan(lengths[1]!)
    expect(out[1]!.stop).toBe('eos')
    // The last token of a text is never fed back.
    const fed = out.reduce((n, t) => n + t.tokens.length - 1, 0)
    expect(receipts[0]!.tokens).toBe(fed)
    expect(out.map((t) => t.receipts[0]!.tokens)).toEqual(out.map((t) => t.tokens.length - 1))
  })

  it.each([
    ['all', 4 + 3 + 2 + 5, 4 + 3 + 2 + 5],
    ['prompt', 4 + 5, 4 + 5],
    ['last', 2, 2],
    ['generated', 3 + 2, 0],
  ] as const)('at positions %s in scoring touches its tokens', async (positions, scored, run) => {
    const items = [
      {
        id: 'a',
        prompt: [5, 6, 7, 8],
        completions: [
          [1, 2, 3],
          [4, 9],
        ],
      },
      { id: 'b', prompt: [9, 8, 7, 6, 5], completions: [] },
    ]
    const intervention = add({ site: 'blocks.0.hook_resid_pre', vector: normal(64), dose: 1, positions })
    const receipts = await score(model, items, { interventions: [intervention] }, () => {})
    expect(receipts[0]!.tokens).toBe(scored)
    if (run === 0) return
    const whole = [
      [5, 6, 7, 8, 1, 2, 3, 4, 9],
      [9, 8, 7, 6, 5],
    ]
    const out = await model.run(whole, { logits: 'last', interventions: [intervention] })
    expect(out.receipts[0]!.tokens).toBe(positions === 'last' ? 2 : 14)
  })

  it('scores under an intervention what a full pass with it gives', async () => {
    const site = 'blocks.1.hook_resid_post'
    const vector = normal(64)
    const [prompt, completion] = [
      [5, 6, 7, 8],
      [1, 2, 3],
    ]
    const interventions = [add({ site, vector, dose: 2, positions: 'all' as const })]
    const full = await model.run([[...prompt, ...completion]], { logits: 'all', interventions })
    let found = 0
    await score(model, [{ id: 'a', prompt, completions: [[9], completion] }], { interventions }, (s) => {
      found = s.logprobs[1]!
    })
    const expected = completion.reduce((sum, token, t) => {
      const logits = row(full.logits(0), prompt.length - 1 + t)
      return sum + logits[token]! - Math.log(logits.reduce((s, v) => s + Math.exp(v), 0))
    }, 0)
    expect(found).toBeCloseTo(expected, 4)
  })

  it.each([[[3]], [[-1]], [[0.5]]])('refuses rows that are no text of the batch: %j', async (rows) => {
    const interventions = [add({ site: 'hook_embed', vector: normal(64), dose: 1, rows })]
    await expect(model.run(texts, { logits: 'last', interventions })).rejects.toMatchObject({
      code: 'intervention-rows',
    })
  })
})

describe('a receipt that disagrees', () => {
  /** A device that computes one operation wrongly. */
  class WrongGraph extends Graph {
    wrong: 'add' | 'getRows' | undefined
    override add(a: Tensor, b: Tensor): Tensor {
      return super.add(a, this.wrong === 'add' ? super.scale(b, 0.9) : b)
    }
    override getRows(a: Tensor, rows: Tensor): Tensor {
      const y = super.getRows(a, rows)
      return this.wrong === 'getRows' ? super.scale(y, 0.99) : y
    }
  }

  const site = 'blocks.0.hook_resid_post'
  const vector = normal(64)
  const cases: [string, Intervention, 'add' | 'getRows'][] = [
    ['add', add({ site, vector, dose: 2 }), 'add'],
    ['add', add({ site, vector, dose: 2 }), 'getRows'],
    ['ablate', ablate({ site, direction: vector }), 'add'],
    ['ablate', ablate({ site, direction: vector }), 'getRows'],
    ['replace', replace({ site, values: matrix(5, 64, normal(5 * 64)) }), 'add'],
  ]
  it.each(cases)('fails the run: %s', async (_, intervention, wrong) => {
    using backend = new Backend({ device: 'cpu', threads: 1 })
    using allocator = new GraphAllocator(backend)
    using model = await loadTiny(join(MODELS, 'llama3.1'))
    const placed = placeInterventions([intervention], model.architecture, 1, () => 1)
    for (const broken of [undefined, wrong]) {
      const compiler = new Compiler(placed)
      using graph = new WrongGraph(backend, 64)
      const x = graph.input('F32', [64, 5], normal(64 * 5))
      graph.wrong = broken
      const changes = compiler.forPass({ count: 5, row: () => 0, at: () => true, position: (i) => i })
      graph.output(changes.apply(graph, site, x))
      await graph.compute(allocator)
      if (broken === undefined) compiler.collect(graph)
      else expect(() => compiler.collect(graph)).toThrow(expect.objectContaining({ code: 'receipt' }))
    }
  })
})
