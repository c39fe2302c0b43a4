/** Every number of the run, in one table a claim, for the browser's own search. */

import { CLAIMS, type Claim, type Measure } from '../../study/results.ts'
import type { ReportData } from '../data.ts'
import { count, number } from '../format.ts'
import { type Content, type Html, html } from '../html.ts'
import type { Section } from '../section.ts'
import { claims } from '../select.ts'
import { bounds, chance, datum, folded, scrolling } from '../table.ts'
import { measureName, QUESTIONS } from '../words.ts'

/** Rows shown of one claim: the file stays small enough to be mailed. */
const MAX_ROWS = 4000

export const allMeasures: Section = {
  id: 'measures',
  title: 'All measures',
  render(data: ReportData) {
    const found = claims(data).filter((c) => c.measures.length > 0)
    if (found.length === 0) return undefined
    const total = found.reduce((sum, c) => sum + c.measures.length, 0)
    return html`<p>All ${count(total)} numbers of this run with what is needed to judge them. What is the same for all numbers of one name stands once, in the line above them; cells hold what differs. Layer 7 is short for the site <code>blocks.7.hook_resid_post</code>. The browser’s search finds them once a table is open. <code>results.json</code> and <code>study.duckdb</code> beside this file hold them in full precision.</p>
${found.map((c) => folded(html`${QUESTIONS[c.id].title}: ${count(c.measures.length)} measures`, claimTable(c)))}`
  },
}

/** The part of a measure that says where it was taken, in reading order. */
const WHERE: readonly [key: keyof Measure, words: (value: string) => string][] = [
  ['model', (v) => v],
  ['layer', (v) => `layer ${v}`],
  ['site', (v) => v],
  ['estimator', (v) => v],
  ['axis', (v) => `axis ${v}`],
  ['fit', (v) => `fitted on ${v}`],
  ['test', (v) => `tested on ${v}`],
  ['rendering', (v) => v],
  ['pool', (v) => `pool ${v}`],
  ['folds', (v) => `folds by ${v}`],
  ['condition', (v) => v],
  ['note', (v) => v],
]
const HOW: readonly [key: keyof Measure, words: (value: string) => string][] = [
  ['level', (v) => `${number(Number(v) * 100, 0)}% interval`],
  ['method', (v) => v],
  ['n', (v) => `n ${count(Number(v))}`],
  ['groups', (v) => `${count(Number(v))} groups`],
  ['family', (v) => `family ${v}`],
  ['seed', (v) => `seed ${v}`],
]
/** Measures that agree in these stand together. */
const ALIKE = ['name', 'folds', 'pool', 'rendering', 'axis'] as const
const COLUMNS = 8

function claimTable(c: Claim): Html {
  const shown = c.measures.slice(0, MAX_ROWS)
  const groups = new Map<string, Measure[]>()
  for (const m of shown) {
    const key = JSON.stringify(ALIKE.map((k) => m[k] ?? null))
    groups.set(key, [...(groups.get(key) ?? []), m])
  }
  const left = c.measures.length - shown.length
  return html`${scrolling(html`<table class="all">
<caption>Measures of claim ${CLAIMS.indexOf(c.id) + 1}, ${QUESTIONS[c.id].title.toLowerCase()}.</caption>
<thead><tr><th scope="col">Where</th><th scope="col" class="n">Value</th><th scope="col" class="n">Interval</th><th scope="col" class="n">n, groups</th><th scope="col" class="n">Null: mean, 95th percentile, draws</th><th scope="col" class="n">p</th><th scope="col" class="n">q</th><th scope="col">How</th></tr></thead>
${[...groups.values()].map(group)}</table>`)}${left > 0 ? html`<p>${count(left)} more are in <code>results.json</code>.</p>` : ''}`
}

/** Measures taken alike: a line with what they share, then a row each. */
function group(rows: readonly Measure[]): Html {
  const { name } = rows[0]!
  const shared = new Set<keyof Measure>([
    ...WHERE.map(([key]) => key).filter((key) => rows.every((m) => m[key] === rows[0]![key])),
    // How a number was made is said once also where some rows lack it: they have no interval or test.
    ...HOW.map(([key]) => key).filter((key) => new Set(rows.flatMap((m) => m[key] ?? [])).size <= 1),
  ])
  const first = Object.assign({}, ...[...rows].reverse()) as Measure
  const common = inWords([...WHERE, ...HOW], first, (key) => shared.has(key))
  return html`<tbody>
<tr class="name"><th scope="rowgroup" colspan="${COLUMNS}">${measureName(name)} <code>${name}</code> <span class="ci">${common}</span></th></tr>
${rows.map((m) => row(m, shared))}</tbody>
`
}

function row(m: Measure, skip: ReadonlySet<keyof Measure>): Html {
  const sizes: Content = [
    skip.has('n') ? '' : datum(m.n, count(m.n)),
    skip.has('groups') || m.groups === undefined ? '' : html`, ${datum(m.groups, count(m.groups))}`,
  ]
  const none: Content =
    m.null && html`${datum(m.null.mean)}, ${datum(m.null.q95)}, ${datum(m.null.draws, count(m.null.draws))}`
  const how = HOW.filter(([key]) => key !== 'n' && key !== 'groups')
  return html`<tr><th scope="row">${inWords(WHERE, m, (key) => !skip.has(key) && !(key === 'site' && repeatsLayer(m)))}</th><td class="n">${datum(m.value)}</td><td class="n">${m.ci && bounds(m.ci)}</td><td class="n">${sizes}</td><td class="n">${none}</td><td class="n">${chance(m.p)}</td><td class="n">${chance(m.q)}</td><td>${inWords(how, m, (key) => !skip.has(key))}</td></tr>\n`
}

/** Whether the site says no more than the layer's number. */
function repeatsLayer(m: Measure): boolean {
  return m.layer !== undefined && m.site === `blocks.${m.layer}.hook_resid_post`
}

function inWords(
  keys: readonly [key: keyof Measure, words: (value: string) => string][],
  m: Measure,
  wanted: (key: keyof Measure) => boolean,
): string {
  return keys
    .filter(([key]) => wanted(key) && m[key] !== undefined)
    .map(([key, words]) => words(String(m[key])))
    .join(' · ')
}
