/**
 * Packing: rows of weights are transposed into a panel, so that the inner loop reads one contiguous line of
 * `columns` words per step. The element type lives here alone: whatever the file holds, a panel is f32 (or
 * pairs of bf16, moved as the 32-bit words that they are).
 */

import type { Pointer } from '../bindings.ts'
import {
  type Assembler,
  at,
  type Label,
  r8,
  r9,
  r10,
  r11,
  r12,
  r13,
  r14,
  rax,
  rbp,
  rbx,
  rcx,
  rdi,
  rdx,
  rsi,
  rsp,
} from './assembler.ts'
import { emitBytes, emitCountBlocks, wordsOfBlock } from './bytes.ts'
import { emitDequantise, type OwnBlocks } from './dequantise.ts'
import type { InstructionSet } from './isa.ts'

/** Rows that are transposed at once; also those that are widened at once. */
const GROUP = 16

/** Where a panel's words come from. */
export type Source =
  /** 32-bit words as they are: f32, or pairs of bf16. */
  | { readonly kind: 'words' }
  | { readonly kind: 'bf16' }
  | { readonly kind: 'f16' }
  /**
   * Blocks of a quantised type, widened by our own code where there is some, or through ggml's `void
   * to_float(const void *, float *, int64_t)` at an address; with `bf16` the result is rounded to pairs of bf16.
   */
  | {
      readonly kind: 'blocks'
      readonly toFloat: Pointer
      readonly own: OwnBlocks | undefined
      readonly elements: number
      readonly bytes: number
      readonly bf16: boolean
    }
  /** Blocks of a quantised type as unsigned bytes, four a word, with their scales (bytes.ts). */
  | { readonly kind: 'bytes'; readonly type: OwnBlocks; readonly bytes: number }

/** Bytes of `words` words of a row; whole blocks. */
export function sourceBytes(source: Source, words: number): number {
  if (source.kind === 'blocks') return ((words * elementsOf(source)) / source.elements) * source.bytes
  if (source.kind === 'bytes') return (words / wordsOfBlock(source.type)) * source.bytes
  return words * (source.kind === 'words' ? 4 : 2)
}

/** Elements of a row in a word of its panel. */
function elementsOf(source: Source): 1 | 2 {
  return source.kind === 'blocks' && source.bf16 ? 2 : 1
}

/**
 * Bytes between rows that were widened: room for two f32 a word, and a line more, so that rows do not share
 * cache sets.
 */
const widenedStride = (depth: number): number => 8 * depth + 64

/** Bytes of scratch that a thread needs: the panel of `depth` words, and rows that were widened. */
export function scratchBytes(isa: InstructionSet, depth: number): number {
  return depth * isa.columns * 4 + GROUP * widenedStride(depth)
}

/**
 * Emits a routine that packs a panel. rdi: the panel, with the rest of the thread's scratch behind it; rsi: the
 * first word of the first row; rdx: bytes between rows; rcx: rows, at most `columns`; r8: words, at most
 * `depth`. Keeps rbx, rbp and r12 to r15. Lanes past the last row hold anything: they are never stored.
 */
export function emitPack(a: Assembler, isa: InstructionSet, source: Source, depth: number): Label {
  const entry = a.bind()
  const panelStride = isa.columns * 4
  const saved = [rbx, rbp, r12, r13, r14]
  const end = a.label()
  for (const register of saved) a.push(register)
  for (let group = 0; group < isa.columns / GROUP; group++) {
    a.op('lea', rbx, at(rcx, -GROUP * group)) // rows left
    a.opImmediate('cmp', rbx, 0)
    a.jumpIf('le', end)
    a.op('mov', r9, rsi)
    a.op('mov', r13, rdx) // bytes between the rows that are transposed
    if (source.kind === 'blocks' || source.kind === 'bytes') {
      emitWiden(a, isa, source, group, depth, panelStride)
      a.op('lea', r9, at(rdi, depth * panelStride - 64 * group))
      a.moveImmediate(r13, widenedStride(depth))
    }
    emitGroup(a, isa, source, panelStride)
    a.op('mov', rax, rdx)
    a.shift('left', rax, 4)
    a.op('add', rsi, rax)
    a.opImmediate('add', rdi, 64)
  }
  a.bind(end)
  for (const register of saved.reverse()) a.pop(register)
  a.vzeroupper()
  a.ret()
  return entry
}

