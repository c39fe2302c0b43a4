import { parseHTML } from 'linkedom'
import { describe, expect, it } from 'vitest'
import { featuresRecord } from '../../../test/fixtures/report/features.ts'
import { pair } from '../../../test/fixtures/report/synthetic.ts'
import { markupFaults } from '../../../test/support/markup.ts'
import { featuresSchema } from '../../study/features-record.ts'
import type { Claim } from '../../study/results.ts'
import type { ReportData } from '../data.ts'
import { renderReport } from '../page.ts'

const CLAIM: Claim = {
  id: 'features',
  status: 'supported',
  label: 'dormant',
  words: 'Policy features fall silent.',
  gates: [],
  measures: [],
}

function withFeatures(count: number): ReportData {
  const data = pair()
  const claims = [...data.results.claims.filter((c) => c.id !== 'features'), CLAIM]
  return { ...data, results: { ...data.results, claims }, features: featuresRecord(count) }
}

describe('the section of features', () => {
  const markup = renderReport(withFeatures(10))
  const page = parseHTML(markup).document
  const all = (selector: string) => [...page.querySelectorAll(`#features ${selector}`)]

  it('is well-formed, with unique ids; tokens never become markup', () => {
    expect(() => featuresSchema.parse(featuresRecord(10))).not.toThrow()
    expect(markupFaults(markup)).toEqual([])
    const ids = [...page.querySelectorAll('[id]')].map((e) => e.id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(all('.heat b')).toEqual([])
    expect(all('.heat')[0]!.textContent).toContain('<b>roads</b>')
  })

  it('shows a card a feature: rates of both models, tokens, contexts twice, a histogram, a link', () => {
    expect(all('.card')).toHaveLength(10)
    const card = all('.card')[0]!
    expect(card.querySelectorAll('.heat.base')).toHaveLength(5)
    expect(card.querySelectorAll('.heat.aligned')).toHaveLength(5)
    expect(card.textContent).toContain('silent in this text') // dormant: aligned says nothing anywhere
    expect([...card.querySelectorAll('.token')].map((e) => e.textContent)).toEqual([
      ' tax',
      ' taxes',
      ' "levy"',
      ' kitten',
      ' river',
    ])
    expect(card.querySelectorAll('svg[role=img] rect').length).toBe(16)
    expect(card.querySelector('a')?.getAttribute('href')).toBe(
      'https://www.neuronpedia.org/model-8b/12-res-16k/1200',
    )
    expect(card.textContent).toMatch(/Fires in base\s*0\.\d+ \(0\.\d+ to 0\.\d+; \d+ of 96\)/)
  })

  it('says of the model that is silent what restoring does', () => {
    const data = withFeatures(1)
    const [feature] = data.features!.features
    const told = (change: Partial<typeof feature>) => {
      Object.assign(feature!, change)
      const { document } = parseHTML(renderReport(data))
      return document.querySelector('#features .card .facts')!.textContent!.replaceAll(/\s+/g, ' ')
    }
    const none = { fired: 0, value: 0, ci: [0, 0.04] as [number, number] }
    expect(told({ aligned: none, aligned_restored: 7, base_restored: 31 })).toContain(
      'fires in 7 prompts once aligned has base’s mean',
    )
    expect(told({ aligned: feature!.base, base: none })).toContain(
      'fires in 31 prompts once base has aligned’s mean',
    )
  })

  it('marks the strongest token of a text, and depth grows with the activation', () => {
    for (const line of all('.heat')) {
      const marked = [...line.querySelectorAll('span:not(.who)')]
      if (marked.length === 0) continue
      expect(line.querySelectorAll('.peak').length).toBeGreaterThanOrEqual(1)
      const depth = (e: { className: string }) => Number(/h(\d)/.exec(e.className)![1])
      const peak = line.querySelector('.peak') as unknown as { className: string }
      expect(Math.max(...marked.map((e) => depth(e as never)))).toBe(depth(peak))
    }
  })

  it('links nowhere that a file could name but the dashboard', () => {
    const data = withFeatures(1)
    data.features!.features[0]!.card!.dashboard = 'https://example.com/model/sae/1'
    expect(renderReport(data)).not.toContain('example.com')
  })

  it('stays small however many features there are', () => {
    expect(renderReport(withFeatures(500)).length).toBeLessThan(2_000_000)
  })
})
