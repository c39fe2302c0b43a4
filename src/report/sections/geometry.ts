/** Claim `geometry`: whether the direction works inside the model, each test beside random directions. */

import type { Measure } from '../../study/results.ts'
import type { ReportData } from '../data.ts'
import { count } from '../format.ts'
import type { Html } from '../html.ts'
import { claim, measures } from '../select.ts'
import { chance, datum, measured, table } from '../table.ts'
import { capital } from '../words.ts'
import { claimSection, wasRun } from './claim.ts'
import { blockChoice, doseFigure } from './steering.ts'

export const geometry = claimSection('geometry', (data) => [
  blockChoice(data, 'geometry'),
  wasRun(claim(data, 'steering')) ? undefined : doseFigure(data),
  tests(data),
])

function tests(data: ReportData): Html | undefined {
  const rows = ['steering_gain', 'cross_gain', 'ablation_drop'].flatMap((name) =>
    measures(data, 'geometry', { name }),
  )
  return table(
    'Effects against those of variance-matched random directions of equal KL. Gains: log-odds per token and dose, on the issues of the random arms. Ablation: what it takes off the difference between loaded prompts.',
    [
      { head: 'Test', cell: (m: Measure) => capital(m.note ?? m.name) },
      { head: 'Effect', numeric: true, cell: measured },
      { head: 'Random, 95%', numeric: true, cell: (m) => m.null && datum(m.null.q95) },
      { head: 'Directions', numeric: true, cell: (m) => m.null && datum(m.null.draws, count(m.null.draws)) },
      { head: 'p', numeric: true, cell: (m) => chance(m.p) },
    ],
    rows,
  )
}
