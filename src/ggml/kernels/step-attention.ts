/**
 * Attention of one new token of each sequence over its cache, as a ggml custom operation: `void f(struct
 * ggml_tensor * dst, int ith, int nth, void * scratch)` with sources q, k, v and a plan (step-plan.ts).
 *
 * The time is that of reading keys and values. They lie token after token, all heads of one side by side, and are read
 * in that order, once: 64 tokens at a time are copied to scratch, where each head finds its own together (and as f32,
 * if the cache is bf16). What follows is the same as among packed texts (attention.ts), sum by sum, so that a token has
 * the same bits either way.
 */

import {
  Assembler,
  at,
  type Memory,
  r8,
  r10,
  r11,
  r12,
  r13,
  r14,
  r15,
  rax,
  rbp,
  rcx,
  rdi,
  rdx,
  rsi,
  rsp,
} from './assembler.ts'
import { BLOCK, ROWS } from './attention-plan.ts'
import { emitPackKeys, emitTileChain, emitTileScores } from './attention-tile.ts'
import { emitConstants, Vectors } from './exponential.ts'
import { emitEntry, emitExit } from './frame.ts'
import { type InstructionSet, narrowTile } from './isa.ts'
import { emitPack } from './pack.ts'
import { TENSOR } from './product.ts'
import { emitSoftmax, STEP } from './softmax.ts'
import { type CacheShape, SEQUENCE, SEQUENCE_BYTES, STEP_HEADER, stepScratch } from './step-plan.ts'

const OPERANDS = ['q', 'k', 'v', 'out', 'threads', 'sequence'] as const
const LOOPS = ['left', 'keys', 'rows', 'scores', 'panel', 'zero', 'oldest', 'end', 'temporary'] as const
const SLOTS = [...OPERANDS, ...LOOPS]
type Slot = (typeof SLOTS)[number]

