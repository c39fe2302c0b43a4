import { describe, expect, it } from 'vitest'
import type { Measure, Results } from '../../study/results.ts'
import { renderReport } from '../page.ts'

const m = (name: string, model: string, value: number, condition?: string): Measure => ({
  name,
  model,
  value,
  ci: [value - 0.125, value + 0.125],
  n: 48,
  groups: 24,
  ...(condition === undefined ? {} : { condition }),
})
const at = 'stated, user'
const model = { ref: 'm', family: 'llama', layers: 4, width: 64, precision: 'f32', hash: 'h' }
const results: Results = {
  format: 1,
  study: 'test',
  models: [
    { role: 'base', ...model },
    { role: 'aligned', ...model },
  ],
  claims: [
    {
      id: 'identity',
      status: 'supported',
      label: 'reactivated',
      words: 'A stated identity brings the leaning back.',
      gates: [],
      measures: [
        ...['base', 'aligned'].flatMap((role, i) => [
          m('stance_mean', role, -0.4375 + i, `A, ${at}`),
          m('stance_contrast', role, 0.8125 + i, `B less A, ${at}`),
          m('stance_asymmetry', role, 0.0625 + i, `B less none, less none less A, ${at}`),
          m('control_contrast', role, 0.03125 + i, `B less A, ${at}`),
        ]),
        m('stance_index', 'aligned', 0.71875, `B less A, ${at}`),
        m('mask_thickness', 'aligned', 0.34375),
      ],
      series: ['base', 'aligned'].flatMap((role) => [
        { name: 'amplification_dose', model: role, values: [0.2, 0.4, 0.8] },
        { name: 'amplification_contrast', model: role, values: [0.1, 0.21875, 0.4] },
        { name: 'amplification_low', model: role, values: [0.05, 0.1, 0.2] },
        { name: 'amplification_high', model: role, values: [0.2, 0.3, 0.6] },
        { name: 'amplification_random', model: role, values: [-0.02, 0.01, 0.03] },
      ]),
    },
  ],
  warnings: [],
  thresholds: { reactivated: 0.5, not_reactivated: 0.25 },
  seed: 1,
}
const page = (change: Partial<Results> = {}): string =>
  renderReport({ results: { ...results, ...change }, manifest: {}, projections: [] })

describe('the section of claim identity', () => {
  it('shows factorial, index, asymmetry, facts and the amplification curve, all from the record', () => {
    const html = page()
    const section = html.slice(html.indexOf('<section id="identity"'), html.indexOf('<section id="reading"'))
    for (const value of [-0.4375, 0.8125, 0.0625, 0.03125, 0.34375, 0.21875])
      expect(section).toContain(`<data value="${value}">`)
    expect(section).toContain('id="reactivation-title"')
    expect(section).toContain('stance: stated, user')
    expect(section).toContain('id="amplification-title"')
    expect(section).toContain('3 random directions of equal KL')
    const used = new Set(
      results.claims[0]!.measures.flatMap((x) => [x.value, ...x.ci!, x.n, x.groups!])
        .concat(results.claims[0]!.series!.flatMap((s) => s.values))
        .map(String),
    )
    for (const [, value] of section.matchAll(/<data value="([^"]+)">/g)) expect(used).toContain(value)
  })

  it('draws nothing that was not measured', () => {
    const bare = { ...results.claims[0]!, measures: [], series: [] }
    const html = page({ claims: [bare] })
    expect(html).not.toContain('amplification-title')
    expect(html).not.toContain('reactivation-title')
    expect(html).toContain('brings the leaning back')
  })
})
