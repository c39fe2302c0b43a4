/** Qwen 3 (dense): Llama with an RMS norm over each head of queries and keys, before RoPE. */
import { type Config, commonArchitecture, readRope, readWindows, uniformLayers } from '../config.ts'
import type { Family } from './index.ts'

export const qwen3: Family = {
  types: ['qwen3'],
  read(c: Config) {
    const { layerCount, ...common } = commonArchitecture(c, 'qwen3')
    const from = c.number('max_window_layers') ?? 28
    const uses = c.boolean('use_sliding_window') ?? false
    const windows = readWindows(c, layerCount, (layer) => uses && layer >= from)
    return {
      ...common,
      queryKeyNorm: 'head',
      layers: uniformLayers(readRope(c, common.headDim), uses ? windows : windows.map(() => undefined)),
    }
  },
}
