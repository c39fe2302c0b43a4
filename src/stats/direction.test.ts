import { describe, expect, test } from 'vitest'
import { type Sample, sample, scaled } from '../../test/support/stats.ts'
import { type Matrix, matrix } from '../core/matrix.ts'
import { stream } from '../core/random.ts'
import { type DirectionOptions, measureDirection, scoresAt } from './direction.ts'
import { measureExcess, overPools, readRetention } from './excess.ts'
import { partsOf } from './folds.ts'
import { C_GRID, logisticScores, outOfFold } from './oof.ts'
import { topicEstimates, topicParts } from './topics.ts'

const OPTIONS: DirectionOptions = {
  seed: 1,
  repeats: 2,
  draws: { bootstrap: 200, meanDifference: 59, refitted: 19 },
}
const BOOTSTRAP = { seed: 1, draws: 200 }

/** Three layers, of which only the middle one knows the poles well. */
function layersOf({ x, labels }: Sample): { count: number; load(l: number): Promise<Matrix> } {
  const rng = stream(9, 'layers')
  const layers = [0.2, 1, 0.4].map((share) =>
    matrix(
      x.rows,
      x.cols,
      Float32Array.from(
        x.data,
        (v, i) => share * v + (1 - share) * (i % x.cols === 0 ? 2 : 1) * rng.normal(),
      ),
    ),
  )
  expect(labels.poles).toHaveLength(x.rows)
  return { count: 3, load: async (l) => layers[l]! }
}

