/**
 * The products of training as ggml custom operations: small, often many of one shape side by side (the heads of
 * a batch), and with either operand read along or across its rows. Each computes, for every matrix of a batch,
 *
 *     dst[M, N] = x[M, K] w[K, N]
 *
 * and the form says how w and x lie in memory:
 *
 *     form     w            x            what it is for y = x Wᵀ
 *     pass     rows [N, K]  rows [M, K]  the product itself
 *     inputs   rows [K, N]  rows [M, K]  the gradient by x: dY W
 *     weights  rows [K, N]  rows [K, M]  the gradient by W: dYᵀ X
 *
 * As in product.ts, panels of w are packed and tiles run over them. Threads share the matrices of a batch, or of
 * a single matrix the tiles of rows, so that they are busy alike where there are few columns. Every element is
 * summed in one order, wherever its tile lies: results do not depend on the number of threads.
 */

import {
  Assembler,
  at,
  type Memory,
  r8,
  r9,
  r12,
  r13,
  r14,
  r15,
  rax,
  rbp,
  rcx,
  rdi,
  rdx,
  rsi,
  rsp,
} from './assembler.ts'
import { emitEntry, emitExit, emitFetch } from './frame.ts'
import type { InstructionSet, MaskContext } from './isa.ts'
import { emitPack } from './pack.ts'
import { DEPTH, emitScratch, TENSOR } from './product.ts'
import { emitTile } from './tile.ts'

export type Form = 'pass' | 'inputs' | 'weights'

/** More offsets in `struct ggml_tensor`, held against real ones in layout.ts. */
export const BATCH = { ne2: 32, ne3: 40, nb0: 48, nb2: 64 } as const

/** Words of K in one chain of multiply-adds: gradients want speed before the last bit. */
const CHAIN = 64

const SLOTS = [
  'w',
  'wStride',
  'wBatch',
  'x',
  'xStride',
  'xBatch',
  'y',
  'yBatch',
  'N',
  'M',
  'K',
  'batches',
  'batch',
  'batchStep',
  'tile',
  'tileStep',
  'column',
  'from',
  'words',
  'scratch',
  'mask',
] as const
type Slot = (typeof SLOTS)[number]

