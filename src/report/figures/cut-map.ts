/** The cut as a map: what is left when a range of blocks, from an upstream one to a late one, is the other model's. */

import * as Plot from '@observablehq/plot'
import type { Measure } from '../../study/results.ts'
import type { ReportData } from '../data.ts'
import { estimate, number } from '../format.ts'
import { measures } from '../select.ts'
import { compose, margins, middle, NARROW, type Panel, panel, panelWidth, type Width } from './svg.ts'
import { INK, modelColour, PAPER, RULE } from './theme.ts'

const HEIGHT = 320
/** The deepest background that ink is still read on. */
const DEEPEST = 0.55
/** Cells of a row beyond which there is no room for numbers. */
const NUMBERED = 8

interface Cell {
  readonly from: string
  readonly last: string
  readonly value: number
  readonly text: string
}

/**
 * Grafts by their first and last block: aligned's blocks in base, and base's in aligned.
 *
 * @returns the SVG, or undefined where there are no grafts
 * @example const svg = cutMap(data, WIDE)
 */
export function cutMap(data: ReportData, width: Width): string | undefined {
  const all = measures(data, 'steering', { name: 'cut_graft' })
  if (all.length === 0) return undefined
  const columns = width === NARROW ? 1 : 2
  const size = panelWidth(width, columns)
  return compose(
    {
      id: 'cut-map',
      title: 'Which blocks cut the path',
      description: all.map((m) => `${m.condition}: ${estimate(m)}.`).join(' '),
      width,
      columns,
    },
    [
      map(
        all.filter((m) => m.condition?.endsWith('of aligned in base')),
        'Blocks of aligned in base',
        'aligned',
        size,
      ),
      map(
        all.filter((m) => m.condition?.endsWith('of base in aligned')),
        'Blocks of base in aligned',
        'base',
        size,
      ),
    ],
  )
}

/** First and last block of a graft. @example rangeOf('blocks 2 to 5 of aligned in base') // [2, 5] */
export function rangeOf(condition: string): [first: number, last: number] {
  const [, first, last] = /^blocks? (\d+)(?: to (\d+))?/.exec(condition) ?? []
  return [Number(first), Number(last ?? first)]
}

function map(list: readonly Measure[], title: string, graft: string, width: number): Panel {
  const cells = list.map((m): Cell => {
    const [from, last] = rangeOf(m.condition!)
    return { from: String(from), last: String(last), value: m.value, text: number(m.value, 2) }
  })
  const rising = (names: readonly string[]): string[] =>
    [...new Set(names)].sort((a, b) => Number(a) - Number(b))
  const lasts = rising(cells.map((c) => c.last))
  return panel(
    {
      width,
      height: HEIGHT,
      ...margins(8, 8, 40, 44),
      x: {
        domain: lasts,
        ...middle('to block (late)'),
        tickSize: 0,
        padding: 0.06,
      },
      y: {
        domain: rising(cells.map((c) => c.from)),
        ...middle('from block (upstream)'),
        tickSize: 0,
        padding: 0.06,
      },
      // Depth is the share of base's contrast, in both maps.
      opacity: { domain: [0, 1], range: [0, DEEPEST], clamp: true },
      marks: [
        Plot.cell(cells, { x: 'last', y: 'from', fill: PAPER, stroke: RULE }),
        Plot.cell(cells, { x: 'last', y: 'from', fill: modelColour('base'), fillOpacity: 'value' }),
        ...(lasts.length > NUMBERED
          ? []
          : [Plot.text(cells, { x: 'last', y: 'from', text: 'text', fill: INK })]),
      ],
    },
    { title, colour: modelColour(graft) },
  )
}
