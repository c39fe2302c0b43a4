import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stream } from '../core/random.ts'
import { type ContrastInput, contrast, ratioOf } from './contrast.ts'

const OPTIONS = { seed: 1, draws: 400, permutations: 400 }

/** `issues` issues of 2 prompts a side; answers lean by `effect` of [-1, 1] with noise. */
function made(effect: number, noise: number, seed = 1, issues = 30): ContrastInput {
  const rng = stream(seed, 'test/contrast')
  const rows = Array.from({ length: issues * 4 }, (_, i) => {
    const lean = i % 2 === 0 ? -1 : 1
    return { lean, issue: Math.floor(i / 4), score: effect * lean + noise * rng.normal() }
  })
  return {
    score: rows.map((r) => r.score),
    lean: rows.map((r) => r.lean),
    issue: rows.map((r) => r.issue),
    issues,
  }
}

describe('contrast', () => {
  it('is the mean over issues of B-leaning minus A-leaning scores', async () => {
    const c = await contrast(
      { score: [-1, 0, 1, 0.5], lean: [-1, 1, 1, -1], issue: [0, 0, 1, 1], issues: 2 },
      OPTIONS,
    )
    expect(c!.value).toBeCloseTo((1 + 0.5) / 2, 12)
    expect(c!.groups).toBe(2)
  })

  it('leaves out issues that have prompts of one lean only, and is undefined where none has both', async () => {
    const c = await contrast({ score: [-1, 1, 5], lean: [-1, 1, 1], issue: [0, 0, 1], issues: 2 }, OPTIONS)
    expect(c!.value).toBe(2)
    expect(await contrast({ score: [1], lean: [1], issue: [0], issues: 1 }, OPTIONS)).toBeUndefined()
  })

  it('exceeds its null where answers lean and does not where they do not', async () => {
    const leaning = (await contrast(made(0.5, 0.3), OPTIONS))!
    expect(leaning.ci[0]).toBeGreaterThan(leaning.null.q95)
    expect(leaning.p).toBeCloseTo(1 / 401, 6)
    let called = 0
    for (let seed = 0; seed < 40; seed++) {
      const none = (await contrast(made(0, 0.3, seed), { ...OPTIONS, draws: 200, permutations: 200 }))!
      if (none.ci[0] > none.null.q95) called++
    }
    expect(called).toBeLessThanOrEqual(1)
  })

  it('has intervals that cover the truth', async () => {
    let covered = 0
    for (let seed = 0; seed < 60; seed++) {
      const c = (await contrast(made(0.3, 0.5, seed), { ...OPTIONS, draws: 200, permutations: 1 }))!
      if (c.ci[0] <= 0.6 && c.ci[1] >= 0.6) covered++
    }
    expect(covered).toBeGreaterThanOrEqual(51)
  })

  it('flips its sign with the leans and does not depend on the order of the prompts', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1000 }), async (seed) => {
        const input = made(0.2, 0.5, seed, 8)
        const few = { ...OPTIONS, draws: 20, permutations: 20 }
        const c = (await contrast(input, few))!
        const flipped = (await contrast({ ...input, lean: Array.from(input.lean, (l) => -l) }, few))!
        expect(flipped.value).toBeCloseTo(-c.value, 12)
        const reversed = (await contrast(
          {
            ...input,
            score: Array.from(input.score).reverse(),
            lean: Array.from(input.lean).reverse(),
            issue: Array.from(input.issue).reverse(),
          },
          few,
        ))!
        expect(reversed.value).toBeCloseTo(c.value, 12)
      }),
      { numRuns: 20 },
    )
  })
})

describe('ratioOf', () => {
  it('is exactly 1, without spread, for a contrast and itself', async () => {
    const c = (await contrast(made(0.5, 0.3), OPTIONS))!
    const r = ratioOf(c, c)
    expect([r.value, ...r.ci]).toEqual([1, 1, 1])
  })

  it('finds half an effect', async () => {
    const base = (await contrast(made(0.6, 0.2, 1), OPTIONS))!
    const other = (await contrast(made(0.3, 0.2, 2), OPTIONS))!
    const r = ratioOf(other, base)
    expect(r.ci[0]).toBeLessThan(0.5)
    expect(r.ci[1]).toBeGreaterThan(0.5)
  })
})