/** Emits attention over caches of a shape; heads are a multiple of 16 elements. */
export function emitStepAttention(isa: InstructionSet, shape: CacheShape): Uint8Array {
  const { headDim, heads, kvHeads, type } = shape
  if (headDim % STEP !== 0) throw new Error(`no attention of ${headDim} elements a head`)
  const a = new Assembler()
  const tile = narrowTile(isa)
  const { lanes } = isa
  const rowBytes = headDim * 4
  const group = heads / kvHeads
  const elementBytes = type === 'F32' ? 4 : 2
  const keyBytes = kvHeads * headDim * elementBytes
  const part = stepScratch(shape)
  const head = { tile, headDim, panel: part.panel }
  const slot = Object.fromEntries(SLOTS.map((name, i) => [name, at(rsp, 8 * i)])) as Record<Slot, Memory>
  const [start, end, table] = [a.label(), a.label(), a.label()]
  const header = (word: number): Memory => at(r15, 4 * word)
  const sequence = (word: number): Memory => at(r14, 4 * word)
  const vectors = new Vectors(a, isa, r10)

  a.endbr64()
  a.jump(start)
  const pack = emitPack(a, tile, { kind: 'words' }, headDim)
  a.bind(start)
  emitEntry(a, 8 * SLOTS.length)
  a.store(slot.sequence, rsi)
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
  a.moveImmediate(rax, 0)
  a.store(slot.zero, rax)
  a.move32(rbp, header(STEP_HEADER.scratch))
  a.op('imul', rbp, rsi)
  a.op('add', rbp, at(rcx)) // userdata points to the address of the scratch

  const next = a.bind() // sequences ith, ith + nth, ...
  a.op('mov', rax, slot.sequence)
  a.move32(rcx, header(STEP_HEADER.sequences))
  a.op('cmp', rax, rcx)
  a.jumpIf('ge', end)
  a.shift('left', rax, Math.log2(SEQUENCE_BYTES))
  a.op('lea', r14, at(r15, 4 * STEP_HEADER.words, rax))
  a.move32(rax, sequence(SEQUENCE.keys))
  a.store(slot.end, rax)
  a.move32(rax, sequence(SEQUENCE.oldest))
  a.store(slot.oldest, rax)
  vectors.spread(1, header(STEP_HEADER.scale))
  eachOfToken(slot.q, (_, from, to) => {
    vectors.op('vmulps', 0, 1, from)
    vectors.store(to, 0)
  })
  eachBlock(slot.k, scores)
  softmaxes()
  eachBlock(slot.v, weightedSums)
  eachOfToken(
    slot.out,
    (i, to, from) => {
      vectors.load(i % 4, from)
      vectors.store(to, i % 4)
    },
    part.sums,
  )
  a.op('mov', rax, slot.sequence)
  a.op('add', rax, slot.threads)
  a.store(slot.sequence, rax)
  a.jump(next)

  a.bind(end)
  emitExit(a, 8 * SLOTS.length)
  a.align(32)
  emitConstants(a, table)
  return a.finish()

  /** A loop whose body runs as often as `counter` says, at least once. */
  function times(counter: number | Memory, body: () => void): void {
    const loop = a.bind()
    body()
    a.opImmediate('sub', counter, 1)
    a.jumpIf('ne', loop)
  }

  /** For each head: the sequence's vectors in a tensor [headDim, heads, sequences], and their place in scratch. */
  function eachOfToken(
    tensor: Memory,
    body: (i: number, own: Memory, scratch: Memory) => void,
    offset = part.queries,
  ): void {
    a.op('mov', rsi, slot.sequence)
    a.moveImmediate(rax, heads * rowBytes)
    a.op('imul', rsi, rax)
    a.op('add', rsi, tensor)
    a.op('lea', rdi, at(rbp, offset))
    a.moveImmediate(rcx, heads)
    times(rcx, () => {
      for (let i = 0; i < headDim / lanes; i++) body(i, at(rsi, 4 * lanes * i), at(rdi, 4 * lanes * i))
      a.opImmediate('add', rsi, rowBytes)
      a.opImmediate('add', rdi, rowBytes)
    })
  }

  /** Copies the keys or values of each block of tokens to scratch, from r13 on, and runs `body` with r12 of them. */
  function eachBlock(source: Memory, body: () => void): void {
    const [loop, done] = [a.label(), a.label()]
    a.moveImmediate(r13, 0)
    a.bind(loop)
    a.op('mov', r12, slot.end)
    a.op('sub', r12, r13)
    a.jumpIf('le', done)
    a.moveImmediate(rax, BLOCK)
    a.op('cmp', r12, rax)
    a.op('cmovg', r12, rax)
    a.move32(rsi, sequence(SEQUENCE.slot))
    a.op('add', rsi, r13)
    a.moveImmediate(rax, keyBytes)
    a.op('imul', rsi, rax)
    a.op('add', rsi, source)
    a.op('lea', rdi, at(rbp, part.block))
    a.op('mov', rcx, r12)
    times(rcx, () => {
      for (let head = 0, i = 0; head < kvHeads; head++)
        for (let e = 0; e < headDim; e += lanes, i++) {
          widened(i % 8, at(rsi, (head * headDim + e) * elementBytes))
          vectors.store(at(rdi, head * BLOCK * rowBytes + 4 * e), i % 8)
        }
      a.opImmediate('add', rsi, keyBytes)
      a.opImmediate('add', rdi, rowBytes)
    })
    body()
    a.opImmediate('add', r13, BLOCK)
    a.jump(loop)
    a.bind(done)
  }

  /** A register of f32 from the cache. */
  function widened(register: number, memory: Memory): void {
    if (type === 'F32') vectors.load(register, memory)
    else if (lanes === STEP) {
      a.evex('vpmovzxwd', register, 0, memory, { bytes: 32 })
      a.evex('vpslld', 6, register, register, { immediate: 16 }) // opcode extension 6; its target is the second operand
    } else {
      a.vex('vpmovzxwd', register, 0, memory)
      a.vex('vpslld', 6, register, register, { immediate: 16 })
    }
  }

  /**
   * For each head of keys or values: its tokens in slot.keys, the rows of its group (queries, or their sums) in
   * slot.rows, and their scores of the block at r13 in slot.scores.
   */
  function eachHead(rows: number, body: () => void): void {
    for (const [into, offset] of [
      [slot.keys, part.block],
      [slot.rows, rows],
    ] as const) {
      a.op('lea', rax, at(rbp, offset))
      a.store(into, rax)
    }
    a.op('lea', rax, at(rbp, part.scores, r13, 4))
    a.store(slot.scores, rax)
    a.moveImmediate(rax, kvHeads)
    a.store(slot.left, rax)
    times(slot.left, () => {
      body()
      a.opImmediate('add', slot.keys, BLOCK * rowBytes)
      a.opImmediate('add', slot.rows, group * rowBytes)
      a.move32(rax, header(STEP_HEADER.scoreStride))
      a.moveImmediate(rcx, group)
      a.op('imul', rax, rcx)
      a.op('add', rax, slot.scores)
      a.store(slot.scores, rax)
    })
  }

  /** The rows of a group, in as few parts as there are registers for: first row and number. */
  function eachPart(body: (first: number, count: number) => void): void {
    const parts = Math.ceil(group / ROWS)
    for (let p = 0; p < parts; p++) {
      const first = Math.floor((p * group) / parts)
      body(first, Math.floor(((p + 1) * group) / parts) - first)
    }
  }

  /** target <- the address of row `first` of the group's scores. Clobbers rcx; leaves the stride in r8. */
  function scoresOf(target: number, first: number): void {
    a.move32(r8, header(STEP_HEADER.scoreStride))
    a.moveImmediate(target, first)
    a.op('imul', target, r8)
    a.op('add', target, slot.scores)
  }

  /** Scores of every head with the block's keys. */
  function scores(): void {
    // Whole groups of 16: beyond the last key they hold leftovers, whose scores are never used.
    a.opImmediate('add', r12, STEP - 1)
    a.opImmediate('and', r12, -STEP)
    eachHead(part.queries, () => {
      emitPackKeys(
        a,
        head,
        pack,
        (offset) => {
          a.op('mov', rsi, slot.keys)
          a.opImmediate('add', rsi, offset)
        },
        r12,
      )
      eachPart((first, rows) => {
        scoresOf(rdi, first)
        a.op('mov', rdx, r12)
        a.shift('right', rdx, Math.log2(lanes)) // vectors
        emitTileScores(a, head, vectors, {
          rows,
          vectors: rdx,
          place: slot.panel,
          stride: header(STEP_HEADER.scoreStride),
          queries: () => {
            a.op('mov', rax, slot.rows)
            a.opImmediate('add', rax, first * rowBytes)
          },
        })
      })
    })
  }

  /** The softmax of every head's row of scores. */
  function softmaxes(): void {
    a.addressOf(r10, table)
    a.op('lea', rsi, at(rbp, part.scores))
    a.op('mov', r8, slot.end)
    a.moveImmediate(rax, heads)
    a.store(slot.left, rax)
    times(slot.left, () => {
      const { zero: from, oldest, end, temporary } = slot
      emitSoftmax(a, isa, { from, oldest, end, temporary, softcap: header(STEP_HEADER.softcap) })
      a.move32(rax, header(STEP_HEADER.scoreStride))
      a.op('add', rsi, rax)
    })
  }

  /** Adds the block's values, each times its weight, to every head's sums. */
  function weightedSums(): void {
    const whole = headDim / lanes
    eachHead(part.sums, () =>
      eachPart((first, rows) => {
        for (let column = 0; column < whole; column += tile.vectors) {
          const count = Math.min(tile.vectors, whole - column)
          const stored = a.label()
          scoresOf(rax, first)
          a.op('mov', r10, slot.keys)
          a.opImmediate('add', r10, 4 * lanes * column)
          a.op('mov', r11, r12)
          emitTileChain(a, tile, { rows, count, line: headDim, even: false })
          a.op('mov', rsi, slot.rows)
          a.opImmediate('add', rsi, first * rowBytes + 4 * lanes * column)
          const each = (access: InstructionSet['store']): void => {
            for (let i = 0; i < rows * count; i++)
              access(a, i, at(rsi, Math.floor(i / count) * rowBytes + 4 * lanes * (i % count)), undefined)
          }
          a.opImmediate('cmp', r13, 0)
          a.jumpIf('e', stored)
          each(isa.add)
          a.bind(stored)
          each(isa.store)
        }
      }),
    )
  }
}
