/**
 * Means over tokens of a pass that leave the activations where they are. The pass also makes the sum of squares of
 * each token at each hook point, and only these are read: they give the norms, from which the caller says what counts,
 * and they are finite only where every value is. Then a second graph over the same memory makes the means.
 *
 * Sums are f32 in chains of 16 tokens, then of 16 chains and so on, so that their error stays that of some twenty
 * additions however long the text.
 */

import { matrix, row } from '../core/matrix.ts'
import { Graph, type GraphAllocator, type SparseTensors } from '../ggml/graph.ts'
import type { GatherKernels } from '../ggml/kernels/gather.ts'
import type { Tensor } from '../ggml/tensor.ts'
import { explainNotFinite, findNotFinite, type NotFinite } from './finite.ts'
import { buildPass, type Pass, type PassOptions } from './forward.ts'
import type { Model } from './model.ts'
import type { ChooseRows, PassMeans } from './pooled.ts'

/** Terms that are added one after the other. */
const CHAIN = 16
/** Below it a sum of squares may lack some that were too small for f32. */
const LEAST_SQUARES = 1e-26

/** What the second graph needs. */
export interface PoolTools {
  readonly gather: GatherKernels
  readonly allocator: GraphAllocator
}

/**
 * Computes a pass and means over lists of its tokens. Inside {@link Model.alone}.
 *
 * @throws PalimpsestError `activation-nan`, `weight-nan`, `interrupted`
 */
export async function poolInGraph(
  model: Model,
  { gather, allocator }: PoolTools,
  options: PassOptions,
  choose: ChooseRows,
  signal: AbortSignal | undefined,
): Promise<PassMeans> {
  const squares = new Map<string, Tensor>()
  using pass = buildPass(model, { ...options, beside: sumsOfSquares(gather, options, squares) })
  await pass.graph.compute(model.allocator, signal)
  const norms = new Map<string, Float64Array>()
  for (const [hook, sums] of squares) {
    const found = normsOf(pass, hook, sums)
    if ('value' in found) throw await explainNotFinite(model, model.allocator, options, found)
    norms.set(hook, found)
  }
  const lists = choose(norms)
  if (lists.length === 0) return new Map([...pass.reads].map(([hook, x]) => [hook, matrix(0, x.ne[0])]))
  const levels = sumLevels(lists)
  using graph = new Graph(model.backend, 3 * levels.length + pass.reads.size * (1 + levels.length))
  const steps = levels.map(({ starts, indices }) => ({
    starts: graph.input('I32', [starts.length], starts),
    indices: graph.input('I32', [indices.length], indices),
    values: graph.input('F32', [indices.length], new Float32Array(indices.length).fill(1)),
  }))
  const sums = [...pass.reads].map(([hook, x]) => {
    const all = graph.borrow(pass.graph, x)
    return [
      hook,
      graph.output(steps.reduce((rows, step) => graph.gatherSum(gather, rows, step), all)),
    ] as const
  })
  await graph.compute(allocator, signal)
  return new Map(
    sums.map(([hook, sum]) => {
      const means = matrix(lists.length, sum.ne[0], graph.read(sum))
      for (const [i, list] of lists.entries()) {
        const sum = row(means, i)
        for (let j = 0; j < sum.length; j++) sum[j]! /= list.length
      }
      return [hook, means]
    }),
  )
}

/** The product of each token's activation with itself, right after it is computed, while it is at hand. */
function sumsOfSquares(
  gather: GatherKernels,
  { tokens, read }: PassOptions,
  squares: Map<string, Tensor>,
): PassOptions['beside'] {
  const n = tokens.length
  const each = Int32Array.from({ length: n + 1 }, (_, i) => i)
  let diagonal: SparseTensors | undefined
  return {
    tensors: 2 + 2 * read!.size,
    add: (graph, hook, x) => {
      diagonal ??= {
        starts: graph.input('I32', [n + 1], each),
        indices: graph.input('I32', [n], each.subarray(0, n)),
      }
      squares.set(hook, graph.output(graph.gatherDot(gather, x, x, diagonal)))
    },
  }
}

/** Norms of all tokens at a hook point, or the first value that is not finite. */
function normsOf({ graph, reads }: Pass, hook: string, sums: Tensor): Float64Array | NotFinite {
  const found = graph.read(sums)
  const x = reads.get(hook)!
  // The square of a finite value may be too large for f32.
  if (!found.every(Number.isFinite)) {
    const bad = findNotFinite([[hook, graph.read(x)]])
    if (bad !== undefined) return bad
  }
  const values = new Float32Array(x.ne[0])
  const norms = new Float64Array(found.length)
  for (let token = 0; token < norms.length; token++) {
    let sum = found[token]!
    if (!(sum >= LEAST_SQUARES && sum < Number.POSITIVE_INFINITY)) {
      sum = 0
      for (const value of graph.readPart(x, token * values.length, values)) sum += value ** 2
    }
    norms[token] = Math.sqrt(sum)
  }
  return norms
}

/** A sparse matrix of ones: which rows of what came before are added. */
interface SumLevel {
  readonly starts: Int32Array
  readonly indices: Int32Array
}

/** Sums over lists of rows, none of them empty, level upon level: the last has one row for each list. */
export function sumLevels(lists: readonly ArrayLike<number>[]): SumLevel[] {
  const levels: SumLevel[] = []
  let open = lists
  do {
    const starts = [0]
    const indices: number[] = []
    open = open.map((list) => {
      const chains: number[] = []
      for (let from = 0; from < list.length; from += CHAIN) {
        for (let i = from; i < Math.min(from + CHAIN, list.length); i++) indices.push(list[i]!)
        chains.push(starts.length - 1)
        starts.push(indices.length)
      }
      return chains
    })
    levels.push({ starts: Int32Array.from(starts), indices: Int32Array.from(indices) })
  } while (open.some((list) => list.length > 1))
  return levels
}
