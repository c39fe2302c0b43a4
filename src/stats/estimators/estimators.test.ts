import { describe, expect, test } from 'vitest'
import { goldens, sample, scaled } from '../../../test/support/stats.ts'
import { matrix } from '../../core/matrix.ts'
import { auc } from '../auc.ts'
import { partsOf } from '../folds.ts'
import { cosine } from '../linear.ts'
import { project } from '../oof.ts'
import { fitLda, fitLdaFolds, fitLdaMany, shrunkCorrelation } from './lda.ts'
import { fitLogistic } from './logistic.ts'
import { matchedPc1 } from './matched-pc1.ts'
import { meanDifference } from './mean-difference.ts'
import { moments } from './moments.ts'

const g = goldens()
const x = matrix(g.rows, g.cols, Float32Array.from(g.x))
const rows = Int32Array.from({ length: g.train }, (_, i) => i)
const held = Int32Array.from({ length: g.rows - g.train }, (_, i) => g.train + i)

describe('logistic regression', () => {
  test.each(g.logistic)('agrees with scikit-learn at C = $C', async ({ C, w, b, auc: expected }) => {
    const [fit] = await fitLogistic(x, [{ rows, labels: g.y, C }], { tolerance: 1e-7, maxIterations: 500 })
    expect(fit!.converged).toBe(true)
    expect(fit!.weights).toBeWithinRelativeL2(w, 2e-4)
    expect(Math.abs(fit!.intercept - b)).toBeLessThan(2e-4 * Math.max(1, Math.abs(b)))
    expect(
      auc(
        project(x, fit!.weights, held),
        Array.from(held, (i) => g.y[i]!),
      ),
    ).toBeCloseTo(expected, 10)
  })

  test('gives the same fit alone and among others', async () => {
    const problem = { rows, labels: g.y, C: 0.1 }
    const [alone] = await fitLogistic(x, [problem])
    const among = await fitLogistic(x, [{ ...problem, C: 1 }, problem, { ...problem, rows: held }])
    expect(among[1]!.weights).toBeWithinRelativeL2(alone!.weights, 1e-5)
  })

  test('does not care about the scale of features, and looks at no row that does not train', async () => {
    const other = matrix(x.rows, x.cols, x.data.slice())
    for (const i of held) for (let j = 0; j < x.cols; j++) other.data[i * x.cols + j] = 1e3 * j
    const [plain] = await fitLogistic(x, [{ rows, labels: g.y, C: 0.1 }])
    const [half] = await fitLogistic(scaled(x, 0.5), [{ rows, labels: g.y, C: 0.1 }])
    const [blind] = await fitLogistic(other, [{ rows, labels: g.y, C: 0.1 }])
    expect(half!.weights).toEqual(plain!.weights.map((v) => 2 * v))
    expect(blind!.weights).toBeWithinRelativeL2(plain!.weights, 1e-3)
  })

  test('moves from zero on features that depend on each other', async () => {
    const one = sample({ seed: 3, kind: 'nested', groups: 20, perGroup: 100, d: 1, effect: 1 })
    const copies = matrix(2000, 200)
    for (let i = 0; i < 2000; i++) copies.data.fill(one.x.data[i]!, i * 200, (i + 1) * 200)
    const all = Int32Array.from({ length: 2000 }, (_, i) => i)
    const [fit] = await fitLogistic(copies, [{ rows: all, labels: one.labels.poles, C: 1 }])
    expect(fit!.converged).toBe(true)
    expect(auc(project(copies, fit!.weights), one.labels.poles)).toBeCloseTo(
      auc(one.x.data, one.labels.poles),
      6,
    )
  })
})

describe('linear discriminant analysis', () => {
  test("agrees with scikit-learn's Ledoit-Wolf shrinkage, class by class", async () => {
    for (const pole of [0, 1]) {
      const members = rows.filter((i) => g.y[i] === pole)
      const { correlation, weight } = await shrunkCorrelation(x, members)
      expect(weight).toBeCloseTo(g.shrinkage[pole]!, 6)
      expect(correlation).toBeAllclose(g.correlation[pole]!, { atol: 1e-6, rtol: 1e-6 })
    }
  })

  test("agrees with scikit-learn's directions (lsqr and eigen)", async () => {
    const { direction, shrinkage } = await fitLda(x, g.y, rows)
    expect(direction).toBeWithinRelativeL2(g.lda.lsqr, 1e-5)
    expect(cosine(direction, g.lda.eigen)).toBeCloseTo(1, 8)
    expect(shrinkage).toBeAllclose(g.shrinkage, { rtol: 1e-5 })
  })

  test('of many labellings is close to the one of each', async () => {
    const { x: many, labels } = sample({
      seed: 5,
      kind: 'nested',
      groups: 20,
      perGroup: 30,
      d: 12,
      effect: 1,
    })
    const all = Int32Array.from({ length: many.rows }, (_, i) => i)
    const [total] = await fitLdaMany(many, all, [meanDifference(many, labels.poles, all)])
    expect(cosine(total!, (await fitLda(many, labels.poles, all)).direction)).toBeGreaterThan(0.999)
  })

  test('over folds gives what each fit gives', async () => {
    const { x: many, labels } = sample({
      seed: 6,
      kind: 'nested',
      groups: 20,
      perGroup: 10,
      d: 12,
      effect: 1,
    })
    const parts = partsOf(labels.groups.of.map((g) => g % 4))
    const directions = await fitLdaFolds(many, labels.poles, parts)
    for (const [f, { train }] of parts.entries())
      expect(directions[f]!).toBeWithinRelativeL2((await fitLda(many, labels.poles, train)).direction, 1e-5)
  })

  test('scales against the features', async () => {
    const one = (await fitLda(x, g.y, rows)).direction
    const half = (await fitLda(scaled(x, 0.5), g.y, rows)).direction
    expect(half).toBeWithinRelativeL2(
      one.map((v) => 2 * v),
      1e-12,
    )
  })
})

describe('difference of means and matched differences', () => {
  const pairs = Int32Array.from({ length: g.rows }, (_, i) => i >> 1)
  const all = Int32Array.from({ length: g.rows }, (_, i) => i)

  test('the first component of matched differences is that of numpy, turned to the mean difference', async () => {
    const direction = await matchedPc1(x, g.y, pairs, all)
    expect(cosine(direction, g.matchedPc1)).toBeCloseTo(1, 5)
    expect(cosine(direction, meanDifference(x, g.y, all))).toBeGreaterThan(0)
  })

  test('leaves out pairs of which one text is missing', async () => {
    const without = all.filter((i) => i !== 7)
    const whole = all.filter((i) => i !== 6 && i !== 7)
    expect(await matchedPc1(x, g.y, pairs, without)).toEqual(await matchedPc1(x, g.y, pairs, whole))
  })

  test('swapping the poles turns every estimator round', async () => {
    const swapped = g.y.map((l) => 1 - l)
    const mean = meanDifference(x, g.y, all)
    expect(meanDifference(x, swapped, all)).toEqual(mean.map((v) => -v))
    expect(
      cosine(await matchedPc1(x, swapped, pairs, all), await matchedPc1(x, g.y, pairs, all)),
    ).toBeCloseTo(-1, 6)
  })
})

test('a feature that is constant but for rounding is left alone', () => {
  const m = matrix(3, 2, Float32Array.of(0.1, 1, 0.1, 2, 0.1, 3))
  expect(moments(m).scale[0]).toBe(1)
  expect(moments(m).scale[1]).toBeCloseTo(Math.sqrt(2 / 3), 12)
})
