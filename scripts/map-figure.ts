/** The map of verdicts as one SVG: a panel for each width, a row of tiles for each noise, one tile for each seed. */

import * as Plot from '@observablehq/plot'
import { compose, panel, panelWidth, WIDE } from '../src/report/figures/svg.ts'
import { INK, MUTED, PAPER, RULE } from '../src/report/figures/theme.ts'

/** One pair: its settings, whether its corpus's parser accepts it, and what the study says. */
export interface Cell {
  readonly size: string
  readonly noise: number
  readonly marking: number
  readonly seed: number
  readonly made: boolean
  readonly unmet: readonly string[]
  /** AUC between camps on unseen issues in base, mean pool, best layer. */
  readonly auc: number
  readonly verdict: string
  readonly why: string
}

const WIDTHS: Readonly<Record<string, number>> = { narrow: 32, tiny: 64, reference: 128 }
const SHADES: readonly { readonly starts: string; readonly fill: string; readonly ink: string }[] = [
  { starts: 'masked', fill: '#0b5fa5', ink: '#ffffff' },
  { starts: 'not measurable', fill: '#e4e0d6', ink: INK },
  { starts: 'undecided', fill: '#c9d8e6', ink: INK },
  { starts: 'mixed', fill: '#f0d9a8', ink: INK },
]
/** A verdict that none of the others covers would be a false one on a masked pair. */
const FALSE = { fill: '#b43a08', ink: '#ffffff' }
const TILE = 46

/**
 * @returns an SVG of 700 px; each tile says the verdict and the base's AUC, and a dashed frame marks pairs that were
 *   not made
 * @example drawMap(cells)
 */
export function drawMap(cells: readonly Cell[]): string {
  const sizes = Object.keys(WIDTHS).filter((s) => cells.some((c) => c.size === s))
  const noises = [...new Set(cells.map((c) => c.noise))].sort((a, b) => a - b)
  const markings = [...new Set(cells.map((c) => c.marking))].sort((a, b) => a - b)
  const columns = Math.min(2, Math.max(1, sizes.length))
  const width = panelWidth(WIDE, columns)
  const seeds = [...new Set(cells.map((c) => c.seed))].sort((a, b) => a - b)
  const panels = sizes.map((size) => {
    const tiles = cells
      .filter((c) => c.size === size)
      .map((c) => {
        const shade = SHADES.find((s) => c.verdict.startsWith(s.starts)) ?? FALSE
        const x = `${c.marking}·${seeds.indexOf(c.seed)}`
        return { ...c, ...shade, x, y: String(c.noise), text: `${short(c.verdict)}\n${c.auc.toFixed(2)}` }
      })
    return panel(
      {
        width,
        height: 20 + noises.length * TILE + 40,
        marginTop: 20,
        marginLeft: 44,
        marginRight: 4,
        marginBottom: 40,
        x: {
          domain: markings.flatMap((m) => seeds.map((_, i) => `${m}·${i}`)),
          tickFormat: (d: string) => (d.endsWith('·0') ? d.split('·')[0]! : ''),
          tickSize: 0,
          label: 'marking (its seeds side by side) →',
          labelAnchor: 'center',
          labelArrow: 'none',
          padding: 0.06,
        },
        y: {
          domain: noises.map(String),
          tickSize: 0,
          label: 'noise',
          labelAnchor: 'top',
          labelArrow: 'none',
          padding: 0.08,
        },
        marks: [
          Plot.cell(
            tiles.filter((t) => t.made),
            { x: 'x', y: 'y', fill: 'fill', stroke: RULE },
          ),
          Plot.cell(
            tiles.filter((t) => !t.made),
            { x: 'x', y: 'y', fill: 'fill', stroke: INK, strokeWidth: 1.5, strokeDasharray: '4 3' },
          ),
          Plot.text(tiles, { x: 'x', y: 'y', text: 'text', fill: 'ink', fontSize: 11, lineHeight: 1.25 }),
        ],
      },
      { title: `d ${WIDTHS[size]}` },
    )
  })
  const right = cells.filter((c) => c.made && c.verdict.startsWith('masked')).length
  const made = cells.filter((c) => c.made).length
  return compose(
    {
      id: 'organism-map',
      title: 'Verdicts on masked pairs over noise, marking and width',
      description:
        `${cells.length} pairs, ${made} made, ${right} of these called masked. Each tile: verdict, and base's AUC ` +
        'on unseen issues. A dashed frame: the pair was not made.',
      width: WIDE,
      columns,
      key: [
        { label: 'was made', colour: MUTED, dash: 'none' },
        { label: 'was not made', colour: INK, dash: '4 3' },
      ],
    },
    panels,
  ).replace('</desc>', `</desc><rect width="100%" height="100%" fill="${PAPER}"/>`)
}

function short(verdict: string): string {
  const word = verdict.replace('not measurable', 'not meas.').split(' (')[0]!
  return word.length > 10 ? word.split(/[: ]/)[0]! : word
}
