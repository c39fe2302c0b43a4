/**
 * RMS norm as a ggml custom operation `void f(struct ggml_tensor * dst, int ith, int nth, void *)`: for each row x of
 * src0 [n, R], n a multiple of 16,
 *
 *     y = (x scale) w,   scale = 1 / sqrt(mean(x^2) + eps)         w: src1 [n], or none
 *
 * Both products are rounded, as ggml's two operations round them: with the weight in here or behind it a row has the
 * same bits. Squares are summed in four times sixteen lanes, in one register or two, joined in one order. eps is part of
 * the code.
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
import { emitConstants, Vectors } from './exponential.ts'
import { emitEntry, emitExit } from './frame.ts'
import type { InstructionSet } from './isa.ts'
import { TENSOR } from './product.ts'
import { emitReduce, STEP } from './softmax.ts'
import { Bench, mixed, type ProductCall, runRows } from './verify.ts'

export interface NormKind {
  readonly eps: number
  readonly weighted: boolean
}

/** Chains of sums: enough that none waits for the one before it. */
const CHAINS = 4
// Vector registers: sums from 0 on, eight at most; emitReduce takes 7.
const [x, width, epsilon, scale] = [8, 9, 10, 11] as const

/** Emits it. */
export function emitNorm(isa: InstructionSet, { eps, weighted }: NormKind): Uint8Array {
  const a = new Assembler()
  const v = new Vectors(a, isa, r10)
  const [table, rowLoop, end] = [a.label(), a.label(), a.label()]
  const halves = STEP / isa.lanes
  /** Does something with every register's worth of a row; rcx: the number of its first element without `offset` bytes. */
  const sweep = (body: (sum: number, offset: number) => void): void => {
    const [whole, rest, done] = [a.label(), a.label(), a.label()]
    const step = (chain: number): void => {
      for (let h = 0; h < halves; h++) body(halves * chain + h, 4 * (STEP * chain + isa.lanes * h))
    }
    a.moveImmediate(rcx, 0)
    a.opImmediate('cmp', rbp, 0)
    a.jumpIf('e', rest)
    a.bind(whole)
    for (let chain = 0; chain < CHAINS; chain++) step(chain)
    a.opImmediate('add', rcx, CHAINS * STEP)
    a.op('cmp', rcx, rbp)
    a.jumpIf('l', whole)
    a.bind(rest)
    a.op('cmp', rcx, r14)
    a.jumpIf('ge', done)
    step(0)
    a.opImmediate('add', rcx, STEP)
    a.jump(rest)
    a.bind(done)
  }
  const element = (base: number, offset: number): Memory => at(base, offset, rcx, 4)

  a.endbr64()
  emitEntry(a, 8)
  a.addressOf(r10, table)
  a.op('mov', rax, at(rdi, TENSOR.src0))
  a.op('mov', r8, at(rax, TENSOR.data))
  a.op('mov', r9, at(rax, TENSOR.nb1))
  a.op('mov', r14, at(rax, TENSOR.ne0))
  a.op('mov', r15, at(rax, TENSOR.ne1))
  if (weighted) {
    a.op('mov', rax, at(rdi, TENSOR.src1))
    a.op('mov', r11, at(rax, TENSOR.data))
  }
  a.op('mov', r12, at(rdi, TENSOR.data))
  a.op('mov', r13, at(rdi, TENSOR.nb1))
  a.op('mov', rbp, r14)
  a.opImmediate('and', rbp, -CHAINS * STEP) // elements in which every chain takes part
  a.store(at(rsp), r14)
  v.spread(width, at(rsp))
  v.op('vcvtdq2ps', width, 0, width)
  a.moveImmediate(rax, f32Bits(eps))
  a.store(at(rsp), rax)
  v.spread(epsilon, at(rsp))

  a.bind(rowLoop) // rows ith, ith + nth, ...
  a.op('cmp', rsi, r15)
  a.jumpIf('ge', end)
  a.op('mov', rbx, rsi)
  a.op('imul', rbx, r9)
  a.op('add', rbx, r8)
  a.op('mov', rdi, rsi)
  a.op('imul', rdi, r13)
  a.op('add', rdi, r12)
  for (let sum = 0; sum < CHAINS * halves; sum++) isa.zero(a, sum)
  sweep((sum, offset) => {
    v.load(x, element(rbx, offset))
    v.op('vfmadd231ps', sum, x, x)
  })
  for (let apart = halves; apart < CHAINS * halves; apart *= 2)
    for (let sum = 0; sum < CHAINS * halves; sum += 2 * apart)
      for (let h = 0; h < halves; h++) v.op('vaddps', sum + h, sum + h, sum + h + apart)
  if (halves === 2) v.op('vaddps', 0, 0, 1)
  emitReduce(a, isa, v, 'vaddps', 0)
  v.op('vdivps', 0, 0, width)
  v.op('vaddps', 0, 0, epsilon)
  v.op('vsqrtps', 0, 0, 0)
  v.spread(scale, 'one')
  v.op('vdivps', scale, scale, 0)
  sweep((_, offset) => {
    v.op('vmulps', x, scale, element(rbx, offset))
    if (weighted) v.op('vmulps', x, x, element(r11, offset))
    v.store(element(rdi, offset), x)
  })
  a.op('add', rsi, rdx)
  a.jump(rowLoop)

  a.bind(end)
  emitExit(a, 8)
  emitConstants(a, table)
  return a.finish()
}

