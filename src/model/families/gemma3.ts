/**
 * Gemma 3 (text): four norms, an RMS norm over each head of queries and keys, five layers with a sliding
 * window to one without, each kind with a rotary embedding of its own.
 */
import { type Config, commonArchitecture, readRope, readWindows } from '../config.ts'
import { GEMMA_FOUR_NORMS, gemmaEmbeddingScale } from './gemma-common.ts'
import type { Family } from './index.ts'

export const gemma3: Family = {
  types: ['gemma3_text', 'gemma3'],
  read(c: Config, weightType) {
    const { layerCount, ...common } = commonArchitecture(c, 'gemma3')
    const pattern = c.number('sliding_window_pattern') ?? c.number('_sliding_window_pattern') ?? 6
    const windows = readWindows(c, layerCount, (layer) => (layer + 1) % pattern !== 0)
    const full = readRope(c, common.headDim, 'full_attention')
    // Older configs keep the local base in a field of its own and scale the global layers only.
    const local = c.number('rope_local_base_freq')
    const sliding =
      local === undefined
        ? readRope(c, common.headDim, 'sliding_attention')
        : { theta: local, scale: 1, factors: undefined }
    return {
      ...common,
      activation: 'gelu_tanh',
      tied: common.tied ?? true,
      normPlusOne: true,
      norms: GEMMA_FOUR_NORMS,
      queryKeyNorm: 'head',
      embeddingScale: gemmaEmbeddingScale(common.width, weightType),
      attentionScale: (c.number('query_pre_attn_scalar') ?? common.headDim) ** -0.5,
      attentionSoftcap: c.number('attn_logit_softcapping') ?? 0,
      logitSoftcap: c.number('final_logit_softcapping') ?? 0,
      layers: windows.map((window) => ({ window, rope: window === undefined ? full : sliding })),
    }
  },
}
