/**
 * Gradients of a graph with respect to its parameters, by ggml's automatic differentiation.
 *
 * The loss is never part of the graph. A caller computes the forward half, reads `value` (say logits), works
 * out G = dLoss/dvalue in TypeScript, and computes the backward half of sum(value * G): its gradients are those
 * of the loss. One graph so serves cross entropy, DPO and policy gradients with an exact KL.
 *
 * ggml ends the process on an operation that it cannot differentiate. These can stand between a parameter and
 * the value: mulMat (with broadcast only where the last extent is 1), getRows, add, mul, rmsNorm, rope, softMax
 * with an F32 mask, swiglu, reshape, permute, cont. A parameter must go into mulMat, getRows or mul itself,
 * not through a view.
 */

import { PalimpsestError } from '../core/errors.ts'
import type { Backend } from './backend.ts'
import type { Pointer } from './bindings.ts'
import { Graph } from './graph.ts'
import { swapProducts } from './kernels/swap.ts'
import { elements, type Tensor } from './tensor.ts'

/** How many tensors the backward half has for each of the forward half, an upper bound. */
const BACKWARD = 6

/** What {@link GradientGraph} is made of. */
export interface Differentiable {
  /** The tensor whose derivative the caller gives, F32. */
  readonly value: Tensor
  /** Computed with the forward half and readable after it; not differentiated. */
  readonly outputs?: readonly Tensor[]
  /** Tensors of a store, used in the graph: what gradients are taken with respect to. */
  readonly parameters: readonly Tensor[]
}

/** A graph in two halves over memory of its own. */
export class GradientGraph implements Disposable {
  readonly value: Tensor
  readonly #graph: Graph
  readonly #seed: Tensor
  readonly #forward: Pointer
  readonly #backward: Pointer
  readonly #gradients = new Map<Pointer, Tensor>()
  readonly #buffer: Pointer
  #disposed = false

  /**
   * @param maxNodes upper bound on the number of tensors that `build` makes
   * @param build makes the forward half with the operations of `graph`
   * @throws PalimpsestError `engine-memory`; `graph-gradient` when a parameter does not reach the value
   */
  constructor(backend: Backend, maxNodes: number, build: (graph: Graph) => Differentiable) {
    const { base } = backend.engine
    const size = maxNodes * (1 + BACKWARD)
    const extra =
      Number(base.tensorOverhead()) * size +
      Number(base.graphOverhead(size, true)) +
      2 * Number(base.graphOverhead(size, false))
    this.#graph = new Graph(backend, maxNodes + 4, extra)
    try {
      const { value, outputs = [], parameters } = build(this.#graph)
      this.value = value
      const { context } = this.#graph.raw
      for (const p of parameters) base.setParam(p.pointer)
      const loss = this.#graph.sum(value)

      // Every result is kept: the backward half reads them, and a fused norm would never be written.
      this.#forward = base.newGraph(context, size, false)
      for (const t of [value, ...outputs]) base.buildForwardExpand(this.#forward, t.pointer)
      const kept = Number(base.graphNodes(this.#forward))
      for (let i = 0; i < kept; i++) base.setOutput(base.graphNode(this.#forward, i))

      const whole = base.newGraph(context, size, true)
      base.buildForwardExpand(whole, loss.pointer)
      base.setLoss(loss.pointer)
      base.buildBackwardExpand(context, whole, null)
      // The caller writes the derivative of the value; what ggml would compute it from is left out.
      this.#seed = gradientOf(base.graphGetGrad(whole, value.pointer), value)
      this.#backward = base.newGraph(context, size, false)
      const all = Number(base.graphNodes(whole))
      let isAfter = false
      for (let i = 0; i < all; i++) {
        const node = base.graphNode(whole, i)
        if (isAfter) base.graphAddNode(this.#backward, node)
        isAfter ||= node === this.#seed.pointer
      }
      for (const p of parameters)
        this.#gradients.set(p.pointer, gradientOf(base.graphGetGrad(whole, p.pointer), p))
      for (const half of [this.#forward, this.#backward]) swapProducts(backend, half)
      const buffer = base.allocContextTensors(context, backend.pointer)
      if (buffer === null)
        throw new PalimpsestError('engine', 'engine-memory', 'No memory for the gradients of this graph.', {
          where: backend.device.name,
          expected: 'memory for all values and gradients at once',
          found: 'less',
          fix: 'Use fewer tokens at once.',
        })
      this.#buffer = buffer
      base.bufferClear(buffer, 0)
    } catch (error) {
      this.#graph[Symbol.dispose]()
      throw error
    }
  }

  /** Uploads the inputs and computes the value and the other outputs. Inside `backend.exclusive`. */
  async forward(signal?: AbortSignal): Promise<void> {
    this.#graph.uploadInputs()
    await this.#graph.backend.compute(this.#forward, signal)
  }

  /** Computes the gradients of sum(value * seed) where the forward half left off. @param seed as `value` */
  async backward(seed: Float32Array, signal?: AbortSignal): Promise<void> {
    if (seed.length !== elements(this.value))
      throw new RangeError(`${seed.length} derivatives for ${elements(this.value)} values`)
    this.#graph.backend.engine.base.tensorSet(this.#seed.pointer, seed, 0, seed.byteLength)
    await this.#graph.backend.compute(this.#backward, signal)
  }

  /** Reads the value or an output, as `Graph.read`. */
  read(t: Tensor, target?: Float32Array): Float32Array {
    return this.#graph.read(t, target)
  }

  /** The gradient of a parameter, in its layout. */
  gradient(parameter: Tensor, target?: Float32Array): Float32Array {
    return this.#graph.read(this.#gradients.get(parameter.pointer)!, target)
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return
    this.#disposed = true
    this.#graph.backend.engine.base.bufferFree(this.#buffer)
    this.#graph[Symbol.dispose]()
  }
}

function gradientOf(pointer: Pointer | null, t: Tensor): Tensor {
  if (pointer !== null) return { ...t, pointer }
  throw new PalimpsestError('engine', 'graph-gradient', 'A parameter has no gradient.', {
    expected: 'every parameter on a path to the value',
    found: `one of ${t.ne.join(' x ')} that the value does not depend on`,
    fix: 'This is a defect of the caller: leave the parameter out, or let the value depend on it.',
  })
}
