/** One optimiser over a network: gradients, clipping by global norm, AdamW, and its state. */

import { PalimpsestError } from '../core/errors.ts'
import { type AdamWOptions, type AdamWSlot, adamw, globalNorm } from '../ggml/adamw.ts'
import type { Network } from './network.ts'
import type { TrainGraph } from './train-graph.ts'

export class Trainer {
  readonly network: Network
  readonly #options: AdamWOptions
  readonly #clip: number
  readonly #slots: readonly AdamWSlot[]
  readonly #gradients: readonly Float32Array[]
  /** Steps taken. */
  step = 0

  constructor(network: Network, options: AdamWOptions, clip: number) {
    this.network = network
    this.#options = options
    this.#clip = clip
    this.#slots = network.weights.map(({ values, shape }) => ({
      weights: values,
      first: new Float32Array(values.length),
      second: new Float32Array(values.length),
      decays: shape.length > 1,
    }))
    this.#gradients = network.weights.map(({ values }) => new Float32Array(values.length))
  }

  /**
   * Backward pass and one step. `graph.seed` holds dLoss/dlogits.
   *
   * @param loss only looked at: a loss or gradient that is not finite stops the training before any weight moves
   * @throws PalimpsestError `training-diverged` naming the step
   */
  async update(graph: TrainGraph, loss: number, rate: number, signal?: AbortSignal): Promise<void> {
    if (!Number.isFinite(loss)) throw this.#diverged(`a loss of ${loss}`)
    await graph.backward(signal)
    this.network.weights.forEach((w, i) => {
      graph.gradient(w, this.#gradients[i])
    })
    const norm = globalNorm(this.#gradients)
    if (!Number.isFinite(norm)) throw this.#diverged(`a gradient of norm ${norm}`)
    const scale = norm > this.#clip ? this.#clip / norm : 1
    this.step++
    this.#slots.forEach((slot, i) => {
      adamw(slot, this.#gradients[i]!, rate, this.step, this.#options, scale)
    })
    this.network.upload()
  }

  #diverged(found: string): PalimpsestError {
    return new PalimpsestError('failed', 'training-diverged', 'Training has diverged.', {
      where: `step ${this.step + 1}`,
      expected: 'a finite loss and gradient',
      found,
      fix: 'Lower the learning rate; the last checkpoint is still good.',
    })
  }

  /** The moments by name of weight, for a checkpoint: `first.NAME`, `second.NAME`. */
  state(): Map<string, Float32Array> {
    return new Map(
      this.network.weights.flatMap(({ name }, i) => [
        [`first.${name}`, this.#slots[i]!.first] as const,
        [`second.${name}`, this.#slots[i]!.second] as const,
      ]),
    )
  }

  /** Takes up where a checkpoint left off. @throws RangeError when it is of another network */
  restore(state: ReadonlyMap<string, Float32Array>, step: number): void {
    for (const [name, values] of this.state()) {
      const from = state.get(name)
      if (from?.length !== values.length) throw new RangeError(`moment ${name} does not fit`)
      values.set(from)
    }
    this.step = step
  }
}
