import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16 } from './half.ts'

const ALL = Uint16Array.from({ length: 65536 }, (_, i) => i)
const isNaN16 = (bits: number, exponent: number): boolean =>
  (bits & exponent) === exponent && (bits & ~exponent & 0x7fff) !== 0

describe.each([
  ['f16', f16ToF32, f32ToF16, 0x7c00],
  ['bf16', bf16ToF32, f32ToBf16, 0x7f80],
] as const)('%s', (_, widen, narrow, exponent) => {
  const wide = widen(ALL)

  it('every value survives, and only NaN are NaN', () => {
    const back = narrow(wide)
    for (const bits of ALL)
      if (isNaN16(bits, exponent)) expect([bits, wide[bits]]).toEqual([bits, Number.NaN])
      else if (back[bits] !== bits) expect(back[bits]).toBe(bits)
    expect(narrow(Float32Array.of(Number.NaN)).every((b) => isNaN16(b, exponent))).toBe(true)
  })

  it('rounds to the nearest, ties to even', () => {
    // Finite positive values rise with their bits: a value and its neighbour above enclose what is between.
    for (let bits = 0; bits + 1 < exponent; bits += 7) {
      const [low, high] = [wide[bits]!, wide[bits + 1]!]
      const middle = (low + high) / 2
      const even = bits % 2 === 0 ? bits : bits + 1
      if (Math.fround(middle) === middle) expect(narrow(Float32Array.of(middle))[0]).toBe(even)
      for (const x of [0.25, 0.75].map((t) => Math.fround(low + t * (high - low))))
        if (x !== middle && x > low && x < high)
          expect([x, narrow(Float32Array.of(x))[0]]).toEqual([x, x < middle ? bits : bits + 1])
    }
  })

  it('what is too large becomes infinite, with its sign', () => {
    expect([...widen(narrow(Float32Array.of(3.4e38, -3.4e38, 1e-45, -1e-45)))].slice(0, 2)).toEqual([
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ])
  })

  it('is monotone', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true }), fc.float({ noNaN: true }), (a, b) => {
        const [x, y] = widen(narrow(Float32Array.of(Math.min(a, b), Math.max(a, b))))
        expect(x! <= y!).toBe(true)
      }),
      { numRuns: 500, seed: 1 },
    )
  })
})

it('known values', () => {
  expect([...f16ToF32(Uint16Array.of(0x3555, 0x0001, 0x0400, 0x7bff, 0x8000))]).toEqual([
    0.333251953125,
    2 ** -24,
    2 ** -14,
    65504,
    -0,
  ])
  expect([...f32ToF16(Float32Array.of(65519.99, 65520, 2 ** -25, 2 ** -24))]).toEqual([0x7bff, 0x7c00, 0, 1])
  expect([...f32ToBf16(Float32Array.of(1 / 3, Math.PI))]).toEqual([0x3eab, 0x4049])
})
