/** Ratios of spreads, aligned over base: what shrank, and along whose axis. */

import type { Measure } from '../../study/results.ts'
import type { ReportData } from '../data.ts'
import { headline, primary } from '../select.ts'
import { measureName } from '../words.ts'
import { type ForestRow, forest, forestWords } from './forest.ts'
import { compose, type Width } from './svg.ts'

const SHRANK = [
  'r_prompt',
  'r_gap',
  'r_reference',
  'ratio_gap_scaled',
  'variance_ratio',
  'iqr_ratio',
  'range_ratio',
]
const NO_CHANGE = [{ x: 1, label: 'no change' }]

/**
 * The spread of prompts, the class gap of texts, and other measures of spread.
 *
 * @returns the SVG, or undefined where no ratio was measured
 * @example const svg = ratios(data, WIDE)
 */
export function ratios(data: ReportData, width: Width): string | undefined {
  const rows = SHRANK.flatMap((name): ForestRow[] => {
    const measure = headline(data, 'compression', { name })
    return measure ? [{ label: measureName(name), measure }] : []
  })
  return draw('ratios', 'Ratios of spreads', rows, width)
}

/**
 * The ratio of spreads along base-fitted, aligned-fitted and pooled axes.
 *
 * @returns the SVG, or undefined where no ratio was measured
 * @example const svg = axisRatios(data, NARROW)
 */
export function axisRatios(data: ReportData, width: Width): string | undefined {
  const rows = primary(data, 'compression', { name: 'r_prompt' }, ['axis']).map(
    (measure: Measure): ForestRow => ({ label: `axis: ${measure.axis ?? 'base'}`, measure }),
  )
  return rows.length < 2 ? undefined : draw('axes', 'Ratio of spreads by axis', rows, width)
}

function draw(id: string, title: string, rows: readonly ForestRow[], width: Width): string | undefined {
  if (rows.length === 0) return undefined
  return compose({ id, title, description: forestWords(rows), width, columns: 1 }, [
    forest(rows, { width, label: 'ratio, aligned / base', log: true, rules: NO_CHANGE, reach: [1] }),
  ])
}
