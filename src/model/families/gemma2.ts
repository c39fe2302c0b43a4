/** Gemma 2: four norms, soft caps on scores and logits, a sliding window on even layers. */
import { type Config, commonArchitecture, readRope, readWindows, uniformLayers } from '../config.ts'
import { GEMMA_FOUR_NORMS, gemmaEmbeddingScale } from './gemma-common.ts'
import type { Family } from './index.ts'

export const gemma2: Family = {
  types: ['gemma2'],
  read(c: Config, weightType) {
    const { layerCount, ...common } = commonArchitecture(c, 'gemma2')
    return {
      ...common,
      activation: 'gelu_tanh',
      tied: common.tied ?? true,
      normPlusOne: true,
      norms: GEMMA_FOUR_NORMS,
      embeddingScale: gemmaEmbeddingScale(common.width, weightType),
      attentionScale: (c.positive('query_pre_attn_scalar') ?? common.headDim) ** -0.5,
      attentionSoftcap: c.positive('attn_logit_softcapping') ?? 0,
      logitSoftcap: c.positive('final_logit_softcapping') ?? 0,
      layers: uniformLayers(
        readRope(c, common.headDim),
        readWindows(c, layerCount, (layer) => layer % 2 === 0),
      ),
    }
  },
}
