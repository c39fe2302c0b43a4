/**
 * Activations to features and back, outside any model: in f32, block of latents by block, with sparse
 * results, so that 131,072 latents over 100,000 tokens need neither a dense matrix nor widened weights.
 */

import { refuse } from '../core/errors.ts'
import { type Matrix, matrix } from '../core/matrix.ts'
import { pacer } from '../core/pace.ts'
import { Graph, GraphAllocator } from '../ggml/graph.ts'
import type { Tensor } from '../ggml/tensor.ts'
import { collectorFor, Firing } from './collect.ts'
import { FeatureBuilder, type SparseFeatures } from './features.ts'
import type { Block, PlacedDictionary } from './placed.ts'
import { type Compute, Screen } from './screen.ts'

/** Tokens encoded at a time: each block of weights is widened once for so many. */
const ROWS = 1024
/** Tensors of a graph: so many, and so many more for each block. */
const TENSORS = 64
const BLOCK_TENSORS = 8

export interface EncodeOptions {
  readonly signal?: AbortSignal | undefined
  /** Called after each batch with the number of rows done so far and in all. */
  readonly onProgress?: (done: number, total: number) => void
}

/** Encodes and decodes matrices of activations with one dictionary. */
export class Encoder implements Disposable {
  readonly placed: PlacedDictionary
  readonly #allocator: GraphAllocator
  readonly #screen: Screen | undefined
  /** Products of a block, kept: new arrays of this size cost as much as they hold. */
  #raw = new Float32Array(0)

  constructor(placed: PlacedDictionary) {
    this.placed = placed
    this.#allocator = new GraphAllocator(placed.backend)
    this.#screen = Screen.for(placed, this.#compute)
  }

  /**
   * Features of activations x [n, d].
   *
   * @throws PalimpsestError `activation-shape`, `activation-nan`, `interrupted`
   * @example
   * using placed = await PlacedDictionary.open(path, backend)
   * using encoder = new Encoder(placed)
   * const features = await encoder.encode(activations)
   * meanL0(features)
   */
  async encode(x: Matrix, options: EncodeOptions = {}): Promise<SparseFeatures> {
    const { width, latents } = this.placed.dictionary
    checkActivations(x, width)
    const out = new FeatureBuilder(latents)
    for (let from = 0; from < x.rows; from += ROWS) {
      const rows = Math.min(ROWS, x.rows - from)
      const batch = matrix(rows, width, x.data.subarray(from * width, (from + rows) * width))
      await this.#encodeBatch(batch, from, out, options.signal)
      options.onProgress?.(from + rows, x.rows)
    }
    return out.build()
  }

  /**
   * Reconstruction [n, d_out] from features. `x` [n, d] are the activations that were encoded: run-time norms
   * and skips need them.
   *
   * @throws PalimpsestError `activation-shape`, `interrupted`
   */
  async decode(features: SparseFeatures, x: Matrix, options: EncodeOptions = {}): Promise<Matrix> {
    const { width, outWidth } = this.placed.dictionary
    checkActivations(x, width)
    if (features.rows !== x.rows)
      throw new RangeError(`decode: ${features.rows} rows of features for ${x.rows} rows of activations`)
    const out = matrix(x.rows, outWidth)
    for (let from = 0; from < x.rows; from += ROWS) {
      const rows = Math.min(ROWS, x.rows - from)
      const target = out.data.subarray(from * outWidth, (from + rows) * outWidth)
      for (const block of this.placed.blocks)
        await this.#decodeBlock(features, from, rows, block, target, options.signal)
      await this.#finish(
        matrix(rows, width, x.data.subarray(from * width, (from + rows) * width)),
        target,
        options.signal,
      )
      options.onProgress?.(from + rows, x.rows)
    }
    return out
  }

  async #encodeBatch(
    x: Matrix,
    from: number,
    out: FeatureBuilder,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { placed } = this
    const collect = collectorFor(placed.dictionary, x.rows, from)
    const isScreened = collect instanceof Firing && (await this.#screen?.take(x, collect, signal))
    const pace = pacer(signal)
    for (const block of isScreened ? [] : placed.blocks) {
      if (this.#raw.length !== x.rows * block.count) this.#raw = new Float32Array(x.rows * block.count)
      const products = (g: Graph): Tensor[] => {
        const normed = placed.normed(g, g.input('F32', [x.cols, x.rows], x.data))
        return [placed.products(g, normed.x, block)]
      }
      await this.#compute(signal, products, [this.#raw])
      for (let r = 0; r < x.rows; r++) {
        collect.take(r, block, this.#raw, r * block.count)
        await pace()
      }
    }
    for (let r = 0; r < x.rows; r++) {
      collect.emit(r, out)
      out.endRow()
    }
  }

  async #decodeBlock(
    features: SparseFeatures,
    from: number,
    rows: number,
    block: Block,
    target: Float32Array,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { start, count } = block
    const dense = new Float32Array(rows * count)
    let any = false
    for (let r = 0; r < rows; r++)
      for (let i = features.starts[from + r]!; i < features.starts[from + r + 1]!; i++) {
        const latent = features.indices[i]! - start
        if (latent < 0 || latent >= count) continue
        dense[r * count + latent] = features.values[i]!
        any = true
      }
    if (!any) return
    const [sum] = await this.#compute(signal, (g) => [
      this.placed.decodeBlock(g, g.input('F32', [count, rows], dense), block),
    ])
    for (let i = 0; i < target.length; i++) target[i]! += sum![i]!
  }

  async #finish(x: Matrix, target: Float32Array, signal: AbortSignal | undefined): Promise<void> {
    const { placed } = this
    const [y] = await this.#compute(signal, (g) => {
      const input = g.input('F32', [x.cols, x.rows], x.data)
      const sum = g.input('F32', [placed.dictionary.outWidth, x.rows], target)
      return [placed.finish(g, sum, input, placed.normed(g, input))]
    })
    target.set(y!)
  }

  #compute: Compute = (signal, build, into) => {
    const { backend, blocks } = this.placed
    return backend.exclusive(async () => {
      using g = new Graph(backend, TENSORS + BLOCK_TENSORS * blocks.length)
      const results = build(g).map((t) => g.output(t))
      await g.compute(this.#allocator, signal)
      return results.map((t, i) => g.read(t, into?.[i]))
    })
  };

  [Symbol.dispose](): void {
    this.#allocator[Symbol.dispose]()
  }
}

function checkActivations(x: Matrix, width: number): void {
  if (x.cols !== width)
    throw refuse('activation-shape', 'The activations are of another width than the dictionary.', {
      expected: `[n, ${width}]`,
      found: `[${x.rows}, ${x.cols}]`,
      fix: 'Use activations of the model and hook point that the dictionary was made for: `palimpsest inspect` names them.',
    })
}
