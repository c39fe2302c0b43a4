/** Dictionaries inside a model: spliced in, clamped, and tested on it. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Matrix, matrix, row } from '../src/core/matrix.ts'
import { Backend } from '../src/ggml/backend.ts'
import { generate } from '../src/model/generate.ts'
import { replace } from '../src/model/interventions.ts'
import type { Model } from '../src/model/model.ts'
import {
  clamp,
  denseFeatures,
  Encoder,
  firingCounts,
  openDictionary,
  PlacedDictionary,
  pairGate,
  type SparseFeatures,
  splice,
  testDictionary,
} from '../src/sae/index.ts'
import { refusal, refusalOf, temporaryFolder } from './support/bytes.ts'
import { type TinyDictionary, writeDictionary } from './support/dictionary.ts'
import { loadTiny } from './support/tiny.ts'

const FOLDER = join(fileURLToPath(new URL('./fixtures/models/', import.meta.url)), 'llama3.1')
const SITE = 'blocks.1.hook_resid_post'
const D = 64
const F = 96
const texts = [
  [1, 2, 3, 4, 5, 6, 7],
  [9, 8, 7],
]
const files = temporaryFolder()
let model: Model
beforeAll(async () => {
  model = await loadTiny(FOLDER)
})
afterAll(() => {
  model[Symbol.dispose]()
  files[Symbol.dispose]()
})

const KINDS: Record<string, TinyDictionary> = {
  relu: { width: D, latents: F, config: { apply_b_dec_to_input: true } },
  threshold: {
    width: D,
    latents: F,
    config: { architecture: 'jumprelu' },
    tensors: { threshold: { shape: [F], data: new Float32Array(F).fill(0.3) } },
  },
  topk: { width: D, latents: F, config: { architecture: 'topk', k: 9 } },
  'layer norm': { width: D, latents: F, config: { normalize_activations: 'layer_norm' } },
  'constant norm': { width: D, latents: F, config: { normalize_activations: 'constant_norm_rescale' } },
}

async function withDictionary(
  kind: TinyDictionary,
  name: string,
  use: (placed: PlacedDictionary, encoder: Encoder) => Promise<void>,
  blockBytes = 64 << 20,
): Promise<void> {
  using dictionary = await openDictionary(await writeDictionary(files.path, name, kind))
  using placed = await PlacedDictionary.place(dictionary, model.backend, { blockBytes })
  using encoder = new Encoder(placed)
  await use(placed, encoder)
}

describe.each(Object.entries(KINDS))('%s', (name, kind) => {
  it.each([64 << 20, 1])(
    'splice puts the reconstruction in place (blocks of at most %i bytes)',
    async (bytes) => {
      await withDictionary(
        kind,
        name,
        async (placed, encoder) => {
          const plain = await model.run(texts, { hooks: [SITE] })
          const spliced = await model.run(texts, {
            hooks: [SITE],
            logits: 'all',
            interventions: [splice({ placed })],
          })
          for (const i of texts.keys()) {
            const x = plain.get(SITE, i)
            const y = await encoder.decode(await encoder.encode(x), x)
            expect(spliced.get(SITE, i).data).toBeWithinRelativeL2(y.data, 1e-5)
            const patched = await model.run([texts[i]!], {
              logits: 'all',
              interventions: [replace({ site: SITE, values: y })],
            })
            expect(spliced.logits(i).data).toBeWithinRelativeL2(patched.logits(0).data, 1e-4)
          }
          expect(spliced.receipts[0]).toMatchObject({ op: 'splice', site: SITE, tokens: 10 })
        },
        bytes,
      )
    },
  )

  it.each([64 << 20, 1])(
    'clamp moves along the decoder by what is missing (blocks of at most %i bytes)',
    async (bytes) => {
      await withDictionary(
        kind,
        name,
        async (placed, encoder) => {
          const plain = await model.run(texts, { hooks: [SITE] })
          const features = [3, 50]
          const out = await model.run(texts, {
            hooks: [SITE],
            interventions: [clamp({ placed, feature: features, value: 2 })],
          })
          const whole = await model.run(texts, {
            hooks: [SITE],
            interventions: [clamp({ placed, feature: features, value: 2, keepError: false })],
          })
          for (const i of texts.keys()) {
            const x = plain.get(SITE, i)
            const sparse = await encoder.encode(x)
            const f = denseFeatures(sparse)
            const y = await encoder.decode(sparse, x)
            // The decoder's rows from its file, and what a norm multiplies the output by.
            const t = placed.dictionary.decoder.tensor
            const w = new Float32Array(t.file.bytes(t.offset, t.byteLength).slice().buffer)
            const expected = matrix(x.rows, D, x.data.slice())
            for (let r = 0; r < x.rows; r++)
              for (const feature of features) {
                const step = (2 - f.data[r * F + feature]!) * scaleOf(placed, x, r)
                for (let j = 0; j < D; j++) expected.data[r * D + j]! += step * w[feature * D + j]!
              }
            expect(out.get(SITE, i).data).toBeWithinRelativeL2(expected.data, 1e-5)
            const replaced = expected.data.map((v, k) => v - x.data[k]! + y.data[k]!)
            expect(whole.get(SITE, i).data).toBeWithinRelativeL2(replaced, 1e-5)
          }
          expect(out.receipts[0]).toMatchObject({ op: 'clamp', tokens: 10 })
          expect(out.receipts[0]!.measured).toBeGreaterThan(0.1)
        },
        bytes,
      )
    },
  )
})

function scaleOf(placed: PlacedDictionary, x: Matrix, r: number): number {
  const values = [...row(x, r)]
  const { inputNorm } = placed.dictionary
  if (inputNorm === 'none') return 1
  const mean = inputNorm === 'layer-norm' ? values.reduce((a, b) => a + b, 0) / D : 0
  const squares = values.reduce((a, b) => a + (b - mean) ** 2, 0)
  return Math.sqrt(squares / (inputNorm === 'layer-norm' ? D - 1 : D))
}

describe.each([
  'hook_embed',
  'blocks.1.hook_resid_mid',
  'blocks.1.attn.hook_z',
  'blocks.1.hook_attn_out',
  'blocks.1.mlp.hook_in',
  'blocks.1.hook_mlp_out',
  'ln_final.hook_normalized',
])('at %s', (site) => {
  it('splice and clamp change what is there, with the same arithmetic', async () => {
    await withDictionary({ ...KINDS.threshold!, site }, `at ${site}`, async (placed, encoder) => {
      const x = (await model.run(texts, { hooks: [site] })).get(site, 0)
      const features = await encoder.encode(x)
      const y = await encoder.decode(features, x)
      const changed = async (change: ReturnType<typeof splice>): Promise<Float32Array> =>
        (await model.run(texts, { hooks: [site], logits: 'all', interventions: [change] })).get(site, 0).data
      expect(await changed(splice({ placed }))).toBeWithinRelativeL2(y.data, 1e-5)
      // The feature that fires most often set to zero: its share of the reconstruction, and nothing else, is gone.
      const counts = firingCounts(features)
      const feature = counts.indexOf(Math.max(...counts))
      const without = await encoder.decode(silenced(features, feature), x)
      const expected = x.data.map((v, i) => v - y.data[i]! + without.data[i]!)
      expect(expected).not.toEqual(x.data)
      expect(await changed(clamp({ placed, feature, value: 0 }))).toBeWithinRelativeL2(expected, 1e-5)
    })
  })
})

/** The same features without one of them. */
function silenced(f: SparseFeatures, feature: number): SparseFeatures {
  return { ...f, values: f.values.map((v, i) => (f.indices[i] === feature ? 0 : v)) }
}

