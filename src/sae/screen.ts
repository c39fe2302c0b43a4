/**
 * Large dictionaries with thresholds, whose weights are bf16: products with activations rounded to bf16 take half
 * the time, and decide about nearly every latent. Rounding moves a product by at most
 *
 *     |w (x - rounded x)| <= |w| |x| / 512
 *
 * (an error of 2^-9 in every number, and Cauchy's inequality). Only latents that come within that of their threshold
 * are multiplied again, in f32: what fires is what would have fired without.
 */

import type { Matrix } from '../core/matrix.ts'
import { pacer } from '../core/pace.ts'
import type { Graph } from '../ggml/graph.ts'
import type { GatherKernels } from '../ggml/kernels/gather.ts'
import type { Tensor } from '../ggml/tensor.ts'
import type { Firing } from './collect.ts'
import type { Block, PlacedDictionary } from './placed.ts'

/** 2^-9, and something for what the sums themselves round. */
const ROUNDING = 2 ** -9 + 2 ** -14
/** The share of a block's products that may be done twice. */
const MOST = 1 / 64
/** Latents whose norms are computed at a time. */
const NORMS = 1024

type Compute = (
  signal: AbortSignal | undefined,
  build: (g: Graph) => readonly Tensor[],
) => Promise<Float32Array[]>

export class Screen {
  readonly #placed: PlacedDictionary
  readonly #kernels: GatherKernels
  readonly #compute: Compute
  /** |w| of each latent; NaN where it has not been needed yet. */
  readonly #norms: Float32Array

  private constructor(placed: PlacedDictionary, kernels: GatherKernels, compute: Compute) {
    this.#placed = placed
    this.#kernels = kernels
    this.#compute = compute
    this.#norms = new Float32Array(placed.dictionary.latents).fill(Number.NaN)
  }

  /** A screen for a dictionary, or undefined where it would gain nothing. */
  static for(placed: PlacedDictionary, compute: Compute): Screen | undefined {
    const { activation, encoder, width } = placed.dictionary
    const kernels = placed.backend.kernels?.kernels
    const gather = kernels?.gather(width)
    const fits =
      activation.kind === 'threshold' && encoder.latents === 'rows' && encoder.tensor.type === 'BF16'
    if (!fits || gather === undefined || kernels?.product(NATIVE) === undefined) return undefined
    return new Screen(placed, gather, compute)
  }

  /**
   * Gives a block's latents that may fire for x to `collect`, with their products in f32.
   *
   * @returns false where too many may fire: nothing was given then
   */
  async take(x: Matrix, block: Block, collect: Firing, signal: AbortSignal | undefined): Promise<boolean> {
    const placed = this.#placed
    const { bias, gain } = placed.dictionary
    const { start, count } = block
    await this.#measure(block, signal)
    const [rough, sizes] = (await this.#compute(signal, (g) => {
      const normed = placed.normed(g, g.input('F32', [x.cols, x.rows], x.data)).x
      return [placed.roughProducts(g, normed, block), g.sqrt(g.sumRows(g.square(normed)))]
    })) as [Float32Array, Float32Array]
    const most = Math.floor(MOST * rough.length)
    const starts = new Int32Array(x.rows + 1)
    const indices = new Int32Array(most)
    const pace = pacer(signal)
    let n = 0
    for (let r = 0; r < x.rows; r++) {
      const margin = sizes[r]! * ROUNDING
      for (let i = 0, at = r * count; i < count; i++, at++) {
        const j = start + i
        const by = gain === undefined ? 1 : gain[j]!
        // Turned round so that what is not a number goes on, too.
        if (rough[at]! * by + bias[j]! + margin * this.#norms[j]! * Math.abs(by) <= collect.floor[j]!)
          continue
        if (n === most) return false
        indices[n++] = i
      }
      starts[r + 1] = n
      await pace()
    }
    if (n === 0) return true
    const [exact] = await this.#compute(signal, (g) => {
      const normed = placed.normed(g, g.input('F32', [x.cols, x.rows], x.data)).x
      return [
        placed.productsAt(g, this.#kernels, normed, block, {
          starts: g.input('I32', [starts.length], starts),
          indices: g.input('I32', [n], indices.subarray(0, n)),
        }),
      ]
    })
    for (let r = 0; r < x.rows; r++)
      for (let i = starts[r]!; i < starts[r + 1]!; i++) collect.takeOne(r, start + indices[i]!, exact![i]!)
    return true
  }

  /** Computes the norms of a block's weights, the first time. */
  async #measure({ start, count }: Block, signal: AbortSignal | undefined): Promise<void> {
    if (!Number.isNaN(this.#norms[start]!)) return
    for (let from = start; from < start + count; from += NORMS) {
      const block = { start: from, count: Math.min(NORMS, start + count - from) }
      const [norms] = await this.#compute(signal, (g) => [this.#placed.encoderNorms(g, block)])
      this.#norms.set(norms!, from)
    }
  }
}

/** The product that screens. */
const NATIVE = { weights: 'BF16', activations: 'BF16' } as const
