/** Where texts and prompts lie along the direction, in both models, raw and in class-gap units. */

import * as Plot from '@observablehq/plot'
import type { Projection, ReportData } from '../data.ts'
import { count, number, plain } from '../format.ts'
import { roles } from '../select.ts'
import { roleName } from '../words.ts'
import { density } from './density.ts'
import { compose, margins, middle, type Panel, panel, panelWidth, WIDE, type Width } from './svg.ts'
import { MUTED, modelColour, POLE_COLOURS, POLE_DASHES } from './theme.ts'

type Kind = 'A' | 'B' | 'neutral'
const UNITS = ['z', 'z_gap'] as const
type Unit = (typeof UNITS)[number]
const UNIT_NAMES: Record<Unit, string> = { z: 'projection, raw', z_gap: 'projection, class-gap units' }
const UNIT_WORDS: Record<Unit, string> = { z: 'raw', z_gap: 'class gaps' }
const MARGIN = { top: 6, right: 8, bottom: 38, left: 8 }
const PLOT = 96
const RUG = 9

/**
 * Densities of the labelled texts, by pole.
 *
 * @returns the SVG, or undefined without projections of texts
 * @example const svg = textProjections(data, WIDE)
 */
export function textProjections(data: ReportData, width: Width): string | undefined {
  return projections(data, width, 'texts')
}

/**
 * Densities of the prompts, by the pole that they lean towards, with every prompt as a tick below.
 *
 * @returns the SVG, or undefined without projections of prompts
 * @example const svg = promptProjections(data, NARROW)
 */
export function promptProjections(data: ReportData, width: Width): string | undefined {
  return projections(data, width, 'prompts')
}

/** What the kinds are called: poles by their names, prompts by what they lean towards. */
export function kindName(data: ReportData, set: Projection['set'], kind: Kind): string {
  const pole = kind === 'neutral' ? 'neutral' : (data.results.poles?.[kind] ?? `pole ${kind}`)
  return set === 'texts' || kind === 'neutral' ? pole : `leaning to ${pole}`
}

/** The rows that the figure shows: of one site, and of the raw rendering where there is one. */
export function shownProjections(data: ReportData, set: Projection['set']): Projection[] {
  const rows = data.projections.filter((p) => p.set === set && Number.isFinite(p.z))
  const here = rows.filter((p) => p.site === rows[0]!.site)
  const raw = here.filter((p) => p.rendering === 'raw')
  return raw.length > 0 ? raw : here
}

/** Count, mean and standard deviation of the projections of one model and kind. */
export interface ProjectionSummary {
  readonly model: string
  readonly kind: Kind
  readonly n: number
  readonly raw: Moments
  /** Absent where no projection has class-gap units. */
  readonly gap: Moments | undefined
}

interface Moments {
  readonly mean: number
  readonly sd: number
}

/** What the figure shows, in numbers: model by model, kind by kind. */
export function projectionSummaries(data: ReportData, set: Projection['set']): ProjectionSummary[] {
  const rows = shownProjections(data, set)
  return roles(data).flatMap((model) =>
    kinds(rows).flatMap((kind): ProjectionSummary[] => {
      const of = rows.filter((p) => p.model === model && kindOf(p) === kind)
      const gaps = valuesOf(of, 'z_gap')
      if (of.length === 0) return []
      const raw = moments(valuesOf(of, 'z'))
      return [{ model, kind, n: of.length, raw, gap: gaps.length > 0 ? moments(gaps) : undefined }]
    }),
  )
}

function kindOf(p: Projection): Kind | undefined {
  if (p.set === 'texts') return p.pole
  return p.loading === 'A' || p.loading === 'B' ? p.loading : 'neutral'
}

function kinds(rows: readonly Projection[]): Kind[] {
  return (['A', 'neutral', 'B'] as const).filter((k) => rows.some((p) => kindOf(p) === k))
}

function projections(data: ReportData, width: Width, set: Projection['set']): string | undefined {
  const rows = shownProjections(data, set)
  const models = roles(data).filter((role) => rows.some((p) => p.model === role))
  if (models.length === 0) return undefined
  const units = UNITS.filter((unit) => valuesOf(rows, unit).length > 0)
  const columns = width === WIDE ? units.length : 1
  const w = panelWidth(width, columns)
  // At a desk a row is a model; on a phone both models of one unit follow each other.
  const cells: [string, Unit][] =
    width === WIDE
      ? models.flatMap((m) => units.map((u): [string, Unit] => [m, u]))
      : units.flatMap((u) => models.map((m): [string, Unit] => [m, u]))
  const panels = cells.map(([model, unit]) =>
    one(
      rows.filter((p) => p.model === model),
      model,
      unit,
      domain(rows, unit),
      w,
      set,
    ),
  )
  const words = models.map((model) => {
    const of = rows.filter((p) => p.model === model)
    const spread = units.map((u) => `SD ${number(moments(valuesOf(of, u)).sd, 3)} ${UNIT_WORDS[u]}`)
    return `${roleName(model)}: ${count(of.length)} ${set}, ${spread.join(', ')}.`
  })
  return compose(
    {
      id: `projections-${set}`,
      title: set === 'texts' ? 'Labelled texts along the direction' : 'Prompts along the direction',
      description: `Densities of the projections. ${words.join(' ')}`,
      width,
      columns,
      key: kinds(rows).map((kind) => ({
        label: kindName(data, set, kind),
        colour: POLE_COLOURS[kind],
        dash: POLE_DASHES[kind],
      })),
    },
    panels,
  )
}

