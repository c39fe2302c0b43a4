/** Where the path is cut: hybrids of the two models by block, the path between them, and doses by block. */

import * as Plot from '@observablehq/plot'
import type { Measure } from '../../study/results.ts'
import type { ReportData } from '../data.ts'
import { estimate, number, plain } from '../format.ts'
import { measures, roles } from '../select.ts'
import { roleName } from '../words.ts'
import { compose, NARROW, type Panel, panel, panelWidth, type Width } from './svg.ts'
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
  /** A band behind the points, such as that of controls. */
  readonly dots?: readonly { readonly x: number; readonly low: number; readonly high: number }[]
  readonly whole: boolean
}

/**
 * Patches by block, the path from base to aligned and beyond, and the gain by block.
 *
 * @returns the SVG, or undefined where the path was not looked for
 * @example const svg = cutMap(data, WIDE)
 */
export function cutMap(data: ReportData, width: Width): string | undefined {
  const patches = measures(data, 'steering', { name: 'cut_patch' })
  const path = measures(data, 'steering', { name: 'cut_path' })
  const gains = measures(data, 'steering', { name: 'cut_gain' })
  const aligned = measures(data, 'steering', { name: 'cut_aligned' })[0]
  if (aligned === undefined) return undefined
  const columns = width === NARROW ? 1 : 3
  const size = panelWidth(width, columns)
  const ends = [
    { y: 1, colour: modelColour('base') },
    { y: aligned.value, colour: modelColour('aligned') },
  ]
  const panels = [
    drawing(
      patches.map((m) => point(m, m.layer!, lower(m))),
      { title: 'Patched behind a block', label: 'block', rules: ends, whole: true },
      size,
    ),
    drawing(
      [
        { ...constant(0, 1), colour: modelColour('base'), line: 'path' },
        ...path.map((m) => point(m, alphaOf(m), undefined)),
        { ...constant(1, aligned.value), colour: modelColour('aligned'), line: 'path' },
      ].sort((a, b) => a.x - b.x),
      {
        title: 'On the path between them',
        label: 'alpha',
        rules: ends,
        dots: path.flatMap((m) =>
          m.null === undefined
            ? []
            : [{ x: alphaOf(m), low: 2 * m.null.mean - m.null.q95, high: m.null.q95 }],
        ),
        whole: false,
      },
      size,
    ),
    drawing(
      gains.map((m) => point(m, m.layer!, m.model)),
      { title: 'Gain of a dose at a block', label: 'block', rules: [{ y: 0, colour: RULE }], whole: true },
      size,
    ),
  ]
  return compose(
    {
      id: 'cut',
      title: 'Where the path is cut',
      description: [...patches, ...path, ...gains]
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
        ...(roles(data).length > 0
          ? [{ label: 'random halves of the blocks', colour: MUTED, dash: '2 2' }]
          : []),
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
      marginTop: 8,
      marginRight: 8,
      marginBottom: 40,
      marginLeft: 40,
      x: {
        label: axis.label,
        labelAnchor: 'center',
        labelArrow: 'none',
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
        Plot.ruleX(axis.dots ?? [], {
          x: 'x',
          y1: 'low',
          y2: 'high',
          stroke: MUTED,
          strokeOpacity: 0.35,
          strokeWidth: 7,
        }),
        Plot.line(points, { x: 'x', y: 'value', z: 'line', stroke: 'colour', strokeOpacity: 0.4 }),
        Plot.ruleX(points, { x: 'x', y1: 'low', y2: 'high', stroke: 'colour' }),
        Plot.dot(points, { x: 'x', y: 'value', r: 3.5, fill: 'colour', stroke: PAPER }),
      ],
    },
    { title: axis.title },
  )
}
