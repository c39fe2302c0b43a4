/** Which latents fire in training: of a token, of a batch, above thresholds, and among the dead. */

import { FeatureBuilder, type SparseFeatures } from '../features.ts'

/** How far below the last k-th largest value the next one is looked for. */
const SLACK = 0.7

/**
 * Finds the k largest positive numbers of lists that resemble each other. Each is gone through once, for what
 * exceeds a guess made from the list before; the guess decides how long it takes, never what is found.
 */
export class LargestFinder {
  #guess = 0
  #count = 0
  #places = new Uint32Array(1024)
  #values = new Float32Array(1024)

  /**
   * Gives out places (counted from `from`) and values of the k largest positive of list[from, to), in rising order
   * of places; of equal ones the first.
   *
   * @returns the smallest value kept where k are, else 0
   */
  find(
    list: Float32Array,
    from: number,
    to: number,
    k: number,
    found: (place: number, value: number) => void,
  ): number {
    this.#collect(list, from, to, this.#guess)
    if (this.#count < k && this.#guess > 0) this.#collect(list, from, to, 0)
    const sorted = this.#values.slice(0, this.#count).sort()
    const least = sorted[this.#count - k] ?? 0
    let room = k // for values that equal the least
    for (let i = this.#count - 1; i >= 0 && sorted[i]! > least; i--) room--
    for (let i = 0; i < this.#count; i++) {
      const v = this.#values[i]!
      if (v > least || (v === least && room-- > 0)) found(this.#places[i]!, v)
    }
    this.#guess = SLACK * least
    return least
  }

  #collect(list: Float32Array, from: number, to: number, above: number): void {
    let [places, values] = [this.#places, this.#values]
    let n = 0
    for (let i = from; i < to; i++) {
      const v = list[i]!
      if (v > above) {
        if (n === values.length) {
          this.#grow()
          places = this.#places
          values = this.#values
        }
        places[n] = i - from
        values[n++] = v
      }
    }
    this.#count = n
  }

  #grow(): void {
    const [places, values] = [this.#places, this.#values]
    this.#places = new Uint32Array(2 * places.length)
    this.#values = new Float32Array(2 * values.length)
    this.#places.set(places)
    this.#values.set(values)
  }
}

/** Of every token (row of pre [B, F]) the k largest positive. */
export function largestOfTokens(pre: Float32Array, latents: number, k: number): SparseFeatures {
  const out = new FeatureBuilder(latents)
  const finder = new LargestFinder()
  for (let from = 0; from < pre.length; from += latents) {
    finder.find(pre, from, from + latents, k, (j, value) => out.push(j, value))
    out.endRow()
  }
  return out.build()
}

/** The `total` largest positive of a whole batch; `least`: the smallest of them. The finder may be of the last batch. */
export function largestOfBatch(
  pre: Float32Array,
  latents: number,
  total: number,
  finder: LargestFinder = new LargestFinder(),
): { features: SparseFeatures; least: number } {
  const out = new FeatureBuilder(latents)
  let end = latents
  const least = finder.find(pre, 0, pre.length, total, (place, value) => {
    for (; place >= end; end += latents) out.endRow()
    out.push(place - end + latents, value)
  })
  for (; end <= pre.length; end += latents) out.endRow()
  return { features: out.build(), least }
}

/** The positive ones above their latents' thresholds. */
export function aboveThresholds(pre: Float32Array, threshold: Float32Array): SparseFeatures {
  const latents = threshold.length
  const out = new FeatureBuilder(latents)
  for (let from = 0; from < pre.length; from += latents) {
    for (let j = 0; j < latents; j++) {
      const p = pre[from + j]!
      if (p > threshold[j]! && p > 0) out.push(j, p)
    }
    out.endRow()
  }
  return out.build()
}

/** Of every token the k largest positive of the latents in `which` (rising). */
export function largestAmong(
  pre: Float32Array,
  latents: number,
  which: Uint32Array,
  k: number,
): SparseFeatures {
  const out = new FeatureBuilder(latents)
  const finder = new LargestFinder()
  const some = new Float32Array(which.length)
  for (let from = 0; from < pre.length; from += latents) {
    for (let i = 0; i < which.length; i++) some[i] = pre[from + which[i]!]!
    finder.find(some, 0, some.length, Math.min(k, which.length), (i, value) => out.push(which[i]!, value))
    out.endRow()
  }
  return out.build()
}