describe('measureDirection', () => {
  const nested = sample({ seed: 1, kind: 'nested', groups: 30, perGroup: 8, d: 10, effect: 2 })

  test('finds a direction at its layer, with every number described', async () => {
    const m = await measureDirection(layersOf(nested), nested.labels, OPTIONS)
    expect(m.layer).toBe(1)
    expect(m.choice.flat()).toHaveLength(10)
    expect(m.choice.flat().filter((l) => l === 1).length).toBeGreaterThanOrEqual(8)
    const { auc, aucDelong, cohensD } = m.layers[1]!
    for (const e of ['mean-difference', 'logistic', 'lda'] as const) {
      expect(auc[e]!.value).toBeGreaterThan(0.8)
      expect(auc[e]!.p).toBeLessThanOrEqual(1 / 20)
      expect(auc[e]!).toMatchObject({ n: 240, groups: 30, method: expect.stringContaining('approximate') })
      expect(aucDelong[e]!.ci![0]).toBeLessThan(auc[e]!.value)
      expect(cohensD[e]!.ci![0]).toBeGreaterThan(0)
    }
    expect(auc['matched-pc1']).toBeUndefined()
    expect(m.layers[0]!.auc.lda!.p).toBeUndefined() // refitted nulls only at the chosen layer
    expect(m.layers[0]!.auc['mean-difference']!.null).toEqual(auc['mean-difference']!.null) // maximum over layers
    expect(m.primaryAuc.p).toBe(auc.logistic!.p)
    expect(m.groupAuc!.value).toBeGreaterThan(m.primaryAuc.value)
    expect(m.leak.value).toBeCloseTo(m.randomFoldsAuc.value - auc.logistic!.value, 12)
    expect(m.layers[1]!.accuracy.value).toBeGreaterThan(0.7)
  })

  test('finds nothing where nothing is', async () => {
    const none = sample({ seed: 3, kind: 'nested', groups: 30, perGroup: 8, d: 10, effect: 0 })
    const m = await measureDirection(layersOf(none), none.labels, OPTIONS)
    expect(m.primaryAuc.ci![0]).toBeLessThan(0.5)
    expect(m.layers[1]!.auc['mean-difference']!.p).toBeGreaterThan(0.05)
  })

  test('leaks where folds ignore groups that share much', async () => {
    const shared = sample({ seed: 4, kind: 'nested', groups: 30, perGroup: 10, d: 20, effect: 0, shared: 2 })
    const m = await measureDirection({ count: 1, load: async () => shared.x }, shared.labels, OPTIONS)
    expect(m.leak.ci![0]).toBeGreaterThan(0.1)
  })

  test('has the fourth estimator, and no group AUC, with matched pairs', async () => {
    const pairs = sample({ seed: 5, kind: 'crossed', groups: 20, perGroup: 8, d: 10, effect: 2 })
    const m = await measureDirection({ count: 1, load: async () => pairs.x }, pairs.labels, OPTIONS)
    expect(m.layers[0]!.auc['matched-pc1']!.value).toBeGreaterThan(0.8)
    expect(m.layers[0]!.auc['matched-pc1']!.p).toBe(1 / 20)
    expect(m.groupAuc).toBeUndefined()
  })

  test('gives the same numbers to the bit for a model and itself, and for the model halved', async () => {
    const plain = layersOf(nested)
    const halved = { count: 3, load: async (l: number) => scaled(await plain.load(l), 0.5) }
    const a = await measureDirection(plain, nested.labels, OPTIONS)
    const b = await measureDirection(plain, nested.labels, OPTIONS)
    const h = await measureDirection(halved, nested.labels, OPTIONS)
    expect(b).toEqual(a)
    const random = await logisticScores(await plain.load(0), nested.labels, a.folds, { seed: 1, C: C_GRID })
    for (const other of [b, h]) {
      const { retention } = await measureExcess(
        [a, other].map((m) => ({ model: scoresAt(m.layers, a.choice, a.folds), randomEmbeddings: random })),
        nested.labels,
        BOOTSTRAP,
      )
      expect([retention[1]!.value, ...retention[1]!.ci!]).toEqual([1, 1, 1])
    }
  })

  test('uses given folds once, and a given penalty', async () => {
    const folds = nested.labels.groups.of.map((g) => g % 3)
    const m = await measureDirection({ count: 1, load: async () => nested.x }, nested.labels, {
      ...OPTIONS,
      folds,
      C: 0.05,
    })
    expect(m.folds).toEqual([folds])
    expect(m.C).toBe(0.05)
    expect(m.choice).toEqual([[0, 0, 0]])
  })

  test('never scores a text by a fit that saw its group', async () => {
    // A text's own group carries a mark that no other has: whoever has seen the group knows its pole.
    const { labels } = sample({ seed: 2, kind: 'nested', groups: 60, perGroup: 8, d: 1, effect: 0 })
    const rng = stream(2, 'marks')
    const marks = matrix(labels.poles.length, labels.groups.count)
    labels.groups.of.forEach((g, i) => {
      for (let j = 0; j < marks.cols; j++) marks.data[i * marks.cols + j] = (j === g ? 30 : 0) + rng.normal()
    })
    const m = await measureDirection({ count: 1, load: async () => marks }, labels, OPTIONS)
    for (const e of ['mean-difference', 'logistic', 'lda'] as const)
      expect(Math.abs(m.layers[0]!.auc[e]!.value - 0.5)).toBeLessThan(0.25)
    expect(m.randomFoldsAuc.value).toBeGreaterThan(0.9)
  })
})

