/** Claim `identity`: the factorial, the reactivation index, facts, and identity inferred and amplified. */

import type { Measure } from '../../study/results.ts'
import type { ReportData } from '../data.ts'
import { figure } from '../figure.ts'
import { amplification, amplificationCurves, reactivation } from '../figures/identity.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import { claim, isPair, roles, threshold } from '../select.ts'
import { bounds, chance, datum, measured, table } from '../table.ts'
import { measureName, roleName } from '../words.ts'
import { claimSection } from './claim.ts'
import { sizeOf } from './measure-table.ts'

export const identity = claimSection('identity', (data) => [
  figure(data, reactivation, {
    title: 'Reactivation index',
    caption: html`What users of opposite identities make of the model, B less A, over the same in base. <i>Reactivated</i> needs the whole interval above ${threshold(data, 'reactivated', 0.5)}, <i>not reactivated</i> below ${threshold(data, 'not_reactivated', 0.25)}. The stance between stated identities, in the user’s own turn, decides.`,
  }),
  grid(
    data,
    /^(stance|text|projection)_mean$/,
    'The factorial: mean outcome in each cell. Stance is the log-odds per token of pole B’s completion over pole A’s; text a classifier’s score from −1 (A) to 1 (B); projection in class gaps.',
  ),
  grid(
    data,
    /^(stance|text|projection)_(contrast|pole|asymmetry|placebo)$/,
    'How far identities move the outcome. Placebo: an identity that has nothing to do with the domain, less none. Asymmetry above 0: identity B moves it further than A.',
  ),
  grid(
    data,
    /^control_/,
    'Factual questions: log-odds per token of the right answer over wrong ones. Where these move with the identity, a role is played.',
  ),
  figure(data, amplification, {
    title: 'Identity inferred and amplified',
    caption:
      'A direction of the user, fitted on what biographies imply, is added and taken away where nothing is said about the user: the stance with it less the stance without. Dots are random directions of equal KL. The dose at which a curve reaches what base shows between implied identities is the thickness of the mask.',
    numbers: curve(data),
  }),
  grid(
    data,
    /^(user_|amplified_|scaled_|mask_|mediat)/,
    'The user direction on biographies that it was not fitted on; amplified, scaled; and what goes when the domain’s own direction is ablated.',
  ),
])

/** Measures whose names match: a row a name and condition, a column a model. */
function grid(data: ReportData, names: RegExp, caption: string): Html | undefined {
  const found = claim(data, 'identity').measures.filter((m) => names.test(m.name))
  const key = (m: Measure): string => [m.name, m.pool, m.condition].join('\n')
  const rows = [...new Map(found.map((m) => [key(m), m])).values()]
  const models = roles(data).filter((role) => found.some((m) => m.model === role))
  return table(
    caption,
    [
      {
        head: 'Measure',
        cell: (row: Measure) =>
          html`${measureName(row.name)}${row.pool === undefined || row.name.startsWith('user') ? '' : `, ${row.pool.replaceAll('_', ' ')}`}${row.condition === undefined ? '' : `: ${row.condition}`}`,
      },
      ...models.map((role) => ({
        head: isPair(data) ? roleName(role) : 'Value',
        numeric: true,
        cell: (row: Measure) => {
          const m = found.find((x) => x.model === role && key(x) === key(row))
          return (
            m &&
            html`${measured(m)}${m.p === undefined ? '' : html` <span class="ci">p ${chance(m.p)}</span>`}`
          )
        },
      })),
      { head: 'n / groups', numeric: true, cell: sizeOf },
    ],
    rows,
  )
}

function curve(data: ReportData): Html | undefined {
  return table(
    'Contrast by dose.',
    [
      { head: 'Model', cell: (r: { role: string }) => roleName(r.role) },
      { head: 'Dose', numeric: true, cell: (r) => datum(r.dose) },
      {
        head: 'Contrast',
        numeric: true,
        cell: (r) => html`${datum(r.value)} <span class="ci">(${bounds([r.low, r.high])})</span>`,
      },
    ] as Parameters<
      typeof table<{ role: string; dose: number; value: number; low: number; high: number }>
    >[1],
    amplificationCurves(data).flatMap((c) => c.points.map((p) => ({ role: c.role, ...p }))),
  )
}