/** Emits the product of a form: `void f(struct ggml_tensor * dst, int ith, int nth, void * scratch)`. */
export function emitBatched(isa: InstructionSet, form: Form): Uint8Array {
  const a = new Assembler()
  const { columns } = isa
  const slot = Object.fromEntries(SLOTS.map((name, i) => [name, at(rsp, 8 * i)])) as Record<Slot, Memory>
  const masks: MaskContext = { slot: slot.mask, table: a.label() }
  const fetch = (into: Memory, base: number, offset: number): void => emitFetch(a, into, base, offset)
  const set = (into: Memory, value: number): void => {
    a.moveImmediate(rax, value)
    a.store(into, rax)
  }
  const advance = (what: Memory, by: Memory): void => {
    a.op('mov', rax, by)
    a.op('add', rax, what)
    a.store(what, rax)
  }
  const [start, batchLoop, batchDone, columnLoop, depthLoop, depthDone, end] = labels(a, 7)

  a.endbr64()
  a.jump(start!)
  const pack = form === 'pass' ? emitPack(a, isa, { kind: 'words' }, DEPTH) : undefined
  a.bind(start!)
  emitEntry(a, SLOTS.length * 8)
  a.op('mov', r9, rdx)
  a.op('mov', r8, rsi)
  emitScratch(a, isa, slot.scratch) // userdata points to the address of the scratch
  a.op('mov', rcx, at(rdi, TENSOR.src0))
  a.op('mov', rdx, at(rdi, TENSOR.src1))
  fetch(slot.w, rcx, TENSOR.data)
  fetch(slot.wStride, rcx, TENSOR.nb1)
  fetch(slot.wBatch, rcx, BATCH.nb2)
  fetch(slot.x, rdx, TENSOR.data)
  // ggml's outer product takes x turned: then its rows lie along the first axis.
  fetch(slot.xStride, rdx, form === 'inputs' ? BATCH.nb0 : TENSOR.nb1)
  fetch(slot.xBatch, rdx, BATCH.nb2)
  fetch(slot.K, rdx, form === 'pass' ? TENSOR.ne0 : TENSOR.ne1)
  fetch(slot.y, rdi, TENSOR.data)
  fetch(slot.yBatch, rdi, BATCH.nb2)
  fetch(slot.N, rdi, TENSOR.ne0)
  fetch(slot.M, rdi, TENSOR.ne1)
  a.op('mov', r13, at(rdi, TENSOR.nb1))
  a.op('mov', rax, at(rdi, BATCH.ne2))
  a.op('imul', rax, at(rdi, BATCH.ne3))
  a.store(slot.batches, rax)

  // One matrix: threads take its tiles in turn; several: they take those in turn.
  const [single, shared] = labels(a, 2)
  a.opImmediate('cmp', rax, 1)
  a.jumpIf('e', single!)
  a.store(slot.batch, r8)
  a.store(slot.batchStep, r9)
  set(slot.tile, 0)
  set(slot.tileStep, 1)
  a.jump(shared!)
  a.bind(single!)
  set(slot.batch, 0)
  set(slot.batchStep, 1)
  a.store(slot.tile, r8)
  a.store(slot.tileStep, r9)
  a.bind(shared!)
  for (const [base, stride] of [
    [slot.w, slot.wBatch],
    [slot.x, slot.xBatch],
    [slot.y, slot.yBatch],
  ] as const) {
    a.op('mov', rax, stride)
    a.op('imul', rax, slot.batch)
    a.op('add', rax, base)
    a.store(base, rax)
    a.op('mov', rax, stride)
    a.op('imul', rax, slot.batchStep)
    a.store(stride, rax)
  }

  a.bind(batchLoop!)
  a.op('mov', rax, slot.batch)
  a.op('cmp', rax, slot.batches)
  a.jumpIf('ge', end!)
  set(slot.column, 0)

  a.bind(columnLoop!)
  a.op('mov', r15, slot.N)
  a.op('sub', r15, slot.column)
  a.jumpIf('le', batchDone!)
  a.moveImmediate(rax, columns)
  a.op('cmp', r15, rax)
  a.op('cmovg', r15, rax) // columns of this panel
  a.op('mov', rax, r15)
  isa.limitColumns(a, masks)
  set(slot.from, 0)

  a.bind(depthLoop!)
  a.op('mov', r8, slot.K)
  a.op('sub', r8, slot.from)
  a.jumpIf('le', depthDone!)
  a.moveImmediate(rax, DEPTH)
  a.op('cmp', r8, rax)
  a.op('cmovg', r8, rax)
  a.store(slot.words, r8)
  // Where the panel begins in w: rows of columns, or lines of K.
  const [outer, inner] = form === 'pass' ? [slot.column, slot.from] : [slot.from, slot.column]
  a.op('mov', rsi, outer)
  a.op('imul', rsi, slot.wStride)
  a.op('add', rsi, slot.w)
  a.op('mov', rax, inner)
  a.op('lea', rsi, at(rsi, 0, rax, 4))
  a.op('mov', rdi, slot.scratch)
  a.op('mov', rdx, slot.wStride)
  if (pack === undefined) emitLines(a, isa, masks)
  else {
    a.op('mov', rcx, r15)
    a.call(pack)
  }
  // The last panel may be narrower than a tile: its tiles are as many vectors wide as they must be.
  const [panelDone, ...wider] = labels(a, isa.vectors)
  for (let vectors = 1; vectors <= isa.vectors; vectors++) {
    if (vectors > 1) a.bind(wider[vectors - 2]!)
    if (vectors < isa.vectors) {
      a.opImmediate('cmp', r15, vectors * isa.lanes)
      a.jumpIf('g', wider[vectors - 1]!)
    }
    emitTiles(a, { ...isa, vectors }, form, slot, masks)
    if (vectors < isa.vectors) a.jump(panelDone!)
  }
  a.bind(panelDone!)
  a.opImmediate('add', slot.from, DEPTH)
  a.jump(depthLoop!)

  a.bind(depthDone!)
  a.opImmediate('add', slot.column, columns)
  a.jump(columnLoop!)

  a.bind(batchDone!)
  advance(slot.w, slot.wBatch)
  advance(slot.x, slot.xBatch)
  advance(slot.y, slot.yBatch)
  advance(slot.batch, slot.batchStep)
  a.jump(batchLoop!)

  a.bind(end!)
  emitExit(a, SLOTS.length * 8)
  isa.emitData(a, masks)
  return a.finish()
}

