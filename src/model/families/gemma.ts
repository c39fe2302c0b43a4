/** Gemma 1: norms of 1 + weight, a scaled embedding, tanh-GELU. */
import { type Config, commonArchitecture, readRope, uniformLayers } from '../config.ts'
import { gemmaEmbeddingScale } from './gemma-common.ts'
import type { Family } from './index.ts'

export const gemma: Family = {
  types: ['gemma'],
  read(c: Config, weightType) {
    const { layerCount, ...common } = commonArchitecture(c, 'gemma')
    return {
      ...common,
      activation: 'gelu_tanh',
      tied: common.tied ?? true,
      normPlusOne: true,
      embeddingScale: gemmaEmbeddingScale(common.width, weightType),
      layers: uniformLayers(readRope(c, common.headDim), new Array(layerCount).fill(undefined)),
    }
  },
}
