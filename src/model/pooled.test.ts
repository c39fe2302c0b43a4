import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { edited } from '../../test/support/checkpoints.ts'
import { MODELS } from '../../test/support/golden.ts'
import { loadTiny } from '../../test/support/tiny.ts'
import { type Matrix, row } from '../core/matrix.ts'
import { stream } from '../core/random.ts'
import { Backend } from '../ggml/backend.ts'
import type { Item, Model } from './model.ts'
import { rowNorms } from './norms.ts'
import { sumLevels } from './pool-graph.ts'
import { poolTexts } from './pooled.ts'
import { findSinks, meanOver, positionsOf, sinksByNorm, usedTokens } from './pooling.ts'

const LLAMA = join(MODELS, 'llama3.1')
/** Its embedding is made so large that it is a sink wherever it stands. */
const HEAVY = 7
const BLOCKS = [0, 1, 2, 3].map((layer) => `blocks.${layer}.hook_resid_post`)
const HOOKS = ['hook_embed', ...BLOCKS]
const SERVED = (() => {
  using backend = new Backend({ device: 'cpu' })
  return backend.kernels?.kernels.gather(64) !== undefined
})()

afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

const rng = stream(4, 'pooled')
const start = Array.from({ length: 20 }, () => 10 + rng.below(200))
/** Texts of 1 to 250 tokens: some begin alike, some hold heavy tokens, one is nothing else. */
const texts: Item[] = [1, 3, 16, 17, 40, 64, 100, 250, 33, 250].map((length, i) => ({
  id: `${i}`,
  tokens: Array.from({ length }, (_, t) => (i % 2 === 1 && t < 20 ? start[t]! : 10 + rng.below(200))),
}))
texts.push({ id: 'heavy', tokens: [HEAVY, HEAVY, HEAVY] })
for (const [i, t] of [
  [4, 9],
  [7, 2],
  [7, 200],
] as const)
  (texts[i]!.tokens as number[])[t] = HEAVY
const contents = texts.map(({ tokens }) => new Uint8Array(tokens.length).fill(1))

const heavy = (factor: number) =>
  edited('llama3.1', (name, values) => {
    if (name === 'embed_tokens')
      for (let j = 64 * HEAVY; j < 64 * (HEAVY + 1); j++) values[j] = Math.fround(values[j]! * factor)
  })

interface Pooled {
  readonly sinks: number[]
  readonly norms: Float64Array[]
  /** By hook point: the mean without sinks, the mean of every second token, the last token. */
  readonly means: Matrix[]
}

/** The three pools of each text, in the graph or not, as the model's backend has it. */
async function pooledOf(model: Model, packs?: readonly (readonly number[])[]): Promise<Pooled[]> {
  const out: Pooled[] = []
  const known: Omit<Pooled, 'means'>[] = []
  await poolTexts(
    model,
    texts,
    {
      hooks: HOOKS,
      tokens: (i, normsAt) => {
        const norms = HOOKS.map(normsAt)
        known[i] = { norms, sinks: sinksByNorm(norms.slice(1), contents[i]!) }
        return poolsOf(contents[i]!, known[i]!.sinks)
      },
    },
    ({ index, get }) => {
      out[index] = { ...known[index]!, means: HOOKS.map(get) }
    },
    packs,
  )
  return out
}

const poolsOf = (content: Uint8Array, sinks: readonly number[]): number[][] => {
  const all = positionsOf(content)
  return [positionsOf(usedTokens(content, sinks)), all.filter((t) => t % 2 === 0), all.slice(-1)]
}

/** The same by its definition, from activations that are read. */
async function definition(
  model: Model,
): Promise<{ sinks: number[]; norms: Float64Array[]; means: Float64Array[][] }[]> {
  const read = await model.run(texts, { hooks: HOOKS })
  return texts.map((_, i) => {
    const layers = HOOKS.map((hook) => read.get(hook, i))
    const sinks = findSinks(layers.slice(1), contents[i]!)
    const masks = poolsOf(contents[i]!, sinks).map((list) =>
      contents[i]!.map((_, t) => (list.includes(t) ? 1 : 0)),
    )
    return {
      sinks,
      norms: layers.map(rowNorms),
      means: layers.map((x) => masks.map((mask) => meanOver(x, mask))),
    }
  })
}

