/**
 * Drawing without a browser: Observable Plot over linkedom's document, panels set side by side or one below
 * the other in a single SVG with a title and a description.
 *
 * Type is 12 px and never scaled down: each figure is drawn for a desk (WIDE) and for a phone (NARROW), and
 * the page shows the one that fits.
 */

import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import { clip } from '../format.ts'
import { escapeHtml } from '../html.ts'
import { INK } from './theme.ts'

/** Width of the page's column at a desk, in CSS pixels. */
export const WIDE = 700
/** Width of the column on the narrowest phone served, 360 px less its margins. */
export const NARROW = 328
export const FONT_SIZE = 12

export type Width = typeof WIDE | typeof NARROW

const TITLE_HEIGHT = 22
/** Longest title of a panel, in characters. */
const TITLE = 40
const GUTTER = 20
const ROUNDED = ['d', 'x', 'y', 'x1', 'x2', 'y1', 'y2', 'cx', 'cy', 'r', 'width', 'height', 'transform']

/** A part of a figure with its own axes. */
export interface Panel {
  readonly title?: string
  /** Colour of the title, where it names something that has one. */
  readonly colour?: string
  readonly svg: string
  readonly width: number
  readonly height: number
}

export interface Frame {
  /** Unique in the page; the narrow variant appends its own suffix. */
  readonly id: string
  readonly title: string
  /** What a reader who cannot see the figure needs: the message and the numbers behind it. */
  readonly description: string
  readonly width: Width
  readonly columns: number
  /** What colours and dashes stand for, above the panels. */
  readonly key?: readonly KeyItem[]
}

export interface KeyItem {
  readonly label: string
  readonly colour: string
  /** An SVG dash array, or none. */
  readonly dash: string
}

/** Width of one of `columns` panels in a figure. */
export function panelWidth(width: Width, columns: number): number {
  return Math.floor((width - GUTTER * (columns - 1)) / columns)
}

/** Margins of a panel, in the order of CSS. */
export function margins(marginTop: number, marginRight: number, marginBottom: number, marginLeft: number) {
  return { marginTop, marginRight, marginBottom, marginLeft }
}

/** A label in the middle of its axis, without an arrow. */
export function middle(label: string) {
  return { label, labelAnchor: 'center', labelArrow: 'none' } as const
}

/** Draws one panel with Plot; width and height are those of its SVG, without the panel's title. */
export function panel(
  options: Plot.PlotOptions & { width: number; height: number },
  head: Pick<Panel, 'title' | 'colour'> = {},
): Panel {
  const { document } = parseHTML('<html><body></body></html>')
  const svg = Plot.plot({ ...options, document: document as never, style: { fontSize: `${FONT_SIZE}px` } })
  // The page has its own stylesheet; the class and inline style of Plot's root belong to the one removed here.
  for (const style of svg.querySelectorAll('style')) style.remove()
  for (const element of svg.querySelectorAll('*')) {
    // A tenth of a pixel is enough to draw, and keeps snapshots free of the last bit of a logarithm.
    for (const name of ROUNDED) {
      const value: string | null = element.getAttribute(name)
      if (value?.includes('.')) element.setAttribute(name, value.replace(/-?\d+\.\d{2,}/g, round))
    }
  }
  return { ...head, svg: svg.innerHTML as string, width: options.width, height: options.height }
}

function round(text: string): string {
  return String(Math.round(Number(text) * 10) / 10 + 0)
}

/** One SVG out of panels, row by row. */
export function compose(frame: Frame, panels: readonly Panel[]): string {
  const id = frame.width === WIDE ? frame.id : `${frame.id}-narrow`
  const key = drawKey(frame.key ?? [], frame.width)
  const parts: string[] = [key.svg]
  let y = key.height
  for (let i = 0; i < panels.length; i += frame.columns) {
    const row = panels.slice(i, i + frame.columns)
    const head = row.some((p) => p.title !== undefined) ? TITLE_HEIGHT : 0
    let x = 0
    for (const p of row) {
      if (p.title !== undefined)
        parts.push(
          `<text x="${x}" y="${y + 14}" font-weight="600" fill="${p.colour ?? INK}">${escapeHtml(clip(p.title, TITLE))}</text>`,
        )
      parts.push(`<g class="panel" transform="translate(${x},${y + head})" text-anchor="middle">${p.svg}</g>`)
      x += p.width + GUTTER
    }
    y += head + Math.max(...row.map((p) => p.height)) + (i + frame.columns < panels.length ? 10 : 0)
  }
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="${id}-title ${id}-desc" ` +
    `viewBox="0 0 ${frame.width} ${y}" width="${frame.width}" height="${y}" fill="currentColor" ` +
    `font-family="system-ui, sans-serif" font-size="${FONT_SIZE}">` +
    `<title id="${id}-title">${escapeHtml(frame.title)}</title>` +
    `<desc id="${id}-desc">${escapeHtml(frame.description)}</desc>${parts.join('')}</svg>`
  )
}

const KEY_LINE = 20
const SAMPLE = 22
/** Width of a character at 12 px, a little generous: there is no browser here to measure it. */
const CHARACTER = 6.8

/** Samples of line with their names, in as many lines as the width needs. */
function drawKey(items: readonly KeyItem[], width: number): { svg: string; height: number } {
  let [x, y, svg] = [0, 0, '']
  for (const { label, colour, dash } of items) {
    const text = clip(label, 40)
    const long = SAMPLE + 6 + text.length * CHARACTER + 18
    if (x > 0 && x + long - 18 > width) [x, y] = [0, y + KEY_LINE]
    svg +=
      `<line x1="${x}" x2="${x + SAMPLE}" y1="${y + 9}" y2="${y + 9}" stroke="${colour}" stroke-width="2" stroke-dasharray="${dash}"/>` +
      `<text x="${x + SAMPLE + 6}" y="${y + 13}" fill="${colour}">${escapeHtml(text)}</text>`
    x += long
  }
  return { svg, height: items.length === 0 ? 0 : y + KEY_LINE + 8 }
}
