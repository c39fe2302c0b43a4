/**
 * From raw products W_enc x, block of latents by block, to the features that fire. All that comes after the product
 * looks at each number once and keeps a few: one pass here, instead of one through memory for every operation.
 */

import { refuse } from '../core/errors.ts'
import type { Activation, Dictionary } from './dictionary.ts'
import type { FeatureBuilder } from './features.ts'
import type { Block } from './placed.ts'

/** Takes a batch's products block by block, and gives features out row by row. */
export interface Collector {
  /**
   * Takes products raw[at, at + block.count) of a row.
   *
   * @throws PalimpsestError `activation-nan`
   */
  take(row: number, block: Block, raw: Float32Array, at: number): void
  emit(row: number, out: FeatureBuilder): void
}

/** @param from the batch's first row, for messages */
export function collectorFor(dictionary: Dictionary, rows: number, from: number): Collector {
  const { activation } = dictionary
  return activation.kind === 'topk'
    ? new Largest(dictionary, activation, rows, from)
    : new Firing(dictionary, rows, from)
}

/** What fires by itself: all activations but top-k. Blocks come in rising order, so indices rise. */
export class Firing implements Collector {
  readonly #dictionary: Dictionary
  /** What a pre-activation must exceed. */
  readonly floor: Float32Array
  readonly #rows: { indices: number[]; values: number[] }[]
  readonly #from: number

  constructor(dictionary: Dictionary, rows: number, from: number) {
    const { activation, latents } = dictionary
    this.#dictionary = dictionary
    this.#from = from
    this.floor =
      activation.kind === 'threshold'
        ? activation.threshold.map((v) => Math.max(v, 0))
        : new Float32Array(latents)
    this.#rows = Array.from({ length: rows }, () => ({ indices: [], values: [] }))
  }

  take(row: number, { start, count }: Block, raw: Float32Array, at: number): void {
    const { bias, gain, activation } = this.#dictionary
    const { floor } = this
    const gate = activation.kind === 'gated' ? activation.gateBias : undefined
    if (gain === undefined && gate === undefined) {
      // The comparison is turned round so that what is not a number goes on, too.
      for (let i = 0; i < count; i++) {
        const pre = Math.fround(raw[at + i]! + bias[start + i]!)
        if (!(pre <= floor[start + i]!)) this.#keep(row, start + i, pre)
      }
      return
    }
    for (let i = 0; i < count; i++) {
      const p = raw[at + i]!
      const pre = this.#preActivation(start + i, p)
      if (pre <= floor[start + i]!) continue
      if (gate === undefined || !(Math.fround(p + gate[start + i]!) <= 0)) this.#keep(row, start + i, pre)
    }
  }

  /** Takes one product, found by other means than a whole block. */
  takeOne(row: number, latent: number, p: number): void {
    const pre = this.#preActivation(latent, p)
    if (!(pre <= this.floor[latent]!)) this.#keep(row, latent, pre)
  }

  #preActivation(latent: number, p: number): number {
    const { bias, gain } = this.#dictionary
    return Math.fround((gain === undefined ? p : Math.fround(p * gain[latent]!)) + bias[latent]!)
  }

  #keep(row: number, latent: number, pre: number): void {
    if (!Number.isFinite(pre)) throw notFinite(this.#from + row, pre)
    const value = this.#dictionary.activation.kind === 'tanh-relu' ? Math.tanh(pre) : pre
    if (value === 0) return
    const { indices, values } = this.#rows[row]!
    indices.push(latent)
    values.push(value)
  }

  emit(row: number, out: FeatureBuilder): void {
    const { indices, values } = this.#rows[row]!
    indices.forEach((index, i) => {
      out.push(index, values[i]!)
    })
  }
}

