/** What a card says of a feature, held against what the encoder does and against arithmetic in plain loops. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { openSafetensors, readF32 } from '../src/formats/safetensors.ts'
import {
  denseFeatures,
  describeDictionary,
  Encoder,
  openDictionary,
  PlacedDictionary,
} from '../src/sae/index.ts'
import type { StudyDictionary } from '../src/study/dictionaries.ts'
import { featureDetails } from '../src/study/feature-details.ts'
import { RunFolder } from '../src/study/run-folder.ts'
import type { CountedTexts } from '../src/study/site-activations.ts'
import { temporaryFolder } from './support/bytes.ts'
import { type TinyDictionary, writeDictionary } from './support/dictionary.ts'
import { loadTiny } from './support/tiny.ts'

const FOLDER = join(fileURLToPath(new URL('./fixtures/models/', import.meta.url)), 'llama3.1')
const SITE = 'blocks.1.hook_resid_post'
const [D, F] = [64, 40]
const files = temporaryFolder()
afterAll(() => files[Symbol.dispose]())

const random = (seed: number, n: number): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => Math.sin(seed + 12.9898 * i) / 2)
const KINDS: Record<string, TinyDictionary> = {
  relu: { width: D, latents: F },
  threshold: {
    width: D,
    latents: F,
    config: { architecture: 'jumprelu' },
    tensors: { threshold: { shape: [F], data: random(1, F) } }, // some of them negative
  },
  topk: { width: D, latents: F, config: { architecture: 'topk', k: 5 } },
  gated: {
    width: D,
    latents: F,
    config: { architecture: 'gated' },
    tensors: {
      b_enc: undefined,
      r_mag: { shape: [F], data: random(2, F) },
      b_mag: { shape: [F], data: random(3, F) },
      b_gate: { shape: [F], data: random(4, F) },
    },
  },
}
const tokens = [
  [1, 2, 3, 4, 5, 6, 7],
  [9, 8, 7],
  [11, 3, 20, 5],
]
const texts: CountedTexts = {
  texts: tokens.map((t, i) => ({ id: `${i}`, tokens: t, content: new Uint8Array(t.length).fill(1) })),
  used: tokens.map((t) => Uint8Array.from(t, (_, i) => (i === 0 ? 0 : 1))),
  hash: 'three texts',
}

describe.each(Object.entries(KINDS))('details of features of a %s dictionary', (name, kind) => {
  it('margins, contexts, cosine and tokens are those of plain arithmetic', async () => {
    const path = await writeDictionary(files.path, name, { ...kind, site: SITE })
    using plain = await openDictionary(path)
    const dictionary: StudyDictionary = {
      ref: name,
      path,
      of: 'base',
      rule: 'reference',
      site: SITE,
      layer: 1,
      facts: describeDictionary(plain),
      dashboard: undefined,
      hash: name,
    }
    const direction = [...random(5, D)]
    const features = [...Array(F).keys()]
    await using run = await RunFolder.open(join(files.path, `run-${name}`))
    const key = { hash: 'tiny', precision: 'f32', device: 'CPU', engine: 'test', width: D } as const
    const details = await featureDetails(
      run,
      { key, dictionary, features, cards: 3, prompts: texts, contexts: texts, direction },
      () => loadTiny(FOLDER),
    )

    using model = await loadTiny(FOLDER)
    using placed = await PlacedDictionary.open(path, model.backend)
    using encoder = new Encoder(placed)
    const out = await model.run(tokens, { hooks: [SITE] })
    let [fires, silent] = [0, 0]
    for (const [i, text] of tokens.entries()) {
      const dense = denseFeatures(await encoder.encode(out.get(SITE, i)))
      for (const f of features) {
        const values = text.map((_, t) => (t === 0 ? 0 : dense.data[t * F + f]!))
        const margin = details[f]!.margins[i]!
        if (Math.max(...values) > 0) {
          fires++
          expect(margin).toBeGreaterThanOrEqual(-1e-5)
          if (name === 'relu') expect(margin).toBeCloseTo(Math.max(...values), 4)
        } else {
          silent++
          expect(margin).toBeLessThanOrEqual(1e-5)
        }
        if (f < 3)
          details[f]!.contexts[i]!.forEach((v, t) => {
            expect(v).toBeCloseTo(values[t]!, 4)
          })
      }
    }
    expect(Math.min(fires, silent)).toBeGreaterThan(3)
    expect(details[3]!.contexts).toEqual([])

    using weights = openSafetensors(join(path, 'sae_weights.safetensors'))
    using checkpoint = openSafetensors(join(FOLDER, 'model.safetensors'))
    const decoder = readF32(weights.tensors.get('W_dec')!)
    const output = readF32(
      (checkpoint.tensors.get('lm_head.weight') ?? checkpoint.tensors.get('model.embed_tokens.weight'))!,
    )
    const norm = readF32(checkpoint.tensors.get('model.norm.weight')!)
    for (const f of [0, 1, 2]) {
      const w = decoder.subarray(f * D, (f + 1) * D)
      const length = Math.hypot(...w)
      const dot = w.reduce((s, v, j) => s + v * direction[j]!, 0)
      expect(details[f]!.cosine).toBeCloseTo(dot / length / Math.hypot(...direction), 5)
      const logit = (id: number): number =>
        w.reduce((s, v, j) => s + (v / length) * norm[j]! * output[id * D + j]!, 0)
      const all = Array.from({ length: output.length / D }, (_, id) => logit(id))
      const [id, value] = details[f]!.promoted[0]!
      expect(value).toBeCloseTo(logit(id), 4)
      expect(value).toBeCloseTo(Math.max(...all), 4)
      expect(details[f]!.suppressed[0]![1]).toBeCloseTo(Math.min(...all), 4)
    }
  })
})
