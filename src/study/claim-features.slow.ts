/**
 * Calibration of claim `features`: features planted in activations whose sparse code is known go through the
 * claim's own code, from the dictionary's encoder to selection, restoring and labels, 200 times for each rate and
 * number of prompts. Minutes; run with `npm run test:slow`. Each test prints its counts.
 */
import binomialCdf from '@stdlib/stats-base-dists-binomial-cdf'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { temporaryFolder } from '../../test/support/bytes.ts'
import { dormancyPower } from '../../test/support/calibration.ts'
import { writeDictionary } from '../../test/support/dictionary.ts'
import { type Matrix, matrix } from '../core/matrix.ts'
import { stream } from '../core/random.ts'
import { Backend } from '../ggml/backend.ts'
import { Encoder, PlacedDictionary } from '../sae/index.ts'
import { readLabels } from '../stats/groups.ts'
import type { FeatureLabel } from '../stats/silence.ts'
import { labelled, type ModelFiring } from './feature-records.ts'
import { selectFeatures, splitGroups, splitIssues } from './feature-selection.ts'
import { type Firing, largest } from './firing.ts'
import { studySchema } from './schema.ts'
import { momentSums, momentsOf, restore } from './site-activations.ts'

const REPLICATES = 200
/** Width, which is the number of latents; tokens of a text; prompts of an issue; texts of a group. */
const [D, TOKENS, EACH, OF_GROUP] = [64, 4, 4, 5]
const TEXTS = 100
/** Strengths of planted features begin here and reach two more; thresholds are half of it; noise of each channel. */
const [LEAST, NOISE] = [3, 0.15]

/**
 * What became in aligned of features that fire in prompts, and in controls a tenth as often: gone; fires where it
 * did; fires as often, elsewhere; fires half as often. The rest fire as often in controls, and where they did.
 */
const FATES = ['silenced', 'kept', 'redrawn', 'halved'] as const
type Fate = (typeof FATES)[number] | 'common'
const PLANTED = 6
const fateOf = (feature: number): Fate => FATES[Math.floor(feature / PLANTED)] ?? 'common'

/** What is in a text: at which token, which feature, how strong. */
type Code = readonly { token: number; feature: number; strength: number }[]

const study = studySchema.parse({
  palimpsest: 1,
  name: 'calibration',
  models: { base: 'base', aligned: 'aligned' },
})
const files = temporaryFolder()
const backend = new Backend({ device: 'cpu', threads: 1 })
afterAll(() => {
  placed?.[Symbol.dispose]()
  backend[Symbol.dispose]()
  files[Symbol.dispose]()
})
let placed: PlacedDictionary
/** Directions of features: a random rotation, one a row. */
const directions = rotation(D)

beforeAll(async () => {
  const encoder = new Float32Array(D * D)
  directions.forEach((w, f) => {
    w.forEach((v, i) => {
      encoder[i * D + f] = v
    })
  })
  const path = await writeDictionary(files.path, 'planted', {
    width: D,
    latents: D,
    config: { architecture: 'jumprelu' },
    tensors: {
      W_enc: { shape: [D, D], data: encoder },
      W_dec: { shape: [D, D], data: Float32Array.from(directions.flatMap((w) => [...w])) },
      b_enc: { shape: [D], data: new Float32Array(D) },
      b_dec: { shape: [D], data: new Float32Array(D) },
      threshold: { shape: [D], data: new Float32Array(D).fill(LEAST / 2) },
    },
  })
  placed = await PlacedDictionary.open(path, backend)
})

function rotation(d: number): Float64Array[] {
  const rng = stream(1, 'calibration/rotation')
  const rows: Float64Array[] = []
  while (rows.length < d) {
    const v = Float64Array.from({ length: d }, () => rng.normal())
    for (const r of rows) {
      const dot = r.reduce((sum, x, i) => sum + x * v[i]!, 0)
      for (let i = 0; i < d; i++) v[i]! -= dot * r[i]!
    }
    const norm = Math.hypot(...v)
    rows.push(v.map((x) => x / norm))
  }
  return rows
}

