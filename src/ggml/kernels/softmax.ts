/**
 * The softmax of one row of scores, in place: a sweep for the soft cap where there is one, one for the largest, one
 * for exp and the sum, one that divides. Sixteen keys at a time, in one register or two, in the same order.
 */

import { type Assembler, at, type Memory, r8, r9, r10, rax, rdi, rsi } from './assembler.ts'
import { COUNT, Vectors } from './exponential.ts'
import type { InstructionSet } from './isa.ts'

/** Keys of a step. */
export const STEP = 16

/** 32-bit words in memory that say what a row sees. */
export interface SoftmaxWords {
  /** The number of the first score's key. */
  readonly from: Memory
  /** The first key that the row sees, and the end of those it sees. */
  readonly oldest: Memory
  readonly end: Memory
  /** f32, 0 for none: scores become cap tanh(score). */
  readonly softcap: Memory
  /** A free stack slot. */
  readonly temporary: Memory
}

// Vector registers.
const [largest, sum, restOfSum, numbers, numbersAbove] = [0, 1, 2, 3, 4] as const
const [oldest, end, x, n, p, seen] = [5, 6, 7, 8, 9, 10] as const
const [never, least, step, s] = [11, 12, 13, 14] as const

/**
 * Emits the softmax of the r8 scores from rsi on, rounded up to whole steps; keys that the row does not see get
 * zeros. r10: the table of constants. Clobbers rax, rdi, r9, the vectors 0 to 14 and k1.
 */
export function emitSoftmax(a: Assembler, isa: InstructionSet, words: SoftmaxWords): void {
  const { lanes } = isa
  const v = new Vectors(a, isa, r10)
  const halves = STEP / lanes
  const numbersOf = [numbers, numbersAbove]
  const sums = [sum, restOfSum]
  const sweep = (body: (half: number, memory: Memory) => void, numbered = true): void => {
    a.op('mov', rdi, rsi)
    a.op('mov', r9, r8)
    if (numbered) {
      v.spread(p, words.from)
      for (let h = 0; h < halves; h++) v.op('vpaddd', numbersOf[h]!, p, at(r10, COUNT + 4 * lanes * h))
    }
    const loop = a.bind()
    for (let h = 0; h < halves; h++) {
      body(h, at(rdi, 4 * lanes * h))
      if (numbered) v.op('vpaddd', numbersOf[h]!, numbersOf[h]!, step)
    }
    a.opImmediate('add', rdi, 4 * STEP)
    a.opImmediate('sub', r9, STEP)
    a.jumpIf('g', loop)
  }
  /** k1, or the register `seen`: which of a half's keys the row sees. */
  const look = (half: number): void => {
    const keys = numbersOf[half]!
    if (lanes === STEP) {
      a.evex('vpcmpd', 1, keys, end, { immediate: 1 }) // less than
      a.evex('vpcmpd', 1, keys, oldest, { immediate: 5, mask: 1 }) // and not less than
      return
    }
    v.op('vpcmpgtd', seen, oldest, keys)
    v.op('vpcmpgtd', s, end, keys)
    v.op('vandnps', seen, seen, s)
  }

  v.spread(oldest, words.oldest)
  v.spread(end, words.end)
  v.spread(never, 'minusInfinity')
  v.spread(least, 'least')
  a.moveImmediate(rax, STEP)
  a.store(words.temporary, rax)
  v.spread(step, words.temporary)

  const uncapped = a.label()
  a.move32(rax, words.softcap)
  a.opImmediate('cmp', rax, 0)
  a.jumpIf('e', uncapped)
  v.spread(sum, words.softcap)
  sweep((_, memory) => {
    v.load(x, memory)
    v.tanh(x, n, p, s, least)
    v.op('vmulps', x, x, sum)
    v.store(memory, x)
  }, false)
  a.bind(uncapped)

  v.load(largest, never)
  sweep((half, memory) => {
    look(half)
    if (lanes === STEP) a.evex('vmaxps', largest, largest, memory, { mask: 1 })
    else {
      v.op('vblendvps', x, never, memory, seen << 4)
      v.op('vmaxps', largest, largest, x)
    }
  })
  emitReduce(a, isa, v, 'vmaxps', largest)

  for (let h = 0; h < halves; h++) isa.zero(a, sums[h]!)
  sweep((half, memory) => {
    look(half)
    v.load(x, memory)
    v.op('vsubps', x, x, largest)
    v.exp(x, n, p, least)
    if (lanes === STEP) a.evex('vmovups', x, 0, x, { mask: 1, zeroing: true })
    else v.op('vandps', x, x, seen)
    v.op('vaddps', sums[half]!, sums[half]!, x)
    v.store(memory, x)
  })
  if (halves === 2) v.op('vaddps', sum, sum, restOfSum)
  emitReduce(a, isa, v, 'vaddps', sum)
  v.spread(x, 'one')
  v.op('vdivps', sum, x, sum)
  sweep((_, memory) => {
    v.op('vmulps', x, sum, memory)
    v.store(memory, x)
  }, false)
}

/** Joins the lanes of a register, so that each holds the result; the same tree in both sets. Clobbers vector 7. */
export function emitReduce(
  a: Assembler,
  isa: InstructionSet,
  v: Vectors,
  op: 'vmaxps' | 'vaddps',
  register: number,
): void {
  if (isa.lanes === STEP)
    for (const immediate of [0x4e, 0xb1]) {
      a.evex('vshuff32x4', x, register, register, { immediate })
      v.op(op, register, register, x)
    }
  else {
    a.vex('vperm2f128', x, register, register, { immediate: 1 })
    v.op(op, register, register, x)
  }
  for (const immediate of [0x4e, 0xb1]) {
    v.op('vpermilps', x, 0, register, immediate)
    v.op(op, register, register, x)
  }
}
