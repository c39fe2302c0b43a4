/**
 * Gemma 3 (text): four norms, an RMS norm over each head of queries and keys, five layers with a sliding
 * window to one without, each kind with a rotary embedding of its own.
 */
import { type Config, commonArchitecture, readRope, readWindows } from '../config.ts'
import { GEMMA_FOUR_NORMS, gemmaEmbeddingScale } from './gemma-common.ts'
import type { Family } from './index.ts'

/** What the nested configurations of the released multimodal models leave out (transformers, Gemma3TextConfig). */
const DEFAULTS = {
  vocab_size: 262_208,
  num_attention_heads: 8,
  num_key_value_heads: 4,
  head_dim: 256,
  query_pre_attn_scalar: 256,
  rms_norm_eps: 1e-6,
  max_position_embeddings: 131_072,
  sliding_window: 4096,
  hidden_activation: 'gelu_pytorch_tanh',
}

export const gemma3: Family = {
  types: ['gemma3_text', 'gemma3'],
  read(given: Config, weightType) {
    // Older configs keep the local base in a field of its own and scale the global layers only.
    const old = given.raw('rope_parameters') === undefined
    const c = given.withDefaults(old ? { ...DEFAULTS, rope_theta: 1e6, rope_local_base_freq: 1e4 } : DEFAULTS)
    const { layerCount, ...common } = commonArchitecture(c, 'gemma3')
    const pattern = c.number('sliding_window_pattern') ?? c.number('_sliding_window_pattern') ?? 6
    const windows = readWindows(c, layerCount, (layer) => (layer + 1) % pattern !== 0)
    const full = readRope(c, common.headDim, 'full_attention')
    const sliding = old
      ? { theta: c.positive('rope_local_base_freq')!, scale: 1, factors: undefined }
      : readRope(c, common.headDim, 'sliding_attention')
    return {
      ...common,
      activation: 'gelu_tanh',
      tied: common.tied ?? true,
      normPlusOne: true,
      norms: GEMMA_FOUR_NORMS,
      queryKeyNorm: 'head',
      embeddingScale: gemmaEmbeddingScale(common.width, weightType),
      attentionScale: c.positive('query_pre_attn_scalar')! ** -0.5,
      attentionSoftcap: c.positive('attn_logit_softcapping') ?? 0,
      logitSoftcap: c.positive('final_logit_softcapping') ?? 0,
      layers: windows.map((window) => ({ window, rope: window === undefined ? full : sliding })),
    }
  },
}
