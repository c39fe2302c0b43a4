/**
 * What a token is drawn by, as a ggml custom operation `void f(struct ggml_tensor * dst, int ith, int nth, void *)`.
 * With logits [ids, R], whose rows may lie further apart, and scale [1], 1 / temperature, row r of dst is
 *
 *     the sum over each block of 256 ids of exp((logit - largest) scale), then largest     [blocks + 1, R]
 *
 * The second sweep over a row finds it in the second cache, and the probabilities, as many as logits, are never
 * written: a draw finds its block by the sums and looks at that block's logits alone (src/model/sample.ts).
 *
 * Sixteen ids at a time, in one register or two, in the same order; the last ones of a row come by way of the stack, filled
 * up with minus infinity, whose exp of 4e-38 is lost in any sum. A logit that is not a number, or infinite, leaves
 * a sum that is not a number.
 */

import {
  Assembler,
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
  rbp,
  rbx,
  rcx,
  rdi,
  rdx,
  rsi,
  rsp,
} from './assembler.ts'
import { emitConstants, Vectors } from './exponential.ts'
import { emitEntry, emitExit } from './frame.ts'
import type { InstructionSet } from './isa.ts'
import { TENSOR } from './product.ts'
import { emitReduce, STEP } from './softmax.ts'
import { Bench, mixed, type ProductCall, runRows } from './verify.ts'

/** Ids in a block. */
export const BLOCK_IDS = 256
const STEP_BYTES = 4 * STEP

// Vector registers; emitReduce takes x.
const [largest, sum, restOfSum, x, n, p, least, scale] = [0, 1, 2, 7, 8, 9, 10, 11] as const

/** Words of a row of the result. */
export function blockSumWords(ids: number): number {
  return Math.ceil(ids / BLOCK_IDS) + 1
}

/** Emits it. */
export function emitBlockSums(isa: InstructionSet): Uint8Array {
  const a = new Assembler()
  const v = new Vectors(a, isa, r10)
  const [table, rowLoop, blockLoop, lastBlock, end] = [0, 0, 0, 0, 0].map(() => a.label()) as Labels
  const halves = Array.from({ length: STEP / isa.lanes }, (_, h) => h)
  const half = ({ base, displacement }: Memory, h: number): Memory =>
    at(base, displacement + 4 * isa.lanes * h)
  /** Does something with each of `count` steps of memory from rdi on; none where the count is 0. */
  const each = (count: number, body: (step: Memory) => void): void => {
    const [loop, done] = [a.label(), a.label()]
    a.opImmediate('cmp', count, 0)
    a.jumpIf('e', done)
    a.bind(loop)
    body(at(rdi))
    a.opImmediate('add', rdi, STEP_BYTES)
    a.opImmediate('sub', count, 1)
    a.jumpIf('g', loop)
    a.bind(done)
  }
  const widen = (step: Memory): void => {
    for (const h of halves) v.op('vmaxps', largest, largest, half(step, h))
  }
  const add = (step: Memory): void => {
    for (const h of halves) {
      v.load(x, half(step, h))
      v.op('vsubps', x, x, largest)
      v.op('vmulps', x, x, scale)
      v.exp(x, n, p, least)
      const into = h === 0 ? sum : restOfSum
      v.op('vaddps', into, into, x)
    }
  }
  const noSum = (): void => {
    isa.zero(a, sum)
    if (halves.length === 2) isa.zero(a, restOfSum)
  }
  /** To rbx, and on. */
  const store = (register: number): void => {
    a.vex('vmovd_store', register, 0, at(rbx), { width: 128 })
    a.opImmediate('add', rbx, 4)
  }
  const storeSum = (): void => {
    if (halves.length === 2) v.op('vaddps', sum, sum, restOfSum)
    emitReduce(a, isa, v, 'vaddps', sum)
    store(sum)
  }

  a.endbr64()
  emitEntry(a, STEP_BYTES)
  a.addressOf(r10, table)
  a.op('mov', rax, at(rdi, TENSOR.src1))
  a.op('mov', rax, at(rax, TENSOR.data))
  v.spread(scale, at(rax))
  v.spread(least, 'least')
  a.op('mov', rax, at(rdi, TENSOR.src0))
  a.op('mov', r8, at(rax, TENSOR.data))
  a.op('mov', r9, at(rax, TENSOR.nb1))
  a.op('mov', r14, at(rax, TENSOR.ne0))
  a.op('mov', r15, at(rax, TENSOR.ne1))
  a.opImmediate('sub', r14, 1)
  a.op('mov', r11, r14)
  a.opImmediate('and', r11, STEP - 1)
  a.opImmediate('add', r11, 1) // ids of the last step, 1 to 16
  a.shift('right', r14, Math.log2(STEP)) // steps before it
  a.op('mov', r12, at(rdi, TENSOR.data))
  a.op('mov', r13, at(rdi, TENSOR.nb1))

  a.bind(rowLoop) // rows ith, ith + nth, ...
  a.op('cmp', rsi, r15)
  a.jumpIf('ge', end)
  a.op('mov', rbx, rsi)
  a.op('imul', rbx, r13)
  a.op('add', rbx, r12)
  a.op('mov', rbp, rsi) // the row's number, while its last step is copied
  a.op('imul', rsi, r9)
  a.op('add', rsi, r8)
  a.op('mov', rax, rsi)
  v.spread(largest, 'minusInfinity')
  for (const h of halves) v.store(half(at(rsp), h), largest)
  a.op('mov', rdi, r14)
  a.shift('left', rdi, Math.log2(STEP_BYTES))
  a.op('add', rsi, rdi)
  a.op('mov', rdi, rsp)
  a.op('mov', rcx, r11)
  a.copyWords()
  a.op('mov', rsi, rbp)

  a.op('mov', rdi, rax)
  a.op('mov', rcx, r14)
  each(rcx, widen)
  widen(at(rsp))
  emitReduce(a, isa, v, 'vmaxps', largest)

  a.op('mov', rdi, rax)
  a.op('mov', rcx, r14) // steps left before the last
  a.bind(blockLoop)
  noSum()
  a.opImmediate('cmp', rcx, BLOCK_IDS / STEP)
  a.jumpIf('l', lastBlock)
  a.opImmediate('sub', rcx, BLOCK_IDS / STEP)
  a.moveImmediate(rax, BLOCK_IDS / STEP)
  each(rax, add)
  storeSum()
  a.jump(blockLoop)
  a.bind(lastBlock)
  each(rcx, add)
  add(at(rsp))
  storeSum()
  store(largest)
  a.op('add', rsi, rdx)
  a.jump(rowLoop)

  a.bind(end)
  emitExit(a, STEP_BYTES)
  emitConstants(a, table)
  return a.finish()
}

