/**
 * What a forward pass needs to know of a model, as data. Each family (families/) turns a config.json into
 * one of these; the block (block.ts) reads it and asks no names.
 */

/** Rotary position embedding of a layer. */
export interface Rope {
  readonly theta: number
  /** Multiplies positions: 1 / factor of linear scaling. */
  readonly scale: number
  /** Divisors of the inverse frequencies, [headDim / 2] (Llama 3 scaling); undefined for none. */
  readonly factors: Float32Array | undefined
}

export interface Layer {
  /** How many positions back a token attends, itself included; undefined for all. */
  readonly window: number | undefined
  /** Undefined: no position embedding in this layer. */
  readonly rope: Rope | undefined
}

/** Names of the norms of a block, as in the checkpoint (`model.layers.N.<name>.weight`). */
export interface BlockNorms {
  readonly beforeAttention: string | undefined
  /** On the attention's output, before it is added to the residual. */
  readonly afterAttention: string | undefined
  readonly beforeMlp: string | undefined
  readonly afterMlp: string | undefined
}

export interface Architecture {
  /** Our name of the family, such as `llama`. */
  readonly family: string
  readonly vocabulary: number
  /** Width d of the residual stream. */
  readonly width: number
  readonly heads: number
  readonly kvHeads: number
  readonly headDim: number
  readonly mlpWidth: number
  readonly normEps: number
  /** Longest sequence the model was made for. */
  readonly context: number
  readonly activation: 'silu' | 'gelu_tanh'
  /** Whether norms multiply by 1 + weight (Gemma). */
  readonly normPlusOne: boolean
  /** Multiplies the embedding (Gemma: sqrt(d), rounded to the type of the weights); 1 for none. */
  readonly embeddingScale: number
  readonly attentionScale: number
  /** cap * tanh(x / cap) on attention scores and on logits; 0 for none. */
  readonly attentionSoftcap: number
  readonly logitSoftcap: number
  /** RMS norm on queries and keys: over each head, over the whole projection, or none. */
  readonly queryKeyNorm: 'none' | 'head' | 'projection'
  readonly norms: BlockNorms
  readonly bias: { readonly qkv: boolean; readonly output: boolean; readonly mlp: boolean }
  /** Whether the output matrix is the embedding; undefined: it is when the file has no other. */
  readonly tied: boolean | undefined
  readonly layers: readonly Layer[]
  readonly bosId: number | undefined
  readonly eosIds: readonly number[]
}
