/**
 * Which products may be above their cut, as bits: a ggml custom operation `void f(struct ggml_tensor * dst, int
 * ith, int nth, void *)` for AVX-512. With products p [n, R], cuts and norms [n] and a margin for each row,
 *
 *     bit i of dst[r] = not (p[r, i] <= cuts[i] - margins[r] norms[i])        (one rounding; set for NaN)
 *
 * dst is [ceil(n / 32), R] words. To look at every product outside of a graph costs a tenth of making them.
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
import { emitEntry, emitExit } from './frame.ts'
import { TENSOR } from './product.ts'
import { Bench, mixed, type ProductCall, UNTOUCHED } from './verify.ts'

const LANES = 16
/** vcmpps: not less or equal, or not a number. */
const NOT_LESS_EQUAL = 0x16
const [MARGIN, CUT, PRODUCT] = [0, 1, 2] as const
/** Mask registers: what is found, and the columns that are left. */
const [FOUND, LEFT] = [1, 2] as const

/** Words of bits for n columns. */
export function bitWords(n: number): number {
  return Math.ceil(n / 32)
}

/** Emits it. */
export function emitAbove(): Uint8Array {
  const a = new Assembler()
  const [rowLoop, whole, rest, pad, next, end] = [0, 0, 0, 0, 0, 0].map(() => a.label()) as Labels
  const data = (register: number, offset: number): void => {
    a.op('mov', rax, at(rdi, offset))
    a.op('mov', register, at(rax, TENSOR.data))
  }
  a.endbr64()
  emitEntry(a, 8)
  data(r8, TENSOR.src0)
  a.op('mov', r9, at(rax, TENSOR.nb1))
  a.op('mov', r15, at(rax, TENSOR.ne1))
  a.op('mov', rcx, at(rax, TENSOR.ne0))
  a.store(at(rsp), rcx) // n
  data(r10, TENSOR.src1)
  data(r11, TENSOR.src2)
  data(rbx, TENSOR.src3)
  a.op('mov', r12, at(rdi, TENSOR.data))
  a.op('mov', r13, at(rdi, TENSOR.nb1))

  a.bind(rowLoop) // rows ith, ith + nth, ...
  a.op('cmp', rsi, r15)
  a.jumpIf('ge', end)
  a.evex('vbroadcastss', MARGIN, 0, at(rbx, 0, rsi, 4), { bytes: 4 })
  a.op('mov', r14, rsi)
  a.op('imul', r14, r9)
  a.op('add', r14, r8)
  a.op('mov', rdi, rsi)
  a.op('imul', rdi, r13)
  a.op('add', rdi, r12) // where the next bits go
  a.moveImmediate(rbp, 0) // columns done
  const compare = (mask?: number): void => {
    const loads = mask === undefined ? {} : { mask, zeroing: true }
    const vector = (base: number): Memory => at(base, 0, rbp, 4)
    a.evex('vmovups', CUT, 0, vector(r10), loads)
    a.evex('vfnmadd231ps', CUT, MARGIN, vector(r11), loads)
    a.evex('vmovups', PRODUCT, 0, vector(r14), loads)
    const only = mask === undefined ? {} : { mask }
    a.evex('vcmpps', FOUND, PRODUCT, CUT, { immediate: NOT_LESS_EQUAL, ...only })
    a.storeMask(at(rdi), FOUND)
    a.opImmediate('add', rdi, LANES / 8)
    a.opImmediate('add', rbp, LANES)
  }
  a.bind(whole)
  a.op('mov', rax, at(rsp))
  a.op('sub', rax, rbp) // columns left
  a.opImmediate('cmp', rax, LANES)
  a.jumpIf('l', rest)
  compare()
  a.jump(whole)
  a.bind(rest)
  a.opImmediate('cmp', rax, 0)
  a.jumpIf('e', pad)
  a.moveImmediate(rcx, -1)
  a.keepLowBits(rcx, rcx, rax)
  a.moveMask(LEFT, rcx)
  compare(LEFT)
  a.bind(pad) // the last word is whole
  a.opImmediate('and', rbp, LANES)
  a.jumpIf('e', next)
  a.moveImmediate(rax, 0)
  a.moveMask(FOUND, rax)
  a.storeMask(at(rdi), FOUND)
  a.bind(next)
  a.op('add', rsi, rdx)
  a.jump(rowLoop)

  a.bind(end)
  emitExit(a, 8)
  return a.finish()
}

type Label = ReturnType<Assembler['label']>
type Labels = [Label, Label, Label, Label, Label, Label]

/**
 * Tests it before its first use: every remainder of columns, products at, above and below their cuts and such as are
 * no numbers, on one thread and on two.
 *
 * @throws Error saying what is wrong
 */
export function verifyAbove(call: ProductCall): void {
  const R = 5
  for (let n = 1; n <= 4 * LANES + 1; n++) {
    const stride = n + 3
    const words = bitWords(n)
    using bench = new Bench([
      ['p', R * stride * 4],
      ['cuts', n * 4],
      ['norms', n * 4],
      ['margins', R * 4],
      ['bits', (R * words + 1) * 4],
      ['dst', TENSOR.bytes],
      ...([0, 1, 2, 3] as const).map((i) => [`src${i}`, TENSOR.bytes] as const),
    ])
    // Few bits each, so that nothing is rounded and products often lie at their cuts.
    const fill = (name: string, seed: number, steps: number): Float32Array => {
      const values = new Float32Array(bench.bytes(name).buffer)
      for (let i = 0; i < values.length; i++) values[i] = (mixed(seed + i) % steps) / 8
      return values
    }
    const [p, cuts] = [fill('p', n, 32), fill('cuts', 1000 + n, 32)]
    const [norms, margins] = [fill('norms', 2000 + n, 8), fill('margins', 3000 + n, 8)]
    p.forEach((_, i) => {
      if (i % 11 === 5) p[i] = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY][i % 3]!
    })
    for (const [i, name] of ['p', 'cuts', 'norms', 'margins'].entries()) {
      bench.tensor(`src${i}`, n, R, stride * 4, bench.address(name))
      bench.view('dst').setBigUint64(TENSOR.src0 + 8 * i, bench.address(`src${i}`), true)
    }
    bench.tensor('dst', words, R, words * 4, bench.address('bits'))
    for (const threads of [1, 2]) {
      const bits = bench.words('bits').fill(UNTOUCHED)
      for (let i = 0; i < threads; i++) call(bench.address('dst'), i, threads, 0n)
      if (bits[R * words] !== UNTOUCHED) throw new Error(`it writes outside its result (${n} columns)`)
      for (let r = 0; r < R; r++)
        for (let i = 0; i < 32 * words; i++) {
          const set = ((bits[r * words + (i >> 5)]! >>> (i & 31)) & 1) === 1
          const above = i < n && !(p[r * stride + i]! <= cuts[i]! - margins[r]! * norms[i]!)
          if (set !== above) throw new Error(`bit ${i} of row ${r} is wrong (${n} columns)`)
        }
    }
  }
}
