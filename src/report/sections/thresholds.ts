/** Every threshold that a decision used, as it was set before the run. */

import type { ReportData } from '../data.ts'
import { type Html, html } from '../html.ts'
import type { Section } from '../section.ts'
import { datum, table } from '../table.ts'
import { plainName, thresholdMeaning } from '../words.ts'

export const thresholds: Section = {
  id: 'thresholds',
  title: 'Thresholds',
  render(data) {
    const all = Object.entries(data.results.thresholds)
    if (all.length === 0) return undefined
    return html`${registered(data)}<p>Set in the study file, or by default, before anything was measured; each decision above used these.</p>
${table(
  'Thresholds of this run.',
  [
    { head: 'Threshold', cell: ([key]) => html`${plainName(key)} <code>${key}</code>` },
    {
      head: 'Value',
      numeric: true,
      cell: ([, value]) => (typeof value === 'number' ? datum(value, String(value)) : value),
    },
    { head: 'Decides', long: true, cell: ([key]) => thresholdMeaning(key) },
  ],
  all,
)}`
  },
}

/** Whether the run kept to what was preregistered. */
function registered({ results }: ReportData): Html | undefined {
  const record = results.preregistration
  if (record === undefined) return undefined
  return html`<p>${record.kept ? 'The run kept to its preregistration' : html`<b>The run did not keep to its preregistration</b>`} of ${record.date.slice(0, 10)} (hash <code class="hash">${record.hash}</code>).</p>
${table(
  'What differs from the preregistration.',
  [
    { head: 'Key', cell: (d: (typeof record.differences)[number]) => html`<code>${d.key}</code>` },
    { head: 'Registered', cell: (d) => d.registered },
    { head: 'Run', cell: (d) => d.run },
  ],
  record.differences,
)}`
}
