/** Every label on tables that are known, and on planted features: how often a label is wrong. */
import { describe, expect, it } from 'vitest'
import { dormancyPower } from '../../test/support/calibration.ts'
import { stream } from '../core/random.ts'
import { type FiringCounts, labelFeatures, promptsForSilence } from './silence.ts'

const table = (f: Partial<FiringCounts>): FiringCounts => ({
  n: 100,
  both: 0,
  baseOnly: 0,
  alignedOnly: 0,
  alignedRestored: 0,
  baseRestored: 0,
  ...f,
})
const label = (f: Partial<FiringCounts>) => labelFeatures([table(f)])[0]!.label

describe('labels of single features', () => {
  it.each([
    ['dormant', { baseOnly: 40 }],
    ['shifted', { baseOnly: 40, alignedRestored: 1 }],
    ['attenuated', { baseOnly: 30, both: 10 }],
    ['active', { both: 40, baseOnly: 3, alignedOnly: 3 }],
    ['amplified', { both: 10, alignedOnly: 30 }],
    ['new', { alignedOnly: 40 }],
    ['shifted', { alignedOnly: 40, baseRestored: 2 }],
    ['underpowered', { baseOnly: 4 }], // p = 0.125: nothing could be shown
    ['underpowered', { baseOnly: 10 }], // q is small, and the intervals are too wide for "half"
    ['underpowered', {}],
    ['undecided', { both: 7, baseOnly: 12, alignedOnly: 5 }],
  ] as const)('%s: %j', (expected, f) => {
    expect(label(f)).toBe(expected)
  })

  it('q counts the whole family: the same feature is not shown among many that do nothing', () => {
    const one = table({ n: 30, baseOnly: 13 })
    expect(labelFeatures([one])[0]!.label).toBe('dormant')
    const many = labelFeatures([one, ...Array.from({ length: 399 }, () => table({ n: 30, both: 15 }))])
    expect(many[0]!.q).toBeGreaterThan(0.05)
    expect(many[0]!.label).toBe('underpowered')
  })
})

/** Features of one rate; `silenced` ones never fire in aligned, others fire there by a new draw of the same rate. */
function planted(rng: ReturnType<typeof stream>, n: number, rate: number, silenced: boolean): FiringCounts {
  const counts = { both: 0, baseOnly: 0, alignedOnly: 0, restored: 0 }
  for (let i = 0; i < n; i++) {
    const base = rng.uniform() < rate
    const aligned = !silenced && rng.uniform() < rate
    if (base && aligned) counts.both++
    else if (base) counts.baseOnly++
    else if (aligned) counts.alignedOnly++
  }
  return { n, ...counts, alignedRestored: counts.both + counts.alignedOnly, baseRestored: 0 }
}

describe.each([0.5, 0.1, 0.02])('planted features at rate %f', (rate) => {
  it.each([20, 100, 500])('over %i prompts: dormant is rarely false, and right where power allows', (n) => {
    const [replicates, each] = [200, 10]
    let [falsely, dormant, rightly] = [0, 0, 0]
    for (let r = 0; r < replicates; r++) {
      const rng = stream(7, `silence/${rate}/${n}`, r)
      const family = Array.from({ length: 2 * each }, (_, i) => planted(rng, n, rate, i < each))
      labelFeatures(family).forEach((f, i) => {
        if (f.label === 'dormant') dormant++
        if (f.label === 'dormant' && i >= each) falsely++
        if (f.label === 'dormant' && i < each) rightly++
      })
    }
    expect(falsely).toBeLessThanOrEqual(0.05 * Math.max(dormant, replicates))
    if (dormancyPower(n, rate, 2 * each) >= 0.99)
      expect(rightly).toBeGreaterThanOrEqual(0.95 * replicates * each)
  })
})

it('sameness is shown where it holds, and rarely where one rate is half the other', () => {
  const shown = (n: number, rate: number, ratio: number): number => {
    let active = 0
    for (let r = 0; r < 400; r++) {
      const rng = stream(8, `active/${n}/${rate}/${ratio}`, r)
      let [both, baseOnly, alignedOnly] = [0, 0, 0]
      for (let i = 0; i < n; i++) {
        const base = rng.uniform() < rate
        const aligned = rng.uniform() < rate * ratio
        if (base && aligned) both++
        else if (base) baseOnly++
        else if (aligned) alignedOnly++
      }
      if (labelFeatures([table({ n, both, baseOnly, alignedOnly })])[0]!.label === 'active') active++
    }
    return active / 400
  }
  expect(shown(500, 0.5, 1)).toBeGreaterThan(0.9)
  for (const n of [20, 100, 500])
    for (const rate of [0.5, 0.1]) expect(shown(n, rate, 0.5)).toBeLessThan(0.08)
})

describe('prompts that would show silence', () => {
  it.each([
    [3, 48],
    [4, 96],
    [10, 100],
  ])('of a feature that fires in %d of %d are as many as make it dormant', (fired, n) => {
    const needed = promptsForSilence(fired, n)!
    const at = (prompts: number) =>
      labelFeatures([table({ n: prompts, baseOnly: Math.round((fired / n) * prompts) })])[0]!.label
    expect(needed).toBeGreaterThan(n)
    expect(at(needed)).toBe('dormant')
    expect(at(needed - 1)).toBe('underpowered')
  })

  it('are none where it never fires', () => {
    expect(promptsForSilence(0, 48)).toBeUndefined()
  })
})
