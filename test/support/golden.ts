/** Holding a tiny model against every golden tensor of its family, however its activations were computed. */
import { expect } from 'vitest'
import type { Model } from '../../src/model/model.ts'
import { type Golden, goldenTensors, LIMIT, PATTERN_LIMIT } from './golden-tensors.ts'

export { type Golden, goldenHooks, LIMIT, MODELS, openGolden } from './golden-tensors.ts'

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
  const length = golden.tokens(i).length
  for (const { name, hook, values } of goldenTensors(model, golden, i)) {
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
