/** A few named measures side by side, one column a model: for the numbers that need no figure. */

import type { ClaimId, Measure } from '../../study/results.ts'
import type { ReportData } from '../data.ts'
import { count } from '../format.ts'
import { type Content, type Html, html } from '../html.ts'
import { headline, isPair, measures, roles } from '../select.ts'
import { chance, datum, measured, table } from '../table.ts'
import { measureName, roleName } from '../words.ts'

/**
 * Rows are measures, columns are models; a measure that belongs to no model stands in a column of its own.
 *
 * @returns undefined where none of them was measured
 */
export function measureTable(
  data: ReportData,
  id: ClaimId,
  names: readonly string[],
  caption: Content,
): Html | undefined {
  const rows = names.filter((name) => measures(data, id, { name }).length > 0)
  const models = roles(data).filter((model) => rows.some((name) => headline(data, id, { name, model })))
  const one = (name: string, model: string) => headline(data, id, { name, model })
  const cell = (m: Measure | undefined): Content =>
    m && html`${measured(m)}${m.p === undefined ? '' : html` <span class="ci">p ${chance(m.p)}</span>`}`
  const sizes = (name: string): Content => {
    const m = models.map((model) => one(name, model)).find((x) => x !== undefined)
    return (
      m &&
      html`${datum(m.n, count(m.n))}${m.groups === undefined ? '' : html` / ${datum(m.groups, count(m.groups))}`}`
    )
  }
  return table(
    caption,
    [
      { head: 'Measure', cell: measureName },
      ...models.map((model) => ({
        head: isPair(data) ? roleName(model) : 'Value',
        numeric: true,
        cell: (name: string) => cell(one(name, model)),
      })),
      { head: 'n / groups', numeric: true, cell: sizes },
    ],
    rows.filter((name) => models.some((model) => one(name, model))),
  )
}
