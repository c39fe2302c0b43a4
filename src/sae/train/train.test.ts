/** Training: gradients against differences, planted features found again, the dead revived, resumed to the bit. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { refusalOf, temporaryFolder } from '../../../test/support/bytes.ts'
import { loadTiny } from '../../../test/support/tiny.ts'
import { matrix } from '../../core/matrix.ts'
import { stream } from '../../core/random.ts'
import { openSafetensors, readF32 } from '../../formats/safetensors.ts'
import { writeSafetensors } from '../../formats/safetensors-write.ts'
import { Backend } from '../../ggml/backend.ts'
import type { Model } from '../../model/model.ts'
import { Encoder } from '../encode.ts'
import { meanL0, type SparseFeatures, VarianceUnexplained } from '../features.ts'
import { PlacedDictionary } from '../placed.ts'
import { aboveThresholds, largestAmong, largestOfBatch, largestOfTokens } from './activate.ts'
import { gradientsFor, Products, type Weights } from './products.ts'
import { rateAt, TRAIN_KINDS, type TrainKind, trainSettings } from './settings.ts'
import { trainDictionary } from './train.ts'
import { DictionaryTrainer } from './trainer.ts'

const backend = new Backend({ device: 'cpu', threads: 1 })
afterAll(() => backend[Symbol.dispose]())

describe('the k largest', () => {
  const values = fc.array(fc.oneof(fc.float({ noNaN: true }), fc.constantFrom(0, -0, 1, 1, 2)), {
    minLength: 1,
    maxLength: 40,
  })
  it('are those of a sort, whatever the row before was like', () => {
    fc.assert(
      fc.property(
        fc.array(values, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 45 }),
        (rows, k) => {
          const latents = Math.max(...rows.map((r) => r.length))
          const pre = Float32Array.from(
            rows.flatMap((r) => Array.from({ length: latents }, (_, j) => r[j] ?? -1)),
          )
          /** What a stable sort of everything positive among `which` keeps, as [place, value]. */
          const largest = (from: number, which: readonly number[], count: number): [number, number][] =>
            which
              .map((j): [number, number] => [j, pre[from + j]!])
              .filter(([, v]) => v > 0)
              .sort((a, b) => b[1] - a[1])
              .slice(0, count)
              .sort((a, b) => a[0] - b[0])
          const every = Array.from({ length: latents }, (_, j) => j)
          const found = (f: SparseFeatures): [number, number][][] =>
            rows.map((_, r) =>
              Array.from(f.indices.subarray(f.starts[r]!, f.starts[r + 1]!), (j, i): [number, number] => [
                j,
                f.values[f.starts[r]! + i]!,
              ]),
            )
          const each = rows.map((_, r) => r * latents)
          expect(found(largestOfTokens(pre, latents, k))).toEqual(each.map((from) => largest(from, every, k)))
          const odd = every.filter((j) => j % 2 === 1)
          expect(found(largestAmong(pre, latents, Uint32Array.from(odd), k))).toEqual(
            each.map((from) => largest(from, odd, k)),
          )
          const whole = Array.from(pre, (_, i) => i)
          const { features, least } = largestOfBatch(pre, latents, k)
          const kept = largest(0, whole, k)
          expect(found(features).flatMap((row, r) => row.map(([j, v]) => [r * latents + j, v]))).toEqual(kept)
          expect(least).toBe(kept.length < k ? 0 : Math.min(...kept.map(([, v]) => v)))
        },
      ),
    )
  })
})

