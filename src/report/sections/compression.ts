/** Claim `compression`: how widely the prompts lie along the direction, and along directions like it. */

import type { Measure } from '../../study/results.ts'
import type { ReportData } from '../data.ts'
import { figure } from '../figure.ts'
import { promptProjections } from '../figures/projections.ts'
import { axisRatios, ratios } from '../figures/ratios.ts'
import { references } from '../figures/references.ts'
import { type Html, html } from '../html.ts'
import { headline, measures, primary, roles, threshold } from '../select.ts'
import { chance, measured, table } from '../table.ts'
import { measureName, roleName } from '../words.ts'
import { claimSection } from './claim.ts'
import { sizeOf } from './measure-table.ts'
import { projectionTable } from './projection-table.ts'

export const compression = claimSection('compression', (data) => [
  figure(data, promptProjections, {
    title: 'Prompts along the direction',
    caption: `Densities by what the prompt leans towards; each tick is a prompt. In class-gap units (right, or below) the spread is measured by that model’s own distance between the poles, so that a mere change of scale leaves it as it is.`,
    numbers: projectionTable(data, 'prompts'),
  }),
  figure(data, references, {
    title: 'Compression against other directions',
    caption: html`Each histogram counts directions by their ratio of spreads, aligned over base. The references are orthogonal to the direction, uncorrelated in base with it and with what prompts lean to, and vary as much (where none does, they are the strongest there are, and the words above say so): they decide. <i>Selective</i> needs the whole interval left of the dashed bar, ${threshold(data, 'selective_ratio', 0.8)} of the references’ middle. Isotropic and covariance-matched directions are of other strengths, so that a change of all strong directions looks selective beside them: they are shown and never decide.`,
  }),
  figure(data, ratios, {
    title: 'What shrank',
    caption: `Ratios, aligned over base; 1 is no change. Prompts alone shrunk: compression. Prompts and the class gap of the texts shrunk together: the direction as a whole is attenuated, or the scale changed.`,
  }),
  figure(data, axisRatios, {
    title: 'Whose axis',
    caption: `The ratio of spreads along the direction fitted on the base model, on the aligned model and on both. A result that depends on the axis is a result about the axis.`,
  }),
  spreads(data),
  tests(data),
])

/** SD by rendering and model: the template alone can change it. */
function spreads(data: ReportData): Html | undefined {
  const find = (name: string, model: string, rendering: Measure['rendering']) =>
    headline(data, 'compression', { name, model, rendering })
  const all = measures(data, 'compression', { name: 'sd_raw' })
  const renderings = (['raw', 'chat', undefined] as const).filter((r) => all.some((m) => m.rendering === r))
  const rows = renderings.flatMap((rendering) => roles(data).map((model) => ({ rendering, model })))
  const did = headline(data, 'compression', { name: 'rendering_did' })
  const spread = table(
    'Standard deviation of the prompts along the base model’s direction.',
    [
      { head: 'Model', cell: (r) => `${roleName(r.model)}${r.rendering ? `, ${r.rendering}` : ''}` },
      ...(['sd_raw', 'sd_gap'] as const).map((name) => ({
        head: name === 'sd_raw' ? 'Raw units' : 'Class gaps',
        numeric: true,
        cell: (r: (typeof rows)[number]) => {
          const m = find(name, r.model, r.rendering)
          return m && measured(m)
        },
      })),
    ],
    rows.filter((r) => find('sd_raw', r.model, r.rendering)),
  )
  if (did === undefined) return spread
  return html`${spread}
<p>Difference in differences of log SD, (aligned − base) in chat less (aligned − base) in raw: ${measured(did)}. An interval that holds 0 means that the chat template does not change the answer; above or below it, part of what looks like alignment is the template.</p>`
}

function tests(data: ReportData): Html | undefined {
  const names = ['swap_test', 'brown_forsythe']
  const rows = names.flatMap((name) => primary(data, 'compression', { name })[0] ?? [])
  return table(
    'Tests of equal spread. The swap test, over whole issues, is the primary one; Brown and Forsythe’s takes prompts as independent.',
    [
      { head: 'Test', cell: (m: Measure) => measureName(m.name) },
      { head: 'Ratio', numeric: true, cell: (m) => measured(m) },
      { head: 'p', numeric: true, cell: (m) => chance(m.p) },
      ...(rows.some((m) => m.q !== undefined)
        ? [{ head: 'q', numeric: true, cell: (m: Measure) => chance(m.q) }]
        : []),
      {
        head: 'n / issues',
        numeric: true,
        cell: sizeOf,
      },
      { head: 'Method', long: true, cell: (m) => m.method },
    ],
    rows,
  )
}
