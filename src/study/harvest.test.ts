import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { edited, temporaryFolder } from '../../test/support/checkpoints.ts'
import { loadTiny } from '../../test/support/tiny.ts'
import { row } from '../core/matrix.ts'
import { stream } from '../core/random.ts'
import { Backend } from '../ggml/backend.ts'
import { findSinks, meanOver, usedTokens } from '../model/pooling.ts'
import { type HarvestJob, harvest, POOLS, siteOf } from './harvest.ts'
import type { TokenizedText } from './inputs.ts'
import { RunFolder } from './run-folder.ts'

/** Where no kernels serve, products differ a little from pack to pack, each within 2e-6 of float64 (docs/engine.md). */
const LIMIT = kernelsServe() ? 5e-7 : 4e-6

function kernelsServe(): boolean {
  using backend = new Backend({ device: 'cpu' })
  return backend.kernels?.kernels.gather(64) !== undefined
}

/** Its embedding is made so large that it is a sink wherever it stands. */
const HEAVY = 7
/** A text that is nothing but a sink. */
const NOTHING_ELSE = 33
const rng = stream(5, 'harvest')
const beginning = [1, ...Array.from({ length: 12 }, () => 10 + rng.below(200))]

/** Chats of one template around a text of their own, some with a heavy token, one with nothing else. */
const texts = Array.from({ length: 70 }, (_, i): TokenizedText => {
  const own = Array.from({ length: 1 + rng.below(150) }, () => 10 + rng.below(200))
  if (i % 9 === 0) own[own.length >> 1] = HEAVY
  if (i === NOTHING_ELSE) own.splice(0, own.length, HEAVY)
  const tokens = [...(i % 2 === 0 ? beginning : []), ...own, 2]
  const content = Uint8Array.from(tokens, (_, t) =>
    t < tokens.length - 1 && t >= tokens.length - 1 - own.length ? 1 : 0,
  )
  return { id: `t${i}`, tokens, content }
})
const job: HarvestJob = {
  key: { hash: 'heavy', precision: 'f32', device: 'cpu', engine: 'test', width: 64 },
  texts,
  layers: [1, 3],
  pools: POOLS,
  exclude: new Map([[4, [14, 15]]]),
}

const heavy = () =>
  edited('llama3.1', (name, values) => {
    if (name === 'embed_tokens') for (let j = 64 * HEAVY; j < 64 * (HEAVY + 1); j++) values[j]! *= 300
  })

async function shardsOf(folder: string, hash: string): Promise<Map<string, Buffer>> {
  const path = join(folder, 'steps', hash)
  const names = (await readdir(path)).filter((name) => name.startsWith('shard-')).sort()
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(path, name))] as const)),
  )
}

describe('a harvest', () => {
  it('holds the pools of every text, with the tokens that its sinks and content leave', async () => {
    using copy = await heavy()
    using folder = temporaryFolder()
    await using run = await RunFolder.open(folder.path)
    const found = await harvest(run, job, () => loadTiny(copy.path))
    using model = await loadTiny(copy.path)
    const read = await model.run(texts, { hooks: [-1, 1, 3].map(siteOf) })
    let sinks = 0
    for (const layer of [-1, 1, 3])
      for (const pool of POOLS) {
        const vectors = await found.load(layer, pool)
        for (const [i, { content, tokens }] of texts.entries()) {
          const x = read.get(siteOf(layer), i)
          const own = findSinks(
            [1, 3].map((l) => read.get(siteOf(l), i)),
            content,
          )
          expect(found.sinks[i]).toEqual(own)
          sinks += own.length
          const expected =
            pool === 'mean'
              ? meanOver(x, usedTokens(content, [...own, ...(job.exclude!.get(i) ?? [])]))
              : row(x, pool === 'last_template' ? tokens.length - 1 : tokens.length - 2)
          expect(row(vectors, i)).toBeWithinRelativeL2(expected, LIMIT)
        }
      }
    expect(sinks).toBeGreaterThan(9 * 8)
    expect(found.sinks[NOTHING_ELSE]).toEqual([0])
    expect(texts[NOTHING_ELSE]!.content).toEqual(Uint8Array.of(1, 0))
  })

  it('resumes at the first missing shard, with the same bytes for any number of threads', async () => {
    using copy = await heavy()
    using whole = temporaryFolder()
    using cut = temporaryFolder()
    await using first = await RunFolder.open(whole.path)
    const { hash } = await harvest(first, job, () => loadTiny(copy.path))
    const expected = await shardsOf(whole.path, hash)
    expect(expected.size).toBe(4)
    const controller = new AbortController()
    await using second = await RunFolder.open(cut.path)
    const opened: number[] = []
    const go = (threads: number) =>
      harvest(
        second,
        job,
        () => {
          opened.push(threads)
          return loadTiny(copy.path, threads)
        },
        {
          signal: controller.signal.aborted ? undefined : controller.signal,
          // Inside the second shard: the first holds at least 8 packs of nearly 512 tokens.
          onProgress: (done) => {
            if (done > 4500) controller.abort()
          },
        },
      )
    await expect(go(1)).rejects.toMatchObject({ kind: 'interrupted' })
    expect((await go(2)).hash).toBe(hash)
    expect((await go(3)).reused).toBe(true)
    expect(opened).toEqual([1, 2])
    const resumed = await shardsOf(cut.path, hash)
    expect([...resumed.keys()]).toEqual([...expected.keys()])
    for (const [name, bytes] of expected) expect(resumed.get(name)!.equals(bytes), name).toBe(true)
  })
})
