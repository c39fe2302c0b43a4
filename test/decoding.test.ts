/** A decoding step over a cache beside the pass of whole texts that it continues. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { f32ToF16 } from '../src/formats/half.ts'
import { GraphAllocator } from '../src/ggml/graph.ts'
import { FEWEST_ROWS } from '../src/ggml/kernels/linear.ts'
import { Cache } from '../src/model/cache.ts'
import { buildPass } from '../src/model/forward.ts'
import { layOut } from '../src/model/layout.ts'
import type { Model } from '../src/model/model.ts'
import { halfCopy } from './support/checkpoints.ts'
import { MODELS } from './support/golden.ts'
import { loadTiny, TINY_FAMILIES } from './support/tiny.ts'

/** Texts of many lengths, beyond a block of keys and beyond every window. */
const TEXTS = [9, 2, 70, 33, 64, 65, 5, 17].map((length, b) =>
  Array.from({ length }, (_, t) => (b * 37 + t * 11 + 3) % 256),
)

/** Logits of each text's last token, from a step over the cache of those before it, and what that is kept in. */
async function lastByStep(
  model: Model,
  texts: readonly number[][],
): Promise<{ logits: Float32Array; type: string }> {
  const longest = Math.max(...texts.map((t) => t.length))
  using cache = new Cache(model, texts.length, longest)
  using allocator = new GraphAllocator(model.backend)
  const layout = layOut(texts.map((tokens) => ({ tokens: tokens.slice(0, -1) })))
  return await model.alone(async () => {
    using first = buildPass(model, {
      ...layout,
      attention: cache.writeAttention(layout, (segment) => [segment]),
      allBlocks: true,
    })
    await first.graph.compute(allocator)
    const positions = Int32Array.from(texts, (t) => t.length - 1)
    const attention = cache.stepAttention(positions, cache.slots)
    attention.refresh()
    using step = buildPass(model, {
      tokens: Int32Array.from(texts, (t) => t.at(-1)!),
      positions,
      attention: attention.make,
      logitRows: Int32Array.from(texts, (_, i) => i),
      step: true,
    })
    await step.graph.compute(allocator)
    return { logits: step.graph.read(step.logits!), type: cache.type }
  })
}

async function lastByPass(model: Model, texts: readonly number[][]): Promise<Float32Array> {
  const out = await model.run(texts, { logits: 'last' })
  return Float32Array.from(texts.flatMap((_, i) => [...out.logits(i).data]))
}

describe.each(TINY_FAMILIES)('a decoding step of %s', (family) => {
  const folder = join(MODELS, family)

  it('gives the bits of a pass at f32, where kernels serve', async () => {
    using model = await loadTiny(folder, 2)
    const { logits, type } = await lastByStep(model, TEXTS)
    const pass = await lastByPass(model, TEXTS)
    expect(type).toBe('F32')
    if (model.backend.kernels?.kernels.isa === undefined) expect(logits).toBeWithinRelativeL2(pass, 2e-6)
    else expect(logits).toBeBitIdentical(pass)
  })

  it('keeps bf16 where activations are rounded to it, within the bounds of `native`', async () => {
    using copy = await halfCopy(family, 'BF16', f32ToF16)
    using model = await loadTiny(copy.path, 2, { precision: 'native' })
    const rounds = model.backend.kernels?.kernels.hasBf16 === true
    const { logits, type } = await lastByStep(model, TEXTS)
    expect(type).toBe(rounds ? 'BF16' : 'F32')
    expect(logits).toBeWithinRelativeL2(await lastByPass(model, TEXTS), 1.2e-2)
    using few = new Cache(model, FEWEST_ROWS - 1, 5)
    using wide = await loadTiny(copy.path)
    using many = new Cache(wide, FEWEST_ROWS, 5)
    expect([few.type, many.type]).toEqual(['F32', 'F32'])
  })
})
