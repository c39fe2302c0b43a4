import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Layout, layOut, packedMask, spansOf } from './layout.ts'
import { planSharedPacks, sharePrefixes } from './shared-prefixes.ts'

/** Few different tokens, so that beginnings are often alike: wholly, in part, or one the beginning of another. */
const text = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 7 })
const texts = fc.array(text, { minLength: 1, maxLength: 12 })

/** All different beginnings of texts: what a pass that shares them has tokens for. */
function beginnings(of: readonly (readonly number[])[]): Set<string> {
  return new Set(of.flatMap((tokens) => tokens.map((_, t) => tokens.slice(0, t + 1).join())))
}

/** Keys that a token of a pass sees, by its mask. */
function seen(layout: Layout, row: number, window?: number): number[] {
  const n = layout.tokens.length
  return [...packedMask(layout, window).subarray(row * n, (row + 1) * n)].flatMap((bits, key) =>
    bits === 0 ? [key] : [],
  )
}

describe('planSharedPacks', () => {
  it('brings equal beginnings together and counts them once', () => {
    expect(planSharedPacks([[1, 2, 3], [9], [1, 2, 4]], 4)).toEqual([[0, 2], [1]])
    expect(planSharedPacks([[1, 2, 3], [9], [1, 2, 4]], 5)).toEqual([[0, 2, 1]])
    expect(planSharedPacks([], 4)).toEqual([])
  })

  it('puts what adds nothing beside a text that is longer than a pack', () => {
    expect(planSharedPacks([[1, 2], [1, 2, 3, 4, 5], [3], [1, 2, 3, 4, 5]], 4)).toEqual([[0], [1, 3], [2]])
  })

  it('plans every text once, fills packs, and keeps to the budget', () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 15 }), (all, budget) => {
        const packs = planSharedPacks(all, budget)
        expect(packs.flat().sort((a, b) => a - b)).toEqual([...all.keys()])
        const size = (pack: readonly number[]): number => beginnings(pack.map((i) => all[i]!)).size
        for (const [p, pack] of packs.entries()) {
          if (size(pack) > budget) expect(size(pack)).toBe(size(pack.slice(0, 1)))
          const next = packs[p + 1]?.[0]
          if (next !== undefined) expect(size([...pack, next])).toBeGreaterThan(Math.max(budget, size(pack)))
        }
      }),
    )
  })

  it('depends on the tokens alone', () => {
    fc.assert(
      fc.property(
        texts,
        fc.integer({ min: 1, max: 15 }),
        fc.infiniteStream(fc.nat()),
        (all, budget, keys) => {
          const shuffled = all
            .map((tokens) => ({ tokens, key: keys.next().value as number }))
            .sort((a, b) => a.key - b.key)
            .map(({ tokens }) => tokens)
          const read = (of: readonly number[][]): number[][][] =>
            planSharedPacks(of, budget).map((pack) => pack.map((i) => of[i]!))
          expect(read(shuffled)).toEqual(read(all))
        },
      ),
    )
  })
})

describe('sharePrefixes', () => {
  it('holds every beginning once, and for each text its tokens in order', () => {
    fc.assert(
      fc.property(texts, (all) => {
        const { layout, rows } = sharePrefixes(all)
        expect(layout.tokens.length).toBe(beginnings(all).size)
        for (const [i, tokens] of all.entries()) {
          expect(Array.from(rows[i]!, (row) => layout.tokens[row])).toEqual(tokens)
          expect(Array.from(rows[i]!, (row) => layout.positions[row])).toEqual([...tokens.keys()])
        }
      }),
    )
  })

  it('lets every token see its own text up to itself, in masks and in spans, also through a window', () => {
    fc.assert(
      fc.property(texts, fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }), (all, window) => {
        const { layout, rows } = sharePrefixes(all)
        const spans = spansOf(layout)
        for (const own of rows)
          for (const [t, row] of own.entries()) {
            const before = [...own.subarray(Math.max(0, t + 1 - (window ?? t + 1)), t + 1)]
            expect(seen(layout, row, window)).toEqual(before.sort((a, b) => a - b))
            const { keys } = spans[layout.segmentOf[row]!]!
            expect(keys.subarray(0, t + 1)).toEqual(own.subarray(0, t + 1))
          }
        expect(spans.flatMap(({ keys, queries }) => [...keys.subarray(-queries)])).toEqual([
          ...layout.tokens.keys(),
        ])
      }),
    )
  })

  it('lays texts that share nothing as they come', () => {
    const apart = [[5, 1], [2], [9, 5, 1, 2]]
    expect(sharePrefixes(apart).layout).toEqual(layOut(apart.map((tokens) => ({ tokens }))))
  })

  it('gives equal texts the same tokens', () => {
    const { layout, rows } = sharePrefixes([
      [1, 2],
      [1, 2],
      [1, 2],
    ])
    expect([...layout.tokens]).toEqual([1, 2])
    expect(rows.map((own) => [...own])).toEqual([
      [0, 1],
      [0, 1],
      [0, 1],
    ])
  })

  it('takes long texts, and long chains of them, without running out of stack', () => {
    const long = Array.from({ length: 10_000 }, (_, t) => t % 97)
    const other = [...long.slice(0, 9_999), 1_000]
    expect(sharePrefixes([long, other]).layout.tokens.length).toBe(10_001)
    const chain = Array.from({ length: 1_000 }, (_, i) => long.slice(0, 10 * (i + 1)))
    const { layout, rows } = sharePrefixes(chain.reverse())
    expect(layout.starts.length).toBe(1_000)
    expect(rows[0]).toEqual(Int32Array.from(long, (_, t) => t))
  })
})
