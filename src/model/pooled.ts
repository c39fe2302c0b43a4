/**
 * Means over tokens of texts at many hook points at once, without the activations where that is possible
 * (pool-graph.ts); elsewhere they are read, and the means are taken here.
 */

import { type Matrix, matrix, row } from '../core/matrix.ts'
import { GraphAllocator } from '../ggml/graph.ts'
import { packedAttention } from './cache.ts'
import { buildPass, type PassOptions } from './forward.ts'
import { hookWidth, matchHooks } from './hooks.ts'
import { PassArrays } from './item-result.ts'
import { type Item, type Model, PACK_TOKENS } from './model.ts'
import { rowNorms } from './norms.ts'
import { poolInGraph } from './pool-graph.ts'
import { meanOfRows } from './pooling.ts'
import { planSharedPacks, sharePrefixes } from './shared-prefixes.ts'

export interface PoolOptions {
  /** Hook points: names or globs. Patterns, which have no width, can't be pooled. */
  readonly hooks: readonly string[]
  /**
   * Of a text by its index, the positions of its tokens that each wanted mean is over, one at least. Asked once the
   * Euclidean norm of each of its tokens is known, at any of the hook points.
   */
  readonly tokens: (index: number, norms: (hook: string) => Float64Array) => readonly ArrayLike<number>[]
  readonly signal?: AbortSignal | undefined
  /** Called after each pass with the number of tokens done so far and in all. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined
}

export interface PooledText {
  readonly index: number
  /** The means that `tokens` asked for, one a row. */
  get(hook: string): Matrix
}

/** Means over some tokens of a pass at each hook point, one list a row. */
export type PassMeans = ReadonlyMap<string, Matrix>

/** Says which tokens of a pass each mean is over, from the norms [N] at each hook point. */
export type ChooseRows = (norms: ReadonlyMap<string, Float64Array>) => readonly Int32Array[]

/**
 * Runs texts pack by pack and hands means over their tokens to `onText`, in the order of the packs. Equal beginnings
 * of texts in a pack are computed once. Means are f32, off by some 1e-7 of the mean size of what they are over; where our
 * kernels serve, they have the same bits whichever texts share a pass and for any number of threads.
 *
 * @param packs which texts go into which pass; default: `planSharedPacks` over all of them
 * @throws PalimpsestError as {@link Model.stream}
 * @example
 * const hooks = ['blocks.*.hook_resid_post']
 * const all = items.map(({ tokens }) => tokens.map((_, t) => t))
 * await poolTexts(model, items, { hooks, tokens: (i) => [all[i]!] }, ({ index, get }) => {
 *   means[index] = row(get('blocks.3.hook_resid_post'), 0)
 * })
 */
export async function poolTexts(
  model: Model,
  texts: readonly (string | Item | readonly number[])[],
  options: PoolOptions,
  onText: (text: PooledText) => void | Promise<void>,
  packs?: readonly (readonly number[])[],
): Promise<void> {
  const items = model.items(texts)
  const { architecture, backend } = model
  const hooks = matchHooks(options.hooks, architecture)
  const widths = new Set(hooks.map((hook) => hookWidth(hook, architecture)))
  if (widths.has(0)) throw new RangeError('patterns cannot be pooled')
  // They serve rows of a width or not; which width is asked for makes no other difference.
  const kernels = [...widths].map((width) => backend.kernels?.kernels.gather(width))
  const gather = kernels.includes(undefined) ? undefined : kernels[0]
  using allocator = gather && new GraphAllocator(backend)
  const arrays = new PassArrays()
  const plan =
    packs ??
    planSharedPacks(
      items.map((item) => item.tokens),
      PACK_TOKENS,
    )
  const tokensOf = (pack: readonly number[]): number => pack.reduce((n, i) => n + items[i]!.tokens.length, 0)
  const total = tokensOf(plan.flat())
  await model.preparePasses(total, options.signal)
  let done = 0
  for (const pack of plan) {
    const { layout, rows } = sharePrefixes(pack.map((i) => items[i]!.tokens))
    const pass: PassOptions = {
      tokens: layout.tokens,
      positions: layout.positions,
      attention: packedAttention(layout, architecture),
      read: new Set(hooks),
    }
    const starts = [0]
    const choose: ChooseRows = (norms) => {
      const lists = pack.map((index, p) => {
        const own = rows[p]!
        const wanted = options.tokens(index, (hook) => Float64Array.from(own, (r) => norms.get(hook)![r]!))
        starts.push(starts[p]! + wanted.length)
        return wanted.map((positions) => Int32Array.from(positions, (t) => own[t]!))
      })
      if (lists.flat().some((list) => list.length === 0)) throw new RangeError('a mean over no tokens')
      return lists.flat()
    }
    const means = await model.alone(() =>
      gather && allocator
        ? poolInGraph(model, { gather, allocator }, pass, choose, options.signal)
        : poolRead(model, arrays, pass, choose, options.signal),
    )
    for (const [p, index] of pack.entries()) {
      const [from, to] = [starts[p]!, starts[p + 1]!]
      await onText({
        index,
        get: (hook) => {
          const { cols, data } = means.get(hook)!
          return matrix(to - from, cols, data.subarray(from * cols, to * cols))
        },
      })
    }
    done += tokensOf(pack)
    options.onProgress?.(done, total)
  }
}

/** Reads everything, and takes the means in f64. */
async function poolRead(
  model: Model,
  arrays: PassArrays,
  options: PassOptions,
  choose: ChooseRows,
  signal: AbortSignal | undefined,
): Promise<PassMeans> {
  using pass = buildPass(model, options)
  const { reads } = await model.computePass(pass, options, model.allocator, undefined, signal, arrays)
  const n = options.tokens.length
  const whole = [...reads].map(([hook, data]) => [hook, matrix(n, data.length / n, data)] as const)
  const lists = choose(new Map(whole.map(([hook, x]) => [hook, rowNorms(x)])))
  return new Map(
    whole.map(([hook, x]) => {
      const means = matrix(lists.length, x.cols)
      for (const [i, list] of lists.entries()) row(means, i).set(meanOfRows(x, list))
      return [hook, means]
    }),
  )
}
