/** Mistral 7B and its kin: Llama with a sliding window where the config has one (v0.1). */
import { type Config, commonArchitecture, readRope, readWindows, uniformLayers } from '../config.ts'
import type { Family } from './index.ts'

export const mistral: Family = {
  types: ['mistral', 'ministral'],
  read(c: Config) {
    const { layerCount, ...common } = commonArchitecture(c, 'mistral')
    return {
      ...common,
      layers: uniformLayers(
        readRope(c, common.headDim),
        readWindows(c, layerCount, () => true),
      ),
    }
  },
}
