import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { philox4x32, stream } from './random.ts'

describe('philox4x32', () => {
  // Known answers of the Random123 distribution (kat_vectors, philox4x32-10).
  it('gives the known answers', () => {
    expect(philox4x32([0, 0, 0, 0], [0, 0])).toEqual([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8])
    const ones = 0xffffffff
    expect(philox4x32([ones, ones, ones, ones], [ones, ones])).toEqual([
      0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd,
    ])
    expect(philox4x32([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0])).toEqual([
      0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1,
    ])
  })
})

describe('stream', () => {
  it('gives equal numbers for equal names and others for others', () => {
    const first = (seed: number, stage: string, item: number): number => stream(seed, stage, item).uint32()
    expect(first(1, 'a', 0)).toBe(first(1, 'a', 0))
    const all = [
      first(1, 'a', 0),
      first(2, 'a', 0),
      first(1, 'b', 0),
      first(1, 'a', 1),
      first(1, 'a', 2 ** 33),
    ]
    expect(new Set(all).size).toBe(all.length)
  })

  it('is uniform and normal in its first moments', () => {
    const rng = stream(1, 'test/moments')
    const n = 20_000
    const mean = (f: () => number): number => Array.from({ length: n }, f).reduce((a, b) => a + b, 0) / n
    expect(mean(() => rng.uniform())).toBeCloseTo(0.5, 1.8)
    expect(Math.abs(mean(() => rng.normal()))).toBeLessThan(0.03)
    expect(mean(() => rng.normal() ** 2)).toBeCloseTo(1, 1.3)
  })

  it('draws integers below n, and shuffles without loss', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 32 }), fc.nat(1000), (n, seed) => {
        const x = stream(seed, 'test/below').below(n)
        expect(x).toBeGreaterThanOrEqual(0)
        expect(x).toBeLessThan(n)
      }),
    )
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.nat(1000), (items, seed) => {
        const shuffled = stream(seed, 'test/shuffle').shuffle([...items])
        expect([...shuffled].sort()).toEqual([...items].sort())
      }),
    )
  })
})
