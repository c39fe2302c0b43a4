/** Where the path is cut: hybrids of the two models by block, the path between them, and doses by block. */

import * as Plot from '@observablehq/plot'
import type { Measure } from '../../study/results.ts'
import type { ReportData } from '../data.ts'
import { estimate, number, plain } from '../format.ts'
import { measures } from '../select.ts'
import { roleName } from '../words.ts'
import { compose, margins, middle, NARROW, type Panel, panel, panelWidth, type Width } from './svg.ts'
import { MUTED, modelColour, PAPER, RULE } from './theme.ts'

const HEIGHT = 210

interface Point {
  readonly x: number
  readonly value: number
  readonly low: number
  readonly high: number
  readonly colour: string
  readonly line: string
}

interface Axis {
  readonly title: string
  readonly label: string
  /** Lines across, such as 1 for base. */
  readonly rules: readonly { readonly y: number; readonly colour: string }[]
  /** Crosses beside the points: controls, one each. */
  readonly beside?: readonly { readonly x: number; readonly y: number }[]
  readonly whole: boolean
}

/**
 * Patches by block, the path from base to aligned and beyond, and the gain by block.
 *
 * @returns the SVG, or undefined where the path was not looked for
 * @example const svg = cutLines(data, WIDE)
 */
export function cutLines(data: ReportData, width: Width): string | undefined {
  const of = (name: string): Measure[] => measures(data, 'steering', { name })
  const [patches, path, controls, gains] = [
    of('cut_patch'),
    of('cut_path'),
    of('cut_control'),
    of('cut_gain'),
  ]
  const aligned = of('cut_aligned')[0]
  const drawn = (aligned === undefined ? 0 : 2) + (gains.length === 0 ? 0 : 1)
  if (drawn === 0) return undefined
  const columns = width === NARROW ? 1 : drawn
  const size = panelWidth(width, columns)
  const panels: Panel[] = []
  if (aligned !== undefined) {
    const ends = [
      { y: 1, colour: modelColour('base') },
      { y: aligned.value, colour: modelColour('aligned') },
    ]
    panels.push(
      drawing(
        patches.map((m) => point(m, m.layer!, lower(m))),
        { title: 'Patched behind a block', label: 'block', rules: ends, whole: true },
        size,
      ),
      drawing(
        [
          { ...constant(0, 1), colour: modelColour('base'), line: 'path' },
          ...path.map((m) => point(m, alphaOf(m), undefined)),
          { ...point(aligned, 1, 'aligned'), line: 'path' },
        ].sort((a, b) => a.x - b.x),
        {
          title: 'On the path between them',
          label: 'alpha',
          rules: ends,
          beside: controls.map((m) => ({ x: alphaOf(m), y: m.value })),
          whole: false,
        },
        size,
      ),
    )
  }
  if (gains.length > 0)
    panels.push(
      drawing(
        gains.map((m) => point(m, m.layer!, m.model)),
        { title: 'Gain of a dose at a block', label: 'block', rules: [{ y: 0, colour: RULE }], whole: true },
        size,
      ),
    )
  return compose(
    {
      id: 'cut',
      title: 'Where the path is cut',
      description: [...patches, ...path, ...controls, ...gains]
        .map(
          (m) =>
            `${m.condition ?? roleName(m.model)}${m.layer === undefined ? '' : `, block ${m.layer}`}: ${estimate(m)}.`,
        )
        .join(' '),
      width,
      columns,
      key: [
        { label: 'base, or base below the block', colour: modelColour('base'), dash: 'none' },
        { label: 'aligned, or aligned below it', colour: modelColour('aligned'), dash: 'none' },
        ...(aligned === undefined
          ? []
          : [{ label: 'path; crosses: random halves', colour: MUTED, dash: 'none' }]),
      ],
    },
    panels,
  )
}

/** The model whose blocks are below, of a patch. */
function lower(m: Measure): string {
  return m.condition?.startsWith('aligned') === true ? 'aligned' : 'base'
}

function alphaOf(m: Measure): number {
  return Number(/^alpha (-?[\d.]+)/.exec(m.condition ?? '')?.[1])
}

function constant(x: number, value: number): Omit<Point, 'colour' | 'line'> {
  return { x, value, low: value, high: value }
}

function point(m: Measure, x: number, model: string | undefined): Point {
  return {
    x,
    value: m.value,
    low: m.ci?.[0] ?? m.value,
    high: m.ci?.[1] ?? m.value,
    colour: model === undefined ? MUTED : modelColour(model),
    line: model ?? 'path',
  }
}

function drawing(points: readonly Point[], axis: Axis, width: number): Panel {
  return panel(
    {
      width,
      height: HEIGHT,
      ...margins(8, 8, 40, 40),
      x: {
        ...middle(axis.label),
        inset: 8,
        ...(axis.whole
          ? {
              ticks: [...new Set(points.map((p) => p.x))].filter(
                (_, i, all) => i % Math.ceil(all.length / 6) === 0,
              ),
            }
          : { ticks: 5 }),
        tickFormat: (d: number) => number(d, axis.whole ? 0 : 1),
      },
      y: { label: null, ticks: 5, nice: true, tickFormat: plain },
      marks: [
        Plot.ruleY([0], { stroke: RULE }),
        Plot.ruleY(axis.rules, { y: 'y', stroke: 'colour', strokeOpacity: 0.5, strokeDasharray: '4 3' }),
        Plot.dot(axis.beside ?? [], { x: 'x', y: 'y', symbol: 'times', r: 3, stroke: MUTED }),
        Plot.line(points, { x: 'x', y: 'value', z: 'line', stroke: 'colour', strokeOpacity: 0.4 }),
        Plot.ruleX(points, { x: 'x', y1: 'low', y2: 'high', stroke: 'colour' }),
        Plot.dot(points, { x: 'x', y: 'value', r: 3.5, fill: 'colour', stroke: PAPER }),
      ],
    },
    { title: axis.title },
  )
}
