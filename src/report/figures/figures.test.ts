/**
 * Every figure of the made-up pair is a file in docs/figures: gallery, test and documentation at once. After a
 * wanted change: `npx vitest run src/report/figures -u`, and look at them.
 */

import { parseHTML } from 'linkedom'
import { describe, expect, it } from 'vitest'
import { pair, subject } from '../../../test/fixtures/report/synthetic.ts'
import { markupFaults } from '../../../test/support/markup.ts'
import type { ReportData } from '../data.ts'
import type { Draw } from '../figure.ts'
import { aucByLayer } from './auc-by-layer.ts'
import { doseResponse, gainRatio } from './dose-response.ts'
import { agreement, excess, retention, scores } from './excess.ts'
import { projectionSummaries, promptProjections, textProjections } from './projections.ts'
import { axisRatios, ratios } from './ratios.ts'
import { references } from './references.ts'
import { NARROW, WIDE } from './svg.ts'

const FIGURES: Record<string, Draw> = {
  'auc-by-layer': aucByLayer,
  excess,
  retention,
  agreement,
  scores,
  'projections-texts': textProjections,
  'projections-prompts': promptProjections,
  references,
  ratios,
  axes: axisRatios,
  'dose-response': doseResponse,
  'gain-ratio': gainRatio,
}
const gallery = (name: string) => new URL(`../../../docs/figures/${name}.svg`, import.meta.url).pathname

describe.each(Object.entries(FIGURES))('%s', (name, draw) => {
  const data = pair()
  const wide = draw(data, WIDE)!
  const narrow = draw(data, NARROW)!

  it('is drawn as in the gallery', async () => {
    await expect(`${wide}\n`).toMatchFileSnapshot(gallery(name))
    await expect(`${narrow}\n`).toMatchFileSnapshot(gallery(`${name}-narrow`))
  })

  it('is the same on every run, well-formed, and as wide as asked for', () => {
    expect(draw(data, WIDE)).toBe(wide)
    for (const [svg, width] of [
      [wide, WIDE],
      [narrow, NARROW],
    ] as const) {
      expect(markupFaults(svg)).toEqual([])
      expect(svg).toContain(`width="${width}"`)
      expect(svg).not.toMatch(/NaN|Infinity|undefined|null/)
    }
  })

  it('keeps its words inside its width, however long the names', () => {
    const long = renamed(data, 'a name that never ends '.repeat(9))
    for (const [svg, width] of [
      [wide, WIDE],
      [narrow, NARROW],
      [draw(long, WIDE)!, WIDE],
      [draw(long, NARROW)!, NARROW],
    ] as const)
      for (const { text, left, right } of placedTexts(svg)) {
        expect(left, text).toBeGreaterThan(-4)
        expect(right, text).toBeLessThan(width + 4)
      }
  })

  it('has nothing to draw for a run without measures', () => {
    const empty: ReportData = { ...data, results: { ...data.results, claims: [] }, projections: [] }
    expect(draw(empty, WIDE)).toBeUndefined()
  })
})

describe('figures of one model', () => {
  it('have one panel or one row a measure, and none that compares', () => {
    const data = subject()
    expect(parseHTML(aucByLayer(data, WIDE)!).document.querySelectorAll('svg > .panel')).toHaveLength(1)
    expect(excess(data, WIDE)).toContain('Excess over random baselines')
    for (const draw of [retention, references, ratios, axisRatios, gainRatio, promptProjections].slice(0, 5))
      expect(draw(data, WIDE)).toBeUndefined()
  })
})

describe('the figures’ numbers', () => {
  it('summarise the projections that are drawn', () => {
    const data: ReportData = {
      ...pair(),
      projections: [1, 2, 6].map((z) => ({
        model: 'base',
        site: 's',
        rendering: 'raw',
        set: 'prompts',
        loading: 'A',
        z,
        z_gap: z / 2,
      })),
    }
    expect(projectionSummaries(data, 'prompts')).toEqual([
      {
        model: 'base',
        kind: 'A',
        n: 3,
        raw: { mean: 3, sd: Math.sqrt(7) },
        gap: { mean: 1.5, sd: Math.sqrt(7) / 2 },
      },
    ])
    expect(projectionSummaries(data, 'texts')).toEqual([])
  })

  it('put the bar of selectivity where the decision puts it', () => {
    const data = pair()
    const claim = data.results.claims[1]!
    const value = (name: string) => claim.measures.find((m) => m.name === name)!.value
    const bar = (0.8 * value('r_prompt')) / Math.exp(value('selective'))
    expect(references(data, WIDE)).toContain(`Selective below ${bar.toFixed(3)}.`)
  })
})

/** The same run with another name for the aligned model, the poles, pools, notes and baselines. */
function renamed(data: ReportData, name: string): ReportData {
  const text = JSON.stringify(data).replaceAll('"aligned"', JSON.stringify(name))
  const out = JSON.parse(
    text.replace(/"(Democrats|Republicans|tf-idf|last_content|within pole A)"/g, JSON.stringify(name)),
  ) as ReportData
  return out
}

/** Words with their extent by a generous width of 12 px letters; translations of groups are summed up. */
function placedTexts(svg: string): { text: string; left: number; right: number }[] {
  const { document } = parseHTML(`<html><body>${svg}</body></html>`)
  return [...document.querySelectorAll('text')].map((t) => {
    const text = t.textContent
    let x = Number(t.getAttribute('x') ?? 0)
    let anchor: string | null = null
    for (let e = t as typeof t.parentElement; e !== null; e = e.parentElement) {
      x += Number(/translate\(([-\d.]+)/.exec(e.getAttribute('transform') ?? '')?.[1] ?? 0)
      anchor ??= e.getAttribute('text-anchor')
    }
    const long = text.length * 6.9
    const left = anchor === 'middle' ? x - long / 2 : anchor === 'end' ? x - long : x
    return { text, left, right: left + long }
  })
}
