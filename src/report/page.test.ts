import fc from 'fast-check'
import { parseHTML } from 'linkedom'
import { describe, expect, it } from 'vitest'
import { pair, subject } from '../../test/fixtures/report/synthetic.ts'
import { markupFaults, vocabulary } from '../../test/support/markup.ts'
import { type Claim, type Measure, parseResults } from '../study/results.ts'
import type { ReportData } from './data.ts'
import { estimate } from './format.ts'
import { renderReport } from './page.ts'

const document = (markup: string) => parseHTML(markup).document
const clone = (data: ReportData) => structuredClone(data) as Mutable<ReportData>
type Mutable<T> = { -readonly [K in keyof T]: Mutable<T[K]> }

const RUNS = { pair: pair(), subject: subject(), 'nothing measured': nothing() }

/** A study whose claims all failed before a number was taken. */
function nothing(): ReportData {
  const data = clone(subject())
  data.results.claims = []
  data.projections = []
  data.manifest = {}
  delete data.results.poles
  return data
}

describe.each(Object.entries(RUNS))('the page of %s', (_, data) => {
  const markup = renderReport(data)
  const page = document(markup)
  const all = (selector: string) => [...page.querySelectorAll(selector)]

  it('is well-formed', () => {
    expect(markupFaults(markup)).toEqual([])
    expect(markup.startsWith('<!doctype html>\n<html lang="en">')).toBe(true)
    expect(all('meta[charset="utf-8"], meta[name="viewport"], head > title')).toHaveLength(3)
  })

  it('needs nothing else: no script, no request, no handler', () => {
    expect(all('script, link, img, iframe, object, embed, base, form')).toEqual([])
    expect(markup.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(
      /https?:|url\(|@import|javascript:|data:/,
    )
    expect([...vocabulary(markup).attributes].filter((a) => /^on|^src|^xlink/.test(a))).toEqual([])
  })

  it('has unique ids, and no link or label without its target', () => {
    const ids = all('[id]').map((e) => e.id)
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([])
    const wanted = [
      ...all('a[href]').map((e) => e.getAttribute('href')!.replace(/^#/, '')),
      ...all('[aria-labelledby]').flatMap((e) => e.getAttribute('aria-labelledby')!.split(' ')),
    ]
    expect(wanted.filter((id) => !ids.includes(id))).toEqual([])
  })

  it('has headings in order, one of the first level', () => {
    const levels = all('h1, h2, h3, h4, h5, h6').map((e) => Number(e.tagName[1]))
    expect(levels.filter((l) => l === 1)).toHaveLength(1)
    for (let i = 1; i < levels.length; i++) expect(levels[i]! - levels[i - 1]!).toBeLessThanOrEqual(1)
  })

  it('has tables with a caption, scoped headers and rows of equal length', () => {
    for (const table of all('table')) {
      expect(table.querySelector('caption')?.textContent.trim()).toBeTruthy()
      for (const th of table.querySelectorAll('th'))
        expect(['col', 'row', 'rowgroup']).toContain(th.getAttribute('scope'))
      const lengths = [...table.querySelectorAll('tr')].map((tr) =>
        [...tr.children].reduce((n, cell) => n + Number(cell.getAttribute('colspan') ?? 1), 0),
      )
      expect(new Set(lengths).size).toBe(1)
    }
  })

  it('has figures with a caption, a drawing for desk and phone, and words for both', () => {
    for (const f of all('figure')) {
      expect(f.querySelector('figcaption')?.textContent.trim()).toBeTruthy()
      const drawings = [...f.querySelectorAll('.wide > svg, .narrow > svg')]
      expect(drawings).toHaveLength(2)
      for (const svg of drawings) {
        expect(svg.getAttribute('role')).toBe('img')
        expect(svg.querySelector('title')?.textContent).toBeTruthy()
        expect(svg.querySelector('desc')?.textContent.length).toBeGreaterThan(20)
      }
    }
  })

  it('begins with the answer and lists all seven claims', () => {
    expect(page.querySelector('main > section')?.id).toBe('answer')
    const rows = [...page.querySelector('#answer table')!.querySelectorAll('tbody tr')]
    const status = (row: (typeof rows)[number]) =>
      row.lastElementChild!.textContent.replace(/^\W+/u, '').toLowerCase()
    expect(rows.map(status)).toEqual(
      ['direction', 'compression', 'behaviour', 'features', 'steering', 'geometry', 'identity'].map(
        (id) => data.results.claims.find((c) => c.id === id)?.status ?? 'not tested',
      ),
    )
  })

  it('prints every warning, reason, threshold and model', () => {
    const text = page.body.textContent
    for (const w of data.results.warnings) expect(text).toContain(w)
    for (const b of data.results.verdict?.because ?? []) expect(text).toContain(b)
    for (const c of data.results.claims) expect(text).toContain(c.words)
    const thresholds = page.querySelector('#thresholds')!.textContent
    for (const [key, value] of Object.entries(data.results.thresholds)) {
      expect(thresholds).toContain(key)
      expect(thresholds).toContain(String(value))
    }
    for (const m of data.results.models)
      expect(page.querySelector('#provenance')!.textContent).toContain(m.hash)
  })
})

describe('the made-up runs', () => {
  it('are results.json as it is read', () => {
    for (const data of [pair(), subject()])
      expect(parseResults(JSON.parse(JSON.stringify(data.results)), 'fixture')).toEqual(data.results)
  })
})

describe('numbers', () => {
  const data = pair()
  const page = document(renderReport(data))

  it('in a claim’s section are those of its measures, gates and thresholds, rounded', () => {
    for (const claim of data.results.claims) {
      const known = new Set([...numbersOf(claim), ...Object.values(data.results.thresholds)].map(Number))
      const printed = [...page.querySelectorAll(`#${claim.id} data`)]
      expect(printed.length).toBeGreaterThan(20)
      for (const d of printed) {
        const value = Number(d.getAttribute('value'))
        expect(known).toContain(value)
        expect(agrees(d.textContent, value), `${d.textContent} for ${value}`).toBe(true)
      }
    }
  })

  it('beside the rows of a forest plot are a measure’s', () => {
    const estimates = new Set(data.results.claims.flatMap((c) => c.measures).map(estimate))
    const rows = [...page.querySelectorAll('figure svg text')]
      .map((t) => t.textContent)
      .filter((t) => /^−?[\d.]+ \(.* to .*\)$/.test(t))
    expect(rows.length).toBeGreaterThan(40)
    for (const row of rows) expect(estimates).toContain(row)
  })

  it('are all in the table of all measures, each with its interval, p and q', () => {
    for (const claim of data.results.claims) {
      const left = new Map<string, number>()
      for (const m of claim.measures) left.set(signature(m), (left.get(signature(m)) ?? 0) + 1)
      const caption = [...page.querySelectorAll('#measures caption')].find((c) =>
        c.textContent.toLowerCase().includes(claim.id),
      )!
      const rows = [...caption.parentElement!.querySelectorAll('tbody tr:not(.name)')]
      expect(rows).toHaveLength(claim.measures.length)
      for (const tr of rows) {
        const cells = [...tr.children]
        const values = (i: number) =>
          [...cells[i]!.querySelectorAll('data')].map((d) => d.getAttribute('value'))
        const key = [1, 2, 4, 5, 6].map((i) => values(i).join()).join(';')
        expect(left.get(key), key).toBeGreaterThan(0)
        left.set(key, left.get(key)! - 1)
      }
    }
  })

  it('change in the page when they change in the record', () => {
    const other = clone(data)
    const m = other.results.claims[0]!.measures.find((x) => x.name === 'excess_auc')!
    m.value = 0.0612345
    expect(renderReport(other)).toContain('0.061 (')
    expect(renderReport(other)).toContain('value="0.0612345"')
    expect(renderReport(data)).not.toContain('0.0612345')
  })
})

describe('statuses and missing parts', () => {
  it('shows a claim that has no section of its own', () => {
    const data = clone(pair())
    data.results.claims.push({
      id: 'behaviour',
      status: 'untestable',
      words: 'The classifier did not reach its bar.',
      gates: [{ name: 'classifier AUC', passed: false, value: null, threshold: 0.8 }],
      measures: [{ name: 'contrast', value: 0.25, n: 40 }],
    })
    const page = document(renderReport(data))
    const section = page.querySelector('#behaviour')!.textContent
    expect(section).toContain('The classifier did not reach its bar.')
    expect(section).toContain('a gate failed')
    expect(section).toMatch(/classifier AUC\s*not computed\s*0\.8\s*failed/)
    expect(page.querySelector('#measures')!.textContent).toContain('contrast')
    expect(page.querySelector('nav')!.textContent).toContain('Behaviour')
  })

  it('does without any measure', () => {
    const names = new Set(pair().results.claims.flatMap((c) => c.measures.map((m) => m.name)))
    for (const name of names) {
      const data = clone(pair())
      for (const c of data.results.claims) c.measures = c.measures.filter((m) => m.name !== name)
      data.projections = []
      expect(markupFaults(renderReport(data)), name).toEqual([])
    }
  }, 120_000)

  it('does without intervals, nulls, layers and class-gap units', () => {
    const data = clone(pair())
    for (const c of data.results.claims)
      for (const m of c.measures)
        for (const key of ['ci', 'null', 'layer', 'level', 'p', 'q', 'groups', 'method'] as const)
          delete m[key]
    for (const p of data.projections) delete p.z_gap
    const page = document(renderReport(data))
    expect(page.querySelector('#projections-texts-desc')!.textContent).toMatch(/SD [\d.]+ raw\./)
    const figures = [...page.querySelectorAll('#direction figure')].map(
      (f) => f.querySelector('.wide')!.textContent,
    )
    expect(figures.filter((text) => text.includes('projection, raw'))).toHaveLength(1)
    expect(figures.filter((text) => text.includes('class-gap'))).toEqual([])
  })
})

describe('hostile input', () => {
  const base = document(renderReport(marked('x')))
  const known = vocabulary(renderReport(marked('x')))
  const nasty = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.string({ unit: 'grapheme', maxLength: 60 }),
    fc.constantFrom(
      '<script>alert(1)</script>',
      '"><img src=x onerror=alert(1)>',
      "' onmouseover='alert(1)",
      '</style><script>1</script>',
      '</title></svg><b>',
      '&lt;b&gt; &amp;amp;',
      '<!--',
      '__proto__',
      'constructor',
      'toString',
      ']]>',
      '\n \t two\r\nlines',
      '\u0000\u0008\ud800',
      'a'.repeat(30_000),
      '<'.repeat(5_000),
    ),
  )

  it('stays text wherever it stands', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const markup = renderReport(marked(text))
        expect(markupFaults(markup)).toEqual([])
        const found = vocabulary(markup)
        expect([...found.elements].filter((e) => !known.elements.has(e))).toEqual([])
        expect([...found.attributes].filter((a) => !known.attributes.has(a))).toEqual([])
        expect(document(markup).querySelectorAll('section').length).toBe(
          base.querySelectorAll('section').length,
        )
        // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
        const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]|\p{Surrogate}/u.exec(markup)
        expect(forbidden && markup.slice(forbidden.index - 80, forbidden.index + 20)).toBeNull()
        expect(markup.length).toBeLessThan(2_000_000)
      }),
      { numRuns: 40, endOnFailure: true },
    )
  }, 120_000)

  it('comes back unharmed from the page', () => {
    const text = `<b>"it's" & 'that'</b>`
    const page = document(renderReport(marked(text)))
    expect(page.querySelector('h1')!.textContent).toBe(text)
    expect(page.querySelector('.warnings li')!.textContent).toBe(text)
    expect(page.querySelector('#direction .lead')!.textContent).toBe(text)
  })
})