function f32Bits(value: number): number {
  return new Int32Array(Float32Array.of(value).buffer)[0]!
}

/** Largest error allowed, relative to an element. */
const LIMIT = 3e-7
/** Every number of steps beside whole rounds of the chains, with none, one and more of those. */
const WIDTHS = [16, 32, 48, 64, 80, 96, 112, 128, 240, 576] as const

/**
 * Tests it before its first use against float64: rows in which eps counts and such in which it does not, a row of zeros and
 * one with an element that is no number, on one thread and on two.
 *
 * @throws Error saying what is wrong
 */
export function verifyNorm(kind: NormKind, call: ProductCall): void {
  const sizes = [1, 0.001, 0.03, 40, 0, Number.NaN]
  const R = sizes.length
  for (const n of WIDTHS) {
    const [stride, outStride] = [n + 3, n + 5]
    using bench = new Bench([
      ['x', R * stride * 4],
      ['w', n * 4],
      ['y', R * outStride * 4],
      ...['dst', 'src0', 'src1'].map((name) => [name, TENSOR.bytes] as const),
    ])
    const values = new Float32Array(bench.bytes('x').buffer).fill(Number.NaN) // between rows, too
    const weights = new Float32Array(bench.bytes('w').buffer)
    for (let i = 0; i < n; i++) weights[i] = mixed(i + n) / 2 ** 31 - 1
    for (const [r, size] of sizes.entries()) {
      for (let i = 0; i < n; i++) values[r * stride + i] = (mixed(r * n + i) / 2 ** 31 - 1) * (size || 0)
      if (Number.isNaN(size)) values[r * stride + n - 1] = size
    }
    bench.tensor('src0', n, R, stride * 4, bench.address('x'))
    bench.tensor('src1', n, 1, n * 4, bench.address('w'))
    bench.tensor('dst', n, R, outStride * 4, bench.address('y'))
    for (const i of [0, 1])
      bench.view('dst').setBigUint64(TENSOR.src0 + 8 * i, bench.address(`src${i}`), true)
    const found = runRows(bench, call, { piece: 'y', rows: R, words: n, stride: outStride }, `${n} wide`)
    for (let r = 0; r < R; r++) {
      const row = values.subarray(r * stride, r * stride + n)
      for (const [i, wanted] of normOf(row, kind.weighted ? weights : undefined, kind.eps).entries()) {
        const y = found[r * outStride + i]!
        const right = Number.isNaN(wanted)
          ? Number.isNaN(y)
          : Math.abs(y - wanted) <= LIMIT * Math.abs(wanted)
        if (!right) throw new Error(`element ${i} of row ${r}, ${n} wide, is off by ${Math.abs(y - wanted)}`)
      }
    }
  }
}

/** What a row comes to, in float64 from the definition; eps is taken as the f32 that the code holds. */
export function normOf(row: Float32Array, weights: Float32Array | undefined, eps: number): Float64Array {
  const mean = row.reduce((sum, value) => sum + value * value, 0) / row.length
  const scale = 1 / Math.sqrt(mean + Math.fround(eps))
  return Float64Array.from(row, (value, i) => value * scale * (weights?.[i] ?? 1))
}
