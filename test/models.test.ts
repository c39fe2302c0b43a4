/**
 * Parity of every family with every one of its float64 goldens, at f32 precision: with flash attention and with
 * patterns, alone, packed eight to a pass, and over a key-value cache, on one to three threads.
 */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { GraphAllocator } from '../src/ggml/graph.ts'
import { Cache } from '../src/model/cache.ts'
import { buildPass } from '../src/model/forward.ts'
import { generate } from '../src/model/generate.ts'
import { hookWidth, matchHooks } from '../src/model/hooks.ts'
import { layOut } from '../src/model/layout.ts'
import type { Model, RunResult } from '../src/model/model.ts'
import { expectGolden, type Golden, goldenHooks, MODELS, openGolden } from './support/golden.ts'
import { type Family, loadTiny, TINY_FAMILIES } from './support/tiny.ts'

const BATCH = [0, 1, 1, 0, 1, 0, 0, 1]

/** A text's activations, as `expectGolden` asks for them. */
function textOf(out: RunResult, item: number): (hook: string) => { data: Float32Array } | undefined {
  return (hook) => {
    if (hook === 'logits') return out.logits(item)
    try {
      return out.get(hook, item)
    } catch {
      return undefined // a pattern, in a run without them
    }
  }
}

describe.each(TINY_FAMILIES)('%s', (family: Family) => {
  const folder = join(MODELS, family)

  it.each([
    ['flash attention', false],
    ['attention patterns', true],
  ])('meets its goldens with %s', async (_, patterns) => {
    using golden = openGolden(family)
    using model = await loadTiny(folder)
    for (const i of [0, 1]) {
      const tokens = golden.tokens(i)
      const out = await model.run([tokens], { hooks: goldenHooks(model, patterns), logits: 'all' })
      expectGolden(model, golden, i, [0, tokens.length], textOf(out, 0))
    }
  })

  it('meets them eight to a pass, and with any number of threads to the bit', async () => {
    using golden = openGolden(family)
    const runs: RunResult[] = []
    // More threads than cores spin at every barrier: two families are enough for that.
    for (const threads of family === 'llama3.1' || family === 'gemma3' ? [1, 2, 3] : [1, 2]) {
      using model = await loadTiny(folder, threads)
      const hooks = goldenHooks(model, true)
      const out = await model.run(
        BATCH.map((i) => golden.tokens(i)),
        { hooks, logits: 'all' },
      )
      if (threads === 1)
        for (const [item, i] of BATCH.entries())
          expectGolden(model, golden, i, [0, golden.tokens(i).length], textOf(out, item))
      else
        for (const item of BATCH.keys()) {
          expect(out.logits(item).data).toBeBitIdentical(runs[0]!.logits(item).data)
          for (const hook of matchHooks(hooks, model.architecture))
            expect(out.get(hook, item).data).toBeBitIdentical(runs[0]!.get(hook, item).data)
        }
      runs.push(out)
    }
  })

  it.each([
    ['flash attention', false],
    ['attention patterns', true],
  ])('meets them token by token over a cache, one sequence and eight, with %s', async (_, patterns) => {
    using golden = openGolden(family)
    using model = await loadTiny(folder)
    await throughCache(model, golden, [0], 49, 12, patterns)
    await throughCache(model, golden, BATCH, 5, 12, patterns)
  })

  it('decodes from its cache what a full pass gives', async () => {
    using golden = openGolden(family)
    using model = await loadTiny(folder)
    const prompts = [golden.tokens(0), golden.tokens(1), golden.tokens(1).slice(0, 3)]
    const { texts } = await generate(model, prompts, { maxTokens: 40 })
    for (const [index, prompt] of prompts.entries()) {
      const generated = texts[index]!.tokens
      const full = await model.run([[...prompt, ...generated]], { logits: 'all' })
      for (const [t, token] of generated.entries()) {
        const row = full.logits(0).data.subarray((prompt.length - 1 + t) * 256, (prompt.length + t) * 256)
        // Ties within f32 rounding may fall either way: the chosen token must be within rounding of the best.
        expect(Math.max(...row) - row[token]!).toBeLessThan(1e-5)
      }
    }
  })
})

/**
 * Fills a cache with the first `prefill` tokens of each input in one packed pass, decodes `steps` more of every
 * sequence one at a time, and holds all of it against the goldens. Short inputs end where their goldens do.
 */
async function throughCache(
  model: Model,
  golden: Golden,
  batch: readonly number[],
  prefill: number,
  steps: number,
  patterns: boolean,
): Promise<void> {
  const read = new Set(matchHooks(goldenHooks(model, patterns), model.architecture))
  const inputs = batch.map((i) => golden.tokens(i))
  using cache = new Cache(model, batch.length, prefill + steps)
  using allocator = new GraphAllocator(model.backend)
  const layout = layOut(inputs.map((tokens) => ({ tokens: tokens.slice(0, prefill) })))
  using first = buildPass(model, {
    tokens: layout.tokens,
    positions: layout.positions,
    attention: cache.writeAttention(layout, (segment) => [segment]),
    read,
    logitRows: Int32Array.from(layout.tokens, (_, i) => i),
    allBlocks: true,
  })
  await first.graph.compute(allocator)
  for (const [s, i] of batch.entries())
    expectGolden(model, golden, i, [0, prefill], (hook) => {
      if (hook.endsWith('hook_pattern')) return undefined // of a packed pass: covered above
      const t = hook === 'logits' ? first.logits : first.reads.get(hook)
      const width = hook === 'logits' ? model.architecture.vocabulary : hookWidth(hook, model.architecture)
      const all = first.graph.read(t!)
      return { data: all.subarray(s * prefill * width, (s + 1) * prefill * width) }
    })

  const positions = new Int32Array(batch.length).fill(prefill)
  const tokens = new Int32Array(batch.length)
  const reach = cache.reach(prefill + steps - 1)
  const attention = cache.stepAttention(positions, reach)
  attention.refresh()
  using step = buildPass(model, {
    tokens,
    positions,
    attention: attention.make,
    read,
    logitRows: Int32Array.from(batch, (_, s) => s),
  })
  const { heads } = model.architecture
  for (let t = prefill; t < prefill + steps; t++) {
    positions.fill(t)
    for (const s of batch.keys()) tokens[s] = inputs[s]![t]!
    attention.refresh()
    await step.graph.compute(allocator)
    for (const [s, i] of batch.entries())
      expectGolden(model, golden, i, [t, t + 1], (hook) => {
        const tensor = hook === 'logits' ? step.logits : step.reads.get(hook)
        if (tensor === undefined) return undefined
        const all = step.graph.read(tensor)
        const width = all.length / batch.length
        return { data: all.subarray(s * width, (s + 1) * width), keys: width / heads }
      })
  }
}
