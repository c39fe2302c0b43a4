import { describe, expect, it } from 'vitest'
import { featuresRecord } from '../../test/fixtures/report/features.ts'
import type { FeatureLabel } from '../stats/silence.ts'
import { claimFeatures } from './claim-features.ts'
import type { FeatureRecord, FeaturesRecord } from './features-record.ts'
import { type Claim, claimSchema } from './results.ts'
import { studySchema } from './schema.ts'

const study = studySchema.parse({
  palimpsest: 1,
  name: 'test',
  models: { base: 'base', aligned: 'aligned' },
  dictionaries: { base: ['sae'] },
})
const one = featuresRecord(1)

function claim(
  policy: FeatureLabel[],
  controls: FeatureLabel[],
  change: (r: FeaturesRecord) => void = () => {},
): Claim {
  const features = [
    ...policy.map((label): FeatureRecord => ({ ...one.features[0]!, set: 'policy', label })),
    ...controls.map((label): FeatureRecord => ({ ...one.features[1]!, set: 'control', label })),
  ]
  const record = structuredClone({ ...one, features })
  change(record)
  const found = claimFeatures({ study, record, gates: [] })
  expect(() => claimSchema.parse(found)).not.toThrow()
  return found
}
const many = (label: FeatureLabel, n: number): FeatureLabel[] => Array(n).fill(label)

describe('claim features', () => {
  it.each([
    ['supported', 'dormant', many('dormant', 6), many('active', 12)],
    ['underpowered', 'not beyond controls', many('dormant', 6), many('dormant', 12)],
    [
      'underpowered',
      'not beyond controls',
      [...many('dormant', 1), ...many('active', 5)],
      many('active', 12),
    ],
    ['contradicted', 'active', many('active', 6), many('active', 12)],
    ['contradicted', 'shifted', [...many('shifted', 4), ...many('active', 2)], many('active', 12)],
    ['contradicted', 'attenuated', many('attenuated', 6), []],
    ['underpowered', 'underpowered', [...many('underpowered', 5), 'active'], many('active', 12)],
    ['untestable', 'untestable', [], []],
  ] as const)('%s, %s', (status, label, policy, controls) => {
    const found = claim([...policy], [...controls])
    expect([found.status, found.label]).toEqual([status, label])
    expect(found.words.length).toBeGreaterThan(40)
  })

  it('says beside an underpowered answer what could have been shown', () => {
    const controls = claim([...many('dormant', 1), ...many('active', 5)], many('active', 12))
    // Fisher: 3 of 6 against 0 of 12 has p = 20/816; 2 of 6 has 15/153.
    expect(controls.words).toContain(
      'Of 6 policy features, beside 12 controls, 0 of them dormant, 3 dormant ones would show it; the chance of that is 66%',
    )
    expect(controls.measures.find((m) => m.name === 'power_beyond_controls')!.value).toBeCloseTo(42 / 64, 12)
    expect(claim(many('dormant', 2), []).words).toContain('could not have shown it, however many')

    const prompts = claim([...many('underpowered', 5), 'active'], many('active', 12), (r) => {
      for (const f of r.features) Object.assign(f, { base: { ...f.base, fired: 4 } })
    })
    expect(prompts.words).toMatch(/At 96 prompts the silence of 1 of the 6 .*need \d+ prompts at least/)
    expect(prompts.measures.find((m) => m.name === 'power_dormant')).toMatchObject({ value: 1 / 6, n: 96 })
    expect(prompts.measures.find((m) => m.name === 'prompts_needed')!.value).toBeGreaterThan(96)
    for (const found of [
      claim(many('dormant', 6), many('active', 12)),
      claim(many('active', 6), many('active', 12)),
    ])
      expect(found.measures.filter((m) => /^power_|_needed$/.test(m.name))).toEqual([])
  })

  it('is untestable where every dictionary of base fails its test', () => {
    const found = claim(many('dormant', 6), many('active', 12), (r) => {
      ;(r.dictionaries[0] as { testable: boolean }).testable = false
    })
    expect(found.status).toBe('untestable')
  })

  it('says how many carry the domain, and how many of them are followed', () => {
    const words = (withContent: number) =>
      claim(many('active', 6), [], (r) => {
        ;(r.dictionaries[0] as { with_content: number }).with_content = withContent
      }).words
    expect(words(412)).toContain('412 features of base fire in more prompts')
    expect(words(412)).toContain('the 6 of them that tell the poles apart best are followed')
    expect(words(6)).not.toContain('followed')
  })

  it('a dictionary of aligned is shown and does not decide', () => {
    const found = claim(many('dormant', 6), many('active', 12), (r) => {
      r.dictionaries.push({ ...r.dictionaries[0]!, ref: 'other', of: 'aligned' })
      r.features.push(
        ...r.features
          .filter((f) => f.set === 'policy')
          .map((f) => ({ ...f, dictionary: 'other', label: 'new' as const })),
      )
    })
    expect(found.status).toBe('supported')
    expect(found.measures.find((m) => m.name === 'dormant_share')!.n).toBe(6)
    expect(found.measures.filter((m) => m.name === 'firing_rate')).toHaveLength(24)
  })

  it('says n, interval, p, q and family of every rate', () => {
    for (const m of claim(many('dormant', 2), []).measures.filter((m) => m.name === 'firing_rate')) {
      expect(m.ci).toBeDefined()
      expect(m.n).toBe(96)
      if (m.model === 'aligned') expect([m.p, m.q, m.family]).not.toContain(undefined)
    }
  })
})
