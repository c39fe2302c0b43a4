import { describe, expect, it } from 'vitest'
import { stream } from '../core/random.ts'
import { unitsNeeded } from './power.ts'
import { reachBeside } from './reach.ts'

const options = { seed: 1, draws: 500 }
const random = Float64Array.from({ length: 100 }, (_, i) => (i + 1) / 100) // 95% point 0.9505
const effects = (centre: number, spread: number, issues = 24): Float64Array => {
  const rng = stream(3, 'test/reach')
  const z = Float64Array.from({ length: issues }, () => rng.normal())
  const m = z.reduce((s, v) => s + v, 0) / issues
  const sd = Math.sqrt(z.reduce((s, v) => s + (v - m) ** 2, 0) / (issues - 1))
  return z.map((v) => centre + (spread * (v - m)) / sd)
}

describe('reachBeside', () => {
  it('is the mean effect over the 95% point of the sizes of random ones', async () => {
    const found = await reachBeside(effects(0.4, 0.1), random, options)
    expect(found.value).toBeCloseTo(0.4 / 0.9505, 12)
    expect(found).toMatchObject({ n: 24, groups: 24, level: 0.9, seed: 1 })
    expect(found.ci[1]).toBeLessThan(1)
  })

  it('takes sizes of random effects, and the sign of the direction’s own', async () => {
    const flipped = random.map((v, i) => (i % 2 === 0 ? -v : v))
    const [a, b] = [
      await reachBeside(effects(-2, 0.1), random, options),
      await reachBeside(effects(-2, 0.1), flipped, options),
    ]
    expect(a.value).toBeCloseTo(-2 / 0.9505, 12)
    expect(b.value).toBe(a.value)
    expect(a.ci[1]).toBeLessThan(0)
  })

  it('knows how many issues would decide: with as many, spread alike, the interval ends below 1', async () => {
    const found = await reachBeside(effects(0.6, 1.5), random, options)
    expect(found.ci[1]).toBeGreaterThan(1)
    const needed = unitsNeeded(found, [{ high: 1 }])
    const again = await reachBeside(effects(0.6, 1.5, Math.ceil(1.3 * needed!)), random, options)
    expect(again.ci[1]).toBeLessThan(1)
  })

  it('counts that the point itself is drawn: with few random directions the interval is wider', async () => {
    const few = Float64Array.from({ length: 10 }, (_, i) => (i + 1) / 10)
    const width = ({ ci }: { ci: readonly [number, number] }): number => ci[1] - ci[0]
    expect(width(await reachBeside(effects(0.6, 0), few, options))).toBeGreaterThan(
      width(await reachBeside(effects(0.6, 0), random, options)),
    )
  })
})
