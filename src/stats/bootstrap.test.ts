import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { goldens, sample } from '../../test/support/stats.ts'
import { SortedScores } from './auc.ts'
import { clusterBootstrap, clusterEstimates, drawGroups } from './bootstrap.ts'
import { cohensD, correlation, correlationInterval, resampledD } from './effect.ts'
import { mean, methodOf, percentileInterval, quantile, upperP, variance } from './estimate.ts'
import { benjaminiHochberg } from './fdr.ts'

describe('drawGroups', () => {
  test('a draw is the same whatever was drawn before, and strata keep their sizes', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 2, max: 60 }), fc.nat(5000), (seed, count, draw) => {
        const strata = Int8Array.from({ length: count }, (_, i) => i % 2)
        const first = drawGroups(count, seed, 'test', draw, strata)
        drawGroups(count, seed, 'test', draw + 1, strata)
        expect(drawGroups(count, seed, 'test', draw, strata)).toEqual(first)
        for (const s of [0, 1])
          expect(first.reduce((n, t, g) => n + (strata[g] === s ? t : 0), 0)).toBe(
            strata.filter((v) => v === s).length,
          )
        expect(drawGroups(count, seed, 'test', draw).reduce((a, b) => a + b, 0)).toBe(count)
      }),
    )
  })

  test('each group is drawn once on average', async () => {
    const total = new Float64Array(12)
    await clusterBootstrap(12, { seed: 1, stage: 'test', draws: 4000 }, (times) => {
      times.forEach((t, g) => {
        total[g]! += t / 4000
      })
      return []
    })
    for (const t of total) expect(Math.abs(t - 1)).toBeLessThan(0.06)
  })
})

describe('clusterEstimates', () => {
  const { x, labels } = sample({ seed: 1, kind: 'nested', groups: 40, perGroup: 5, d: 1, effect: 1 })

  test('gives value, interval, method, sizes and seed, the same every time', async () => {
    const scores = new SortedScores(x.data, labels.poles, labels.groups.of)
    const run = () => clusterEstimates(labels, { seed: 3, draws: 300 }, (t) => [scores.auc(t)])
    const [e] = await run()
    expect(e).toMatchObject({ method: 'cluster bootstrap', level: 0.95, n: 200, groups: 40, seed: 3 })
    expect(e!.value).toBe(scores.auc())
    expect(e!.ci![0]).toBeLessThan(e!.value)
    expect(e!.ci![1]).toBeGreaterThan(e!.value)
    expect(await run()).toEqual([e])
  })

  test('does not depend on the order of the texts', async () => {
    // Sorted by score instead of by group: the same groups are drawn, as their numbers follow their names.
    const order = Array.from(x.data.keys()).sort((a, b) => x.data[a]! - x.data[b]!)
    const estimate = async (at: readonly number[]) => {
      const poles = Int8Array.from(at, (i) => labels.poles[i]!)
      const groups = { ...labels.groups, of: Int32Array.from(at, (i) => labels.groups.of[i]!) }
      const scores = new SortedScores(
        at.map((i) => x.data[i]!),
        poles,
        groups.of,
      )
      return clusterEstimates({ poles, groups }, { seed: 3, draws: 100 }, (t) => [scores.auc(t)])
    }
    expect(await estimate(order)).toEqual(await estimate(Array.from(x.data.keys())))
  })

  test('stops when asked to', async () => {
    const controller = new AbortController()
    controller.abort()
    await expect(
      clusterEstimates(labels, { seed: 1, draws: 1e6, signal: controller.signal }, () => [0]),
    ).rejects.toMatchObject({ code: 'interrupted' })
  })
})

