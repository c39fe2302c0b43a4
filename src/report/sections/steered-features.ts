/** Features as arms of claim `steering`: a row a feature, within the band of features that fire as often. */

import type { Measure } from '../../study/results.ts'
import type { ReportData } from '../data.ts'
import { count } from '../format.ts'
import { type Html, html } from '../html.ts'
import { claim, roles } from '../select.ts'
import { chance, datum, measured, table } from '../table.ts'
import { roleName } from '../words.ts'

/** The table, or undefined where no feature was steered. */
export function steeredFeatures(data: ReportData): Html | undefined {
  const found = claim(data, 'steering').measures.filter((m) => m.name === 'feature_gain')
  const ratios = claim(data, 'steering').measures.filter((m) => m.name === 'feature_gain_ratio')
  const models = roles(data).filter((role) => found.some((m) => m.model === role))
  const rows = [...new Map(found.map((m) => [m.condition, m])).values()]
  const band = (m: Measure): Html | string =>
    m.null === undefined || m.p === undefined
      ? ''
      : html` <span class="ci">beside ±${datum(m.null.q95)}, p ${chance(m.p)}</span>`
  return table(
    html`Features that were steered, at the dose of the random arms: how far a dose of 1 along a feature’s decoder vector moves the stance, in contrasts between personas. Beside each stands the band within which 95% of the gains lie of features that fire as often in base${rows[0]?.null === undefined ? '' : html` (${datum(rows[0].null.draws, count(rows[0].null.draws))} of them)`}. A feature outside the band in base and inside it in aligned has lost its way to the output.`,
    [
      { head: 'Feature', cell: (r: Measure) => html`${r.condition} <span class="ci">${r.note}</span>` },
      ...models.map((model) => ({
        head: roleName(model),
        numeric: true,
        cell: (r: Measure) => {
          const m = found.find((x) => x.model === model && x.condition === r.condition)
          return m && html`${measured(m)}${band(m)}`
        },
      })),
      {
        head: 'Aligned / base',
        numeric: true,
        cell: (r: Measure) => {
          const m = ratios.find((x) => x.condition === r.condition)
          return m && measured(m)
        },
      },
    ],
    rows,
  )
}
