/** What a pass computes and what it keeps: no later layers, no logits unasked, no memory that grows, two models at once. */
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it, vi } from 'vitest'
import { packedAttention } from '../src/model/cache.ts'
import { buildPass } from '../src/model/forward.ts'
import { generate } from '../src/model/generate.ts'
import { layOut } from '../src/model/layout.ts'
import { type Model, PACK_TOKENS } from '../src/model/model.ts'
import { score } from '../src/model/score.ts'
import { edited } from './support/checkpoints.ts'
import { MODELS } from './support/golden.ts'
import { loadTiny } from './support/tiny.ts'

const FOLDER = join(MODELS, 'llama3.1')
const tokens = [1, 2, 3, 4, 5]

function nodes(model: Model, read: readonly string[], logits = false): number {
  const layout = layOut([{ tokens }])
  using pass = buildPass(model, {
    tokens: layout.tokens,
    positions: layout.positions,
    attention: packedAttention(layout, model.architecture),
    read: new Set(read),
    ...(logits ? { logitRows: Int32Array.of(4) } : {}),
  })
  return pass.graph.nodes
}

describe('a pass', () => {
  it('computes no layer after the last one that is read', async () => {
    using model = await loadTiny(FOLDER)
    const upTo = [0, 1, 2, 3].map((layer) => nodes(model, [`blocks.${layer}.hook_resid_post`]))
    const block = upTo[1]! - upTo[0]!
    expect(block).toBeGreaterThan(10)
    expect(upTo).toEqual([0, 1, 2, 3].map((layer) => upTo[0]! + layer * block))
    expect(nodes(model, ['hook_embed'])).toBe(upTo[0]! - block)
    // Nor what comes after it inside its block.
    expect(nodes(model, ['blocks.0.attn.hook_q'])).toBeLessThan(upTo[0]! / 2)
    expect(nodes(model, [`blocks.1.hook_resid_post`, 'blocks.0.hook_resid_pre'])).toBe(upTo[1]!)
  })

  it('computes logits only where they are asked for', async () => {
    using model = await loadTiny(FOLDER)
    const read = ['blocks.3.hook_resid_post']
    expect(nodes(model, read, true)).toBeGreaterThan(nodes(model, read))
    const out = await model.run([tokens, [6, 7]], { hooks: read, logits: 'last' })
    expect([out.logits(0).rows, out.logits(1).rows]).toEqual([1, 1])
    const none = await model.run([tokens], { hooks: read })
    expect(() => none.logits(0)).toThrow(expect.objectContaining({ code: 'hook-unread' }))
    expect(() => none.get('blocks.0.hook_resid_post', 0)).toThrow(
      expect.objectContaining({ code: 'hook-unread' }),
    )
  })

  it('multiplies with weights that were packed once, where it is one of many, to the same bits', async () => {
    using model = await loadTiny(FOLDER)
    const { kernels } = model.backend
    if (kernels?.kernels.isa === undefined) return
    const plan = vi.spyOn(kernels, 'planPanels')
    const run = async (): Promise<Float32Array> => {
      const { get } = await model.run([tokens], { hooks: ['blocks.3.hook_resid_post'] })
      return get('blocks.3.hook_resid_post', 0).data
    }
    const before = await run()
    await model.preparePasses(2 ** 16 - 1)
    expect(plan).not.toHaveBeenCalled()
    await model.preparePasses(2 ** 16)
    expect(plan.mock.results[0]!.value.jobs).toHaveLength(7 * model.architecture.layers.length)
    await model.preparePasses(2 ** 16)
    expect(plan.mock.results[1]!.value).toBeUndefined()
    expect(await run()).toBeBitIdentical(before)
  })

  it('does not touch the weights of layers that it does not need', async () => {
    using broken = await edited('llama3.1', (name, values) => {
      if (/^layers\.[23]\.(mlp|self_attn)/.test(name)) values.fill(Number.NaN)
    })
    using model = await loadTiny(broken.path)
    using whole = await loadTiny(FOLDER)
    const options = { hooks: ['blocks.1.hook_resid_post'] }
    const out = await model.run([tokens], options)
    expect(out.get(options.hooks[0]!, 0).data).toBeBitIdentical(
      (await whole.run([tokens], options)).get(options.hooks[0]!, 0).data,
    )
  })

  it('is stopped by a signal, and the model goes on afterwards', async () => {
    using model = await loadTiny(FOLDER)
    const texts = Array.from({ length: 200 }, (_, i) => Array.from({ length: 100 }, (_, t) => (i + t) % 256))
    const controller = new AbortController()
    const seen: number[] = []
    const running = model.stream(texts, { logits: 'all', signal: controller.signal }, ({ index }) => {
      seen.push(index)
      if (index === 7) controller.abort()
    })
    await expect(running).rejects.toMatchObject({ kind: 'interrupted' })
    expect(seen.length).toBeLessThan(20)
    await expect(
      score(model, [{ id: 'a', prompt: [1], completions: [[2]] }], { signal: controller.signal }, () => {}),
    ).rejects.toMatchObject({ kind: 'interrupted' })
    await model.run([tokens], { logits: 'last' })
  })
})

