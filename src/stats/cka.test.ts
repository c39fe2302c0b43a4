import { describe, expect, test } from 'vitest'
import { goldens, normals, rotated, scaled, twins } from '../../test/support/stats.ts'
import { type Matrix, matrix } from '../core/matrix.ts'
import { strataOf } from './bootstrap.ts'
import { linearCka } from './cka.ts'
import type { Estimate } from './estimate.ts'
import { jackknifePlan } from './jackknife.ts'

const g = goldens()
const x = matrix(g.rows, g.cols, Float32Array.from(g.x))
const other = matrix(g.rows, g.cols, Float32Array.from(g.other))

/** Every text a group, or so many a group. */
const cka = (a: Matrix, b: Matrix, perGroup = 1): Promise<Estimate> =>
  linearCka(
    a,
    b,
    Array.from({ length: a.rows }, (_, i) => Math.floor(i / perGroup)),
    jackknifePlan(a.rows / perGroup, 1),
    { seed: 1 },
  )

describe('unbiased linear CKA', () => {
  test('agrees with numpy where every text is a group', async () => {
    expect((await cka(x, other)).value).toBeCloseTo(g.cka, 5)
  })

  test('over groups is the mean over texts of different groups, counted one by one', async () => {
    const [a, b] = [normals(12, 3, 1), normals(12, 4, 2)]
    const of = [0, 0, 1, 1, 1, 2, 3, 3, 4, 4, 5, 5]
    const plan = jackknifePlan(6, 1)
    const found = await linearCka(a, b, of, plan, { seed: 1 })
    const centre = (m: Matrix): number[][] =>
      Array.from({ length: m.rows }, (_, i) =>
        Array.from({ length: m.cols }, (__, j) => {
          let mean = 0
          for (let k = 0; k < m.rows; k++) mean += m.data[k * m.cols + j]! / m.rows
          return m.data[i * m.cols + j]! - mean
        }),
      )
    const gram = (m: Matrix): number[][] => {
      const c = centre(m)
      return c.map((u) => c.map((v) => u.reduce((s, w, j) => s + w * v[j]!, 0)))
    }
    const apart = (...texts: number[]): boolean => new Set(texts.map((t) => of[t])).size === texts.length
    const hsic = (k: number[][], l: number[][]): number => {
      const all = of.map((_, i) => i)
      const [pairs, triples, fours] = [
        [0, 0],
        [0, 0],
        [0, 0],
      ] as [number[], number[], number[]]
      const add = (to: number[], v: number): void => {
        to[0]! += v
        to[1]!++
      }
      for (const i of all)
        for (const j of all) {
          if (!apart(i, j)) continue
          add(pairs, k[i]![j]! * l[i]![j]!)
          for (const q of all) {
            if (apart(i, j, q)) add(triples, k[i]![j]! * l[i]![q]!)
            for (const r of all) if (apart(i, j, q, r)) add(fours, k[i]![j]! * l[q]![r]!)
          }
        }
      return pairs[0]! / pairs[1]! - (2 * triples[0]!) / triples[1]! + fours[0]! / fours[1]!
    }
    const [k, l] = [gram(a), gram(b)]
    expect(found.value).toBeCloseTo(hsic(k, l) / Math.sqrt(hsic(k, k) * hsic(l, l)), 5)
  })

  test('is 1 up to rotation, scale and shift, symmetric, and near 0 for models that share nothing', async () => {
    const m = normals(40, 6, 4)
    const moved = matrix(
      40,
      6,
      rotated(scaled(m, 3), 9).data.map((v) => v + 5),
    )
    const same = await cka(m, moved, 2)
    expect([same.value, ...same.ci!]).toBeAllclose([1, 1, 1], { atol: 1e-4 })
    // Wider than there are texts: the plain one would be near 0.9.
    const [wide, n] = [normals(40, 400, 6), normals(40, 300, 5)]
    const value = await cka(wide, n, 2)
    expect((await cka(n, wide, 2)).value).toBeCloseTo(value.value, 5)
    expect(Math.abs(value.value)).toBeLessThan(0.2)
    expect(value.ci![0]).toBeLessThan(0)
    expect(value.ci![1]).toBeGreaterThan(0)
  })

  test('has no interval, and no value, where texts do not differ', async () => {
    expect((await cka(matrix(20, 3), normals(20, 3, 1))).value).toBeNaN()
    expect((await cka(matrix(20, 3), normals(20, 3, 1))).ci).toBeUndefined()
  })

  test.each([
    ['nested', 24, 0.5],
    ['crossed', 16, 1],
  ] as const)(
    '%s groups: its interval holds what endless texts give in at least 108 of 120 sets',
    async (kind, groups, noise) => {
      let held = 0
      let sum = 0
      const truth: number[] = []
      for (let seed = 0; seed < 120; seed++) {
        const t = twins({ seed, kind, groups, perGroup: 4, d: 24, effect: 1, noise })
        const plan = jackknifePlan(groups, seed, strataOf(t.labels))
        const e = await linearCka(t.x, t.other, t.labels.groups.of, plan, { seed })
        truth.push(t.cka)
        sum += e.value / 120
        if (e.ci![0] <= t.cka && t.cka <= e.ci![1]) held++
      }
      expect(held).toBeGreaterThanOrEqual(108)
      expect(Math.abs(sum - truth[0]!)).toBeLessThan(0.03)
    },
  )
})
