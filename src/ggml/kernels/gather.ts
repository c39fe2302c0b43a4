/**
 * Products with a sparse matrix, as ggml custom operations `void f(struct ggml_tensor * dst, int ith, int nth, void *)`.
 * The matrix comes as rows of (index, value): row r has the entries starts[r] to starts[r + 1].
 *
 *     sum: dst[r] = sum over its entries of value * rows[index]          (sparse x dense)
 *     dot: dst[i] = rows[index i] * x[r] lane by lane, for entry i of r  (a dense product, at a sparse matrix's places)
 *
 * `dot` leaves the lanes of a vector to be added up: dst is [lanes, entries]. Rows are of whole vectors. Every row
 * of dst is computed by one thread in the order of its entries, so that their number changes no bit.
 */

import type { Pointer } from '../bindings.ts'
import {
  Assembler,
  at,
  type Label,
  type Memory,
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
import { emitEntry, emitExit } from './frame.ts'
import { AVX512, type InstructionSet } from './isa.ts'
import { TENSOR } from './product.ts'
import { Bench, mixed, type ProductCall } from './verify.ts'

/** `dot-bf16`: rows of bf16, widened as they are read. */
export type GatherKind = 'sum' | 'dot' | 'dot-bf16'

/** Accumulators of a chunk of columns. */
const WIDE = 8
/** Sums of a product that need not wait for each other. */
const CHAINS = 4
const source = (i: number): number => TENSOR.src0 + 8 * i

/** Emits one of the two. */
export function emitGather(isa: InstructionSet, kind: GatherKind): Uint8Array {
  const a = new Assembler()
  const [rowLoop, end] = [a.label(), a.label()]
  a.endbr64()
  emitEntry(a, 16)
  const data = (register: number, i: number): void => {
    a.op('mov', rax, at(rdi, source(i)))
    a.op('mov', register, at(rax, TENSOR.data))
  }
  data(r8, 0)
  a.op('mov', r9, at(rax, TENSOR.nb1))
  a.op('mov', rbp, at(rax, TENSOR.ne0))
  a.shift('left', rbp, 2) // bytes of a row
  a.op('mov', r12, at(rdi, TENSOR.data))
  if (kind === 'sum') {
    data(r10, 1)
    data(r11, 2)
    data(rbx, 3)
    a.op('mov', r13, at(rdi, TENSOR.nb1))
    a.op('mov', r15, at(rdi, TENSOR.ne1))
  } else {
    data(rbx, 1)
    a.op('mov', r13, at(rax, TENSOR.nb1))
    a.op('mov', r15, at(rax, TENSOR.ne1))
    data(r10, 2)
    data(r11, 3)
  }
  // rows: r8, r9 bytes apart, rbp bytes long; starts: r10; indices: r11; dst: r12.
  // sum: values rbx, rows of dst r13 bytes apart. dot: x rbx, its rows r13 bytes apart. r15: how many rows.
  a.bind(rowLoop)
  a.op('cmp', rsi, r15)
  a.jumpIf('ge', end)
  a.move32(rcx, at(r10, 0, rsi, 4))
  a.move32(r14, at(r10, 4, rsi, 4))
  a.op('mov', rax, rsi)
  a.op('imul', rax, r13)
  a.op('add', rax, kind === 'sum' ? r12 : rbx)
  a.store(at(rsp, 8), rax)
  if (kind === 'sum') {
    a.store(at(rsp), rcx)
    emitSumRow(a, isa)
  } else emitDotRow(a, isa, kind === 'dot-bf16')
  a.op('add', rsi, rdx)
  a.jump(rowLoop)
  a.bind(end)
  emitExit(a, 16)
  return a.finish()
}

/** One row of dst: columns in chunks whose sums stay in registers. rdi: bytes of columns done. */
function emitSumRow(a: Assembler, isa: InstructionSet): void {
  const step = 4 * isa.lanes
  const [wide, narrow, done] = [a.label(), a.label(), a.label()]
  const chunk = (vectors: number): void => {
    const [loop, stored] = [a.label(), a.label()]
    for (let j = 0; j < vectors; j++) isa.zero(a, j)
    a.op('mov', rcx, at(rsp))
    a.bind(loop)
    a.op('cmp', rcx, r14)
    a.jumpIf('ge', stored)
    emitRowAddress(a)
    isa.broadcast(a, WIDE, at(rbx, 0, rcx, 4))
    for (let j = 0; j < vectors; j++) {
      const loaded = WIDE + 1 + (j % 4)
      isa.load(a, loaded, at(rax, step * j))
      isa.multiplyAdd(a, false, j, loaded, WIDE)
    }
    a.opImmediate('add', rcx, 1)
    a.jump(loop)
    a.bind(stored)
    a.op('mov', rax, at(rsp, 8))
    a.op('add', rax, rdi)
    for (let j = 0; j < vectors; j++) isa.store(a, j, at(rax, step * j), undefined)
    a.opImmediate('add', rdi, step * vectors)
  }
  a.moveImmediate(rdi, 0)
  a.bind(wide)
  emitUnlessLeft(a, WIDE * step, narrow)
  chunk(WIDE)
  a.jump(wide)
  a.bind(narrow)
  emitUnlessLeft(a, step, done)
  chunk(1)
  a.jump(narrow)
  a.bind(done)
}

/** The entries of one row: products with the row of x at [rsp + 8]. rdi: bytes of columns done. */
function emitDotRow(a: Assembler, isa: InstructionSet, bf16: boolean): void {
  const step = 4 * isa.lanes
  const [entry, wide, narrow, added, done] = Array.from({ length: 5 }, () => a.label()) as [
    Label,
    Label,
    Label,
    Label,
    Label,
  ]
  const add = (target: number, other: number): void =>
    isa === AVX512 ? a.evex('vaddps', target, target, other) : a.vex('vaddps', target, target, other)
  /** Loads go to registers 8 to 15. */
  const products = (vectors: number): void => {
    a.op('mov', r12, at(rsp, 8))
    a.op('add', r12, rdi)
    for (let j = 0; j < vectors; j++) {
      if (bf16) loadBf16(a, isa, 8 + j, at(rax, (step / 2) * j))
      else isa.load(a, 8 + j, at(rax, step * j))
      isa.load(a, 12 + j, at(r12, step * j))
      isa.multiplyAdd(a, false, j, 8 + j, 12 + j)
    }
    a.opImmediate('add', rax, (bf16 ? step / 2 : step) * vectors)
    a.opImmediate('add', rdi, step * vectors)
  }
  a.store(at(rsp), r12)
  a.bind(entry)
  a.op('cmp', rcx, r14)
  a.jumpIf('ge', done)
  for (let j = 0; j < CHAINS; j++) isa.zero(a, j)
  a.moveImmediate(rdi, 0)
  emitRowAddress(a)
  a.bind(wide)
  a.op('mov', r12, rbp)
  a.op('sub', r12, rdi)
  a.opImmediate('cmp', r12, CHAINS * step)
  a.jumpIf('l', narrow)
  products(CHAINS)
  a.jump(wide)
  a.bind(narrow)
  a.op('mov', r12, rbp)
  a.op('sub', r12, rdi)
  a.opImmediate('cmp', r12, step)
  a.jumpIf('l', added)
  products(1)
  a.jump(narrow)
  a.bind(added)
  add(0, 1)
  add(2, 3)
  add(0, 2)
  a.op('mov', rax, rcx)
  a.shift('left', rax, Math.log2(step))
  a.op('add', rax, at(rsp))
  isa.store(a, 0, at(rax), undefined)
  a.opImmediate('add', rcx, 1)
  a.jump(entry)
  a.bind(done)
  a.op('mov', r12, at(rsp))
}

/** Widens a vector of bf16. */
function loadBf16(a: Assembler, isa: InstructionSet, register: number, memory: Memory): void {
  // vpslld has opcode extension 6; its target is the second operand.
  if (isa === AVX512) {
    a.evex('vpmovzxwd', register, 0, memory, { bytes: 32 })
    a.evex('vpslld', 6, register, register, { immediate: 16 })
  } else {
    a.vex('vpmovzxwd', register, 0, memory)
    a.vex('vpslld', 6, register, register, { immediate: 16 })
  }
}

/** rax: the address of column rdi of the row of entry rcx. */
function emitRowAddress(a: Assembler): void {
  a.move32(rax, at(r11, 0, rcx, 4))
  a.op('imul', rax, r9)
  a.op('add', rax, r8)
  a.op('add', rax, rdi)
}

/** Jumps where fewer than `bytes` of columns are left. */
function emitUnlessLeft(a: Assembler, bytes: number, to: Label): void {
  a.op('mov', rax, rbp)
  a.op('sub', rax, rdi)
  a.opImmediate('cmp', rax, bytes)
  a.jumpIf('l', to)
}

/** Largest error allowed, relative to the sum of the absolute products. */
const LIMIT = 1e-5
/** What memory beside the results holds, and must hold afterwards. */
const UNTOUCHED = 0x7f5a_a5a5

/**
 * Tests one before its first use: rows with no entry, one and many, over every remainder of a chunk, against
 * float64, on one thread and on two.
 *
 * @throws Error saying what is wrong
 */
export function verifyGather(isa: InstructionSet, kind: GatherKind, call: ProductCall): void {
  const [N, R] = [7, 5]
  const rowBytes = kind === 'dot-bf16' ? 2 : 4
  const counts = [3, 0, 1, 17, 4]
  const starts = [0]
  for (const n of counts) starts.push(starts.at(-1)! + n)
  const entries = starts.at(-1)!
  for (let vectors = 1; vectors <= 2 * WIDE + 1; vectors++) {
    const d = vectors * isa.lanes
    const stride = d + isa.lanes // of all matrices, in words
    const [rowsOut, columnsOut] = kind === 'sum' ? [R, d] : [entries, isa.lanes]
    const outStride = kind === 'sum' ? stride : isa.lanes
    using bench = new Bench([
      ['rows', N * stride * rowBytes],
      ['x', R * stride * 4],
      ['starts', starts.length * 4],
      ['indices', entries * 4],
      ['values', entries * 4],
      ['dst data', (rowsOut + 1) * outStride * 4],
      ['dst', TENSOR.bytes],
      ...([0, 1, 2, 3] as const).map((i) => [`src${i}`, TENSOR.bytes] as const),
    ])
    const fill = (name: string, seed: number): Float32Array => {
      const values = new Float32Array(bench.bytes(name).buffer)
      for (let i = 0; i < values.length; i++) values[i] = mixed(seed + i) / 2 ** 31 - 1
      return values
    }
    const [x, values] = [fill('x', 10_000), fill('values', 20_000)]
    const rows = kind === 'dot-bf16' ? fillBf16(bench.view('rows')) : fill('rows', 0)
    bench.words('starts').set(starts)
    const indices = bench.words('indices')
    for (let i = 0; i < entries; i++) indices[i] = mixed(i) % N
    bench.tensor('src0', d, N, stride * rowBytes, bench.address('rows'))
    const others = kind === 'sum' ? ['starts', 'indices', 'values'] : ['x', 'starts', 'indices']
    others.forEach((name, i) => {
      bench.tensor(`src${i + 1}`, d, R, stride * 4, bench.address(name))
    })
    bench.tensor('dst', columnsOut, rowsOut, outStride * 4, bench.address('dst data'))
    for (let i = 0; i < 4; i++) bench.view('dst').setBigUint64(source(i), bench.address(`src${i}`), true)
    const expected = (row: number, column: number): { sum: number; size: number } => {
      let [sum, size] = [0, 0]
      const add = (term: number): void => {
        sum += term
        size += Math.abs(term)
      }
      if (kind === 'sum')
        for (let i = starts[row]!; i < starts[row + 1]!; i++)
          add(values[i]! * rows[indices[i]! * stride + column]!)
      else {
        const r = starts.findIndex((_, s) => row < starts[s + 1]!)
        for (let t = column; t < d; t += isa.lanes)
          add(rows[indices[row]! * stride + t]! * x[r * stride + t]!)
      }
      return { sum, size }
    }
    let alone: Uint32Array | undefined
    for (const threads of [1, 2]) {
      const words = bench.words('dst data').fill(UNTOUCHED)
      for (let i = 0; i < threads; i++) call(bench.address('dst'), i, threads, 0n)
      const found = new Float32Array(words.buffer)
      for (let at = 0; at < words.length; at++) {
        const [row, column] = [Math.floor(at / outStride), at % outStride]
        if (row >= rowsOut || column >= columnsOut) {
          if (words[at] !== UNTOUCHED) throw new Error(`it writes outside its result (${d} columns)`)
          continue
        }
        const { sum, size } = expected(row, column)
        const error = Math.abs(found[at]! - sum)
        if (!(error <= LIMIT * size)) throw new Error(`element ${row}, ${column} of ${d} is off by ${error}`)
      }
      alone ??= words.slice()
      if (words.some((word, i) => word !== alone![i])) throw new Error(`${threads} threads give other bits`)
    }
  }
}

/** Fills memory with bf16 between -1 and 1, and gives their values. */
function fillBf16(view: DataView): Float32Array {
  const values = new Float32Array(view.byteLength / 2)
  for (let i = 0; i < values.length; i++) {
    const sign = mixed(i) & 0x8000
    view.setUint16(2 * i, sign | 0x3f00 | (mixed(i) & 0x7f), true) // 0.5 to 1
    values[i] = (sign === 0 ? 1 : -1) * (0.5 + (mixed(i) & 0x7f) / 256)
  }
  return values
}

/** The addresses of all. */
export interface GatherKernels {
  readonly sum: Pointer
  readonly dot: Pointer
  readonly dotBf16: Pointer
  /** Columns must be a multiple of it. */
  readonly lanes: number
}
