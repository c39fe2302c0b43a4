/** One measure over several runs: stages of training in their order, or runs side by side. */

import * as Plot from '@observablehq/plot'
import type { Measure } from '../../study/results.ts'
import { clip, estimate, plain } from '../format.ts'
import { measureName, roleName } from '../words.ts'
import { compose, margins, NARROW, type Panel, panel, panelWidth, type Width } from './svg.ts'
import { INK, MUTED, modelColour, PAPER, RULE } from './theme.ts'

export interface RunRow {
  readonly name: string
  readonly model: string | undefined
  /** By run; undefined where it was not measured. */
  readonly values: readonly (Measure | undefined)[]
}

/** Bars that decide on a measure, by their names among the thresholds; log: the bar is the logarithm. */
const BARS: ReadonlyMap<string, readonly { key: string; label: string; log?: true; both?: true }[]> = new Map(
  [
    ['excess_auc', [{ key: 'excess_auc', label: 'exists' }]],
    [
      'retention',
      [
        { key: 'lost', label: 'lost' },
        { key: 'retained', label: 'retained' },
      ],
    ],
    ['selective', [{ key: 'selective_ratio', label: 'selective', log: true }]],
    ['contrast_ratio', [{ key: 'neutral', label: 'neutral', both: true }]],
    [
      'persona_ratio',
      [
        { key: 'not_reactivated', label: 'not reactivated' },
        { key: 'reactivated', label: 'reactivated' },
      ],
    ],
    [
      'gain_ratio',
      [
        { key: 'gain_disconnected', label: 'disconnected', both: true },
        { key: 'gain_connected_low', label: 'connected' },
      ],
    ],
    [
      'stance_index',
      [
        { key: 'not_reactivated', label: 'not reactivated' },
        { key: 'reactivated', label: 'reactivated' },
      ],
    ],
  ],
)
/** Measures of which 1 is the mark to look from, as in base or as random directions; of the others it is 0. */
const SAME = new Set([
  'r_prompt',
  'r_gap',
  'retention',
  'gain_ratio',
  'steering_reach',
  'persona_ratio',
  'contrast_ratio',
])

const HEIGHT = 150
const BOTTOM = 42

/**
 * Panels of measures over runs, each with its intervals and the bars that decide.
 *
 * @param runs what the runs are called, in order
 * @param thresholds of the first run
 * @returns the SVG, or undefined where nothing was measured in two runs
 * @example byRun(['sft', 'dpo', 'grpo'], rows, results.thresholds, WIDE)
 */
export function byRun(
  runs: readonly string[],
  rows: readonly RunRow[],
  thresholds: Readonly<Record<string, number | string>>,
  width: Width,
): string | undefined {
  // Base is the same in every run of a chain: what is asked is what becomes of it.
  const shown = rows.filter((r) => r.model !== 'base' && r.values.filter(Boolean).length > 1)
  if (shown.length === 0) return undefined
  const columns = width === NARROW ? 1 : 2
  const names = runs.map((r) => clip(r, 14))
  return compose(
    {
      id: 'by-run',
      title: 'Measures by run',
      description: shown
        .map(
          (r) =>
            `${titleOf(r)}: ${r.values.map((v, i) => `${runs[i]} ${v === undefined ? 'not measured' : estimate(v)}`).join('; ')}.`,
        )
        .join(' '),
      width,
      columns,
    },
    shown.map((r) => drawing(r, names, thresholds, panelWidth(width, columns))),
  )
}

function titleOf({ name, model }: RunRow): string {
  return `${measureName(name)}${model === undefined || model === 'aligned' ? '' : `, ${roleName(model)}`}`
}

function drawing(
  row: RunRow,
  names: readonly string[],
  thresholds: Readonly<Record<string, number | string>>,
  width: number,
): Panel {
  const points = row.values.flatMap((m, i) =>
    m === undefined
      ? []
      : [{ run: names[i]!, value: m.value, low: m.ci?.[0] ?? m.value, high: m.ci?.[1] ?? m.value }],
  )
  const bars = (BARS.get(row.name) ?? []).flatMap(({ key, label, log, both }) => {
    const value = Number(thresholds[key])
    if (!Number.isFinite(value)) return []
    const y = log ? Math.log(value) : value
    return [{ y, label }, ...(both ? [{ y: -y, label: '' }] : [])]
  })
  const same = SAME.has(row.name) ? 1 : 0
  // An interval that explodes is cut at the frame; its numbers are in the description and the table.
  const near = [...points.map((p) => p.value), ...bars.map((b) => b.y), same]
  const span = Math.max(...near) - Math.min(...near) || 1
  const [low, high] = [Math.min(...near) - span, Math.max(...near) + span]
  const ends = points.flatMap((p) => [Math.max(p.low, low), Math.min(p.high, high)])
  const colour = modelColour('aligned')
  return panel(
    {
      width,
      height: HEIGHT + BOTTOM,
      ...margins(12, 6, BOTTOM, 46),
      x: {
        domain: names,
        tickSize: 0,
        label: null,
        padding: 0.5,
        ...(names.length > 4 ? { tickRotate: -30 } : {}),
      },
      y: {
        domain: [Math.min(...ends, ...near), Math.max(...ends, ...near)],
        nice: true,
        ticks: 4,
        tickFormat: plain,
        label: null,
      },
      marks: [
        Plot.ruleY([same], { stroke: RULE }),
        Plot.ruleY(bars, { y: 'y', stroke: MUTED, strokeDasharray: '4 3' }),
        Plot.text(
          bars.filter((b) => b.label !== ''),
          {
            y: 'y',
            frameAnchor: 'right',
            textAnchor: 'end',
            dy: -6,
            text: 'label',
            fill: MUTED,
            fontSize: 11,
          },
        ),
        Plot.line(points, { x: 'run', y: 'value', stroke: colour, strokeOpacity: 0.35 }),
        Plot.ruleX(points, {
          x: 'run',
          y1: (p: (typeof points)[number]) => Math.max(p.low, low),
          y2: (p: (typeof points)[number]) => Math.min(p.high, high),
          stroke: colour,
          strokeWidth: 1.5,
        }),
        Plot.dot(points, { x: 'run', y: 'value', fill: colour, stroke: PAPER, r: 4 }),
        Plot.frame({ anchor: 'bottom', stroke: INK, strokeOpacity: 0.3 }),
      ],
    },
    { title: titleOf(row) },
  )
}
