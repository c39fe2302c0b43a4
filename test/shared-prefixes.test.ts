/**
 * Texts that begin alike share the tokens of a pass, and each still has what it has alone: every hook point, logits
 * and normalisers, to the bit where kernels serve.
 */
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { f32ToF16 } from '../src/formats/half.ts'
import { KERNELS_VARIABLE } from '../src/ggml/kernels/kernels.ts'
import { hookNames } from '../src/model/hooks.ts'
import type { Item, Model, RunOptions } from '../src/model/model.ts'
import { halfCopy } from './support/checkpoints.ts'
import { LIMIT, MODELS } from './support/golden.ts'
import { loadTiny, TINY_FAMILIES } from './support/tiny.ts'

const run = (length: number, seed: number): number[] =>
  Array.from({ length }, (_, t) => (seed * 37 + t * 11 + 3) % 256)

/** They part within a block of 64 keys and beyond one, within windows and beyond them, early and twice. */
const whole = run(90, 1)
const parted = [...whole.slice(0, 70), ...run(30, 5)]
const TEXTS = [
  [...whole.slice(0, 1), ...run(10, 2)],
  whole,
  run(20, 3), // shares nothing
  parted,
  [...parted.slice(0, 80), ...run(3, 6)],
  whole.slice(0, 40), // the beginning of another
  [...whole], // equal to another
  [...whole.slice(0, 67), 200],
]
/** Of these texts, tokens that nothing shares, and all. */
const DIFFERENT = 10 + 90 + 20 + 30 + 3 + 1
const ALL = TEXTS.reduce((n, t) => n + t.length, 0)

/** What each text gives, by what it is; and the number of tokens in each pass. */
async function results(
  model: Model,
  texts: readonly (Item | readonly number[])[],
  options: RunOptions,
): Promise<{ found: Map<string, Float32Array | Float64Array>[]; passes: number[] }> {
  const passes = vi.spyOn(model, 'pass')
  const found: Map<string, Float32Array | Float64Array>[] = []
  const done: number[] = []
  const onProgress = (n: number): number => done.push(n)
  await model.stream(texts, { ...options, onProgress }, ({ index, get, logits, normalisers }) => {
    const own = new Map<string, Float32Array | Float64Array>()
    for (const hook of options.hooks ?? []) own.set(hook, get(hook).data.slice())
    if (logits !== undefined) own.set('logits', logits.data.slice())
    if (normalisers !== undefined) own.set('normalisers', normalisers)
    found[index] = own
  })
  const sizes = passes.mock.calls.map(([layout]) => layout.tokens.length)
  passes.mockRestore()
  expect(done.at(-1)).toBe(texts.reduce((n, t) => n + ('tokens' in t ? t.tokens : t).length, 0))
  return { found, passes: sizes }
}

async function compare(model: Model, logits: 'all' | 'last', limit?: number): Promise<void> {
  const hooks = hookNames(model.architecture).filter((name) => !name.endsWith('hook_pattern'))
  const options = { hooks, logits, normalisers: true }
  const shared = await results(model, TEXTS, options)
  expect(shared.passes).toEqual([DIFFERENT])
  for (const [i, text] of TEXTS.entries()) {
    const alone = (await results(model, [text], options)).found[0]!
    expect([...alone.keys()]).toEqual([...hooks, 'logits', 'normalisers'])
    expect(alone.get('normalisers')!.length).toBe(logits === 'all' ? text.length : 1)
    for (const [name, values] of alone) {
      const found = shared.found[i]!.get(name)!
      if (limit === undefined && name !== 'normalisers')
        expect(found, `${name} of text ${i}`).toBeBitIdentical(values)
      else if (limit === undefined) expect(found).toEqual(values)
      else expect(found, `${name} of text ${i}`).toBeWithinRelativeL2(values, limit)
    }
  }
}

afterEach(() => {
  vi.unstubAllEnvs()
})

