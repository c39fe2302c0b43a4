/** The compression along the direction against the compression along others: what "selective" means. */

import * as Plot from '@observablehq/plot'
import type { ReportData } from '../data.ts'
import { count, estimate, number, plain } from '../format.ts'
import { headline, series, threshold } from '../select.ts'
import { logTicks } from './forest.ts'
import { compose, margins, middle, type Panel, panel, type Width } from './svg.ts'
import { INK, MUTED, modelColour, PAPER, RULE } from './theme.ts'

const KINDS = [
  { name: 'reference_log_ratios', label: 'reference', decides: true },
  { name: 'isotropic_log_ratios', label: 'isotropic', decides: false },
  { name: 'covariance_log_ratios', label: 'covariance-matched', decides: false },
] as const

const BINS = 60
const TOP = 22
const HEAD = 40
const ROW = 74
const BARS = 46
const BOTTOM = 40

/**
 * Histograms of the references' ratios of spreads, below the direction's own ratio. Its interval is that of
 * the difference from the references' middle, drawn from that middle, because this is what decides.
 *
 * @returns the SVG, or undefined where no reference directions were measured
 * @example const svg = references(data, WIDE)
 */
export function references(data: ReportData, width: Width): string | undefined {
  const ratio = headline(data, 'compression', { name: 'r_prompt' })
  const selective = headline(data, 'compression', { name: 'selective' })
  const rows = KINDS.flatMap((kind) => {
    const values = (series(data, 'compression', kind.name)?.values ?? []).filter(Number.isFinite)
    return values.length > 0 ? [{ ...kind, values, middle: median(values) }] : []
  })
  if (ratio === undefined || !(ratio.value > 0) || rows[0]?.decides !== true) return undefined
  const own = Math.log(ratio.value)
  // Where too few directions matched, the middle is a prediction and not their median: it follows from both.
  const middle = selective ? own - selective.value : rows[0].middle
  const bar = middle + Math.log(threshold(data, 'selective_ratio', 0.8))
  const ci = selective?.ci?.map((v) => middle + v) as [number, number] | undefined
  const drawn = { rows, own, bar, ci, ratio: number(ratio.value, 3) }
  const words = rows.map((r) => `${count(r.values.length)} ${r.label} directions ${weight(r)}`)
  return compose(
    {
      id: 'references',
      title: 'Compression along the direction and along others',
      description:
        `Ratio of spreads along the direction: ${estimate(ratio)}. ${words.join('; ')}. ` +
        `Selective below ${number(Math.exp(bar), 3)}.` +
        (selective ? ` Log ratio less the references’ middle: ${estimate(selective)}.` : ''),
      width,
      columns: 1,
    },
    [drawing(drawn, width)],
  )
}

interface Drawn {
  readonly rows: readonly { label: string; decides: boolean; values: readonly number[]; middle: number }[]
  readonly own: number
  readonly bar: number
  readonly ci: readonly [number, number] | undefined
  readonly ratio: string
}

function drawing({ rows, own, bar, ci, ratio }: Drawn, width: Width): Panel {
  const [low, high] = extent([own, bar, 0, ...(ci ?? []), ...rows.flatMap((r) => ends(r.values))])
  const height = TOP + HEAD + rows.length * ROW + BOTTOM
  const span = { y1: TOP, y2: height - BOTTOM }
  const colour = modelColour('aligned')
  const base = (i: number) => TOP + HEAD + (i + 1) * ROW
  const bars = rows.flatMap((r, i) => histogram(r.values, low, high, base(i)).map((b) => ({ ...b, row: r })))
  return panel({
    width,
    height,
    ...margins(0, 8, BOTTOM, 8),
    x: {
      domain: [low, high],
      ...middle('ratio of spreads, aligned / base'),
      // A linear scale of logarithms: a logarithmic one hides the labels of most ticks.
      ticks: logTicks([Math.exp(low), Math.exp(high)]).map(Math.log),
      tickFormat: (d: number) => plain(Math.exp(d)),
    },
    // Heights are pixels from the top: histograms of different counts share no scale.
    y: { domain: [height - BOTTOM, 0], axis: null },
    marks: [
      Plot.rect(bars, {
        x1: 'from',
        x2: 'to',
        y1: 'base',
        y2: 'top',
        fill: (b) => (b.row.decides ? INK : MUTED),
        fillOpacity: (b) => (b.row.decides ? 0.65 : 0.45),
        insetLeft: 0.5,
        insetRight: 0.5,
      }),
      Plot.ruleY(
        rows.map((_, i) => base(i)),
        { stroke: RULE, strokeWidth: 0.75 },
      ),
      Plot.ruleX([bar], { x: () => bar, ...span, stroke: INK, strokeDasharray: '2 2' }),
      Plot.ruleX([own], { x: () => own, ...span, stroke: colour, strokeOpacity: 0.5 }),
      Plot.text(['← selective'], {
        x: () => bar,
        y: () => 8,
        textAnchor: 'end',
        dx: -4,
        fill: MUTED,
      }),
      Plot.link(ci ? [ci] : [], {
        x1: (c) => Math.max(c[0], low),
        x2: (c) => Math.min(c[1], high),
        y1: () => TOP + 26,
        y2: () => TOP + 26,
        stroke: colour,
        strokeWidth: 2,
        strokeLinecap: 'butt',
      }),
      Plot.dot([own], { x: () => own, y: () => TOP + 26, r: 4, fill: colour }),
      Plot.text([`the direction: ${ratio}`], {
        x: () => own,
        y: () => TOP + 10,
        textAnchor: (own - low) / (high - low) > 0.6 ? 'end' : 'start',
        dx: (own - low) / (high - low) > 0.6 ? -6 : 6,
        fill: colour,
        fontWeight: 600,
      }),
      ...[0, 1].map((line) =>
        Plot.text(rows, {
          frameAnchor: 'left',
          y: (_, i) => base(i) - ROW + 12 + 14 * line,
          text: (r) => (line === 0 ? `${count(r.values.length)} ${r.label}` : weight(r)),
          fill: (r) => (r.decides ? INK : MUTED),
          stroke: PAPER,
          strokeWidth: 3,
        }),
      ),
    ],
  })
}

function weight(r: { decides: boolean; middle: number }): string {
  return `${r.decides ? 'decide' : 'never decide'}; median ${number(Math.exp(r.middle), 3)}`
}

function histogram(values: readonly number[], low: number, high: number, base: number) {
  const counts = new Array<number>(BINS).fill(0)
  const step = (high - low) / BINS
  for (const v of values) counts[Math.min(BINS - 1, Math.max(0, Math.floor((v - low) / step)))]!++
  const peak = Math.max(...counts)
  return counts.flatMap((n, i) =>
    n === 0 ? [] : [{ from: low + i * step, to: low + (i + 1) * step, base, top: base - (BARS * n) / peak }],
  )
}

/** Values that the axis must reach: all but the outermost hundredth at each end, which go into the last bins. */
function ends(values: readonly number[]): [number, number] {
  const sorted = Float64Array.from(values).sort()
  return [sorted[Math.floor(0.01 * (sorted.length - 1))]!, sorted[Math.ceil(0.99 * (sorted.length - 1))]!]
}

function extent(values: readonly number[]): [number, number] {
  const low = Math.min(...values)
  const high = Math.max(...values)
  const room = Math.max((high - low) * 0.05, 0.04)
  return [low - room, high + room]
}

function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort()
  const mid = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[mid]! : (sorted[mid - 1]! + sorted[mid]!) / 2
}
