/**
 * The two instruction sets that kernels are emitted for: how large their tile is, and how each says load,
 * broadcast, multiply-add and "only these columns".
 *
 * Use of the vector registers by a tile of `rows` x `columns`: accumulators from 0 on, `vectors` of weights
 * after them, the rest for broadcast activations and masks.
 */

import { type Assembler, at, type Label, type Memory, rax, rcx } from './assembler.ts'

/** What a masked access may use of the kernel around it. */
export interface MaskContext {
  /** A stack slot for the address of the mask. */
  readonly slot: Memory
  /** Where `emitData` puts the table of masks. */
  readonly table: Label
}

export interface InstructionSet {
  readonly name: 'avx512' | 'avx2'
  /** f32 lanes of a vector register. */
  readonly lanes: number
  /** Vector registers across a tile. */
  readonly vectors: number
  /** Rows of a tile: activations. */
  readonly rows: number
  /** Columns of a tile: outputs, `lanes * vectors`. */
  readonly columns: number
  /** Registers that broadcasts take in turn. */
  readonly broadcasts: readonly number[]
  zero(a: Assembler, register: number): void
  load(a: Assembler, register: number, memory: Memory): void
  broadcast(a: Assembler, register: number, memory: Memory): void
  /** target += x * y: lanes of f32, or pairs of bf16 summed into f32. */
  multiplyAdd(a: Assembler, bf16: boolean, target: number, x: number, y: number): void
  /** Makes the masks of the low rax columns; clobbers rcx. */
  limitColumns(a: Assembler, context: MaskContext): void
  /** Brings the masks to their registers, where they do not stay there; clobbers rcx. */
  loadMasks(a: Assembler, context: MaskContext): void
  /** Whether masked stores are slow, so that whole tiles are better stored without. */
  readonly masksCost: boolean
  /** register += memory; with `mask` only that vector's columns. May clobber the registers of weights. */
  add(a: Assembler, register: number, memory: Memory, mask: number | undefined): void
  store(a: Assembler, register: number, memory: Memory, mask: number | undefined): void
  /** Constants behind the code. */
  emitData(a: Assembler, context: MaskContext): void
}

/** 8 rows x 48 columns: 24 accumulators, 3 weights, 5 broadcasts; the masks are k1 to k3. */
export const AVX512: InstructionSet = {
  name: 'avx512',
  lanes: 16,
  vectors: 3,
  rows: 8,
  columns: 48,
  broadcasts: [27, 28, 29, 30, 31],
  zero: (a, r) => a.evex('vpxord', r, r, r),
  load: (a, r, memory) => a.evex('vmovups', r, 0, memory),
  broadcast: (a, r, memory) => a.evex('vbroadcastss', r, 0, memory, { bytes: 4 }),
  multiplyAdd: (a, bf16, target, x, y) => a.evex(bf16 ? 'vdpbf16ps' : 'vfmadd231ps', target, x, y),
  limitColumns(a) {
    a.moveImmediate(rcx, -1)
    a.keepLowBits(rcx, rcx, rax)
    for (let mask = 1; mask <= 3; mask++) {
      a.moveMask(mask, rcx)
      a.shift('right', rcx, 16)
    }
  },
  loadMasks() {},
  masksCost: false,
  add: (a, r, memory, mask) =>
    a.evex('vaddps', r, r, memory, mask === undefined ? {} : { mask: mask + 1, zeroing: true }),
  store: (a, r, memory, mask) =>
    a.evex('vmovups_store', r, 0, memory, mask === undefined ? {} : { mask: mask + 1 }),
  emitData() {},
}

/** 6 rows x 16 columns: 12 accumulators, 2 weights, 2 registers for broadcasts and, between tiles, masks. */
export const AVX2: InstructionSet = {
  name: 'avx2',
  lanes: 8,
  vectors: 2,
  rows: 6,
  columns: 16,
  broadcasts: [14, 15],
  zero: (a, r) => a.vex('vxorps', r, r, r),
  load: (a, r, memory) => a.vex('vmovups', r, 0, memory),
  broadcast: (a, r, memory) => a.vex('vbroadcastss', r, 0, memory),
  multiplyAdd(a, bf16, target, x, y) {
    if (bf16) throw new Error('AVX2 has no products of bf16')
    a.vex('vfmadd231ps', target, x, y)
  },
  // A window of 16 words onto sixteen -1 and sixteen 0 that begins rax words before the first 0.
  limitColumns(a, { slot, table }) {
    a.addressOf(rcx, table)
    for (let i = 0; i < 4; i++) a.op('sub', rcx, rax)
    a.store(slot, rcx)
  },
  loadMasks(a, { slot }) {
    a.op('mov', rcx, slot)
    a.vex('vmovups', 14, 0, at(rcx))
    a.vex('vmovups', 15, 0, at(rcx, 32))
  },
  masksCost: true,
  add(a, r, memory, mask) {
    if (mask === undefined) {
      a.vex('vaddps', r, r, memory)
      return
    }
    a.vex('vmaskmovps', 12 + mask, 14 + mask, memory)
    a.vex('vaddps', r, r, 12 + mask)
  },
  store(a, r, memory, mask) {
    if (mask === undefined) a.vex('vmovups_store', r, 0, memory)
    else a.vex('vmaskmovps_store', r, 14 + mask, memory)
  },
  emitData(a, { table }) {
    for (let i = 0; i < 32; i++) {
      if (i === 16) a.bind(table)
      a.int32(i < 16 ? -1 : 0)
    }
  },
}

/** The tile of attention, whose heads come in multiples of 16: 6 rows x 64 columns, or 6 x 16 with AVX2. */
export function narrowTile(isa: InstructionSet): InstructionSet {
  if (isa.lanes === AVX2.lanes) return isa
  return { ...isa, rows: 6, vectors: 4, columns: 64, broadcasts: [28, 29, 30, 31] }
}
