/**
 * Packs weights once for many products (kernels/kept.ts): batch after batch in a small stage, and from there into a file
 * that is then mapped.
 */

import type { Backend } from './backend.ts'
import { Graph, GraphAllocator } from './graph.ts'
import type { LinearOptions } from './kernels/linear.ts'
import { type Pages, Refusal } from './kernels/memory.ts'
import { PanelFile } from './kernels/panel-file.ts'
import { type PanelPlan, PanelStage } from './kernels/panel-plan.ts'
import type { Tensor } from './tensor.ts'

export interface PanelOptions {
  readonly precision: LinearOptions['precision']
  /** Bytes that all panels of the backend may take. */
  readonly most: number
  /** For passes of whole texts, too: only weights that these multiply as steps do. */
  readonly passes?: boolean
  /** Bytes that are packed before they are written. */
  readonly stage?: number
  readonly signal?: AbortSignal | undefined
}

/** Large enough that a write is worth its call, and small beside any model. */
const STAGE = 8 << 20

/**
 * Packs weights that never change, so that products need not; numbers do not change by it. Where no kernels serve,
 * panels would take too much, or there is no place for the file, products pack as they go. Call it inside
 * `backend.exclusive`.
 *
 * @throws PalimpsestError `engine-memory` (for the graph), `interrupted`
 */
export async function keepPanels(
  backend: Backend,
  weights: readonly Tensor[],
  options: PanelOptions,
): Promise<void> {
  const { kernels } = backend
  const plan = kernels?.planPanels(weights, options.precision, options.most, options.passes)
  if (kernels === undefined || plan === undefined) return
  try {
    kernels.keep(plan, await packToFile(backend, plan, options))
  } catch (error) {
    if (!isRefusal(error)) throw error
  }
}

/** Whether the system gave no memory, no file, or no place for all of it. */
function isRefusal(error: unknown): boolean {
  return error instanceof Refusal || (error instanceof Error && 'syscall' in error)
}

/** @throws PalimpsestError as {@link keepPanels}; a refusal where the file can't be made, written or mapped */
async function packToFile(
  backend: Backend,
  plan: PanelPlan,
  { stage: most = STAGE, signal }: PanelOptions,
): Promise<Pages> {
  await using file = await PanelFile.create()
  const batches = plan.batches(most)
  using stage = new PanelStage(batches)
  using allocator = new GraphAllocator(backend)
  for (const batch of batches) {
    using graph = new Graph(backend, 3 * batch.length) // an operation, the rows that it packs, and their matrix
    const places = stage.place(batch, backend.kernels!.scratch!)
    for (const [i, slice] of batch.entries()) graph.expand(graph.packPanels(slice, places[i]!))
    await graph.compute(allocator, signal)
    await file.append(stage.panels(batch))
  }
  return await file.finish()
}
