/**
 * The commonest quantised types, widened by code of our own: ggml's functions take a number at a time and would
 * cost an eighth of a product with 512 rows. A block is 32 numbers, behind one or two f16:
 *
 *     Q4_0   d     16 bytes   (q - 8) d     q: low halves of the bytes, then the high ones
 *     Q4_1   d, m  16 bytes   q d + m
 *     Q8_0   d     32 bytes   q d           q: signed bytes
 *
 * Every product is exact in f32 (11 bits of d, at most 8 of q), so these are the bits that ggml's functions give.
 */

import type { GgmlType } from '../types.ts'
import { type Assembler, at, type Memory, rax, rdi, rdx, rsi } from './assembler.ts'
import type { InstructionSet } from './isa.ts'

/** A type that is widened here. */
export type OwnBlocks = 'Q4_0' | 'Q4_1' | 'Q8_0'

/** Where the quants begin, and how many bytes a block has. */
const LAYOUT = {
  Q4_0: { quants: 2, bytes: 18 },
  Q4_1: { quants: 4, bytes: 20 },
  Q8_0: { quants: 2, bytes: 34 },
} as const satisfies Record<OwnBlocks, { quants: number; bytes: number }>

const ELEMENTS = 32

/** The type, if it is one of those. */
export function ownBlocks(type: GgmlType): OwnBlocks | undefined {
  return type in LAYOUT ? (type as OwnBlocks) : undefined
}

/** Bytes of a block before its quants: its scales. */
export function quantsOf(type: OwnBlocks): number {
  return LAYOUT[type].quants
}

const [SCALES, SCALE, MINIMUM, MINUS_EIGHT, FIRST] = [0, 1, 2, 3, 4] as const

/**
 * Emits the widening of rdx numbers, whole blocks and at least one, from rdi to rsi (ggml's functions take them
 * there, too): to f32, or with `bf16` rounded to bf16 (AVX-512 alone). Clobbers rax, rdx, rsi, rdi and the vectors
 * 0 to 7.
 */
export function emitDequantise(a: Assembler, isa: InstructionSet, type: OwnBlocks, bf16: boolean): void {
  const { quants, bytes } = LAYOUT[type]
  const { lanes } = isa
  const parts = ELEMENTS / lanes
  const op = (
    name: Parameters<Assembler['vex']>[0],
    register: number,
    second: number,
    operand: number | Memory,
    options: { bytes?: number; immediate?: number } = {},
  ): void => {
    if (lanes === 16) a.evex(name, register, second, operand, options)
    else a.vex(name, register, second, operand, options)
  }
  if (type === 'Q4_0') {
    a.moveImmediate(rax, -8)
    a.vex('vmovd', MINUS_EIGHT, 0, rax, { width: 128 })
    op('vbroadcastss', MINUS_EIGHT, 0, MINUS_EIGHT)
  }
  const loop = a.bind()
  // Four halves, of which one or two are scales: the others lie in the block, too.
  a.vex('vcvtph2ps', SCALES, 0, at(rdi), { width: 128 })
  op('vbroadcastss', SCALE, 0, SCALES)
  if (type === 'Q4_1') {
    a.vex('vpermilps', SCALES, 0, SCALES, { width: 128, immediate: 0x55 })
    op('vbroadcastss', MINIMUM, 0, SCALES)
  }
  for (let part = 0; part < parts; part++) {
    const q = FIRST + part
    if (type === 'Q8_0') op('vpmovsxbd', q, 0, at(rdi, quants + lanes * part), { bytes: lanes })
    else {
      // The high halves come from the bytes of the low ones.
      const isHigh = part >= parts / 2
      const from = quants + lanes * (part % (parts / 2))
      op('vpmovzxbd', q, 0, at(rdi, from), { bytes: lanes })
      if (isHigh)
        op('vpsrld', 2, q, q, { immediate: 4 }) // opcode extension 2; its target is the second operand
      else {
        op('vpslld', 6, q, q, { immediate: 28 })
        op('vpsrld', 2, q, q, { immediate: 28 })
      }
      if (type === 'Q4_0') op('vpaddd', q, q, MINUS_EIGHT)
    }
    op('vcvtdq2ps', q, 0, q)
    if (type === 'Q4_1') op('vfmadd213ps', q, SCALE, MINIMUM)
    else op('vmulps', q, q, SCALE)
    if (bf16) {
      a.evex('vcvtneps2bf16', q, 0, q)
      a.vex('vmovups_store', q, 0, at(rsi, 2 * lanes * part))
    } else op('vmovups_store', q, 0, at(rsi, 4 * lanes * part))
  }
  a.opImmediate('add', rdi, bytes)
  a.opImmediate('add', rsi, ELEMENTS * (bf16 ? 2 : 4))
  a.opImmediate('sub', rdx, ELEMENTS)
  a.jumpIf('ne', loop)
}
