/** What a user's identity does: the reactivation index by way of asking, and the contrast as it is amplified. */

import * as Plot from '@observablehq/plot'
import type { ReportData } from '../data.ts'
import { count, number } from '../format.ts'
import { claim, isPair, roles, threshold } from '../select.ts'
import { roleName } from '../words.ts'
import { type ForestRow, forest, forestWords } from './forest.ts'
import { compose, margins, middle, type Panel, panel, panelWidth, WIDE, type Width } from './svg.ts'
import { INK, MUTED, modelColour } from './theme.ts'

const HEIGHT = 220
const MARGIN = { top: 10, right: 12, bottom: 40, left: 48 }

/**
 * The reactivation index of the last model, one row a way of asking, between the bars of the labels.
 *
 * @returns the SVG, or undefined where none was measured
 * @example const svg = reactivation(data, WIDE)
 */
export function reactivation(data: ReportData, width: Width): string | undefined {
  if (!isPair(data)) return undefined
  const last = roles(data).at(-1)!
  const rows = claim(data, 'identity').measures.flatMap((m): ForestRow[] => {
    const outcome = /^(stance|text|projection)_index$/.exec(m.name)?.[1]
    if (outcome === undefined || m.model !== last || m.ci === undefined) return []
    const way = m.condition?.split(', ').slice(1).join(', ') ?? ''
    const pool = m.pool === 'last_template' ? ' (template)' : ''
    return [{ label: `${outcome}${pool}: ${way}`, measure: m }]
  })
  if (rows.length === 0) return undefined
  const low = threshold(data, 'not_reactivated', 0.25)
  const high = threshold(data, 'reactivated', 0.5)
  return compose(
    {
      id: 'reactivation',
      title: 'Reactivation index',
      description: `${forestWords(rows)} Reactivated: the whole interval above ${high}. Not reactivated: below ${low}.`,
      width,
      columns: 1,
    },
    [
      forest(rows, {
        width,
        label: `contrast of identities, ${last} / ${roles(data)[0]}`,
        rules: [
          { x: low, label: 'not' },
          { x: high, label: 'reactivated' },
        ],
        reach: [0, 1],
      }),
    ],
  )
}

interface Curve {
  readonly role: string
  readonly points: readonly {
    readonly dose: number
    readonly value: number
    readonly low: number
    readonly high: number
  }[]
  /** Contrasts of random directions at the middle dose. */
  readonly random: readonly { readonly dose: number; readonly value: number }[]
}

/** The amplification curves of a run, by model. */
export function amplificationCurves(data: ReportData): Curve[] {
  const all = claim(data, 'identity').series ?? []
  return roles(data).flatMap((role) => {
    const of = (name: string): readonly number[] =>
      all.find((s) => s.name === `amplification_${name}` && s.model === role)?.values ?? []
    const doses = of('dose')
    if (doses.length === 0) return []
    const middle = doses[doses.length >> 1]!
    return [
      {
        role,
        points: doses.map((dose, i) => ({
          dose,
          value: of('contrast')[i] ?? 0,
          low: of('low')[i] ?? 0,
          high: of('high')[i] ?? 0,
        })),
        random: of('random').map((value) => ({ dose: middle, value })),
      },
    ]
  })
}

/**
 * Contrast of stances with the user direction added and taken away, against dose, one panel a model.
 *
 * @returns the SVG, or undefined where nothing was amplified
 * @example const svg = amplification(data, WIDE)
 */
export function amplification(data: ReportData, width: Width): string | undefined {
  const curves = amplificationCurves(data)
  if (curves.length === 0) return undefined
  const values = curves.flatMap((c) => [
    ...c.points.flatMap((p) => [p.low, p.high]),
    ...c.random.map((r) => r.value),
  ])
  const domain: [number, number] = [Math.min(0, ...values), Math.max(1e-9, ...values)]
  const far = Math.max(...curves.flatMap((c) => c.points.map((p) => p.dose)))
  const columns = width === WIDE ? curves.length : 1
  return compose(
    {
      id: 'amplification',
      title: 'Amplified identity',
      description: curves
        .map((c) => {
          const last = c.points.at(-1)!
          return `${roleName(c.role)}: at a dose of ${number(last.dose, 2)} the contrast is ${number(last.value, 3)}; ${count(c.random.length)} random directions of equal KL are drawn at the middle dose.`
        })
        .join(' '),
      width,
      columns,
      key: [
        { label: 'user direction, 95%', colour: INK, dash: 'none' },
        { label: 'random directions', colour: MUTED, dash: '2 2' },
      ],
    },
    curves.map((c) => drawing(c, domain, far, panelWidth(width, columns))),
  )
}

function drawing(c: Curve, domain: [number, number], far: number, width: number): Panel {
  const colour = modelColour(c.role)
  return panel(
    {
      width,
      height: HEIGHT,
      ...margins(MARGIN.top, MARGIN.right, MARGIN.bottom, MARGIN.left),
      x: {
        domain: [0, 1.05 * far],
        ...middle('dose each way, √(2 KL)'),
        ticks: 5,
        tickFormat: (d: number) => number(d, 1),
      },
      y: { domain, nice: true, label: null, ticks: 5, tickFormat: (d: number) => number(d, 2) },
      marks: [
        Plot.ruleY([0], { stroke: MUTED, strokeOpacity: 0.6 }),
        Plot.areaY(c.points, { x: 'dose', y1: 'low', y2: 'high', fill: colour, fillOpacity: 0.16 }),
        Plot.dot(c.random, { x: 'dose', y: 'value', r: 2, fill: MUTED, fillOpacity: 0.6 }),
        Plot.line([{ dose: 0, value: 0 }, ...c.points], {
          x: 'dose',
          y: 'value',
          stroke: colour,
          strokeWidth: 2,
        }),
        Plot.dot(c.points, { x: 'dose', y: 'value', r: 3, fill: colour }),
      ],
    },
    { title: roleName(c.role), colour },
  )
}
