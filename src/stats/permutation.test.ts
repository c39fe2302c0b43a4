import { describe, expect, test } from 'vitest'
import { ksBound, ksDistance, mostAt } from '../../test/support/calibration.ts'
import { sample } from '../../test/support/stats.ts'
import { binnedAuc } from './auc.ts'
import { groupFolds, partsOf } from './folds.ts'
import { outOfFold } from './oof.ts'
import {
  fewer,
  ldaNull,
  logisticNull,
  matchedPc1Null,
  meanDifferenceNull,
  permutedLabellings,
  testOf,
} from './permutation.ts'

const nested = sample({ seed: 1, kind: 'nested', groups: 24, perGroup: 6, d: 8, effect: 1.2 })
const crossed = sample({ seed: 2, kind: 'crossed', groups: 24, perGroup: 6, d: 8, effect: 1.2 })

describe.each([
  ['nested', nested],
  ['crossed', crossed],
])('with %s groups', (_, { x, labels }) => {
  const folds = groupFolds(labels.groups, labels.poles, 1, 0)
  const labellings = permutedLabellings(labels, folds, { seed: 1, draws: 99 })

  test('the observed labelling comes first and scores as it does out of fold', async () => {
    const nulls = await meanDifferenceNull(x, labellings)
    expect(nulls).toHaveLength(100)
    const { scores } = await outOfFold(x, labels, partsOf(folds), {
      estimators: ['mean-difference'],
      seed: 1,
      C: 1,
    })
    expect(nulls[0]).toBeCloseTo(binnedAuc(scores['mean-difference']!, labels.poles), 3)
  })

  test('a draw scores as that labelling does when it is fitted plainly', async () => {
    const nulls = await meanDifferenceNull(x, labellings)
    for (const p of [1, 7]) {
      const poles = Int8Array.from(labellings.cells.of, (c) => labellings.poles[p]![c]!)
      const { scores } = await outOfFold(x, { ...labels, poles }, partsOf(folds), {
        estimators: ['mean-difference'],
        seed: 1,
        C: 1,
      })
      expect(nulls[p]).toBeCloseTo(binnedAuc(scores['mean-difference']!, poles), 3)
    }
  })

  test('every estimator finds what is there: p is the least that the draws allow', async () => {
    const few = fewer(labellings, 39)
    expect(few.poles).toHaveLength(40)
    for (const nulls of [
      await meanDifferenceNull(x, few),
      await ldaNull(x, few),
      await logisticNull(x, few, 0.01),
      ...(labels.pairs === undefined ? [] : [await matchedPc1Null(x, labels, few)]),
    ]) {
      const found = testOf(nulls)
      expect(found.p).toBe(1 / 40)
      expect(Math.abs(found.null.mean - 0.5)).toBeLessThan(0.06)
      expect(found.null.draws).toBe(39)
    }
  })

  test('nulls do not depend on scale', async () => {
    const half = { ...x, data: x.data.map((v) => v / 2) }
    expect(await meanDifferenceNull(half, labellings)).toEqual(await meanDifferenceNull(x, labellings))
  })
})

// The slower suite has more of these; here enough to notice a test that is off.
test.each(['nested', 'crossed'] as const)(
  'p-values are uniform where nothing is there (%s)',
  async (kind) => {
    const p: number[] = []
    for (let seed = 0; seed < 120; seed++) {
      const { x, labels } = sample({ seed: 500 + seed, kind, groups: 20, perGroup: 4, d: 4, effect: 0 })
      const folds = groupFolds(labels.groups, labels.poles, seed, 0)
      p.push(testOf(await meanDifferenceNull(x, permutedLabellings(labels, folds, { seed, draws: 59 }))).p)
    }
    expect(ksDistance(p)).toBeLessThan(ksBound(120, 59))
    expect(p.filter((v) => v <= 0.1).length).toBeLessThanOrEqual(mostAt(0.1, 120))
  },
)
