/** A few named measures side by side, one column a model: for the numbers that need no figure. */

import type { ClaimId, Measure } from '../../study/results.ts'
import type { ReportData } from '../data.ts'
import { count } from '../format.ts'
import { type Content, type Html, html } from '../html.ts'
import { headline, isPair, roles } from '../select.ts'
import { chance, datum, measured, table } from '../table.ts'
import { measureName, roleName } from '../words.ts'

export interface MeasureRow {
  readonly name: string
  /** Where its name does not say it all. */
  readonly label?: string
  readonly folds?: string
}

/**
 * Rows are measures, columns are models.
 *
 * @returns undefined where none of them was measured
 */
export function measureTable(
  data: ReportData,
  id: ClaimId,
  rows: readonly MeasureRow[],
  caption: Content,
): Html | undefined {
  const one = ({ name, folds }: MeasureRow, model: string) =>
    headline(data, id, { name, model, ...(folds === undefined ? {} : { folds }) })
  const models = roles(data).filter((model) => rows.some((row) => one(row, model)))
  const cell = (m: Measure | undefined): Content =>
    m && html`${measured(m)}${m.p === undefined ? '' : html` <span class="ci">p ${chance(m.p)}</span>`}`
  const sizes = (row: MeasureRow): Content => {
    const m = models.map((model) => one(row, model)).find((x) => x !== undefined)
    return m && sizeOf(m)
  }
  return table(
    caption,
    [
      { head: 'Measure', cell: (row: MeasureRow) => row.label ?? measureName(row.name) },
      ...models.map((model) => ({
        head: isPair(data) ? roleName(model) : 'Value',
        numeric: true,
        cell: (row: MeasureRow) => cell(one(row, model)),
      })),
      { head: 'n / groups', numeric: true, cell: sizes },
    ],
    rows.filter((row) => models.some((model) => one(row, model))),
  )
}

/** Items and independent units behind a number. */
export function sizeOf(m: Measure): Html {
  const groups = m.groups === undefined ? '' : html` / ${datum(m.groups, count(m.groups))}`
  return html`${datum(m.n, count(m.n))}${groups}`
}
