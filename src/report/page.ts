/** The report: one HTML file that needs nothing else, from a run's records. */

import { bounded } from './bounded.ts'
import type { ReportData } from './data.ts'
import { count } from './format.ts'
import { type Content, Html, html } from './html.ts'
import { SECTIONS } from './sections/index.ts'
import { headline, isPair, roles } from './select.ts'
import { STYLE } from './style.ts'
import { datum } from './table.ts'
import { roleName } from './words.ts'

/**
 * Renders a run's records as one self-contained HTML page: no script, no request, light and dark, phone,
 * desk and paper. Records are not checked again: read them with `readResults`.
 *
 * @returns the whole document; well under 2 MB whatever the number of projections
 * @example await atomicWrite('report.html', renderReport({ results, manifest, projections }))
 */
export function renderReport(input: ReportData): string {
  const data = bounded(input)
  const shown = SECTIONS.flatMap(({ id, title, render }) => {
    const content = render(data)
    return content === undefined ? [] : [{ id, title, content }]
  })
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="Palimpsest">
<title>${data.results.study}: Palimpsest report</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<a class="skip" href="#answer">To the answer</a>
<header>
<p class="kind">Palimpsest report</p>
<h1>${data.results.study}</h1>
${subject(data)}
</header>
<nav aria-label="Contents">
<ol>
${shown.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>\n`)}</ol>
</nav>
<main>
${shown.map(
  ({ id, title, content }) => html`<section id="${id}" aria-labelledby="${id}-heading">
<h2 id="${id}-heading">${title}</h2>
${content}
</section>
`,
)}</main>
</body>
</html>
`
  return page.markup
}

/** What was compared, on what: the line below the title. */
function subject(data: ReportData): Html {
  const { models, domain, poles } = data.results
  const facts: [string, Content][] = roles(data).map((role) => {
    const m = models.find((x) => x.role === role)!
    return [
      isPair(data) ? `${roleName(role)} model` : 'Model',
      html`<code>${m.ref}</code> ${m.family}, ${count(m.layers)} layers of width ${count(m.width)}, ${m.precision}`,
    ]
  })
  if (domain !== undefined || poles !== undefined)
    facts.push([
      'Domain',
      html`${domain}${domain && poles ? ': ' : ''}${poles && html`<span class="a">${poles.A}</span> (A) against <span class="b">${poles.B}</span> (B)`}`,
    ])
  const auc = headline(data, 'direction', { name: 'auc' })
  const ratio = headline(data, 'compression', { name: 'r_prompt' })
  const sizes: Content[] = []
  if (auc) sizes.push(size(auc.n, 'labelled texts', auc.groups, 'from', 'groups'))
  if (ratio) sizes.push(size(ratio.n, 'prompts', ratio.groups, 'on', 'issues'))
  if (sizes.length > 0) facts.push(['Measured on', sizes.length > 1 ? [sizes[0], ', ', sizes[1]] : sizes])
  return html`<dl class="facts">
${facts.map(([term, fact]) => html`<div><dt>${term}</dt><dd>${fact}</dd></div>\n`)}</dl>`
}

function size(n: number, what: string, groups: number | undefined, join: string, units: string): Html {
  return html`${datum(n, count(n))} ${what}${groups === undefined ? '' : html` ${join} ${datum(groups, count(groups))} ${units}`}`
}