function labels(a: Assembler, count: number) {
  return Array.from({ length: count }, () => a.label())
}

/**
 * Copies r8 lines of the panel's columns from rsi on, rdx bytes apart, to rdi; past the columns zeros. Keeps all
 * but rdi, rsi, r8 and rcx.
 */
function emitLines(a: Assembler, isa: InstructionSet, masks: MaskContext): void {
  isa.loadMasks(a, masks)
  const loop = a.bind()
  for (let j = 0; j < isa.vectors; j++) {
    isa.zero(a, j)
    isa.add(a, j, at(rsi, 4 * isa.lanes * j), j)
    isa.store(a, j, at(rdi, 4 * isa.lanes * j), undefined)
  }
  a.op('add', rsi, rdx)
  a.opImmediate('add', rdi, 4 * isa.columns)
  a.opImmediate('sub', r8, 1)
  a.jumpIf('ne', loop)
}

/** The thread's tiles of rows over the packed panel. Keeps r13 and r15. */
function emitTiles(
  a: Assembler,
  isa: InstructionSet,
  form: Form,
  slot: Record<Slot, Memory>,
  masks: MaskContext,
): void {
  const { rows } = isa
  const across = form === 'weights'
  const [loop, remainder, done] = labels(a, 3)
  const scaled = (target: number, by: Memory, factor: number): void => {
    a.moveImmediate(target, factor)
    a.op('imul', target, by)
  }
  a.op('mov', r8, slot.xStride)
  scaled(rax, slot.tile, rows)
  a.op('mov', rbp, slot.M)
  a.op('sub', rbp, rax) // rows left
  a.op('mov', r12, r13)
  a.op('imul', r12, rax)
  a.op('add', r12, slot.y)
  a.op('mov', rcx, slot.column)
  a.op('lea', r12, at(r12, 0, rcx, 4))
  a.op('mov', r14, slot.from)
  if (across) {
    a.op('imul', r14, r8)
    a.op('lea', r14, at(r14, 0, rax, 4))
  } else {
    a.op('imul', rax, r8)
    a.op('lea', r14, at(rax, 0, r14, 4))
  }
  a.op('add', r14, slot.x)

  const tile = (count: number): void => emitTile(a, isa, count, { ...slot, masks }, { chain: CHAIN, across })
  a.bind(loop!)
  a.opImmediate('cmp', rbp, rows)
  a.jumpIf('l', remainder!)
  tile(rows)
  scaled(rax, slot.tileStep, rows)
  a.op('sub', rbp, rax)
  a.op('mov', rcx, rax)
  a.op('imul', rcx, r13)
  a.op('add', r12, rcx)
  if (across) a.op('lea', r14, at(r14, 0, rax, 4))
  else {
    a.op('imul', rax, r8)
    a.op('add', r14, rax)
  }
  a.jump(loop!)
  a.bind(remainder!)
  for (let count = rows - 1; count > 0; count--) {
    const other = a.label()
    a.opImmediate('cmp', rbp, count)
    a.jumpIf('ne', other)
    tile(count)
    a.jump(done!)
    a.bind(other)
  }
  a.bind(done!)
}
