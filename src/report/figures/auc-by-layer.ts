/** AUC of the direction by layer, with its interval, the null band and what words alone reach. */

import * as Plot from '@observablehq/plot'
import type { Measure } from '../../study/results.ts'
import type { ReportData } from '../data.ts'
import { clip, number } from '../format.ts'
import { headline, layerOf, measures, ownerOf, primary, roles } from '../select.ts'
import { baselineName, estimatorName, roleName } from '../words.ts'
import { type EndLabel, endLabels } from './labels.ts'
import { compose, margins, middle, type Panel, panel, panelWidth, WIDE, type Width } from './svg.ts'
import { ESTIMATOR_DASHES, INK, MUTED, modelColour } from './theme.ts'

/** Longest label of a line, in characters. */
const LABEL = 15
const HEIGHT = 290
const MARGIN = { top: 8, right: 120, bottom: 38, left: 36 }

/**
 * One panel a model: the estimators' out-of-fold AUC at every layer, the interval of the deciding one, the
 * band between mean and 95th percentile of the null, and each baseline as a labelled line.
 *
 * @returns the SVG, or undefined where no AUC was measured layer by layer
 * @example const svg = aucByLayer(data, WIDE)
 */
export function aucByLayer(data: ReportData, width: Width): string | undefined {
  const models = roles(data).filter((role) => aucCurves(data, role).length > 0)
  if (models.length === 0) return undefined
  const all = models.flatMap((role) => [...aucCurves(data, role).flat(), ...baselines(data, role)])
  const values = all.flatMap((m) => [m.value, ...(m.ci ?? []), ...(m.null ? [m.null.mean, m.null.q95] : [])])
  const domain: [number, number] = [Math.min(0.48, ...values) - 0.01, Math.max(0.6, ...values) + 0.01]
  const columns = width === WIDE && models.length > 1 ? 2 : 1
  const w = panelWidth(width, columns)
  const panels = models.map((role) => modelPanel(data, role, w, domain))
  const best = models.map((role) => {
    const top = aucCurves(data, role)[0]!.reduce((a, b) => (b.value > a.value ? b : a))
    const lines = baselines(data, role).map((b) => `${baselineName(b.model)} ${number(b.value, 3)}`)
    const beside = lines.length > 0 ? `; baselines: ${lines.join(', ')}` : ''
    return `${roleName(role)}: highest at layer ${top.layer}, ${number(top.value, 3)}${beside}.`
  })
  return compose(
    {
      id: 'auc-by-layer',
      title: 'AUC of the direction by layer',
      description: `Out-of-fold AUC between the poles at each layer. ${best.join(' ')}`,
      width,
      columns,
    },
    panels,
  )
}

/** By estimator, the deciding one first: AUC at each layer, in order of layers. */
export function aucCurves(data: ReportData, role: string): Measure[][] {
  const found = primary(data, 'direction', { name: 'auc', model: role }, ['estimator', 'layer']).filter(
    (m) => m.layer !== undefined,
  )
  const known = [...ESTIMATOR_DASHES.keys()]
  const names = [...new Set(found.map((m) => m.estimator ?? ''))].sort(
    (a, b) => known.indexOf(a) - known.indexOf(b),
  )
  return names.map((e) => found.filter((m) => (m.estimator ?? '') === e).sort((a, b) => a.layer! - b.layer!))
}

/** The best of each kind of baseline that belongs to this model or to all. */
function baselines(data: ReportData, role: string): Measure[] {
  const best = new Map<string, Measure>()
  for (const m of measures(data, 'direction', { name: 'baseline_auc' })) {
    const of = ownerOf(m)
    if (of !== undefined && of !== role) continue
    const kind = m.model ?? ''
    if (m.value > (best.get(kind)?.value ?? Number.NEGATIVE_INFINITY)) best.set(kind, m)
  }
  return [...best.values()]
}

