/** What both attentions do with a block of keys: pack one head's, and score rows of queries with them. */

import {
  type Assembler,
  at,
  type Label,
  type Memory,
  r8,
  r9,
  r10,
  r11,
  rax,
  rbp,
  rbx,
  rcx,
  rdi,
  rdx,
  rsi,
} from './assembler.ts'
import { BLOCK } from './attention-plan.ts'
import type { Vectors } from './exponential.ts'
import type { InstructionSet } from './isa.ts'
import { emitChain } from './tile.ts'

/** How a kernel's scratch, which rbp points to, holds heads of `headDim` elements. */
export interface AttentionTile {
  /** The tile of attention: narrowTile of the instruction set. */
  readonly tile: InstructionSet
  readonly headDim: number
  /** Bytes from rbp to the packed keys. */
  readonly panel: number
}

/**
 * Packs the keys of a head: as many as the register `count` says, a multiple of 16. `keys` puts the address of those that
 * lie `offset` bytes behind the first in rsi. Clobbers what `pack` does (emitPack), and rcx, rdx, rdi and r8.
 */
export function emitPackKeys(
  a: Assembler,
  { tile, headDim, panel }: AttentionTile,
  pack: Label,
  keys: (offset: number) => void,
  count: number,
): void {
  const rowBytes = headDim * 4
  const packed = a.label()
  for (let i = 0; i < BLOCK / tile.columns; i++) {
    const offset = i * tile.columns * rowBytes
    a.op('lea', rcx, at(count, -i * tile.columns))
    a.opImmediate('cmp', rcx, 0)
    a.jumpIf('le', packed)
    a.op('lea', rdi, at(rbp, panel + offset))
    keys(offset)
    a.moveImmediate(rdx, rowBytes)
    a.moveImmediate(r8, headDim)
    a.call(pack)
  }
  a.bind(packed)
}

/** Where the scores of a tile come from and go to. */
export interface TileScores {
  readonly rows: number
  /** A register: vectors of keys, at least one; counted down. */
  readonly vectors: number
  /** A free stack slot. */
  readonly place: Memory
  /** Bytes from one row of scores to the next, 32 bits in memory. */
  readonly stride: Memory
  /** Puts the address of the first query in rax; may clobber rcx. */
  readonly queries: () => void
}

/** Scores of some rows with the packed keys, stored from rdi on. Clobbers rax, rbx, rcx, rsi, rdi and r8 to r11. */
export function emitTileScores(
  a: Assembler,
  { tile, headDim, panel }: AttentionTile,
  vectors: Vectors,
  { rows, vectors: left, place, stride, queries }: TileScores,
): void {
  const { lanes } = tile
  const rowBytes = headDim * 4
  const [after, done] = [a.label(), a.label()]
  a.op('lea', rax, at(rbp, panel))
  a.store(place, rax)
  const loop = a.bind()
  for (let count = tile.vectors; count > 0; count--) {
    const other = a.label()
    a.opImmediate('cmp', left, count)
    a.jumpIf('l', other)
    queries()
    a.op('mov', r10, place)
    a.moveImmediate(r8, rowBytes)
    a.moveImmediate(r11, headDim)
    emitTileChain(a, tile, { rows, count, line: tile.columns, even: true })
    a.op('mov', rsi, rdi)
    a.move32(rcx, stride)
    for (let row = 0; row < rows; row++) {
      for (let j = 0; j < count; j++) vectors.store(at(rsi, 4 * lanes * j), count * row + j)
      a.op('add', rsi, rcx)
    }
    a.jump(after)
    a.bind(other)
  }
  a.bind(after)
  if (tile.columns < BLOCK) {
    a.opImmediate('add', rdi, 4 * tile.columns)
    a.opImmediate('add', place, tile.columns * rowBytes)
    a.opImmediate('sub', left, tile.vectors)
    a.jumpIf('le', done)
    a.jump(loop)
  }
  a.bind(done)
}

/**
 * The accumulators of `rows` x `count` vectors, from zero: sums over r11 steps of rows from rax on, r8 bytes apart, times
 * r10's lines of `line` words; `even` as in emitChain. Clobbers rax, rbx and r9 to r11.
 */
export function emitTileChain(
  a: Assembler,
  tile: InstructionSet,
  { rows, count, line, even }: { rows: number; count: number; line: number; even: boolean },
): void {
  if (rows > 4) a.op('lea', rbx, at(rax, 0, r8, 4))
  a.op('lea', r9, at(r8, 0, r8, 2))
  for (let i = 0; i < rows * count; i++) tile.zero(a, i)
  emitChain(a, { ...tile, vectors: count, columns: line }, rows, { even })
}
