/**
 * One internal form for every published dictionary (sparse autoencoder or transcoder). Whatever a format
 * folds, scales or thresholds is data here, and the matrices stay where their file is mapped:
 *
 *     xin  = norm(x) - subtract
 *     p    = W_enc xin                             [F]
 *     pre  = gain * p + bias
 *     f    = activation(pre)                       (a gated one also looks at p + gateBias)
 *     y    = norm⁻¹(W_dec (decoderGain * f) + decoderBias) + W_skip x
 *
 * `norm` is none, the rescaling of every token to norm sqrt(d), or a layer norm; a transcoder's output lies
 * elsewhere than its input and is not scaled back.
 */

import type { StoredTensor } from '../formats/tensor-type.ts'

/** A weight matrix in its file, and along which of its two axes the latents (for a skip: the outputs) lie. */
export interface WeightMatrix {
  readonly tensor: StoredTensor
  readonly latents: 'rows' | 'columns'
}

export type Activation =
  | { readonly kind: 'relu' }
  | { readonly kind: 'tanh-relu' }
  /** relu(pre) where pre > threshold, strictly. */
  | { readonly kind: 'threshold'; readonly threshold: Float32Array }
  /** The k largest of weight * pre keep their value: positive ones only, unless `signed`. */
  | {
      readonly kind: 'topk'
      readonly k: number
      readonly signed: boolean
      readonly weight: Float32Array | undefined
    }
  /** relu(pre) where p + gateBias > 0. */
  | { readonly kind: 'gated'; readonly gateBias: Float32Array }

/** How each token is scaled before encoding (and back after decoding). */
export type InputNorm = 'none' | 'constant-norm' | 'layer-norm'

/** What a format's loader reads from its files. */
export interface DictionaryForm {
  /** Name of the format, as in docs/dictionaries.md. */
  readonly format: string
  readonly kind: 'sae' | 'transcoder'
  /** Width d of the activations read, and of the output. */
  readonly width: number
  readonly outWidth: number
  /** Number of latents F. */
  readonly latents: number
  /** Hook point read, and the one written (the same for an SAE); undefined where the files do not say. */
  readonly site: string | undefined
  readonly outSite: string | undefined
  /** Model it was made for, as its files name it. */
  readonly model: string | undefined
  readonly inputNorm: InputNorm
  readonly subtract: Float32Array | undefined
  readonly encoder: WeightMatrix
  readonly gain: Float32Array | undefined
  readonly bias: Float32Array
  readonly activation: Activation
  readonly decoderGain: Float32Array | undefined
  readonly decoder: WeightMatrix
  readonly decoderBias: Float32Array
  readonly skip: WeightMatrix | undefined
  /** Active latents per token that its makers aimed at or measured, where the files say. */
  readonly nominalL0: number | undefined
  /** Its page on Neuronpedia (`model/dictionary`), where its files name one; a feature's is `/N` below it. */
  readonly dashboard?: string | undefined
  /** Which rule was applied and why, in sentences. */
  readonly rules: readonly string[]
  /** What a user should know before believing the numbers. */
  readonly warnings: readonly string[]
}

/** An opened dictionary. Dispose it after the last use: its matrices lie in mapped files. */
export interface Dictionary extends DictionaryForm, Disposable {
  readonly path: string
  /** Files that define it, for its hash. */
  readonly files: readonly string[]
}

/** Which reading of an ambiguous format: its makers' own, or the one that SAELens applies. */
export type Rule = 'reference' | 'saelens'