/** The k largest of each row: a heap whose root is the smallest kept. Of equal ones the first latents win. */
class Largest implements Collector {
  readonly #dictionary: Dictionary
  readonly #weight: Float32Array | undefined
  readonly #k: number
  readonly #signed: boolean
  readonly #from: number
  readonly #rank: Float32Array
  readonly #value: Float32Array
  readonly #index: Uint32Array
  readonly #size: Uint32Array

  constructor(
    dictionary: Dictionary,
    { k, signed, weight }: Activation & { kind: 'topk' },
    rows: number,
    from: number,
  ) {
    this.#dictionary = dictionary
    this.#weight = weight
    this.#k = k
    this.#signed = signed
    this.#from = from
    this.#rank = new Float32Array(rows * k)
    this.#value = new Float32Array(rows * k)
    this.#index = new Uint32Array(rows * k)
    this.#size = new Uint32Array(rows)
  }

  take(row: number, { start, count }: Block, raw: Float32Array, at: number): void {
    const { bias, gain } = this.#dictionary
    const [k, weight] = [this.#k, this.#weight]
    const base = row * k
    // Without a sign, what is not positive is nothing, kept or not.
    const nothing = this.#signed ? Number.NEGATIVE_INFINITY : 0
    let least = this.#size[row] === k ? this.#rank[base]! : nothing
    for (let i = 0; i < count; i++) {
      const latent = start + i
      const p = raw[at + i]!
      const pre = Math.fround((gain === undefined ? p : Math.fround(p * gain[latent]!)) + bias[latent]!)
      const rank = weight === undefined ? pre : Math.fround(pre * weight[latent]!)
      if (rank <= least) continue
      if (!Number.isFinite(rank)) throw notFinite(this.#from + row, rank)
      const size = this.#size[row]!
      if (size < k) {
        this.#set(base + size, rank, pre, latent)
        this.#size[row] = size + 1
        this.#up(base, size)
      } else {
        this.#set(base, rank, pre, latent)
        this.#down(base)
      }
      if (this.#size[row] === k) least = Math.max(nothing, this.#rank[base]!)
    }
  }

  emit(row: number, out: FeatureBuilder): void {
    const base = row * this.#k
    const slots = Array.from({ length: this.#size[row]! }, (_, i) => base + i)
    slots.sort((a, b) => this.#index[a]! - this.#index[b]!)
    for (const slot of slots) if (this.#value[slot] !== 0) out.push(this.#index[slot]!, this.#value[slot]!)
  }

  #set(slot: number, rank: number, value: number, index: number): void {
    this.#rank[slot] = rank
    this.#value[slot] = value
    this.#index[slot] = index
  }

  /** Whether slot a is dropped before slot b: smaller, or as large and later. */
  #before(a: number, b: number): boolean {
    const difference = this.#rank[a]! - this.#rank[b]!
    return difference < 0 || (difference === 0 && this.#index[a]! > this.#index[b]!)
  }

  #swap(a: number, b: number): void {
    const [rank, value, index] = [this.#rank[a]!, this.#value[a]!, this.#index[a]!]
    this.#set(a, this.#rank[b]!, this.#value[b]!, this.#index[b]!)
    this.#set(b, rank, value, index)
  }

  #up(base: number, child: number): void {
    while (child > 0) {
      const parent = (child - 1) >> 1
      if (!this.#before(base + child, base + parent)) return
      this.#swap(base + child, base + parent)
      child = parent
    }
  }

  #down(base: number): void {
    for (let parent = 0; ; ) {
      let least = parent
      for (const child of [2 * parent + 1, 2 * parent + 2])
        if (child < this.#k && this.#before(base + child, base + least)) least = child
      if (least === parent) return
      this.#swap(base + parent, base + least)
      parent = least
    }
  }
}

function notFinite(row: number, value: number): Error {
  return refuse('activation-nan', 'The pre-activations of a token are not finite numbers.', {
    where: `row ${row}`,
    expected: 'finite numbers',
    found: `${value}`,
    fix: 'An activation is not finite (extract them again with --precision f32), or zero where the dictionary divides by its norm.',
  })
}
