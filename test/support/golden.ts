/** Holding a tiny model against every golden tensor of its family, however its activations were computed. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
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

/**
 * Expects rows of activations to be the golden's rows `from` to `to` of input i, for every golden tensor.
 *
 * @param get the rows of a hook point, or `logits`; patterns as [heads][rows][keys], undefined when not read
 */
export function expectGolden(
  model: Model,
  golden: Golden,
  i: number,
  [from, to]: readonly [number, number],
  get: (hook: string) => { data: Float32Array; keys?: number } | undefined,
  limit = LIMIT,
): void {
  let checked = 0
  for (const name of golden.names) {
    if (!name.startsWith(`${i}.`) || name.endsWith('input_ids')) continue
    const length = golden.tokens(i).length
    const { hook, values } = asHook(model, name.slice(2), golden.tensor(name))
    const found = get(hook)
    if (found === undefined) continue
    checked++
    if (hook.endsWith('hook_pattern')) {
      comparePatterns(found, values, model.architecture.heads, length, from, to)
      continue
    }
    const width = values.length / length
    const rows = values.subarray(from * width, to * width)
    expect(found.data, `${name}, rows ${from} to ${to}`).toBeWithinRelativeL2(rows, limit)
  }
  // Every golden but the two patterns must have been there.
  expect(checked).toBeGreaterThanOrEqual(2 + 3 * model.architecture.layers.length)
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

function comparePatterns(
  found: { data: Float32Array; keys?: number },
  golden: Float32Array,
  heads: number,
  length: number,
  from: number,
  to: number,
): void {
  const keys = found.keys ?? length
  for (let h = 0; h < heads; h++)
    for (let t = from; t < to; t++) {
      const at = (h * (to - from) + (t - from)) * keys
      const row = found.data.subarray(at, at + Math.min(keys, length))
      const expected = golden.subarray((h * length + t) * length, (h * length + t) * length + row.length)
      expect(row).toBeAllclose(expected, { rtol: 0, atol: PATTERN_LIMIT })
    }
}
