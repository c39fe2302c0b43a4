/** What steering does: the stance by dose, over the band of random directions of equal KL; and the gains. */

import * as Plot from '@observablehq/plot'
import type { ClaimId, Series } from '../../study/results.ts'
import type { ReportData } from '../data.ts'
import { count, estimate, number } from '../format.ts'
import { claim, headline, isPair, roles, threshold } from '../select.ts'
import { roleName } from '../words.ts'
import { type ForestRow, forest, forestWords } from './forest.ts'
import { compose, margins, middle, type Panel, panel, panelWidth, WIDE, type Width } from './svg.ts'
import { INK, MUTED, modelColour } from './theme.ts'

const HEIGHT = 230
const MARGIN = { top: 10, right: 12, bottom: 40, left: 48 }

interface Response {
  readonly role: string
  readonly points: readonly { readonly dose: number; readonly stance: number }[]
  /** Slope that 95% of the random directions do not exceed, either way, and how many they are. */
  readonly slope: number
  readonly arms: number
}

/** Series of a model under either causal claim: `geometry` holds them where `steering` was not asked for. */
export function steeringSeries(data: ReportData, name: string, model: string): Series | undefined {
  const ids: ClaimId[] = ['steering', 'geometry']
  return ids.flatMap((id) => claim(data, id).series ?? []).find((s) => s.name === name && s.model === model)
}

function response(data: ReportData, role: string): Response | undefined {
  const doses = steeringSeries(data, 'dose', role)?.values ?? []
  const stance = steeringSeries(data, 'stance', role)?.values ?? []
  const sizes = (steeringSeries(data, 'random_gain', role)?.values ?? []).map(Math.abs).sort((a, b) => a - b)
  if (doses.length < 2 || doses.length !== stance.length || sizes.length === 0) return undefined
  return {
    role,
    points: doses.map((dose, i) => ({ dose, stance: stance[i]! })),
    slope: percentile95(sizes),
    arms: sizes.length,
  }
}

/** The 95% point of rising values, interpolated as the null distributions of the tables are. */
function percentile95(sorted: readonly number[]): number {
  const at = 0.95 * (sorted.length - 1)
  const low = Math.floor(at)
  return sorted[low]! + (at - low) * ((sorted[low + 1] ?? sorted[low]!) - sorted[low]!)
}

/**
 * Mean stance against dose, one panel a model on common axes, with the band of random directions.
 *
 * @returns the SVG, or undefined where nothing was steered
 * @example const svg = doseResponse(data, WIDE)
 */
export function doseResponse(data: ReportData, width: Width): string | undefined {
  const found = roles(data).flatMap((role) => response(data, role) ?? [])
  if (found.length === 0) return undefined
  const ends = found.flatMap((r) => r.points.map((p) => p.dose))
  const far = Math.max(...ends.map(Math.abs))
  const heights = found.flatMap((r) => [...r.points.map((p) => Math.abs(p.stance)), r.slope * far])
  const top = 1.08 * Math.max(...heights, 1e-9)
  const columns = width === WIDE ? found.length : 1
  return compose(
    {
      id: 'dose-response',
      title: 'Stance by dose',
      description: found
        .map((r) => {
          const last = r.points.at(-1)!
          return `${roleName(r.role)}: at a dose of ${number(last.dose, 2)} the stance moves by ${number(last.stance, 3)}; 95% of ${count(r.arms)} random directions move it by less than ${number(r.slope, 3)} a dose.`
        })
        .join(' '),
      width,
      columns,
      key: [
        { label: 'the direction', colour: INK, dash: 'none' },
        { label: 'random directions, 95%', colour: MUTED, dash: '2 2' },
      ],
    },
    found.map((r) => drawing(r, far, top, panelWidth(width, columns))),
  )
}

function drawing(r: Response, far: number, top: number, width: number): Panel {
  const colour = modelColour(r.role)
  const wedge = [-far, 0, far].map((dose) => ({ dose, size: r.slope * Math.abs(dose) }))
  const edge = (sign: number) =>
    Plot.line(wedge, {
      x: 'dose',
      y: (w: (typeof wedge)[number]) => sign * w.size,
      stroke: MUTED,
      strokeDasharray: '2 2',
    })
  return panel(
    {
      width,
      height: HEIGHT,
      ...margins(MARGIN.top, MARGIN.right, MARGIN.bottom, MARGIN.left),
      x: {
        domain: [-far, far],
        ...middle('dose, ±√(2 KL)'),
        ticks: 5,
        tickFormat: (d: number) => number(d, 1),
      },
      y: { domain: [-top, top], label: null, ticks: 5, tickFormat: (d: number) => number(d, 2) },
      marks: [
        Plot.areaY(wedge, {
          x: 'dose',
          y1: (w: (typeof wedge)[number]) => -w.size,
          y2: 'size',
          fill: MUTED,
          fillOpacity: 0.18,
        }),
        edge(1),
        edge(-1),
        Plot.ruleY([0], { stroke: MUTED, strokeOpacity: 0.6 }),
        Plot.line(r.points, { x: 'dose', y: 'stance', stroke: colour, strokeWidth: 2 }),
        Plot.dot(r.points, { x: 'dose', y: 'stance', r: 3, fill: colour }),
      ],
    },
    { title: roleName(r.role), colour },
  )
}

/**
 * Gains of the models and their ratio, between the bars of the labels.
 *
 * @returns the SVG, or undefined where no ratio was measured
 * @example const svg = gainRatio(data, WIDE)
 */
export function gainRatio(data: ReportData, width: Width): string | undefined {
  if (!isPair(data)) return undefined
  const ratio = headline(data, 'steering', { name: 'gain_ratio' })
  const equivalence = headline(data, 'steering', { name: 'gain_ratio_equivalence' })
  if (ratio === undefined || equivalence === undefined) return undefined
  const rows: ForestRow[] = [
    { label: 'ratio, 90% (equivalence)', measure: equivalence },
    { label: 'ratio, 95%', measure: ratio },
  ]
  const cut = threshold(data, 'gain_disconnected', 0.25)
  const low = threshold(data, 'gain_connected_low', 0.5)
  const high = threshold(data, 'gain_connected_high', 2)
  return compose(
    {
      id: 'gain-ratio',
      title: 'Gain of the aligned model over that of base',
      description: `${forestWords(rows)} Disconnected: the 90% interval within -${cut} to ${cut}. Connected: within ${low} to ${high}. Ratio: ${estimate(ratio)}.`,
      width,
      columns: 1,
    },
    [
      forest(rows, {
        width,
        label: 'gain, aligned / base',
        rules: [
          { x: -cut, label: '' },
          { x: cut, label: 'cut' },
          { x: low, label: 'whole' },
          { x: high, label: '' },
        ],
        reach: [0, 1],
      }),
    ],
  )
}
