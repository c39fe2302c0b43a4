/**
 * AdamW (Loshchilov and Hutter 2019, "Decoupled weight decay regularization", algorithm 2) in TypeScript: the
 * arithmetic is double precision and rounded once to f32, so a step is the same to the bit on every machine
 * that gives the same gradients, and the whole state is two arrays that a checkpoint can hold.
 */

export interface AdamWOptions {
  readonly beta1: number
  readonly beta2: number
  readonly eps: number
  /** Decoupled: each step also takes rate * decay * w from a weight that decays. */
  readonly decay: number
}

/** One array of weights and its two moments. */
export interface AdamWSlot {
  readonly weights: Float32Array
  readonly first: Float32Array
  readonly second: Float32Array
  /** Whether weight decay applies: to matrices, not to norms. */
  readonly decays: boolean
}

/**
 * One step on one array.
 *
 * @param gradient of the loss, as long as the weights; multiplied by `scale` first (clipping)
 * @param step counts from 1: the bias corrections depend on it
 */
export function adamw(
  slot: AdamWSlot,
  gradient: Float32Array,
  rate: number,
  step: number,
  options: AdamWOptions,
  scale = 1,
): void {
  const { weights, first, second } = slot
  const { beta1, beta2, eps } = options
  const keep = 1 - rate * (slot.decays ? options.decay : 0)
  const size = rate / (1 - beta1 ** step)
  const correction = 1 / (1 - beta2 ** step)
  for (let i = 0; i < weights.length; i++) {
    const g = gradient[i]! * scale
    const m = beta1 * first[i]! + (1 - beta1) * g
    const v = beta2 * second[i]! + (1 - beta2) * g * g
    first[i] = m
    second[i] = v
    weights[i] = weights[i]! * keep - (size * m) / (Math.sqrt(v * correction) + eps)
  }
}

/** Euclidean norm over several arrays: the global norm that clipping bounds. */
export function globalNorm(gradients: readonly Float32Array[]): number {
  let sum = 0
  for (const g of gradients) for (let i = 0; i < g.length; i++) sum += g[i]! * g[i]!
  return Math.sqrt(sum)
}

/**
 * Learning rate with a linear warm-up and a cosine to `floor` of the peak.
 *
 * @param step counts from 0
 */
export function cosineRate(step: number, steps: number, peak: number, warmup: number, floor = 0.05): number {
  const rise = Math.min(1, (step + 1) / Math.max(1, warmup))
  return peak * rise * (floor + (1 - floor) * 0.5 * (1 + Math.cos((Math.PI * step) / steps)))
}
