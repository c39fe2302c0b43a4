/**
 * Causal attention among the tokens of packed texts, as a ggml custom operation: `void f(struct ggml_tensor *
 * dst, int ith, int nth, void * scratch)` with sources q, k, v and a plan (attention-plan.ts) that names, for
 * each unit of work, its queries and the keys they may see. docs/kernels.md draws it.
 *
 * A unit is a run of queries of one text with all heads that share a key head. Its rows (a query and a head
 * each) go through a softmax in three steps: scores of all its keys, exp, weighted sum of values. What a row
 * comes to depends on its text alone: keys it may not see add exact zeros, and sums break at positions of the text.
 */

import {
  Assembler,
  at,
  type Label,
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
  rbp,
  rbx,
  rcx,
  rdi,
  rdx,
  rsi,
  rsp,
} from './assembler.ts'
import { attentionScratch, BLOCK, HEADER, ROWS, UNIT, UNIT_BYTES } from './attention-plan.ts'
import { emitPackKeys, emitTileChain, emitTileScores } from './attention-tile.ts'
import { emitConstants, Vectors } from './exponential.ts'
import { emitEntry, emitExit } from './frame.ts'
import { type InstructionSet, narrowTile } from './isa.ts'
import { emitPack } from './pack.ts'
import { TENSOR } from './product.ts'
import { emitSoftmax, STEP } from './softmax.ts'

const OPERANDS = ['q', 'k', 'v', 'out', 'threads', 'unit'] as const
const LOOPS = ['row', 'line', 'from', 'to', 'end', 'oldest', 'temporary'] as const
const SLOTS = [...OPERANDS, ...LOOPS]
type Slot = (typeof SLOTS)[number]

