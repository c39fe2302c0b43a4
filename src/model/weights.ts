/**
 * The weights of a checkpoint as tensors on a device, under their HF names whatever the file calls them.
 * Matrices stay where the file is mapped (CPU) or are uploaded from there; vectors (norms, biases) are
 * widened to f32, because ggml multiplies by nothing else.
 */

import { nearest, refuse } from '../core/errors.ts'
import { readF32 } from '../formats/safetensors.ts'
import type { StoredTensor } from '../formats/tensor-type.ts'
import type { Backend } from '../ggml/backend.ts'
import { TensorStore } from '../ggml/buffer.ts'
import type { RopePairs } from '../ggml/graph.ts'
import type { Tensor } from '../ggml/tensor.ts'
import { type GgmlType, TYPE_IDS } from '../ggml/types.ts'
import type { Architecture } from './architecture.ts'

/** A checkpoint's tensors under HF names, and what its kind of file implies for the forward pass. */
export interface WeightSource {
  readonly tensors: ReadonlyMap<string, StoredTensor>
  /** GGUF files of llama type keep query and key rows in the order of adjacent pairs. */
  readonly ropePairs: RopePairs
  /** GGUF files keep Gemma's norms as 1 + weight already. */
  readonly normPlusOne: boolean
  /** Divisors of RoPE's frequencies that a GGUF file holds as a tensor. */
  readonly ropeFactors: StoredTensor | undefined
  readonly where: string
}

export interface LayerWeights {
  readonly q: Linear
  readonly k: Linear
  readonly v: Linear
  readonly o: Linear
  readonly gate: Linear
  readonly up: Linear
  readonly down: Linear
  readonly queryNorm: Tensor | undefined
  readonly keyNorm: Tensor | undefined
  readonly beforeAttention: Tensor | undefined
  readonly afterAttention: Tensor | undefined
  readonly beforeMlp: Tensor | undefined
  readonly afterMlp: Tensor | undefined
}

/** A linear map: weight ne [in, out], bias F32 [out]. `name` is its HF module name, as adapters know it. */
export interface Linear {
  readonly name: string
  readonly weight: Tensor
  readonly bias: Tensor | undefined
  /** Where its output is mixed with that of another map: (1 - alpha) y + alpha y of the other (mixture.ts). */
  readonly toward?: { readonly linear: Linear; readonly alpha: number }
}

export interface Weights extends Disposable {
  readonly embedding: Tensor
  readonly output: Tensor
  readonly finalNorm: Tensor
  readonly layers: readonly LayerWeights[]
  /** Divisors of RoPE's frequencies that the file holds, [headDim / 2]: they take the place of the architecture's. */
  readonly ropeFactors?: Float32Array | undefined
}

/**
 * Puts a checkpoint's weights on a device.
 *
 * @throws PalimpsestError `weight-missing`, `weight-shape`, `weight-type`, `weight-nan` (a vector that is
 *   not finite), each naming the tensor
 */
export function loadWeights(backend: Backend, a: Architecture, source: WeightSource): Weights {
  const store = new TensorStore(backend, source.tensors.size + 2 * a.layers.length + 8)
  try {
    const load = new Loader(store, source, a.normPlusOne && !source.normPlusOne)
    const embedding = load.matrix('model.embed_tokens.weight', a.vocabulary, a.width)
    const untied = source.tensors.has('lm_head.weight') && a.tied !== true
    if (!untied && a.tied === false) throw load.missing('lm_head.weight')
    const weights = {
      embedding,
      output: untied ? load.matrix('lm_head.weight', a.vocabulary, a.width) : embedding,
      finalNorm: load.norm('model.norm.weight', a.width),
      layers: a.layers.map((_, layer) => loadLayer(load, a, layer)),
      ropeFactors: load.ropeFactors(a.headDim / 2),
    }
    store.commit()
    return { ...weights, [Symbol.dispose]: () => store[Symbol.dispose]() }
  } catch (error) {
    store[Symbol.dispose]()
    throw error
  }
}

/** Names of a block's linear maps under `model.layers.N.`, as HF calls them. */
export const LINEAR_NAMES = [
  'self_attn.q_proj',
  'self_attn.k_proj',
  'self_attn.v_proj',
  'self_attn.o_proj',
  'mlp.gate_proj',
  'mlp.up_proj',
  'mlp.down_proj',
] as const
export type LinearName = (typeof LINEAR_NAMES)[number]

/** Outputs and inputs of a linear map. */
export function linearShape(a: Architecture, name: LinearName): readonly [outputs: number, inputs: number] {
  const q = a.heads * a.headDim
  const kv = a.kvHeads * a.headDim
  switch (name) {
    case 'self_attn.q_proj':
      return [q, a.width]
    case 'self_attn.k_proj':
    case 'self_attn.v_proj':
      return [kv, a.width]
    case 'self_attn.o_proj':
      return [a.width, q]
    case 'mlp.down_proj':
      return [a.width, a.mlpWidth]
    default:
      return [a.mlpWidth, a.width]
  }
}

