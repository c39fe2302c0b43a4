import { describe, expect, it } from 'vitest'
import { steeringTable } from '../../test/support/steering.ts'
import { stream } from '../core/random.ts'
import { featureArmMeasures } from './feature-arm-measures.ts'
import type { FeatureArms } from './feature-arms.ts'
import { studySchema } from './schema.ts'
import type { BothWays } from './steering-table.ts'

const study = studySchema.parse({
  palimpsest: 1,
  name: 'test',
  models: { base: 'a', aligned: 'b' },
  claims: ['direction', 'features', 'steering'],
  draws: { bootstrap: 200 },
})
const tables = [steeringTable('base', { gain: 1 }, 1), steeringTable('aligned', { gain: 1 }, 1)]
const ISSUES = tables[0]!.plain.length
const { subset } = tables[0]!
const DOSE = 0.4

/** An arm whose stance has this slope, in log-odds, on so many issues. */
function arm(id: string, slope: number, issues: number): BothWays {
  const at = (sign: number) => ({
    asked: sign * 0.08,
    dose: sign * DOSE,
    stance: Array.from({ length: issues }, (_, i) => sign * DOSE * slope * (1 + 0.1 * Math.sin(i))),
  })
  return { id, plus: at(1), minus: at(-1) }
}

/** Two features, and controls whose slopes are noise of size 0.1. */
function arms(base: readonly number[], aligned: readonly number[], controls = 12): FeatureArms {
  const rng = stream(4, 'test/feature-arms')
  const model = (role: string, gains: readonly number[]) => ({
    role,
    arms: [
      ...gains.map((g, i) => arm(`feature-${i + 7}`, g, ISSUES)),
      ...Array.from({ length: controls }, (_, i) =>
        arm(`feature-${i + 100}`, 0.1 * rng.normal(), subset.length),
      ),
    ],
  })
  return {
    dictionary: 'known',
    site: 'blocks.1.hook_resid_post',
    nats: 0.08,
    features: [
      ...base.map((_, i) => ({ feature: i + 7, matches: undefined, rate: 0.25 })),
      ...Array.from({ length: controls }, (_, i) => ({ feature: i + 100, matches: 7, rate: 0.25 })),
    ],
    models: [model('base', base), model('aligned', aligned)],
    subset,
  }
}
const measured = (of: Parameters<typeof featureArmMeasures>[0]['arms']) =>
  featureArmMeasures({ study, arms: of, tables, rendering: 'raw', record: undefined })

describe('featureArmMeasures', () => {
  it('finds gains in contrasts between personas, their ratio, and who stands out of the band of controls', async () => {
    const { measures, series, words } = await measured(arms([2, 0.05], [0.4, 0.05]))
    const of = (name: string, model: string, feature: number) =>
      measures.find(
        (m) => m.name === name && m.model === model && m.condition === `feature ${feature} of known`,
      )!
    // Contrasts between personas are 2 in these tables.
    expect(of('feature_gain', 'base', 7).value).toBeCloseTo(1, 1)
    expect(of('feature_gain', 'base', 7).p).toBeCloseTo(1 / 13, 10)
    expect(of('feature_gain', 'base', 7).null!.draws).toBe(12)
    expect(of('feature_gain', 'base', 8).p).toBeGreaterThan(0.2)
    expect(of('feature_gain_ratio', 'aligned', 7).value).toBeCloseTo(0.2, 2)
    expect(of('feature_gain', 'base', 7).note).toBe('fires in 25% of the prompts in base')
    expect(series.map((s) => s.values.length)).toEqual([12, 12])
    expect(words).toMatch(/Of 2 features that were steered, 1 in base and \d in aligned move/)
  })

  it('leaves out what cannot be steered, and says so', async () => {
    const cut = arms([2, 1], [2, 1])
    const models = cut.models.map((m, k) =>
      k === 0 ? m : { ...m, arms: m.arms.map((a, i) => (i === 0 ? null : a)) },
    )
    const { measures } = await measured({ ...cut, models })
    expect(measures.filter((m) => m.name === 'feature_gain').map((m) => m.condition)).toEqual(
      Array(2).fill('feature 8 of known'),
    )
    expect(measures.find((m) => m.name === 'features_unreached')).toMatchObject({
      model: 'aligned',
      value: 1,
    })
  })

  it('ranks nothing without controls, and explains why nothing was steered', async () => {
    const { measures, words } = await measured(arms([2], [2], 0))
    expect(measures.find((m) => m.name === 'feature_gain')!.p).toBeUndefined()
    expect(words).toMatch(/none has a control/)
    expect((await measured({ why: 'no feature has policy content' })).words).toBe(
      'No feature was steered: no feature has policy content.',
    )
  })
})
