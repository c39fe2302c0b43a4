/** An 8B-shaped checkpoint of sparse files, and what of this process's memory is its own: for benches. */
import { readFileSync } from 'node:fs'
import { mkdir, open, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const LAYERS = 32
const [D, MLP, KV, VOCABULARY] = [4096, 14336, 1024, 128256]

/** Writes a sharded bf16 checkpoint whose data are holes: they read as zeros and take almost no disk. */
export async function writeSparse8b(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const map: Record<string, string> = {}
  for (let s = 0; s < 4; s++) {
    const name = `model-0000${s + 1}-of-00004.safetensors`
    const tensors: [string, number[]][] = []
    if (s === 0) tensors.push(['model.embed_tokens.weight', [VOCABULARY, D]])
    if (s === 3) tensors.push(['model.norm.weight', [D]], ['lm_head.weight', [VOCABULARY, D]])
    for (let l = 8 * s; l < 8 * s + 8; l++)
      for (const [part, shape] of [
        ['input_layernorm', [D]],
        ['post_attention_layernorm', [D]],
        ['self_attn.q_proj', [D, D]],
        ['self_attn.k_proj', [KV, D]],
        ['self_attn.v_proj', [KV, D]],
        ['self_attn.o_proj', [D, D]],
        ['mlp.gate_proj', [MLP, D]],
        ['mlp.up_proj', [MLP, D]],
        ['mlp.down_proj', [D, MLP]],
      ] as [string, number[]][])
        tensors.push([`model.layers.${l}.${part}.weight`, shape])
    for (const [tensor] of tensors) map[tensor] = name
    await sparse(join(folder, name), tensors)
  }
  await writeFile(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: map }))
  await writeFile(
    join(folder, 'config.json'),
    JSON.stringify({
      architectures: ['LlamaForCausalLM'],
      model_type: 'llama',
      hidden_size: D,
      intermediate_size: MLP,
      num_hidden_layers: LAYERS,
      num_attention_heads: 32,
      num_key_value_heads: 8,
      vocab_size: VOCABULARY,
      max_position_embeddings: 8192,
      rms_norm_eps: 1e-5,
      rope_theta: 500000,
      hidden_act: 'silu',
      tie_word_embeddings: false,
      bos_token_id: 0,
      eos_token_id: 1,
    }),
  )
  await writeFile(
    join(folder, 'tokenizer.json'),
    JSON.stringify({
      version: '1.0',
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: { type: 'WhitespaceSplit' },
      post_processor: null,
      decoder: null,
      model: { type: 'WordLevel', vocab: { a: 0, b: 1 }, unk_token: 'a' },
    }),
  )
  await writeFile(join(folder, 'tokenizer_config.json'), '{}')
}

/** Writes a safetensors file whose data is a hole. */
async function sparse(path: string, tensors: readonly (readonly [string, number[]])[]): Promise<void> {
  let at = 0
  const header: Record<string, unknown> = {}
  for (const [tensor, shape] of tensors) {
    const bytes = 2 * shape.reduce((a, b) => a * b, 1)
    header[tensor] = { dtype: 'BF16', shape, data_offsets: [at, at + bytes] }
    at += bytes
  }
  let text = JSON.stringify(header)
  text += ' '.repeat((8 - (text.length % 8)) % 8)
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  const file = await open(path, 'w')
  await file.write(Buffer.concat([length, Buffer.from(text)]))
  await file.close()
  await truncate(path, 8 + text.length + at)
}

/** Private memory in MiB: resident pages that are not of mapped files. */
export function privateMemory(): number {
  const rollup = readFileSync('/proc/self/smaps_rollup', 'utf8')
  const kib = (key: string): number => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(rollup)?.[1] ?? 0)
  return (kib('Private_Dirty') + kib('Swap')) / 1024
}
