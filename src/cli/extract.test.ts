import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadTiny } from '../../test/support/tiny.ts'
import { stream } from '../core/random.ts'
import { openSafetensors, readF32 } from '../formats/safetensors.ts'
import type { Model } from '../model/model.ts'
import { extractActivations, POOLS } from './extract.ts'

const FIXTURE = fileURLToPath(new URL('../../test/fixtures/models/llama', import.meta.url))
const HOOKS = ['blocks.0.hook_resid_post', 'blocks.1.mlp.hook_post']

let folder: string
let model: Model
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palimpsest-extract-'))
  model = await loadTiny(FIXTURE)
})
afterAll(async () => {
  model[Symbol.dispose]()
  await rm(folder, { recursive: true, force: true })
})

const rng = stream(5, 'extract')
const items = Array.from({ length: 20 }, (_, i) => {
  const tokens = [1, ...Array.from({ length: 90 + i }, () => 3 + rng.below(250))]
  const content = Uint8Array.from(tokens, (id) => (id > 2 ? 1 : 0))
  return { id: `i${i}`, where: `items, line ${i + 1}`, tokens, content }
})

describe('extractActivations', () => {
  it.each(POOLS)('resumed after a stop gives the same file to the bit (pool %s)', async (pool) => {
    const run = (out: string, signal: AbortSignal, onProgress: (done: number) => void = () => {}) =>
      extractActivations(model, items, {
        hooks: HOOKS,
        pool,
        logits: pool === 'none',
        out: join(folder, out),
        metadata: { model: 'tiny' },
        signal,
        onProgress,
      })
    const whole = await run(`${pool}.whole`, new AbortController().signal)
    expect(whole.tokens).toBe(items.reduce((n, i) => n + i.tokens.length, 0))
    const stop = new AbortController()
    await expect(
      run(`${pool}.cut`, stop.signal, (done) => {
        if (done > whole.tokens / 2) stop.abort()
      }),
    ).rejects.toMatchObject({ code: 'interrupted', exitCode: 130 })
    expect((await readdir(folder)).filter((f) => f.startsWith(`${pool}.cut`))).toHaveLength(2)
    const seen: number[] = []
    await run(`${pool}.cut`, new AbortController().signal, (done) => seen.push(done))
    // Half of the packs were there already.
    expect(seen[0]).toBeGreaterThan(whole.tokens / 2)
    expect(seen.at(-1)).toBe(whole.tokens)
    expect((await readdir(folder)).filter((f) => f.startsWith(`${pool}.cut`))).toEqual([`${pool}.cut`])
    const [a, b] = await Promise.all(['whole', 'cut'].map((f) => readFile(join(folder, `${pool}.${f}`))))
    expect(b!.equals(a!)).toBe(true)
    const file = openSafetensors(join(folder, `${pool}.whole`))
    const out = await model.run([items[7]!], { hooks: HOOKS })
    for (const hook of HOOKS) {
      const x = out.get(hook, 0)
      const stored = readF32(file.tensors.get(pool === 'none' ? `i7/${hook}` : hook)!)
      if (pool === 'none') expect(stored).toBeWithinRelativeL2(x.data, 2e-6)
      if (pool === 'last')
        expect(stored.subarray(7 * x.cols, 8 * x.cols)).toBeWithinRelativeL2(x.data.slice(-x.cols), 2e-6)
    }
    file[Symbol.dispose]()
  })

  it('refuses to pool patterns, and means of texts without content', async () => {
    const base = { logits: false, out: join(folder, 'no'), metadata: {}, onProgress: () => {} }
    const signal = new AbortController().signal
    await expect(
      extractActivations(model, items, {
        ...base,
        signal,
        hooks: ['blocks.0.attn.hook_pattern'],
        pool: 'last',
      }),
    ).rejects.toMatchObject({ code: 'pool-pattern' })
    const special = [{ ...items[0]!, tokens: [1, 2], content: new Uint8Array(2) }]
    await expect(
      extractActivations(model, special, { ...base, signal, hooks: HOOKS, pool: 'mean' }),
    ).rejects.toMatchObject({
      code: 'text-no-content',
      message: expect.stringContaining('items, line 1 (id i0)'),
    })
    expect((await readdir(folder)).filter((f) => f.startsWith('no.') && !f.startsWith('none'))).toEqual([])
  })
})