/** Widens the lesser of rbx and 16 rows from rsi on, behind the panel. Keeps all but rax, rbp and r9 to r14. */
function emitWiden(
  a: Assembler,
  isa: InstructionSet,
  source: Source & { kind: 'blocks' | 'bytes' },
  group: number,
  depth: number,
  panelStride: number,
): void {
  const row = a.label()
  const kept = [rdi, rsi, rdx, rcx, r8]
  for (const register of kept) a.push(register)
  a.op('lea', r12, at(rdi, depth * panelStride - 64 * group))
  a.op('mov', rbp, rsi)
  a.moveImmediate(rax, GROUP)
  a.push(rbx)
  a.op('cmp', rbx, rax)
  a.op('cmovg', rbx, rax)
  a.op('mov', r14, rsp) // C wants a stack aligned to 16 bytes
  a.op('lea', rsp, at(rsp, -32))
  a.opImmediate('and', rsp, -16)
  if (source.kind === 'bytes') emitCountBlocks(a, r8, source.type, rax)
  else if (source.bf16) a.op('add', r8, r8)
  a.store(at(rsp), r8) // elements, or blocks
  a.store(at(rsp, 8), rdx)
  a.bind(row)
  a.op('mov', rdi, rbp)
  a.op('mov', rsi, r12)
  a.op('mov', rdx, at(rsp))
  if (source.kind === 'bytes') emitBytes(a, source.type)
  else if (source.own !== undefined) emitDequantise(a, isa, source.own, source.bf16)
  else {
    a.moveAddress(rax, source.toFloat)
    a.vzeroupper()
    a.callRegister(rax)
    if (source.bf16) emitRound(a)
  }
  a.op('add', rbp, at(rsp, 8))
  a.opImmediate('add', r12, widenedStride(depth))
  a.opImmediate('sub', rbx, 1)
  a.jumpIf('ne', row)
  a.op('mov', rsp, r14)
  a.pop(rbx)
  for (const register of kept.reverse()) a.pop(register)
}

/** f32 at r12 become bf16 in place, as many as [rsp] says: a multiple of 16. Clobbers rcx, rsi, rdi. */
function emitRound(a: Assembler): void {
  a.op('mov', rcx, at(rsp))
  a.op('mov', rsi, r12)
  a.op('mov', rdi, r12)
  const loop = a.bind()
  a.evex('vmovups', 0, 0, at(rsi))
  a.evex('vcvtneps2bf16', 0, 0, 0)
  a.vex('vmovups_store', 0, 0, at(rdi))
  a.opImmediate('add', rsi, 64)
  a.opImmediate('add', rdi, 32)
  a.opImmediate('sub', rcx, 16)
  a.jumpIf('ne', loop)
}

/** Transposes up to 16 rows from r9, r13 bytes apart, of r8 words each, to rdi. rbx: rows left. */
function emitGroup(a: Assembler, isa: InstructionSet, source: Source, panelStride: number): void {
  const half = source.kind === 'bf16' || source.kind === 'f16' ? source.kind : undefined
  const wordBytes = half === undefined ? 4 : 2
  const [slow, row, word, done] = [a.label(), a.label(), a.label(), a.label()]
  a.op('mov', r10, rdi)
  a.op('mov', r11, r8) // words left
  a.opImmediate('cmp', rbx, GROUP)
  a.jumpIf('l', slow)
  if (isa.lanes === GROUP) emitBlocks16(a, half, panelStride, slow)
  else emitBlocks8(a, half, panelStride, slow)
  a.bind(slow)
  a.opImmediate('cmp', r11, 0)
  a.jumpIf('e', done)
  a.moveImmediate(rax, GROUP)
  a.op('cmp', rbx, rax)
  a.op('cmovg', rbx, rax)
  a.bind(row)
  a.op('mov', rax, r9)
  a.op('mov', rbp, r10)
  a.op('mov', r12, r11)
  a.bind(word)
  if (half === undefined) a.move32(r14, at(rax))
  else a.load16(r14, at(rax))
  if (half === 'bf16') a.shift('left', r14, 16)
  if (half === 'f16') {
    a.vex('vmovd', 0, 0, r14, { width: 128 })
    a.vex('vcvtph2ps', 0, 0, 0, { width: 128 })
    a.vex('vmovd_store', 0, 0, at(rbp), { width: 128 })
  } else a.store32(at(rbp), r14)
  a.opImmediate('add', rax, wordBytes)
  a.opImmediate('add', rbp, panelStride)
  a.opImmediate('sub', r12, 1)
  a.jumpIf('ne', word)
  a.op('add', r9, r13)
  a.opImmediate('add', r10, 4)
  a.opImmediate('sub', rbx, 1)
  a.jumpIf('ne', row)
  a.bind(done)
}

