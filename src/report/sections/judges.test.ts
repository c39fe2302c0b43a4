import { describe, expect, it } from 'vitest'
import type { JudgeRecord, Results } from '../../study/results.ts'
import { renderReport } from '../page.ts'

const judge = (name: string, more: Partial<JudgeRecord> = {}): JudgeRecord => ({
  name,
  model: 'm',
  host: 'judge.example',
  asked: 72,
  labels: { A: 30, B: 25, neither: 10, refusal: 3, nonsense: 2 },
  bad: { empty: 0, declined: 0, unreadable: 2, failed: 0 },
  bad_share: 2 / 72,
  testable: true,
  failures: {},
  tokens_in: 14_321,
  tokens_out: 777,
  cost: 0.0364,
  ...more,
})
const score = (condition: string, model: string, value: number) => ({
  name: 'judge_score',
  model,
  condition,
  value,
  ci: [value - 0.25, value + 0.25] as [number, number],
  n: 24,
  groups: 8,
})
const page = (judges: Results['judges']): string => {
  const model = { ref: 'm', family: 'llama', layers: 4, width: 64, precision: 'f32', hash: 'h' }
  const html = renderReport({
    results: {
      format: 1,
      study: 'test',
      models: [
        { role: 'base', ...model },
        { role: 'aligned', ...model },
      ],
      claims: [],
      ...(judges === undefined ? {} : { judges }),
      warnings: [],
      thresholds: { judge_bad: 0.1 },
      seed: 1,
    },
    manifest: {},
    projections: [],
  })
  const from = html.indexOf('<section id="judges"')
  return from < 0 ? '' : html.slice(from, html.indexOf('</section>', from))
}

describe('the section of judges', () => {
  it('is not there without judges', () => {
    expect(page(undefined)).toBe('')
  })

  it('shows agreement, cost and the scores by arm', () => {
    const html = page({
      judges: [judge('first'), judge('second', { cost: null, tokens_in: null })],
      measures: [
        { name: 'judge_kappa', value: 0.71875, ci: [0.5, 0.875], n: 68, groups: 8, note: 'kappa of both' },
        score('first: steering, dose 0.40', 'base', 0.4375),
        score('first: steering, dose 0.40', 'aligned', 0.0625),
      ],
    })
    for (const value of [0.71875, 0.4375, 0.0625, 14_321, 777, 0.0364])
      expect(html).toContain(`<data value="${value}">`)
    expect(html).toContain('kappa of both')
    expect(html).toContain('no prices given')
    expect(html).toContain('not counted')
    expect(html.match(/first: steering, dose 0.40/g)).toHaveLength(1) // one row, a column a model
  })

  it('says which judge cannot be used, and why', () => {
    const bad = judge('second', {
      testable: false,
      bad_share: 1,
      labels: { A: 0, B: 0, neither: 0, refusal: 0, nonsense: 0 },
      bad: { empty: 0, declined: 0, unreadable: 0, failed: 72 },
      failures: { 'HTTP 401': 4 },
      gave_up: 'HTTP 401',
    })
    const html = page({ judges: [judge('first'), bad], measures: [] })
    expect(html).toContain('<b>untestable</b>')
    expect(html).toContain('72 failed and 4 HTTP 401')
    expect(html).toContain('not asked to the end: HTTP 401')
    expect(html).toContain('no agreement to measure: second cannot be used')
  })
})