describe('where it applies', () => {
  it('other texts and tokens keep every bit', async () => {
    await withDictionary(KINDS.relu!, 'relu', async (placed) => {
      const plain = await model.run(texts, { hooks: [SITE], logits: 'all' })
      const out = await model.run(texts, {
        hooks: [SITE],
        logits: 'all',
        interventions: [
          clamp({ placed, feature: 1, value: 5, rows: [0], positions: 'last' }),
          splice({ placed, applies: (text, position) => text === 0 && position === 5 }),
        ],
      })
      expect(out.get(SITE, 1).data).toEqual(plain.get(SITE, 1).data)
      expect(out.logits(1).data).toEqual(plain.logits(1).data)
      expect(out.get(SITE, 0).data.subarray(0, 5 * D)).toEqual(plain.get(SITE, 0).data.subarray(0, 5 * D))
      expect(row(out.get(SITE, 0), 5)).not.toEqual(row(plain.get(SITE, 0), 5))
      expect(row(out.get(SITE, 0), 6)).not.toEqual(row(plain.get(SITE, 0), 6))
      expect(out.receipts.map((r) => r.tokens)).toEqual([1, 1])
    })
  })

  it('generation over a cache gives what a whole pass gives', async () => {
    await withDictionary(KINDS.topk!, 'topk', async (placed) => {
      const interventions = [clamp({ placed, feature: [2, 7], value: 6 })]
      const { texts: out } = await generate(model, [texts[0]!], {
        maxTokens: 6,
        temperature: 0,
        interventions,
      })
      const tokens = [...texts[0]!, ...out[0]!.tokens]
      const whole = await model.run([tokens], { logits: 'all', interventions })
      const logits = whole.logits(0)
      out[0]!.tokens.forEach((token, i) => {
        const at = row(logits, texts[0]!.length - 1 + i)
        expect(at.indexOf(Math.max(...at))).toBe(token)
      })
      expect(out[0]!.tokens).not.toEqual(
        (await generate(model, [texts[0]!], { maxTokens: 6, temperature: 0 })).texts[0]!.tokens,
      )
    })
  })
})

