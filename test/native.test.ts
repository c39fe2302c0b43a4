/**
 * What precision `native` costs: weights as stored, activations rounded to their type before each product. The
 * bounds are those of docs/engine.md, in relative L2 error against the same weights at `f32`.
 */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { f32ToF16 } from '../src/formats/half.ts'
import { halfCopy } from './support/checkpoints.ts'
import { MODELS, openGolden } from './support/golden.ts'
import { loadTiny, TINY_FAMILIES } from './support/tiny.ts'

const BOUNDS = { BF16: 1.2e-2, F16: 1.5e-3 }

describe.each(['BF16', 'F16'] as const)('%s', (type) => {
  it.each(TINY_FAMILIES)('%s stays within its bounds', async (family) => {
    using golden = openGolden(family)
    using copy = await halfCopy(family, type, f32ToF16)
    using wide = await loadTiny(copy.path)
    using native = await loadTiny(copy.path, 1, { precision: 'native' })
    const last = `blocks.${wide.architecture.layers.length - 1}.hook_resid_post`
    const texts = [golden.tokens(0), golden.tokens(1)]
    const a = await wide.run(texts, { hooks: [last], logits: 'all' })
    const b = await native.run(texts, { hooks: [last], logits: 'all' })
    for (const i of texts.keys()) {
      expect(b.get(last, i).data).toBeWithinRelativeL2(a.get(last, i).data, BOUNDS[type])
      expect(b.logits(i).data).toBeWithinRelativeL2(a.logits(i).data, BOUNDS[type])
      // A kernel widens f16 weights and leaves activations alone: both precisions are then the same product.
      if (type === 'BF16' || native.backend.kernels?.kernels.isa === undefined)
        expect(b.logits(i).data).not.toEqual(a.logits(i).data)
    }
  })
})

it.each(TINY_FAMILIES)('%s in f32 files is the same to the bit at both precisions', async (family) => {
  using wide = await loadTiny(join(MODELS, family))
  using native = await loadTiny(join(MODELS, family), 1, { precision: 'native' })
  const a = await wide.run([[1, 2, 3]], { logits: 'all' })
  const b = await native.run([[1, 2, 3]], { logits: 'all' })
  expect(b.logits(0).data).toBeBitIdentical(a.logits(0).data)
})
