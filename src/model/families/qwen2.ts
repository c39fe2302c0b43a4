/** Qwen 2 and 2.5: Llama with biases on queries, keys and values. */
import { type Config, commonArchitecture, readRope, readWindows, uniformLayers } from '../config.ts'
import type { Family } from './index.ts'

export const qwen2: Family = {
  types: ['qwen2'],
  read(c: Config) {
    const { layerCount, ...common } = commonArchitecture(c, 'qwen2')
    const from = c.number('max_window_layers') ?? 28
    const uses = c.boolean('use_sliding_window') ?? false
    const windows = readWindows(c, layerCount, (layer) => uses && layer >= from)
    return {
      ...common,
      bias: { qkv: true, output: false, mlp: false },
      layers: uniformLayers(readRope(c, common.headDim), uses ? windows : windows.map(() => undefined)),
    }
  },
}
