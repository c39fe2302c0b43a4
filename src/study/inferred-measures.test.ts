import { describe, expect, it } from 'vitest'
import { stream } from '../core/random.ts'
import type { InferredTable } from './inferred-identity.ts'
import { crossing, inferredMeasures } from './inferred-measures.ts'
import { studySchema } from './schema.ts'
import type { BothWays } from './steering-table.ts'

const study = studySchema.parse({
  palimpsest: 1,
  name: 'test',
  models: { base: 'a', aligned: 'b' },
  draws: { bootstrap: 200, permutations: 100 },
})
const UNITS = Array.from({ length: 24 }, (_, i) => `issue-${i}`)
const SUBSET = [0, 3, 6, 9, 12, 15, 18, 21]
const DOSES = [0.2, 0.4, 0.8]

interface Effect {
  /** Contrast per dose, + less -, of the user direction and of random ones. */
  readonly gain: number
  readonly random: number
  /** Of stated identities: in all, and what is left without the direction or without a random one. */
  readonly stated: number
  readonly left: number
  readonly leftOfRandom: number
}

function table(role: string, e: Effect, change: Partial<InferredTable> = {}): InferredTable {
  const rng = stream(1, `test/inferred/${role}`)
  const noise = (): number => 0.01 * rng.normal()
  const both = (id: string, dose: number, gain: number, n: number): BothWays => ({
    id,
    plus: {
      asked: dose ** 2 / 2,
      dose,
      stance: Array.from({ length: n }, () => (gain * dose) / 2 + noise()),
    },
    minus: {
      asked: -(dose ** 2) / 2,
      dose: -dose,
      stance: Array.from({ length: n }, () => (-gain * dose) / 2 + noise()),
    },
  })
  const found = { value: 0.9, n: 48, groups: 12, p: 0.01, null: { mean: 0.5, q95: 0.8, draws: 100 } }
  const flat = (value: number, n: number): number[] => Array.from({ length: n }, () => value + noise())
  return {
    role,
    units: UNITS,
    user: { direction: Float64Array.of(1, 0), auc: { ...found, ci: [0.7, 1] }, cosine: found },
    primary: DOSES[1]! ** 2 / 2,
    doses: DOSES.map((d) => both('user', d, e.gain, UNITS.length)),
    subset: SUBSET,
    random: Array.from({ length: 20 }, (_, i) =>
      both(`random-${i}`, DOSES[1]!, e.random * rng.normal(), SUBSET.length),
    ),
    scaled: [1, 2, 4].map((factor) => ({ factor, contrast: flat(0.1 * factor, SUBSET.length) })),
    mediation: {
      plain: flat(e.stated, UNITS.length),
      own: flat(e.left, UNITS.length),
      random: Array.from({ length: 20 }, () => flat(e.leftOfRandom, SUBSET.length)),
      nats: 0.03,
    },
    unreached: [],
    zero: 0,
    ...change,
  }
}

const EFFECT = { gain: 1, random: 0.1, stated: 0.5, left: 0.1, leftOfRandom: 0.5 }

function measured(tables: readonly InferredTable[], target = 0.5) {
  return inferredMeasures({
    study,
    site: 'blocks.3.hook_resid_post',
    rendering: 'chat',
    tables,
    target: UNITS.map(() => target),
  })
}

describe('inferred and amplified identity', () => {
  it('finds the dose at which a curve crosses a value', () => {
    const curve = [
      { dose: 1, value: 0.2 },
      { dose: 2, value: 0.6 },
    ]
    expect(crossing(curve, 0.4)).toBeCloseTo(1.5)
    expect(crossing(curve, 0.1)).toBeCloseTo(0.5)
    expect(crossing(curve, 0.7)).toBe(Number.POSITIVE_INFINITY)
    expect(crossing(curve, 0)).toBeNaN()
    expect(crossing([{ dose: 1, value: -1 }], 0.4)).toBe(Number.POSITIVE_INFINITY)
  })

  it('measures curve, rank among random directions, thickness, scaling and mediation', async () => {
    const { measures, series, words } = await measured([
      table('base', EFFECT),
      table('aligned', { ...EFFECT, gain: 0.5, left: 0.4 }),
    ])
    const of = (name: string, model: string) => measures.filter((m) => m.name === name && m.model === model)
    const thickness = (model: string) => of('mask_thickness', model)[0]!
    expect(thickness('base').value).toBeCloseTo(0.5, 1)
    expect(thickness('base').ci![0]).toBeLessThan(thickness('base').value)
    // Half the gain never reaches base's contrast of 0.5 at doses up to 0.8.
    expect(of('mask_thickness', 'aligned')).toEqual([])
    expect(words.join(' ')).toContain('No dose that was tried brings aligned')
    expect(of('amplified_contrast', 'aligned').map((m) => m.value)).toEqual(
      DOSES.map((d) => expect.closeTo(0.5 * d, 1)),
    )
    expect(of('amplified_gain', 'base')[0]!.p).toBeCloseTo(1 / 21)
    expect(of('scaled_contrast', 'base').map((m) => m.condition)).toEqual(
      [1, 2, 4].map((k) => `x${k}, implied, user`),
    )
    expect(of('mediated_share', 'base')[0]!.value).toBeCloseTo(0.8, 1)
    expect(of('mediated_share', 'aligned')[0]!.value).toBeCloseTo(0.2, 1)
    expect(of('mediation_drop', 'base')[0]!.p).toBeCloseTo(1 / 21)
    expect(series.find((s) => s.name === 'amplification_dose')!.values).toEqual(DOSES)
    expect(series.find((s) => s.name === 'amplification_random')!.values).toHaveLength(20)
  })

  it('does not call what random directions do as well a bypass or a mediation', async () => {
    const { measures, words } = await measured([
      table('base', { ...EFFECT, gain: 0.1, random: 3, left: 0.3, leftOfRandom: 0.1 }),
    ])
    expect(measures.find((m) => m.name === 'amplified_gain')!.p).toBeGreaterThan(0.5)
    expect(measures.find((m) => m.name === 'mediation_drop')!.p).toBe(1)
    expect(words.join(' ')).toMatch(/not beyond 20 random[\s\S]*not more than ablating 20 random/)
  })

  it('says what could not be: no target, no identity to mediate, doses out of reach, an idle ablation', async () => {
    const nothing = await measured([table('base', { ...EFFECT, stated: 0 })], -0.1)
    expect(nothing.words.join(' ')).toMatch(/no contrast between implied[\s\S]*nothing can be mediated/)
    const lost = await measured([
      table('base', EFFECT, { doses: [], unreached: ['user at 0.3 nats'], mediation: undefined }),
    ])
    expect(lost.words.join(' ')).toMatch(
      /doses could not be reached[\s\S]*changes nothing on neutral text[\s\S]*Out of reach in base: user at 0.3/,
    )
    expect(lost.measures.some((m) => m.name === 'mediated_share')).toBe(false)
  })
})
