/** What stands beside every *underpowered*: the chance of each answer at this many units, and how many would decide. */

import { type Between, chanceWithin, type Spanned, unitsNeeded } from '../stats/power.ts'
import type { Measure } from './results.ts'

/** An answer that could have been given. */
export interface Possible extends Between {
  /** After `power_` in the name of its measure. */
  readonly name: string
  /** As in "the chance of finding ...". */
  readonly finding: string
  /** A truth under which the answer is the right one, and the same in words. */
  readonly truth: number
  readonly given: string
}

export interface Power {
  readonly measures: Measure[]
  readonly words: string
}

const percent = (x: number): string => `${Math.round(100 * x)}%`

/**
 * Chances and units of an estimate that has not decided.
 *
 * @param unit what is resampled, in the plural
 * @param answers in order; there may be others that need no chance of their own
 * @param others bars of those others
 * @example powerOf(ratio, { model: 'aligned', unit: 'issues' }, answers).words // 'With 24 issues the chance of finding ...'
 */
export function powerOf(
  of: Spanned,
  { model, unit }: { readonly model: string; readonly unit: 'issues' | 'groups' },
  answers: readonly Possible[],
  others: readonly Between[] = [],
): Power {
  const n = of.groups ?? 0
  // An interval without ends says nothing of how far more units would narrow it.
  if (!of.ci.every(Number.isFinite))
    return { measures: [], words: `With ${n} ${unit} there is no interval that could decide.` }
  const chances = answers.map((a) => chanceWithin(of, a.truth, a))
  const needed = unitsNeeded(of, [...answers, ...others])
  const power = answers.map(
    (a, i): Measure => ({
      name: `power_${a.name}`,
      model,
      value: chances[i]!,
      n,
      groups: n,
      note: `chance of finding ${a.finding} at ${n} ${unit} if ${a.given}`,
    }),
  )
  const listed = answers.map((a, i) => `of finding ${a.finding} ${percent(chances[i]!)} if ${a.given}`)
  return {
    measures: [
      ...power,
      ...(needed === undefined
        ? []
        : [
            {
              name: `${unit}_needed`,
              model,
              value: needed,
              n,
              note: `${unit} at which an interval around this very estimate would decide`,
            },
          ]),
    ],
    words: `With ${n} ${unit} the chance ${listed.join(', ')}. ${
      needed === undefined
        ? `The estimate lies where no answer holds, so that more ${unit} would not decide.`
        : `About ${needed} ${unit} would decide if it stays as it is.`
    }`,
  }
}
