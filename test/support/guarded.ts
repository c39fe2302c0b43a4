/**
 * Calls emitted code directly, for processes of their own, since a kernel that strays ends the process: operands lie
 * against unreadable pages, before or behind them, and the registers that C's calling convention keeps are checked.
 */
import koffi from '../../src/core/ffi.ts'
import {
  Assembler,
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

/** Calls `target(a, b, c, d)` with marked registers; 0 when the callee kept them. */
export function checkedCall(): (target: P, a: P, b: P, c: P, d: P) => number {
  const a = new Assembler()
  const keep = [rbx, rbp, r12, r13, r14, r15]
  const [bad, out] = [a.label(), a.label()]
  for (const r of keep) a.push(r)
  a.opImmediate('sub', rsp, 8)
  a.op('mov', rax, rdi)
  a.op('mov', rdi, rsi)
  a.op('mov', rsi, rdx)
  a.op('mov', rdx, rcx)
  a.op('mov', rcx, r8)
  for (const [i, r] of keep.entries()) a.moveImmediate(r, 0x1234500 + i)
  a.callRegister(rax)
  for (const [i, r] of keep.entries()) {
    a.opImmediate('cmp', r, 0x1234500 + i)
    a.jumpIf('ne', bad)
  }
  a.moveImmediate(rax, 0)
  a.jump(out)
  a.bind(bad)
  a.moveImmediate(rax, 1)
  a.bind(out)
  a.opImmediate('add', rsp, 8)
  for (const r of keep.reverse()) a.pop(r)
  a.ret()
  const type = koffi.proto('int64_t checked_call(void * t, void * a, int64_t b, int64_t c, void * d)')
  return koffi.decode(mapCode(a.finish()).address, type) as (target: P, a: P, b: P, c: P, d: P) => number
}

/** Unmaps what {@link guarded} gave. */
export function release(): void {
  for (const { p, bytes } of guards.splice(0)) munmap(p, bytes)
}

/** Upper halves of int arguments are undefined. */
export const JUNK = 0x7fff_ffff_0000_0000n
