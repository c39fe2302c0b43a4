/** Holds what the kernels assume of ggml's structs against real ones. */

import koffi from '../../core/ffi.ts'
import type { Pointer } from '../bindings.ts'
import type { Engine } from '../library.ts'
import { blockBytes, blockElements, type GgmlType, TYPE_IDS } from '../types.ts'
import { BATCH } from './batched.ts'
import { TENSOR } from './product.ts'

/** Room for a few small tensors with their data. */
const CONTEXT_BYTES = 1 << 16

/**
 * Compares the offsets in `TENSOR` with tensors that ggml made.
 *
 * @throws Error naming the field that lies elsewhere
 */
export function checkTensorLayout(engine: Engine): void {
  const { base } = engine
  const context = base.init({ mem_size: CONTEXT_BYTES, mem_buffer: null, no_alloc: false })
  if (context === null) throw new Error('no memory for the check of ggml_tensor')
  try {
    const a = base.newTensor4d(context, TYPE_IDS.F32, 3, 5, 7, 11)
    const b = base.newTensor4d(context, TYPE_IDS.F32, 3, 13, 7, 11)
    const product = base.mulMat(context, a, b)
    const [q, k, v] = [a, a, a].map(() => base.newTensor4d(context, TYPE_IDS.F32, 8, 2, 1, 1))
    const mask = base.newTensor4d(context, TYPE_IDS.F16, 2, 2, 1, 1)
    const attention = base.flashAttnExt(context, q!, k!, v!, mask, 1, 0, 0)
    const field = (tensor: Pointer, offset: number): bigint =>
      new DataView(koffi.view(tensor, TENSOR.bytes)).getBigUint64(offset, true)
    const expected: readonly (readonly [string, bigint, bigint])[] = [
      ['ne[0]', field(a, TENSOR.ne0), 3n],
      ['ne[1]', field(a, TENSOR.ne1), 5n],
      ['nb[1]', field(a, TENSOR.nb1), 12n],
      ['src[0]', field(product, TENSOR.src0), a],
      ['src[1]', field(product, TENSOR.src1), b],
      ['src[2]', field(attention, TENSOR.src2), v!],
      ['src[3]', field(attention, TENSOR.src3), mask],
      ['data', field(a, TENSOR.data), base.getData(a) ?? 0n],
    ]
    for (const [name, found, wanted] of expected)
      if (found !== wanted || wanted === 0n) throw new Error(`ggml_tensor has its ${name} elsewhere`)
  } finally {
    base.free(context)
  }
}

/** Offsets in `struct ggml_type_traits`: name, block, interleave, bytes, is_quantized, to_float. */
const TRAITS = { elements: 8, bytes: 24, toFloat: 40, size: 48 } as const

/**
 * The address of ggml's `void to_float(const void * x, float * y, int64_t k)` for a quantised type.
 *
 * @throws Error when the struct is not what it was taken for
 */
export function toFloatAddress(engine: Engine, type: GgmlType): Pointer {
  const traits = new DataView(koffi.view(engine.base.typeTraits(TYPE_IDS[type]), TRAITS.size))
  const elements = traits.getBigUint64(TRAITS.elements, true)
  const bytes = traits.getBigUint64(TRAITS.bytes, true)
  const toFloat = traits.getBigUint64(TRAITS.toFloat, true)
  if (elements !== BigInt(blockElements(type)) || bytes !== BigInt(blockBytes(type)) || toFloat === 0n)
    throw new Error(`ggml_type_traits of ${type} is laid out otherwise`)
  return toFloat
}

/** Offsets in `struct ggml_tensor` of what makes a node the operation that it is, and of its element type. */
export const OPERATION = { type: 0, op: 80, end: 148 } as const

/**
 * Compares the offsets in `BATCH` and `OPERATION` with tensors that ggml made.
 *
 * @throws Error naming the field that lies elsewhere
 */
export function checkBatchLayout(engine: Engine): void {
  const { base } = engine
  const context = base.init({ mem_size: CONTEXT_BYTES, mem_buffer: null, no_alloc: true })
  if (context === null) throw new Error('no memory for the check of ggml_tensor')
  try {
    const t = base.newTensor4d(context, TYPE_IDS.BF16, 3, 5, 7, 11)
    const sum = base.add(context, t, t)
    const product = base.mul(context, t, t)
    const view = (tensor: Pointer): DataView => new DataView(koffi.view(tensor, TENSOR.bytes))
    const fields: readonly (readonly [string, number, bigint])[] = [
      ['ne[2]', BATCH.ne2, 7n],
      ['ne[3]', BATCH.ne3, 11n],
      ['nb[0]', BATCH.nb0, 2n],
      ['nb[2]', BATCH.nb2, 30n],
    ]
    for (const [name, offset, wanted] of fields)
      if (view(t).getBigUint64(offset, true) !== wanted)
        throw new Error(`ggml_tensor has its ${name} elsewhere`)
    if (view(t).getInt32(OPERATION.type, true) !== TYPE_IDS.BF16)
      throw new Error('ggml_tensor has its type elsewhere')
    // Two nodes that differ in nothing but their operation: one becomes the other.
    copyOperation(sum, product)
    if (base.opDescription(product) !== base.opDescription(sum))
      throw new Error('ggml_tensor has its operation elsewhere')
  } finally {
    base.free(context)
  }
}

/** Makes a node the operation that another one is, with its parameters; operands and result stay its own. */
export function copyOperation(from: Pointer, to: Pointer): void {
  const bytes = (t: Pointer): Uint8Array =>
    new Uint8Array(koffi.view(t, TENSOR.bytes), OPERATION.op, OPERATION.end - OPERATION.op)
  bytes(to).set(bytes(from))
}
