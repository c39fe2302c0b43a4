/**
 * Activations of 8 bits: a ggml custom operation for AVX-512 that rounds rows of f32 in blocks of 32, as ggml does it for
 * its own products of quantised weights (Q8_1):
 *
 *     d = max |x| / 127        q = x / d to the nearest whole number, ties to even
 *
 * A row of dst is its K signed bytes, then for each block d, d (sum of q) in f32 and -128 (sum of q): `quantisedWords(K)`
 * words. A block with a number that is none, or infinite, has such a d, so that its products show it.
 */

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
  rax,
  rbx,
  rcx,
  rdi,
  rdx,
  rsi,
  rsp,
} from './assembler.ts'
import { BLOCK } from './bytes.ts'
import { emitEntry, emitExit } from './frame.ts'
import { TENSOR } from './product.ts'

/** Bytes behind the bytes of a row, for each block: d and d (sum of q) in f32, -128 (sum of q). */
export const SIDE_BYTES = 12

/** Words of a row of K numbers, whole blocks. */
export function quantisedWords(K: number): number {
  return (K + (K / BLOCK) * SIDE_BYTES) / 4
}

/** Blocks of numbers that are all below this are zeros: 127 / max would be infinite. */
const LEAST = 2 ** -100
/** vcmpps: not less than, or not a number. */
const NOT_LESS = 0x15

const [X0, X1, Q0, Q1, LARGEST, SCALE, T] = [0, 1, 2, 3, 4, 5, 6] as const
const [SIGN_OFF, STEPS, ONE_STEP, SMALL, ZERO] = [16, 17, 18, 19, 20] as const

/** Emits it. */
export function emitQuantise(): Uint8Array {
  const a = new Assembler()
  const word = new DataView(new ArrayBuffer(4))
  const constant = (register: number, bits: number): void => {
    a.moveImmediate(rax, bits)
    a.store(at(rsp), rax)
    a.evex('vbroadcastss', register, 0, at(rsp), { bytes: 4 })
  }
  const float = (register: number, value: number): void => {
    word.setFloat32(0, value)
    constant(register, word.getInt32(0))
  }
  const [rowLoop, end] = [a.label(), a.label()]
  a.endbr64()
  emitEntry(a, 8)
  a.op('mov', rcx, at(rdi, TENSOR.src0))
  a.op('mov', r8, at(rcx, TENSOR.data))
  a.op('mov', r9, at(rcx, TENSOR.nb1))
  a.op('mov', r10, at(rcx, TENSOR.ne0))
  a.op('mov', r11, at(rcx, TENSOR.ne1))
  a.op('mov', r12, at(rdi, TENSOR.data))
  a.op('mov', r13, at(rdi, TENSOR.nb1))
  constant(SIGN_OFF, 0x7fff_ffff)
  float(STEPS, 127)
  float(ONE_STEP, 1 / 127)
  float(SMALL, LEAST)
  a.evex('vpxord', ZERO, ZERO, ZERO)

  a.bind(rowLoop) // rows ith, ith + nth, ...
  a.op('cmp', rsi, r11)
  a.jumpIf('ge', end)
  a.op('mov', rax, rsi)
  a.op('imul', rax, r9)
  a.op('add', rax, r8) // numbers
  a.op('mov', rbx, rsi)
  a.op('imul', rbx, r13)
  a.op('add', rbx, r12) // quants
  a.op('lea', rcx, at(rbx, 0, r10, 1)) // what lies behind them
  a.op('mov', r14, r10) // numbers left
  const loop = a.bind()
  for (const [x, q, offset] of [
    [X0, Q0, 0],
    [X1, Q1, 64],
  ] as const) {
    a.evex('vmovups', x, 0, at(rax, offset))
    a.evex('vpandd', q, x, SIGN_OFF)
  }
  // By their bits: those of what is no number are above all others.
  a.evex('vpmaxud', LARGEST, Q0, Q1)
  join(a, 'vpmaxud', LARGEST)
  a.evex('vcmpps', 1, LARGEST, SMALL, { immediate: NOT_LESS })
  a.evex('vmulps', SCALE, LARGEST, ONE_STEP, { mask: 1, zeroing: true })
  a.evex('vdivps', LARGEST, STEPS, LARGEST, { mask: 1, zeroing: true })
  for (const [x, q, offset] of [
    [X0, Q0, 0],
    [X1, Q1, 16],
  ] as const) {
    a.evex('vmulps', x, x, LARGEST)
    a.evex('vcvtps2dq', q, 0, x)
    a.evex('vpmovsdb', q, 0, at(rbx, offset), { bytes: 16 })
  }
  a.evex('vpaddd', Q0, Q0, Q1)
  join(a, 'vpaddd', Q0)
  a.evex('vcvtdq2ps', X0, 0, Q0)
  a.evex('vmulps', X0, X0, SCALE)
  a.evex('vpslld', 6, Q0, Q0, { immediate: 7 }) // opcode extension 6; its target is the second operand
  a.evex('vpsubd', Q0, ZERO, Q0)
  for (const [i, register] of [SCALE, X0, Q0].entries())
    a.vex('vmovd_store', register, 0, at(rcx, 4 * i), { width: 128 })
  a.opImmediate('add', rax, 4 * BLOCK)
  a.opImmediate('add', rbx, BLOCK)
  a.opImmediate('add', rcx, SIDE_BYTES)
  a.opImmediate('sub', r14, BLOCK)
  a.jumpIf('ne', loop)
  a.op('add', rsi, rdx)
  a.jump(rowLoop)
  a.bind(end)
  emitExit(a, 8)
  return a.finish()
}

/** Joins the lanes of a register, so that each holds the result. Clobbers T. */
function join(a: Assembler, op: 'vpmaxud' | 'vpaddd', register: number): void {
  for (const immediate of [0x4e, 0xb1]) {
    a.evex('vshuff32x4', T, register, register, { immediate })
    a.evex(op, register, register, T)
  }
  for (const immediate of [0x4e, 0xb1]) {
    a.evex('vpermilps', T, 0, register, { immediate })
    a.evex(op, register, register, T)
  }
}
