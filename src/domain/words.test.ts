import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { words, wordsAuc } from './words.ts'

const pair = (issue: string, A: string, B: string) => ({ issue, A, B })

describe('words', () => {
  it('splits at what Unicode calls word boundaries', () => {
    expect(words("Don't cut it -- yet.", 'en')).toEqual(["don't", 'cut', 'it', 'yet'])
    expect(words('', 'en')).toEqual([])
    expect(words('\u4eca\u65e5\u306f\u826f\u3044\u5929\u6c17', 'ja').length).toBeGreaterThan(2)
  })
})

describe('wordsAuc', () => {
  it('is 1 where one word marks the pole on every issue', () => {
    const pairs = ['x', 'y', 'z'].map((i) => pair(i, `expand ${i}`, `limit ${i}`))
    expect(wordsAuc(pairs, 'en')).toBe(1)
  })

  it('is 0.5 where no word recurs, and with a single issue', () => {
    expect(wordsAuc([pair('x', 'a b', 'c d'), pair('y', 'e f', 'g h')], 'en')).toBe(0.5)
    expect(wordsAuc([pair('x', 'a b', 'c d')], 'en')).toBe(0.5)
  })

  it('is 0 where the words change sides', () => {
    expect(wordsAuc([pair('x', 'expand', 'limit'), pair('y', 'limit', 'expand')], 'en')).toBe(0)
  })

  it('does not change when the poles trade names', () => {
    const text = fc.array(fc.constantFrom('cut', 'expand', 'limit', 'tax', 'school'), { minLength: 1 })
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('x', 'y', 'z'), text, text), { minLength: 2 }),
        (rows) => {
          const there = rows.map(([i, a, b]) => pair(i, a.join(' '), b.join(' ')))
          const back = rows.map(([i, a, b]) => pair(i, b.join(' '), a.join(' ')))
          expect(wordsAuc(back, 'en')).toBeCloseTo(wordsAuc(there, 'en'), 12)
        },
      ),
      { numRuns: 50 },
    )
  })
})
