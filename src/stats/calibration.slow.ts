/**
 * Calibration: whether p-values, intervals and verdicts are right as often as they say, over many simulated data
 * sets whose answer is known. Minutes; run with `npm run test:slow`. Each test prints its counts.
 */

import normalCdf from '@stdlib/stats-base-dists-normal-cdf'
import { describe, expect, test } from 'vitest'
import { ksBound, ksDistance, mostAt } from '../../test/support/calibration.ts'
import { prompts, sample } from '../../test/support/stats.ts'
import { stream } from '../core/random.ts'
import { SortedScores } from './auc.ts'
import { clusterBootstrap, clusterEstimates } from './bootstrap.ts'
import { measureCompression, type Reading, type Selectivity } from './compression.ts'
import { percentileInterval, quantile, upperP } from './estimate.ts'
import { measureExcess } from './excess.ts'
import { groupFolds } from './folds.ts'
import { readLabels } from './groups.ts'
import { dot, unit } from './linear.ts'
import {
  ldaNull,
  logisticNull,
  matchedPc1Null,
  meanDifferenceNull,
  permutedLabellings,
  testOf,
} from './permutation.ts'
import { IssueSums, swapTest } from './spread.ts'

function report(what: string, counts: unknown): void {
  console.log(`${what}: ${JSON.stringify(counts)}`)
}

describe('permutation tests under no effect', () => {
  const estimators = {
    'mean-difference': { sets: 600, draws: 199 },
    lda: { sets: 300, draws: 99 },
    logistic: { sets: 300, draws: 99 },
    'matched-pc1': { sets: 300, draws: 99 },
  } as const
  const cases = (['nested', 'crossed'] as const).flatMap((kind) =>
    Object.keys(estimators)
      .filter((e) => kind === 'crossed' || e !== 'matched-pc1')
      .map((e) => [kind, e as keyof typeof estimators] as const),
  )
  test.each(cases)('%s groups, %s: uniform, and P(p <= a) <= a', async (kind, estimator) => {
    const { sets, draws } = estimators[estimator]
    const p: number[] = []
    for (let seed = 0; seed < sets; seed++) {
      const { x, labels } = sample({ seed, kind, groups: 24, perGroup: 6, d: 8, effect: 0, shared: 1 })
      const folds = groupFolds(labels.groups, labels.poles, seed, 0)
      const labellings = permutedLabellings(labels, folds, { seed, draws })
      const nulls =
        estimator === 'mean-difference'
          ? await meanDifferenceNull(x, labellings)
          : estimator === 'lda'
            ? await ldaNull(x, labellings)
            : estimator === 'logistic'
              ? await logisticNull(x, labellings, 0.01)
              : await matchedPc1Null(x, labels, labellings)
      p.push(testOf(nulls).p)
    }
    const at = (a: number): number => p.filter((v) => v <= a + 1e-12).length
    report(`${kind} ${estimator}`, {
      sets,
      ks: Number(ksDistance(p).toFixed(3)),
      bound: Number(ksBound(sets, draws).toFixed(3)),
      'p<=0.01': at(0.01),
      'p<=0.05': at(0.05),
      'p<=0.1': at(0.1),
    })
    expect(ksDistance(p)).toBeLessThan(ksBound(sets, draws))
    for (const a of [0.01, 0.05, 0.1]) expect(at(a)).toBeLessThanOrEqual(mostAt(a, sets))
  })

  test('groups of unequal sizes, maximum over five layers', async () => {
    const p: number[] = []
    for (let seed = 0; seed < 300; seed++) {
      const rng = stream(seed, 'sizes')
      const { x, labels: all } = sample({ seed, kind: 'nested', groups: 24, perGroup: 12, d: 20, effect: 0 })
      // Groups keep 2 to 12 of their texts.
      const size = Int32Array.from({ length: 24 }, () => 2 + rng.below(11))
      const seen = new Int32Array(24)
      const kept = Array.from(all.poles.keys()).filter(
        (i) => seen[all.groups.of[i]!]!++ < size[all.groups.of[i]!]!,
      )
      const labels = readLabels({
        poles: Int8Array.from(kept, (i) => all.poles[i]!),
        groups: kept.map((i) => `group ${all.groups.of[i]}`),
      })
      const labellings = permutedLabellings(labels, groupFolds(labels.groups, labels.poles, seed, 0), {
        seed,
        draws: 99,
      })
      const layers: Float64Array[] = []
      for (let l = 0; l < 5; l++) {
        const data = Float32Array.from(
          kept.flatMap((i) => Array.from(x.data.subarray(i * 20 + 4 * l, i * 20 + 4 * l + 4))),
        )
        layers.push(await meanDifferenceNull({ rows: kept.length, cols: 4, data }, labellings))
      }
      p.push(testOf(layers[0]!.map((_, draw) => Math.max(...layers.map((nulls) => nulls[draw]!)))).p)
    }
    report('maximum over layers', { ks: ksDistance(p), 'p<=0.05': p.filter((v) => v <= 0.05 + 1e-12).length })
    expect(ksDistance(p)).toBeLessThan(ksBound(300, 99))
    expect(p.filter((v) => v <= 0.05 + 1e-12).length).toBeLessThanOrEqual(mostAt(0.05, 300))
  })

  test('swap test of shapes: uniform', async () => {
    const p: number[] = []
    for (let seed = 0; seed < 600; seed++) {
      const rng = stream(seed, 'swap')
      const issues = Int32Array.from({ length: 160 }, (_, i) => Math.floor(i / 8))
      const shared = Float64Array.from({ length: 20 }, () => rng.normal())
      const z = () => Float64Array.from(issues, (k) => shared[k]! + rng.normal())
      p.push(await swapTest(z(), z(), issues, 20, { seed, draws: 199 }))
    }
    report('swap test', { ks: ksDistance(p), 'p<=0.05': p.filter((v) => v <= 0.05 + 1e-12).length })
    expect(ksDistance(p)).toBeLessThan(ksBound(600, 199))
    expect(p.filter((v) => v <= 0.05 + 1e-12).length).toBeLessThanOrEqual(mostAt(0.05, 600))
  })
})

