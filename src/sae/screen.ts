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
import { TensorStore } from '../ggml/buffer.ts'
import type { Graph } from '../ggml/graph.ts'
import type { GatherKernels } from '../ggml/kernels/gather.ts'
import type { Tensor } from '../ggml/tensor.ts'
import type { Firing } from './collect.ts'
import type { Block, PlacedDictionary } from './placed.ts'

/** 2^-9, and something for what the sums themselves round. */
const ROUNDING = 2 ** -9 + 2 ** -14
/** The share of all products that may be done twice. */
const MOST = 1 / 128
/** Latents whose norms are computed at a time. */
const NORMS = 1024
/** The product that screens. */
const NATIVE = { weights: 'BF16', activations: 'BF16' } as const

/** Builds a graph, computes it and reads its results, into arrays that are given. */
export type Compute = (
  signal: AbortSignal | undefined,
  build: (g: Graph) => readonly Tensor[],
  into?: readonly Float32Array[],
) => Promise<Float32Array[]>

/** What a product must exceed to be looked at again, less the margin: of each latent, and the least of a block. */
interface Cuts {
  readonly each: Float64Array
  readonly least: Float64Array
  /** |w| of each latent, and the largest of a block. */
  readonly norms: Float64Array
  readonly largest: Float64Array
}

export class Screen {
  readonly #placed: PlacedDictionary
  readonly #kernels: GatherKernels
  readonly #compute: Compute
  #cuts: Cuts | undefined
  #rough = new Float32Array(0)
  #gains = true

  private constructor(placed: PlacedDictionary, kernels: GatherKernels, compute: Compute) {
    this.#placed = placed
    this.#kernels = kernels
    this.#compute = compute
  }

  /** A screen for a dictionary, or undefined where it would gain nothing. */
  static for(placed: PlacedDictionary, compute: Compute): Screen | undefined {
    const { activation, encoder, gain, width } = placed.dictionary
    const kernels = placed.backend.kernels?.kernels
    const fits =
      activation.kind === 'threshold' &&
      encoder.latents === 'rows' &&
      encoder.tensor.type === 'BF16' &&
      (gain === undefined || gain.every((v) => v > 0))
    if (!fits || kernels?.product(NATIVE) === undefined) return undefined
    const gather = kernels.gather(width)
    return gather === undefined ? undefined : new Screen(placed, gather, compute)
  }

  /**
   * Gives the latents that may fire for x to `collect`, with their products in f32.
   *
   * @returns false where too many may fire: nothing was given then
   */
  async take(x: Matrix, collect: Firing, signal: AbortSignal | undefined): Promise<boolean> {
    const placed = this.#placed
    if (!this.#gains) return false
    this.#cuts ??= await this.#measure(collect.floor, signal)
    using store = new TensorStore(placed.backend, 1)
    const held = store.upload('F32', [x.cols, x.rows], x.data)
    store.commit()
    const [sizes] = await this.#compute(signal, (g) => [
      g.sqrt(g.sumRows(g.square(placed.normed(g, held).x))),
    ])
    const margins = sizes!.map((size) => ROUNDING * size)
    const most = Math.floor(MOST * x.rows * placed.dictionary.latents)
    const candidates: number[][] = Array.from({ length: x.rows }, () => [])
    const pace = pacer(signal)
    let n = 0
    for (const [b, block] of placed.blocks.entries()) {
      if (this.#rough.length !== x.rows * block.count) this.#rough = new Float32Array(x.rows * block.count)
      const rough = (g: Graph): Tensor[] => [placed.roughProducts(g, placed.normed(g, held).x, block)]
      await this.#compute(signal, rough, [this.#rough])
      for (let r = 0; r < x.rows; r++) {
        n += this.#scan(r * block.count, block, b, margins[r]!, candidates[r]!)
        if (n > most) {
          this.#gains = false
          return false
        }
        await pace()
      }
    }
    if (n > 0) await this.#decide(held, candidates, n, collect, signal)
    return true
  }

  /** Adds the latents of a block whose rough products, from `at` on, may be over the threshold. */
  #scan(at: number, { start, count }: Block, b: number, margin: number, out: number[]): number {
    const { each, least, norms, largest } = this.#cuts!
    const rough = this.#rough
    const before = out.length
    // Turned round so that what is not a number goes on, too.
    const low = least[b]! - margin * largest[b]!
    for (let i = 0; i < count; i++) {
      const p = rough[at + i]!
      if (p <= low) continue
      if (!(p <= each[start + i]! - margin * norms[start + i]!)) out.push(start + i)
    }
    return out.length - before
  }

  /** Multiplies the candidates again, in f32. */
  async #decide(
    held: Tensor,
    candidates: readonly (readonly number[])[],
    n: number,
    collect: Firing,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const placed = this.#placed
    const starts = new Int32Array(candidates.length + 1)
    const indices = new Int32Array(n)
    candidates.forEach((latents, r) => {
      indices.set(latents, starts[r]!)
      starts[r + 1] = starts[r]! + latents.length
    })
    const [products] = await this.#compute(signal, (g) => [
      placed.productsAt(g, this.#kernels, placed.normed(g, held).x, {
        starts: g.input('I32', [starts.length], starts),
        indices: g.input('I32', [n], indices),
      }),
    ])
    candidates.forEach((latents, r) => {
      latents.forEach((latent, i) => {
        collect.takeOne(r, latent, products![starts[r]! + i]!)
      })
    })
  }

  /** Norms and cuts of all latents. */
  async #measure(floor: Float32Array, signal: AbortSignal | undefined): Promise<Cuts> {
    const { dictionary, blocks } = this.#placed
    const { latents, bias, gain } = dictionary
    const norms = new Float64Array(latents)
    for (let start = 0; start < latents; start += NORMS) {
      const block = { start, count: Math.min(NORMS, latents - start) }
      const [some] = await this.#compute(signal, (g) => [this.#placed.encoderNorms(g, block)])
      norms.set(some!, start)
    }
    // In f32 the bias is added and the sum compared: a little lower, for what that rounds.
    const each = Float64Array.from(floor, (v, j) => {
      const size = Math.max(Math.abs(v), Math.abs(bias[j]!))
      return (v - bias[j]! - 2 ** -20 * size) / (gain?.[j] ?? 1)
    })
    const extreme = (of: Float64Array, pick: (a: number, b: number) => number): Float64Array =>
      Float64Array.from(blocks, ({ start, count }) =>
        of.subarray(start, start + count).reduce((a, v) => pick(a, v)),
      )
    return { each, norms, least: extreme(each, Math.min), largest: extreme(norms, Math.max) }
  }
}