describe('refused', () => {
  it('features that are not there, transcoders, other widths and other devices', async () => {
    await withDictionary(KINDS.relu!, 'relu', async (placed) => {
      for (const feature of [-1, F, 1.5, [], [3, 3]])
        expect(refusal(() => clamp({ placed, feature, value: 1 })).code).toBe('feature-range')
      expect(refusal(() => clamp({ placed, feature: 0, value: Number.NaN })).code).toBe('feature-value')
      for (const site of ['blocks.0.hook_resid_post', 'blocks.1.hook_resid_pre', 'blocks.*.hook_resid_post'])
        expect(refusal(() => splice({ placed, site })).code).toBe('dictionary-site')
      expect(splice({ placed, site: 'blocks.2.hook_resid_pre' }).site).toBe('blocks.2.hook_resid_pre')
      using elsewhere = new Backend({ device: 'cpu', threads: 1 })
      using other = await PlacedDictionary.place(placed.dictionary, elsewhere)
      const away = model.run(texts, { logits: 'last', interventions: [splice({ placed: other })] })
      expect((await refusalOf(away)).code).toBe('dictionary-device')
    })
    for (const [site, code] of [
      ['blocks.1.mlp.hook_post', 'intervention-shape'],
      ['blocks.9.hook_resid_post', 'hook-unknown'],
    ] as const)
      await withDictionary({ ...KINDS.relu!, site }, 'misplaced', async (placed, encoder) => {
        const run = model.run(texts, { logits: 'last', interventions: [splice({ placed })] })
        expect((await refusalOf(run)).code).toBe(code)
        const test = testDictionary(model, encoder, [
          { id: 'a', tokens: [1, 2], content: Uint8Array.of(0, 1) },
        ])
        expect((await refusalOf(test)).code).toBe(code === 'hook-unknown' ? code : 'dictionary-model')
      })
    const transcoder = { ...KINDS.relu!, config: { architecture: 'transcoder' } }
    await withDictionary(transcoder, 'transcoder', async (placed) => {
      expect(refusal(() => splice({ placed })).code).toBe('dictionary-transcoder')
    })
  })
})

