/**
 * Harvesting: texts through a model, pooled activations of every layer to disk. Texts are packed once from
 * the whole corpus and a shard is whole packs, so that an interrupted harvest resumes at the first missing
 * shard and gives the same numbers to the bit.
 */

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { atomicWrite, hashJson } from '../core/files.ts'
import { type Matrix, matrix, row } from '../core/matrix.ts'
import { openSafetensors, readF32 } from '../formats/safetensors.ts'
import { writeSafetensors } from '../formats/safetensors-write.ts'
import { type Model, PACK_TOKENS } from '../model/model.ts'
import { poolTexts } from '../model/pooled.ts'
import { positionsOf, sinksByNorm, usedTokens } from '../model/pooling.ts'
import { planSharedPacks } from '../model/shared-prefixes.ts'
import type { TokenizedText } from './inputs.ts'
import type { RunFolder, StepSpec } from './run-folder.ts'

/** Packs in a shard: some 4,000 tokens, seconds to a minute of work. */
const PACKS_PER_SHARD = 8
const VERSION = 4

export const POOLS = ['mean', 'last_content', 'last_template'] as const
export type Pool = (typeof POOLS)[number]

/** What a harvest's numbers depend on, as far as the model goes: known without opening it. */
export interface ModelKey {
  /** Content hash of model and adapter, or the shape and seed of a random one. */
  readonly hash: string
  readonly precision: 'native' | 'f32'
  readonly device: string
  readonly engine: string
  /** Width of the residual stream. */
  readonly width: number
}

/** What a harvest is of. */
export interface HarvestJob {
  readonly key: ModelKey
  readonly texts: readonly TokenizedText[]
  /** Blocks whose resid_post is pooled; the embedding is pooled beside them as layer -1. */
  readonly layers: readonly number[]
  readonly pools: readonly Pool[]
  /** Tokens that are left out of means although they are content here: sinks of another model. */
  readonly exclude?: ReadonlyMap<number, readonly number[]>
}

export interface Harvest {
  readonly hash: string
  readonly reused: boolean
  /** [n texts, d] of a layer (-1: embedding) in a pool. */
  load(layer: number, pool: Pool): Promise<Matrix>
  /** Attention sinks of each text: content tokens whose norm is above 10x the text's median at any layer. */
  readonly sinks: readonly (readonly number[])[]
}

interface ShardIndex {
  readonly items: readonly number[]
  readonly sinks: readonly (readonly number[])[]
}

export function harvestSpec(job: HarvestJob): StepSpec {
  return {
    kind: 'harvest',
    version: VERSION,
    params: {
      model: job.key.hash,
      precision: job.key.precision,
      device: job.key.device,
      engine: job.key.engine,
      texts: hashJson(job.texts.map((t) => [t.id, t.tokens, [...t.content]])),
      layers: job.layers,
      pools: job.pools,
      exclude: job.exclude === undefined ? null : hashJson([...job.exclude]),
      pack: PACK_TOKENS,
    },
  }
}

export interface HarvestOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined
}

/**
 * Runs a harvest, or finds it done.
 *
 * @param open opens the model; called only when a shard is missing
 */
export async function harvest(
  run: RunFolder,
  job: HarvestJob,
  open: () => Promise<Model>,
  options: HarvestOptions = {},
): Promise<Harvest> {
  const packs = planSharedPacks(
    job.texts.map((t) => t.tokens),
    PACK_TOKENS,
  )
  const shards = Array.from({ length: Math.ceil(packs.length / PACKS_PER_SHARD) }, (_, s) =>
    packs.slice(s * PACKS_PER_SHARD, (s + 1) * PACKS_PER_SHARD),
  )
  const total = job.texts.reduce((n, t) => n + t.tokens.length, 0)
  const { folder, hash, reused } = await run.step(harvestSpec(job), async (partial) => {
    const there = new Set(await readdir(partial))
    await using model = await open()
    const left = shards.filter((_, s) => !there.has(`${name(s)}.json`)).flat(2)
    await model.preparePasses(
      left.reduce((n, i) => n + job.texts[i]!.tokens.length, 0),
      options.signal,
    )
    let done = 0
    for (const [s, shard] of shards.entries()) {
      const tokens = shard.flat().reduce((n, i) => n + job.texts[i]!.tokens.length, 0)
      if (!there.has(`${name(s)}.json`))
        await harvestShard(model, job, shard, join(partial, name(s)), options.signal, (d) =>
          options.onProgress?.(done + d, total),
        )
      done += tokens
      options.onProgress?.(done, total)
    }
  })
  const indexes = await Promise.all(
    shards.map(
      async (_, s) => JSON.parse(await readFile(join(folder, `${name(s)}.json`), 'utf8')) as ShardIndex,
    ),
  )
  const sinks: (readonly number[])[] = []
  for (const index of indexes) for (const [i, item] of index.items.entries()) sinks[item] = index.sinks[i]!
  return {
    hash,
    reused,
    sinks,
    load: async (layer, pool) => {
      const out = matrix(job.texts.length, job.key.width)
      for (const [s, index] of indexes.entries()) {
        using file = openSafetensors(join(folder, `${name(s)}.safetensors`))
        const values = readF32(file.tensors.get(`${pool}.${layer}`)!)
        index.items.forEach((item, i) => {
          out.data.set(values.subarray(i * out.cols, (i + 1) * out.cols), item * out.cols)
        })
      }
      return out
    },
  }
}

