/** A forest plot: one estimate with its interval a row, on a common axis with the bars that decide. */

import * as Plot from '@observablehq/plot'
import type { Measure } from '../../study/results.ts'
import { clip, estimate, plain } from '../format.ts'
import { margins, middle, type Panel, panel, WIDE } from './svg.ts'
import { INK, MUTED, PAPER, RULE } from './theme.ts'

export interface ForestRow {
  readonly label: string
  readonly measure: Measure
  readonly colour?: string
}

export interface ForestRule {
  readonly x: number
  readonly label: string
}

export interface ForestOptions {
  readonly width: number
  readonly label: string
  /** Values that decide, drawn as labelled lines. */
  readonly rules?: readonly ForestRule[]
  /** A logarithmic axis, for ratios; values must be positive. */
  readonly log?: boolean
  readonly title?: string
  /** Values that the axis must reach, such as 0 and 1. */
  readonly reach?: readonly number[]
}

const BOTTOM = 40
const HALO = { stroke: PAPER, strokeWidth: 3 } as const

/** Where a row's label, numbers and interval stand, in pixels from its middle and the frame's sides. */
interface Layout {
  readonly row: number
  readonly left: number
  readonly right: number
  readonly label: { readonly dx: number; readonly dy: number; readonly longest: number }
  readonly numbers: { readonly anchor: 'left' | 'right'; readonly dx: number; readonly dy: number }
  readonly interval: number
}

/** At a desk: label, interval and numbers in columns. */
const COLUMNS: Layout = {
  row: 26,
  left: 216,
  right: 178,
  label: { dx: -216, dy: 0, longest: 34 },
  numbers: { anchor: 'right', dx: 178, dy: 0 },
  interval: 0,
}
/** On a phone: label and numbers above the interval, which is as wide as the figure. */
const STACKED: Layout = {
  row: 38,
  left: 8,
  right: 8,
  label: { dx: 0, dy: -9, longest: 44 },
  numbers: { anchor: 'right', dx: 0, dy: -9 },
  interval: 7,
}
/** On a phone where they do not fit into one line. */
const TALL: Layout = {
  ...STACKED,
  row: 52,
  label: { dx: 0, dy: -16, longest: 44 },
  numbers: { anchor: 'left', dx: 0, dy: -1 },
  interval: 14,
}
/** Characters that fit beside each other at 12 px in the narrow figure. */
const LINE = 48

/** Rows of estimates on one axis; at a desk as a table around the plot, on a phone one below the other. */
export function forest(rows: readonly ForestRow[], options: ForestOptions): Panel {
  const rules = options.rules ?? []
  const top = rules.length > 0 ? 20 : 4
  const log = options.log === true
  // Ratios stand on a linear scale of their logarithms: a logarithmic scale hides the labels of most ticks.
  const place = log ? Math.log : (v: number) => v
  const values = [
    ...rows.flatMap((r) => [r.measure.value, ...(r.measure.ci ?? [])]),
    ...rules.map((r) => r.x),
    ...(options.reach ?? []),
  ]
    .map(place)
    .filter(Number.isFinite)
  const domain = padded(Math.min(...values), Math.max(...values))
  const items = rows.map((r, i) => ({ ...r, y: i, numbers: estimate(r.measure) }))
  const within = items.filter((r) => Number.isFinite(place(r.measure.value)))
  // The lower end of an interval may have no logarithm.
  const shown = (v: number) => Math.min(Math.max(Number.isNaN(v) ? domain[0] : v, domain[0]), domain[1])
  const at = layout(items, options.width)
  return panel(
    {
      width: options.width,
      height: top + rows.length * at.row + BOTTOM,
      ...margins(top, at.right, BOTTOM, at.left),
      x: {
        domain,
        ...middle(options.label),
        ticks: log ? logTicks([Math.exp(domain[0]), Math.exp(domain[1])]).map(Math.log) : 5,
        tickFormat: (d: number) => plain(log ? Math.exp(d) : d),
      },
      y: { domain: [-0.5, rows.length - 0.5], axis: null, reverse: true },
      marks: [
        Plot.ruleY(items, {
          y: (r: { y: number }) => r.y + 0.5,
          stroke: RULE,
          strokeWidth: 0.75,
          insetLeft: -at.left,
          insetRight: -at.right,
        }),
        Plot.ruleX(rules, {
          x: (r: ForestRule) => place(r.x),
          stroke: INK,
          strokeWidth: 1,
          strokeDasharray: '2 2',
        }),
        ...rules.map((r) =>
          Plot.text([r.label], {
            x: () => place(r.x),
            frameAnchor: 'top',
            dy: -top + 6,
            fill: MUTED,
            textAnchor: labelAnchor(place(r.x), domain),
          }),
        ),
        Plot.text(items, {
          y: 'y',
          text: (r: ForestRow) => clip(r.label, at.label.longest),
          frameAnchor: 'left',
          dx: at.label.dx,
          dy: at.label.dy,
          fill: (r) => r.colour ?? INK,
          ...HALO,
        }),
        Plot.text(items, {
          y: 'y',
          text: 'numbers',
          frameAnchor: at.numbers.anchor,
          dx: at.numbers.dx,
          dy: at.numbers.dy,
          fill: INK,
          ...HALO,
        }),
        Plot.link(
          within.filter((r) => r.measure.ci !== undefined),
          {
            x1: (r: ForestRow) => shown(place(r.measure.ci![0])),
            x2: (r: ForestRow) => shown(place(r.measure.ci![1])),
            y1: 'y',
            y2: 'y',
            dy: at.interval,
            stroke: (r: ForestRow) => r.colour ?? INK,
            strokeWidth: 1.75,
            strokeLinecap: 'butt',
          },
        ),
        Plot.dot(within, {
          x: (r: ForestRow) => place(r.measure.value),
          y: 'y',
          dy: at.interval,
          r: 3.5,
          fill: (r: ForestRow) => r.colour ?? INK,
        }),
      ],
    },
    options.title === undefined ? {} : { title: options.title },
  )
}

function layout(rows: readonly { label: string; numbers: string }[], width: number): Layout {
  if (width === WIDE) return COLUMNS
  return rows.some((r) => r.label.length + r.numbers.length > LINE) ? TALL : STACKED
}

/** One clause a row, for a figure's description. */
export function forestWords(rows: readonly ForestRow[]): string {
  return `${rows.map((r) => `${r.label}: ${estimate(r.measure)}`).join('; ')}.`
}

function padded(low: number, high: number): [number, number] {
  const room = (high - low) * 0.06 || Math.abs(high) * 0.06 || 0.15
  return [low - room, high + room]
}

function labelAnchor(x: number, [low, high]: [number, number]): 'start' | 'middle' | 'end' {
  const at = (x - low) / (high - low)
  return at < 0.15 ? 'start' : at > 0.85 ? 'end' : 'middle'
}

/** Round ratios within a domain, few enough for a phone. */
export function logTicks([low, high]: readonly [number, number]): number[] {
  const within = (ticks: number[]) => ticks.filter((t) => t >= low && t <= high)
  const fine = within([0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 2, 3, 4, 5])
  if (fine.length <= 7 && fine.length > 0) return fine
  const coarse = within([0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 5, 10, 20, 50, 100])
  return coarse.length <= 8 ? coarse : within([0.001, 0.01, 0.1, 0.25, 0.5, 1, 2, 4, 10, 100, 1000])
}
