import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadTiny } from '../../test/support/tiny.ts'
import { stream } from '../core/random.ts'
import { calibrate, calibrateDose } from './calibrate.ts'
import { klOfAddition, klOfChanges } from './dose.ts'
import { ablate, add } from './interventions.ts'
import { logProbability } from './log-probabilities.ts'
import type { Model } from './model.ts'
import { residuals, score } from './score.ts'

const FIXTURE = fileURLToPath(new URL('../../test/fixtures/models/llama', import.meta.url))
const site = 'blocks.1.hook_resid_post'
const rng = stream(2, 'dose')
const vector = Float32Array.from({ length: 64 }, () => rng.normal())
const texts = Array.from({ length: 5 }, (_, i) => ({
  id: `${i}`,
  tokens: Array.from({ length: 10 + i }, () => rng.below(256)),
}))

let model: Model
beforeAll(async () => {
  model = await loadTiny(FIXTURE)
})
afterAll(() => model[Symbol.dispose]())

/** The definition, written out: mean over tokens of sum p (log p - log q). */
async function definition(alpha: number): Promise<number> {
  const plain = await model.run(texts, { logits: 'all' })
  const moved = await model.run(texts, { logits: 'all', interventions: [add({ site, vector, dose: alpha })] })
  let sum = 0
  let n = 0
  for (const [i, { tokens }] of texts.entries())
    for (let t = 0; t < tokens.length; t++, n++) {
      const [p, q] = [plain, moved].map((out) => out.logits(i).data.subarray(t * 256, (t + 1) * 256))
      for (let v = 0; v < 256; v++) {
        const logP = logProbability(p!, v)
        sum += Math.exp(logP) * (logP - logProbability(q!, v))
      }
    }
  return sum / n
}

describe('doses in nats', () => {
  it('measures the KL that its definition gives, and zero for zero', async () => {
    expect(await klOfAddition(model, texts, { site, vector, alpha: 0 })).toBe(0)
    for (const alpha of [-3, 0.5]) {
      const expected = await definition(alpha)
      const found = await klOfAddition(model, texts, { site, vector, alpha })
      expect(Math.abs(found / expected - 1)).toBeLessThan(1e-3)
    }
  })

  it.each([0.001, 0.05, -0.05, 0.5])(
    'finds the coefficient that costs %d nats, and keeps the curve',
    async (nats) => {
      const found = await calibrateDose(model, texts, { site, vector, nats })
      expect(Math.sign(found.alpha)).toBe(Math.sign(nats))
      expect(Math.abs((await definition(found.alpha)) / Math.abs(nats) - 1)).toBeLessThan(0.012)
      expect(found.dose).toBeCloseTo(Math.sign(nats) * Math.sqrt(2 * found.nats), 12)
      expect(found.curve).toContainEqual({ alpha: found.alpha, nats: found.nats })
      const sizes = found.curve.map((p) => Math.abs(p.alpha))
      expect(sizes).toEqual([...sizes].sort((a, b) => a - b))
      expect(found.curve.length).toBeLessThan(8)
    },
  )

  it('measures many changes in shared passes as it measures each alone', async () => {
    const changes = [-2, 0, 0.5, 3].map((dose) => add({ site, vector, dose }))
    const many = Array.from({ length: 60 }, (_, i) => changes[i % 4]!)
    const together = await klOfChanges(model, texts, many)
    for (const [i, change] of changes.entries()) {
      const [alone] = await klOfChanges(model, texts, [change])
      for (let k = i; k < 60; k += 4)
        expect(Math.abs(together[k]! - alone!)).toBeLessThan(1e-3 * alone! + 1e-12)
    }
    expect(together[1]).toBeLessThan(1e-12)
  })

  it('calibrates additions and ablations together, and says what is out of reach', async () => {
    const change = (amount: number) => ablate({ site, direction: vector, amount })
    const [added, ablated, never] = await calibrate(model, texts, [
      { change: (dose) => add({ site, vector, dose }), nats: 0.02, start: -1, most: 100 },
      { change, nats: 1e-4, start: 1, most: 20 },
      { change, nats: 1e3, start: 1, most: 2 },
    ])
    for (const [found, nats] of [
      [added!, 0.02],
      [ablated!, 1e-4],
    ] as const) {
      if (!('dose' in found)) throw new Error('not reached')
      expect(Math.abs(found.nats / nats - 1)).toBeLessThan(0.0101)
    }
    expect((added as { alpha: number }).alpha).toBeLessThan(0)
    expect(never).not.toHaveProperty('dose')
    expect(Math.max(...never!.curve.map((p) => p.alpha))).toBe(2)
  })

  it('refuses what cannot be: no dose, no vector, a KL beyond reach', async () => {
    const zero = new Float32Array(64)
    await expect(calibrateDose(model, texts, { site, vector, nats: 0 })).rejects.toMatchObject({
      code: 'dose-zero',
    })
    await expect(calibrateDose(model, texts, { site, vector: zero, nats: 1 })).rejects.toMatchObject({
      code: 'dose-zero',
    })
    await expect(calibrateDose(model, texts, { site, vector, nats: 1e4 })).rejects.toMatchObject({
      code: 'dose-unreachable',
    })
  })
})

describe('scores that start behind a block', () => {
  it('are those of whole passes, with and without a change, completions in several passes too', async () => {
    const draw = (n: number) => Array.from({ length: n }, () => rng.below(256))
    const items = [12, 150, 7].map((n, i) => ({
      id: `${i}`,
      prompt: draw(n),
      completions: [draw(9), draw(60), draw(90), draw(101), draw(106), draw(100)],
    }))
    const layer = 1
    const streams = await residuals(model, items, layer)
    expect(streams.map((m) => m.rows)).toEqual(items.map((i) => i.prompt.length + 466))
    const changes = [
      [],
      [add({ site, vector, dose: 0.7, rows: [0, 2] }), ablate({ site, direction: vector })],
    ]
    for (const interventions of changes) {
      const all: number[][] = [[], []]
      const whole = await score(model, items, { interventions }, (s) => void all[0]!.push(...s.logprobs))
      const resumed = await score(
        model,
        items,
        { interventions, resume: { layer, values: (i) => streams[i]! } },
        (s) => void all[1]!.push(...s.logprobs),
      )
      expect(all[1]).toHaveLength(18)
      all[0]!.forEach((v, i) => {
        expect(Math.abs(all[1]![i]! / v - 1)).toBeLessThan(1e-5)
      })
      expect(resumed.map((r) => r.tokens)).toEqual(whole.map((r) => r.tokens))
    }
  })
})
