/**
 * Rotary position embedding as a ggml custom operation `void f(struct ggml_tensor * dst, int ith, int nth, void *)`: each
 * row of src0 [heads d, R] is turned by the cosines c and sines s in the row of src1 [d, R] (rope-table.ts), every head of
 * d elements alike, d a multiple of 16:
 *
 *     y0 = x0 c - x1 s      `half`: elements i and i + d / 2, `adjacent`: 2 i and 2 i + 1;
 *     y1 = x1 c + x0 s      c lies where x0 does, and s where x1 does
 *
 * The product with s is rounded, then c is multiplied and added in one rounding: so both kinds of pairs have the same bits.
 * Time is that of moving the rows, so registers of eight lanes serve both instruction sets.
 */

import type { RopePairs } from '../operations.ts'
import {
  Assembler,
  at,
  r8,
  r9,
  r10,
  r11,
  r12,
  r13,
  r14,
  r15,
  rax,
  rbp,
  rbx,
  rcx,
  rdi,
  rdx,
  rsi,
  rsp,
} from './assembler.ts'
import { Vectors } from './exponential.ts'
import { emitEntry, emitExit, emitFetch } from './frame.ts'
import { AVX2 } from './isa.ts'
import { TENSOR } from './product.ts'
import { Bench, mixed, type ProductCall, runRows } from './verify.ts'

/** Heads are multiples of this: two registers, of which `half` turns one by the other. */
export const ROPE_STEP = 2 * AVX2.lanes
/** Rows that a thread takes at once: with every other row for another, the caches of both ask for each other's lines. */
const ROWS = 16
const VECTOR_BYTES = 4 * AVX2.lanes

/** On the stack: data and stride of the rows of x, of the table and of y; bytes and number of rows. */
const SLOTS = { x: 0, table: 16, y: 32, width: 48, rows: 56, bytes: 72 } as const

// Vector registers.
const [first, second, cosine, sine, product, other] = [0, 1, 2, 3, 4, 5] as const
/** Immediates of vpermilps: each pair's first element twice, its second twice, both exchanged. */
const [FIRST, SECOND, EXCHANGED] = [0xa0, 0xf5, 0xb1] as const

/** Emits it. */
export function emitRope(pairs: RopePairs): Uint8Array {
  const a = new Assembler()
  const v = new Vectors(a, AVX2, rax) // no constants
  const [blockLoop, rowLoop, headLoop] = [a.label(), a.label(), a.label()]
  const [loop, end] = [a.label(), a.label()]
  const half = pairs === 'half'

  a.endbr64()
  emitEntry(a, SLOTS.bytes)
  a.op('mov', r8, at(rdi, TENSOR.src0))
  a.op('mov', r9, at(rdi, TENSOR.src1))
  for (const [slot, tensor] of [
    [SLOTS.x, r8],
    [SLOTS.table, r9],
    [SLOTS.y, rdi],
  ] as const) {
    emitFetch(a, at(rsp, slot), tensor, TENSOR.data)
    emitFetch(a, at(rsp, slot + 8), tensor, TENSOR.nb1)
  }
  emitFetch(a, at(rsp, SLOTS.rows), r8, TENSOR.ne1)
  a.op('mov', rax, at(r8, TENSOR.ne0))
  a.shift('left', rax, 2)
  a.store(at(rsp, SLOTS.width), rax)
  a.op('mov', r14, at(r9, TENSOR.ne0)) // bytes of a head, or of half a head
  a.shift('left', r14, half ? 1 : 2)

  a.shift('left', rsi, Math.log2(ROWS))
  a.shift('left', rdx, Math.log2(ROWS))

  a.bind(blockLoop) // blocks of rows ith, ith + nth, ...
  a.op('cmp', rsi, at(rsp, SLOTS.rows))
  a.jumpIf('ge', end)
  a.op('mov', r15, rsi)
  a.op('lea', rbx, at(rsi, ROWS))
  a.op('cmp', rbx, at(rsp, SLOTS.rows))
  a.op('cmovg', rbx, at(rsp, SLOTS.rows))

  a.bind(rowLoop)
  for (const [register, slot] of [
    [r8, SLOTS.x],
    [r10, SLOTS.table],
    [r12, SLOTS.y],
  ] as const) {
    a.op('mov', register, r15)
    a.op('imul', register, at(rsp, slot + 8))
    a.op('add', register, at(rsp, slot))
  }
  a.op('mov', rbp, r8)
  a.op('add', rbp, at(rsp, SLOTS.width))
  if (half) a.op('lea', r11, at(r10, 0, r14))

  a.bind(headLoop)
  if (half) {
    a.op('lea', r9, at(r8, 0, r14))
    a.op('lea', r13, at(r12, 0, r14))
  }
  a.moveImmediate(rcx, 0)
  a.bind(loop)
  v.load(first, at(r8, 0, rcx))
  v.load(cosine, at(r10, 0, rcx))
  if (half) {
    v.load(second, at(r9, 0, rcx))
    v.load(sine, at(r11, 0, rcx))
    v.op('vmulps', product, second, sine)
    v.op('vmulps', other, first, sine)
    v.op('vfmsub213ps', first, cosine, product)
    v.op('vfmadd213ps', second, cosine, other)
    v.store(at(r13, 0, rcx), second)
  } else {
    v.op('vpermilps', other, 0, first, EXCHANGED)
    v.op('vpermilps', sine, 0, cosine, SECOND)
    v.op('vpermilps', cosine, 0, cosine, FIRST)
    v.op('vmulps', product, other, sine)
    v.op('vfmaddsub213ps', first, cosine, product)
  }
  v.store(at(r12, 0, rcx), first)
  a.opImmediate('add', rcx, VECTOR_BYTES)
  a.op('cmp', rcx, r14)
  a.jumpIf('l', loop)
  a.op('lea', r8, at(half ? r9 : r8, 0, r14))
  a.op('lea', r12, at(half ? r13 : r12, 0, r14))
  a.op('cmp', r8, rbp)
  a.jumpIf('l', headLoop)
  a.opImmediate('add', r15, 1)
  a.op('cmp', r15, rbx)
  a.jumpIf('l', rowLoop)
  a.op('add', rsi, rdx)
  a.jump(blockLoop)

  a.bind(end)
  emitExit(a, SLOTS.bytes)
  return a.finish()
}

