/** Where the numbers come from: the models by content, and the manifest as the run wrote it. */

import type { ReportData } from '../data.ts'
import { count } from '../format.ts'
import { type Content, type Html, html } from '../html.ts'
import type { Section } from '../section.ts'
import { table } from '../table.ts'
import { plainName, roleName } from '../words.ts'

/** Bounds on what is shown of a manifest; the file itself is beside the report. */
const MAX_DEPTH = 6
const MAX_ENTRIES = 200

export const provenance: Section = {
  id: 'provenance',
  title: 'Provenance',
  render(data: ReportData) {
    const { models, seed } = data.results
    const manifest = Object.entries(data.manifest)
    return html`${table(
      'Models, by the content of their weights.',
      [
        { head: 'Role', cell: (m) => roleName(m.role) },
        { head: 'Reference', cell: (m) => html`<code>${m.ref}</code>` },
        { head: 'Family', cell: (m) => m.family },
        { head: 'Layers', numeric: true, cell: (m) => count(m.layers) },
        { head: 'Width', numeric: true, cell: (m) => count(m.width) },
        { head: 'Precision', cell: (m) => m.precision },
        { head: 'Hash', cell: (m) => html`<code class="hash">${m.hash}</code>` },
      ],
      models,
    )}
<p>All random numbers are drawn from counter-based streams (Philox) keyed by the seed ${seed}, the stage and the item: the same inputs and seed give the same numbers.</p>
${manifest.length > 0 ? html`<h3>Manifest</h3>\n${tree(manifest, 0)}` : ''}`
  },
}

function tree(entries: readonly (readonly [string, unknown])[], depth: number): Html {
  const shown = entries.slice(0, MAX_ENTRIES)
  const left = entries.length - shown.length
  return html`<dl class="facts">${shown.map(
    ([key, value]) => html`<div><dt>${plainName(key)}</dt><dd>${leaf(value, depth)}</dd></div>\n`,
  )}${left > 0 ? html`<div><dt>and ${count(left)} more</dt><dd>in <code>manifest.json</code></dd></div>` : ''}</dl>`
}

function leaf(value: unknown, depth: number): Content {
  if (value === null || value === undefined) return '–'
  if (typeof value !== 'object') return html`<code>${String(value)}</code>`
  if (depth >= MAX_DEPTH) return '…'
  if (Array.isArray(value) && value.every((v) => typeof v !== 'object'))
    return html`<code>${value.slice(0, MAX_ENTRIES).join(', ')}${value.length > MAX_ENTRIES ? ', …' : ''}</code>`
  if (Array.isArray(value))
    return tree(
      value.map((v, i) => [nameOf(v) ?? `${i + 1}`, v] as const),
      depth + 1,
    )
  return tree(Object.entries(value), depth + 1)
}

/** What a record in a list is called. */
function nameOf(value: unknown): string | undefined {
  if (value === null || typeof value !== 'object') return undefined
  const name = 'role' in value ? value.role : 'name' in value ? value.name : undefined
  return typeof name === 'string' ? name : undefined
}