function one(
  rows: readonly Projection[],
  model: string,
  unit: Unit,
  [low, high]: readonly [number, number],
  width: number,
  set: Projection['set'],
): Panel {
  const curves = kinds(rows).flatMap((kind) => {
    const values = valuesOf(
      rows.filter((p) => kindOf(p) === kind),
      unit,
    )
    return values.length > 0 ? [{ kind, values, line: density(values, low, high) }] : []
  })
  const peak = Math.max(1e-9, ...curves.flatMap((c) => c.line.map((d) => d.density)))
  const rugs = set === 'prompts' ? curves : []
  const under = rugs.length * RUG
  const height = MARGIN.top + PLOT + under + MARGIN.bottom
  // The rug lies below zero: one line of ticks a kind, as many pixels high as RUG.
  const pixel = (peak * 1.04) / PLOT
  return panel(
    {
      width,
      height,
      ...margins(MARGIN.top, MARGIN.right, MARGIN.bottom, MARGIN.left),
      x: {
        domain: [low, high],
        ...middle(UNIT_NAMES[unit]),
        ticks: 5,
        tickFormat: (d: number) => plain(d),
      },
      y: { domain: [-under * pixel, peak * 1.04], axis: null },
      marks: [
        ...curves.map((c) =>
          Plot.areaY(c.line, { x: 'x', y: 'density', fill: POLE_COLOURS[c.kind], fillOpacity: 0.14 }),
        ),
        ...curves.map((c) =>
          Plot.line(c.line, {
            x: 'x',
            y: 'density',
            stroke: POLE_COLOURS[c.kind],
            strokeWidth: 1.5,
            strokeDasharray: POLE_DASHES[c.kind],
          }),
        ),
        ...rugs.map((c, i) =>
          Plot.line(ticks(c.values, [low, high], width), {
            x: 'x',
            y: (t: Tick) => -(i * RUG + (t.end ? RUG - 1 : 2)) * pixel,
            stroke: POLE_COLOURS[c.kind],
            strokeWidth: 0.75,
            strokeOpacity: 0.8,
          }),
        ),
        Plot.ruleY([0], { stroke: MUTED, strokeWidth: 0.75 }),
      ],
    },
    { title: roleName(model), colour: modelColour(model) },
  )
}

interface Tick {
  readonly x: number
  readonly end: boolean
}

/** Upright ticks as one broken line: at most one a pixel, so that thousands of prompts stay a small drawing. */
function ticks(values: readonly number[], [low, high]: readonly [number, number], width: number): Tick[] {
  const pixel = (high - low) / width
  const places = new Map<number, number>()
  for (const v of values) if (v >= low && v <= high) places.set(Math.round((v - low) / pixel), v)
  return [...places.values()].flatMap((x) => [
    { x, end: false },
    { x, end: true },
    { x: Number.NaN, end: true },
  ])
}

/** From the 0.2nd to the 99.8th percentile of all models, so that one odd text does not flatten the rest. */
function domain(rows: readonly Projection[], unit: Unit): [number, number] {
  const sorted = Float64Array.from(valuesOf(rows, unit)).sort()
  const low = sorted[Math.floor(0.002 * (sorted.length - 1))]!
  const high = sorted[Math.ceil(0.998 * (sorted.length - 1))]!
  const room = (high - low || Math.abs(high) || 1) * 0.05
  return [low - room, high + room]
}

/** The projections that have a value in this unit. */
function valuesOf(rows: readonly Projection[], unit: Unit): number[] {
  return rows.map((p) => p[unit] ?? Number.NaN).filter(Number.isFinite)
}

function moments(values: readonly number[]): Moments {
  const mean = values.reduce((a, b) => a + b, 0) / values.length
  const squares = values.reduce((a, b) => a + (b - mean) ** 2, 0)
  return { mean, sd: Math.sqrt(squares / Math.max(1, values.length - 1)) }
}
