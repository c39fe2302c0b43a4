import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pair, subject } from '../../test/fixtures/report/synthetic.ts'
import { bounded } from './bounded.ts'
import { density } from './figures/density.ts'
import { logTicks } from './figures/forest.ts'
import { spread } from './figures/labels.ts'
import { clip, count, estimate, interval, number, plain, probability, pValue } from './format.ts'
import { escapeHtml, html } from './html.ts'
import { headline, isPair, layerOf, ownerOf, primary, roles, series, threshold } from './select.ts'
import { DARK, LIGHT } from './style.ts'
import { inSentence, labelWords, list, measureName, plainName, roleName, verdictMeaning } from './words.ts'

describe('numbers in words', () => {
  it.each([
    [0.77512, '0.775'],
    [-0.0412, '−0.041'],
    [0, '0.000'],
    [1.5, '1.50'],
    [12.34, '12.3'],
    [190491, '190,491'],
    [2.1e-13, '2.1 × 10⁻¹³'],
    [Number.NaN, 'not a number'],
    [Number.NEGATIVE_INFINITY, '−∞'],
  ])('%f is %s', (value, text) => expect(number(value)).toBe(text))

  it('share decimals between value and interval', () => {
    expect(estimate({ value: 0.775, ci: [0.75, 0.8] })).toBe('0.775 (0.750 to 0.800)')
    expect(estimate({ value: 0.96, ci: [0.9, 1.02] })).toBe('0.96 (0.90 to 1.02)')
    expect(interval([-0.1, 0.2])).toBe('−0.100 to 0.200')
    expect(count(6000)).toBe('6,000')
    expect([0.5, 20, 0.125, -2].map(plain)).toEqual(['0.5', '20', '0.125', '−2'])
  })

  it('never print a p of zero or one', () => {
    expect([0, 0.0004, 0.0123, 0.29, 1].map(probability)).toEqual([
      '< 0.001',
      '< 0.001',
      '0.012',
      '0.29',
      '> 0.999',
    ])
    expect(pValue(0.0004)).toBe('p < 0.001')
    expect(pValue(0.2, 'q')).toBe('q = 0.20')
  })

  it('clip between characters', () => {
    expect(clip('abcdef', 4)).toBe('abc…')
    expect(clip('ab😀cd', 4)).toBe('ab…')
    expect(clip('abcd', 4)).toBe('abcd')
  })
})

describe('html', () => {
  it('escapes every value and nothing twice', () => {
    expect(html`<p title="${'"'}">${['a < b', html`<b>${'&'}</b>`, undefined, 3]}</p>`.markup).toBe(
      '<p title="&quot;">a &lt; b<b>&amp;</b>3</p>',
    )
    expect(escapeHtml('\u0000\ud800x')).toBe('\ufffd\ufffdx')
  })
})

describe('bounds', () => {
  it('cut names and keep numbers, and names that were equal stay equal', () => {
    const data = pair()
    const long = 'é'.repeat(5000)
    const out = bounded({
      ...data,
      results: { ...data.results, study: long, warnings: Array(500).fill(long) },
      projections: [{ ...data.projections[0]!, model: long }],
    })
    expect(out.results.study).toHaveLength(120)
    expect(out.projections[0]!.model).toBe(out.results.study)
    expect(out.results.warnings).toHaveLength(200)
    expect(out.results.warnings[0]).toHaveLength(4000)
    expect(out.results.claims).toEqual(data.results.claims)
  })
})

describe('selection', () => {
  const data = pair()
  it('takes the primary cell', () => {
    expect(headline(data, 'direction', { name: 'auc', model: 'base' })).toMatchObject({
      estimator: 'logistic',
      folds: 'group',
      note: 'the layer is chosen inside the training folds',
    })
    expect(headline(data, 'compression', { name: 'sd_raw', model: 'base', rendering: 'chat' })?.value).toBe(
      0.208,
    )
    expect(
      new Set(primary(data, 'direction', { name: 'auc', model: 'base' }, ['layer']).map((m) => m.estimator)),
    ).toEqual(new Set(['logistic']))
    expect(series(data, 'compression', 'reference_log_ratios')?.values).toHaveLength(214)
    expect(headline(data, 'identity', { name: 'gain' })).toBeUndefined()
  })

  it('knows layers, owners, roles and thresholds', () => {
    expect(layerOf({ site: 'blocks.24.hook_resid_post' })).toBe(24)
    expect(layerOf({ site: 'hook_embed' })).toBeUndefined()
    expect(ownerOf({ name: 'baseline_auc', value: 0, n: 1, note: 'of aligned' })).toBe('aligned')
    expect(roles(data)).toEqual(['base', 'aligned'])
    expect([isPair(data), isPair(subject())]).toEqual([true, false])
    expect([threshold(data, 'lost', 1), threshold(data, 'unknown', 0.3)]).toEqual([0.25, 0.3])
  })
})