describe('self-test', () => {
  const many = Array.from({ length: 40 }, (_, i) => ({
    id: String(i),
    tokens: Array.from({ length: 30 }, (_, t) => (i * 37 + t * 11 + ((t * t) % 7)) % 200),
    content: Uint8Array.from({ length: 30 }, (_, t) => (t === 0 ? 0 : 1)),
  }))
  /** x = relu(x) - relu(-x): a dictionary that loses nothing. */
  const perfect: TinyDictionary = {
    width: D,
    latents: 2 * D + 4,
    tensors: {
      W_enc: { shape: [D, 2 * D + 4], data: diagonal(D, 2 * D + 4) },
      W_dec: { shape: [2 * D + 4, D], data: turned(diagonal(D, 2 * D + 4), D, 2 * D + 4) },
      b_enc: { shape: [2 * D + 4], data: new Float32Array(2 * D + 4) },
      b_dec: { shape: [D], data: new Float32Array(D) },
    },
  }

  it('a dictionary that loses nothing passes, with the numbers that it must have', async () => {
    await withDictionary(perfect, 'perfect', async (_, encoder) => {
      const test = await testDictionary(model, encoder, many)
      expect(test).toMatchObject({
        site: SITE,
        tokens: 40 * 29,
        nominalL0: undefined,
        silent: 4,
        silentAre: 'not seen',
      })
      expect(test.fvu).toBeLessThan(1e-10)
      expect(test.l0).toBeCloseTo(D, 5)
      expect(test.crossEntropySpliced).toBeCloseTo(test.crossEntropy, 5)
      expect(test.gates.every((g) => g.passed)).toBe(true)
    })
  })

  it('a dictionary for something else fails, and costs cross-entropy', async () => {
    await withDictionary(KINDS.topk!, 'topk', async (_, encoder) => {
      const test = await testDictionary(model, encoder, many)
      expect(test.fvu).toBeGreaterThan(0.7)
      expect(test.l0).toBeCloseTo(9, 5)
      expect(test.gates.map((g) => [g.name, g.passed])).toEqual([
        ['dictionary tokens', true],
        ['dictionary FVU', false],
        ['dictionary L0 over or under nominal', true],
      ])
      expect(test.crossEntropySpliced).not.toBeCloseTo(test.crossEntropy, 3)
      // What intervals resample adds up to what is reported, from batches of many texts.
      const sum = (key: keyof (typeof test.texts)[number]): number =>
        test.texts.reduce((n, t) => n + t[key], 0)
      expect([test.texts.length, sum('tokens')]).toEqual([40, test.tokens])
      expect(sum('active') / sum('tokens')).toBeCloseTo(test.l0, 10)
      expect(sum('error') / sum('deviation')).toBeCloseTo(test.fvu, 6)
      expect(sum('loss') / sum('predicted')).toBeCloseTo(test.crossEntropy, 10)
      expect(sum('lossSpliced') / sum('predicted')).toBeCloseTo(test.crossEntropySpliced, 10)
      expect(new Set(test.texts.map((t) => t.error)).size).toBe(40)
      expect(pairGate(test, { ...test, fvu: 2.1 * test.fvu }).passed).toBe(false)
      expect(pairGate(test, { ...test, fvu: 1.9 * test.fvu }).passed).toBe(true)
      // Of a dictionary that fits base very well a multiple is still good.
      const close = { ...test, fvu: 0.03 }
      expect(pairGate(close, { ...test, fvu: 0.19 }).passed).toBe(true)
      expect(pairGate(close, { ...test, fvu: 0.21 }).passed).toBe(false)
    })
  })

  it('an L0 far from nominal and too few tokens fail', async () => {
    await withDictionary(perfect, 'perfect', async (placed) => {
      using encoder = new Encoder(
        await PlacedDictionary.place({ ...placed.dictionary, nominalL0: 20 }, model.backend),
      )
      const test = await testDictionary(model, encoder, many.slice(0, 2))
      encoder.placed[Symbol.dispose]()
      expect(test.gates.map((g) => g.passed)).toEqual([false, true, false])
    })
  })

  it('BOS and attention sinks stay out of the numbers', async () => {
    await withDictionary(perfect, 'perfect', async (_, encoder) => {
      const all = many.map((text) => ({ ...text, content: new Uint8Array(30).fill(1) }))
      // The first token without a BOS before it counts as a sink.
      expect((await testDictionary(model, encoder, all)).tokens).toBe(40 * 29)
    })
  })

  it('a dictionary of another width is refused by name', async () => {
    await withDictionary({ width: 32, latents: F }, 'narrow', async (_, encoder) => {
      const error = await refusalOf(testDictionary(model, encoder, many))
      expect([error.code, error.message]).toEqual(['dictionary-model', expect.stringContaining('width 64')])
    })
  })
})

/** [d, F]: identity, minus identity, zeros. */
function diagonal(d: number, latents: number): Float32Array {
  const out = new Float32Array(d * latents)
  for (let i = 0; i < d; i++) {
    out[i * latents + i] = 1
    out[i * latents + d + i] = -1
  }
  return out
}

function turned(m: Float32Array, rows: number, columns: number): Float32Array {
  return Float32Array.from(
    { length: rows * columns },
    (_, i) => m[(i % rows) * columns + Math.floor(i / rows)]!,
  )
}
