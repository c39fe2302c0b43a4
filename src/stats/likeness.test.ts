import { describe, expect, test } from 'vitest'
import { rotated, sample, scaled, twins } from '../../test/support/stats.ts'
import { type Matrix, matrix } from '../core/matrix.ts'
import { stream } from '../core/random.ts'
import { strataOf } from './bootstrap.ts'
import type { Estimate } from './estimate.ts'
import { groupFolds } from './folds.ts'
import { jackknifePlan } from './jackknife.ts'
import { compareDirections, componentAngles } from './likeness.ts'
import { measureTransfer } from './transfer.ts'

describe('two models', () => {
  const s = sample({ seed: 8, kind: 'nested', groups: 30, perGroup: 10, d: 12, effect: 1.5 })
  const turned = rotated(s.x, 77)
  const folds = groupFolds(s.labels.groups, s.labels.poles, 1, 0)
  const options = { seed: 1, draws: 200 }
  const plan = jackknifePlan(30, 1, strataOf(s.labels))
  const compare = (a: Matrix, b: Matrix) => compareDirections(a, b, s.labels, plan, options)

  test('a model and itself: cosine 1 as for every labelling, no loss in transfer, no angles', async () => {
    const c = await compare(s.x, s.x)
    expect([c.cosine.value, ...c.cosine.ci!]).toBeAllclose([1, 1, 1], { atol: 1e-9 })
    expect(c.cosine.p).toBe(1)
    expect(c.splitHalf.across).toEqual(c.splitHalf.first)
    const t = await measureTransfer([s.x, s.x], s.labels, folds, 0.01, options)
    for (const loss of t.loss) expect([loss.value, ...loss.ci!]).toEqual([0, 0, 0])
    expect(t.auc[0]![1]!.value).toBe(t.auc[1]![1]!.value)
    const angles = await componentAngles(s.x, s.x, s.labels.groups.of, plan, { seed: 1 })
    for (const angle of [...angles!.all, ...angles!.mean.ci!]) expect(angle).toBeLessThan(1e-4)
  })

  test('another basis: directions do not transfer, halves of one model still agree', async () => {
    const c = await compare(s.x, turned)
    expect(Math.abs(c.cosine.value)).toBeLessThan(0.9)
    expect(c.splitHalf.second.value).toBeCloseTo(c.splitHalf.first.value, 5)
    expect(c.splitHalf.first.ci![0]).toBeGreaterThan(c.splitHalf.across.value)
    const t = await measureTransfer([s.x, turned], s.labels, folds, 0.01, options)
    expect(t.auc[1]![1]!.value).toBeCloseTo(t.auc[0]![0]!.value, 1)
    expect(t.loss[0]!.value).toBeGreaterThan(0.05)
    expect(t.loss[0]!.value).toBeCloseTo(t.auc[0]![0]!.value - t.auc[1]![0]!.value, 12)
  })

  test('cosines and their intervals are between -1 and 1, and p is at least 1 / (draws + 1)', async () => {
    const rng = stream(1, 'noise')
    const noise = matrix(
      s.x.rows,
      12,
      s.x.data.map(() => rng.normal()),
    )
    const c = await compare(s.x, noise)
    const all = [c.cosine, ...Object.values(c.splitHalf)].flatMap((e: Estimate) => [e.value, ...e.ci!])
    for (const v of [...all, c.cosine.null!.mean, c.cosine.null!.q95])
      expect(Math.abs(v)).toBeLessThanOrEqual(1)
    expect(c.cosine.p).toBeGreaterThanOrEqual(1 / 201)
  })

  test('halves do not depend on scale', async () => {
    const plain = await compare(s.x, turned)
    const half = await compare(scaled(s.x, 0.5), turned)
    expect(half.splitHalf.across.value).toBeCloseTo(plain.splitHalf.across.value, 12)
  })

  test('intervals hold what as many groups give on average in at least 135 of 150 sets', async () => {
    const found = new Map<string, Estimate[]>()
    for (let seed = 0; seed < 150; seed++) {
      const kind = seed < 75 ? 'nested' : 'crossed'
      const t = twins({ seed, kind, groups: 24, perGroup: 4, d: 24, effect: 1, noise: 0.5 })
      const deal = jackknifePlan(24, seed, strataOf(t.labels))
      const c = await compareDirections(t.x, t.other, t.labels, deal, { seed, draws: 1 })
      for (const [name, e] of Object.entries({ cosine: c.cosine, ...c.splitHalf }))
        found.set(`${name} ${kind}`, [...(found.get(`${name} ${kind}`) ?? []), e])
    }
    const missed = new Map<string, number>()
    for (const [name, list] of found) {
      const truth = list.reduce((s, e) => s + e.value / list.length, 0)
      const of = name.split(' ')[0]!
      const out = list.filter((e) => truth < e.ci![0] || truth > e.ci![1]).length
      missed.set(of, (missed.get(of) ?? 0) + out)
    }
    for (const [name, out] of missed) expect([name, out]).toEqual([name, Math.min(out, 15)])
    // And are no wider than need be: some miss.
    expect([...missed.values()].reduce((a, b) => a + b)).toBeGreaterThan(0)
  })
})