type Label = ReturnType<Assembler['label']>
type Labels = [Label, Label, Label, Label, Label]

/** Largest error allowed, relative to a sum. */
const LIMIT = 1e-6
/** Around the ends of steps and of blocks. */
const IDS = [1, 2, 15, 16, 17, 33, 240, 241, 255, 256, 257, 272, 511, 512, 513, 777] as const

/**
 * Tests it before its first use: every kind of last step and last block against float64, logits of which exp would be
 * infinite and such as are no numbers, on one thread and on two.
 *
 * @throws Error saying what is wrong
 */
export function verifyBlockSums(call: ProductCall): void {
  for (const ids of IDS)
    for (const each of [1, 0.5]) {
      const R = 4
      const stride = ids + 3
      const words = blockSumWords(ids)
      using bench = new Bench([
        ['logits', R * stride * 4],
        ['scale', 4],
        ['sums', (R * words + 1) * 4],
        ...['dst', 'src0', 'src1'].map((name) => [name, TENSOR.bytes] as const),
      ])
      // Differences are exact in f32: an error in one would be one in its exp.
      const logits = new Float32Array(bench.bytes('logits').buffer)
      for (let i = 0; i < logits.length; i++) logits[i] = (mixed(i + ids) % 1024) / 64 + 120
      // The last row ends in a logit of which there is no sum.
      const bad = [Number.NaN, Number.POSITIVE_INFINITY][ids % 2]!
      logits[(R - 1) * stride + ids - 1] = bad
      bench.view('scale').setFloat32(0, each, true)
      bench.tensor('src0', ids, R, stride * 4, bench.address('logits'))
      bench.tensor('src1', 1, 1, 4, bench.address('scale'))
      bench.tensor('dst', words, R, words * 4, bench.address('sums'))
      for (const i of [0, 1])
        bench.view('dst').setBigUint64(TENSOR.src0 + 8 * i, bench.address(`src${i}`), true)
      const found = runRows(bench, call, { piece: 'sums', rows: R, words, stride: words }, `${ids} ids`)
      for (let r = 0; r < R; r++) {
        const row = logits.subarray(r * stride, r * stride + ids)
        const own = found.subarray(r * words, (r + 1) * words)
        if (r === R - 1) {
          if (own.every(Number.isFinite)) throw new Error(`a sum with ${bad} is wrong (${ids} ids)`)
          continue
        }
        const wanted = blockSumsOf(row, each)
        for (const [b, sum] of wanted.entries())
          if (!(Math.abs(own[b]! - sum) <= LIMIT * sum))
            throw new Error(`sum ${b} of ${ids} ids is off by ${Math.abs(own[b]! - sum)}`)
      }
    }
}

/** What a row comes to, in float64 from the definition. */
export function blockSumsOf(row: Float32Array, scale: number): Float64Array {
  const out = new Float64Array(blockSumWords(row.length))
  const largest = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  row.forEach((logit, i) => {
    out[Math.floor(i / BLOCK_IDS)]! += Math.exp((logit - largest) * scale)
  })
  out[out.length - 1] = largest
  return out
}
