/**
 * Quantised weights as products of 8 bits read them (eight-bit.ts): a block of 32 numbers is s u + m with u unsigned
 * bytes, s and m in f32. A chunk of a row, at most 32 blocks, becomes words: those of all its u, four bytes each, then
 * each block's s, then, where the type has one, each block's m.
 *
 *     Q4_0   u = q + 120   (q - 8 is signed: 128 more than it)
 *     Q4_1   u = q         s = d, m = m
 *     Q8_0   u = q + 128
 *
 * Signed types have no m: their products begin at -128 (sum of the activations).
 */

import { type Assembler, at, type Memory, rax, rcx, rdi, rdx, rsi } from './assembler.ts'
import type { OwnBlocks } from './dequantise.ts'
import { emitTimes } from './frame.ts'

/** Numbers in a block. */
export const BLOCK = 32
/** Blocks of a row that are packed at once. */
const CHUNK = 32

/** Whether blocks have an m. */
export function hasMinimum(type: OwnBlocks): boolean {
  return type === 'Q4_1'
}

/** Words that a block becomes. */
export function wordsOfBlock(type: OwnBlocks): 9 | 10 {
  return hasMinimum(type) ? 10 : 9
}

/** Words of a row that are packed at once. */
export function depthOf(type: OwnBlocks): number {
  return CHUNK * wordsOfBlock(type)
}

/** register <- the blocks of that many words. Clobbers `temporary`. */
export function emitCountBlocks(a: Assembler, register: number, type: OwnBlocks, temporary: number): void {
  // By the reciprocal, which is rounded up: right for any number of words below 2^28.
  emitTimes(a, register, Math.ceil(2 ** 32 / wordsOfBlock(type)), temporary)
  a.shift('right', register, 32)
}

/** register <- the words of that many numbers, whole blocks. Clobbers `temporary`. */
export function emitCountWords(a: Assembler, register: number, type: OwnBlocks, temporary: number): void {
  a.shift('right', register, Math.log2(BLOCK))
  emitTimes(a, register, wordsOfBlock(type), temporary)
}

const [QUANTS, HIGH, LOW_HALVES, OFFSET, SCALES] = [0, 1, 2, 3, 4] as const

/**
 * Emits what makes words of rdx blocks, at least one, from rdi to rsi. Clobbers rax, rcx, rdx, rsi, rdi and the vectors
 * 0 to 4.
 */
export function emitBytes(a: Assembler, type: OwnBlocks): void {
  const quants = type === 'Q4_1' ? 4 : 2
  const bytes = quants + (type === 'Q8_0' ? BLOCK : BLOCK / 2)
  const xmm = (
    name: Parameters<Assembler['vex']>[0],
    register: number,
    second: number,
    operand: number | Memory,
    immediate?: number,
  ): void =>
    a.vex(name, register, second, operand, { width: 128, ...(immediate === undefined ? {} : { immediate }) })
  const spread = (register: number, byte: number): void => {
    a.moveImmediate(rax, (byte * 0x0101_0101) | 0)
    xmm('vmovd', register, 0, rax)
    xmm('vpermilps', register, 0, register, 0)
  }
  spread(LOW_HALVES, 0x0f)
  spread(OFFSET, type === 'Q8_0' ? 0x80 : 0x78)
  // rcx: from the quants of a block to where its scale goes, less what rsi has moved on
  a.op('mov', rax, rdx)
  a.shift('left', rax, Math.log2(BLOCK))
  a.op('lea', rcx, at(rsi, 0, rax, 1))
  a.op('mov', rax, rdx) // blocks: the minimum lies so many words behind the scale
  const loop = a.bind()
  if (type === 'Q8_0')
    for (const half of [0, 16]) {
      xmm('vxorps', QUANTS, OFFSET, at(rdi, quants + half))
      xmm('vmovups_store', QUANTS, 0, at(rsi, half))
    }
  else {
    xmm('vmovups', QUANTS, 0, at(rdi, quants))
    xmm('vpsrld', 2, HIGH, QUANTS, 4) // opcode extension 2; its target is the second operand
    for (const [half, register] of [
      [0, QUANTS],
      [16, HIGH],
    ] as const) {
      xmm('vandps', register, register, LOW_HALVES)
      if (type === 'Q4_0') xmm('vpaddd', register, register, OFFSET) // no byte overflows into the next
      xmm('vmovups_store', register, 0, at(rsi, half))
    }
  }
  xmm('vcvtph2ps', SCALES, 0, at(rdi)) // four halves, of which one or two are scales: the others lie in the block, too
  xmm('vmovd_store', SCALES, 0, at(rcx))
  if (hasMinimum(type)) {
    xmm('vpermilps', SCALES, 0, SCALES, 0x55)
    xmm('vmovd_store', SCALES, 0, at(rcx, 0, rax, 4))
  }
  a.opImmediate('add', rdi, bytes)
  a.opImmediate('add', rsi, BLOCK)
  a.opImmediate('add', rcx, 4)
  a.opImmediate('sub', rdx, 1)
  a.jumpIf('ne', loop)
}
