/** Llama 1 to 3.x and everything of its shape: SmolLM2, Amber, Tulu, Vicuna, and GGUF files of arch `llama`. */
import { type Config, commonArchitecture, readRope, uniformLayers } from '../config.ts'
import type { Family } from './index.ts'

export const llama: Family = {
  types: ['llama'],
  read(c: Config) {
    const { layerCount, ...common } = commonArchitecture(c, 'llama')
    return {
      ...common,
      layers: uniformLayers(readRope(c, common.headDim), new Array(layerCount).fill(undefined)),
    }
  },
}
