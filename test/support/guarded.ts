/**
 * Calls emitted code directly, for processes of their own, since a kernel that strays ends the process: operands lie
 * against unreadable pages, before or behind them, and the registers that C's calling convention keeps are checked.
 */
import koffi from '../../src/core/ffi.ts'
import {
  Assembler,
  at,
  r8,
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
} from '../../src/ggml/kernels/assembler.ts'
import { mapCode } from '../../src/ggml/kernels/memory.ts'
import { TENSOR } from '../../src/ggml/kernels/product.ts'

export type P = bigint
const libc = koffi.load('libc.so.6')
const mmap = libc.func('void * mmap(void *, size_t, int, int, int, int64_t)') as (...a: unknown[]) => P
const mprotect = libc.func('int mprotect(void *, size_t, int)') as (...a: unknown[]) => number
const munmap = libc.func('int munmap(void *, size_t)') as (...a: unknown[]) => number
const PAGE = 4096
const guards: { p: P; bytes: number }[] = []

/** Memory with a page before and one behind it that nobody may touch; flush with the one or the other. */
export function guarded(bytes: number, atEnd: boolean): { address: P; view: DataView } {
  const inside = Math.ceil(bytes / PAGE) * PAGE
  const p = mmap(null, inside + 2 * PAGE, 3, 0x22, -1, 0)
  mprotect(p, PAGE, 0)
  mprotect(p + BigInt(PAGE + inside), PAGE, 0)
  guards.push({ p, bytes: inside + 2 * PAGE })
  const address = p + BigInt(PAGE + (atEnd ? inside - bytes : 0))
  return { address, view: new DataView(koffi.view(address, bytes)) }
}

/** Memory that is reserved and given when it is touched: more than there is. */
export function far(bytes: number): P {
  const MAP_PRIVATE_ANONYMOUS_NORESERVE = 0x4022
  const p = mmap(null, bytes, 3, MAP_PRIVATE_ANONYMOUS_NORESERVE, -1, 0)
  if (p === 0xffff_ffff_ffff_ffffn || p === -1n) throw new Error(`${bytes} bytes cannot be reserved`)
  guards.push({ p, bytes })
  return p
}

export function tensor(
  ne: readonly [number, number],
  stride: number,
  data: P,
  sources: readonly P[] = [],
): P {
  const { address, view } = guarded(TENSOR.bytes, true)
  view.setBigInt64(TENSOR.ne0, BigInt(ne[0]), true)
  view.setBigInt64(TENSOR.ne1, BigInt(ne[1]), true)
  view.setBigInt64(TENSOR.nb1, BigInt(stride), true)
  view.setBigUint64(TENSOR.data, data, true)
  for (const [i, source] of sources.entries()) view.setBigUint64(TENSOR.src0 + 8 * i, source, true)
  return address
}

/** What a callee did to the registers of its caller. */
export const KEPT = 0
export const LOST = { saved: 1, upperHalves: 2, control: 3 } as const

/** Where a checked call leaves what it found: 16 vector registers, then control words before and after. */
const FOUND = { vectors: 0, before: 512, after: 520, flags: 528, bytes: 536 } as const
/** Exceptions that were met stay marked in the low bits of mxcsr: they are nobody's to keep. */
const MXCSR_CONTROL = 0xffc0
const DIRECTION = 1 << 10

/**
 * A call of `target(a, b, c, d)` with marked registers, {@link KEPT} when the callee did all that C asks of it: it
 * keeps rbx, rbp and r12 to r15, the roundings of mxcsr and x87 and the direction of copies, and leaves the upper
 * halves of vector registers empty (with AVX code before, SSE code would be slow).
 */
export function checkedCall(): (target: P, a: P, b: P, c: P, d: P) => number {
  const a = new Assembler()
  const keep = [rbx, rbp, r12, r13, r14, r15]
  const [bad, out] = [a.label(), a.label()]
  const found = mmap(null, PAGE, 3, 0x22, -1, 0)
  const view = new DataView(koffi.view(found, FOUND.bytes))
  /** stmxcsr and fnstcw to an offset from rax. */
  const storeControl = (offset: number): void => {
    a.byte(0x0f, 0xae, 0x98)
    a.int32(offset)
    a.byte(0xd9, 0xb8)
    a.int32(offset + 4)
  }
  for (const r of keep) a.push(r)
  a.opImmediate('sub', rsp, 8)
  a.moveAddress(rax, found)
  storeControl(FOUND.before)
  a.op('mov', rax, rdi)
  a.op('mov', rdi, rsi)
  a.op('mov', rsi, rdx)
  a.op('mov', rdx, rcx)
  a.op('mov', rcx, r8)
  for (const [i, r] of keep.entries()) a.moveImmediate(r, 0x1234500 + i)
  a.callRegister(rax)
  a.moveAddress(rax, found)
  for (let i = 0; i < 16; i++) a.vex('vmovups_store', i, 0, at(rax, FOUND.vectors + 32 * i))
  a.vzeroupper()
  storeControl(FOUND.after)
  a.byte(0x9c) // pushfq
  a.pop(rcx)
  a.store(at(rax, FOUND.flags), rcx)
  a.byte(0xfc) // cld
  a.byte(0x0f, 0xae, 0x90) // ldmxcsr: as it was
  a.int32(FOUND.before)
  for (const [i, r] of keep.entries()) {
    a.opImmediate('cmp', r, 0x1234500 + i)
    a.jumpIf('ne', bad)
  }
  a.moveImmediate(rax, KEPT)
  a.jump(out)
  a.bind(bad)
  a.moveImmediate(rax, LOST.saved)
  a.bind(out)
  a.opImmediate('add', rsp, 8)
  for (const r of keep.reverse()) a.pop(r)
  a.ret()
  const type = koffi.proto('int64_t checked_call(void * t, void * a, int64_t b, int64_t c, void * d)')
  const call = koffi.decode(mapCode(a.finish()).address, type) as (...all: P[]) => number
  const control = (offset: number): number[] => [
    view.getUint32(offset, true) & MXCSR_CONTROL,
    view.getUint16(offset + 4, true),
  ]
  return (target, ...args) => {
    if (Number(call(target, ...args)) !== KEPT) return LOST.saved
    for (let i = 0; i < 16; i++)
      for (const half of [16, 24])
        if (view.getBigUint64(FOUND.vectors + 32 * i + half, true) !== 0n) return LOST.upperHalves
    const [mxcsr, x87] = control(FOUND.before)
    const [mxcsrAfter, x87After] = control(FOUND.after)
    const backwards = (view.getUint32(FOUND.flags, true) & DIRECTION) !== 0
    return mxcsr !== mxcsrAfter || x87 !== x87After || backwards ? LOST.control : KEPT
  }
}

/** Unmaps what {@link guarded} gave. */
export function release(): void {
  for (const { p, bytes } of guards.splice(0)) munmap(p, bytes)
}

/** Upper halves of int arguments are undefined. */
export const JUNK = 0x7fff_ffff_0000_0000n

/** f32 numbers of a product, each with one of as many others added: what a product gives that has something added to it. */
export function sumsOf(product: Uint8Array, plus: DataView): Uint8Array {
  const sums = new Float32Array(product.slice().buffer)
  for (let i = 0; i < sums.length; i++) sums[i]! += plus.getFloat32(4 * i, true)
  return new Uint8Array(sums.buffer)
}