describe('size', () => {
  it('stays under 2 MB with 80 layers, many baselines and a hundred thousand projections', () => {
    const data = clone(pair())
    const claim = data.results.claims[0]!
    const layered = claim.measures.filter((m) => m.layer !== undefined && m.name === 'auc')
    for (let extra = 0; extra < 2; extra++)
      for (const m of layered) claim.measures.push({ ...m, layer: m.layer! + 30 * (extra + 1) })
    for (const m of [...claim.measures])
      if (m.name === 'auc') claim.measures.push({ ...m, name: 'auc_delong' }, { ...m, name: 'cohens_d' })
    data.projections = Array.from({ length: 100_000 }, (_, i) => ({
      ...data.projections[i % data.projections.length]!,
      z: Math.sin(i) + Math.cos(3 * i),
      z_gap: Math.sin(i),
    }))
    const markup = renderReport(data)
    expect(claim.measures.length).toBeGreaterThan(1500)
    expect(markup.length).toBeLessThan(2_000_000)
    expect(renderReport(pair()).length).toBeLessThan(600_000)
  })
})

function numbersOf(claim: Claim): number[] {
  return [
    ...claim.measures.flatMap((m) => [
      m.value,
      ...(m.ci ?? []),
      ...(m.null ? [m.null.mean, m.null.q95, m.null.draws] : []),
      m.n,
      m.groups ?? m.n,
      m.p ?? m.n,
      m.q ?? m.n,
    ]),
    ...claim.gates.flatMap((g) => [g.value ?? g.threshold, g.threshold]),
    ...(claim.series ?? []).flatMap((s) => s.values),
  ]
}

