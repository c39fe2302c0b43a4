/** Tables and numbers as HTML: headers with scope, figures in tabular digits, and the full value behind each. */

import type { Measure } from '../study/results.ts'
import { decimals, interval, number, probability } from './format.ts'
import { type Content, type Html, html } from './html.ts'

/**
 * A number as the report prints it; the value before rounding goes with it, for scripts and for the test
 * that every number in the page is one that was measured.
 *
 * @example datum(0.77512) // <data value="0.77512">0.775</data>
 */
export function datum(value: number, text = number(value)): Html {
  return html`<data value="${value}">${text}</data>`
}

/** A measure's value, with its interval in brackets where it has one. */
export function measured(m: Pick<Measure, 'value' | 'ci'>): Html {
  const digits = decimals([m.value, ...(m.ci ?? [])])
  const value = datum(m.value, number(m.value, digits))
  return m.ci === undefined ? value : html`${value} <span class="ci">(${bounds(m.ci, digits)})</span>`
}

/** An interval as two numbers. */
export function bounds(ci: readonly [number, number], digits = decimals(ci)): Html {
  const [low, high] = interval(ci, digits).split(' to ') as [string, string]
  return html`${datum(ci[0], low)} to ${datum(ci[1], high)}`
}

/** A p- or q-value; nothing where there is none. */
export function chance(p: number | undefined): Content {
  return p === undefined ? '' : datum(p, probability(p))
}

export interface Column<Row> {
  readonly head: Content
  readonly cell: (row: Row) => Content
  /** Right-aligned, for numbers. */
  readonly numeric?: boolean
  /** Running text, which needs some width to be read. */
  readonly long?: boolean
}

/**
 * A table whose first column names its rows. It scrolls sideways by itself where the page is too narrow.
 *
 * @param caption says what the numbers are and in which unit
 */
export function table<Row>(
  caption: Content,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): Html | undefined {
  if (rows.length === 0) return undefined
  const kind = (c: Column<Row>) => (c.numeric ? html` class="n"` : c.long ? html` class="long"` : '')
  return scrolling(html`<table>
<caption>${caption}</caption>
<thead><tr>${columns.map((c) => html`<th scope="col"${kind(c)}>${c.head}</th>`)}</tr></thead>
<tbody>${rows.map(
    (row) =>
      html`<tr>${columns.map((c, i) =>
        i === 0 ? html`<th scope="row">${c.cell(row)}</th>` : html`<td${kind(c)}>${c.cell(row)}</td>`,
      )}</tr>\n`,
  )}</tbody>
</table>`)
}

/** What may be wider than a phone: it scrolls in its own box, also by keyboard. */
export function scrolling(content: Html): Html {
  return html`<div class="scroll" tabindex="0" role="group" aria-label="Table; scrolls sideways where the page is narrow">${content}</div>\n`
}

/** A part that is folded away until it is asked for; works without scripts. */
export function folded(summary: Content, content: Content): Html {
  return html`<details><summary>${summary}</summary>${content}</details>\n`
}