/** d = 5: dense products; d = 16 with few positive: sparse ones, where the processor has the kernels. */
it.each([
  [5, 7, 6, 0],
  [16, 64, 6, -10],
  [32, 64, 5, -15],
])('gradients are those of differences (d %i, %i latents)', async (d, F, B, shift) => {
  const rng = stream(3, 'gradient')
  const random = (n: number): Float32Array => Float32Array.from({ length: n }, () => rng.normal())
  const weights: Weights = {
    encoder: random(F * d),
    encoderBias: random(F).map((v) => v + shift),
    decoder: random(F * d),
    decoderBias: random(d),
  }
  const x = random(B * d)
  using products = new Products(backend, weights, B)
  /** sum |W f + b - x|² with f = relu(E (x - b) + c), in f64. */
  const loss = (w: Weights): number => {
    let sum = 0
    for (let b = 0; b < B; b++) {
      const y = Float64Array.from(w.decoderBias)
      for (let j = 0; j < F; j++) {
        let pre = w.encoderBias[j]!
        for (let i = 0; i < d; i++) pre += w.encoder[j * d + i]! * (x[b * d + i]! - w.decoderBias[i]!)
        if (pre > 0) for (let i = 0; i < d; i++) y[i]! += pre * w.decoder[j * d + i]!
      }
      for (let i = 0; i < d; i++) sum += (y[i]! - x[b * d + i]!) ** 2
    }
    return sum
  }
  for (let i = 0; i < x.length; i++) products.xin[i] = x[i]! - weights.decoderBias[i % d]!
  const pre = new Float32Array(B * F)
  await products.preActivations(pre)
  const features = aboveThresholds(pre, new Float32Array(F))
  expect(features.indices.length).toBeGreaterThan(5)
  if (shift < 0) expect(features.indices.length).toBeLessThan((B * F) / 16)
  products.target.set(x)
  products.bias.set(weights.decoderBias)
  const g = gradientsFor(weights, B)
  await products.gradients(features, g)
  for (const name of ['encoder', 'encoderBias', 'decoder', 'decoderBias'] as const) {
    const numeric = weights[name].map((value, i) => {
      const moved = (by: number): number => {
        const copy = Float64Array.from(weights[name]) as unknown as Float32Array
        copy[i] = value + by
        return loss({ ...weights, [name]: copy })
      }
      return (moved(1e-5) - moved(-1e-5)) / 4e-5 // half the loss
    })
    expect(g[name]).toBeWithinRelativeL2(numeric, 1e-4)
  }
  // At any place, firing or not.
  const places = aboveThresholds(
    pre.map((v) => v + 1.5),
    new Float32Array(F),
  )
  const found = await products.featureGradients(places, g.error)
  const expected = Array.from({ length: B }, (_, b) =>
    Array.from(places.indices.subarray(places.starts[b]!, places.starts[b + 1]!), (j) => {
      let sum = 0
      for (let i = 0; i < d; i++) sum += weights.decoder[j * d + i]! * g.error[b * d + i]!
      return sum
    }),
  ).flat()
  expect(found).toBeWithinRelativeL2(Float32Array.from(expected), 1e-5)
})

it('the rate rises, stays and falls to zero', () => {
  expect(rateAt(0, 1000, 1)).toBeCloseTo(1 / 50, 10)
  expect(rateAt(49, 1000, 1)).toBe(1)
  expect(rateAt(500, 1000, 1)).toBe(1)
  expect(rateAt(900, 1000, 1)).toBeCloseTo(0.5, 10)
  expect(rateAt(1000, 1000, 1)).toBe(0)
})

describe('planted features', () => {
  const [d, planted, k] = [24, 36, 3]
  const rng = stream(9, 'planted')
  const truth = Array.from({ length: planted }, () => {
    const v = Float64Array.from({ length: d }, () => rng.normal())
    const norm = Math.hypot(...v)
    return v.map((x) => x / norm)
  })
  const scale = 1 / Math.sqrt(k * 1.09)
  let item = 0
  function batch(n: number, rng = stream(10, 'planted', item++)): Float32Array {
    const x = new Float32Array(n * d)
    for (let b = 0; b < n; b++)
      for (let i = 0; i < k; i++) {
        const feature = truth[rng.below(planted)]!
        const size = scale * (0.5 + rng.uniform())
        for (let t = 0; t < d; t++) x[b * d + t]! += size * feature[t]!
      }
    return x
  }
  function found(decoder: Float32Array): number {
    return (
      truth.reduce((sum, v) => {
        let best = 0
        for (let from = 0; from < decoder.length; from += d)
          best = Math.max(
            best,
            v.reduce((s, c, i) => s + c * decoder[from + i]!, 0),
          )
        return sum + best
      }, 0) / planted
    )
  }

  it.each(TRAIN_KINDS)('%s finds them, with the L0 that was asked for', async (kind) => {
    const settings = trainSettings({ kind, latents: 64, k, tokens: 128 * 900, batch: 128, rate: 3e-3 })
    using trainer = new DictionaryTrainer(backend, d, settings)
    trainer.startAt(batch(500))
    const before = found(trainer.weights.decoder)
    const reports = []
    for (let i = 0; i < trainer.steps; i++) reports.push(await trainer.take(batch(128)))
    const last = reports.slice(-50)
    expect(before).toBeLessThan(0.7)
    expect(found(trainer.weights.decoder)).toBeGreaterThan(0.93)
    expect(last.reduce((n, r) => n + r.fvu, 0) / 50).toBeLessThan(0.2)
    const l0 = last.reduce((n, r) => n + r.l0, 0) / 50
    expect(Math.abs(l0 / k - 1)).toBeLessThan(kind === 'jumprelu' ? 0.1 : 0.01)
  })

  it('dead latents come back through the auxiliary loss, and only through it', async () => {
    const firing = async (deadAfter: number): Promise<number> => {
      item = 0
      const settings = trainSettings({
        kind: 'topk',
        latents: 64,
        k,
        tokens: 128 * 400,
        batch: 128,
        rate: 3e-3,
        deadAfter,
      })
      using trainer = new DictionaryTrainer(backend, d, settings)
      // Half of the latents far from ever firing.
      trainer.weights.encoderBias.fill(-0.7, 32)
      for (let i = 0; i < trainer.steps; i++) await trainer.take(batch(128))
      return trainer.quiet.subarray(32).reduce((n, tokens) => n + (tokens < 5000 ? 1 : 0), 0)
    }
    const [revived, left] = [await firing(1000), await firing(1e9)]
    expect(left).toBeLessThan(4)
    expect(revived).toBeGreaterThan(left + 5)
  })
})

