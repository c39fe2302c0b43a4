/**
 * GGUF checkpoints in HF's terms: tensor names and a config.json-like object made from the metadata, so that
 * everything behind this file knows one vocabulary only.
 */

import { refuse } from '../core/errors.ts'
import { excerpt } from '../formats/excerpt.ts'
import type { GgufFile } from '../formats/gguf.ts'
import type { StoredTensor } from '../formats/tensor-type.ts'
import type { WeightSource } from './weights.ts'

/** `general.architecture` to `model_type`. */
const ARCHITECTURES: Record<string, string> = {
  llama: 'llama',
  qwen2: 'qwen2',
  qwen3: 'qwen3',
  gemma: 'gemma',
  gemma2: 'gemma2',
  gemma3: 'gemma3_text',
  olmo2: 'olmo2',
  smollm3: 'smollm3',
}

/** Whose converter permutes query and key rows, so that RoPE turns adjacent pairs. */
const PERMUTED = new Set(['llama', 'smollm3'])

const TOP: Record<string, string> = {
  'token_embd.weight': 'model.embed_tokens.weight',
  'output_norm.weight': 'model.norm.weight',
  'output.weight': 'lm_head.weight',
}

const BLOCK: Record<string, string> = {
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
  attn_q_norm: 'self_attn.q_norm',
  attn_k_norm: 'self_attn.k_norm',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
  attn_norm: 'input_layernorm',
  post_attention_norm: 'post_attention_layernorm',
  post_ffw_norm: 'post_feedforward_layernorm',
}

/** A GGUF file's tensors under HF names. */
export function ggufWeights(file: GgufFile): WeightSource {
  // With norms on the branch outputs, ffn_norm is the one before the MLP; without, HF calls it post-attention.
  const four = [...file.tensors.keys()].some((name) => name.includes('.post_ffw_norm.'))
  const tensors = new Map<string, StoredTensor>()
  for (const [name, tensor] of file.tensors) {
    const top = TOP[name]
    const match = /^blk\.(\d+)\.(\w+)\.(weight|bias)$/.exec(name)
    const inner =
      match === null
        ? undefined
        : match[2] === 'ffn_norm'
          ? four
            ? 'pre_feedforward_layernorm'
            : 'post_attention_layernorm'
          : BLOCK[match[2]!]
    if (top !== undefined) tensors.set(top, tensor)
    else if (inner !== undefined) tensors.set(`model.layers.${match![1]}.${inner}.${match![3]}`, tensor)
  }
  return {
    tensors,
    ropePairs: PERMUTED.has(architectureName(file)) ? 'adjacent' : 'half',
    normPlusOne: true,
    ropeFactors: file.tensors.get('rope_freqs.weight'),
    where: file.path,
  }
}

/**
 * A config.json-like object from GGUF metadata.
 *
 * @throws PalimpsestError `model-family`, and the typed getters' errors for keys that are missing
 */
