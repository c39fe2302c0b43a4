import { describe, expect, it } from 'vitest'
import { pair } from '../../../test/fixtures/report/synthetic.ts'
import type { Claim, Measure } from '../../study/results.ts'
import { thresholdsSchema } from '../../study/schema.ts'
import type { ReportData } from '../data.ts'
import { measureName, thresholdMeaning } from '../words.ts'
import { behaviour } from './behaviour.ts'
import { allMeasures } from './measures.ts'
import { methods } from './methods.ts'

const measure = (name: string, model: string, value: number): Measure => ({
  name,
  model,
  value,
  ci: [value - 0.1, value + 0.1],
  level: 0.95,
  n: 576,
  groups: 48,
  seed: 1,
})
const claim: Claim = {
  id: 'behaviour',
  status: 'supported',
  label: 'neutral',
  words: 'The aligned model answers neutrally.',
  gates: [],
  measures: [
    measure('contrast', 'base', 0.312),
    measure('contrast', 'aligned', 0.021),
    measure('contrast_ratio', 'aligned', 0.067),
    measure('refusal_share', 'base', 0.125),
    measure('refusal_share', 'aligned', 0.0625),
    { ...measure('refusal_share', 'aligned', 0.25), condition: 'another arm' },
  ],
}
const data = (): ReportData => {
  const { results, ...rest } = pair()
  return {
    ...rest,
    results: { ...results, claims: [...results.claims.filter((c) => c.id !== 'behaviour'), claim] },
  }
}
const text = (section: { render(d: ReportData): { markup: string } | undefined }): string =>
  section
    .render(data())!
    .markup.replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/\s+/g, ' ')

describe('section behaviour', () => {
  it('shows contrasts and shares of both models with their intervals and sizes', () => {
    const found = text(behaviour)
    expect(found).toContain(
      'Contrast between wordings 0.312 ( 0.212 to 0.412 ) 0.021 ( −0.079 to 0.121 ) 576 / 48',
    )
    expect(found).toContain('Refusals 0.125')
    expect(found).toMatch(/below 0\.25 of base’s, at most 0\.2 of refusals/)
  })

  it('has its methods in prose, with its own counts', () => {
    expect(text(methods)).toContain('576 answers of each model on 48 issues were sampled')
  })
})

describe('all measures', () => {
  it('says of each number under which condition it was taken', () => {
    expect(text(allMeasures)).toContain('aligned · another arm')
  })
})

describe('words', () => {
  it('know what every threshold of the study file decides', () => {
    for (const key of Object.keys(thresholdsSchema.shape)) expect(thresholdMeaning(key), key).not.toBe('')
    expect([thresholdMeaning('unknown'), thresholdMeaning('constructor')]).toEqual(['', ''])
  })

  it('know the names of what behaviour measures', () => {
    for (const { name } of claim.measures) expect(measureName(name)).not.toContain('_')
  })
})