describe('on a model', () => {
  const FOLDER = join(fileURLToPath(new URL('../../../test/fixtures/models/', import.meta.url)), 'llama3.1')
  const site = 'blocks.1.hook_resid_post'
  const files = temporaryFolder()
  const texts = Array.from({ length: 30 }, (_, i) => ({
    id: String(i),
    tokens: Array.from({ length: 40 }, (_, t) => (i * 37 + t * 11 + ((t * t) % 7)) % 200),
    content: Uint8Array.from({ length: 40 }, (_, t) => (t === 0 ? 0 : 1)),
  }))
  let model: Model
  beforeAll(async () => {
    model = await loadTiny(FOLDER)
  })
  afterAll(() => {
    model[Symbol.dispose]()
    files[Symbol.dispose]()
  })
  const settingsOf = (kind: TrainKind, seed = 1) =>
    trainSettings({ kind, latents: 128, k: 8, tokens: 16 * 200, batch: 16, rate: 2e-3, seed })

  it.each(TRAIN_KINDS)(
    '%s is saved so that it gives in raw activations what it gave in training',
    async (kind) => {
      const out = join(files.path, kind)
      const record = await trainDictionary({ models: [model], texts, site, settings: settingsOf(kind), out })
      expect(record).toMatchObject({ tokens: 3200, site })
      using placed = await PlacedDictionary.open(out, model.backend)
      using encoder = new Encoder(placed)
      expect(placed.dictionary).toMatchObject({
        format: 'SAELens',
        site,
        latents: 128,
        width: 64,
        nominalL0: 8,
      })
      const run = await model.run(texts, { hooks: [site] })
      const rows = texts.flatMap((_, i) => [...run.get(site, i).data.subarray(64)])
      const x = matrix(rows.length / 64, 64, Float32Array.from(rows))
      const features = await encoder.encode(x)
      const unexplained = new VarianceUnexplained(64)
      unexplained.add(x, await encoder.decode(features, x))
      expect(unexplained.value / record.fvu).toBeGreaterThan(0.7)
      expect(unexplained.value / record.fvu).toBeLessThan(1.4)
      expect(meanL0(features) / record.l0).toBeGreaterThan(0.7)
      expect(meanL0(features) / record.l0).toBeLessThan(1.4)
    },
  )

  it('an interrupted training goes on to the very same weights', async () => {
    const settings = settingsOf('batchtopk', 2)
    const whole = join(files.path, 'whole')
    const parts = join(files.path, 'parts')
    const straight = await trainDictionary({ models: [model], texts, site, settings, out: whole })
    let interruptions = 0
    let resumed: typeof straight | undefined
    while (resumed === undefined) {
      const stop = new AbortController()
      let steps = 0
      try {
        resumed = await trainDictionary({
          models: [model],
          texts,
          site,
          settings,
          out: parts,
          checkpointMs: 0,
          signal: stop.signal,
          onProgress: () => {
            if (++steps === 70) stop.abort()
          },
        })
      } catch (error) {
        expect(error).toMatchObject({ code: 'interrupted' })
        expect(existsSync(join(parts, 'sae_weights.safetensors'))).toBe(false)
        interruptions++
      }
    }
    expect(interruptions).toBeGreaterThan(1)
    expect(resumed).toEqual(straight)
    for (const file of ['sae_weights.safetensors', 'cfg.json'])
      expect(readFileSync(join(parts, file))).toEqual(readFileSync(join(whole, file)))
    expect(existsSync(join(parts, 'checkpoint.safetensors'))).toBe(false)
    // Finished already: found, not trained again; other settings are refused.
    expect(await trainDictionary({ models: [model], texts, site, settings, out: whole })).toEqual(straight)
    const other = trainDictionary({ models: [model], texts, site, settings: settingsOf('topk'), out: whole })
    expect((await refusalOf(other)).code).toBe('train-other')
  })

  it('says how far it is, from the first texts read to the last step', async () => {
    const said: number[] = []
    const reports = new Set<number>()
    const job = {
      models: [model],
      texts,
      site,
      settings: settingsOf('topk', 5),
      out: join(files.path, 'said'),
    }
    await trainDictionary({
      ...job,
      onProgress: (done, total, report) => {
        expect(total).toBe(3200)
        said.push(done)
        if (report !== undefined) reports.add(report.step)
      },
    })
    expect(said[0]).toBe((32 * 16) / 2) // the first buffer is read, nothing trained
    expect(said).toEqual([...said].sort((a, b) => a - b))
    expect(said.at(-1)).toBe(3200)
    expect(reports.size).toBe(200)
  })

  it('what is left of another training, or damaged, is not taken up', async () => {
    const out = join(files.path, 'damaged')
    const job = { models: [model], texts, site, settings: settingsOf('topk'), out, checkpointMs: 0 }
    const checkpoint = join(out, 'checkpoint.safetensors')
    let seen = 0
    const stop = new AbortController()
    const cut = trainDictionary({
      ...job,
      signal: stop.signal,
      onProgress: () => {
        if (++seen === 70) stop.abort()
      },
    })
    expect((await refusalOf(cut)).code).toBe('interrupted')
    const whole = readFileSync(checkpoint)
    using file = openSafetensors(checkpoint)
    const tensors = [...file.tensors.values()].map((t) => ({
      name: t.name,
      type: t.type as 'F32' | 'F64',
      shape: [...t.shape],
      data:
        t.type === 'F64' ? new Float64Array(t.file.bytes(t.offset, t.byteLength).slice().buffer) : readF32(t),
    }))
    const short = tensors.map((t) =>
      t.name === 'decoder' ? { ...t, shape: [3], data: t.data.slice(0, 3) } : t,
    )
    const { metadata } = file
    for (const [what, content, meta] of [
      ['decoder', short, metadata],
      ['encoder.first', tensors.filter((t) => t.name !== 'encoder.first'), metadata],
      ['state', tensors, { ...metadata, state: '{"step": 1' }],
      ['state', tensors, { ...metadata, state: '{"step": 1}' }],
    ] as const) {
      await writeSafetensors(checkpoint, content, meta)
      const error = await refusalOf(trainDictionary(job))
      expect([error.code, error.message]).toEqual(['train-checkpoint', expect.stringContaining(`"${what}"`)])
    }
    writeFileSync(checkpoint, whole)
    expect((await refusalOf(trainDictionary({ ...job, settings: settingsOf('topk', 3) }))).code).toBe(
      'train-other',
    )
    expect((await trainDictionary(job)).tokens).toBe(3200)
    for (const text of ['{"half', 'null', '{"job": 1}']) {
      writeFileSync(join(out, 'training.json'), text)
      expect([text, (await refusalOf(trainDictionary(job))).code]).toEqual([text, 'train-other'])
    }
  })

  it('texts may be many', async () => {
    const many = Array.from({ length: 200_000 }, (_, i) => texts[i % texts.length]!)
    const settings = trainSettings({ kind: 'topk', latents: 64, k: 4, tokens: 160, batch: 16 })
    const out = join(files.path, 'many')
    await trainDictionary({ models: [model], texts: many, site, settings, out })
    expect(JSON.parse(readFileSync(join(out, 'cfg.json'), 'utf8')).metadata.context_size).toBe(40)
  })

  it('a pair shares one dictionary, which is not that of either', async () => {
    const other = await loadTiny(join(FOLDER, '..', 'llama'))
    try {
      const settings = settingsOf('topk')
      const weights: Buffer[] = []
      for (const models of [[model], [other], [model, other]]) {
        const out = join(files.path, `pair-${weights.length}`)
        const record = await trainDictionary({ models, texts, site, settings, out })
        expect(record.models).toHaveLength(models.length)
        expect(record.l0).toBeCloseTo(8, 5)
        weights.push(readFileSync(join(out, 'sae_weights.safetensors')))
      }
      expect(weights[2]!.equals(weights[0]!) || weights[2]!.equals(weights[1]!)).toBe(false)
    } finally {
      other[Symbol.dispose]()
    }
  })

  it('more than one site, impossible settings, and texts without a usable token, are refused', async () => {
    const job = { models: [model], texts, settings: settingsOf('topk'), out: join(files.path, 'never') }
    expect((await refusalOf(trainDictionary({ ...job, site: 'blocks.*.hook_resid_post' }))).code).toBe(
      'dictionary-model',
    )
    const many = { ...job.settings, k: 129 }
    expect((await refusalOf(trainDictionary({ ...job, site, settings: many }))).code).toBe('train-settings')
    const few = { ...job.settings, tokens: 9 * 16 }
    const refused = await refusalOf(trainDictionary({ ...job, site, settings: few }))
    expect([refused.code, refused.message]).toEqual(['train-settings', expect.stringContaining('10 steps')])
    const empty = texts.map((t) => ({ ...t, content: new Uint8Array(40) }))
    expect((await refusalOf(trainDictionary({ ...job, site, texts: empty }))).code).toBe('text-no-content')
    expect(existsSync(job.out)).toBe(false)
  })
})
