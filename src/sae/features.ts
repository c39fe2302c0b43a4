/** Features of many tokens, sparse: for each token the latents that fire, rising, and their values. */

import { type Matrix, matrix } from '../core/matrix.ts'

export interface SparseFeatures {
  readonly rows: number
  readonly latents: number
  /** Where each row begins in `indices` and `values`; rows + 1 entries. */
  readonly starts: Float64Array
  readonly indices: Uint32Array
  readonly values: Float32Array
}

/** Collects rows of sparse features one after the other. Memory grows with what fires, not with F. */
export class FeatureBuilder {
  readonly #latents: number
  readonly #starts: number[] = [0]
  #indices = new Uint32Array(1024)
  #values = new Float32Array(1024)
  #length = 0

  constructor(latents: number) {
    this.#latents = latents
  }

  push(index: number, value: number): void {
    if (this.#length === this.#indices.length) {
      this.#indices = grown(this.#indices, new Uint32Array(2 * this.#length))
      this.#values = grown(this.#values, new Float32Array(2 * this.#length))
    }
    this.#indices[this.#length] = index
    this.#values[this.#length++] = value
  }

  endRow(): void {
    this.#starts.push(this.#length)
  }

  build(): SparseFeatures {
    return {
      rows: this.#starts.length - 1,
      latents: this.#latents,
      starts: Float64Array.from(this.#starts),
      indices: this.#indices.slice(0, this.#length),
      values: this.#values.slice(0, this.#length),
    }
  }
}

function grown<T extends Uint32Array | Float32Array>(from: T, to: T): T {
  to.set(from)
  return to
}

/** Mean number of active latents per row. */
export function meanL0(features: SparseFeatures): number {
  return features.rows === 0 ? 0 : features.indices.length / features.rows
}

/** Rows in which each latent fires: [F]. */
export function firingCounts(features: SparseFeatures): Uint32Array {
  const counts = new Uint32Array(features.latents)
  for (const index of features.indices) counts[index]!++
  return counts
}

/** Rows [from, to) as a dense matrix [to - from, F]. For few rows or few latents only: it is almost all zeros. */
export function denseFeatures(features: SparseFeatures, from = 0, to = features.rows): Matrix {
  const out = matrix(to - from, features.latents)
  for (let r = from; r < to; r++)
    for (let i = features.starts[r]!; i < features.starts[r + 1]!; i++)
      out.data[(r - from) * features.latents + features.indices[i]!] = features.values[i]!
  return out
}

/**
 * Fraction of variance unexplained, added up over batches: sum |x - y|² / sum |x - mean x|². NaN where all rows
 * are equal.
 */
export class VarianceUnexplained {
  rows = 0
  readonly #sum: Float64Array
  #squares = 0
  #error = 0

  constructor(width: number) {
    this.#sum = new Float64Array(width)
  }

  /** Adds activations x [n, d] and their reconstruction y [n, d]. */
  add(x: Matrix, y: Matrix): void {
    for (let i = 0; i < x.data.length; i++) {
      const v = x.data[i]!
      this.#sum[i % x.cols]! += v
      this.#squares += v * v
      this.#error += (v - y.data[i]!) ** 2
    }
    this.rows += x.rows
  }

  /** Mean row. */
  get mean(): Float64Array {
    return this.#sum.map((v) => v / this.rows)
  }

  get value(): number {
    return this.#error / (this.#squares - this.#sum.reduce((sum, v) => sum + v * v, 0) / this.rows)
  }
}
