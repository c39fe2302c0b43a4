/** A forest plot: one estimate with its interval a row, on a common axis with the bars that decide. */

import * as Plot from '@observablehq/plot'
import type { Measure } from '../../study/results.ts'
import { estimate, number } from '../format.ts'
import { type Panel, panel } from './svg.ts'
import { INK, MUTED, RULE } from './theme.ts'

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

const ROW = 36
const BOTTOM = 40
const SIDE = 8

/**
 * Each row has its label and its numbers in words above its interval, so that the plot is as wide as the
 * figure, whether at a desk or on a phone.
 */
export function forest(rows: readonly ForestRow[], options: ForestOptions): Panel {
  const rules = options.rules ?? []
  const top = rules.length > 0 ? 20 : 4
  const values = [
    ...rows.flatMap((r) => [r.measure.value, ...(r.measure.ci ?? [])]),
    ...rules.map((r) => r.x),
    ...(options.reach ?? []),
  ].filter((v) => !options.log || v > 0)
  const domain = padded(Math.min(...values), Math.max(...values), options.log === true)
  const items = rows.map((r, i) => ({ ...r, y: i }))
  const within = items.filter((r) => !options.log || r.measure.value > 0)
  return panel(
    {
      width: options.width,
      height: top + rows.length * ROW + BOTTOM,
      marginTop: top,
      marginBottom: BOTTOM,
      marginLeft: SIDE,
      marginRight: SIDE,
      x: {
        type: options.log ? 'log' : 'linear',
        domain,
        label: options.label,
        labelAnchor: 'center',
        labelArrow: 'none',
        ticks: options.log ? logTicks(domain) : 5,
        tickFormat: (d: number) => plain(d),
      },
      y: { domain: [-0.5, rows.length - 0.5], axis: null, reverse: true },
      marks: [
        Plot.ruleY(items, { y: (r: { y: number }) => r.y + 0.5, stroke: RULE, strokeWidth: 0.75 }),
        Plot.ruleX(rules, { x: 'x', stroke: INK, strokeWidth: 1, strokeDasharray: '2 2' }),
        ...rules.map((r) =>
          Plot.text([r.label], {
            x: () => r.x,
            frameAnchor: 'top',
            dy: -top + 6,
            fill: MUTED,
            textAnchor: labelAnchor(r.x, domain, options.log === true),
          }),
        ),
        Plot.text(items, {
          y: 'y',
          text: 'label',
          frameAnchor: 'left',
          dy: -8,
          fill: (r) => r.colour ?? INK,
        }),
        Plot.text(items, {
          y: 'y',
          text: (r: ForestRow) => estimate(r.measure),
          frameAnchor: 'right',
          dy: -8,
          fill: INK,
        }),
        Plot.link(
          within.filter((r) => r.measure.ci !== undefined),
          {
            x1: (r: ForestRow) => Math.max(r.measure.ci![0], domain[0]),
            x2: (r: ForestRow) => Math.min(r.measure.ci![1], domain[1]),
            y1: 'y',
            y2: 'y',
            dy: 7,
            stroke: (r: ForestRow) => r.colour ?? INK,
            strokeWidth: 1.75,
            strokeLinecap: 'butt',
          },
        ),
        Plot.dot(within, {
          x: (r: ForestRow) => r.measure.value,
          y: 'y',
          dy: 7,
          r: 3.5,
          fill: (r: ForestRow) => r.colour ?? INK,
        }),
      ],
    },
    options.title === undefined ? {} : { title: options.title },
  )
}

/** One clause a row, for a figure's description. */
export function forestWords(rows: readonly ForestRow[]): string {
  return `${rows.map((r) => `${r.label}: ${estimate(r.measure)}`).join('; ')}.`
}

function padded(low: number, high: number, log: boolean): [number, number] {
  if (log) return [low * 0.92, high * 1.08]
  const room = (high - low || Math.abs(high) || 1) * 0.06
  return [low - room, high + room]
}

function labelAnchor(x: number, [low, high]: [number, number], log: boolean): 'start' | 'middle' | 'end' {
  const at = log ? Math.log(x / low) / Math.log(high / low) : (x - low) / (high - low)
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

/** A tick's number without trailing zeros. */
export function plain(value: number): string {
  const text = number(value, 3)
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}
