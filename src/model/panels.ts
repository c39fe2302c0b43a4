/**
 * Weights packed once for decoding steps. A step has few rows, so that packing the weights for each costs more than
 * multiplying with them, above all where they are quantised. The panels are a copy, in a file that is mapped: small models
 * have them, and large ones, whose weights are better left in their files, pack as they go.
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

/** Share of the memory of machine or container that the panels of one model may take. */
const SHARE = 1 / 16

/**
 * Packs a model's weights for steps, once, where they are few enough and kernels serve; numbers do not change by it.
 * Call it inside `backend.exclusive`.
 *
 * @throws PalimpsestError `engine-memory` (for the graph), `interrupted`
 */
export async function packWeights(
  backend: Backend,
  { layers, output }: Weights,
  precision: LinearOptions['precision'],
  signal?: AbortSignal,
): Promise<void> {
  const maps = layers.flatMap(({ q, k, v, o, gate, up, down }) => [q, k, v, o, gate, up, down])
  const weights = [...maps.map((map) => map.weight), output]
  await keepPanels(backend, weights, { precision, most: SHARE * machineMemory(), signal })
}
