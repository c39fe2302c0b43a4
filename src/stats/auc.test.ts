import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { asah, goldens } from '../../test/support/stats.ts'
import { auc, binnedAuc, delongInterval, delongVariance, SortedScores } from './auc.ts'

/** Scores with both classes present. */
const scored = fc
  .array(fc.tuple(fc.integer({ min: -50, max: 50 }), fc.constantFrom(0, 1)), { minLength: 4, maxLength: 60 })
  .filter((a) => a.some(([, y]) => y === 0) && a.some(([, y]) => y === 1))
  .map((a) => ({ s: a.map(([v]) => v), y: a.map(([, v]) => v) }))

describe('auc', () => {
  test('agrees with scikit-learn, with ties and with weights', () => {
    const { delong, y } = goldens()
    expect(auc(delong.s, y)).toBeCloseTo(delong.auc, 14)
    expect(new SortedScores(delong.s, y).auc(delong.times)).toBeCloseTo(delong.weighted, 14)
  })

  test("agrees with DeLong's variance by its definition", () => {
    const { delong, y } = goldens()
    expect(delongVariance(delong.s, y)).toBeCloseTo(delong.variance, 14)
  })

  // What pROC prints for its own example data, to the digits that it prints.
  test.each([
    ['s100b', 0.7314, 0.6301, 0.8326],
    ['ndka', 0.612, 0.5012, 0.7227],
    ['wfns', 0.8237, undefined, undefined],
  ])("agrees with pROC on aSAH's %s", (marker, value, low, high) => {
    const s: number[] = []
    const y: number[] = []
    asah()[marker]!.forEach(([good, poor], rank) => {
      for (let k = 0; k < good + poor; k++) {
        s.push(rank)
        y.push(k < good ? 0 : 1)
      }
    })
    expect(s).toHaveLength(113)
    const got = delongInterval(s, y)
    expect(got.value).toBeCloseTo(value, 4)
    if (low === undefined) return
    expect(Math.abs(got.ci[0] - low)).toBeLessThan(5.1e-5)
    expect(Math.abs(got.ci[1] - high!)).toBeLessThan(5.1e-5)
  })

  test('is the share of pairs in the right order', () => {
    fc.assert(
      fc.property(scored, ({ s, y }) => {
        let right = 0
        let pairs = 0
        for (let i = 0; i < s.length; i++)
          for (let j = 0; j < s.length; j++)
            if (y[i] === 1 && y[j] === 0) {
              pairs++
              right += s[i]! > s[j]! ? 1 : s[i] === s[j] ? 0.5 : 0
            }
        expect(auc(s, y)).toBeCloseTo(right / pairs, 12)
      }),
    )
  })

  test('does not change under a rising map, and turns round with the labels or the sign', () => {
    fc.assert(
      fc.property(scored, ({ s, y }) => {
        const value = auc(s, y)
        expect(
          auc(
            s.map((v) => Math.exp(v / 10)),
            y,
          ),
        ).toBe(value)
        expect(
          auc(
            s.map((v) => 3 * v - 7),
            y,
          ),
        ).toBe(value)
        expect(
          auc(
            s.map((v) => -v),
            y,
          ),
        ).toBeCloseTo(1 - value, 12)
        expect(
          auc(
            s,
            y.map((l) => 1 - l),
          ),
        ).toBeCloseTo(1 - value, 12)
      }),
    )
  })

  test('counts an item that is held twice as two items', () => {
    fc.assert(
      fc.property(scored, fc.array(fc.nat(3), { minLength: 60, maxLength: 60 }), ({ s, y }, times) => {
        const copies = s.flatMap((_, i) => new Array<number>(times[i]!).fill(i))
        const plain = auc(
          copies.map((i) => s[i]!),
          copies.map((i) => y[i]!),
        )
        const held = new SortedScores(s, y).auc(times)
        if (Number.isNaN(plain)) expect(held).toBeNaN()
        else expect(held).toBeCloseTo(plain, 12)
      }),
    )
  })

  test('is NaN without both classes', () => {
    expect(auc([1, 2], [1, 1])).toBeNaN()
  })

  test('by bins is within 2e-3 of the exact one for a few hundred standardised scores', () => {
    const y = Array.from({ length: 400 }, (_, i) => i % 2)
    const s = y.map((l, i) => Math.sin(i * 12.9898) * 1.4 + 0.5 * l)
    expect(Math.abs(binnedAuc(s, y) - auc(s, y))).toBeLessThan(2e-3)
  })
})
