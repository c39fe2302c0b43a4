/**
 * A ggml tensor as TypeScript sees it: an address, an element type, and the shape and strides that every
 * operation is checked against before ggml, which ends the process on a wrong shape, sees it.
 *
 * ggml's order is fastest first: `ne = [columns, rows, ...]`. A row-major matrix [out, in] is ne [in, out].
 */

import { PalimpsestError } from '../core/errors.ts'
import type { Pointer } from './bindings.ts'
import { blockBytes, blockElements, type GgmlType } from './types.ts'

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

/**
 * Pads a shape with ones to four extents.
 *
 * @throws PalimpsestError `graph-shape` for more than four, or any that is not a positive integer
 */
export function extents(shape: readonly number[]): Extents {
  if (shape.length > 4 || !shape.every((n) => Number.isSafeInteger(n) && n > 0))
    throw shapeError('tensor', 'up to four positive integers', `[${shape.join(', ')}]`)
  return [shape[0] ?? 1, shape[1] ?? 1, shape[2] ?? 1, shape[3] ?? 1]
}

/**
 * Strides of a contiguous tensor.
 *
 * @throws PalimpsestError `graph-shape` when rows are not whole blocks of a quantised type
 */
export function contiguousStrides(type: GgmlType, ne: Extents): Extents {
  const block = blockElements(type)
  if (ne[0] % block !== 0) throw shapeError('tensor', `${type} rows of a multiple of ${block}`, `${ne[0]}`)
  const row = (ne[0] / block) * blockBytes(type)
  return [blockBytes(type), row, row * ne[1], row * ne[1] * ne[2]]
}

export function elements(t: Tensor): number {
  return t.ne[0] * t.ne[1] * t.ne[2] * t.ne[3]
}

/** Bytes from the first to the last element of a contiguous tensor. */
export function bytesOf(type: GgmlType, ne: Extents): number {
  return contiguousStrides(type, ne)[3] * ne[3]
}

/** Whether rows follow each other without gaps, in order (axes of extent 1 do not matter). */
export function isContiguous(t: Tensor): boolean {
  const expected = contiguousStrides(t.type, t.ne)
  return t.nb.every((stride, axis) => t.ne[axis] === blockOf(t, axis) || stride === expected[axis])
}

/** Whether the elements of a row are adjacent. */
export function isPacked(t: Tensor): boolean {
  return t.nb[0] === blockBytes(t.type)
}

function blockOf(t: Tensor, axis: number): number {
  return axis === 0 ? blockElements(t.type) : 1
}

/** What every operation throws instead of letting ggml end the process. */
export function shapeError(op: string, expected: string, found: string): PalimpsestError {
  return new PalimpsestError(
    'engine',
    'graph-shape',
    `An operation was given tensors that do not fit: ${op}.`,
    { expected, found, fix: 'This is a defect of the caller: please report it with its stack.' },
  )
}

/** For messages: `F32 [576, 12]`. */
export function show(t: Tensor): string {
  const last = t.ne[3] > 1 ? 4 : t.ne[2] > 1 ? 3 : t.ne[1] > 1 ? 2 : 1
  return `${t.type} [${t.ne.slice(0, last).join(', ')}]`
}