/** Largest error allowed, relative to |x0 c| + |x1 s|: one rounding of a product and one of the sum. */
export const ROPE_LIMIT = 2 ** -23

/**
 * Tests it before its first use against float64: heads of several widths, one and more, a row with an element that is no
 * number, on one thread and on two.
 *
 * @throws Error saying what is wrong
 */
export function verifyRope(pairs: RopePairs, call: ProductCall): void {
  const R = ROWS + 3
  for (const [d, heads] of [
    [16, 1],
    [16, 3],
    [48, 2],
    [64, 9],
    [256, 1],
  ] as const) {
    const n = heads * d
    const [stride, tableStride, outStride] = [n + 3, d + 1, n + 5]
    using bench = new Bench([
      ['x', R * stride * 4],
      ['table', R * tableStride * 4],
      ['y', R * outStride * 4],
      ...['dst', 'src0', 'src1'].map((name) => [name, TENSOR.bytes] as const),
    ])
    const fill = (name: string, width: number, between: number): Float32Array => {
      const values = new Float32Array(bench.bytes(name).buffer).fill(Number.NaN) // between rows
      for (let r = 0; r < R; r++)
        for (let i = 0; i < width; i++) values[r * between + i] = mixed(r * n + i + width) / 2 ** 31 - 1
      return values
    }
    const values = fill('x', n, stride)
    const table = fill('table', d, tableStride)
    values[(R - 1) * stride + n - 1] = Number.NaN
    bench.tensor('src0', n, R, stride * 4, bench.address('x'))
    bench.tensor('src1', d, R, tableStride * 4, bench.address('table'))
    bench.tensor('dst', n, R, outStride * 4, bench.address('y'))
    for (const i of [0, 1])
      bench.view('dst').setBigUint64(TENSOR.src0 + 8 * i, bench.address(`src${i}`), true)
    const result = { piece: 'y', rows: R, words: n, stride: outStride }
    const found = runRows(bench, call, result, `${heads} heads of ${d}`)
    for (let r = 0; r < R; r++) {
      const row = values.subarray(r * stride, r * stride + n)
      const turned = turnedRow(row, table.subarray(r * tableStride, r * tableStride + d), pairs)
      for (const [i, [wanted, size]] of turned.entries()) {
        const y = found[r * outStride + i]!
        const right = Number.isNaN(wanted) ? Number.isNaN(y) : Math.abs(y - wanted) <= ROPE_LIMIT * size
        if (!right)
          throw new Error(
            `element ${i} of row ${r}, ${heads} heads of ${d}, is off by ${Math.abs(y - wanted)}`,
          )
      }
    }
  }
}

/** What each element of a row comes to, in float64 from the definition, and the size that its error is relative to. */
export function turnedRow(
  row: Float32Array,
  table: Float32Array,
  pairs: RopePairs,
): [value: number, size: number][] {
  const d = table.length
  return Array.from(row, (x, n) => {
    const i = n % d
    const isFirst = pairs === 'half' ? i < d / 2 : i % 2 === 0
    const apart = (pairs === 'half' ? d / 2 : 1) * (isFirst ? 1 : -1)
    const [c, s] = isFirst ? [table[i]!, table[i + apart]!] : [table[i + apart]!, table[i]!]
    const other = row[n + apart]!
    return [x * c + (isFirst ? -1 : 1) * other * s, Math.abs(x * c) + Math.abs(other * s)]
  })
}