function loadLayer(load: Loader, a: Architecture, layer: number): LayerWeights {
  const p = `model.layers.${layer}.`
  const linear = (name: LinearName, bias: boolean): Linear => {
    const [outputs, inputs] = linearShape(a, name)
    return {
      name: p + name,
      weight: load.matrix(`${p}${name}.weight`, outputs, inputs),
      bias: bias ? load.vector(`${p}${name}.bias`, outputs) : undefined,
    }
  }
  const norm = (name: string | undefined, width = a.width): Tensor | undefined =>
    name === undefined ? undefined : load.norm(`${p}${name}.weight`, width)
  const qkNorm = (name: string, projection: number): Tensor | undefined =>
    a.queryKeyNorm === 'none'
      ? undefined
      : norm(`self_attn.${name}`, a.queryKeyNorm === 'head' ? a.headDim : projection)
  return {
    q: linear('self_attn.q_proj', a.bias.qkv),
    k: linear('self_attn.k_proj', a.bias.qkv),
    v: linear('self_attn.v_proj', a.bias.qkv),
    o: linear('self_attn.o_proj', a.bias.output),
    gate: linear('mlp.gate_proj', a.bias.mlp),
    up: linear('mlp.up_proj', a.bias.mlp),
    down: linear('mlp.down_proj', a.bias.mlp),
    queryNorm: qkNorm('q_norm', a.heads * a.headDim),
    keyNorm: qkNorm('k_norm', a.kvHeads * a.headDim),
    beforeAttention: norm(a.norms.beforeAttention),
    afterAttention: norm(a.norms.afterAttention),
    beforeMlp: norm(a.norms.beforeMlp),
    afterMlp: norm(a.norms.afterMlp),
  }
}

class Loader {
  readonly #store: TensorStore
  readonly #source: WeightSource
  readonly #plusOne: boolean

  constructor(store: TensorStore, source: WeightSource, plusOne: boolean) {
    this.#store = store
    this.#source = source
    this.#plusOne = plusOne
  }

  matrix(name: string, rows: number, cols: number): Tensor {
    const t = this.#find(name, [rows, cols])
    if (!(t.type in TYPE_IDS) || t.type === 'I32' || t.type === 'I64')
      throw refuse('weight-type', 'A weight matrix has a type that cannot be computed with.', {
        where: `${this.#source.where}, ${name}`,
        found: t.type,
        expected: 'F32, F16, BF16 or a quantised GGUF type',
        fix: 'Convert the checkpoint to bf16 or f16 first.',
      })
    return this.#store.fromRegion(t.type as GgmlType, [cols, rows], t.file, t.address)
  }

  vector(name: string, length: number): Tensor {
    return this.#upload(name, length, 0)
  }

  norm(name: string, length: number): Tensor {
    return this.#upload(name, length, this.#plusOne ? 1 : 0)
  }

  ropeFactors(length: number): Float32Array | undefined {
    const stored = this.#source.ropeFactors
    return stored && readF32(this.#find(stored.name, [length], stored))
  }

  missing(name: string): Error {
    const near = nearest(name, this.#source.tensors.keys())
    return refuse('weight-missing', 'The checkpoint lacks a tensor that its configuration implies.', {
      where: this.#source.where,
      expected: name,
      found: near.length > 0 ? `nearest: ${near.join(', ')}` : `${this.#source.tensors.size} other tensors`,
      fix: 'The download may be incomplete, or config.json belongs to another model.',
    })
  }

  #find(name: string, shape: readonly number[], tensor = this.#source.tensors.get(name)): StoredTensor {
    if (tensor === undefined) throw this.missing(name)
    if (tensor.shape.length !== shape.length || !shape.every((n, i) => n === tensor.shape[i]))
      throw refuse('weight-shape', 'A tensor has another shape than the configuration implies.', {
        where: `${this.#source.where}, ${name}`,
        expected: `[${shape.join(', ')}]`,
        found: `[${tensor.shape.join(', ')}]`,
        fix: 'config.json and the weights must come from the same model.',
      })
    return tensor
  }

  #upload(name: string, length: number, plus: number): Tensor {
    const values = readF32(this.#find(name, [length]))
    for (let i = 0; i < values.length; i++) {
      if (!Number.isFinite(values[i]!))
        throw refuse('weight-nan', 'A weight is not a finite number.', {
          where: `${this.#source.where}, ${name}[${i}]`,
          expected: 'finite numbers',
          found: `${values[i]}`,
          fix: 'The file is damaged, or training diverged.',
        })
      values[i]! += plus
    }
    return this.#store.upload('F32', [length], values)
  }
}