/**
 * Harvests of the same texts from several models that leave out the same tokens: what is a sink in one model is
 * left out of the means of all. Texts where the models disagree are run once more.
 *
 * @returns one harvest a job, in order
 */
export async function harvestTogether(
  run: RunFolder,
  jobs: readonly { readonly job: HarvestJob; readonly open: () => Promise<Model> }[],
  options: {
    readonly signal?: AbortSignal | undefined
    /** Tokens done and in all, and the number of the job. */
    readonly onProgress?: ((done: number, total: number, job: number) => void) | undefined
  } = {},
): Promise<Harvest[]> {
  const of = (m: number): HarvestOptions => ({
    signal: options.signal,
    onProgress: (done, total) => options.onProgress?.(done, total, m),
  })
  const own: Harvest[] = []
  for (const [m, { job, open }] of jobs.entries()) own.push(await harvest(run, job, open, of(m)))
  const union = jobs[0]!.job.texts.map((_, i) =>
    [...new Set(own.flatMap((h) => h.sinks[i]!))].sort((a, b) => a - b),
  )
  const together: Harvest[] = []
  for (const [m, { job, open }] of jobs.entries()) {
    const first = own[m]!
    const differing = [...union.keys()].filter((i) => union[i]!.length > first.sinks[i]!.length)
    together.push(
      differing.length === 0 || !job.pools.includes('mean')
        ? { ...first, sinks: union }
        : await replaceMeans(run, job, open, first, union, differing, of(m)),
    )
  }
  return together
}

async function replaceMeans(
  run: RunFolder,
  job: HarvestJob,
  open: () => Promise<Model>,
  first: Harvest,
  union: readonly (readonly number[])[],
  differing: readonly number[],
  options: HarvestOptions,
): Promise<Harvest> {
  const again = await harvest(
    run,
    {
      ...job,
      texts: differing.map((i) => job.texts[i]!),
      pools: ['mean'],
      exclude: new Map(differing.map((i, k) => [k, union[i]!])),
    },
    open,
    options,
  )
  return {
    hash: `${first.hash}+${again.hash}`,
    reused: first.reused && again.reused,
    sinks: union,
    load: async (layer, pool) => {
      const out = await first.load(layer, pool)
      if (pool !== 'mean') return out
      const means = await again.load(layer, 'mean')
      for (const [k, i] of differing.entries()) row(out, i).set(row(means, k))
      return out
    },
  }
}

function name(shard: number): string {
  return `shard-${String(shard).padStart(5, '0')}`
}

/** Site of a layer's pooled activations; -1 is the embedding. */
export function siteOf(layer: number): string {
  return layer < 0 ? 'hook_embed' : `blocks.${layer}.hook_resid_post`
}

async function harvestShard(
  model: Model,
  job: HarvestJob,
  packs: readonly (readonly number[])[],
  path: string,
  signal: AbortSignal | undefined,
  onProgress: (done: number) => void,
): Promise<void> {
  const d = job.key.width
  const items = packs.flat()
  // Only the shard's own texts go to the model, numbered from 0 in the order of its packs.
  const texts = items.map((item) => job.texts[item]!)
  let next = 0
  const own = packs.map((pack) => pack.map(() => next++))
  const all = [-1, ...job.layers]
  const pooled = new Map(
    all.flatMap((layer) => job.pools.map((pool) => [`${pool}.${layer}`, matrix(items.length, d)])),
  )
  const sinks: number[][] = items.map(() => [])
  await poolTexts(
    model,
    texts,
    {
      hooks: all.map(siteOf),
      signal,
      onProgress,
      tokens: (i, norms) => {
        const { content } = texts[i]!
        sinks[i] = sinksByNorm(
          job.layers.map((layer) => norms(siteOf(layer))),
          content,
        )
        const skip = [...sinks[i]!, ...(job.exclude?.get(items[i]!) ?? [])]
        return job.pools.map((pool) => tokensOf(pool, content, skip))
      },
    },
    ({ index, get }) => {
      for (const layer of all) {
        const vectors = get(siteOf(layer))
        for (const [k, pool] of job.pools.entries())
          row(pooled.get(`${pool}.${layer}`)!, index).set(row(vectors, k))
      }
    },
    own,
  )
  await writeSafetensors(
    `${path}.safetensors`,
    [...pooled].map(([key, m]) => ({ name: key, shape: [m.rows, m.cols], data: m.data })),
  )
  // The index comes last: a shard is there when its index is.
  await atomicWrite(`${path}.json`, JSON.stringify({ items, sinks } satisfies ShardIndex))
}

/** The tokens that a pool is over. */
function tokensOf(pool: Pool, content: Uint8Array, skip: readonly number[]): number[] {
  if (pool === 'last_template') return [content.length - 1]
  if (pool === 'last_content') return [content.lastIndexOf(1)]
  return positionsOf(usedTokens(content, skip))
}
