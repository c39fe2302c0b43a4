/**
 * The jackknife over groups: intervals for statistics that the bootstrap gets wrong. A draw with replacement holds
 * copies, and a cosine of fitted directions, a kernel alignment or a count of distinct pairs takes copies for
 * agreement. Here groups are only ever left out: the spread of what then comes out gives the standard error.
 */

import tQuantile from '@stdlib/stats-base-dists-t-quantile'
import { stream } from '../core/random.ts'
import { type Estimate, LEVEL, methodOf } from './estimate.ts'

/** Blocks that are left out in turn, whatever the number of groups. */
const BLOCKS = 20
/** The same where each is a costly fit of its own. */
export const FEW_BLOCKS = 10

/** Groups that are left out together. */
export interface Block {
  readonly stratum: number
  readonly groups: readonly number[]
}

/** What is left out in turn. */
export interface JackknifePlan {
  readonly groups: number
  readonly blocks: readonly Block[]
  /** Groups in each stratum. */
  readonly sizes: readonly number[]
}

/**
 * Deals groups into blocks at random, each stratum's on its own; with fewer groups each is a block.
 *
 * @param strata of each group, such as its pole where groups are nested; default one
 * @example jackknifePlan(12, 1).blocks.length // 12
 */
export function jackknifePlan(
  groups: number,
  seed: number,
  strata?: ArrayLike<number>,
  most = BLOCKS,
): JackknifePlan {
  const members = new Map<number, number[]>()
  for (let g = 0; g < groups; g++) {
    const s = strata?.[g] ?? 0
    members.set(s, [...(members.get(s) ?? []), g])
  }
  const lists = [...members].sort((a, b) => a[0] - b[0]).map(([, list]) => list)
  return {
    groups,
    sizes: lists.map((list) => list.length),
    blocks: lists.flatMap((list, stratum) => {
      const count = Math.min(list.length, Math.ceil(most / lists.length))
      const dealt: number[][] = Array.from({ length: count }, () => [])
      stream(seed, 'jackknife/blocks', stratum)
        .shuffle(list)
        .forEach((g, i) => {
          dealt[i % count]!.push(g)
        })
      return dealt.map((own) => ({ stratum, groups: own }))
    }),
  }
}

/**
 * Which rows stay when a block is left out.
 *
 * @param groupOf group of each row
 */
export function keptRows(groupOf: ArrayLike<number>, block: Block): Int32Array {
  const out = new Set(block.groups)
  return Int32Array.from(groupOf, (_, i) => i).filter((i) => !out.has(groupOf[i]!))
}

/** A scale on which a statistic varies alike wherever it is, and the way back. */
export interface Scale {
  to(value: number): number
  from(point: number): number
}

const AS_IT_IS: Scale = { to: (v) => v, from: (v) => v }

const NEAREST = 1 - 1e-12

/** Fisher's z: cosines and correlations near 1 vary little, and further down than up. */
export const FISHER: Scale = {
  to: (v) => Math.atanh(Math.max(-NEAREST, Math.min(NEAREST, v))),
  from: Math.tanh,
}

/** Values from 0 to the given one. */
export const within = (most: number): Scale => ({
  to: (v) => v,
  from: (v) => Math.max(0, Math.min(most, v)),
})

/**
 * A value with the interval of its values without each block (delete-m jackknife for blocks of unequal size, Busing,
 * Meijer and van der Leeden 1999), by Student's t. The interval is around the value as it is: it says what as many
 * groups would give.
 *
 * @param without the statistic without each block of the plan
 * @param of `scale`: on which the interval is symmetric; default the value's own
 * @returns without an interval where a value is not finite, or a stratum has fewer than two blocks
 * @example jackknifeEstimate(0.9, [0.89, 0.91, 0.9], jackknifePlan(3, 1), { n: 30, seed: 1 }).ci
 */
export function jackknifeEstimate(
  value: number,
  without: ArrayLike<number>,
  { groups, blocks, sizes }: JackknifePlan,
  of: { readonly n: number; readonly seed: number; readonly scale?: Scale },
): Estimate {
  const { to, from } = of.scale ?? AS_IT_IS
  const point = to(value)
  const plain = { value, n: of.n, groups, seed: of.seed }
  let squares = 0
  let freedom = 0
  for (const [stratum, size] of sizes.entries()) {
    // How many blocks of this size the stratum would have, and the pseudo-value of each.
    const pseudo = blocks.flatMap((b, k) => {
      const h = size / b.groups.length
      return b.stratum === stratum ? [{ h, v: h * point - (h - 1) * to(without[k]!) }] : []
    })
    if (pseudo.length < 2) return plain
    const centre = pseudo.reduce((s, { h, v }) => s + v / h, 0) / pseudo.reduce((s, { h }) => s + 1 / h, 0)
    squares += pseudo.reduce((s, { h, v }) => s + (v - centre) ** 2 / (h - 1), 0) / pseudo.length
    freedom += pseudo.length - 1
  }
  const half = tQuantile(0.5 + LEVEL / 2, freedom) * Math.sqrt(squares)
  if (!Number.isFinite(half)) return plain
  return {
    ...plain,
    // Rounding at the end of a scale leaves no value outside of its interval.
    ci: [Math.min(value, from(point - half)), Math.max(value, from(point + half))],
    level: LEVEL,
    method: methodOf('jackknife over groups', groups),
  }
}
