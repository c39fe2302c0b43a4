import { expect, it } from 'vitest'
import { evenly } from './stance-items.ts'

it('takes one of each stretch of a list, of kinds that take turns as well', () => {
  const list = Array.from({ length: 48 }, (_, i) => i)
  const some = evenly(list, 12)
  expect(some.map((i) => Math.floor(i / 4))).toEqual(Array.from({ length: 12 }, (_, i) => i))
  // Equal steps of 4 would take even places alone.
  const even = some.filter((i) => i % 2 === 0).length
  expect(even).toBeGreaterThan(2)
  expect(even).toBeLessThan(10)
  // Paired lists stay paired.
  expect(evenly(list.map(String), 12)).toEqual(some.map(String))
  expect(evenly(list, 48)).toEqual(list)
  expect(evenly(list.slice(0, 7), 5)).toHaveLength(5)
})
