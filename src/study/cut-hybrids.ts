/**
 * Which models between base and aligned are looked at: every one is base + alpha (aligned - base) with an alpha for
 * each block. Patching base's activations into aligned behind block u is the hybrid whose blocks up to u are base's;
 * a graft has some blocks of the other, so that activations cross over at its first block (upstream) and back behind
 * its last (late).
 */

import { stream } from '../core/random.ts'

/** Grafts begin and end at so many places at most: every pair of them is a hybrid, both ways. */
const GRAFT_PLACES = 9
/** Draws for each random half: few blocks have few different halves. */
const ATTEMPTS = 20

/** A model between base and aligned. */
export interface Hybrid {
  readonly kind: 'base' | 'aligned' | 'patch' | 'graft' | 'path' | 'control'
  /** What it is, in words: `base below, aligned above`. */
  readonly name: string
  /** Block behind which it changes, or the first of its graft. */
  readonly layer?: number
  /** The block behind the last of its graft. */
  readonly end?: number
  readonly alpha?: number
  readonly blocks: readonly number[]
  readonly embedding: number
  readonly head: number
}

export interface CutSettings {
  /** Places on the path; 0 and 1 are base and aligned. */
  readonly alphas: readonly number[]
  /** Random halves of the blocks, at most. */
  readonly controls: number
  /** Ranges [first, behind the last] of blocks; default: all between up to nine places. */
  readonly grafts?: readonly (readonly [number, number])[] | undefined
}

/**
 * The hybrids of a model of so many blocks.
 *
 * @example hybridsOf(4, { alphas: [0.5], controls: 2 }, 1).filter((h) => h.kind === 'patch').length // 6
 */
export function hybridsOf(
  layers: number,
  { alphas, controls, grafts = ranges(layers) }: CutSettings,
  seed: number,
): Hybrid[] {
  const blocks = (alpha: (layer: number) => number): number[] =>
    Array.from({ length: layers }, (_, l) => alpha(l))
  const splits = Array.from({ length: layers - 1 }, (_, u) => u)
  const along = alphas.filter((a) => a !== 0 && a !== 1)
  const halves = randomHalves(layers, controls, seed)
  return [
    { kind: 'base', name: 'base', blocks: blocks(() => 0), embedding: 0, head: 0 },
    { kind: 'aligned', name: 'aligned', blocks: blocks(() => 1), embedding: 1, head: 1 },
    ...splits.flatMap((u): Hybrid[] => [
      {
        kind: 'patch',
        name: 'base below, aligned above',
        layer: u,
        blocks: blocks((l) => (l <= u ? 0 : 1)),
        embedding: 0,
        head: 1,
      },
      {
        kind: 'patch',
        name: 'aligned below, base above',
        layer: u,
        blocks: blocks((l) => (l <= u ? 1 : 0)),
        embedding: 1,
        head: 0,
      },
    ]),
    ...grafts.flatMap(([from, end]) => {
      const within = (l: number): boolean => l >= from && l < end
      const range = end === from + 1 ? `block ${from}` : `blocks ${from} to ${end - 1}`
      return [0, 1].map(
        (host): Hybrid => ({
          kind: 'graft',
          name: host === 0 ? `${range} of aligned in base` : `${range} of base in aligned`,
          layer: from,
          end,
          blocks: blocks((l) => (within(l) ? 1 - host : host)),
          embedding: host,
          head: host,
        }),
      )
    }),
    ...along.flatMap((alpha): Hybrid[] => [
      {
        kind: 'path',
        name: `alpha ${alpha}`,
        alpha,
        blocks: blocks(() => alpha),
        embedding: alpha,
        head: alpha,
      },
      ...halves.map(
        (half, k): Hybrid => ({
          kind: 'control',
          name: `alpha ${alpha}, random half ${k + 1} of the blocks`,
          alpha,
          blocks: blocks((l) => (half.has(l) ? alpha : 0)),
          embedding: 0,
          head: 0,
        }),
      ),
    ]),
  ]
}

/** Different random halves of the blocks; a model of few blocks has fewer than are asked for. */
function randomHalves(layers: number, count: number, seed: number): Set<number>[] {
  const found = new Map<string, Set<number>>()
  for (let k = 0; k < ATTEMPTS * count && found.size < count; k++) {
    const rng = stream(seed, 'cut/blocks', k)
    const order = Array.from({ length: layers }, (_, l) => ({ l, at: rng.uniform() })).sort(
      (a, b) => a.at - b.at,
    )
    const half = order.slice(0, layers >> 1).map((o) => o.l)
    found.set(half.toSorted((a, b) => a - b).join(), new Set(half))
  }
  return [...found.values()]
}

/** Every range of blocks between two places that lie evenly over the model. */
function ranges(layers: number): [from: number, end: number][] {
  const segments = Math.min(layers, GRAFT_PLACES - 1)
  const places = Array.from({ length: segments + 1 }, (_, i) => Math.round((i * layers) / segments))
  return places.flatMap((from, i) => places.slice(i + 1).map((end): [number, number] => [from, end]))
}
