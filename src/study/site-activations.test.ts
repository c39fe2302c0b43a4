import fc from 'fast-check'
import { expect, it } from 'vitest'
import { matrix } from '../core/matrix.ts'
import { stream } from '../core/random.ts'
import { type Moments, restore } from './site-activations.ts'

function moments(x: ReturnType<typeof matrix>): Moments {
  const mean = Array.from({ length: x.cols }, (_, j) => {
    let sum = 0
    for (let i = 0; i < x.rows; i++) sum += x.data[i * x.cols + j]!
    return sum / x.rows
  })
  const squares = x.data.reduce((s, v, i) => s + (v - mean[i % x.cols]!) ** 2, 0)
  return { mean, norm: Math.sqrt(squares / x.rows) }
}

it('undoes any shift and any rescaling of the activations', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9999 }),
      fc.double({ min: 0.1, max: 10, noNaN: true }),
      (seed, scale) => {
        const rng = stream(seed, 'restore')
        const base = matrix(
          20,
          5,
          Float32Array.from({ length: 100 }, () => rng.normal()),
        )
        const shift = Array.from({ length: 5 }, () => 3 * rng.normal())
        const aligned = matrix(
          20,
          5,
          base.data.map((v, i) => scale * v + shift[i % 5]!),
        )
        const back = restore(aligned, { from: moments(aligned), to: moments(base) })
        back.data.forEach((v, i) => {
          expect(v).toBeCloseTo(base.data[i]!, 3)
        })
      },
    ),
  )
})
