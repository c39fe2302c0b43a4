/**
 * Hugging Face checkpoints written as GGUF, as llama.cpp's converter does: names, metadata, the order of query
 * and key rows of llama-type models, Gemma's norms plus one, Llama 3's frequency divisors.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openSafetensors, readF32 } from '../../src/formats/safetensors.ts'
import { type GgufTensor, ggufBytes, type Kv } from './bytes.ts'

type Entry = readonly [key: string, ...Kv]

export interface GgufModel {
  readonly kv: Entry[]
  readonly tensors: GgufTensor[]
}

const ARCHITECTURES: Record<string, string> = { gemma3_text: 'gemma3', mistral: 'llama', olmo3: 'olmo2' }

const NAMES: Record<string, string> = {
  'model.embed_tokens': 'token_embd',
  'model.norm': 'output_norm',
  lm_head: 'output',
  'self_attn.q_proj': 'attn_q',
  'self_attn.k_proj': 'attn_k',
  'self_attn.v_proj': 'attn_v',
  'self_attn.o_proj': 'attn_output',
  'self_attn.q_norm': 'attn_q_norm',
  'self_attn.k_norm': 'attn_k_norm',
  'mlp.gate_proj': 'ffn_gate',
  'mlp.up_proj': 'ffn_up',
  'mlp.down_proj': 'ffn_down',
  input_layernorm: 'attn_norm',
  pre_feedforward_layernorm: 'ffn_norm',
  post_feedforward_layernorm: 'post_ffw_norm',
}

/** The GGUF name of a tensor of a family. */
function ggufName(name: string, family: string): string {
  const [, layer, module, kind] = /^(?:model\.layers\.(\d+)\.)?(.*)\.(weight|bias)$/.exec(name)!
  const after = family.startsWith('gemma') && family !== 'gemma' ? 'post_attention_norm' : 'ffn_norm'
  const inner =
    module === 'post_attention_layernorm'
      ? family.startsWith('olmo')
        ? 'post_attention_norm'
        : after
      : NAMES[module!]
  if (inner === undefined) throw new Error(`no GGUF name for ${name}`)
  return `${layer === undefined ? '' : `blk.${layer}.`}${inner}.${kind}`
}

/** Rows [heads, 2, width/2] become [heads, width/2, 2]: RoPE then turns neighbours. */
export function permuteRows<T>(rows: readonly T[], heads: number): T[] {
  const width = rows.length / heads
  return Array.from({ length: rows.length }, (_, i) => {
    const head = Math.floor(i / width)
    const pair = Math.floor((i % width) / 2)
    return rows[head * width + (i % 2) * (width / 2) + pair]!
  })
}

/** Metadata of a model of these dimensions. */
// biome-ignore lint/suspicious/noExplicitAny: config.json as it is
export function ggufMetadata(c: any): Entry[] {
  const arch = ARCHITECTURES[c.model_type] ?? c.model_type
  const key = (name: string, ...kv: Kv): Entry => [`${arch}.${name}`, ...kv]
  const rope = c.rope_parameters
  const optional = (name: string, ...[type, value]: Kv): Entry[] =>
    value === undefined || value === null ? [] : [key(name, type, value)]
  return [
    ['general.architecture', 'string', arch],
    key('context_length', 'u32', c.max_position_embeddings),
    key('embedding_length', 'u32', c.hidden_size),
    key('block_count', 'u32', c.num_hidden_layers),
    key('feed_forward_length', 'u32', c.intermediate_size),
    key('attention.head_count', 'u32', c.num_attention_heads),
    key('attention.head_count_kv', 'u32', c.num_key_value_heads),
    key('attention.key_length', 'u32', c.head_dim),
    key('attention.value_length', 'u32', c.head_dim),
    key('attention.layer_norm_rms_epsilon', 'f32', c.rms_norm_eps),
    key('rope.freq_base', 'f32', (rope.full_attention ?? rope).rope_theta),
    key('rope.dimension_count', 'u32', c.head_dim),
    ...(arch === 'olmo2' && rope.sliding_attention
      ? [key('rope.freq_base_swa', 'f32', rope.sliding_attention.rope_theta)]
      : []),
    ...optional('attention.sliding_window', 'u32', c.sliding_window),
    ...optional('attn_logit_softcapping', 'f32', c.attn_logit_softcapping),
    ...optional('final_logit_softcapping', 'f32', c.final_logit_softcapping),
    ['tokenizer.ggml.bos_token_id', 'u32', c.bos_token_id],
    ['tokenizer.ggml.eos_token_id', 'u32', c.eos_token_id],
  ]
}

