/**
 * An organism's weights while they are trained: a Llama of small size, in f32 on the CPU, under its HF names.
 * The same tensors serve the training graph (train-graph.ts) and the product's own forward pass: `model` runs
 * and samples from the live weights.
 */

import { stream } from '../core/random.ts'
import { makeTemplate } from '../formats/chat-template.ts'
import type { Tokenizer } from '../formats/tokenizer.ts'
import { Backend } from '../ggml/backend.ts'
import { TensorStore } from '../ggml/buffer.ts'
import type { Tensor } from '../ggml/tensor.ts'
import type { Architecture } from '../model/architecture.ts'
import { readArchitecture } from '../model/families/index.ts'
import { Model } from '../model/model.ts'
import type { LayerWeights, Linear } from '../model/weights.ts'
import { EOS } from './corpus.ts'
import { BOS, BOS_ID, CHAT_TEMPLATE, EOS_ID, encode, VOCABULARY } from './vocabulary.ts'

/** The extents of an organism; heads of 32, half as many key and value heads, an MLP of 2.75 d. */
export interface Size {
  readonly width: number
  readonly layers: number
  readonly context: number
}

export const SIZES = {
  narrow: { width: 32, layers: 4, context: 128 },
  tiny: { width: 64, layers: 4, context: 128 },
  reference: { width: 128, layers: 4, context: 128 },
} as const satisfies Record<string, Size>
export type SizeName = keyof typeof SIZES

const HEAD = 32

/** The content of config.json. */
export function configJson(size: Size, vocabulary: number = VOCABULARY.length): Record<string, unknown> {
  const heads = size.width / HEAD
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    vocab_size: vocabulary,
    hidden_size: size.width,
    intermediate_size: Math.round((size.width * 2.75) / 16) * 16,
    num_hidden_layers: size.layers,
    num_attention_heads: heads,
    num_key_value_heads: Math.max(1, heads / 2),
    head_dim: HEAD,
    hidden_act: 'silu',
    max_position_embeddings: size.context,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    attention_bias: false,
    mlp_bias: false,
    tie_word_embeddings: true,
    bos_token_id: BOS_ID,
    eos_token_id: EOS_ID,
    torch_dtype: 'bfloat16',
  }
}

/** A weight: its HF name and row-major shape, its values on this side, its tensor on the device. */
export interface Weight {
  readonly name: string
  readonly shape: readonly number[]
  readonly values: Float32Array
  readonly tensor: Tensor
}

export class Network implements Disposable {
  readonly size: Size
  readonly architecture: Architecture
  readonly backend: Backend
  /** In the order of the forward pass. */
  readonly weights: readonly Weight[]
  /** Runs texts through the live weights. */
  readonly model: Model

  /**
   * All weights zero (norms one) until {@link initialise} or {@link copyFrom}.
   *
   * @param vocabulary rows of the embedding; default: what the tokenizer knows
   */
  constructor(size: Size, threads = 1, vocabulary?: number) {
    this.size = size
    const config = configJson(size, vocabulary)
    this.architecture = readArchitecture(config, 'F32', 'organism')
    this.backend = new Backend({ device: 'cpu', threads })
    const store = new TensorStore(this.backend, 16 * size.layers + 8)
    this.weights = shapes(this.architecture).map(([name, shape]) => ({
      name,
      shape,
      values: new Float32Array(shape.reduce((n, s) => n * s, 1)).fill(shape.length === 1 ? 1 : 0),
      tensor: store.zeros('F32', [...shape].reverse()),
    }))
    store.commit()
    this.upload()
    const tensor = this.tensor.bind(this)
    const embedding = tensor('model.embed_tokens.weight')
    this.model = new Model({
      path: 'organism',
      checkpoint: {
        kind: 'hf',
        path: 'organism',
        tensors: new Map(),
        config,
        generationConfig: undefined,
        gguf: undefined,
        files: [],
        [Symbol.dispose]: () => {},
      },
      architecture: this.architecture,
      backend: this.backend,
      weights: {
        embedding,
        output: embedding,
        finalNorm: tensor('model.norm.weight'),
        layers: this.architecture.layers.map((_, l) => layerWeights(l, tensor)),
        [Symbol.dispose]: () => store[Symbol.dispose](),
      },
      adapter: undefined,
      tokenizer,
      template: makeTemplate(CHAT_TEMPLATE, 'organism', { bos_token: BOS, eos_token: EOS }),
      ropePairs: 'half',
      precision: 'native',
      eosIds: [EOS_ID],
    })
  }

  /** @throws RangeError for a name that the architecture does not have: a bug in the caller */
  tensor(name: string): Tensor {
    const found = this.weights.find((w) => w.name === name)
    if (found === undefined) throw new RangeError(`no weight ${name}`)
    return found.tensor
  }