describe('95% cluster-bootstrap intervals over 1,000 sets of 40 clusters cover 93 to 97%', () => {
  const SETS = 1000
  const within = (inside: number): void => {
    expect(inside).toBeGreaterThanOrEqual(0.93 * SETS)
    expect(inside).toBeLessThanOrEqual(0.97 * SETS)
  }
  /** Scores of 40 groups of `per` texts: a pole adds 1, a group shares a part of SD 0.7. */
  const scoresOf = (seed: number, per: number, kind: 'nested' | 'crossed') => {
    const rng = stream(seed, 'cover')
    const n = 40 * per
    const shared = Float64Array.from({ length: 40 }, () => 0.7 * rng.normal())
    const group = Int32Array.from({ length: n }, (_, i) => Math.floor(i / per))
    const poles = Int8Array.from(group, (g, i) => (kind === 'nested' ? g % 2 : i % 2))
    const labels = readLabels({ poles, groups: Array.from(group, (g) => `group ${g}`) })
    const noisy = (effect: number, noise: number) =>
      Float64Array.from(group, (g, i) => effect * poles[i]! + shared[g]! + noise * rng.normal())
    return { labels, noisy, group }
  }
  const truth = (effect: number, noise: number): number =>
    normalCdf(effect / Math.sqrt(2 * (0.49 + noise ** 2)), 0, 1)

  test.each([
    ['nested', 4],
    ['nested', 20],
    ['crossed', 4],
  ] as const)('AUC, %s groups of %i texts', async (kind, per) => {
    let inside = 0
    for (let seed = 0; seed < SETS; seed++) {
      const { labels, noisy } = scoresOf(seed, per, kind)
      const scores = new SortedScores(noisy(1, 1), labels.poles, labels.groups.of)
      const [e] = await clusterEstimates(labels, { seed, draws: 600 }, (t) => [scores.auc(t)])
      if (e!.ci![0] <= truth(1, 1) && truth(1, 1) <= e!.ci![1]) inside++
    }
    report(`coverage of AUC, ${kind}, ${per} a group`, inside)
    within(inside)
  })

  test('excess AUC over a baseline that shares the groups', async () => {
    let inside = 0
    const value = truth(1, 1) - truth(0.5, 1)
    for (let seed = 0; seed < SETS; seed++) {
      const { labels, noisy } = scoresOf(seed, 5, 'nested')
      const { of } = await measureExcess([{ model: noisy(1, 1), randomEmbeddings: noisy(0.5, 1) }], labels, {
        seed,
        draws: 600,
      })
      const [low, high] = of[0]!.overRandom.ci!
      if (low <= value && value <= high) inside++
    }
    report('coverage of excess AUC', inside)
    within(inside)
  })

  test('ratio of SDs over 40 issues', async () => {
    let inside = 0
    for (let seed = 0; seed < SETS; seed++) {
      const rng = stream(seed, 'ratio')
      const issues = Int32Array.from({ length: 160 }, (_, i) => Math.floor(i / 4))
      const shared = Float64Array.from({ length: 40 }, () => rng.normal())
      const base = Float64Array.from(issues, (k) => shared[k]! + rng.normal())
      const aligned = base.map((v) => 0.5 * (0.8 * v + 0.6 * Math.SQRT2 * rng.normal()))
      const [b, a] = [base, aligned].map((z) => new IssueSums(z, issues, 40)) as [IssueSums, IssueSums]
      const [draws] = await clusterBootstrap(40, { seed, stage: 'issues', draws: 600 }, (t) => [
        Math.exp(a.logSd(t) - b.logSd(t)),
      ])
      const [low, high] = percentileInterval(draws!, { count: 40, strata: 1 })
      if (low <= 0.5 && 0.5 <= high) inside++
    }
    report('coverage of SD ratio', inside)
    within(inside)
  })
})

