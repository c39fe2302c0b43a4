import { describe, expect, it } from 'vitest'
import { stream } from '../core/random.ts'
import { cohenKappa, kappaEstimate } from './kappa.ts'

const A = 'A B A neither B B A refusal A B neither neither A B A nonsense B A B A'.split(' ')
const B = 'A B B neither B A A refusal A B A neither A B neither nonsense B A A A'.split(' ')
const TIMES = [3, 1, 0, 2, 1, 1, 0, 2, 4, 1, 1, 0, 1, 2, 1, 1, 0, 1, 1, 2]

describe('cohenKappa', () => {
  it("is scikit-learn's", () => {
    // sklearn.metrics.cohen_kappa_score(A, B) and with sample_weight=TIMES, scikit-learn
    expect(cohenKappa(A, B)).toBeCloseTo(0.6363636363636364, 14)
    expect(cohenKappa(A, B, TIMES)).toBeCloseTo(0.7549019607843137, 14)
  })

  it('is 1 for the same labels, 0 by chance, and none where chance explains all', () => {
    expect(cohenKappa(A, A)).toBe(1)
    expect(cohenKappa(['a', 'a', 'b', 'b'], ['a', 'b', 'a', 'b'])).toBe(0)
    expect(cohenKappa(['a', 'a'], ['a', 'a'])).toBeNaN()
  })
})

describe('kappaEstimate', () => {
  it('has an interval over groups that covers the truth, and is wider for fewer groups', async () => {
    // Both copy one of two labels with chance 0.8 each, else toss a coin: kappa 0.64.
    const rng = stream(5, 'test/kappa')
    const make = (n: number) => {
      const truth = Array.from({ length: n }, () => rng.below(2))
      const rater = () => truth.map((t) => String(rng.uniform() < 0.8 ? t : rng.below(2)))
      return [rater(), rater()] as const
    }
    const estimate = (n: number, groups: number) => {
      const [first, second] = make(n)
      const of = Int32Array.from({ length: n }, (_, i) => i % groups)
      return kappaEstimate(first, second, { of, count: groups }, { seed: 1, draws: 500 })
    }
    const wide = (await estimate(60, 12))!
    const narrow = (await estimate(2000, 200))!
    expect(narrow.ci![0]).toBeLessThan(0.64)
    expect(narrow.ci![1]).toBeGreaterThan(0.64)
    expect(wide.ci![1] - wide.ci![0]).toBeGreaterThan(2 * (narrow.ci![1] - narrow.ci![0]))
    expect(wide.method).toMatch(/approximate/)
  })

  it('is not there without items, or where both always say the same', async () => {
    const options = { seed: 1, draws: 100 }
    expect(await kappaEstimate([], [], { of: [], count: 0 }, options)).toBeUndefined()
    expect(await kappaEstimate(['a'], ['a'], { of: [0], count: 1 }, options)).toBeUndefined()
  })
})