const bytes = (pooled: readonly Pooled[]): Buffer[] =>
  pooled.flatMap(({ norms, means }) =>
    [...norms, ...means.map((m) => m.data)].map((a) => Buffer.from(a.slice().buffer)),
  )

describe.skipIf(!SERVED)('means in the graph (skipped where no kernels serve)', () => {
  it('are those of the activations, with the same sinks', async () => {
    using copy = await heavy(300)
    using model = await loadTiny(copy.path, 2)
    const expected = await definition(model)
    const read = vi.spyOn(model, 'computePass')
    const pooled = await pooledOf(model)
    expect(read).not.toHaveBeenCalled()
    expect(pooled.map((p) => p.sinks)).toEqual(expected.map((e) => e.sinks))
    expect(expected[7]!.sinks).toEqual([0, 2, 200])
    for (const [i, { norms, means }] of pooled.entries())
      for (const h of HOOKS.keys()) {
        expect(norms[h]!).toBeAllclose(expected[i]!.norms[h]!, { rtol: 1e-6 })
        expect(means[h]!.rows).toBe(3)
        for (const k of [0, 1, 2])
          expect(row(means[h]!, k)).toBeWithinRelativeL2(expected[i]!.means[h]![k]!, 3e-7)
        // A single token is no sum: as it was computed.
        expect(row(means[h]!, 2)).toEqual(Float32Array.from(expected[i]!.means[h]![2]!))
      }
  })

  it('have the same bits alone and together, and with 1 to 3 threads', async () => {
    using copy = await heavy(300)
    const seen: Buffer[][] = []
    for (const threads of [1, 2, 3]) {
      using model = await loadTiny(copy.path, threads)
      seen.push(bytes(await pooledOf(model)))
      if (threads === 1)
        seen.push(
          bytes(
            await pooledOf(
              model,
              texts.map((_, i) => [i]),
            ),
          ),
        )
    }
    expect(seen.length).toBe(4)
    for (const one of seen) expect(one.every((b, i) => b.equals(seen[0]![i]!))).toBe(true)
  })

  it('serve every hook point that has a width', async () => {
    using model = await loadTiny(LLAMA)
    const hooks = ['blocks.2.attn.hook_[qkvz]', 'blocks.2.mlp.*', 'blocks.2.hook_*', 'ln_final.*']
    const some = hooks.flatMap((glob) =>
      glob.includes('[') ? [...'qkvz'].map((c) => `blocks.2.attn.hook_${c}`) : [glob],
    )
    const read = await model.run(texts, { hooks: some })
    let checked = 0
    await poolTexts(model, texts, { hooks: some, tokens: (i) => [positionsOf(contents[i]!)] }, (text) => {
      for (const hook of ['attn.hook_q', 'attn.hook_k', 'attn.hook_v', 'attn.hook_z', 'mlp.hook_post']) {
        const x = read.get(`blocks.2.${hook}`, text.index)
        const mean = meanOver(x, contents[text.index]!)
        expect(row(text.get(`blocks.2.${hook}`), 0)).toBeWithinRelativeL2(mean, 1e-6)
        checked++
      }
      text.get('ln_final.hook_normalized')
    })
    expect(checked).toBe(5 * texts.length)
  })

  it('take values whose squares overflow or vanish', async () => {
    for (const factor of [1e21, 1e-24]) {
      using copy = await heavy(factor)
      using model = await loadTiny(copy.path)
      const [pooled, expected] = [await pooledOf(model), await definition(model)]
      expect(pooled.map((p) => p.sinks)).toEqual(expected.map((e) => e.sinks))
      const at = texts.length - 1
      expect(pooled[at]!.norms[0]!).toBeAllclose(expected[at]!.norms[0]!, { rtol: 1e-6, atol: 0 })
      expect(pooled[at]!.norms[0]![0]! / factor).toBeGreaterThan(1e-3)
      expect(row(pooled[at]!.means[0]!, 0)).toBeWithinRelativeL2(expected[at]!.means[0]![0]!, 3e-7)
    }
  })

  it.each(['layers.2.mlp.down_proj', 'embed_tokens', 'overflow'])(
    'that are no numbers are explained as ever (%s)',
    async (what) => {
      using copy = await edited('llama3.1', (tensor, values) => {
        if (tensor === what) values.fill(Number.NaN, 3 * 64, 4 * 64)
        if (what === 'overflow' && tensor === 'layers.1.mlp.up_proj')
          for (let i = 0; i < values.length; i++) values[i]! *= 3e38
      })
      using model = await loadTiny(copy.path)
      const reason = (work: Promise<unknown>): Promise<object> =>
        work.then(
          () => ({}),
          (e) => ({ code: e.code, message: e.message, found: e.found, where: e.where }),
        )
      const some = [[1, 2, 3, 4]]
      const expected = await reason(model.run(some, { hooks: BLOCKS }))
      expect(expected).toMatchObject({ code: what === 'overflow' ? 'activation-nan' : 'weight-nan' })
      const tokens = (): number[][] => [[0, 1]]
      expect(await reason(poolTexts(model, some, { hooks: BLOCKS, tokens }, () => {}))).toEqual(expected)
    },
  )

  it('stop when they are told to, and go on afterwards', async () => {
    using model = await loadTiny(LLAMA)
    const before = await pooledOf(model)
    const controller = new AbortController()
    let seen = 0
    const work = poolTexts(
      model,
      texts,
      { hooks: HOOKS, tokens: () => [[0]], signal: controller.signal },
      () => {
        seen++
        controller.abort()
      },
      texts.map((_, i) => [i]),
    )
    await expect(work).rejects.toMatchObject({ kind: 'interrupted' })
    expect(seen).toBe(1)
    expect(bytes(await pooledOf(model)).every((b, i) => b.equals(bytes(before)[i]!))).toBe(true)
  })

  it('may be none of a text, and are refused over no tokens and for patterns', async () => {
    using model = await loadTiny(LLAMA)
    const rows: number[] = []
    for (const tokens of [(i: number) => (i === 1 ? [[0]] : []), () => []])
      await poolTexts(model, texts, { hooks: HOOKS, tokens }, ({ get }) => {
        rows.push(get(HOOKS[2]!).rows)
      })
    expect(rows.reduce((a, b) => a + b)).toBe(1)
    await expect(poolTexts(model, texts, { hooks: HOOKS, tokens: () => [[]] }, () => {})).rejects.toThrow(
      'no tokens',
    )
    const patterns = { hooks: ['blocks.0.attn.hook_pattern'], tokens: () => [] }
    await expect(poolTexts(model, texts, patterns, () => {})).rejects.toThrow('patterns')
  })
})

