/** A figure in the page: its caption, the drawing for desk and phone, and its numbers as a table. */

import type { ReportData } from './data.ts'
import { NARROW, WIDE, type Width } from './figures/svg.ts'
import { type Content, Html, html } from './html.ts'
import { folded } from './table.ts'

/** A drawing of a study's numbers, or undefined where the run has none for it. */
export type Draw = (data: ReportData, width: Width) => string | undefined

export interface FigureText {
  readonly title: string
  /** What is drawn, in which unit, and how to read it. */
  readonly caption: Content
  /** The same numbers for those who cannot see the drawing, or want to copy them. */
  readonly numbers?: Html | undefined
}

/** @returns undefined where there is nothing to draw */
export function figure(data: ReportData, draw: Draw, text: FigureText): Html | undefined {
  const wide = draw(data, WIDE)
  const narrow = draw(data, NARROW)
  if (wide === undefined || narrow === undefined) return undefined
  const numbers = text.numbers === undefined ? '' : folded('The numbers of this figure', text.numbers)
  return html`<figure>
<figcaption><b>${text.title}.</b> ${text.caption}</figcaption>
<div class="wide">${new Html(wide)}</div>
<div class="narrow">${new Html(narrow)}</div>
${numbers}</figure>
`
}