type Rng = ReturnType<typeof stream>

function plant(rng: Rng, feature: number): Code[number] {
  return { token: rng.below(TOKENS), feature, strength: LEAST + 2 * rng.uniform() }
}

function draw(rng: Rng, rateOf: (feature: number) => number): Code {
  return Array.from({ length: D }, (_, f) => f)
    .filter((f) => rng.uniform() < rateOf(f))
    .map((f) => plant(rng, f))
}

/** The same text in aligned. */
function aligned(rng: Rng, code: Code, rate: number): Code {
  const stays = code.filter(
    ({ feature }) =>
      ['kept', 'common'].includes(fateOf(feature)) || (fateOf(feature) === 'halved' && rng.uniform() < 0.5),
  )
  const redrawn = draw(rng, (f) => (fateOf(f) === 'redrawn' ? rate : 0))
  return [...stays, ...redrawn]
}

/** Activations of texts, token after token. */
function activations(rng: Rng, codes: readonly Code[]): Matrix {
  const x = matrix(codes.length * TOKENS, D)
  for (let i = 0; i < x.data.length; i++) x.data[i] = NOISE * rng.normal()
  codes.forEach((code, text) => {
    for (const { token, feature, strength } of code) {
      const at = (text * TOKENS + token) * D
      for (let i = 0; i < D; i++) x.data[at + i]! += strength * directions[feature]![i]!
    }
  })
  return x
}

async function firingOf(encoder: Encoder, x: Matrix): Promise<Firing> {
  const features = await encoder.encode(x)
  return Array.from({ length: x.rows / TOKENS }, (_, text) =>
    largest(features, text * TOKENS, (text + 1) * TOKENS),
  )
}

/** Aligned models over a base: what each makes of activations whose code is that of aligned, or of base. */
const PAIRS: Record<string, { silences: boolean; change: (x: Matrix) => Matrix }> = {
  silenced: { silences: true, change: (x) => x },
  'silenced and rescaled': { silences: true, change: (x) => affine(x, 0.25, 0) },
  rescaled: { silences: false, change: (x) => affine(x, 0.25, 0) },
  shifted: { silences: false, change: (x) => affine(x, 1, -4) },
}

/** scale x, moved by `along` in the direction of every feature. */
function affine(x: Matrix, scale: number, along: number): Matrix {
  const by = Float64Array.from({ length: D }, (_, i) => along * directions.reduce((sum, w) => sum + w[i]!, 0))
  return matrix(
    x.rows,
    D,
    x.data.map((v, i) => scale * v + by[i % D]!),
  )
}

type Counts = Record<string, number>

