import fc from 'fast-check'
import { expect, it } from 'vitest'
import { excerpt, printable } from './excerpt.ts'
import { duplicateKey } from './json-keys.ts'

it.each([
  ['{}', undefined],
  ['{"a":1,"b":2}', undefined],
  ['{"a":1,"a":2}', 'a'],
  ['{ "a" : {"b":1,"b":2} , "c":[{"c":1}] }', undefined],
  ['{"a":[{"x":1},{"x":2}],"b":"a","c":"\\"a\\":"}', undefined],
  ['{"a\\u0062":1,"ab":2}', 'ab'],
  ['{"\\\\":1,"\\"":2,"\\\\":3}', '\\'],
  ['{"":1,"":2}', ''],
])('the key that stands twice in %s', (json, key) => {
  JSON.parse(json)
  expect(duplicateKey(json)).toBe(key)
})

it('finds exactly the repeated keys of any object', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string(), fc.jsonValue({ maxDepth: 2 })), { maxLength: 6 }),
      (entries) => {
        const json = `{${entries.map(([k, v]) => `${JSON.stringify(k)}: ${JSON.stringify(v)}`).join(' ,')}}`
        const keys = entries.map(([k]) => k)
        expect(duplicateKey(json)).toBe(keys.find((k, i) => keys.indexOf(k) < i))
      },
    ),
    { numRuns: 300, seed: 1 },
  )
})

it('excerpts are short and printable', () => {
  expect(printable('a\u001b[31m\u202e\u2028\ud800')).toBe('a\\u{1b}[31m\\u{202e}\\u{2028}\\u{d800}')
  expect(printable('x'.repeat(1000))).toHaveLength(203)
  expect([undefined, null, 3, 'a', {}, [], [1, 'b', [2], {}]].map(excerpt)).toEqual([
    'nothing',
    'null',
    '3',
    '"a"',
    'an object',
    '[]',
    '[1, "b", a list of 1, an object]',
  ])
  let deep: unknown = []
  for (let i = 0; i < 100_000; i++) deep = [deep]
  expect(excerpt(deep)).toBe('[a list of 1]')
  expect(excerpt(Array(1000).fill('long '.repeat(100))).length).toBeLessThan(300)
})