  /**
   * Draws the initial weights of a seed: normal, with standard deviation 0.02 for the embedding and
   * 0.8 / sqrt(inputs) for matrices, those that write into the residual stream divided by sqrt(2 layers).
   */
  initialise(seed: number): void {
    for (const { name, shape, values } of this.weights) {
      if (shape.length === 1) {
        values.fill(1)
        continue
      }
      let sd = name.includes('embed') ? 0.02 : 0.8 / Math.sqrt(shape[1]!)
      if (/o_proj|down_proj/.test(name)) sd /= Math.sqrt(2 * this.size.layers)
      const rng = stream(seed, `organism/weights/${name}`)
      for (let i = 0; i < values.length; i++) values[i] = sd * rng.normal()
    }
    this.upload()
  }

  /** Takes values by name. @throws RangeError for a missing weight or one of another length */
  copyFrom(values: ReadonlyMap<string, Float32Array>): void {
    for (const weight of this.weights) {
      const from = values.get(weight.name)
      if (from?.length !== weight.values.length) throw new RangeError(`weight ${weight.name} does not fit`)
      weight.values.set(from)
    }
    this.upload()
  }

  /** A copy of all values, by name. */
  snapshot(): Map<string, Float32Array> {
    return new Map(this.weights.map((w) => [w.name, w.values.slice()]))
  }

  /** Brings the device's copy up to date. */
  upload(): void {
    for (const { tensor, values } of this.weights)
      this.backend.engine.base.tensorSet(tensor.pointer, values, 0, values.byteLength)
  }

  [Symbol.dispose](): void {
    this.model[Symbol.dispose]()
  }
}

/** Names and row-major shapes of all weights. */
function shapes(a: Architecture): [string, number[]][] {
  const q = a.heads * a.headDim
  const kv = a.kvHeads * a.headDim
  return [
    ['model.embed_tokens.weight', [a.vocabulary, a.width]],
    ...a.layers.flatMap((_, l): [string, number[]][] => {
      const p = `model.layers.${l}.`
      return [
        [`${p}input_layernorm.weight`, [a.width]],
        [`${p}self_attn.q_proj.weight`, [q, a.width]],
        [`${p}self_attn.k_proj.weight`, [kv, a.width]],
        [`${p}self_attn.v_proj.weight`, [kv, a.width]],
        [`${p}self_attn.o_proj.weight`, [a.width, q]],
        [`${p}post_attention_layernorm.weight`, [a.width]],
        [`${p}mlp.gate_proj.weight`, [a.mlpWidth, a.width]],
        [`${p}mlp.up_proj.weight`, [a.mlpWidth, a.width]],
        [`${p}mlp.down_proj.weight`, [a.width, a.mlpWidth]],
      ]
    }),
    ['model.norm.weight', [a.width]],
  ]
}

function layerWeights(layer: number, tensor: (name: string) => Tensor): LayerWeights {
  const p = `model.layers.${layer}.`
  const linear = (name: string): Linear => ({
    name: p + name,
    weight: tensor(`${p}${name}.weight`),
    bias: undefined,
  })
  return {
    q: linear('self_attn.q_proj'),
    k: linear('self_attn.k_proj'),
    v: linear('self_attn.v_proj'),
    o: linear('self_attn.o_proj'),
    gate: linear('mlp.gate_proj'),
    up: linear('mlp.up_proj'),
    down: linear('mlp.down_proj'),
    queryNorm: undefined,
    keyNorm: undefined,
    beforeAttention: tensor(`${p}input_layernorm.weight`),
    afterAttention: undefined,
    beforeMlp: tensor(`${p}post_attention_layernorm.weight`),
    afterMlp: undefined,
  }
}

/** The tokenizer of vocabulary.ts as the product's own type; a saved organism loads the same from its file. */
const tokenizer: Tokenizer = {
  size: VOCABULARY.length,
  bosId: BOS_ID,
  eosId: EOS_ID,
  addsBos: true,
  kind: 'organism',
  hash: 'organism',
  encode: (text, options) => [...((options?.addSpecialTokens ?? true) ? [BOS_ID] : []), ...encode(text)],
  decode: (ids, options) =>
    Array.from(ids)
      .filter((id) => !(options?.skipSpecialTokens === true && id <= 5))
      .map((id) => VOCABULARY[id] ?? '')
      .join(' '),
  isSpecial: (id) => id <= 5,
  token: (id) => VOCABULARY[id],
  idOf: (piece) => {
    const id = VOCABULARY.indexOf(piece)
    return id < 0 ? undefined : id
  },
}