/** One replicate: for each pair, the labels of the policy features and controls that were followed, by fate. */
async function replicate(rate: number, n: number, r: number): Promise<Record<string, Counts>> {
  const rng = stream(17, `calibration/${rate}/${n}`, r)
  const prompts = 2 * n // half of them choose
  const inPrompts = Array.from({ length: prompts }, () => draw(rng, () => rate))
  const inControls = Array.from({ length: prompts }, () =>
    draw(rng, (f) => (fateOf(f) === 'common' ? rate : rate / 10)),
  )
  const poles = Int8Array.from({ length: TEXTS }, (_, i) => Math.floor(i / OF_GROUP) % 2)
  const labels = readLabels({
    poles,
    groups: Array.from({ length: TEXTS }, (_, i) => `group ${Math.floor(i / OF_GROUP)}`),
  })
  // Even features lean to one pole.
  const inTexts = Array.from(poles, (pole) => draw(rng, (f) => (f % 2 === 0 && pole === 1 ? 0.6 : 0.2)))
  const issues = inPrompts.map((_, i) => `issue ${Math.floor(i / EACH)}`)
  const promptHalves = splitIssues(issues, r)
  using encoder = new Encoder(placed)
  const base = { prompts: activations(rng, inPrompts), controls: activations(rng, inControls) }
  const plain: Omit<ModelFiring, 'restored'> = {
    prompts: await firingOf(encoder, base.prompts),
    controls: await firingOf(encoder, base.controls),
    texts: await firingOf(encoder, activations(rng, inTexts)),
  }
  const chosen = await selectFeatures({
    ...plain,
    poles,
    promptHalves,
    textHalves: splitGroups(labels, r),
    q: study.thresholds.feature_q,
    most: study.features.most,
    matched: study.features.controls,
  })
  const followed = [...chosen.policy, ...chosen.controls]
  const baseMoments = momentsOf([momentSums(base.prompts), momentSums(base.controls)])
  const code = {
    prompts: inPrompts.map((c) => aligned(rng, c, rate)),
    controls: inControls.map((c) => aligned(rng, c, rate / 10)),
  }
  const other = { prompts: activations(rng, code.prompts), controls: activations(rng, code.controls) }
  const out: Record<string, Counts> = {}
  for (const [name, { silences, change }] of Object.entries(PAIRS)) {
    const of = silences ? other : base
    const x = { prompts: change(of.prompts), controls: change(of.controls) }
    const moments = momentsOf([momentSums(x.prompts), momentSums(x.controls)])
    const fired = async (m: Matrix, from: typeof moments, to: typeof moments): Promise<Firing> =>
      firingOf(encoder, restore(m, { from, to }))
    const firing: [ModelFiring, ModelFiring] = [
      { ...plain, restored: await fired(base.prompts, baseMoments, moments) },
      {
        ...plain,
        prompts: await firingOf(encoder, x.prompts),
        restored: await fired(x.prompts, moments, baseMoments),
      },
    ]
    const counts: Counts = {}
    labelled({ study, promptHalves, firing }, followed).forEach(({ label }, i) => {
      const key = `${fateOf(followed[i]!.feature)} ${label}`
      counts[key] = (counts[key] ?? 0) + 1
    })
    out[name] = counts
  }
  return out
}

const fates: readonly Fate[] = [...FATES, 'common']

describe.each([0.5, 0.1, 0.02])('planted features at rate %f', (rate) => {
  test.each([20, 100, 500])('over %i prompts', async (n) => {
    const totals: Record<string, Counts> = {}
    for (let r = 0; r < REPLICATES; r++)
      for (const [pair, counts] of Object.entries(await replicate(rate, n, r))) {
        totals[pair] ??= {}
        for (const [key, count] of Object.entries(counts))
          totals[pair]![key] = (totals[pair]![key] ?? 0) + count
      }
    console.log(`rate ${rate}, ${n} prompts: ${JSON.stringify(totals)}`)
    const count = (pair: string, of: readonly Fate[], label?: FeatureLabel): number =>
      Object.entries(totals[pair] ?? {}).reduce((sum, [key, k]) => {
        const [fate, l] = key.split(' ')
        return of.includes(fate as Fate) && (label === undefined || l === label) ? sum + k : sum
      }, 0)
    const decides = dormancyPower(n, rate, D) >= 0.99 // a family is all features at most
    const right = (pair: string, of: readonly Fate[], label: FeatureLabel): void => {
      const followed = count(pair, of)
      expect(followed).toBeGreaterThan(0.95 * REPLICATES * PLANTED * of.length)
      expect(count(pair, of, label)).toBeGreaterThanOrEqual(0.95 * followed)
    }
    for (const pair of ['silenced', 'silenced and rescaled']) {
      const dormant = count(pair, fates, 'dormant')
      const falsely = dormant - count(pair, ['silenced'], 'dormant')
      expect(falsely).toBeLessThanOrEqual(0.05 * dormant)
      if (decides) right(pair, ['silenced'], 'dormant')
    }
    // What fires in the same prompts has an answer where it fires three times (pairedRatio).
    if (1 - binomialCdf(2, n, rate) >= 0.99 && decides) right('silenced', ['kept'], 'active')
    for (const pair of ['rescaled', 'shifted']) {
      expect([pair, count(pair, fates, 'dormant'), count(pair, fates, 'new')]).toEqual([pair, 0, 0])
      if (decides) right(pair, FATES, 'shifted')
    }
  })
})