/** 16 rows of 16 words at a time, while there are 16; then on at `rest`. */
function emitBlocks16(
  a: Assembler,
  half: 'bf16' | 'f16' | undefined,
  panelStride: number,
  rest: Label,
): void {
  const loop = a.bind()
  a.opImmediate('cmp', r11, 16)
  a.jumpIf('l', rest)
  a.op('mov', rax, r9)
  for (let r = 0; r < 16; r++) {
    if (half === 'f16') a.evex('vcvtph2ps', r, 0, at(rax), { bytes: 32 })
    else if (half === 'bf16') {
      a.evex('vpmovzxwd', r, 0, at(rax), { bytes: 32 })
      a.evex('vpslld', 6, r, r, { immediate: 16 }) // opcode extension 6; its target is the second operand
    } else a.evex('vmovups', r, 0, at(rax))
    a.op('add', rax, r13)
  }
  transpose16(a)
  for (let k = 0; k < 16; k++) a.evex('vmovups_store', k, 0, at(r10, k * panelStride))
  a.opImmediate('add', r9, 16 * (half === undefined ? 4 : 2))
  a.opImmediate('add', r10, 16 * panelStride)
  a.opImmediate('sub', r11, 16)
  a.jump(loop)
}

/** zmm0-15 <- their transpose (16 x 16 words); clobbers zmm16-31. */
function transpose16(a: Assembler): void {
  for (let i = 0; i < 16; i += 2) {
    a.evex('vunpcklps', 16 + i, i, i + 1)
    a.evex('vunpckhps', 17 + i, i, i + 1)
  }
  for (let i = 0; i < 16; i += 4)
    for (let h = 0; h < 2; h++) {
      a.evex('vunpcklpd', i + 2 * h, 16 + i + h, 18 + i + h)
      a.evex('vunpckhpd', i + 2 * h + 1, 16 + i + h, 18 + i + h)
    }
  for (let j = 0; j < 4; j++)
    for (let h = 0; h < 2; h++)
      for (let odd = 0; odd < 2; odd++)
        a.evex('vshuff32x4', 16 + j * 4 + h * 2 + odd, 8 * h + j, 8 * h + 4 + j, {
          immediate: odd ? 0xdd : 0x88,
        })
  for (let j = 0; j < 4; j++)
    for (let odd = 0; odd < 2; odd++)
      for (let q = 0; q < 2; q++)
        a.evex('vshuff32x4', 8 * q + 4 * odd + j, 16 + j * 4 + odd, 18 + j * 4 + odd, {
          immediate: q ? 0xdd : 0x88,
        })
}

/** Two times 8 rows of 8 words at a time, while there are 8; then on at `rest`. */
function emitBlocks8(a: Assembler, half: 'bf16' | 'f16' | undefined, panelStride: number, rest: Label): void {
  const loop = a.bind()
  a.opImmediate('cmp', r11, 8)
  a.jumpIf('l', rest)
  a.op('mov', rax, r9)
  for (const eight of [0, 32]) {
    for (let r = 0; r < 8; r++) {
      if (half === 'f16') a.vex('vcvtph2ps', r, 0, at(rax))
      else if (half === 'bf16') {
        a.vex('vpmovzxwd', r, 0, at(rax))
        a.vex('vpslld', 6, r, r, { immediate: 16 }) // opcode extension 6; its target is the second operand
      } else a.vex('vmovups', r, 0, at(rax))
      a.op('add', rax, r13)
    }
    transpose8(a)
    for (let k = 0; k < 8; k++) a.vex('vmovups_store', k, 0, at(r10, k * panelStride + eight))
  }
  a.opImmediate('add', r9, 8 * (half === undefined ? 4 : 2))
  a.opImmediate('add', r10, 8 * panelStride)
  a.opImmediate('sub', r11, 8)
  a.jump(loop)
}

/** ymm0-7 <- their transpose (8 x 8 words); clobbers ymm8-15. */
function transpose8(a: Assembler): void {
  for (let i = 0; i < 8; i += 2) {
    a.vex('vunpcklps', 8 + i, i, i + 1)
    a.vex('vunpckhps', 9 + i, i, i + 1)
  }
  for (let i = 0; i < 8; i += 4)
    for (let h = 0; h < 2; h++) {
      a.vex('vunpcklpd', i + 2 * h, 8 + i + h, 10 + i + h)
      a.vex('vunpckhpd', i + 2 * h + 1, 8 + i + h, 10 + i + h)
    }
  // Now register j (j < 4) holds column j of rows 0-3 in its low half, column j + 4 in its high half; j + 4 of rows 4-7.
  for (let j = 0; j < 4; j++) {
    a.vex('vperm2f128', 8 + j, j, 4 + j, { immediate: 0x20 })
    a.vex('vperm2f128', 12 + j, j, 4 + j, { immediate: 0x31 })
  }
  for (let j = 0; j < 8; j++) a.vex('vmovups', j, 0, 8 + j)
}
