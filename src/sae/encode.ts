/**
 * Activations to features and back, outside any model: in f32, block of latents by block, with sparse
 * results, so that 131,072 latents over 100,000 tokens need neither a dense matrix nor widened weights.
 */

import { refuse } from '../core/errors.ts'
import { type Matrix, matrix } from '../core/matrix.ts'
import { pacer } from '../core/pace.ts'
import { Graph, GraphAllocator } from '../ggml/graph.ts'
import type { Tensor } from '../ggml/tensor.ts'
import type { Activation } from './dictionary.ts'
import { FeatureBuilder, type SparseFeatures } from './features.ts'
import type { Block, PlacedDictionary } from './placed.ts'

/** Tokens encoded at a time: each block of weights is widened once for so many. */
const ROWS = 1024
const TENSORS = 64

export interface EncodeOptions {
  readonly signal?: AbortSignal | undefined
  /** Called after each batch with the number of rows done so far and in all. */
  readonly onProgress?: (done: number, total: number) => void
}

/** Encodes and decodes matrices of activations with one dictionary. */
export class Encoder implements Disposable {
  readonly placed: PlacedDictionary
  readonly #allocator: GraphAllocator

  constructor(placed: PlacedDictionary) {
    this.placed = placed
    this.#allocator = new GraphAllocator(placed.backend)
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
    const { activation } = placed.dictionary
    const collect = activation.kind === 'topk' ? new Largest(x.rows, activation) : new Nonzero(x.rows)
    const pace = pacer(signal)
    for (const block of placed.blocks) {
      const read = await this.#compute(signal, (g) => {
        const normed = placed.normed(g, g.input('F32', [x.cols, x.rows], x.data))
        const p = placed.preActivations(g, normed.x, block)
        if (activation.kind !== 'topk') return [placed.activate(g, p, block), g.sumRows(p.pre)]
        const ranking = placed.ranking(g, p.pre, block)
        return ranking === p.pre ? [p.pre, g.sumRows(p.pre)] : [p.pre, g.sumRows(p.pre), ranking]
      })
      const [values, sums, ranking] = read as [Float32Array, Float32Array, Float32Array?]
      refuseNaN(sums, from)
      for (let r = 0; r < x.rows; r++) {
        collect.take(r, block.start, values, ranking ?? values, r * block.count, block.count)
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

  /** Builds a graph, computes it and reads its results. */
  #compute(signal: AbortSignal | undefined, build: (g: Graph) => Tensor[]): Promise<Float32Array[]> {
    const { backend } = this.placed
    return backend.exclusive(async () => {
      using g = new Graph(backend, TENSORS)
      const results = build(g).map((t) => g.output(t))
      await g.compute(this.#allocator, signal)
      return results.map((t) => g.read(t))
    })
  }

  [Symbol.dispose](): void {
    this.#allocator[Symbol.dispose]()
  }
}

/** Takes features block by block and gives them out row by row. */
interface Collector {
  take(
    row: number,
    start: number,
    values: Float32Array,
    ranking: Float32Array,
    at: number,
    count: number,
  ): void
  emit(row: number, out: FeatureBuilder): void
}

/** What is not zero. Blocks come in rising order, so indices rise. */
class Nonzero implements Collector {
  readonly #rows: { indices: number[]; values: number[] }[]

  constructor(rows: number) {
    this.#rows = Array.from({ length: rows }, () => ({ indices: [], values: [] }))
  }

  take(row: number, start: number, values: Float32Array, _: Float32Array, at: number, count: number): void {
    const { indices, values: kept } = this.#rows[row]!
    for (let j = 0; j < count; j++) {
      const v = values[at + j]!
      if (v === 0) continue
      indices.push(start + j)
      kept.push(v)
    }
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
  readonly #k: number
  readonly #signed: boolean
  readonly #rank: Float32Array
  readonly #value: Float32Array
  readonly #index: Uint32Array
  readonly #size: Uint32Array

  constructor(rows: number, { k, signed }: Activation & { kind: 'topk' }) {
    this.#k = k
    this.#signed = signed
    this.#rank = new Float32Array(rows * k)
    this.#value = new Float32Array(rows * k)
    this.#index = new Uint32Array(rows * k)
    this.#size = new Uint32Array(rows)
  }

  take(
    row: number,
    start: number,
    values: Float32Array,
    ranking: Float32Array,
    at: number,
    count: number,
  ): void {
    const k = this.#k
    const base = row * k
    for (let j = 0; j < count; j++) {
      const rank = ranking[at + j]!
      // Without a sign, what is not positive is nothing, kept or not.
      if (!this.#signed && !(rank > 0)) continue
      const size = this.#size[row]!
      if (size < k) {
        this.#set(base + size, rank, values[at + j]!, start + j)
        this.#size[row] = size + 1
        this.#up(base, size)
      } else if (rank > this.#rank[base]!) {
        this.#set(base, rank, values[at + j]!, start + j)
        this.#down(base)
      }
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

function checkActivations(x: Matrix, width: number): void {
  if (x.cols !== width)
    throw refuse('activation-shape', 'The activations are of another width than the dictionary.', {
      expected: `[n, ${width}]`,
      found: `[${x.rows}, ${x.cols}]`,
      fix: 'Use activations of the model and hook point that the dictionary was made for: `palimpsest inspect` names them.',
    })
}

/** Sums of pre-activations per token are finite unless one of them is not (or all overflow, which is no better). */
function refuseNaN(sums: Float32Array, from: number): void {
  const at = sums.findIndex((v) => !Number.isFinite(v))
  if (at >= 0)
    throw refuse('activation-nan', 'The pre-activations of a token are not finite numbers.', {
      where: `row ${from + at}`,
      found: `${sums[at]}`,
      fix: 'An activation is not finite (extract them again with --precision f32), or zero where the dictionary divides by its norm.',
    })
}