test('a model no better than its random baseline exists in at most 2.5% of sets', async () => {
  let exists = 0
  for (let seed = 0; seed < 1000; seed++) {
    const { x, labels } = sample({
      seed,
      kind: 'nested',
      groups: 40,
      perGroup: 5,
      d: 2,
      effect: 0,
      shared: 0.7,
    })
    const column = (j: number) => Float64Array.from({ length: x.rows }, (_, i) => x.data[2 * i + j]!)
    const { of } = await measureExcess([{ model: column(0), randomEmbeddings: column(1) }], labels, {
      seed,
      draws: 400,
    })
    if (of[0]!.overRandom.ci![0] > 0.02) exists++
  }
  report('exists under no excess, of 1,000', exists)
  expect(exists).toBeLessThanOrEqual(mostAt(0.025, 1000))
})

/**
 * What a push does to an outcome is linear for small doses, so that effects are products with one gradient. Where the
 * arms span k dimensions and the direction is orthogonal to them, it is one of k + 1; with a gradient that favours none
 * of these, a rank among arms takes it for special too often.
 */
test('rank of a direction among 100 random ones of a narrow span: errs more the narrower it is', () => {
  const SETS = 20_000
  const shares = [3, 8, 16, 64].map((k) => {
    let passed = 0
    for (let set = 0; set < SETS; set++) {
      const rng = stream(k, 'narrow span', set)
      const gradient = Float64Array.from({ length: k }, () => rng.normal())
      const own = Math.abs(rng.normal())
      const arms = Float64Array.from({ length: 100 }, () => {
        const u = unit(Float64Array.from({ length: k }, () => rng.normal()))
        return Math.abs(dot(u, gradient))
      })
      if (upperP(own, arms) <= 0.05) passed++
    }
    return { k, share: passed / SETS }
  })
  report('p <= 0.05 without any effect, by dimensions of the span', shares)
  for (const [i, { share }] of shares.entries()) {
    expect(share).toBeGreaterThan(0.04)
    if (i > 0) expect(share).toBeLessThan(shares[i - 1]!.share)
  }
  expect(shares[1]!.share).toBeLessThan(0.12) // the least span that a gate lets pass
  expect(shares[2]!.share).toBeLessThan(0.09) // the span that arms are drawn from where prompts allow it
})

