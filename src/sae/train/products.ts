/**
 * The matrix products of one step of training, on the engine. The activation in between is TypeScript's
 * (activate.ts), so every kind of dictionary shares them:
 *
 *     pre = W_enc xin + b_enc
 *     e   = W_dec f + bias - target,  loss = sum |e|², and its gradients where f > 0
 *
 * Matrices are row-major [F, d] (a latent a row), batches [B, d] and [B, F]. Of 4,608 latents with 32 active, 99.3%
 * of a dense product with f is multiplication by zero: where few fire, and the processor has the kernels, all but
 * the first product are sparse.
 */

import type { Backend } from '../../ggml/backend.ts'
import { Graph, GraphAllocator, type SparseTensors } from '../../ggml/graph.ts'
import type { GatherKernels } from '../../ggml/kernels/gather.ts'
import type { Tensor } from '../../ggml/tensor.ts'
import { denseFeatures, type SparseFeatures } from '../features.ts'

/** The share of features up to which sparse products are faster than dense ones. */
const SPARSE = 1 / 16
/** Products never round the activations. */
const EXACT = { precision: 'f32' } as const

/** The weights of a dictionary in training. */
export interface Weights {
  /** [F, d] */
  readonly encoder: Float32Array
  /** [F] */
  readonly encoderBias: Float32Array
  /** [F, d] */
  readonly decoder: Float32Array
  /** [d] */
  readonly decoderBias: Float32Array
}

/** Gradients of half the loss: the caller multiplies by 2 / B. */
export interface Gradients {
  readonly encoder: Float32Array
  readonly encoderBias: Float32Array
  readonly decoder: Float32Array
  readonly decoderBias: Float32Array
  /** e [B, d] */
  readonly error: Float32Array
}

/** The products of batches of one size with weights that change in place between steps. */
export class Products implements Disposable {
  readonly #backend: Backend
  readonly #weights: Weights
  readonly #batch: number
  readonly #kernels: GatherKernels | undefined
  readonly #forward: Graph
  readonly #forwardAllocator: GraphAllocator
  readonly #allocator: GraphAllocator
  readonly #pre: Tensor
  /** Inputs: fill them before the call that reads them. */
  readonly xin: Float32Array
  readonly target: Float32Array
  readonly bias: Float32Array

  constructor(backend: Backend, weights: Weights, batch: number) {
    const d = weights.decoderBias.length
    const latents = weights.encoderBias.length
    this.#backend = backend
    this.#weights = weights
    this.#batch = batch
    this.#kernels = backend.kernels?.kernels.gather(d)
    this.xin = new Float32Array(batch * d)
    this.target = new Float32Array(batch * d)
    this.bias = new Float32Array(d)
    const g = new Graph(backend, 16)
    const encoder = g.input('F32', [d, latents], weights.encoder)
    const xin = g.input('F32', [d, batch], this.xin)
    this.#pre = g.output(g.add(g.linear(encoder, xin, EXACT), g.input('F32', [latents], weights.encoderBias)))
    this.#forward = g
    this.#forwardAllocator = new GraphAllocator(backend)
    this.#allocator = new GraphAllocator(backend)
  }

