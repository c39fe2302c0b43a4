/**
 * Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as
 * 1, 2, 3"; reference implementation Random123). A stream is named by (seed, stage, item), so any draw can
 * be recomputed alone, in any order and on any machine, to the bit.
 */

import { createHash } from 'node:crypto'

const M0 = 0xd2511f53
const M1 = 0xcd9e8d57
const W0 = 0x9e3779b9
const W1 = 0xbb67ae85

/** High 32 bits of the 64-bit product of two unsigned 32-bit integers. */
function mulHi(a: number, b: number): number {
  const al = a & 0xffff
  const ah = a >>> 16
  const bl = b & 0xffff
  const bh = b >>> 16
  const mid = ah * bl + ((al * bl) >>> 16)
  const mid2 = al * bh + (mid & 0xffff)
  return (ah * bh + Math.floor(mid / 0x10000) + (mid2 >>> 16)) >>> 0
}

/**
 * One Philox4x32-10 block: 4 counter words and 2 key words in, 4 random words out (all unsigned 32-bit).
 *
 * @example philox4x32([0, 0, 0, 0], [0, 0]) // [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]
 */
export function philox4x32(
  counter: readonly number[],
  key: readonly number[],
): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter as [number, number, number, number]
  let [k0, k1] = key as [number, number]
  for (let round = 0; round < 10; round++) {
    const hi0 = mulHi(M0, c0)
    const lo0 = Math.imul(M0, c0) >>> 0
    const hi1 = mulHi(M1, c2)
    const lo1 = Math.imul(M1, c2) >>> 0
    c0 = (hi1 ^ c1 ^ k0) >>> 0
    c1 = lo1
    c2 = (hi0 ^ c3 ^ k1) >>> 0
    c3 = lo0
    k0 = (k0 + W0) >>> 0
    k1 = (k1 + W1) >>> 0
  }
  return [c0 >>> 0, c1 >>> 0, c2 >>> 0, c3 >>> 0]
}

/** A named, endless and reproducible sequence of random numbers. */
export class RandomStream {
  readonly #key: [number, number]
  readonly #hi: [number, number]
  #block = 0
  #words: readonly number[] = []
  #at = 4
  #spare: number | undefined

  constructor(key: [number, number], hi: [number, number]) {
    this.#key = key
    this.#hi = hi
  }

  /** A uniform unsigned 32-bit integer. */
  uint32(): number {
    if (this.#at === 4) {
      const low = this.#block >>> 0
      const high = Math.floor(this.#block / 2 ** 32)
      this.#words = philox4x32([low, high, this.#hi[0], this.#hi[1]], this.#key)
      this.#block++
      this.#at = 0
    }
    return this.#words[this.#at++]!
  }

  /** Uniform on [0, 1), with 53 random bits. */
  uniform(): number {
    const a = this.uint32() >>> 5
    const b = this.uint32() >>> 6
    return (a * 67108864 + b) / 9007199254740992
  }

  /** Standard normal (Box and Muller 1958; both values of a pair are used). */
  normal(): number {
    if (this.#spare !== undefined) {
      const s = this.#spare
      this.#spare = undefined
      return s
    }
    const r = Math.sqrt(-2 * Math.log(1 - this.uniform()))
    const phi = 2 * Math.PI * this.uniform()
    this.#spare = r * Math.sin(phi)
    return r * Math.cos(phi)
  }

  /** A uniform integer in [0, n), without modulo bias; n from 1 to 2^32. */
  below(n: number): number {
    const limit = 2 ** 32 - (2 ** 32 % n)
    for (;;) {
      const x = this.uint32()
      if (x < limit) return x % n
    }
  }

  /** Shuffles an array in place (Fisher and Yates) and returns it. */
  shuffle<T extends { length: number; [i: number]: unknown }>(items: T): T {
    const a = items as { [i: number]: unknown }
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.below(i + 1)
      const t = a[i]
      a[i] = a[j]
      a[j] = t
    }
    return items
  }
}

/**
 * The stream of (seed, stage, item): equal names give equal numbers, different names independent ones.
 * The key is a SHA-256 of seed and stage; the item selects a disjoint part of the counter space.
 *
 * @param seed the study's seed, a safe integer
 * @param stage what the numbers are for, such as `bootstrap/auc/base`
 * @param item which draw, row or shard, a non-negative safe integer
 *
 * @example const rng = stream(1, 'bootstrap/auc', 17); rng.uniform()
 */
export function stream(seed: number, stage: string, item = 0): RandomStream {
  return streams(seed, stage)(item)
}

/** {@link stream} for many items of a stage, whose name is hashed once. */
export function streams(seed: number, stage: string): (item: number) => RandomStream {
  const h = createHash('sha256').update(`${seed}\u0000${stage}`).digest()
  const [low, high] = [h.readUInt32LE(0), h.readUInt32LE(4)]
  return (item) => new RandomStream([low, high], [item >>> 0, Math.floor(item / 2 ** 32) >>> 0])
}
