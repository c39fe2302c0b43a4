/**
 * Groups (authors, issues, pairs) and poles. Groups are *nested* when each belongs to one pole (authors) and
 * *crossed* when each has both (matched pairs). What may be permuted follows from that, so a mixture is
 * refused.
 */

import { refuse } from '../core/errors.ts'

/** Fewer independent units carry no interval worth printing. */
export const MIN_GROUPS = 10
/** Nested groups of each pole, so that every fold of five can hold both. */
const MIN_GROUPS_OF_POLE = 5

export interface Grouping {
  readonly kind: 'nested' | 'crossed'
  /** Number of groups. */
  readonly count: number
  /** Group of each item, 0 to count - 1. */
  readonly of: Int32Array
}

/** What is known of labelled texts besides their activations. */
export interface Labels {
  /** 0 (pole A) or 1 (pole B) of each text. */
  readonly poles: Int8Array
  readonly groups: Grouping
  /** Topic of each text, where texts have topics. */
  readonly topics?: Int32Array | undefined
  /** Matched pair of each text (one text of each pole in a pair), where the data are matched pairs. */
  readonly pairs?: Int32Array | undefined
}

/**
 * Numbers of names in the order of the names, so that they do not depend on the order of the items.
 *
 * @example number(['b', 'a', 'b']) // { count: 2, of: [1, 0, 1] }
 */
export function number(names: readonly string[]): { count: number; of: Int32Array } {
  const ids = new Map([...new Set(names)].sort().map((name, i) => [name, i]))
  return { count: ids.size, of: Int32Array.from(names, (name) => ids.get(name)!) }
}

/**
 * Numbers the groups and detects how they lie to the poles.
 *
 * @param labels group of each item
 * @param poles 0 (A) or 1 (B) of each item
 * @throws PalimpsestError `groups-mixed`, `groups-few`, `poles-missing`
 * @example readGroups(['ann', 'ann', 'bob', ...], poles).kind // 'nested'
 */
export function readGroups(labels: readonly string[], poles: ArrayLike<number>): Grouping {
  const { count, of } = number(labels)
  const has = [new Uint8Array(count), new Uint8Array(count)]
  of.forEach((g, i) => {
    has[poles[i]!]![g] = 1
  })
  const both = has[0]!.reduce((n, a, g) => n + (a & has[1]![g]!), 0)
  if (count < MIN_GROUPS)
    throw refuse('groups-few', 'There are too few groups for any honest interval.', {
      expected: `at least ${MIN_GROUPS} groups (authors, issues)`,
      found: `${count}`,
      fix: 'Use more authors or issues, or a finer grouping if the texts really are independent.',
    })
  if (!has[0]!.includes(1) || !has[1]!.includes(1))
    throw refuse('poles-missing', 'All texts belong to one pole.', {
      expected: 'texts of both poles',
      found: `texts of pole ${has[0]!.includes(1) ? 'A' : 'B'} alone`,
      fix: 'Check the pole column and its two values in the study file.',
    })
  if (both > 0 && both < count) {
    const example = labels.find((_, i) => has[0]![of[i]!]! + has[1]![of[i]!]! === 2)
    throw refuse('groups-mixed', 'Some groups have texts of both poles and others of one.', {
      found: `${both} of ${count} groups have both, such as ${JSON.stringify(example)}`,
      expected: 'every group in one pole (authors) or every group in both (matched pairs)',
      fix: 'Remove the groups that differ, or give them group names by pole (author and party together).',
    })
  }
  if (both === 0)
    for (const [p, name] of ['A', 'B'].entries()) {
      const found = has[p]!.reduce((n, v) => n + v, 0)
      if (found < MIN_GROUPS_OF_POLE)
        throw refuse('groups-few', `There are too few groups of pole ${name} for five folds.`, {
          expected: `at least ${MIN_GROUPS_OF_POLE} groups (authors) of each pole`,
          found: `${found} of ${count} groups`,
          fix: 'Use more authors of that pole.',
        })
    }
  return { kind: both === 0 ? 'nested' : 'crossed', count, of }
}