/** A folder's model as the parts of a GGUF file, in f32. */
export function toGguf(folder: string): GgufModel {
  const c = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'))
  const family: string = c.model_type
  const permuted = ['llama', 'mistral', 'smollm3'].includes(family)
  // GGUF has no key for Gemma's query scale; the runtime takes the head width, so queries carry the rest.
  const queryScale =
    c.query_pre_attn_scalar === undefined ? 1 : Math.sqrt(c.head_dim / c.query_pre_attn_scalar)
  using file = openSafetensors(join(folder, 'model.safetensors'))
  const tensors = [...file.tensors.values()].map((t): GgufTensor => {
    let values = readF32(t)
    if (family.startsWith('gemma') && t.name.endsWith('norm.weight')) values = values.map((x) => x + 1)
    if (t.name.endsWith(family === 'gemma3_text' ? 'q_norm.weight' : 'q_proj.weight'))
      values = values.map((x) => x * queryScale)
    const rows = /(q|k)_proj\.(?:weight|bias)$/.exec(t.name)
    if (permuted && rows !== null) {
      const heads = rows[1] === 'q' ? c.num_attention_heads : c.num_key_value_heads
      const width = t.shape.length === 2 ? t.shape[1]! : 1
      const all = Array.from({ length: t.shape[0]! }, (_, i) => values.subarray(i * width, (i + 1) * width))
      values = Float32Array.from(permuteRows(all, heads).flatMap((row) => [...row]))
    }
    return { name: ggufName(t.name, family), type: 0, shape: t.shape, data: bytes(values) }
  })
  if (c.rope_parameters.rope_type === 'llama3')
    tensors.push({
      name: 'rope_freqs.weight',
      type: 0,
      shape: [c.head_dim / 2],
      data: bytes(llama3Divisors(c.rope_parameters, c.head_dim)),
    })
  return { kv: ggufMetadata(c), tensors }
}

function llama3Divisors(
  r: Record<
    'rope_theta' | 'factor' | 'low_freq_factor' | 'high_freq_factor' | 'original_max_position_embeddings',
    number
  >,
  width: number,
): Float32Array {
  return Float32Array.from({ length: width / 2 }, (_, i) => {
    const turns = r.original_max_position_embeddings / (2 * Math.PI * r.rope_theta ** ((2 * i) / width))
    if (turns > r.high_freq_factor) return 1
    if (turns < r.low_freq_factor) return r.factor
    const smooth = (turns - r.low_freq_factor) / (r.high_freq_factor - r.low_freq_factor)
    return r.factor / (1 - smooth + smooth * r.factor)
  })
}

/** Writes a model as one file, or as parts that split its tensors. @returns the path of the (first) file */
export function writeGguf(folder: string, name: string, model: GgufModel, parts = 1): string {
  const path = (i: number): string =>
    join(folder, parts === 1 ? `${name}.gguf` : `${name}-${five(i + 1)}-of-${five(parts)}.gguf`)
  for (let i = 0; i < parts; i++) {
    const split: Entry[] =
      parts === 1
        ? []
        : [
            ['split.no', 'u16', i],
            ['split.count', 'u16', parts],
            ['split.tensors.count', 'i32', model.tensors.length],
          ]
    writeFileSync(
      path(i),
      ggufBytes({
        kv: [...(i === 0 ? model.kv : []), ...split],
        tensors: model.tensors.filter((_, j) => Math.floor((j * parts) / model.tensors.length) === i),
      }),
    )
  }
  return path(0)
}

function five(n: number): string {
  return String(n).padStart(5, '0')
}

function bytes(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}
