/**
 * Large dictionaries with thresholds, whose weights are bf16: products with activations rounded to bf16 take half
 * the time, and decide about nearly every latent. Rounding moves a product by at most
 *
 *     |w (x - rounded x)| <= |w| |x| / 512
 *
 * (an error of 2^-9 in every number, and Cauchy's inequality), and the sums of d terms round by d 2^-24 each at most.
 * Only latents that come within that of their threshold
 * are multiplied again, in f32: what fires is what would have fired without.
 */

import type { Matrix } from '../core/matrix.ts'
import { pacer } from '../core/pace.ts'
import type { Pointer } from '../ggml/bindings.ts'
import type { Graph } from '../ggml/graph.ts'
import { bitWords } from '../ggml/kernels/above.ts'
import type { GatherKernels } from '../ggml/kernels/gather.ts'
import type { Tensor } from '../ggml/tensor.ts'
import type { Firing } from './collect.ts'
import type { PlacedDictionary } from './placed.ts'

/** What rounding x to bf16 moves a product by, in |w| |x|: 2^-9. */
const ROUNDING = 2 ** -9
/** What a sum of d products in f32 may be off by, in d |w| |x|; there are two of them, the rough one and the other. */
const SUMMING = 2 * 2 ** -24
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

interface ScreenKernels {
  readonly above: Pointer
  readonly gather: GatherKernels
}

/** What a product must exceed to be looked at again, less the margin, and |w|: of each latent. */
interface Cuts {
  readonly each: Float32Array
  readonly norms: Float32Array
}

export class Screen {
  readonly #placed: PlacedDictionary
  readonly #kernels: ScreenKernels
  readonly #compute: Compute
  #cuts: Cuts | undefined

  private constructor(placed: PlacedDictionary, kernels: ScreenKernels, compute: Compute) {
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
    const [above, gather] = [kernels.above(), kernels.gather(width)]
    if (above === undefined || gather === undefined) return undefined
    return new Screen(placed, { above, gather }, compute)
  }

  /**
   * Gives the latents that may fire for x to `collect`, with their products in f32.
   *
   * @returns false where too many may fire: nothing was given then
   */
  async take(x: Matrix, collect: Firing, signal: AbortSignal | undefined): Promise<boolean> {
    this.#cuts ??= await this.#measure(collect.floor, signal)
    const found = await this.#compute(signal, (g) => this.#candidates(g, x))
    const most = Math.floor(MOST * x.rows * this.#placed.dictionary.latents)
    const candidates: number[][] = Array.from({ length: x.rows }, () => [])
    const pace = pacer(signal)
    let n = 0
    for (const [b, { start, count }] of this.#placed.blocks.entries()) {
      const bits = new Int32Array(found[b]!.buffer)
      const words = bitWords(count)
      for (let r = 0; r < x.rows; r++)
        n += latentsOf(bits.subarray(r * words, (r + 1) * words), start, candidates[r]!)
      // Decided by these rows alone: what was encoded before must not change a bit.
      if (n > most) return false
      await pace()
    }
    if (n > 0) await this.#decide(x, candidates, n, collect, signal)
    return true
  }

  /** For each block, which latents of which rows may be over the threshold, as bits. */
  #candidates(g: Graph, x: Matrix): Tensor[] {
    const placed = this.#placed
    const normed = placed.normed(g, g.input('F32', [x.cols, x.rows], x.data)).x
    const margins = g.scale(g.sqrt(g.sumRows(g.square(normed))), ROUNDING + SUMMING * x.cols)
    const { each, norms } = this.#cuts!
    return placed.blocks.map((block) => {
      const of = (values: Float32Array): Tensor =>
        g.input('F32', [block.count], values.subarray(block.start, block.start + block.count))
      const rough = placed.roughProducts(g, normed, block)
      return g.above(this.#kernels.above, rough, of(each), of(norms), margins)
    })
  }

  /** Multiplies the candidates again, in f32. */
  async #decide(
    x: Matrix,
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
      placed.productsAt(
        g,
        this.#kernels.gather,
        placed.normed(g, g.input('F32', [x.cols, x.rows], x.data)).x,
        {
          starts: g.input('I32', [starts.length], starts),
          indices: g.input('I32', [n], indices),
        },
      ),
    ])
    candidates.forEach((latents, r) => {
      latents.forEach((latent, i) => {
        collect.takeOne(r, latent, products![starts[r]! + i]!)
      })
    })
  }

  /** Norms and cuts of all latents. */
  async #measure(floor: Float32Array, signal: AbortSignal | undefined): Promise<Cuts> {
    const { latents, bias, gain } = this.#placed.dictionary
    const norms = new Float32Array(latents)
    for (let start = 0; start < latents; start += NORMS) {
      const block = { start, count: Math.min(NORMS, latents - start) }
      const [some] = await this.#compute(signal, (g) => [this.#placed.encoderNorms(g, block)])
      norms.set(some!, start)
    }
    // In f32 the bias is added and the sum compared, and the cut is f32: a little lower, for what that rounds.
    const each = floor.map((v, j) => {
      const size = Math.max(Math.abs(v), Math.abs(bias[j]!))
      return (v - bias[j]! - 2 ** -20 * size) / (gain?.[j] ?? 1)
    })
    return { each, norms }
  }
}

/** Adds the latents whose bits are set, the first of them `start`; returns how many. */
function latentsOf(bits: Int32Array, start: number, out: number[]): number {
  const before = out.length
  for (let w = 0; w < bits.length; w++)
    for (let word = bits[w]!; word !== 0; word &= word - 1)
      out.push(start + 32 * w + 31 - Math.clz32(word & -word))
  return out.length - before
}
