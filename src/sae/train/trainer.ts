/**
 * One dictionary in training: a step of gradient descent at a time, with dead latents revived through an
 * auxiliary loss (Gao et al. 2024), and all state in arrays that a checkpoint can hold. Activations come scaled
 * so that their mean squared norm is one; saving undoes it.
 */

import { PalimpsestError } from '../../core/errors.ts'
import { stream } from '../../core/random.ts'
import { type AdamWSlot, adamw, globalNorm } from '../../ggml/adamw.ts'
import type { Backend } from '../../ggml/backend.ts'
import { FeatureBuilder, type SparseFeatures } from '../features.ts'
import { aboveThresholds, LargestFinder, largestAmong, largestOfBatch, largestOfTokens } from './activate.ts'
import { type Gradients, gradientsFor, Products, type Weights } from './products.ts'
import { ADAM, AUX_WEIGHT, bandwidth, CLIP, L0_WEIGHT, rateAt, type TrainSettings } from './settings.ts'

/** What a step measured, before it moved anything. */
export interface StepReport {
  readonly step: number
  /** sum |x - y|² / sum |x - mean x|² over the batch. */
  readonly fvu: number
  readonly l0: number
  readonly dead: number
}

/** How much of the running threshold of batchtopk is kept from step to step. */
const KEPT = 0.99

/** Weights in training and all that the next step depends on. */
export class DictionaryTrainer implements Disposable {
  readonly settings: TrainSettings
  readonly width: number
  readonly weights: Weights
  /** jumprelu: each latent's threshold; else of length 0. */
  readonly threshold: Float32Array
  /** Tokens since each latent last fired. */
  readonly quiet: Float64Array
  /** batchtopk: sum and weight of the running mean of the smallest value kept. */
  readonly running: Float64Array = new Float64Array(2)
  step = 0
  readonly #products: Products
  readonly #pre: Float32Array
  readonly #finder = new LargestFinder()
  readonly #gradients: Gradients
  readonly #auxiliary: Gradients
  readonly #slots: Readonly<Record<string, AdamWSlot>>
  readonly #thresholdGradient: Float32Array