describe('streaming', () => {
  it('keeps nothing of the passes that are done', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    using model = await loadTiny(FOLDER)
    const texts = Array.from({ length: 120 }, (_, i) => Array.from({ length: 64 }, (_, t) => (i + t) % 256))
    const buffers: WeakRef<ArrayBufferLike>[] = []
    await model.stream(texts, { hooks: ['blocks.*.hook_resid_post'], logits: 'all' }, (result) => {
      buffers.push(new WeakRef(result.get('blocks.0.hook_resid_post').data.buffer))
      buffers.push(new WeakRef(result.logits!.data.buffer))
    })
    await new Promise((resolve) => setTimeout(resolve, 10))
    collect()
    const alive = new Set(buffers.map((ref) => ref.deref()).filter((buffer) => buffer !== undefined))
    const passes = Math.ceil((120 * 64) / PACK_TOKENS)
    expect(passes).toBeGreaterThan(10)
    // The last pass may still be referred to from here.
    expect(alive.size).toBeLessThanOrEqual(2)
  })

  it('gives texts in order, with progress that ends at the number of tokens', async () => {
    using model = await loadTiny(FOLDER)
    const texts = Array.from({ length: 30 }, (_, i) => new Array<number>(1 + ((i * 37) % 90)).fill(7))
    const order: number[] = []
    const progress: [number, number][] = []
    await model.stream(
      texts,
      { hooks: ['hook_embed'], onProgress: (done, total) => progress.push([done, total]) },
      ({ index, item, get }) => {
        order.push(index)
        expect(get('hook_embed').rows).toBe(item.tokens.length)
      },
    )
    expect(order).toEqual(texts.map((_, i) => i))
    const total = texts.reduce((n, t) => n + t.length, 0)
    expect(progress.at(-1)).toEqual([total, total])
  })
})

describe('models', () => {
  it('work two at once, and one for several callers', async () => {
    using first = await loadTiny(FOLDER)
    using second = await loadTiny(join(MODELS, 'gemma3'))
    const work = (model: Model) => [
      model.run([tokens], { logits: 'all' }).then((out) => [...out.logits(0).data]),
      generate(model, [tokens, [9, 9]], { maxTokens: 60 }).then(({ texts }) => texts.map((t) => t.tokens)),
      // Longer than the others: its results need more of the memory that passes share.
      model.run([new Array<number>(200).fill(3)], { hooks: ['*'] }).then((out) => out.items.length),
      generate(model, [[7]], { maxTokens: 60 }).then(({ texts }) => texts.map((t) => t.tokens)),
    ]
    const alone: unknown[] = []
    for (const model of [first, second])
      for (const i of [0, 1, 2, 3]) {
        const results = work(model)
        alone.push(await results[i])
        await Promise.all(results)
      }
    const together = await Promise.all([...work(first), ...work(second)])
    expect(together).toEqual(alone)
  })

  it('wait with freeing until a pass is done, and refuse the next', async () => {
    const model = await loadTiny(FOLDER)
    const texts = Array.from({ length: 40 }, () => new Array<number>(100).fill(3))
    const running = model.run(texts, { logits: 'all' })
    const failed = expect(running).rejects.toMatchObject({ code: 'engine-disposed' })
    await new Promise((resolve) => setTimeout(resolve, 5))
    model[Symbol.dispose]()
    model[Symbol.dispose]()
    await failed
    await expect(model.run([tokens])).rejects.toMatchObject({ code: 'engine-disposed' })
    const other = await loadTiny(FOLDER)
    const last = other.run([tokens], { logits: 'last' })
    await new Promise((resolve) => setImmediate(resolve))
    await other[Symbol.asyncDispose]()
    expect((await last).logits(0).rows).toBe(1)
  })
})