describe('estimates', () => {
  test('quantiles are those of numpy', () => {
    expect(quantile([1, 2, 3, 4], 0.4)).toBeCloseTo(2.2, 12)
    expect(quantile([7], 0.9)).toBe(7)
  })

  test('percentile intervals widen for few units, and come to the plain ones for many', () => {
    const draws = Float64Array.from({ length: 10_001 }, (_, i) => i / 10_000)
    const many = percentileInterval(draws, { count: 1e6, strata: 1 })
    expect(many).toBeAllclose([0.025, 0.975], { atol: 1e-5 })
    // By hand: t(0.975, 9 degrees) sqrt(10 / 9) = 2.3845, normal tail 0.00855.
    const few = percentileInterval(draws, { count: 10, strata: 1 })
    expect(few).toBeAllclose([0.00855, 0.99145], { atol: 1e-4 })
  })

  test('intervals leave out draws that are not numbers', () => {
    const units = { count: 50, strata: 1 }
    const draws = Float64Array.of(1, Number.NaN, 2, 3, Number.POSITIVE_INFINITY)
    expect(percentileInterval(draws, units)).toEqual(percentileInterval(Float64Array.of(1, 2, 3), units))
    expect(percentileInterval(Float64Array.of(Number.NaN), units)).toEqual([Number.NaN, Number.NaN])
  })

  test('marks what rests on few groups', () => {
    expect(methodOf('cluster bootstrap', 40)).toBe('cluster bootstrap')
    expect(methodOf('cluster bootstrap', 39)).toContain('approximate')
  })

  test('p-values are between 1 / (draws + 1) and 1', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true }), { minLength: 1 }),
        fc.double({ noNaN: true }),
        (draws, v) => {
          const p = upperP(v, Float64Array.from(draws))
          expect(p).toBeGreaterThanOrEqual(1 / (draws.length + 1))
          expect(p).toBeLessThanOrEqual(1)
        },
      ),
    )
    expect(upperP(1, Float64Array.of(0, 0, 0))).toBe(0.25)
    expect(upperP(0, Float64Array.of(0, 1, -1))).toBe(0.75)
  })
})

describe('effect sizes', () => {
  test("Cohen's d is that of the definition, and resampled that of the copies", () => {
    const { delong, y, cohensD: expected } = goldens()
    expect(cohensD(delong.s, y)).toBeCloseTo(expected, 12)
    const groups = Int32Array.from(y, (_, i) => i >> 2)
    const d = resampledD(delong.s, y, groups)
    expect(d(new Int32Array(20).fill(1))).toBeCloseTo(expected, 12)
    const times = Int32Array.from({ length: 20 }, (_, k) => k % 3)
    const copies = y.flatMap((_, i) => new Array<number>(times[groups[i]!]!).fill(i))
    expect(d(times)).toBeCloseTo(
      cohensD(
        copies.map((i) => delong.s[i]!),
        copies.map((i) => y[i]!),
      ),
      12,
    )
  })

  test('correlation and its interval are those of scipy', () => {
    const { levene, pearson } = goldens()
    const r = correlation(levene.a.slice(0, 18), levene.b)
    expect(r).toBeCloseTo(pearson.r, 12)
    expect(correlationInterval(r, 18)).toBeAllclose(pearson.ci, { rtol: 1e-9 })
  })

  test('variance of one value is 0', () => {
    expect(variance([3])).toBe(0)
    expect(mean([1, 2])).toBe(1.5)
  })
})

describe('Benjamini-Hochberg', () => {
  test('agrees with scipy', () => {
    const { bh } = goldens()
    expect(benjaminiHochberg(bh.p)).toBeAllclose(bh.q, { rtol: 1e-12 })
  })

  test('never lowers a p, keeps their order, and stays at 1', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1 }), (p) => {
        const q = benjaminiHochberg(p)
        p.forEach((v, i) => {
          expect(q[i]!).toBeGreaterThanOrEqual(v)
          expect(q[i]!).toBeLessThanOrEqual(1)
          p.forEach((w, j) => {
            if (v < w) expect(q[i]!).toBeLessThanOrEqual(q[j]!)
          })
        })
      }),
    )
  })
})
