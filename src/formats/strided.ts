/** Tensors whose elements do not lie one after the other (transposed views, Fortran order), put in order. */

import { type MappedFile, memoryFile } from './mapped-file.ts'

/**
 * A row-major copy of a strided tensor in memory of its own.
 *
 * @param file where the elements lie; the caller has checked that every one is inside
 * @param offset byte of the first element
 * @param width bytes of an element: 1, 2, 4 or 8
 * @param strides in elements, one per axis
 */
export function packStrided(
  file: MappedFile,
  offset: number,
  width: number,
  shape: readonly number[],
  strides: readonly number[],
): MappedFile {
  const count = shape.reduce((a, b) => a * b, 1)
  const reach = shape.reduce((a, n, axis) => a + (n - 1) * strides[axis]!, 0) + 1
  const out = memoryFile(file.path, Math.max(count * width, 1))
  if (count === 0) return out
  // Aligned copies: a view of the file may start at any byte.
  const source = elementsOf(file.bytes(offset, reach * width).slice(), width)
  const target = elementsOf(out.bytes(0, count * width), width)
  const columns = shape.at(-1) ?? 1
  const step = strides.at(-1) ?? 1
  const index = new Array<number>(Math.max(shape.length - 1, 0)).fill(0)
  let from = 0
  for (let to = 0; to < count; to += columns) {
    for (let c = 0; c < columns; c++) target[to + c] = source[from + c * step]!
    for (let axis = index.length - 1; axis >= 0; axis--) {
      from += strides[axis]!
      if (++index[axis]! < shape[axis]!) break
      from -= shape[axis]! * strides[axis]!
      index[axis] = 0
    }
  }
  return out
}

/** Strides of a row-major tensor, in elements. */
export function rowMajorStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1)
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * shape[axis + 1]!
  return strides
}

/** Whether strides are row-major, up to axes of extent one. */
export function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  const expected = rowMajorStrides(shape)
  return shape.includes(0) || shape.every((n, axis) => n === 1 || strides[axis] === expected[axis])
}

/** Elements as bit patterns, so that copying never changes a NaN. */
function elementsOf(
  bytes: Uint8Array,
  width: number,
): Uint8Array | Uint16Array | Uint32Array | BigUint64Array {
  const n = bytes.byteLength / width
  if (width === 2) return new Uint16Array(bytes.buffer, bytes.byteOffset, n)
  if (width === 4) return new Uint32Array(bytes.buffer, bytes.byteOffset, n)
  if (width === 8) return new BigUint64Array(bytes.buffer, bytes.byteOffset, n)
  return bytes
}
