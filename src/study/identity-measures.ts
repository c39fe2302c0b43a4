/**
 * The factorial of claim `identity` as numbers: what an outcome is in each cell, how far it moves between
 * identities, and how much of base's contrast another model shows.
 */

import type { Identity, Slot } from '../domain/index.ts'
import { type Contrast, contrast, differenceOf, issueDraws, overIssues } from '../stats/contrast.ts'
import type { Estimate } from '../stats/estimate.ts'
import { number } from '../stats/groups.ts'
import { measure } from './direction-measures.ts'
import type { Pool } from './harvest.ts'
import type { Form } from './identity-items.ts'
import { readReactivation } from './reactivation.ts'
import type { Measure } from './results.ts'
import type { Study } from './schema.ts'
import type { VerdictInputs } from './verdict.ts'

/**
 * `stance`: log-odds per token of the matched completion of pole B over that of pole A. `text`: classifier score
 * of sampled answers, -1 (A) to 1 (B). `projection`: along base's direction, in that model's class gaps.
 * `control`: log-odds per token of the right answer over wrong ones.
 */
export const OUTCOMES = ['stance', 'text', 'projection', 'control'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** An outcome of one question to a user of one identity. */
export interface IdentityRow {
  readonly model: string
  readonly outcome: Outcome
  /** Of a projection. */
  readonly pool?: Pool
  readonly form: Form
  readonly slot: Slot
  readonly identity: Identity
  /** Issue, or control question: what is resampled. */
  readonly unit: string
  readonly value: number
}

export interface IdentityTable {
  readonly study: Study
  /** Base (or subject) first. */
  readonly roles: readonly string[]
  readonly rendering: 'raw' | 'chat'
  /** Where projections are taken. */
  readonly site: string
  readonly rows: readonly IdentityRow[]
  readonly signal?: AbortSignal | undefined
}

/** One way of asking: a form in a slot, by one outcome. */
export interface Way {
  readonly outcome: Outcome
  readonly pool: Pool | undefined
  readonly form: Form
  readonly slot: Slot
}

/** What was found for one way of asking. */
export interface WayResult extends Way {
  /** B minus A, by model; undefined where no unit has both. */
  readonly contrasts: readonly (Contrast | undefined)[]
  /** Over base, by model but base. */
  readonly labels: readonly Exclude<VerdictInputs['identity'], 'not tested'>[]
  readonly indices: readonly (Estimate | undefined)[]
}

const FAMILY = 'identity contrasts'

/** Every way of asking that the rows hold, in a fixed order. */
export function waysOf(rows: readonly IdentityRow[]): Way[] {
  const ways = new Map<string, Way>()
  for (const outcome of OUTCOMES)
    for (const { outcome: o, pool, form, slot } of rows)
      if (o === outcome) ways.set([o, pool, form, slot].join(), { outcome: o, pool, form, slot })
  return [...ways.values()]
}

/**
 * Measures one way of asking in all models, adding its numbers to `out`: means of cells, B minus A, each pole
 * against none, their asymmetry, an unrelated identity against none, and the reactivation index.
 *
 * @throws PalimpsestError `interrupted`
 */
export async function measureWay(table: IdentityTable, way: Way, out: Measure[]): Promise<WayResult> {
  const { study } = table
  const rows = table.rows.filter(
    (r) => r.outcome === way.outcome && r.pool === way.pool && r.form === way.form && r.slot === way.slot,
  )
  const units = numbered(rows)
  const { seed } = study
  const draws = { seed, draws: study.draws.bootstrap, signal: table.signal }
  const times = await issueDraws(units.count, draws)
  const options = { ...draws, permutations: study.draws.permutations, times }
  const contrasts: (Contrast | undefined)[] = []
  for (const model of table.roles) {
    const own = rows.filter((r) => r.model === model)
    const add = (
      name: string,
      e: Estimate | undefined,
      condition: string,
      rest: Partial<Measure> = {},
    ): void => {
      if (e !== undefined)
        out.push(asMeasure(`${way.outcome}_${name}`, e, table, way, model, condition, rest))
    }
    const between = (low: Identity, high: Identity): Promise<Contrast | undefined> => {
      const two = own.filter((r) => r.identity === low || r.identity === high)
      return contrast(
        {
          score: two.map((r) => r.value),
          lean: two.map((r) => (r.identity === low ? -1 : 1)),
          issue: two.map((r) => units.of(r.unit)),
          issues: units.count,
        },
        options,
      )
    }
    for (const identity of new Set(own.map((r) => r.identity)))
      add(
        'mean',
        cellMean(
          own.filter((r) => r.identity === identity),
          units,
          times,
          seed,
        ),
        identity,
      )
    const opposite = await between('A', 'B')
    contrasts.push(opposite)
    add('contrast', opposite, 'B less A', { family: FAMILY })
    // Towards its own pole each: a positive number moves the way that the identity points.
    const a = await between('A', 'none')
    const b = await between('none', 'B')
    add('pole', a, 'none less A', { family: FAMILY })
    add('pole', b, 'B less none', { family: FAMILY })
    if (way.outcome !== 'control' && a !== undefined && b !== undefined)
      add('asymmetry', differenceOf(b, a), 'B less none, less none less A', {
        note: 'above 0: identity B moves the model further than identity A does',
      })
    add('placebo', await between('none', 'unrelated'), 'unrelated less none', {
      family: FAMILY,
      note: 'what any identity does',
    })
  }
  const read = table.roles.slice(1).map((role, k) => {
    const found = readReactivation(contrasts[0], contrasts[k + 1], study.thresholds)
    if (found.index !== undefined && way.outcome !== 'control')
      out.push(
        asMeasure(`${way.outcome}_index`, found.index, table, way, role, 'B less A', {
          note: `reactivation index: contrast of ${role} over that of ${table.roles[0]}`,
        }),
      )
    return found
  })
  return { ...way, contrasts, labels: read.map((r) => r.label), indices: read.map((r) => r.index) }
}

/** How a condition is called: `A, stated, user`. */
export function conditionOf(what: string, way: Pick<Way, 'form' | 'slot'>): string {
  return `${what}, ${way.form}, ${way.slot}`
}

function asMeasure(
  name: string,
  e: Estimate,
  table: IdentityTable,
  way: Way,
  model: string,
  condition: string,
  rest: Partial<Measure>,
): Measure {
  const { ci, ...others } = e
  return measure(name, ci?.every(Number.isFinite) ? e : others, {
    model,
    rendering: table.rendering,
    ...(way.outcome === 'projection' ? { site: table.site, axis: table.roles[0]! } : {}),
    ...(way.pool === undefined ? {} : { pool: way.pool }),
    condition: conditionOf(condition, way),
    ...rest,
  })
}

interface Units {
  readonly count: number
  of(unit: string): number
}

function numbered(rows: readonly IdentityRow[]): Units {
  const names = [...new Set(rows.map((r) => r.unit))]
  const { count, of } = number(names)
  const at = new Map(names.map((name, i) => [name, of[i]!]))
  return { count, of: (unit) => at.get(unit)! }
}

/** Mean over units of their means, with its interval by bootstrap over units. */
function cellMean(
  rows: readonly IdentityRow[],
  units: Units,
  times: readonly Int32Array[],
  seed: number,
): Estimate {
  const sums = new Float64Array(units.count)
  const counts = new Float64Array(units.count)
  for (const r of rows) {
    sums[units.of(r.unit)]! += r.value
    counts[units.of(r.unit)]!++
  }
  const means = sums.map((sum, u) => sum / counts[u]!) // NaN where a unit has no row
  return overIssues(means, times, seed, rows.length)
}