describe('means without kernels', () => {
  it('are read and summed in f64', async () => {
    vi.stubEnv('PALIMPSEST_KERNELS', 'off')
    using model = await loadTiny(LLAMA)
    expect(model.backend.kernels?.kernels.gather(64)).toBeUndefined()
    const packs = texts.map((_, i) => [i]) // ggml's products give other bits in other packs
    const pooled = await pooledOf(model, packs)
    for (const [i, text] of texts.entries()) {
      const read = await model.run([text], { hooks: HOOKS })
      for (const [h, hook] of HOOKS.entries()) {
        const x = read.get(hook, 0)
        expect(pooled[i]!.norms[h]).toEqual(rowNorms(x))
        const used = usedTokens(contents[i]!, pooled[i]!.sinks)
        expect(row(pooled[i]!.means[h]!, 0)).toEqual(Float32Array.from(meanOver(x, used)))
      }
    }
  })
})

describe('sums level upon level', () => {
  it('hold every term of a list once, and add at most 16 at a time', () => {
    const lists = fc.array(fc.array(fc.nat(99), { minLength: 1, maxLength: 700 }), {
      minLength: 1,
      maxLength: 5,
    })
    fc.assert(
      fc.property(lists, (all) => {
        let rows: number[][] = Array.from({ length: 100 }, (_, i) => [i])
        for (const { starts, indices } of sumLevels(all)) {
          const parts = Array.from({ length: starts.length - 1 }, (_, r) => [
            ...indices.subarray(starts[r], starts[r + 1]),
          ])
          expect(Math.max(...parts.map((part) => part.length))).toBeLessThanOrEqual(16)
          rows = parts.map((part) => part.flatMap((i) => rows[i]!))
        }
        expect(rows).toEqual(all)
      }),
    )
  })
})