/**
 * Reads everything that texts are labelled with.
 *
 * @throws PalimpsestError `groups-mixed`, `groups-few`, `poles-missing`, `pairs-broken`, `topics-few`
 */
export function readLabels(texts: {
  readonly poles: Int8Array
  readonly groups: readonly string[]
  readonly topics?: readonly string[] | undefined
  readonly pairs?: readonly string[] | undefined
}): Labels {
  const { poles } = texts
  const groups = readGroups(texts.groups, poles)
  const topics = texts.topics === undefined ? undefined : number(texts.topics)
  if (topics !== undefined && topics.count < 2)
    throw refuse('topics-few', 'All texts have the same topic, so that none can be held out.', {
      expected: 'at least 2 topics',
      found: `${topics.count}`,
      fix: 'Remove `topic` from the study file, or give the texts topics.',
    })
  const pairs =
    texts.pairs === undefined ? pairsOfGroups(groups, poles) : readPairs(texts.pairs, poles, groups)
  return {
    poles,
    groups,
    ...(topics === undefined ? {} : { topics: topics.of }),
    ...(pairs === undefined ? {} : { pairs }),
  }
}

function readPairs(names: readonly string[], poles: Int8Array, groups: Grouping): Int32Array {
  const { count, of } = number(names)
  const members = Array.from({ length: count }, () => [] as number[])
  of.forEach((p, i) => {
    members[p]!.push(i)
  })
  for (const list of members) {
    const [a, b] = list
    if (list.length === 2 && poles[a!] !== poles[b!] && groups.of[a!] === groups.of[b!]) continue
    throw refuse('pairs-broken', 'A matched pair is not one text of each pole within one group.', {
      where: `pair ${JSON.stringify(names[a!])}`,
      expected: 'two texts, one of each pole, of one group',
      found: `${list.length} texts, poles ${list.map((i) => 'AB'[poles[i]!]).join(' ')}`,
      fix: 'Correct the pair column, or remove it from the study file.',
    })
  }
  return of
}

/** Crossed groups of one text of each pole are pairs themselves. */
function pairsOfGroups(groups: Grouping, poles: Int8Array): Int32Array | undefined {
  if (groups.kind !== 'crossed' || poles.length !== 2 * groups.count) return undefined
  return groups.of
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

/** The cells of labelled texts. */
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

/**
 * Labels as a null hypothesis would have them: with crossed groups the two poles are swapped within groups at
 * random; with nested ones the poles of whole groups are permuted, within each stratum where strata are given.
 * Folds are such strata: they were balanced in the observed poles, and labellings that are not balanced in
 * them would be no fair comparison (unbalanced folds cost AUC).
 *
 * @param strata of each cell, such as its fold; default one
 * @returns the pole of each cell under one draw
 */
export function permuteCells(
  cells: Cells,
  random: { shuffle<T extends { length: number; [i: number]: unknown }>(a: T): T; uint32(): number },
  strata?: ArrayLike<number>,
): Int8Array {
  const out = cells.poles.slice()
  if (cells.kind === 'crossed') {
    for (let c = 0; c < out.length; c += 2)
      if ((random.uint32() & 1) === 1) {
        out[c] = 1 - out[c]!
        out[c + 1] = 1 - out[c + 1]!
      }
    return out
  }
  const members = new Map<number, number[]>()
  for (let c = 0; c < out.length; c++) {
    const s = strata === undefined ? 0 : strata[c]!
    if (!members.has(s)) members.set(s, [])
    members.get(s)!.push(c)
  }
  for (const [, list] of [...members].sort((a, b) => a[0] - b[0])) {
    const shuffled = random.shuffle(list.map((c) => cells.poles[c]!))
    list.forEach((c, i) => {
      out[c] = shuffled[i]!
    })
  }
  return out
}
