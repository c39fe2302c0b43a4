/**
 * Products of quantised weights with activations of 8 bits, for decoding steps: a ggml custom operation as product.ts
 * has it, for AVX-512 VNNI. Both sides are blocks of 32 numbers along K: activations d q with q signed bytes
 * (quantise.ts), weights s u + m with u unsigned ones (bytes.ts). So over a block
 *
 *     sum of w x = s d (sum of u q) + m d (sum of q)
 *
 * where the sums are of whole numbers and exact; blocks are added up in f32 in rising order, 32 of them at most before
 * the sum goes to the result. Weights of signed types have no m: u is 128 more than what it stands for, and the sum of
 * u q begins at -128 (sum of q), which is exact, too.
 */

import {
  Assembler,
  at,
  type Memory,
  r8,
  r9,
  r10,
  r11,
  r12,
  r14,
  r15,
  rax,
  rbp,
  rbx,
  rcx,
  rdi,
  rdx,
  rsi,
} from './assembler.ts'
import { BLOCK, depthOf, emitCountBlocks, emitCountWords, hasMinimum } from './bytes.ts'
import type { OwnBlocks } from './dequantise.ts'
import { emitEntry, emitExit, emitFetch, emitTimes } from './frame.ts'
import { AVX512, type MaskContext } from './isa.ts'
import { emitPack, type Source } from './pack.ts'
import {
  DEPTH,
  emitKeptPlace,
  emitOperands,
  emitPackWords,
  emitPanels,
  emitPlus,
  emitRows,
  emitScratch,
  type PanelFrame,
  panelFrame,
  TENSOR,
} from './product.ts'
import { SIDE_BYTES } from './quantise.ts'
import { emitResults } from './tile.ts'

/** Steps of four numbers in a block. */
const STEPS = BLOCK / 4
const { columns: COLUMNS, vectors: VECTORS } = AVX512
/** Bytes of a line of a panel. */
const LINE = 4 * COLUMNS
/** Rows of a tile: each has three sums of whole numbers and three in f32. */
const ROWS = 4

/** Lines that each block of a tile brings nearer of what comes next: all of it, from some 60 rows on. */
const AHEAD = 2

const FLOATS = ROWS * VECTORS
const WEIGHTS = 2 * FLOATS
const BROADCASTS = [27, 28, 29, 30, 31] as const

/**
 * Emits a product.
 *
 * @param type of the weights; of panels that are kept, one that is packed as they are
 * @param source how they are packed; `kept`: they were before (kept.ts)
 */
export function emitEightBit(type: OwnBlocks, source: (Source & { kind: 'bytes' }) | 'kept'): Uint8Array {
  const a = new Assembler()
  const { slot, bytes: frame } = panelFrame()
  const masks: MaskContext = { slot: slot.mask, table: a.label() } // AVX-512 needs neither
  const start = a.label()
  a.endbr64()
  a.jump(start)
  const pack = source === 'kept' ? undefined : emitPack(a, AVX512, source, DEPTH)
  a.bind(start)
  emitEntry(a, frame)
  a.store(slot.panel, rsi)
  a.store(slot.threads, rdx)
  if (source === 'kept') emitFetch(a, slot.panels, rcx, 0)
  else emitScratch(a, AVX512, slot.scratch)
  emitOperands(a, slot)
  a.op('mov', rax, at(rcx, TENSOR.ne0))
  a.store(slot.numbers, rax)
  emitCountWords(a, rax, type, rcx)
  a.store(slot.K, rax)

  const each = (): void => {
    if (source === 'kept') {
      emitKeptPlace(a, AVX512, slot)
      a.store(slot.scratch, rax)
    } else emitPackWords(a, AVX512, slot, source, pack!)
    emitPlus(a, slot)
    a.op('mov', rax, r15)
    AVX512.limitColumns(a, masks)
    if (source === 'kept') {
      // What is to be multiplied next, the panel's next words or the thread's next panel
      const within = a.label()
      a.op('mov', rax, slot.words)
      emitTimes(a, rax, LINE, rcx)
      a.op('mov', rdx, slot.scratch)
      a.op('add', rdx, rax)
      a.op('mov', rax, slot.from)
      a.op('add', rax, slot.words)
      a.op('cmp', rax, slot.K)
      a.jumpIf('l', within)
      a.op('mov', rdx, slot.panel)
      a.op('add', rdx, slot.threads)
      a.op('imul', rdx, slot.K)
      emitTimes(a, rdx, LINE, rcx)
      a.op('add', rdx, slot.panels)
      a.bind(within)
      a.store(slot.ahead, rdx)
    }
    a.op('mov', r8, slot.xStride)
    a.op('lea', r9, at(r8, 0, r8, 2))
    a.op('mov', rbp, slot.M) // rows left
    // r14: the first row's quants of this chunk; rdi: from them to what lies beside them
    a.op('mov', rax, slot.from)
    emitCountBlocks(a, rax, type, rcx)
    a.op('mov', rdi, rax)
    emitTimes(a, rdi, SIDE_BYTES, rcx)
    a.op('add', rdi, slot.numbers)
    a.shift('left', rax, Math.log2(BLOCK))
    a.op('sub', rdi, rax)
    a.op('mov', r14, slot.x)
    a.op('add', r14, rax)
    a.op('mov', r12, slot.panel)
    emitTimes(a, r12, LINE, rax)
    a.op('add', r12, slot.y)

    emitRows(a, ROWS, (count) => emitBlocks(a, count, type, slot, source === 'kept'))
  }
  emitPanels(a, AVX512, slot, each, depthOf(type))
  emitExit(a, frame)
  return a.finish()
}