describe.each(TINY_FAMILIES)('texts of %s that begin alike', (family) => {
  it.each(['', 'avx2'])('have the bits they have alone at f32, where kernels serve (%s)', async (setting) => {
    vi.stubEnv(KERNELS_VARIABLE, setting)
    using model = await loadTiny(join(MODELS, family), 2)
    if (model.backend.kernels?.kernels.isa === undefined) return
    await compare(model, 'all')
    await compare(model, 'last')
  })

  it('agree with what they are alone without kernels', async () => {
    vi.stubEnv(KERNELS_VARIABLE, 'off')
    using model = await loadTiny(join(MODELS, family), 2)
    await compare(model, 'all', LIMIT)
  })
})

it('texts of a model at `native` have the bits they have alone, where kernels serve', async () => {
  using copy = await halfCopy('gemma2', 'BF16', f32ToF16)
  using model = await loadTiny(copy.path, 2, { precision: 'native' })
  if (model.backend.kernels?.kernels.isa === undefined) return
  await compare(model, 'all')
})

describe('texts that begin alike', () => {
  it('are computed apart where something tells them apart', async () => {
    using model = await loadTiny(join(MODELS, 'llama3.1'))
    const hook = 'blocks.1.hook_resid_post'
    const plain = await results(model, TEXTS, { hooks: [hook] })
    expect(plain.passes).toEqual([DIFFERENT])
    const patterns = { hooks: ['blocks.0.attn.hook_pattern'] }
    const read = await results(model, TEXTS, patterns)
    expect(read.passes).toEqual([ALL])
    for (const [i, text] of TEXTS.entries()) {
      const alone = await results(model, [text], patterns)
      expect(read.found[i]!.get(patterns.hooks[0]!)).toBeWithinRelativeL2(
        alone.found[0]!.get(patterns.hooks[0]!)!,
        LIMIT,
      )
    }
    const values = plain.found.map((own) => own.get(hook) as Float32Array)
    const behind = await results(model, TEXTS, {
      hooks: ['blocks.2.hook_resid_post'],
      resume: {
        layer: 1,
        values: (i) => ({ rows: TEXTS[i]!.length, cols: model.architecture.width, data: values[i]! }),
      },
    })
    expect(behind.passes).toEqual([ALL])
    const vector = Float32Array.from({ length: model.architecture.width }, (_, j) => j + 1)
    const changed = await results(model, TEXTS, {
      hooks: [hook],
      interventions: [{ op: 'add', site: 'blocks.0.hook_resid_post', vector, dose: 1, rows: [1] }],
    })
    expect(changed.passes).toEqual([ALL])
    const [same, other] = [changed.found[1]!.get(hook)!, changed.found[6]!.get(hook)!]
    expect(other).toBeWithinRelativeL2(values[6]!, LIMIT)
    expect(same).not.toEqual(other)
  })

  it('share what they have in common inside the packs that a caller gives', async () => {
    using model = await loadTiny(join(MODELS, 'llama3.1'))
    const seen: number[] = []
    const passes = vi.spyOn(model, 'pass')
    await model.stream(TEXTS, { logits: 'last' }, ({ index }) => void seen.push(index), [[6, 1], [0, 2], [5]])
    expect(seen).toEqual([6, 1, 0, 2, 5])
    expect(passes.mock.calls.map(([layout]) => layout.tokens.length)).toEqual([90, 31, 40])
  })

  it('are views of what the pass gave where their tokens follow each other', async () => {
    using model = await loadTiny(join(MODELS, 'llama3.1'))
    const hook = 'blocks.0.hook_resid_post'
    const buffers: unknown[] = []
    const texts = [[1, 2, 3], [4], [1, 2, 5]]
    await model.stream(texts, { hooks: [hook] }, ({ get }) => void buffers.push(get(hook).data.buffer))
    expect(buffers[1]).toBe(buffers[0])
    expect(buffers[2]).not.toBe(buffers[0])
  })
})
