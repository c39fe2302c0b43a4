import { describe, expect, it } from 'vitest'
import { stream } from '../core/random.ts'
import { type Gain, type GainMargins, gainEstimates, gainPower, labelGain, slopes } from './gain.ts'

const MARGINS: GainMargins = { disconnected: 0.25, connected_low: 0.5, connected_high: 2, attenuated: 0.75 }
const ISSUES = 48

/** Two models whose ratio of gains is `ratio`, with noise between issues that both share in part. */
function models(ratio: number, seed: number, noise = 0.5): [Gain, Gain] {
  const rng = stream(seed, 'test/gain')
  const draw = (centre: number, spread: number): Float64Array =>
    Float64Array.from({ length: ISSUES }, () => centre + spread * rng.normal())
  const base = draw(1, noise)
  const own = draw(0, noise / 2)
  return [
    { slopes: base, contrast: draw(2, 0.5) },
    { slopes: base.map((b, i) => 1.5 * (ratio * b + own[i]!)), contrast: draw(3, 0.5) },
  ]
}

const ratioOf = async (ratio: number, seed: number, noise?: number) =>
  (await gainEstimates(models(ratio, seed, noise), { seed, draws: 400 })).ratios[0]!

describe('slopes', () => {
  it('are those of least squares, by issue', () => {
    expect([
      ...slopes(
        [-1, 0, 1],
        [
          [0, 3],
          [2, 3],
          [4, 3],
        ],
      ),
    ]).toEqual([2, 0])
    // numpy.polyfit([0, 1, 3], [1, 2, 7], 1)[0]
    expect(slopes([0, 1, 3], [[1], [2], [7]])[0]).toBeCloseTo(2.0714285714285716, 12)
  })
})

describe('labels of gain ratios', () => {
  it.each([
    [0, 'disconnected'],
    [1, 'connected'],
    [0.4, 'attenuated'],
  ] as const)('a ratio of %d is %s', async (ratio, label) => {
    expect(labelGain(await ratioOf(ratio, 1, 0.3), MARGINS)).toBe(label)
  })

  it('are withheld where the interval spans two answers, with the issues that would decide', async () => {
    const found = await ratioOf(0.1, 3, 3)
    expect(labelGain(found, MARGINS)).toBe('underpowered')
    const power = gainPower(found, MARGINS)
    expect(power.needed).toBeGreaterThan(ISSUES)
    expect(power.disconnected).toBeLessThan(0.5)
    expect(gainPower({ ...found, value: 3 }, MARGINS).needed).toBeUndefined()
  })

  it.each([
    [0.25, 'disconnected'],
    [-0.25, 'disconnected'],
    [0.5, 'connected'],
    [0.75, 'attenuated'],
    [0, 'attenuated'],
  ] as const)('at its margin %d, %s is said in at most 10 of 100', async (ratio, label) => {
    let said = 0
    for (let seed = 0; seed < 100; seed++)
      if (labelGain(await ratioOf(ratio, 100 + seed), MARGINS) === label) said++
    expect(said).toBeLessThanOrEqual(10)
  })

  it('have the power that is printed', async () => {
    let [said, printed] = [0, 0]
    for (let seed = 0; seed < 100; seed++) {
      const found = await ratioOf(0, 300 + seed, 1)
      if (labelGain(found, MARGINS) === 'disconnected') said++
      printed += gainPower(found, MARGINS).disconnected
    }
    expect(Math.abs(said - printed)).toBeLessThan(15)
  })
})
