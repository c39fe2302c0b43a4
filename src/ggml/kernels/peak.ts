/** What the processor could do at most: multiply-adds of registers alone, as many as a tile has sums. */

import { Assembler, rax } from './assembler.ts'
import type { InstructionSet } from './isa.ts'

/** Rounds of the loop: some ten milliseconds. */
const ROUNDS = 3 << 19

/** Operations that one thread does in {@link emitPeak}. */
export function peakWork(isa: InstructionSet, bf16: boolean): number {
  return ROUNDS * isa.rows * isa.vectors * isa.lanes * (bf16 ? 4 : 2)
}

/** Emits a custom operation that multiplies zeros and touches no memory. */
export function emitPeak(isa: InstructionSet, bf16: boolean): Uint8Array {
  const a = new Assembler()
  const sums = isa.rows * isa.vectors
  a.endbr64()
  for (let i = 0; i <= sums; i++) isa.zero(a, i)
  a.moveImmediate(rax, ROUNDS)
  a.align(32)
  const loop = a.bind()
  for (let i = 0; i < sums; i++) isa.multiplyAdd(a, bf16, i, sums, sums)
  a.opImmediate('sub', rax, 1)
  a.jumpIf('ne', loop)
  a.vzeroupper()
  a.ret()
  return a.finish()
}
