/**
 * OLMo 2 and 3: norms on the outputs of attention and MLP instead of their inputs, and an RMS norm over the
 * whole query and key projections. OLMo 3 adds a sliding window on three of every four layers.
 */
import { type Config, commonArchitecture, readRope, readWindows } from '../config.ts'
import type { Family } from './index.ts'

export const olmo2: Family = {
  types: ['olmo2', 'olmo3'],
  read(c: Config) {
    const type = c.string('model_type') ?? 'olmo2'
    const { layerCount, ...common } = commonArchitecture(c, type)
    const windows =
      type === 'olmo3' || c.raw('layer_types') !== undefined
        ? readWindows(c, layerCount, (layer) => (layer + 1) % 4 !== 0)
        : new Array<undefined>(layerCount).fill(undefined)
    return {
      ...common,
      queryKeyNorm: 'projection',
      norms: {
        beforeAttention: undefined,
        afterAttention: 'post_attention_layernorm',
        beforeMlp: undefined,
        afterMlp: 'post_feedforward_layernorm',
      },
      layers: windows.map((window) => ({
        window,
        rope: readRope(c, common.headDim, window === undefined ? 'full_attention' : 'sliding_attention'),
      })),
    }
  },
}
