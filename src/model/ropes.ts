/** The rotary embeddings of a model's layers, with the tables that hold their cosines and sines. */

import type { RopePairs } from '../ggml/graph.ts'
import { RopeTable } from '../ggml/rope-table.ts'
import type { Architecture } from './architecture.ts'

/**
 * One for each layer, undefined where it has none; layers that turn alike share theirs.
 *
 * @param stored divisors of the frequencies that the model's file holds, in place of the architecture's
 */
export function ropesOf(
  { layers, headDim }: Pick<Architecture, 'layers' | 'headDim'>,
  pairs: RopePairs,
  stored?: Float32Array,
): (RopeTable | undefined)[] {
  const tables = new Map<string, RopeTable>()
  return layers.map(({ rope }) => {
    if (rope === undefined) return undefined
    const { theta, scale } = rope
    const factors = stored ?? rope.factors
    const key = [theta, scale, factors].join(' ')
    const table = tables.get(key) ?? new RopeTable({ headDim, theta, scale, factors, pairs })
    tables.set(key, table)
    return table
  })
}
