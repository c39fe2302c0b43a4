/**
 * Groups (authors, issues, pairs) and poles. Groups are *nested* when each belongs to one pole (authors) and
 * *crossed* when each has both (matched pairs). What may be permuted follows from that, so a mixture is
 * refused.
 */

import { refuse } from '../core/errors.ts'

/** Fewer independent units carry no interval worth printing. */
export const MIN_GROUPS = 10

export interface Grouping {
  readonly kind: 'nested' | 'crossed'
  /** Number of groups. */
  readonly count: number
  /** Group of each item, 0 to count - 1. */
  readonly of: Int32Array
}

/**
 * Numbers the groups in order of first appearance and detects how they lie to the poles.
 *
 * @param labels group of each item
 * @param poles 0 (A) or 1 (B) of each item
 * @throws PalimpsestError `groups-mixed`, `groups-few`, `poles-missing`
 */
export function readGroups(labels: readonly string[], poles: ArrayLike<number>): Grouping {
  const ids = new Map<string, number>()
  const of = Int32Array.from(labels, (label) => {
    if (!ids.has(label)) ids.set(label, ids.size)
    return ids.get(label)!
  })
  const has = [new Uint8Array(ids.size), new Uint8Array(ids.size)]
  of.forEach((g, i) => {
    has[poles[i]!]![g] = 1
  })
  const names = [...ids.keys()]
  const both = names.filter((_, g) => has[0]![g] === 1 && has[1]![g] === 1)
  if (ids.size < MIN_GROUPS)
    throw refuse('groups-few', 'There are too few groups for any honest interval.', {
      expected: `at least ${MIN_GROUPS} groups (authors, issues)`,
      found: `${ids.size}`,
      fix: 'Use more authors or issues, or a finer grouping if the texts really are independent.',
    })
  if (!has[0]!.includes(1) || !has[1]!.includes(1))
    throw refuse('poles-missing', 'All texts belong to one pole.', {
      fix: 'Check the pole column and its two values in the study file.',
    })
  if (both.length > 0 && both.length < ids.size)
    throw refuse('groups-mixed', 'Some groups have texts of both poles and others of one.', {
      found: `${both.length} of ${ids.size} groups have both, such as ${JSON.stringify(both[0])}`,
      expected: 'every group in one pole (authors) or every group in both (matched pairs)',
      fix: 'Remove the groups that differ, or give them group names by pole (author and party together).',
    })
  return { kind: both.length === 0 ? 'nested' : 'crossed', count: ids.size, of }
}

/**
 * Labels as a null hypothesis would have them: with nested groups the poles of whole groups are permuted, with
 * crossed ones the two poles are swapped within groups at random.
 *
 * @param cellOf from `cells`: which (group, pole) cell each item is in
 * @returns the pole of each cell under one draw
 */
export function permuteCells(
  cells: Cells,
  random: { shuffle<T extends { length: number; [i: number]: unknown }>(a: T): T; uint32(): number },
): Int8Array {
  if (cells.kind === 'nested') return random.shuffle(cells.poles.slice())
  const out = cells.poles.slice()
  for (let c = 0; c < out.length; c += 2)
    if ((random.uint32() & 1) === 1) {
      out[c] = 1 - out[c]!
      out[c + 1] = 1 - out[c + 1]!
    }
  return out
}

/** The units that are exchangeable under the null: a group's texts of one pole. */
export interface Cells {
  readonly kind: 'nested' | 'crossed'
  readonly count: number
  /** Cell of each item; with crossed groups, cells 2g and 2g + 1 are group g's poles A and B. */
  readonly of: Int32Array
  /** Observed pole of each cell. */
  readonly poles: Int8Array
}

export function cells(groups: Grouping, poles: ArrayLike<number>): Cells {
  if (groups.kind === 'nested') {
    const of = groups.of
    const cellPoles = new Int8Array(groups.count)
    of.forEach((g, i) => {
      cellPoles[g] = poles[i]!
    })
    return { kind: 'nested', count: groups.count, of, poles: cellPoles }
  }
  return {
    kind: 'crossed',
    count: 2 * groups.count,
    of: groups.of.map((g, i) => 2 * g + poles[i]!),
    poles: Int8Array.from({ length: 2 * groups.count }, (_, c) => c % 2),
  }
}
