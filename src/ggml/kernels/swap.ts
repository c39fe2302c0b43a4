/**
 * Gives products of a finished graph to the kernels. ggml cannot differentiate an operation of ours, so a
 * gradient graph is built of ggml's own products, forward and backward, and those that a kernel can compute then
 * become custom operations, each in its place.
 */

import koffi from '../../core/ffi.ts'
import type { Backend } from '../backend.ts'
import type { Pointer } from '../bindings.ts'
import { TYPE_IDS } from '../types.ts'
import { BATCH, type Form } from './batched.ts'
import { copyOperation, OPERATION } from './layout.ts'
import { TENSOR } from './product.ts'

/** Room for one tensor that is never computed. */
const CONTEXT_BYTES = 1 << 12

/** GGML_N_TASKS_MAX: on every thread. */
const EVERY_THREAD = -1

/**
 * Swaps products among the nodes of a graph that has not been computed yet.
 *
 * @returns how many were swapped; 0 where kernels are off
 */
export function swapProducts(backend: Backend, graph: Pointer): number {
  const { base } = backend.engine
  const { kernels } = backend
  if (kernels?.kernels.isa === undefined) return 0
  let swapped = 0
  const nodes = base.graphNodes(graph)
  for (let i = 0; i < nodes; i++) {
    const node = base.graphNode(graph, i)
    const form = formOf(node, base.opDescription(node))
    const kernel = form === undefined ? undefined : kernels.batched(form)
    if (kernel === undefined) continue
    const context = base.init({ mem_size: CONTEXT_BYTES, mem_buffer: null, no_alloc: true })
    if (context === null) continue
    try {
      const { address, scratch } = kernel
      const none = new BigUint64Array(1)
      const custom = base.custom4d(context, TYPE_IDS.F32, 1, 1, 1, 1, none, 0, address, EVERY_THREAD, scratch)
      copyOperation(custom, node)
    } finally {
      base.free(context)
    }
    swapped++
  }
  return swapped
}

/** The form of a node that a kernel can compute. */
function formOf(node: Pointer, operation: string): Form | undefined {
  if (operation !== 'MUL_MAT' && operation !== 'OUT_PROD') return undefined
  const dst = shapeOf(node)
  const w = shapeOf(dst.source(0))
  const x = shapeOf(dst.source(1))
  for (const t of [dst, w, x])
    if (!t.isF32 || t.ne[2] !== dst.ne[2] || t.ne[3] !== dst.ne[3] || !t.batchesFollow) return undefined
  if (w.nb[0] !== 4) return undefined
  if (operation === 'MUL_MAT') return x.nb[0] === 4 ? 'pass' : undefined
  return x.nb[1] === 4 ? 'inputs' : x.nb[0] === 4 ? 'weights' : undefined
}

function shapeOf(tensor: Pointer) {
  const view = new DataView(koffi.view(tensor, TENSOR.bytes))
  const four = (from: number): number[] =>
    [0, 1, 2, 3].map((axis) => Number(view.getBigUint64(from + 8 * axis, true)))
  const ne = four(TENSOR.ne0)
  const nb = four(BATCH.nb0)
  return {
    ne,
    nb,
    isF32: view.getInt32(OPERATION.type, true) === TYPE_IDS.F32,
    /** One stride leads from matrix to matrix. */
    batchesFollow: ne[3] === 1 || nb[3] === ne[2]! * nb[2]!,
    source: (i: number): Pointer => view.getBigUint64(TENSOR.src0 + 8 * i, true),
  }
}