/** Value, interval, null, p and q as the table's cells hold them. */
function signature(m: Measure): string {
  return [
    m.value,
    m.ci?.join() ?? '',
    m.null ? [m.null.mean, m.null.q95, m.null.draws].join() : '',
    m.p ?? '',
    m.q ?? '',
  ].join(';')
}

/** Whether a printed number is the value, to half a unit of its last digit. */
function agrees(text: string, value: number): boolean {
  if (text === '< 0.001') return value < 0.001
  if (text === '> 0.999') return value > 0.999
  const power = /^(−?[\d.]+) × 10(.+)$/.exec(text)
  if (power)
    return (
      Math.abs(Number(power[1]!.replace('−', '-')) / Number(value.toExponential(1).split('e')[0]) - 1) < 1e-9
    )
  const plain = text.replace('−', '-').replaceAll(',', '')
  const digits = plain.split('.')[1]?.length ?? 0
  return Math.abs(Number(plain) - value) <= 0.5000001 * 10 ** -digits
}

/** A small run with the same text in every place that a study, a model or a file can name. */
function marked(text: string): ReportData {
  const some = text === '' ? ' ' : text
  const measure = (name: string, more: Partial<Measure>): Measure => ({
    name,
    value: 0.7,
    ci: [0.6, 0.8],
    level: 0.95,
    n: 10,
    groups: 5,
    method: some,
    family: some,
    note: some,
    ...more,
  })
  const measures = [0, 1, 2].flatMap((layer) =>
    [some, 'logistic'].map((estimator) =>
      measure('auc', { model: some, layer, site: some, estimator, pool: some, folds: some, p: 0.2, q: 0.3 }),
    ),
  )
  measures.push(
    measure('baseline_auc', { model: `${some} baseline` }),
    measure('excess_auc', { model: some, site: some }),
    measure('retention', { pool: some, model: 'aligned' }),
    measure('transfer_auc', { fit: some, test: some }),
    measure('cosine_estimators', { model: some, note: `${some} | other` }),
    measure('score_correlation', { model: some }),
    measure(some, { model: some, axis: some }),
  )
  const claim = {
    status: 'supported' as const,
    label: some,
    words: some,
    gates: [{ name: some, passed: true, value: 1, threshold: 1, note: some }],
  }
  const record = { family: some, layers: 3, width: 8, precision: some, hash: some, ref: some }
  return {
    results: {
      format: 1,
      study: some,
      domain: some,
      poles: { A: some, B: some },
      seed: 1,
      models: [
        { role: some, ...record },
        { role: 'aligned', ...record },
      ],
      verdict: { label: some, because: [some], inputs: { [some]: some } },
      claims: [
        { id: 'direction', ...claim, measures },
        {
          id: 'compression',
          ...claim,
          measures: [
            measure('r_prompt', { axis: some }),
            measure('r_prompt', { axis: `${some} 2` }),
            measure('selective', {}),
            measure('sd_raw', { model: some }),
          ],
          series: [{ name: 'reference_log_ratios', axis: some, values: [-0.2, 0, 0.1], note: some }],
        },
      ],
      warnings: [some],
      thresholds: { [some]: some, retained: some },
    },
    manifest: { [some]: { [some]: [some, { [some]: some }] } },
    projections: [-1, 0, 1, 2].flatMap((z) => [
      {
        model: some,
        site: some,
        rendering: 'raw' as const,
        set: 'texts' as const,
        pole: z > 0 ? ('A' as const) : ('B' as const),
        z,
        z_gap: z,
      },
      {
        model: some,
        site: some,
        rendering: 'raw' as const,
        set: 'prompts' as const,
        issue: some,
        loading: 'A' as const,
        z,
        z_gap: z,
      },
    ]),
  }
}
