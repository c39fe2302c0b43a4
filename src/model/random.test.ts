/** The randomly initialised twin of a model. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { MODELS } from '../../test/support/golden.ts'
import { loadTiny, TINY_FAMILIES } from '../../test/support/tiny.ts'
import { hookNames } from './hooks.ts'
import { parameterCount, randomTwin } from './random.ts'

const HOOK = 'blocks.3.hook_resid_post'
const tokens = [1, 2, 3, 4, 5, 6]

describe.each(TINY_FAMILIES)('the twin of %s', (family) => {
  it('has its shape and runs, with weights that follow from the seed alone', async () => {
    using model = await loadTiny(join(MODELS, family))
    using first = randomTwin(model, 1)
    using again = randomTwin(model, 1)
    using other = randomTwin(model, 2)
    const read = async (m: typeof model) => (await m.run([tokens], { hooks: [HOOK] })).get(HOOK, 0).data
    const values = await read(first)
    expect(await read(again)).toBeBitIdentical(values)
    expect(await read(other)).not.toEqual(values)
    expect(await read(model)).not.toEqual(values)
    const out = await first.run([tokens], { hooks: ['*'], logits: 'all' })
    expect(out.logits(0).cols).toBe(model.architecture.vocabulary)
    expect(hookNames(first.architecture)).toEqual(hookNames(model.architecture))
  })
})

describe('its embedding', () => {
  it('is uniform with standard deviation 0.02, and no token is like another', async () => {
    using model = await loadTiny(join(MODELS, 'llama3.1'))
    using twin = randomTwin(model, 3)
    const all = Array.from({ length: 256 }, (_, i) => i)
    const x = (await twin.run([all], { hooks: ['hook_embed'] })).get('hook_embed', 0).data
    const mean = x.reduce((a, b) => a + b) / x.length
    const sd = Math.sqrt(x.reduce((a, b) => a + (b - mean) ** 2, 0) / x.length)
    expect(Math.abs(mean)).toBeLessThan(0.02 / 20)
    expect(sd / 0.02).toBeCloseTo(1, 1)
    expect(Math.max(...x)).toBeLessThanOrEqual(0.02 * Math.sqrt(3) + 1e-4)
    expect(new Set(all.map((i) => x.slice(i * 64, (i + 1) * 64).join())).size).toBe(256)
  })

  it('counts into its parameters', async () => {
    using model = await loadTiny(join(MODELS, 'llama3.1'))
    // 256 x 64, and in each of 4 layers 64 x (64 + 32 + 32 + 64) and three matrices of 64 x 160.
    expect(parameterCount(model.architecture)).toBe(256 * 64 + 4 * (64 * 192 + 3 * 64 * 160))
  })
})
