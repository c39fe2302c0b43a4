/** The distribution of projections in numbers, for who reads rather than sees them. */

import type { Projection, ReportData } from '../data.ts'
import { kindName, type ProjectionSummary, projectionSummaries } from '../figures/projections.ts'
import { count, number } from '../format.ts'
import type { Html } from '../html.ts'
import { table } from '../table.ts'
import { roleName } from '../words.ts'

/** Count, mean and standard deviation by model and kind. */
export function projectionTable(data: ReportData, set: Projection['set']): Html | undefined {
  const rows = projectionSummaries(data, set)
  const gaps = rows.some((r) => r.gap !== undefined)
  const column = (head: string, value: (r: ProjectionSummary) => number | undefined) => ({
    head,
    numeric: true,
    cell: (r: ProjectionSummary) => {
      const v = value(r)
      return v === undefined ? '' : number(v, 3)
    },
  })
  return table(
    `Projections of ${set}: computed for this figure from the run’s table of projections.`,
    [
      { head: 'Model', cell: (r) => roleName(r.model) },
      { head: set === 'texts' ? 'Pole' : 'Prompts', cell: (r) => kindName(data, set, r.kind) },
      { head: 'n', numeric: true, cell: (r) => count(r.n) },
      column('Mean, raw', (r) => r.raw.mean),
      column('SD, raw', (r) => r.raw.sd),
      ...(gaps
        ? [column('Mean, class gaps', (r) => r.gap?.mean), column('SD, class gaps', (r) => r.gap?.sd)]
        : []),
    ],
    rows,
  )
}
