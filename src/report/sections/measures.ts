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
    return html`<p>All ${count(total)} numbers of this run with what is needed to judge them. What is the same for all numbers of one name stands once, in the line above them; cells hold what differs. The browser’s search finds them once a table is open. <code>results.json</code> and <code>study.duckdb</code> beside this file hold them in full precision.</p>
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
const COLUMNS = 8

function claimTable(c: Claim): Html {
  const shown = c.measures.slice(0, MAX_ROWS)
  const names = [...new Set(shown.map((m) => m.name))]
  const left = c.measures.length - shown.length
  return html`${scrolling(html`<table class="all">
<caption>Measures of claim ${CLAIMS.indexOf(c.id) + 1}, ${QUESTIONS[c.id].title.toLowerCase()}.</caption>
<thead><tr><th scope="col">Where</th><th scope="col" class="n">Value</th><th scope="col" class="n">Interval</th><th scope="col" class="n">n, groups</th><th scope="col" class="n">Null: mean, 95th percentile, draws</th><th scope="col" class="n">p</th><th scope="col" class="n">q</th><th scope="col">How</th></tr></thead>
${names.map((name) =>
  group(
    name,
    shown.filter((m) => m.name === name),
  ),
)}</table>`)}${left > 0 ? html`<p>${count(left)} more are in <code>results.json</code>.</p>` : ''}`
}

/** The measures of one name: a line with what they share, then a row each. */
function group(name: string, rows: readonly Measure[]): Html {
  const shared = new Set(
    [...WHERE, ...HOW].map(([key]) => key).filter((key) => rows.every((m) => m[key] === rows[0]![key])),
  )
  // A site that only repeats the layer's number adds nothing to a row.
  const skip = new Set<keyof Measure>(shared)
  if (rows.every((m) => m.layer === undefined || m.site === `blocks.${m.layer}.hook_resid_post`))
    if (!shared.has('layer') && rows.every((m) => m.layer !== undefined)) skip.add('site')
  const common = inWords([...WHERE, ...HOW], rows[0]!, (key) => shared.has(key))
  return html`<tbody>
<tr class="name"><th scope="rowgroup" colspan="${COLUMNS}">${measureName(name)} <code>${name}</code> <span class="ci">${common}</span></th></tr>
${rows.map((m) => row(m, skip))}</tbody>
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
  return html`<tr><th scope="row">${inWords(WHERE, m, (key) => !skip.has(key))}</th><td class="n">${datum(m.value)}</td><td class="n">${m.ci && bounds(m.ci)}</td><td class="n">${sizes}</td><td class="n">${none}</td><td class="n">${chance(m.p)}</td><td class="n">${chance(m.q)}</td><td>${inWords(how, m, (key) => !skip.has(key))}</td></tr>\n`
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