describe('selective compression, 100 trials of 20 issues of 8 prompts', () => {
  const trials = async (
    gain: (axis: number, normal: () => number) => number,
    more: { alongD?: number; gapAlongD?: number; strength?: number } = {},
  ) => {
    const counts: Record<Selectivity, number> = { selective: 0, not: 0, underpowered: 0 }
    const readings: Partial<Record<Reading, number>> = {}
    // What directions of each kind would say by themselves: d below 95% of them, and beyond the bar from their median.
    const below = { references: 0, isotropic: 0, covariance: 0 }
    const beyond = { references: 0, isotropic: 0, covariance: 0 }
    for (let seed = 0; seed < 100; seed++) {
      const p = prompts({ seed, issues: 20, perIssue: 8, dim: 96, gain, ...more })
      const { axes } = await measureCompression(
        { ...p, axes: [{ name: 'base', direction: p.d }] },
        { seed, draws: 400, selectiveRatio: 0.8, references: 200 },
      )
      const axis = axes[0]!
      counts[axis.selectivity]!++
      readings[axis.reading] = (readings[axis.reading] ?? 0) + 1
      const log = Math.log(axis.ratio.value)
      for (const [kind, ratios] of [
        ['references', axis.referenceLogRatios],
        ['isotropic', axis.isotropicLogRatios],
        ['covariance', axis.covarianceLogRatios],
      ] as const) {
        const sorted = Float64Array.from(ratios).sort()
        if (log < quantile(sorted, 0.05)) below[kind]++
        if (log - quantile(sorted, 0.5) < Math.log(0.8)) beyond[kind]++
      }
    }
    return { counts, readings, below, beyond }
  }
  const jitter = (_: number, normal: () => number): number => 1 + 0.1 * normal()

  test('gain jitter of 10% on every component is called selective at most 10 times', async () => {
    const found = await trials(jitter)
    report('jitter', found)
    expect(found.counts.selective).toBeLessThanOrEqual(10)
    // A rank is no test: directions concentrate, and jitter puts d outside of them whatever their kind.
    expect(Math.min(...Object.values(found.below))).toBeGreaterThan(10)
  })

  test('nor is halving of the eight strongest axes, which isotropic directions take for it', async () => {
    const found = await trials((k, normal) => (k < 8 ? 0.5 : 1) * (1 + 0.05 * normal()))
    report('strong axes halved', found)
    expect(found.counts.selective).toBeLessThanOrEqual(10)
    expect(found.beyond.isotropic).toBeGreaterThan(50)
  })

  test('nor is jitter on top of halving everything', async () => {
    const found = await trials((k, normal) => 0.5 * jitter(k, normal))
    report('jitter and halving', found)
    expect(found.counts.selective).toBeLessThanOrEqual(10)
    expect(found.readings['change of scale']).toBeGreaterThanOrEqual(90)
  })

  test('nor is any of these where prompts vary along d more than along all else', async () => {
    const strength = 6
    for (const gain of [
      jitter,
      (k: number, normal: () => number): number => (k < 8 ? 0.5 : 1) * (1 + 0.05 * normal()),
    ]) {
      const found = await trials(gain, { strength })
      report('a dominant direction', found)
      expect(found.counts.selective).toBeLessThanOrEqual(10)
    }
    const compressed = await trials(jitter, { strength, alongD: 0.5 })
    report('a dominant direction, compressed', compressed)
    expect(compressed.counts.selective).toBeGreaterThanOrEqual(90)
  })

  test('halving along the direction is found through the jitter', async () => {
    const found = await trials(jitter, { alongD: 0.5 })
    report('compressed along d', found)
    expect(found.counts.selective).toBeGreaterThanOrEqual(90)
  })
})
