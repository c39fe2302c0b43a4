/**
 * A ggml tensor as TypeScript sees it: an address, an element type, and the shape and strides that every
 * operation is checked against before ggml, which ends the process on a wrong shape, sees it.
 *
 * ggml's order is fastest first: `ne = [columns, rows, ...]`. A row-major matrix [out, in] is ne [in, out].
 */

import type { Pointer } from './bindings.ts'
import { blockElements, type GgmlType, plainBytes } from './types.ts'

/** Four extents, fastest first. */
export type Extents = readonly [number, number, number, number]

export interface Tensor {
  readonly pointer: Pointer
  readonly type: GgmlType
  /** Number of elements along each axis, fastest first. */
  readonly ne: Extents
  /** Bytes from one element to the next along each axis (blocks along the first). */
  readonly nb: Extents
}

/** Pads a shape with ones to four extents. */
export function extents(shape: readonly number[]): Extents {
  return [shape[0] ?? 1, shape[1] ?? 1, shape[2] ?? 1, shape[3] ?? 1]
}

/** Strides of a contiguous tensor. `typeBytes` is the size of a block. */
export function contiguousStrides(type: GgmlType, ne: Extents, typeBytes: number): Extents {
  const row = (ne[0] / blockElements(type)) * typeBytes
  return [typeBytes, row, row * ne[1], row * ne[1] * ne[2]]
}

export function elements(t: Tensor): number {
  return t.ne[0] * t.ne[1] * t.ne[2] * t.ne[3]
}

/** Whether rows follow each other without gaps, in order (axes of extent 1 do not matter). */
export function isContiguous(t: Tensor): boolean {
  const expected = contiguousStrides(t.type, t.ne, t.nb[0])
  return t.nb.every(
    (stride, axis) => t.ne[axis] === 1 || (axis === 0 ? isPacked(t) : stride === expected[axis]),
  )
}

/** Whether the elements of a row are adjacent. */
export function isPacked(t: Tensor): boolean {
  const bytes = plainBytes(t.type)
  return bytes === undefined || t.nb[0] === bytes
}

/** For messages: `F32 [576, 12]`. */
export function show(t: Tensor): string {
  const last = t.ne[3] > 1 ? 4 : t.ne[2] > 1 ? 3 : t.ne[1] > 1 ? 2 : 1
  return `${t.type} [${t.ne.slice(0, last).join(', ')}]`
}