export function ggufConfig(file: GgufFile): Record<string, unknown> {
  const arch = architectureName(file)
  const type = ARCHITECTURES[arch]
  if (type === undefined)
    throw refuse('model-family', 'This family of models is not supported.', {
      where: `${file.path}, general.architecture`,
      found: excerpt(arch),
      expected: Object.keys(ARCHITECTURES).join(', '),
      fix: 'Choose a model of one of these families.',
    })
  const scalar = (key: string): number | undefined => {
    const value = file.kv.get(`${arch}.${key}`)
    if (typeof value === 'bigint') return Number(value)
    if (typeof value === 'number') return value
    if (Array.isArray(value)) {
      // One value a layer: supported when they agree.
      const values = value.map(Number)
      if (values.length > 0 && values.every((v) => v === values[0])) return values[0]
      throw refuse('config-unsupported', 'Layers of different shapes are not supported.', {
        where: `${file.path}, ${arch}.${key}`,
        expected: 'one number, or the same for every layer',
        found: values.slice(0, 8).join(', '),
        fix: 'Choose a model whose layers are alike.',
      })
    }
    return undefined
  }
  const window = scalar('attention.sliding_window')
  const heads = scalar('attention.head_count')
  const headDim = scalar('attention.key_length') ?? scalar('rope.dimension_count')
  const embedding = file.tensors.get('token_embd.weight')
  return {
    model_type: type,
    hidden_size: scalar('embedding_length'),
    num_hidden_layers: scalar('block_count'),
    num_attention_heads: heads,
    num_key_value_heads: scalar('attention.head_count_kv'),
    ...(headDim === undefined ? {} : { head_dim: headDim }),
    intermediate_size: scalar('feed_forward_length'),
    vocab_size: embedding?.shape[0],
    max_position_embeddings: scalar('context_length'),
    rms_norm_eps: scalar('attention.layer_norm_rms_epsilon'),
    hidden_act: type.startsWith('gemma') ? 'gelu_pytorch_tanh' : 'silu',
    ...ropeFields(file, arch, type, scalar),
    // llama files of Mistral v0.1 may carry a window that llama.cpp does not apply either.
    ...(window === undefined || window === 0 || arch === 'llama' ? {} : { sliding_window: window }),
    ...(arch === 'olmo2' && window !== undefined ? { model_type: 'olmo3' } : {}),
    attn_logit_softcapping: scalar('attn_logit_softcapping'),
    final_logit_softcapping: scalar('final_logit_softcapping'),
    ...(type === 'gemma2' || type === 'gemma3_text'
      ? { query_pre_attn_scalar: queryScalar(scalar, type, headDim, heads) }
      : {}),
    attention_bias: type !== 'qwen2' && file.tensors.has('blk.0.attn_q.bias'),
    tie_word_embeddings: !file.tensors.has('output.weight'),
    bos_token_id: number(file, 'tokenizer.ggml.bos_token_id'),
    eos_token_id: ['eos', 'eot', 'eom']
      .map((k) => number(file, `tokenizer.ggml.${k}_token_id`))
      .filter((id) => id !== undefined),
  }
}

/** Gemma's 27B and 9B-of-version-3 models scale by d / heads; every other one by the head width (llama.cpp). */
function queryScalar(
  scalar: (key: string) => number | undefined,
  type: string,
  headDim: number | undefined,
  heads: number | undefined,
): number | undefined {
  const blocks = scalar('block_count')
  const big = (type === 'gemma2' && blocks === 46) || (type === 'gemma3_text' && blocks === 62)
  return big ? scalar('embedding_length')! / heads! : headDim
}

function ropeFields(
  file: GgufFile,
  arch: string,
  type: string,
  scalar: (key: string) => number | undefined,
): Record<string, unknown> {
  const theta = scalar('rope.freq_base') ?? 10_000
  const scaling = file.kv.get(`${arch}.rope.scaling.type`)
  const factor = scalar('rope.scaling.factor')
  const linear =
    scaling === 'linear' && factor !== undefined ? { rope_type: 'linear', factor } : { rope_type: 'default' }
  if (scaling !== undefined && scaling !== 'linear' && scaling !== 'none')
    throw refuse('config-unsupported', 'This RoPE scaling is not supported.', {
      where: `${file.path}, ${arch}.rope.scaling.type`,
      found: excerpt(scaling),
      expected: 'linear or none',
      fix: "Use the model's Hugging Face folder; see there for what is supported.",
    })
  if (type === 'gemma3_text')
    return {
      rope_parameters: {
        full_attention: { rope_theta: theta, ...linear },
        sliding_attention: { rope_theta: scalar('rope.freq_base_swa') ?? 10_000, rope_type: 'default' },
      },
    }
  return { rope_parameters: { rope_theta: theta, ...linear } }
}

function architectureName(file: GgufFile): string {
  return file.getString('general.architecture')
}

function number(file: GgufFile, key: string): number | undefined {
  const value = file.kv.get(key)
  return typeof value === 'number' ? value : typeof value === 'bigint' ? Number(value) : undefined
}
