/** The golden tensors of the tiny models, by the hook points that they belong to. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openSafetensors, readF32 } from '../../src/formats/safetensors.ts'
import type { Model } from '../../src/model/model.ts'

export const MODELS = fileURLToPath(new URL('../fixtures/models/', import.meta.url))

/**
 * Relative L2 error allowed against float64. 1.5 times torch float32's own error is below this on every golden
 * (fixtures/models/README.md).
 */
export const LIMIT = 2e-6
/** Absolute error allowed for attention patterns. */
export const PATTERN_LIMIT = 1e-6

export interface Golden extends Disposable {
  /** Token ids of input i. */
  tokens(i: number): number[]
  /** [T, width], row after row. */
  tensor(name: string): Float32Array
  readonly names: readonly string[]
}

export function openGolden(family: string, file = 'golden.safetensors'): Golden {
  const golden = openSafetensors(join(MODELS, family, file))
  const tensor = (name: string): Float32Array => readF32(golden.tensors.get(name)!)
  return {
    tensor,
    tokens: (i) => [...tensor(`${i}.input_ids`)],
    names: [...golden.tensors.keys()],
    [Symbol.dispose]: () => golden[Symbol.dispose](),
  }
}

/** Hook points whose goldens there are, for `run`; patterns only where asked, because they forbid flash attention. */
export function goldenHooks(model: Model, patterns: boolean): string[] {
  const last = model.architecture.layers.length - 1
  return [
    'blocks.0.hook_resid_pre',
    'blocks.*.hook_resid_post',
    'blocks.*.hook_attn_out',
    'blocks.*.hook_mlp_out',
    ...(patterns ? [0, last].map((layer) => `blocks.${layer}.attn.hook_pattern`) : []),
  ]
}

/** What a hook point (or `logits`) must show for input i, all rows. */
export interface GoldenTensor {
  readonly name: string
  readonly hook: string
  readonly values: Float32Array
}

/** Every golden tensor of input i. */
export function goldenTensors(model: Model, golden: Golden, i: number): GoldenTensor[] {
  return golden.names
    .filter((name) => name.startsWith(`${i}.`) && !name.endsWith('input_ids'))
    .map((name) => ({ name, ...asHook(model, name.slice(2), golden.tensor(name)) }))
}

/** The hook point of a golden tensor; where a norm follows a module's output, the output after it. */
function asHook(model: Model, name: string, values: Float32Array): { hook: string; values: Float32Array } {
  if (name === 'resid_pre_0') return { hook: 'blocks.0.hook_resid_pre', values }
  const module = /^layers\.(\d+)\.(self_attn|mlp)\.output$/.exec(name)
  if (module === null) return { hook: name, values }
  const { norms } = model.architecture
  const hook = `blocks.${module[1]}.${module[2] === 'mlp' ? 'hook_mlp_out' : 'hook_attn_out'}`
  const norm = module[2] === 'mlp' ? norms.afterMlp : norms.afterAttention
  if (norm === undefined) return { hook, values }
  const weight = readF32(model.checkpoint.tensors.get(`model.layers.${module[1]}.${norm}.weight`)!)
  return { hook, values: rmsNorm(values, weight, model) }
}

/** In float64 from its definition. */
function rmsNorm(x: Float32Array, weight: Float32Array, model: Model): Float32Array {
  const { normEps, normPlusOne } = model.architecture
  const d = weight.length
  const out = new Float32Array(x.length)
  for (let start = 0; start < x.length; start += d) {
    let sum = 0
    for (let j = 0; j < d; j++) sum += x[start + j]! ** 2
    const scale = 1 / Math.sqrt(sum / d + normEps)
    for (let j = 0; j < d; j++) out[start + j] = x[start + j]! * scale * (weight[j]! + (normPlusOne ? 1 : 0))
  }
  return out
}
