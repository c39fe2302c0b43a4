/** Every threshold that a decision used, as it was set before the run. */

import { html } from '../html.ts'
import type { Section } from '../section.ts'
import { datum, table } from '../table.ts'
import { plainName, thresholdMeaning } from '../words.ts'

export const thresholds: Section = {
  id: 'thresholds',
  title: 'Thresholds',
  render(data) {
    const all = Object.entries(data.results.thresholds)
    if (all.length === 0) return undefined
    return html`<p>Set in the study file, or by default, before anything was measured; each decision above used these.</p>
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
