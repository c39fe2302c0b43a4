/** SmolLM3: Llama without position embedding on every fourth layer (`no_rope_layers`: 1 means RoPE). */
import { type Config, commonArchitecture, readRope, readWindows } from '../config.ts'
import type { Family } from './index.ts'

export const smollm3: Family = {
  types: ['smollm3'],
  read(c: Config) {
    const { layerCount, ...common } = commonArchitecture(c, 'smollm3')
    const uses = c.boolean('use_sliding_window') ?? false
    const windows = readWindows(c, layerCount, () => uses)
    const flags = c.list<number>('no_rope_layers')
    const interval = c.number('no_rope_layer_interval') ?? 4
    const rope = readRope(c, common.headDim)
    return {
      ...common,
      layers: windows.map((window, layer) => ({
        window: uses ? window : undefined,
        rope: (flags?.[layer] ?? ((layer + 1) % interval === 0 ? 0 : 1)) === 1 ? rope : undefined,
      })),
    }
  },
}
