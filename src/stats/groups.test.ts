import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { stream } from '../core/random.ts'
import { cells, number, permuteCells, readGroups, readLabels } from './groups.ts'

const names = (n: number): string[] => Array.from({ length: n }, (_, i) => `a${i}`)
const code = (run: () => unknown): string | undefined => {
  try {
    run()
  } catch (error) {
    return (error as { code: string }).code
  }
  return undefined
}

describe('readGroups', () => {
  test('tells nested from crossed', () => {
    expect(
      readGroups(
        names(10),
        Int8Array.from({ length: 10 }, (_, i) => i % 2),
      ).kind,
    ).toBe('nested')
    const twice = [...names(10), ...names(10)]
    expect(
      readGroups(
        twice,
        Int8Array.from({ length: 20 }, (_, i) => (i < 10 ? 0 : 1)),
      ).kind,
    ).toBe('crossed')
  })

  test('refuses a mixture, saying which group has both', () => {
    const poles = Int8Array.from({ length: 13 }, (_, i) => (i < 12 ? i % 2 : 1))
    expect(code(() => readGroups([...names(12), 'a0'], poles))).toBe('groups-mixed')
    expect(() => readGroups([...names(12), 'a0'], poles)).toThrow('1 of 12 groups have both, such as "a0"')
  })

  test('refuses fewer than 10 groups, fewer than 5 of a pole, and a single pole', () => {
    expect(
      code(() =>
        readGroups(
          names(9),
          Int8Array.from({ length: 9 }, (_, i) => i % 2),
        ),
      ),
    ).toBe('groups-few')
    expect(
      code(() =>
        readGroups(
          names(20),
          Int8Array.from({ length: 20 }, (_, i) => (i < 4 ? 1 : 0)),
        ),
      ),
    ).toBe('groups-few')
    expect(code(() => readGroups(names(20), new Int8Array(20)))).toBe('poles-missing')
  })

  test('numbers groups alike whatever the order of the texts', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), fc.nat(), (list, seed) => {
        const at = new Map(Array.from(number(list).of, (n, i) => [list[i]!, n]))
        const shuffled = stream(seed, 'test').shuffle(list.slice())
        number(shuffled).of.forEach((n, i) => {
          expect(n).toBe(at.get(shuffled[i]!))
        })
      }),
    )
  })
})

describe('readLabels', () => {
  const poles = Int8Array.from({ length: 40 }, (_, i) => i % 2)
  const groups = Array.from({ length: 40 }, (_, i) => `g${i >> 2}`)

  test('reads matched pairs', () => {
    const pairs = Array.from({ length: 40 }, (_, i) => `p${i >> 1}`)
    expect(new Set(readLabels({ poles, groups, pairs }).pairs).size).toBe(20)
  })

  test('takes crossed groups of one text of each pole as pairs, and no others', () => {
    const single = Array.from({ length: 40 }, (_, i) => `g${i >> 1}`)
    expect(readLabels({ poles, groups: single }).pairs).toBeDefined()
    expect(readLabels({ poles, groups }).pairs).toBeUndefined()
  })

  test('refuses broken pairs and a single topic', () => {
    const pairs = Array.from({ length: 40 }, (_, i) => `p${Math.floor(i / 3)}`)
    expect(code(() => readLabels({ poles, groups, pairs }))).toBe('pairs-broken')
    const across = Array.from({ length: 40 }, (_, i) => `p${i % 2 === 0 ? i : (i + 3) % 40}`)
    expect(code(() => readLabels({ poles, groups, pairs: across }))).toBe('pairs-broken')
    expect(code(() => readLabels({ poles, groups, topics: groups.map(() => 'all') }))).toBe('topics-few')
  })
})

describe('permuteCells', () => {
  test('keeps the number of groups of each pole in every stratum when nested', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const poles = Int8Array.from({ length: 20 }, (_, i) => (i % 3 === 0 ? 1 : 0))
        const c = cells(readGroups(names(20), poles), poles)
        const strata = Int32Array.from({ length: 20 }, (_, i) => i % 4)
        const out = permuteCells(c, stream(seed, 'test'), strata)
        for (let s = 0; s < 4; s++) {
          const count = (p: Int8Array): number => p.reduce((n, v, i) => n + (strata[i] === s ? v : 0), 0)
          expect(count(out)).toBe(count(c.poles))
        }
      }),
    )
  })

  test('keeps one cell of each pole in every group when crossed', () => {
    const poles = Int8Array.from({ length: 40 }, (_, i) => i % 2)
    const c = cells(
      readGroups(
        Array.from({ length: 40 }, (_, i) => `g${i >> 1}`),
        poles,
      ),
      poles,
    )
    const out = permuteCells(c, stream(1, 'test'))
    for (let g = 0; g < 20; g++) expect(out[2 * g]! + out[2 * g + 1]!).toBe(1)
    expect(out).not.toEqual(c.poles)
  })
})