/** Emits attention for heads of a multiple of 16 elements. */
export function emitAttention(isa: InstructionSet, headDim: number): Uint8Array {
  if (headDim % STEP !== 0) throw new Error(`no attention of ${headDim} elements a head`)
  const a = new Assembler()
  const tile = narrowTile(isa)
  const { lanes } = isa
  const rowBytes = headDim * 4
  const part = attentionScratch(headDim)
  const head = { tile, headDim, panel: part.panel }
  const slot = Object.fromEntries(SLOTS.map((name, i) => [name, at(rsp, 8 * i)])) as Record<Slot, Memory>
  const [start, end, table] = [a.label(), a.label(), a.label()]
  /** A word of the plan's header, or of the unit. */
  const header = (word: number): Memory => at(r15, 4 * word)
  const unit = (word: number): Memory => at(r14, 4 * word)
  const vectors = new Vectors(a, isa, r10)

  a.endbr64()
  a.jump(start)
  const pack = emitPack(a, tile, { kind: 'words' }, headDim)
  a.bind(start)
  emitEntry(a, 8 * SLOTS.length)
  a.store(slot.unit, rsi)
  a.store(slot.threads, rdx)
  for (const [name, source] of Object.entries({ q: TENSOR.src0, k: TENSOR.src1, v: TENSOR.src2 })) {
    a.op('mov', rax, at(rdi, source))
    a.op('mov', rax, at(rax, TENSOR.data))
    a.store(slot[name as Slot], rax)
  }
  a.op('mov', r15, at(rdi, TENSOR.src3))
  a.op('mov', r15, at(r15, TENSOR.data))
  a.op('mov', rax, at(rdi, TENSOR.data))
  a.store(slot.out, rax)
  a.move32(rbp, header(HEADER.scratch))
  a.op('imul', rbp, rsi)
  a.op('add', rbp, at(rcx)) // userdata points to the address of the scratch

  const nextUnit = a.bind() // units ith, ith + nth, ...
  a.op('mov', rax, slot.unit)
  a.move32(rcx, header(HEADER.units))
  a.op('cmp', rax, rcx)
  a.jumpIf('ge', end)
  a.shift('left', rax, Math.log2(UNIT_BYTES))
  a.op('lea', r14, at(r15, 4 * HEADER.words, rax))
  readQueries()
  eachBlock(slot.k, scores)
  eachTile(() => {
    a.op('mov', rax, slot.row)
    a.store(slot.line, rax)
    const loop = a.bind()
    softmax()
    a.opImmediate('add', slot.line, 4)
    a.op('mov', rax, slot.line)
    a.opImmediate('sub', rax, 4 * ROWS)
    a.op('cmp', rax, slot.row)
    a.jumpIf('l', loop)
  })
  eachBlock(slot.v, weightedSums)
  writeSums()
  const blind = a.label()
  a.move32(rax, unit(UNIT.patternRow))
  a.opImmediate('cmp', rax, 0)
  a.jumpIf('e', blind)
  writePattern()
  a.bind(blind)
  a.op('mov', rax, slot.unit)
  a.op('add', rax, slot.threads)
  a.store(slot.unit, rax)
  a.jump(nextUnit)

  a.bind(end)
  emitExit(a, 8 * SLOTS.length)
  a.align(32)
  emitConstants(a, table)
  return a.finish()

  /** A loop whose body runs rcx times, at least once, with `counter` counting down. */
  function times(counter: number, body: () => void): void {
    const loop = a.bind()
    body()
    a.opImmediate('sub', counter, 1)
    a.jumpIf('ne', loop)
  }

  /** One head of one token from one register's address to another's. */
  function copyHead(to: number, from: number): void {
    for (let i = 0; i < headDim; i += lanes) {
      vectors.load(i % 4, at(from, 4 * i))
      vectors.store(at(to, 4 * i), i % 4)
    }
  }

  /** Queries times the scale, row after row, and how far each row sees; the last rows of the last tile are zero. */
  function readQueries(): void {
    const padded = a.label()
    a.move32(rsi, unit(UNIT.query))
    a.op('add', rsi, slot.q)
    a.op('lea', rdi, at(rbp, part.queries))
    a.op('lea', rbx, at(rbp, part.limits))
    a.move32(rdx, unit(UNIT.limit))
    a.move32(rcx, unit(UNIT.queries))
    vectors.spread(1, header(HEADER.scale))
    times(rcx, () => {
      a.op('mov', r8, rsi)
      a.move32(r9, header(HEADER.group))
      times(r9, () => {
        for (let i = 0; i < headDim; i += lanes) {
          vectors.op('vmulps', 0, 1, at(r8, 4 * i))
          vectors.store(at(rdi, 4 * i), 0)
        }
        a.store32(at(rbx), rdx)
        a.opImmediate('add', r8, rowBytes)
        a.opImmediate('add', rdi, rowBytes)
        a.opImmediate('add', rbx, 4)
      })
      a.move32(rax, header(HEADER.queryStride))
      a.op('add', rsi, rax)
      a.opImmediate('add', rdx, 1)
    })
    a.opImmediate('sub', rdx, 1)
    a.move32(rcx, unit(UNIT.padding))
    a.opImmediate('cmp', rcx, 0)
    a.jumpIf('e', padded)
    isa.zero(a, 0)
    times(rcx, () => {
      for (let i = 0; i < headDim; i += lanes) vectors.store(at(rdi, 4 * i), 0)
      a.store32(at(rbx), rdx)
      a.opImmediate('add', rdi, rowBytes)
      a.opImmediate('add', rbx, 4)
    })
    a.bind(padded)
  }

  /** Gathers the keys or values of each block of positions, from r13 on, and runs `body` with r12 of them. */
  function eachBlock(source: Memory, body: () => void): void {
    const [loop, done] = [a.label(), a.label()]
    a.moveImmediate(r13, 0)
    a.bind(loop)
    a.move32(r12, unit(UNIT.keys))
    a.op('sub', r12, r13)
    a.jumpIf('le', done)
    a.moveImmediate(rax, BLOCK)
    a.op('cmp', r12, rax)
    a.op('cmovg', r12, rax)
    a.move32(rsi, unit(UNIT.list))
    a.op('lea', rsi, at(rsi, 0, r13, 4))
    a.op('add', rsi, r15)
    a.op('lea', rdi, at(rbp, part.gathered))
    a.move32(r8, unit(UNIT.keyHead))
    a.op('add', r8, source)
    a.move32(r9, header(HEADER.keyStride))
    a.op('mov', rcx, r12)
    times(rcx, () => {
      a.move32(rax, at(rsi))
      a.op('imul', rax, r9)
      a.op('add', rax, r8)
      copyHead(rdi, rax)
      a.opImmediate('add', rsi, 4)
      a.opImmediate('add', rdi, rowBytes)
    })
    body()
    a.opImmediate('add', r13, BLOCK)
    a.jump(loop)
    a.bind(done)
  }

  /**
   * Runs `body` for each tile of 6 rows. slot.row: bytes into the limits; slot.to: keys that its last row
   * sees; slot.from: the start of the block with the first key that its first row sees.
   */
  function eachTile(body: (skip: Label) => void): void {
    const [loop, skip, done] = [a.label(), a.label(), a.label()]
    a.moveImmediate(rax, 0)
    a.store(slot.row, rax)
    a.bind(loop)
    a.op('mov', rcx, slot.row)
    a.move32(rax, unit(UNIT.rows))
    a.shift('left', rax, 2)
    a.op('cmp', rcx, rax)
    a.jumpIf('ge', done)
    a.op('lea', rdx, at(rbp, part.limits, rcx))
    a.move32(rax, at(rdx, 4 * (ROWS - 1)))
    a.store(slot.to, rax)
    a.move32(rax, at(rdx))
    oldest(rax, rcx)
    a.opImmediate('and', rax, -BLOCK)
    a.store(slot.from, rax)
    body(skip)
    a.bind(skip)
    a.opImmediate('add', slot.row, 4 * ROWS)
    a.jump(loop)
    a.bind(done)
  }

  /** A row that sees `limit` keys sees none before max(0, limit - window). */
  function oldest(limit: number, temporary: number): void {
    a.move32(temporary, header(HEADER.window))
    a.op('sub', limit, temporary)
    a.moveImmediate(temporary, 0)
    a.op('cmp', temporary, limit)
    a.op('cmovg', limit, temporary)
  }

  /** The tiles that see keys of the block at r13; rdx: how many. */
  function eachTileOfBlock(body: () => void): void {
    eachTile((skip) => {
      a.op('cmp', r13, slot.from)
      a.jumpIf('l', skip)
      a.op('mov', rdx, slot.to)
      a.op('sub', rdx, r13)
      a.jumpIf('le', skip)
      a.moveImmediate(rax, BLOCK)
      a.op('cmp', rdx, rax)
      a.op('cmovg', rdx, rax)
      body()
    })
  }

  /** target <- the address of a row's score (slot.row or slot.line) of the key in `key`. Clobbers rcx. */
  function scoresAt(target: number, key: number, row = slot.row): void {
    a.op('mov', target, row)
    a.shift('right', target, 2)
    a.move32(rcx, unit(UNIT.scoreStride))
    a.op('imul', target, rcx)
    a.op('lea', target, at(target, part.scores, key, 4))
    a.op('add', target, rbp)
  }

  /** target <- the address of the tile's first row in the queries or their sums. Clobbers rcx. */
  function rowAt(target: number, offset: number): void {
    a.op('mov', target, slot.row)
    a.moveImmediate(rcx, rowBytes / 4)
    a.op('imul', target, rcx)
    a.op('lea', target, at(rbp, offset, target))
  }

  /** Scores of every tile with the block's keys. */
  function scores(): void {
    // Whole groups of 16: beyond the last key they hold leftovers, whose scores are never used.
    a.opImmediate('add', r12, STEP - 1)
    a.opImmediate('and', r12, -STEP)
    emitPackKeys(a, head, pack, (offset) => a.op('lea', rsi, at(rbp, part.gathered + offset)), r12)
    eachTileOfBlock(() => {
      a.op('lea', r12, at(rdx, lanes - 1))
      a.shift('right', r12, Math.log2(lanes)) // vectors
      scoresAt(rdi, r13)
      emitTileScores(a, head, vectors, {
        rows: ROWS,
        vectors: r12,
        place: slot.temporary,
        stride: unit(UNIT.scoreStride),
        queries: () => rowAt(rax, part.queries),
      })
    })
  }

  /** The softmax of the row at slot.line. */
  function softmax(): void {
    a.addressOf(r10, table)
    a.op('mov', rdx, slot.line)
    a.move32(rax, at(rbp, part.limits, rdx))
    a.store(slot.end, rax)
    oldest(rax, rcx)
    a.store(slot.oldest, rax)
    a.op('mov', rdx, slot.from)
    scoresAt(rsi, rdx, slot.line)
    a.op('mov', r8, slot.to)
    a.op('sub', r8, rdx)
    emitSoftmax(a, isa, {
      ...{ from: slot.from, oldest: slot.oldest, end: slot.end, temporary: slot.temporary },
      softcap: header(HEADER.softcap),
    })
  }

  /** Adds the block's values, each times its weight, to every tile's sums. */
  function weightedSums(): void {
    eachTileOfBlock(() => {
      a.op('mov', r12, rdx) // keys
      scoresAt(rdi, r13)
      const whole = headDim / lanes
      for (let column = 0; column < whole; column += tile.vectors) {
        const count = Math.min(tile.vectors, whole - column)
        const first = a.label()
        a.op('mov', rax, rdi)
        a.move32(r8, unit(UNIT.scoreStride))
        a.op('lea', r10, at(rbp, part.gathered + 4 * lanes * column))
        a.op('mov', r11, r12)
        emitTileChain(a, tile, { rows: ROWS, count, line: headDim, even: false })
        rowAt(rsi, part.sums + 4 * lanes * column)
        const each = (access: InstructionSet['store']): void => {
          for (let i = 0; i < ROWS * count; i++)
            access(a, i, at(rsi, Math.floor(i / count) * rowBytes + 4 * lanes * (i % count)), undefined)
        }
        a.op('cmp', r13, slot.from)
        a.jumpIf('e', first)
        each(isa.add)
        a.bind(first)
        each(isa.store)
      }
    })
  }

  /** Copies the sums to their places in the result. */
  function writeSums(): void {
    a.op('lea', rsi, at(rbp, part.sums))
    a.move32(rdi, unit(UNIT.query))
    a.op('add', rdi, slot.out)
    a.move32(rcx, unit(UNIT.queries))
    times(rcx, () => {
      a.op('mov', r8, rdi)
      a.move32(r9, header(HEADER.group))
      times(r9, () => {
        copyHead(r8, rsi)
        a.opImmediate('add', r8, rowBytes)
        a.opImmediate('add', rsi, rowBytes)
      })
      a.move32(rax, header(HEADER.queryStride))
      a.op('add', rdi, rax)
    })
  }

  /** Copies the weights to their places behind the result, with zeros where a row does not see. */
  function writePattern(): void {
    a.op('lea', r13, at(rbp, part.limits))
    a.move32(r12, unit(UNIT.pattern))
    a.op('add', r12, slot.out)
    a.op('lea', rbx, at(rbp, part.scores))
    a.move32(rdx, unit(UNIT.queries))
    times(rdx, () => {
      a.op('mov', r8, r12)
      a.move32(r9, header(HEADER.group))
      times(r9, () => {
        a.op('mov', rdi, r8)
        a.move32(r10, at(r13)) // the end of what the row sees
        a.op('mov', r11, r10)
        oldest(r11, rcx)
        a.moveImmediate(rax, 0)
        a.op('mov', rcx, r11)
        a.fillWords()
        a.op('lea', rsi, at(rbx, 0, r11, 4))
        a.op('mov', rcx, r10)
        a.op('sub', rcx, r11)
        a.copyWords()
        a.move32(rcx, unit(UNIT.patternRow))
        a.op('sub', rcx, r10)
        a.fillWords()
        a.move32(rax, unit(UNIT.scoreStride))
        a.op('add', rbx, rax)
        a.move32(rax, unit(UNIT.patternHead))
        a.op('add', r8, rax)
        a.opImmediate('add', r13, 4)
      })
      a.move32(rax, unit(UNIT.patternRow))
      a.op('lea', r12, at(r12, 0, rax, 4))
    })
  }
}
