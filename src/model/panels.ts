/**
 * Weights packed once. A decoding step has few rows, so that packing the weights for each costs more than multiplying with
 * them, above all where they are quantised; in passes of whole texts it costs 3 to 12%, which pays where there are many.
 * The panels are a copy, in a file that is mapped: small models have them, and large ones, whose weights are better left
 * in their files, pack as they go.
 */

import { machineMemory } from '../core/memory.ts'
import type { Backend } from '../ggml/backend.ts'
import { FEWEST_ROWS, type LinearOptions } from '../ggml/kernels/linear.ts'
import { keepPanels } from '../ggml/panels.ts'
import type { Weights } from './weights.ts'

/** Whether steps of so many sequences use panels: fewer are multiplied by ggml. */
export function panelsServe(sequences: number): boolean {
  return sequences >= FEWEST_ROWS
}

/** Tokens of whole texts for which packing once takes half of the time that it saves, at most. */
const MANY_TOKENS = 1 << 16

/** Whether so many tokens are worth packing for: with half as many, it would take all the time that it saves. */
export function panelsPay(tokens: number): boolean {
  return tokens >= MANY_TOKENS
}

/** Share of the memory of machine or container that the panels of one model may take. */
const SHARE = 1 / 16

/**
 * Packs a model's weights, once, where they are few enough and kernels serve; numbers do not change by it. Call it inside
 * `backend.exclusive`.
 *
 * @param use `passes`: what blocks multiply with, where passes of whole texts do it as steps do; `steps`: the output, too
 * @throws PalimpsestError `engine-memory` (for the graph), `interrupted`
 */
export async function packWeights(
  backend: Backend,
  { layers, output }: Weights,
  precision: LinearOptions['precision'],
  use: 'passes' | 'steps',
  signal?: AbortSignal,
): Promise<void> {
  const maps = layers.flatMap(({ q, k, v, o, gate, up, down }) => [q, k, v, o, gate, up, down])
  const passes = use === 'passes'
  const weights = [...maps.map((map) => map.weight), ...(passes ? [] : [output])]
  await keepPanels(backend, weights, { precision, most: SHARE * machineMemory(), passes, signal })
}
