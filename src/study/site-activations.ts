/**
 * Activations at one site, for dictionaries: of the tokens that count, in every model the same ones; and how the
 * activations of one model are given the mean and mean norm of another.
 */

import { type Matrix, matrix } from '../core/matrix.ts'
import { planPacks } from '../model/layout.ts'
import { type Model, PACK_TOKENS } from '../model/model.ts'
import type { ModelKey } from './harvest.ts'
import type { TokenizedText } from './inputs.ts'
import type { RunFolder } from './run-folder.ts'
import { shardedStep } from './shards.ts'

const VERSION = 1
/** Packs in a shard: some 4,000 tokens. */
const PACKS_PER_SHARD = 8

/** Texts and the tokens of each that count: content, without what is a sink in any model. */
export interface CountedTexts {
  readonly texts: readonly TokenizedText[]
  readonly used: readonly Uint8Array[]
  /** Hash of both. */
  readonly hash: string
}

/** Texts in shards of whole packs: the same plan whatever is missing. */
export function shardsOf(texts: readonly TokenizedText[]): number[][][] {
  const packs = planPacks(
    texts.map((t) => t.tokens.length),
    PACK_TOKENS,
  )
  return Array.from({ length: Math.ceil(packs.length / PACKS_PER_SHARD) }, (_, s) =>
    packs.slice(s * PACKS_PER_SHARD, (s + 1) * PACKS_PER_SHARD),
  )
}

/**
 * Activations of the tokens that count, text after text.
 *
 * @returns x [tokens, d], and where each text of the shard begins: one more than there are texts
 */
export async function siteRows(
  model: Model,
  site: string,
  of: CountedTexts,
  shard: readonly (readonly number[])[],
  signal?: AbortSignal,
): Promise<{ x: Matrix; starts: number[]; items: number[] }> {
  const items = shard.flat()
  let next = 0
  const own = shard.map((pack) => pack.map(() => next++))
  const starts = [0]
  for (const i of items) starts.push(starts.at(-1)! + of.used[i]!.reduce((n, yes) => n + yes, 0))
  let x: Matrix | undefined
  await model.stream(
    items.map((i) => of.texts[i]!),
    { hooks: [site], ...(signal === undefined ? {} : { signal }) },
    (result) => {
      const all = result.get(site)
      x ??= matrix(starts.at(-1)!, all.cols)
      let at = starts[result.index]!
      of.used[items[result.index]!]!.forEach((yes, t) => {
        if (yes === 1) x!.data.set(all.data.subarray(t * all.cols, (t + 1) * all.cols), x!.cols * at++)
      })
    },
    own,
  )
  return { x: x ?? matrix(0, 0), starts, items }
}

/** Mean, and root mean square distance from it, of activations at a site. */
export interface Moments {
  readonly mean: readonly number[]
  readonly norm: number
}

/** Moments over the tokens that count of some texts; a step of the run. */
export async function siteMoments(
  run: RunFolder,
  key: ModelKey,
  site: string,
  of: CountedTexts,
  open: () => Promise<Model>,
  signal?: AbortSignal,
): Promise<Moments> {
  const plan = shardsOf(of.texts)
  const spec = { kind: 'moments', version: VERSION, params: { key, site, texts: of.hash } }
  const { shards } = await shardedStep(run, spec, plan.length, open, async (model, s) =>
    momentSums((await siteRows(model, site, of, plan[s]!, signal)).x),
  )
  return momentsOf(shards)
}

/** What moments are made of, of some rows. */
export interface MomentSums {
  readonly rows: number
  readonly sum: readonly number[]
  readonly squares: number
}

/** Sums over the rows of x [n, d]. */
export function momentSums(x: Matrix): MomentSums {
  const sum = new Array<number>(x.cols).fill(0)
  let squares = 0
  x.data.forEach((v, i) => {
    sum[i % x.cols]! += v
    squares += v * v
  })
  return { rows: x.rows, sum, squares }
}

/** Moments over the rows of all parts, one at least. */
export function momentsOf(parts: readonly MomentSums[]): Moments {
  const rows = parts.reduce((n, s) => n + s.rows, 0)
  const mean = parts[0]!.sum.map((_, j) => parts.reduce((n, s) => n + s.sum[j]!, 0) / rows)
  const squares = parts.reduce((n, s) => n + s.squares, 0) / rows
  return { mean, norm: Math.sqrt(Math.max(0, squares - mean.reduce((n, v) => n + v * v, 0))) }
}

/** One model's activations with the mean and mean norm of another: what a shift or a change of scale hides. */
export interface Restoration {
  readonly from: Moments
  readonly to: Moments
}

/**
 * (x - mean) * norm' / norm + mean', row by row: undoes any shift and any rescaling exactly.
 *
 * @param x [n, d] of the model whose moments are `from`
 */
export function restore(x: Matrix, { from, to }: Restoration): Matrix {
  const scale = from.norm === 0 ? 1 : to.norm / from.norm
  return matrix(
    x.rows,
    x.cols,
    x.data.map((v, i) => (v - from.mean[i % x.cols]!) * scale + to.mean[i % x.cols]!),
  )
}