  constructor(backend: Backend, width: number, settings: TrainSettings) {
    const { latents, batch } = settings
    this.settings = settings
    this.width = width
    const decoder = new Float32Array(latents * width)
    const rng = stream(settings.seed, 'sae/weights')
    for (let i = 0; i < decoder.length; i++) decoder[i] = rng.normal()
    normaliseRows(decoder, width)
    this.weights = {
      encoder: decoder.slice(),
      encoderBias: new Float32Array(latents),
      decoder,
      decoderBias: new Float32Array(width),
    }
    this.threshold = new Float32Array(settings.kind === 'jumprelu' ? latents : 0).fill(bandwidth(settings.k))
    this.quiet = new Float64Array(latents)
    this.#products = new Products(backend, this.weights, batch)
    this.#pre = new Float32Array(batch * latents)
    this.#gradients = gradientsFor(this.weights, batch)
    this.#auxiliary = gradientsFor(this.weights, batch)
    this.#thresholdGradient = new Float32Array(this.threshold.length)
    const slot = (weights: Float32Array): AdamWSlot => ({
      weights,
      first: new Float32Array(weights.length),
      second: new Float32Array(weights.length),
      decays: false,
    })
    this.#slots = {
      encoder: slot(this.weights.encoder),
      encoderBias: slot(this.weights.encoderBias),
      decoder: slot(this.weights.decoder),
      decoderBias: slot(this.weights.decoderBias),
      ...(settings.kind === 'jumprelu' ? { threshold: slot(this.threshold) } : {}),
    }
  }

  get steps(): number {
    return Math.ceil(this.settings.tokens / this.settings.batch)
  }

  /** Starts the decoder's bias at the mean of some activations [n, d]: much of them is common to all tokens. */
  startAt(x: Float32Array): void {
    const { decoderBias } = this.weights
    const mean = new Float64Array(this.width)
    for (let i = 0; i < x.length; i++) mean[i % this.width]! += x[i]!
    mean.forEach((sum, j) => {
      decoderBias[j] = (sum * this.width) / x.length
    })
  }

  /**
   * One step on a batch x [B, d].
   *
   * @throws PalimpsestError `training-diverged`, `interrupted`
   */
  async take(x: Float32Array, signal?: AbortSignal): Promise<StepReport> {
    const { batch, k, latents } = this.settings
    const products = this.#products
    const { decoderBias } = this.weights
    for (let i = 0; i < x.length; i++) products.xin[i] = x[i]! - decoderBias[i % this.width]!
    await products.preActivations(this.#pre, signal)
    const features = this.#activate()
    this.#countFiring(features)
    products.target.set(x)
    products.bias.set(decoderBias)
    await products.gradients(features, this.#gradients, signal)
    const l0 = features.indices.length / batch
    const fvu = unexplained(x, this.#gradients.error, this.width)
    if (!Number.isFinite(fvu)) throw diverged(this.step)
    if (this.settings.kind === 'jumprelu') await this.#thresholdGradients(l0, signal)
    const dead = this.#dead()
    let auxScale = 0
    if (dead.length > 0) {
      const k2 = Math.min(dead.length, Math.max(k, this.width >> 1))
      // The dead try to explain what the living leave over.
      for (let i = 0; i < x.length; i++) products.target[i] = -this.#gradients.error[i]!
      products.bias.fill(0)
      const left = variance(products.target, this.width)
      const among = largestAmong(this.#pre, latents, dead, k2)
      await products.gradients(among, this.#auxiliary, signal)
      auxScale = left > 0 ? (AUX_WEIGHT * Math.min(1, dead.length / k2)) / left : 0
    }
    this.#descend(auxScale, dead.length > 0)
    return { step: this.step, fvu, l0, dead: dead.length }
  }

  #activate(): SparseFeatures {
    const { kind, k, batch, latents } = this.settings
    if (kind === 'jumprelu') return aboveThresholds(this.#pre, this.threshold)
    if (kind === 'topk') return largestOfTokens(this.#pre, latents, k)
    const { features, least } = largestOfBatch(this.#pre, latents, k * batch, this.#finder)
    // The threshold for inference: what it took to be kept, once weights have settled a little.
    if (this.step >= this.steps / 10) {
      this.running[0] = KEPT * this.running[0]! + (1 - KEPT) * least
      this.running[1] = KEPT * this.running[1]! + (1 - KEPT)
    }
    return features
  }

  #countFiring({ indices }: SparseFeatures): void {
    for (let j = 0; j < this.quiet.length; j++) this.quiet[j]! += this.settings.batch
    for (const j of indices) this.quiet[j] = 0
  }

  #dead(): Uint32Array {
    const out: number[] = []
    this.quiet.forEach((tokens, j) => {
      if (tokens > this.settings.deadAfter) out.push(j)
    })
    return Uint32Array.from(out)
  }

  /**
   * Gradients by the thresholds: a latent's step at its threshold seen through a window
   * (Rajamanoharan et al. 2024, "Jumping ahead", equations 11 and 12), for the reconstruction and for the
   * penalty (L0 / k - 1)².
   */
  async #thresholdGradients(l0: number, signal: AbortSignal | undefined): Promise<void> {
    const { latents, batch, k } = this.settings
    const window = bandwidth(k)
    const seen = new FeatureBuilder(latents)
    for (let from = 0; from < this.#pre.length; from += latents) {
      for (let j = 0; j < latents; j++) {
        const p = this.#pre[from + j]!
        if (Math.abs(p - this.threshold[j]!) <= window / 2) seen.push(j, p)
      }
      seen.endRow()
    }
    const places = seen.build()
    const byFeature = await this.#products.featureGradients(places, this.#gradients.error, signal)
    const out = this.#thresholdGradient.fill(0)
    const penalty = (L0_WEIGHT * 2 * (l0 / k - 1)) / k / batch
    byFeature.forEach((by, i) => {
      const j = places.indices[i]!
      out[j]! -= (this.threshold[j]! * (2 / batch) * by + penalty) / window
    })
  }

  #descend(auxScale: number, hasAuxiliary: boolean): void {
    const { batch, latents, rate } = this.settings
    const total = this.#gradients
    for (const name of ['encoder', 'encoderBias', 'decoder', 'decoderBias'] as const) {
      const g = total[name]
      const a = this.#auxiliary[name]
      // The auxiliary loss is not to move the decoder's bias.
      const extra = hasAuxiliary && name !== 'decoderBias' ? auxScale : 0
      for (let i = 0; i < g.length; i++) g[i] = (2 / batch) * (g[i]! + (extra === 0 ? 0 : extra * a[i]!))
    }
    withoutParallel(total.decoder, this.weights.decoder, this.width)
    const gradients: Record<string, Float32Array> = {
      encoder: total.encoder,
      encoderBias: total.encoderBias,
      decoder: total.decoder,
      decoderBias: total.decoderBias,
      ...(this.threshold.length === latents ? { threshold: this.#thresholdGradient } : {}),
    }
    const norm = globalNorm(Object.values(gradients))
    if (!Number.isFinite(norm)) throw diverged(this.step)
    const now = rateAt(this.step, this.steps, rate)
    this.step++
    for (const [name, slot] of Object.entries(this.#slots))
      adamw(slot, gradients[name]!, now, this.step, ADAM, norm > CLIP ? CLIP / norm : 1)
    normaliseRows(this.weights.decoder, this.width)
    for (let j = 0; j < this.threshold.length; j++) this.threshold[j] = Math.max(0, this.threshold[j]!)
  }

  /** Thresholds for inference, in scaled activations; undefined for topk. */
  thresholds(): Float32Array | undefined {
    const { kind, latents } = this.settings
    if (kind === 'topk') return undefined
    if (kind === 'jumprelu') return this.threshold.slice()
    const [sum, weight] = this.running as unknown as [number, number]
    return new Float32Array(latents).fill(weight > 0 ? sum / weight : 0)
  }

  /** Everything that the next step depends on, by name. */
  state(): Map<string, Float32Array | Float64Array> {
    const out = new Map<string, Float32Array | Float64Array>([
      ['quiet', this.quiet],
      ['running', this.running],
    ])
    for (const [name, slot] of Object.entries(this.#slots)) {
      out.set(name, slot.weights)
      out.set(`${name}.first`, slot.first)
      out.set(`${name}.second`, slot.second)
    }
    return out
  }

  [Symbol.dispose](): void {
    this.#products[Symbol.dispose]()
  }
}

function diverged(step: number): PalimpsestError {
  return new PalimpsestError('failed', 'training-diverged', 'Training has diverged.', {
    where: `step ${step + 1}`,
    expected: 'a finite loss and gradient',
    found: 'numbers that are not finite',
    fix: 'Lower the learning rate; the last checkpoint is still good.',
  })
}

/** Makes every row of unit norm. */
function normaliseRows(m: Float32Array, width: number): void {
  for (let from = 0; from < m.length; from += width) {
    let sum = 0
    for (let i = from; i < from + width; i++) sum += m[i]! * m[i]!
    const norm = Math.sqrt(sum)
    if (norm > 0) for (let i = from; i < from + width; i++) m[i] = m[i]! / norm
  }
}

/** Takes from each row of a gradient its part along the row of unit norm, which normalising would undo. */
function withoutParallel(gradient: Float32Array, rows: Float32Array, width: number): void {
  for (let from = 0; from < rows.length; from += width) {
    let along = 0
    for (let i = from; i < from + width; i++) along += gradient[i]! * rows[i]!
    for (let i = from; i < from + width; i++) gradient[i]! -= along * rows[i]!
  }
}

/** Mean squared distance of the rows of x [n, d] from their mean. */
function variance(x: Float32Array, width: number): number {
  const mean = new Float64Array(width)
  let squares = 0
  for (let i = 0; i < x.length; i++) {
    mean[i % width]! += x[i]!
    squares += x[i]! * x[i]!
  }
  const n = x.length / width
  return squares / n - mean.reduce((sum, v) => sum + (v / n) ** 2, 0)
}

function unexplained(x: Float32Array, error: Float32Array, width: number): number {
  let sum = 0
  for (let i = 0; i < error.length; i++) sum += error[i]! * error[i]!
  return sum / (x.length / width) / variance(x, width)
}
