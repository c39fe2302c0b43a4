import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkFolds, groupFolds, partsOf, randomFolds } from './folds.ts'
import { readGroups } from './groups.ts'

/** Groups of 1 to 12 texts; nested or crossed. */
const design = fc.record({
  sizes: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 30, maxLength: 60 }),
  crossed: fc.boolean(),
  seed: fc.nat(),
})

function read(sizes: readonly number[], crossed: boolean): { names: string[]; poles: Int8Array } {
  const names = sizes.flatMap((n, g) => new Array<string>(crossed ? 2 * n : n).fill(`g${g}`))
  const poles = Int8Array.from(
    sizes.flatMap((n, g) => Array.from({ length: crossed ? 2 * n : n }, (_, t) => (crossed ? t % 2 : g % 2))),
  )
  return { names, poles }
}

describe('groupFolds', () => {
  test('never split a group, and hold both poles in even shares', () => {
    fc.assert(
      fc.property(design, ({ sizes, crossed, seed }) => {
        const { names, poles } = read(sizes, crossed)
        const groups = readGroups(names, poles)
        const folds = groupFolds(groups, poles, seed, 0)
        expect(checkFolds(folds, poles, groups)).toBe(5) // whole groups, both poles in every fold
        const largest = 2 * Math.max(...sizes)
        for (const pole of [0, 1]) {
          const counts = new Int32Array(5)
          folds.forEach((f, i) => {
            if (poles[i] === pole) counts[f]!++
          })
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(largest)
        }
      }),
    )
  })

  test('are the same for the same seed and repetition, and others for another', () => {
    const { names, poles } = read(new Array<number>(40).fill(5), false)
    const groups = readGroups(names, poles)
    expect(groupFolds(groups, poles, 1, 0)).toEqual(groupFolds(groups, poles, 1, 0))
    expect(groupFolds(groups, poles, 1, 0)).not.toEqual(groupFolds(groups, poles, 1, 1))
    expect(groupFolds(groups, poles, 1, 0)).not.toEqual(groupFolds(groups, poles, 2, 0))
  })

  test('of some rows leave the others out', () => {
    const { names, poles } = read(new Array<number>(40).fill(5), false)
    const groups = readGroups(names, poles)
    const rows = Int32Array.from({ length: 100 }, (_, i) => i)
    const folds = groupFolds(groups, poles, 1, 0, 3, rows)
    expect(folds.subarray(100).every((f) => f === -1)).toBe(true)
    const parts = partsOf(folds)
    expect(parts).toHaveLength(3)
    for (const { train, test: held } of parts) expect(train.length + held.length).toBe(100)
  })
})

test('random folds are even', () => {
  const counts = new Int32Array(5)
  for (const f of randomFolds(103, 1, 0)) counts[f]!++
  expect([...counts].sort()).toEqual([20, 20, 21, 21, 21])
})

describe('checkFolds', () => {
  const { names, poles } = read(new Array<number>(10).fill(2), false)
  const groups = readGroups(names, poles)
  const given = (of: (group: number) => number): Int32Array => groups.of.map(of)
  test.each([
    ['one fold', given(() => 0)],
    ['more folds than groups', given((g) => g * 1e6)],
    ['a fold without pole B', given((g) => (g < 5 ? g % 2 : 0))],
    ['a missing fold', given((g) => (g === 3 ? -1 : Math.floor(g / 5)))],
    ['a group in two folds', groups.of.map((_, i) => i % 2)],
  ])('refuses %s', (_, folds) => {
    expect(() => checkFolds(folds, poles, groups)).toThrow('These folds cannot be used.')
  })
})
