import { describe, expect, it } from 'vitest'
import { stream } from '../core/random.ts'
import { chanceWithin, unitsNeeded } from './power.ts'

const spanned = (value: number, half: number, level = 0.95) => ({
  value,
  ci: [value - half, value + half] as const,
  level,
  groups: 24,
})

describe('chanceWithin', () => {
  it.each([
    ['a lower bound above a bar', 0.7, { low: 0.5 }, 0.95],
    ['an upper bound below one', 0.1, { high: 0.25 }, 0.95],
    ['an interval between two, at 90%', 0, { low: -0.25, high: 0.25 }, 0.9],
  ] as const)('is the share of experiments that end with %s', (_, truth, between, level) => {
    const [half, draws] = [0.2, 20_000]
    const rng = stream(5, 'test/power')
    const se = half / (level === 0.95 ? 1.959963984540054 : 1.6448536269514722)
    let said = 0
    for (let i = 0; i < draws; i++) {
      const at = truth + se * rng.normal()
      const { low, high } = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY, ...between }
      if (at - half > low && at + half < high) said++
    }
    const chance = chanceWithin(spanned(0.4, half, level), truth, between)
    expect(chance).toBeGreaterThan(0.1)
    expect(chance).toBeLessThan(0.9)
    expect(Math.abs(said / draws - chance)).toBeLessThan(0.015)
  })

  it('is none where the interval is wider than what it must lie in', () => {
    expect(chanceWithin(spanned(0, 0.5), 0, { low: -0.25, high: 0.25 })).toBe(0)
  })
})

describe('unitsNeeded', () => {
  const bars = [{ low: 0.5 }, { high: 0.25 }]
  it('are as many as shrink the interval to the nearer bar', () => {
    // Half as wide wants four times as many.
    expect(unitsNeeded(spanned(0.75, 0.5), bars)).toBe(96)
    expect(unitsNeeded(spanned(0, 0.5), bars)).toBe(96)
    expect(unitsNeeded(spanned(0.1, 0.3), [{ low: -0.05, high: 0.4 }])).toBe(96)
  })

  it('are none where the estimate lies in no answer', () => {
    expect(unitsNeeded(spanned(0.35, 0.1), bars)).toBeUndefined()
  })

  it('are more than there are, since those have not decided', () => {
    expect(unitsNeeded(spanned(0.75, 0.1), bars)).toBe(25)
  })
})
