import { describe, expect, it } from 'vitest'
import { mostAt } from '../../test/support/calibration.ts'
import { stream } from '../core/random.ts'
import { betweenAndWithin, type Repeated } from './between.ts'

const options = { seed: 1, draws: 400 }

function rows(issues: number, between: number, within: number, seed = 1): Repeated[] {
  const rng = stream(seed, 'test/between')
  return Array.from({ length: issues * 4 }, (_, i) => i).flatMap((i) => {
    const centre = between * rng.normal()
    return Array.from({ length: 6 }, () => ({
      item: `item ${i}`,
      issue: `issue ${i >> 2}`,
      score: centre + within * rng.normal(),
    }))
  })
}

describe('betweenAndWithin', () => {
  it('is the analysis of variance by hand', async () => {
    const at = (item: string, ...scores: number[]): Repeated[] =>
      scores.map((score) => ({ item, issue: item, score }))
    // Centres 1, 4 and 7, squares within 2, 2 and 2: within 6 / 3, between 9 - 2 / 2.
    const found = (await betweenAndWithin(
      [...at('a', 0, 2), ...at('b', 3, 5), ...at('c', 6, 8), ...at('d', 9)],
      options,
    ))!
    expect(found.within).toMatchObject({ value: Math.sqrt(2), n: 6, groups: 3, seed: 1 })
    expect(found.between.value).toBeCloseTo(Math.sqrt(8), 12)
  })

  it('has intervals that cover both parts as often as they say', async () => {
    const missed = { between: 0, within: 0 }
    for (let seed = 0; seed < 100; seed++) {
      const found = (await betweenAndWithin(rows(60, 0.3, 1, seed), { seed, draws: 200 }))!
      for (const [part, truth] of [
        ['between', 0.3],
        ['within', 1],
      ] as const) {
        const [low, high] = found[part].ci!
        if (!(low <= truth && truth <= high)) missed[part]++
      }
      expect(found.between).toMatchObject({ n: 60 * 24, groups: 60, level: 0.95 })
    }
    for (const count of Object.values(missed)) expect(count).toBeLessThanOrEqual(mostAt(0.05, 100))
  })

  it('does not take noise within items for a distance between them', async () => {
    const { between } = (await betweenAndWithin(rows(60, 0, 1), options))!
    expect(between.ci![0]).toBeLessThan(0.05)
    expect(between.value).toBeLessThan(0.15)
  })

  it('is nothing where no two items were measured twice, and has no interval of one issue', async () => {
    expect(await betweenAndWithin([{ item: 'a', issue: 'x', score: 1 }], options)).toBeUndefined()
    const one = (await betweenAndWithin(rows(1, 1, 1), options))!
    expect([one.between.ci, one.within.ci]).toEqual([undefined, undefined])
  })
})
