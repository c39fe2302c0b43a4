/** Numbers of scipy 1.x: beta.ppf, binomtest, fisher_exact (alternative 'greater'). */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clopperPearson, fisherUpper, mcnemar, mcnemarUpper, pairedRatio } from './exact.ts'

describe('exact inference', () => {
  it.each([
    [0, 100, 0, 0.03621669264517641],
    [1, 20, 0.0012650894979498047, 0.24873276277202777],
    [50, 100, 0.398321129503301, 0.601678870496699],
    [97, 100, 0.91482394702572, 0.9937700284616936],
    [20, 20, 0.8315665290169147, 1],
    [3, 500, 0.001239057543540751, 0.017433673725913514],
  ])('Clopper and Pearson: %i of %i', (k, n, low, high) => {
    const ci = clopperPearson(k, n)
    expect(ci[0]).toBeCloseTo(low, 10)
    expect(ci[1]).toBeCloseTo(high, 10)
  })

  it.each([
    [10, 0, 0.001953125, 0.0009765625],
    [0, 5, 0.0625, 1],
    [7, 3, 0.34375, 0.171875],
    [30, 12, 0.007915897334896727, 0.003957948667448363],
    [4, 4, 1, 0.63671875],
    [120, 90, 0.045114087864840696, 0.022557043932420348],
  ])('McNemar: %i against %i', (b, c, two, upper) => {
    expect(mcnemar(b, c)).toBeCloseTo(two, 10)
    expect(mcnemarUpper(b, c)).toBeCloseTo(upper, 10)
  })

  it.each([
    [5, 5, 0, 15, 6.449948400412796e-5],
    [3, 10, 4, 30, 0.22834909212618196],
    [1, 8, 0, 8, 0.5],
    [12, 20, 9, 60, 0.00020556076109218274],
  ])('Fisher: %i of %i against %i of %i', (a, n1, b, n2, p) => {
    expect(fisherUpper(a, n1, b, n2)).toBeCloseTo(p, 10)
  })

  it('intervals hold the rate, tests are probabilities', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(300), (n, raw) => {
        const k = raw % (n + 1)
        const [low, high] = clopperPearson(k, n)
        expect(low).toBeLessThanOrEqual(k / n)
        expect(high).toBeGreaterThanOrEqual(k / n)
        const p = mcnemar(k, n - k)
        expect(p).toBeGreaterThanOrEqual(0)
        expect(p).toBeLessThanOrEqual(1)
        expect(mcnemar(n - k, k)).toBe(p)
      }),
    )
  })

  it('few firings in the same places are no equivalence; many are', () => {
    expect(pairedRatio(1, 0, 0).ci[1]).toBeGreaterThan(2)
    expect(pairedRatio(50, 0, 0).ci[0]).toBeGreaterThan(0.9)
    expect(pairedRatio(0, 4, 0)).toEqual({ value: 0, ci: [0, Number.POSITIVE_INFINITY] })
  })
})