/**
 * `count` rows of a panel's columns over the blocks of a chunk, added to the rows from r12 on (r13 bytes apart), or
 * stored where no words came before. r14: quants, rdi: from them to what lies beside them, r8 and r9: once and three
 * times the bytes between rows. Moves r12 on; clobbers rax, rbx, rcx, rdx, rsi, r10 and r11.
 */
function emitBlocks(a: Assembler, count: number, type: OwnBlocks, slot: PanelFrame, ahead: boolean): void {
  const minimum = hasMinimum(type)
  /** What lies `offset` bytes behind a base in a row. */
  const ofRow = (base: number, row: number, offset: number): Memory =>
    row === 0 ? at(base, offset) : row === 3 ? at(base, offset, r9, 1) : at(base, offset, r8, row as 1 | 2)
  let turn = 0
  const broadcast = (memory: Memory): number => {
    const register = BROADCASTS[turn++ % BROADCASTS.length]!
    a.evex('vbroadcastss', register, 0, memory, { bytes: 4 })
    return register
  }
  const line = (memory: (offset: number) => Memory): void => {
    for (let j = 0; j < VECTORS; j++) AVX512.load(a, WEIGHTS + j, memory(64 * j))
  }
  const each = (body: (row: number, j: number, sum: number) => void): void => {
    for (let row = 0; row < count; row++) for (let j = 0; j < VECTORS; j++) body(row, j, VECTORS * row + j)
  }
  a.op('mov', rax, r14)
  a.op('lea', rbx, at(r14, 0, rdi, 1))
  a.op('mov', r10, slot.scratch)
  a.op('mov', r11, slot.words)
  emitCountBlocks(a, r11, type, rcx)
  a.op('mov', rdx, r11)
  emitTimes(a, rdx, LINE, rcx) // from scales to minima
  a.op('lea', rsi, at(r10, 0, rdx, 8)) // scales, behind eight lines of quants a block
  each((_, __, sum) => AVX512.zero(a, FLOATS + sum))
  if (ahead) a.op('mov', rcx, slot.ahead)
  a.align(32)
  const loop = a.bind()
  each((row, j, sum) => {
    if (minimum) AVX512.zero(a, sum)
    else if (j === 0) a.evex('vbroadcastss', sum, 0, ofRow(rbx, row, 8), { bytes: 4 })
    else a.evex('vmovups', sum, 0, sum - j)
  })
  for (let step = 0; step < STEPS; step++) {
    line((offset) => at(r10, step * LINE + offset))
    for (let row = 0; row < count; row++) {
      const x = broadcast(ofRow(rax, row, 4 * step))
      for (let j = 0; j < VECTORS; j++) a.evex('vpdpbusd', VECTORS * row + j, WEIGHTS + j, x)
    }
  }
  line((offset) => at(rsi, offset))
  for (let row = 0; row < count; row++) {
    const d = broadcast(ofRow(rbx, row, 0))
    for (let j = 0; j < VECTORS; j++) {
      const sum = VECTORS * row + j
      a.evex('vcvtdq2ps', sum, 0, sum)
      a.evex('vmulps', sum, sum, WEIGHTS + j)
      a.evex('vfmadd231ps', FLOATS + sum, sum, d)
    }
  }
  if (minimum) {
    line((offset) => at(rsi, offset, rdx, 1))
    for (let row = 0; row < count; row++) {
      const d = broadcast(ofRow(rbx, row, 4))
      for (let j = 0; j < VECTORS; j++) a.evex('vfmadd231ps', FLOATS + VECTORS * row + j, WEIGHTS + j, d)
    }
  }
  if (ahead) {
    for (let i = 0; i < AHEAD; i++) a.prefetch(at(rcx, 64 * i))
    a.opImmediate('add', rcx, 64 * AHEAD)
  }
  a.opImmediate('add', rax, BLOCK)
  a.opImmediate('add', rbx, SIDE_BYTES)
  a.opImmediate('add', r10, STEPS * LINE)
  a.opImmediate('add', rsi, LINE)
  a.opImmediate('sub', r11, 1)
  a.jumpIf('ne', loop)
  if (ahead) a.store(slot.ahead, rcx)

  a.op('mov', rdx, slot.from)
  emitResults(a, AVX512, count, { base: FLOATS, now: slot.now })
  a.op('mov', r12, rsi)
}