describe('excess', () => {
  const { x, labels } = sample({ seed: 6, kind: 'nested', groups: 40, perGroup: 8, d: 2, effect: 2 })
  const own = Float64Array.from({ length: x.rows }, (_, i) => x.data[2 * i]!)
  const noise = Float64Array.from({ length: x.rows }, (_, i) => x.data[2 * i + 1]!)
  const between = own.map((v, i) => 0.4 * v + noise[i]!)

  test('is over the larger of the two random baselines', async () => {
    const { of } = await measureExcess(
      [{ model: own, randomEmbeddings: noise, randomModel: between, embeddingLayer: between, tfidf: own }],
      labels,
      BOOTSTRAP,
    )
    const { baselines, overRandom, overEmbeddings, overWords } = of[0]!
    const larger = Math.max(baselines.randomEmbeddings!.value, baselines.randomModel!.value)
    expect(overEmbeddings!.value + baselines.embeddingLayer!.value - larger).toBeCloseTo(overRandom.value, 12)
    expect([overWords!.value, ...overWords!.ci!]).toEqual([0, 0, 0])
    expect(overRandom.method).toContain('paired')
  })

  test('leaves out what was not given, and gives no retention of what is not there', async () => {
    const { of, retention } = await measureExcess(
      [
        { model: noise, randomEmbeddings: noise },
        { model: own, randomEmbeddings: noise },
      ],
      labels,
      BOOTSTRAP,
    )
    expect(of[0]!.overWords).toBeUndefined()
    expect(retention).toEqual([undefined, undefined])
  })

  test('retention is the ratio of excesses', async () => {
    const inputs = [own, between].map((model) => ({ model, randomEmbeddings: noise }))
    const { of, retention } = await measureExcess(inputs, labels, BOOTSTRAP)
    expect(retention[0]!.value).toBe(1)
    expect(retention[1]!.value).toBeCloseTo(of[1]!.overRandom.value / of[0]!.overRandom.value, 12)
  })

  test.each([
    [[0.6, 1.1], 'retained'],
    [[-0.1, 0.2], 'lost'],
    [[0.3, 0.45], 'attenuated'],
    [[0.1, 0.4], 'attenuated'],
    [[0.4, 0.9], 'attenuated'],
    [[0.1, 0.9], 'underpowered'],
    [[Number.NaN, Number.NaN], 'underpowered'],
  ] as const)('an interval of %j reads as %s', (ci, label) => {
    expect(readRetention(ci, { retained: 0.5, lost: 0.25 })).toBe(label)
  })

  test('lost needs every pool', () => {
    expect(overPools('lost', ['lost', 'lost'])).toBe('lost')
    expect(overPools('lost', ['lost', 'retained'])).toBe('attenuated')
    expect(overPools('lost', [])).toBe('lost')
    expect(overPools('retained', ['lost'])).toBe('retained')
  })
})

describe('topics', () => {
  const { x, labels } = sample({
    seed: 7,
    kind: 'nested',
    groups: 30,
    perGroup: 12,
    d: 6,
    effect: 2,
    topics: 12,
  })
  const folds = labels.groups.of.map((g) => g % 5)

  test('parts hold out group and topic, and test every text once', () => {
    const parts = topicParts(labels, folds, 1)!
    const tested = new Int32Array(x.rows)
    for (const { train, test: held } of parts) {
      const [groups, topics] = [labels.groups.of, labels.topics!]
      const seenGroups = new Set(Array.from(train, (i) => groups[i]))
      const seenTopics = new Set(Array.from(train, (i) => topics[i]))
      for (const i of held) {
        tested[i]!++
        expect(seenGroups.has(groups[i]!)).toBe(false)
        expect(seenTopics.has(topics[i]!)).toBe(false)
      }
    }
    expect(tested.every((n) => n === 1)).toBe(true)
  })

  test('what words of a topic give away is gone, what is of the poles stays', async () => {
    // Topic marks go with poles within half of the topics; the first feature of x goes with poles anyway.
    const k = 12
    const biased = Int32Array.from(labels.poles, (p, i) => 2 * (i % 6) + (i % 7 === 0 ? 1 - p : p))
    const marks = matrix(x.rows, k)
    biased.forEach((t, i) => {
      marks.data[i * k + t] = 1
    })
    const topical = { ...labels, topics: biased }
    const parts = topicParts(topical, folds, 1)!
    const score = async (m: Matrix, over: ReturnType<typeof partsOf>) =>
      (await outOfFold(m, topical, over, { estimators: ['logistic'], seed: 1, C: 0.1 })).scores.logistic!
    const byGroup = await topicEstimates(
      { model: await score(marks, partsOf(folds)), baseline: await score(marks, parts) },
      topical,
      BOOTSTRAP,
    )
    expect(byGroup.auc.value).toBeGreaterThan(0.8)
    expect(byGroup.excess.value).toBeGreaterThan(0.25) // marks score near a half once topics are held out
    expect(byGroup.excess.ci![0]).toBeGreaterThan(0)
    const kept = await topicEstimates(
      { model: await score(x, parts), baseline: await score(marks, parts) },
      topical,
      BOOTSTRAP,
    )
    expect(kept.auc.value).toBeGreaterThan(0.8)
    expect(kept.auc.ci![1] - kept.auc.ci![0]).toBeGreaterThan(0)
  })
})