  /** Pre-activations [B, F] of `xin`. */
  async preActivations(target: Float32Array, signal?: AbortSignal): Promise<void> {
    await this.#backend.exclusive(async () => {
      await this.#forward.compute(this.#forwardAllocator, signal)
      this.#forward.read(this.#pre, target)
    })
  }

  /** Gradients for features f of `xin`, with `bias` and `target`, into `out`. */
  async gradients(f: SparseFeatures, out: Gradients, signal?: AbortSignal): Promise<void> {
    const kernels = this.#isSparse(f) ? this.#kernels : undefined
    if (kernels === undefined) await this.#dense(f, out, signal)
    else await this.#sparse(kernels, f, out, signal)
    // The input holds the bias too, with the other sign: what comes back through the encoder.
    const { decoderBias: g, encoderBias, error } = out
    const d = g.length
    const sum = new Float64Array(d)
    for (let from = 0; from < error.length; from += d) for (let i = 0; i < d; i++) sum[i]! += error[from + i]!
    const { encoder } = this.#weights
    for (let j = 0; j < encoderBias.length; j++) {
      const by = encoderBias[j]!
      if (by !== 0) for (let i = 0; i < d; i++) sum[i]! -= by * encoder[j * d + i]!
    }
    g.set(sum)
  }

  /** Derivatives by features at places where they need not fire: the decoder's rows times the error's, one each. */
  async featureGradients(
    places: SparseFeatures,
    error: Float32Array,
    signal?: AbortSignal,
  ): Promise<Float32Array> {
    const d = this.bias.length
    const { decoder } = this.#weights
    const kernels = this.#isSparse(places) ? this.#kernels : undefined
    if (kernels !== undefined)
      return this.#compute(signal, (g) => {
        const w = g.input('F32', [d, places.latents], decoder)
        const x = g.input('F32', [d, this.#batch], error)
        return [[g.gatherDot(kernels, w, x, byToken(g, places)), new Float32Array(places.indices.length)]]
      }).then(([found]) => found!)
    const out = new Float32Array(places.indices.length)
    for (let b = 0; b < places.rows; b++)
      for (let i = places.starts[b]!; i < places.starts[b + 1]!; i++) {
        const [row, at] = [places.indices[i]! * d, b * d]
        let sum = 0
        for (let t = 0; t < d; t++) sum += decoder[row + t]! * error[at + t]!
        out[i] = sum
      }
    return out
  }

  #isSparse(f: SparseFeatures): boolean {
    const entries = f.indices.length
    return entries > 0 && entries <= SPARSE * f.rows * f.latents
  }

  async #sparse(
    kernels: GatherKernels,
    f: SparseFeatures,
    out: Gradients,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const d = this.bias.length
    const { order, starts, tokens } = byLatent(f)
    const entries = order.length
    const values = f.values
    const turned = Float32Array.from(order, (i) => values[i]!)
    const derivatives = new Float32Array(entries)
    await this.#compute(signal, (g) => {
      const rows = byToken(g, f)
      const columns: SparseTensors = {
        starts: g.input('I32', [starts.length], starts),
        indices: g.input('I32', [entries], tokens),
      }
      const w = g.input('F32', [d, f.latents], this.#weights.decoder)
      const sum = g.gatherSum(kernels, w, { ...rows, values: g.input('F32', [entries], values) })
      const error = g.sub(
        g.add(sum, g.input('F32', [d], this.bias)),
        g.input('F32', [d, this.#batch], this.target),
      )
      const byFeature = g.gatherDot(kernels, w, error, rows)
      const byFeatureTurned = g.reshape(g.getRows(byFeature, g.input('I32', [entries], order)), [entries])
      const xin = g.input('F32', [d, this.#batch], this.xin)
      return [
        [error, out.error],
        [byFeatureTurned, derivatives],
        [g.gatherSum(kernels, error, { ...columns, values: g.input('F32', [entries], turned) }), out.decoder],
        [g.gatherSum(kernels, xin, { ...columns, values: byFeatureTurned }), out.encoder],
      ]
    })
    for (let j = 0; j < f.latents; j++) {
      let sum = 0
      for (let i = starts[j]!; i < starts[j + 1]!; i++) sum += derivatives[i]!
      out.encoderBias[j] = sum
    }
  }

  async #dense(sparse: SparseFeatures, out: Gradients, signal: AbortSignal | undefined): Promise<void> {
    const d = this.bias.length
    const { latents } = sparse
    const dense = denseFeatures(sparse).data
    await this.#compute(signal, (g) => {
      const turned = (t: Tensor): Tensor => g.cont(g.permute(t, [1, 0, 2, 3]))
      const w = g.input('F32', [d, latents], this.#weights.decoder)
      const f = g.input('F32', [latents, this.#batch], dense)
      const target = g.input('F32', [d, this.#batch], this.target)
      const xin = g.input('F32', [d, this.#batch], this.xin)
      const y = g.add(g.linear(turned(w), f, EXACT), g.input('F32', [d], this.bias))
      const error = g.sub(y, target)
      const before = turned(g.mul(g.linear(w, error, EXACT), g.step(f))) // [F, B]
      return [
        [error, out.error],
        [g.linear(turned(error), turned(f), EXACT), out.decoder],
        [g.linear(turned(xin), before, EXACT), out.encoder],
        [g.reshape(g.sumRows(before), [latents]), out.encoderBias],
      ]
    })
  }

  /** Builds a graph, computes it and reads its results into their arrays. */
  #compute(
    signal: AbortSignal | undefined,
    build: (g: Graph) => (readonly [Tensor, Float32Array])[],
  ): Promise<Float32Array[]> {
    return this.#backend.exclusive(async () => {
      using g = new Graph(this.#backend, 64)
      const results = build(g)
      for (const [t] of results) g.output(t)
      await g.compute(this.#allocator, signal)
      return results.map(([t, into]) => g.read(t, into))
    })
  }

  [Symbol.dispose](): void {
    this.#forward[Symbol.dispose]()
    this.#forwardAllocator[Symbol.dispose]()
    this.#allocator[Symbol.dispose]()
  }
}

/** Features as the rows of a sparse matrix [B, F]. */
function byToken(g: Graph, f: SparseFeatures): SparseTensors {
  return {
    starts: g.input('I32', [f.rows + 1], Int32Array.from(f.starts)),
    indices: g.input('I32', [f.indices.length], f.indices),
  }
}

/** The same turned: `order` sorts the entries by latent, then token. */
function byLatent(f: SparseFeatures): { order: Int32Array; starts: Int32Array; tokens: Int32Array } {
  const starts = new Int32Array(f.latents + 1)
  for (const j of f.indices) starts[j + 1]!++
  for (let j = 0; j < f.latents; j++) starts[j + 1]! += starts[j]!
  const next = starts.slice()
  const order = new Int32Array(f.indices.length)
  const tokens = new Int32Array(f.indices.length)
  for (let b = 0; b < f.rows; b++)
    for (let i = f.starts[b]!; i < f.starts[b + 1]!; i++) {
      const place = next[f.indices[i]!]!++
      order[place] = i
      tokens[place] = b
    }
  return { order, starts, tokens }
}

/** Room for the gradients of weights over a batch. */
export function gradientsFor(weights: Weights, batch: number): Gradients {
  return {
    encoder: new Float32Array(weights.encoder.length),
    encoderBias: new Float32Array(weights.encoderBias.length),
    decoder: new Float32Array(weights.decoder.length),
    decoderBias: new Float32Array(weights.decoderBias.length),
    error: new Float32Array(batch * weights.decoderBias.length),
  }
}
