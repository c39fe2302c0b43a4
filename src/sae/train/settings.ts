/** What a dictionary is trained with. Defaults follow dictionary_learning's, which published ones were made with. */

/** What can be trained; {@link TrainSettings.kind} says what each is. */
export const TRAIN_KINDS = ['topk', 'batchtopk', 'jumprelu'] as const
export type TrainKind = (typeof TRAIN_KINDS)[number]

export interface TrainSettings {
  /**
   * `topk`: the k largest of every token. `batchtopk`: the B k largest of a batch of B tokens; for inference one
   * threshold. `jumprelu`: a threshold per latent, learnt with a penalty on L0 different from k.
   */
  readonly kind: TrainKind
  readonly latents: number
  /** Active latents per token. */
  readonly k: number
  /** Tokens of all steps together; texts are gone through again where they are fewer. */
  readonly tokens: number
  /** Tokens of a step. */
  readonly batch: number
  readonly seed: number
  /** Peak learning rate. */
  readonly rate: number
  /** Tokens without firing after which a latent counts as dead and is revived through the auxiliary loss. */
  readonly deadAfter: number
}

/** Weight of the auxiliary loss (Gao et al. 2024, "Scaling and evaluating sparse autoencoders", appendix A.2). */
export const AUX_WEIGHT = 1 / 32
/** Weight of the penalty on L0 (jumprelu). */
export const L0_WEIGHT = 1

/**
 * Width of the window through which a threshold sees (jumprelu): a tenth of what features are like where k of
 * them make up an activation of norm one.
 */
export function bandwidth(k: number): number {
  return 0.1 / Math.sqrt(k)
}

/** Gradients are clipped to this global norm. */
export const CLIP = 1
/** Adam as in Kingma and Ba (2015), without weight decay. */
export const ADAM = { beta1: 0.9, beta2: 0.999, eps: 1e-8, decay: 0 } as const

/**
 * Settings with their defaults filled in.
 *
 * @example trainSettings({ kind: 'topk', latents: 4608, k: 32, tokens: 1e6 })
 */
export function trainSettings(
  given: Pick<TrainSettings, 'kind' | 'latents' | 'k' | 'tokens'> & Partial<TrainSettings>,
): TrainSettings {
  return {
    batch: 1024,
    seed: 1,
    rate: 2e-4 / Math.sqrt(given.latents / 2 ** 14),
    deadAfter: Math.min(10_000_000, Math.max(given.tokens / 10, 1)),
    ...given,
  }
}

/** Rising over the first twentieth of the steps (at most 1,000), falling to zero over the last fifth. */
export function rateAt(step: number, steps: number, peak: number): number {
  const rise = Math.min(1, (step + 1) / Math.max(1, Math.min(1000, steps / 20)))
  const fall = Math.min(1, (steps - step) / Math.max(1, steps / 5))
  return peak * Math.min(rise, fall)
}