describe('words', () => {
  it('name what is known and show the rest as it is', () => {
    expect([measureName('excess_auc'), measureName('new_thing'), measureName('constructor')]).toEqual([
      'Excess over the larger random baseline',
      'New thing',
      'Constructor',
    ])
    expect([roleName('base'), roleName('sft'), roleName('__proto__')]).toEqual(['Base', 'sft', '__proto__'])
    expect(verdictMeaning('masked (thin)')).toBe(verdictMeaning('masked'))
    expect(verdictMeaning('mixed: lost to the probe')).not.toBe('')
    expect([plainName('excess_auc'), inSentence('LDA'), inSentence('Base'), labelWords('lost')]).toEqual([
      'Excess AUC',
      'LDA',
      'base',
      'Lost',
    ])
    expect([list([]), list(['a']), list(['a', 'b', 'c'])]).toEqual(['', 'a', 'a, b and c'])
  })
})

describe('drawing', () => {
  it('spreads labels: in order, apart, within bounds', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: 1, maxLength: 12 }),
        (wanted) => {
          const placed = spread(wanted, 5, 0, 100)
          const order = wanted.map((_, i) => i).sort((a, b) => wanted[a]! - wanted[b]! || a - b)
          for (let k = 0; k < order.length; k++) {
            const y = placed[order[k]!]!
            expect(y).toBeGreaterThanOrEqual(-1e-9)
            expect(y).toBeLessThanOrEqual(100 + 1e-9)
            if (k > 0) expect(y - placed[order[k - 1]!]!).toBeGreaterThanOrEqual(5 - 1e-9)
          }
        },
      ),
    )
    expect(spread([1, 1.1, 5], 1, 0, 10).map((v) => Number(v.toFixed(6)))).toEqual([0.55, 1.55, 5])
  })

  it('draws densities that hold the values’ share', () => {
    const values = Array.from({ length: 500 }, (_, i) => Math.sin(i * 12.9898) * 0.5)
    const curve = density(values, -2, 2)
    const step = curve[1]!.x - curve[0]!.x
    expect(curve.reduce((sum, p) => sum + p.density * step, 0)).toBeCloseTo(1, 2)
    expect(density([1], 0, 2).every((p) => Number.isFinite(p.density))).toBe(true)
  })

  it('picks few round ticks for ratios', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -3, max: 3, noNaN: true }),
        fc.double({ min: 0.2, max: 4, noNaN: true }),
        (at, span) => {
          const ticks = logTicks([Math.exp(at), Math.exp(at + span)])
          expect(ticks.length).toBeLessThanOrEqual(8)
        },
      ),
    )
  })
})

describe('colours', () => {
  it.each([
    ['light', LIGHT],
    ['dark', DARK],
  ])('are readable as text in the %s page: contrast of 4.5 at least', (_, colours) => {
    const { paper, tint, rule, ...texts } = colours
    for (const ground of [paper, tint])
      for (const [name, colour] of Object.entries(texts))
        expect(contrast(colour, ground), name).toBeGreaterThan(4.5)
    expect(rule).not.toBe(paper)
  })
})

/** WCAG 2.2, relative luminance and contrast ratio. */
function contrast(a: string, b: string): number {
  const luminance = (hex: string) => {
    const [r, g, blue] = [1, 3, 5].map((i) => {
      const c = Number.parseInt(hex.slice(i, i + 2), 16) / 255
      return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * blue!
  }
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (light! + 0.05) / (dark! + 0.05)
}
