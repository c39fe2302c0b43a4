/** The self-test of what rounds activations to 8 bits. */

import { BLOCK } from './bytes.ts'
import { TENSOR } from './product.ts'
import { quantisedWords, SIDE_BYTES } from './quantise.ts'
import { Bench, mixed, type ProductCall, UNTOUCHED } from './verify.ts'

/**
 * Tests it before its first use, to the bit: rows of one to three blocks, some far apart in size, some of zeros or next to
 * nothing, some with what is no number; on one thread and on two.
 *
 * @throws Error saying what is wrong
 */
export function verifyQuantise(call: ProductCall): void {
  const M = 7
  for (const K of [BLOCK, 2 * BLOCK, 3 * BLOCK]) {
    const [stride, words] = [K + 5, quantisedWords(K)]
    using bench = new Bench([
      ['x', M * stride * 4],
      ['y', (M * words + 1) * 4],
      ['dst', TENSOR.bytes],
      ['src0', TENSOR.bytes],
    ])
    const x = new Float32Array(bench.bytes('x').buffer)
    for (let i = 0; i < x.length; i++) x[i] = (mixed(i) / 2 ** 31 - 1) * 4 ** (Math.floor(i / BLOCK) % 9)
    x.fill(0, stride, stride + BLOCK)
    x.fill(2 ** -110, 2 * stride, 2 * stride + BLOCK)
    // Ties: with 127 the largest, d is 1 or next to it.
    for (let i = 0; i < BLOCK; i++) x[3 * stride + i] = i === 9 ? -127 : i - 15.5
    x[4 * stride + 3] = Number.NaN
    x[5 * stride + 30] = Number.NEGATIVE_INFINITY
    bench.tensor('src0', K, M, stride * 4, bench.address('x'))
    bench.tensor('dst', words, M, words * 4, bench.address('y'))
    bench.view('dst').setBigUint64(TENSOR.src0, bench.address('src0'), true)
    for (const threads of [1, 2]) {
      const found = bench.words('y').fill(UNTOUCHED)
      for (let i = 0; i < threads; i++) call(bench.address('dst'), i, threads, 0n)
      if (found[M * words] !== UNTOUCHED) throw new Error(`it writes outside its result (${K} numbers)`)
      for (let m = 0; m < M; m++)
        for (let block = 0; block < K / BLOCK; block++) {
          const from = m * stride + BLOCK * block
          checkBlock(bench.view('y'), 4 * m * words, K, block, x.subarray(from, from + BLOCK))
        }
    }
  }
}

/** Holds a block of a row that begins at a byte against what it was made of. */
function checkBlock(view: DataView, row: number, K: number, block: number, x: Float32Array): void {
  const side = row + K + SIDE_BYTES * block
  const d = view.getFloat32(side, true)
  const largest = x.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  if (!Number.isFinite(largest)) {
    if (Number.isFinite(d)) throw new Error('a number that is none is wrong: its block does not show it')
    return
  }
  const isZero = largest < 2 ** -100
  const inverse = isZero ? 0 : Math.fround(127 / largest)
  if (d !== (isZero ? 0 : Math.fround(largest * Math.fround(1 / 127)))) throw new Error('a scale is wrong')
  let sum = 0
  x.forEach((value, i) => {
    const q = view.getInt8(row + BLOCK * block + i)
    if (q !== nearest(Math.fround(value * inverse))) throw new Error(`byte ${i} of a block is wrong`)
    sum += q
  })
  if (view.getFloat32(side + 4, true) !== Math.fround(d * sum)) throw new Error('a sum is wrong')
  if (view.getInt32(side + 8, true) !== -128 * sum) throw new Error('a beginning is wrong')
}

/** The nearest whole number, ties to even. */
function nearest(value: number): number {
  const below = Math.floor(value)
  const rest = value - below
  return rest > 0.5 || (rest === 0.5 && below % 2 !== 0) ? below + 1 : below
}
