/**
 * Cosines and sines of rotary position embeddings. They depend on the position alone, so a model computes them once, in
 * float64, and its passes copy the rows of their tokens. Frequencies and angles are rounded to f32 on the way, as
 * transformers rounds them whatever the type of the weights: models were trained with these angles.
 */

import type { RopePairs } from './operations.ts'
import { shapeError } from './tensor.ts'

/**
 * Position p turns pair i of a head by p scale / (theta^(2i / headDim) factors[i]), in radians (Su et al. 2021, arXiv
 * 2104.09864; scale and factors as in transformers' modeling_rope_utils).
 */
export interface RopeAngles {
  readonly headDim: number
  readonly theta: number
  /** Multiplies positions. */
  readonly scale: number
  /** Divide the frequencies, [headDim / 2]; undefined for none. */
  readonly factors: Float32Array | undefined
  readonly pairs: RopePairs
}

/** Positions that are computed at the least. */
const FEWEST = 64

export class RopeTable {
  readonly angles: RopeAngles
  #rows = new Float32Array(0)

  constructor(angles: RopeAngles) {
    this.angles = angles
  }

  /**
   * Writes a row for each of n positions, laid out as a head is: the cosine where a pair's first element lies, the sine
   * where its second does.
   *
   * @param into [n, headDim], row after row
   * @throws PalimpsestError `graph-shape` for a position below 0
   * @example
   * const half = { headDim: 2, theta: 1e4, scale: 1, factors: undefined, pairs: 'half' } as const
   * const rows = new Float32Array(4)
   * new RopeTable(half).gather(Int32Array.of(0, 1), rows) // 1, 0, cos(1), sin(1)
   */
  gather(positions: Int32Array, into: Float32Array): void {
    const { headDim } = this.angles
    let [least, most] = [0, 0]
    for (const p of positions) {
      least = Math.min(least, p)
      most = Math.max(most, p)
    }
    if (least < 0) throw shapeError('rotate', 'positions of at least 0', `${least}`)
    this.#reach(most + 1)
    for (const [t, p] of positions.entries())
      into.set(this.#rows.subarray(p * headDim, (p + 1) * headDim), t * headDim)
  }

  #reach(positions: number): void {
    const { headDim, theta, scale, factors, pairs } = this.angles
    const there = this.#rows.length / headDim
    if (positions <= there) return
    const rows = new Float32Array(Math.max(positions, 2 * there, FEWEST) * headDim)
    rows.set(this.#rows)
    for (let i = 0; i < headDim / 2; i++) {
      const frequency = Math.fround(
        (scale * Math.fround(1 / Math.fround(theta ** ((2 * i) / headDim)))) / (factors?.[i] ?? 1),
      )
      const [first, second] = pairs === 'half' ? [i, i + headDim / 2] : [2 * i, 2 * i + 1]
      for (let p = there; p * headDim < rows.length; p++) {
        const angle = Math.fround(p * frequency)
        rows[p * headDim + first] = Math.cos(angle)
        rows[p * headDim + second] = Math.sin(angle)
      }
    }
    this.#rows = rows
  }
}
