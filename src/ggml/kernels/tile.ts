/**
 * The tile of a product: rows of activations times a packed panel's columns, summed in registers. docs/kernels.md draws it.
 */

import {
  type Assembler,
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
  rbx,
  rdi,
  rdx,
  rsi,
} from './assembler.ts'
import type { InstructionSet, MaskContext } from './isa.ts'

/** Steps of K that the inner loop does between two of its jumps. */
const UNROLL = 4

/** What a tile finds in the frame of its kernel: the packed panel, its words, and how many came before them. */
export interface TileFrame {
  readonly scratch: Memory
  readonly words: Memory
  readonly from: Memory
  readonly masks: MaskContext
  /** How far from the result that lies which is added to it with the last words, or zero (see {@link emitPlus}). */
  readonly now?: Memory
}

/**
 * `count` rows of sums, registers from `base` on, go to the rows from r12 on (r13 bytes apart). Before, what lies there is
 * added, unless rdx is zero, and what `now` says, where it does and the register `left` is zero. Leaves the row after in
 * rsi; clobbers r11.
 */
export function emitResults(
  a: Assembler,
  isa: InstructionSet,
  count: number,
  { base = 0, masked = true, now, left }: ResultOptions,
): void {
  const [first, alone] = [a.label(), a.label()]
  const each = (access: InstructionSet['store'], memory: (offset: number) => Memory): void => {
    a.op('mov', rsi, r12)
    for (let row = 0; row < count; row++) {
      for (let j = 0; j < isa.vectors; j++)
        access(a, base + isa.vectors * row + j, memory(isa.lanes * 4 * j), masked ? j : undefined)
      a.op('add', rsi, r13)
    }
  }
  const own = (offset: number): Memory => at(rsi, offset)
  a.opImmediate('cmp', rdx, 0)
  a.jumpIf('e', first)
  each(isa.add, own)
  a.bind(first)
  if (now !== undefined) {
    if (left !== undefined) {
      a.opImmediate('cmp', left, 0)
      a.jumpIf('ne', alone)
    }
    a.op('mov', r11, now)
    a.opImmediate('cmp', r11, 0)
    a.jumpIf('e', alone)
    each(isa.add, (offset) => at(rsi, offset, r11, 1))
    a.bind(alone)
  }
  each(isa.store, own)
}

interface ResultOptions {
  readonly base?: number
  readonly masked?: boolean
  readonly now?: Memory | undefined
  readonly left?: number
}

/**
 * `count` rows of a panel's columns over all its words, added to the rows from r12 on (r13 bytes apart), or stored
 * where no words came before: in sums of at most `chain` words. r14: activations, r8: bytes between their rows (or
 * steps, where they lie across), r15: columns. Leaves the row after in rsi; clobbers rax, rbx, rcx, rdx, rdi and
 * r9 to r11.
 */
export function emitTile(
  a: Assembler,
  isa: InstructionSet,
  count: number,
  frame: TileFrame,
  options: ChainOptions & { readonly chain: number | Memory },
): void {
  const { masks, now } = frame
  const fold = (masked: boolean): void => {
    if (masked) isa.loadMasks(a, masks)
    emitResults(a, isa, count, { masked, now, left: rdi })
  }
  const chunk = a.label()
  a.op('mov', rax, r14)
  if (options.across !== true && count > 4) a.op('lea', rbx, at(rax, 0, r8, 4))
  a.op('lea', r9, at(r8, 0, r8, 2))
  a.op('mov', r10, frame.scratch)
  a.op('mov', rdi, frame.words) // words left
  a.op('mov', rdx, frame.from) // zero until there is something to add to
  a.bind(chunk)
  if (typeof options.chain === 'number') a.moveImmediate(r11, options.chain)
  else a.op('mov', r11, options.chain)
  a.op('cmp', r11, rdi)
  a.op('cmovg', r11, rdi)
  a.op('sub', rdi, r11)
  for (let i = 0; i < isa.vectors * count; i++) isa.zero(a, i)
  emitChain(a, isa, count, options)
  if (isa.masksCost) {
    const [partial, stored] = [a.label(), a.label()]
    a.opImmediate('cmp', r15, isa.vectors * isa.lanes)
    a.jumpIf('ne', partial)
    fold(false)
    a.jump(stored)
    a.bind(partial)
    fold(true)
    a.bind(stored)
  } else fold(true)
  a.moveImmediate(rdx, 1)
  a.opImmediate('cmp', rdi, 0)
  a.jumpIf('ne', chunk)
}

/** What the inner loop is told about its operands. */
export interface ChainOptions {
  readonly bf16?: boolean
  /** r11 is known to be a multiple of {@link UNROLL}. */
  readonly even?: boolean
  /** Activations lie across: r8 is the bytes from one step to the next, and rows are a word apart. */
  readonly across?: boolean
}

/**
 * The inner loop: adds `count` rows x all vectors over r11 words to the accumulators. rax: activations (rbx:
 * those of row 4), r8 and r9: once and three times the bytes between their rows, r10: the panel. Moves rax, rbx
 * and r10 on; clobbers r11.
 */
export function emitChain(
  a: Assembler,
  isa: InstructionSet,
  count: number,
  { bf16 = false, even = false, across = false }: ChainOptions,
): void {
  const { vectors, broadcasts, lanes } = isa
  const panelStride = isa.columns * 4
  const weights = isa.rows * vectors
  /** Four multiples of the stride can be addressed from one register. */
  const strided = (base: number, times: number, offset: number): Memory => {
    switch (times & 3) {
      case 0:
        return at(base, offset)
      case 1:
        return at(base, offset, r8, 1)
      case 2:
        return at(base, offset, r8, 2)
      default:
        return at(base, offset, r9, 1)
    }
  }
  const activation = (row: number, u: number): Memory =>
    across ? strided(rax, u, 4 * row) : strided(row < 4 ? rax : rbx, row, 4 * u)
  const step = (u: number): void => {
    for (let j = 0; j < vectors; j++) isa.load(a, weights + j, at(r10, u * panelStride + lanes * 4 * j))
    for (let row = 0; row < count; row++) {
      const register = broadcasts[(u * count + row) % broadcasts.length]!
      isa.broadcast(a, register, activation(row, u))
      for (let j = 0; j < vectors; j++) isa.multiplyAdd(a, bf16, vectors * row + j, weights + j, register)
    }
  }
  const advance = (steps: 1 | typeof UNROLL): void => {
    if (across) a.op('lea', rax, at(rax, 0, r8, steps))
    else {
      a.opImmediate('add', rax, 4 * steps)
      if (count > 4) a.opImmediate('add', rbx, 4 * steps)
    }
    a.opImmediate('add', r10, steps * panelStride)
    a.opImmediate('sub', r11, steps)
  }
  const [loop, rest, single, done] = [a.label(), a.label(), a.label(), a.label()]
  if (even) {
    a.align(32)
    a.bind(loop)
    for (let u = 0; u < UNROLL; u++) step(u)
    advance(UNROLL)
    a.jumpIf('ne', loop)
    return
  }
  a.opImmediate('sub', r11, UNROLL)
  a.jumpIf('l', rest)
  a.align(32)
  a.bind(loop)
  for (let u = 0; u < UNROLL; u++) step(u)
  advance(UNROLL)
  a.jumpIf('ge', loop)
  a.bind(rest)
  a.opImmediate('add', r11, UNROLL)
  a.jumpIf('e', done)
  a.bind(single)
  step(0)
  advance(1)
  a.jumpIf('ne', single)
  a.bind(done)
}