function modelPanel(data: ReportData, role: string, width: number, domain: [number, number]): Panel {
  const lines = aucCurves(data, role)
  const main = lines[0]!
  const colour = modelColour(role)
  const first = Math.min(...main.map((m) => m.layer!))
  const last = Math.max(...main.map((m) => m.layer!))
  const labels: EndLabel[] = lines.map((line) => ({
    y: line.at(-1)!.value,
    text: estimatorName(line[0]!.estimator),
    colour,
  }))
  const base = baselines(data, role)
  for (const b of base) labels.push({ y: b.value, text: baselineName(b.model), colour: INK })
  const band = nullBand(lines, first, last)
  if (band.length > 0) labels.push({ y: band.at(-1)!.q95, text: 'chance, 95%', colour: MUTED })
  const decides = headline(data, 'direction', { name: 'excess_auc', model: role })
  const chosen = decides && layerOf(decides)
  const at = main.find((m) => m.layer === chosen)
  return panel(
    {
      width,
      height: HEIGHT,
      ...margins(MARGIN.top, MARGIN.right, MARGIN.bottom, MARGIN.left),
      x: {
        domain: first === last ? [first - 0.5, last + 0.5] : [first, last],
        ...middle('layer'),
        ticks: layerTicks(first, last),
        tickFormat: (d: number) => String(d),
      },
      y: { domain, label: null, ticks: 6, tickFormat: (d: number) => number(d, 2) },
      marks: [
        Plot.areaY(band, { x: 'layer', y1: 'mean', y2: 'q95', fill: MUTED, fillOpacity: 0.18 }),
        Plot.ruleY(base, {
          x1: first,
          x2: last,
          y: 'value',
          stroke: INK,
          strokeOpacity: 0.55,
          strokeWidth: 1,
          strokeDasharray: '1 3',
        }),
        Plot.areaY(
          main.filter((m) => m.ci !== undefined),
          {
            x: 'layer',
            y1: (m: Measure) => m.ci![0],
            y2: (m: Measure) => m.ci![1],
            fill: colour,
            fillOpacity: 0.16,
          },
        ),
        ...[...lines].reverse().map((line) =>
          Plot.line(line, {
            x: 'layer',
            y: 'value',
            stroke: colour,
            strokeWidth: line === main ? 2 : 1.25,
            strokeDasharray: ESTIMATOR_DASHES.get(line[0]!.estimator ?? '') ?? 'none',
          }),
        ),
        ...(main.length === 1 ? [Plot.dot(main, { x: 'layer', y: 'value', r: 3, fill: colour })] : []),
        Plot.dot(at ? [at] : [], {
          x: 'layer',
          y: 'value',
          r: 4.5,
          stroke: colour,
          strokeWidth: 1.75,
          fill: 'var(--paper, #fff)',
        }),
        ...endLabels(
          labels.map((l) => ({ ...l, text: clip(l.text, LABEL) })),
          first === last ? last + 0.5 : last,
          domain,
          HEIGHT - MARGIN.top - MARGIN.bottom,
        ),
      ],
    },
    { title: roleName(role), colour },
  )
}

/** The null along the layers: of the deciding estimator, else of another; one value serves all layers. */
function nullBand(lines: Measure[][], first: number, last: number) {
  const line = lines.find((l) => l.some((m) => m.null !== undefined)) ?? []
  const known = line.flatMap((m) => (m.null ? [{ layer: m.layer!, mean: m.null.mean, q95: m.null.q95 }] : []))
  const only = known[0]
  return known.length === 1 && only ? [first, last].map((layer) => ({ ...only, layer })) : known
}

function layerTicks(first: number, last: number): number[] {
  const step = [1, 2, 5, 10, 20].find((s) => (last - first) / s <= 7) ?? 50
  const ticks: number[] = []
  for (let l = Math.ceil(first / step) * step; l <= last; l += step) ticks.push(l)
  return ticks
}
