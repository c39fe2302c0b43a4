/** How every kernel begins and ends: `void f(struct ggml_tensor * dst, int ith, int nth, void * scratch)`. */

import {
  type Assembler,
  at,
  type Memory,
  r12,
  r13,
  r14,
  r15,
  rax,
  rbp,
  rbx,
  rdx,
  rsi,
  rsp,
} from './assembler.ts'

/** The registers that C's calling convention has a function keep. */
const SAVED = [rbx, rbp, r12, r13, r14, r15]

/** Saves registers, makes room for `bytes` on the stack, and widens ith in rsi and nth in rdx. */
export function emitEntry(a: Assembler, bytes: number): void {
  for (const register of SAVED) a.push(register)
  a.opImmediate('sub', rsp, bytes)
  a.move32(rsi, rsi) // the upper halves of int arguments hold anything
  a.move32(rdx, rdx)
}

/** Undoes it, and returns. */
export function emitExit(a: Assembler, bytes: number): void {
  a.opImmediate('add', rsp, bytes)
  a.vzeroupper()
  for (const register of [...SAVED].reverse()) a.pop(register)
  a.ret()
}

/** into <- the word `offset` bytes from where a register points. Clobbers rax. */
export function emitFetch(a: Assembler, into: Memory, base: number, offset: number): void {
  a.op('mov', rax, at(base, offset))
  a.store(into, rax)
}

/** register *= factor, by way of another register. */
export function emitTimes(a: Assembler, register: number, factor: number, temporary: number): void {
  a.moveImmediate(temporary, factor)
  a.op('imul', register, temporary)
}
