/**
 * The matrix products of one step of training, on the engine. The activation in between is TypeScript's
 * (activate.ts), so every kind of dictionary shares these two graphs:
 *
 *     pre = W_enc xin + b_enc
 *     e   = W_dec f + bias - target,  loss = sum |e|², and its gradients where f > 0
 *
 * Matrices are row-major [F, d] (a latent a row), batches [B, d] and [B, F].
 */

import type { Backend } from '../../ggml/backend.ts'
import { Graph, GraphAllocator } from '../../ggml/graph.ts'
import type { Tensor } from '../../ggml/tensor.ts'

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
  /** Derivative by f, not masked, [B, F]. */
  readonly features: Float32Array
}

export class Products implements Disposable {
  readonly #backend: Backend
  readonly #forward: Graph
  readonly #forwardAllocator: GraphAllocator
  readonly #backward: Graph
  readonly #backwardAllocator: GraphAllocator
  readonly #pre: Tensor
  readonly #results: Readonly<Record<keyof Gradients, Tensor>>
  /** Inputs: fill them before the call that reads them. */
  readonly xin: Float32Array
  readonly target: Float32Array
  readonly f: Float32Array
  readonly bias: Float32Array

  constructor(backend: Backend, weights: Weights, batch: number) {
    const d = weights.decoderBias.length
    const latents = weights.encoderBias.length
    this.#backend = backend
    this.xin = new Float32Array(batch * d)
    this.target = new Float32Array(batch * d)
    this.f = new Float32Array(batch * latents)
    this.bias = new Float32Array(d)

    const g = new Graph(backend, 16)
    const encoder = g.input('F32', [d, latents], weights.encoder)
    const xin = g.input('F32', [d, batch], this.xin)
    this.#pre = g.output(g.add(g.mulMat(encoder, xin), g.input('F32', [latents], weights.encoderBias)))
    this.#forward = g
    this.#forwardAllocator = new GraphAllocator(backend)

    const b = new Graph(backend, 64)
    const turned = (t: Tensor): Tensor => b.cont(b.permute(t, [1, 0, 2, 3]))
    const w = b.input('F32', [d, latents], weights.decoder)
    const f = b.input('F32', [latents, batch], this.f)
    const input = b.input('F32', [d, batch], this.xin)
    const target = b.input('F32', [d, batch], this.target)
    const y = b.add(b.mulMat(turned(w), f), b.input('F32', [d], this.bias))
    const error = b.sub(y, target)
    const features = b.mulMat(w, error) // [F, B]
    const before = turned(b.mul(features, b.step(f))) // [B, F]
    const encoderBias = b.reshape(b.sumRows(before), [latents, 1])
    const through = b.mulMat(turned(b.input('F32', [d, latents], weights.encoder)), encoderBias) // [d, 1]
    const turnedError = turned(error)
    this.#results = {
      error: b.output(error),
      features: b.output(features),
      decoder: b.output(b.mulMat(turnedError, turned(f))),
      encoder: b.output(b.mulMat(turned(input), before)),
      encoderBias: b.output(encoderBias),
      decoderBias: b.output(b.sub(b.reshape(b.sumRows(turnedError), [d, 1]), through)),
    }
    this.#backward = b
    this.#backwardAllocator = new GraphAllocator(backend)
  }

  /** Pre-activations [B, F] of `xin`. */
  async preActivations(target: Float32Array, signal?: AbortSignal): Promise<void> {
    await this.#backend.exclusive(async () => {
      await this.#forward.compute(this.#forwardAllocator, signal)
      this.#forward.read(this.#pre, target)
    })
  }

  /** Gradients for `xin`, `f`, `bias` and `target`, into `out`. */
  async gradients(out: Gradients, signal?: AbortSignal): Promise<void> {
    await this.#backend.exclusive(async () => {
      await this.#backward.compute(this.#backwardAllocator, signal)
      for (const [name, t] of Object.entries(this.#results) as [keyof Gradients, Tensor][])
        this.#backward.read(t, out[name])
    })
  }

  [Symbol.dispose](): void {
    this.#forward[Symbol.dispose]()
    this.#backward[Symbol.dispose]()
    this.#forwardAllocator[Symbol.dispose]()
    this.#backwardAllocator[Symbol.dispose]()
  }
}

/** Room for the gradients of weights over a batch. */
export function gradientsFor(weights: Weights, batch: number): Gradients {
  return {
    encoder: new Float32Array(weights.encoder.length),
    encoderBias: new Float32Array(weights.encoderBias.length),
    decoder: new Float32Array(weights.decoder.length),
    decoderBias: new Float32Array(weights.decoderBias.length),
    error: new Float32Array(batch * weights.decoderBias.length),
    features: new Float32Array(batch * weights.encoderBias.length),
  }
}
