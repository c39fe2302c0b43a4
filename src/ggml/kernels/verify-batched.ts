/**
 * The self-test of a product of batches before its first use: a single matrix and several, with a remainder in
 * every dimension, against float64; then every size of a last tile, which must give the same bits.
 */

import { BATCH, type Form } from './batched.ts'
import type { InstructionSet } from './isa.ts'
import { scratchBytes } from './pack.ts'
import { DEPTH, TENSOR } from './product.ts'
import { Bench, LIMIT, mixed, type ProductCall, UNTOUCHED } from './verify.ts'

const THREADS = 2

/** Extents of one product. */
export interface BatchShape {
  readonly N: number
  readonly M: number
  readonly K: number
  readonly batches: number
}

/** What an operand is in ggml's terms: extents and strides in bytes, fastest axis first, of one matrix. */
export interface Operand {
  readonly ne: readonly [number, number]
  readonly nb: readonly [number, number]
}

/** The operands of a form as ggml's own product takes them; `outer` of the outer product, x turned in place. */
export function operands(form: Form, { N, M, K }: BatchShape): { w: Operand; x: Operand } {
  switch (form) {
    case 'pass':
      return { w: { ne: [K, N], nb: [4, 4 * K] }, x: { ne: [K, M], nb: [4, 4 * K] } }
    case 'inputs':
      return { w: { ne: [N, K], nb: [4, 4 * N] }, x: { ne: [M, K], nb: [4 * K, 4] } }
    case 'weights':
      return { w: { ne: [N, K], nb: [4, 4 * N] }, x: { ne: [M, K], nb: [4, 4 * M] } }
  }
}

/**
 * Tests a kernel.
 *
 * @throws Error saying what is wrong
 */
export function verifyBatched(isa: InstructionSet, form: Form, call: ProductCall): void {
  const N = isa.columns + 5
  const M = 2 * isa.rows - 1
  const K = DEPTH + 70
  const batches = 3
  const most = { N, M, K, batches }
  using bench = new Bench([
    ['scratch', 8],
    ['work', THREADS * scratchBytes(isa, DEPTH)],
    ['w', batches * N * K * 4],
    ['x', batches * M * K * 4],
    ['y', (batches * M * N + 16) * 4],
    ['dst', TENSOR.bytes],
    ['src0', TENSOR.bytes],
    ['src1', TENSOR.bytes],
  ])
  bench.view('scratch').setBigUint64(0, bench.address('work'), true)
  const fill = (name: 'w' | 'x', count: number, flip: number): Float32Array => {
    const values = new Float32Array(bench.bytes(name).buffer)
    for (let i = 0; i < count; i++) values[i] = mixed(i ^ flip) / 2 ** 31 - 1
    return values
  }
  const w = fill('w', batches * N * K, 0)
  const x = fill('x', batches * M * K, -1)
  const layout = operands(form, most)
  const words = bench.words('y')
  const results = new Float32Array(words.buffer)
  const run = (shape: BatchShape, threads: number): void => {
    words.fill(UNTOUCHED)
    // The strides stay those of the largest: smaller ones are corners of it.
    const own = operands(form, shape)
    const tensor = (name: string, ne: readonly number[], nb: readonly number[], batch: number): void => {
      bench.tensor(
        name,
        ne[0]!,
        ne[1]!,
        nb[1]!,
        bench.address(name === 'dst' ? 'y' : name === 'src0' ? 'w' : 'x'),
      )
      const view = bench.view(name)
      view.setBigInt64(BATCH.ne2, BigInt(shape.batches), true)
      view.setBigInt64(BATCH.ne3, 1n, true)
      view.setBigInt64(BATCH.nb0, BigInt(nb[0]!), true)
      view.setBigInt64(BATCH.nb2, BigInt(batch), true)
    }
    tensor('src0', own.w.ne, layout.w.nb, 4 * N * K)
    tensor('src1', own.x.ne, layout.x.nb, 4 * M * K)
    tensor('dst', [shape.N, shape.M], [4, 4 * N], 4 * M * N)
    bench.view('dst').setBigUint64(TENSOR.src0, bench.address('src0'), true)
    bench.view('dst').setBigUint64(TENSOR.src1, bench.address('src1'), true)
    for (let i = 0; i < threads; i++) call(bench.address('dst'), i, threads, bench.address('scratch'))
    for (let i = 0; i < words.length; i++) {
      const [b, m, n] = [Math.floor(i / (M * N)), Math.floor(i / N) % M, i % N]
      if ((b >= shape.batches || m >= shape.M || n >= shape.N) && words[i] !== UNTOUCHED)
        throw new Error(`it writes outside its result (${shape.M} x ${shape.N})`)
    }
  }
  run(most, 1)
  const whole = words.slice()
  const at = ({ nb }: Operand, i: number, k: number, alongFirst: boolean): number =>
    (alongFirst ? k * nb[0] + i * nb[1] : i * nb[0] + k * nb[1]) / 4
  for (let b = 0; b < batches; b++)
    for (let m = 0; m < M; m++)
      for (let n = 0; n < N; n++) {
        let sum = 0
        let size = 0
        for (let k = 0; k < K; k++) {
          const term =
            w[b * N * K + at(layout.w, n, k, form === 'pass')]! *
            x[b * M * K + at(layout.x, m, k, form === 'pass')]!
          sum += term
          size += Math.abs(term)
        }
        const error = Math.abs(results[(b * M + m) * N + n]! - sum)
        if (!(error <= LIMIT * size)) throw new Error(`element ${b}, ${m}, ${n} is off by ${error}`)
      }
  const same = (shape: BatchShape, threads: number): void => {
    run(shape, threads)
    for (let b = 0; b < shape.batches; b++)
      for (let m = 0; m < shape.M; m++)
        for (let n = 0; n < shape.N; n++) {
          const i = (b * M + m) * N + n
          if (words[i] !== whole[i])
            throw new Error(`${shape.M} x ${shape.N} with ${threads} threads gives other bits`)
        }
  }
  same(most, THREADS)
  same({ ...most, batches: 1 }, THREADS)
  // Every height of a tile in every width of the last panel, and every number of columns.
  for (let rows = 1; rows <= isa.rows; rows++)
    for (let vectors = 1; vectors <= isa.vectors; vectors++)
      for (const missing of [0, 3])
        same({ ...most, N: vectors * isa.lanes - missing, M: rows, batches: 1 }, 1)
  for (let columns = 1; columns <= isa.columns; columns++) same({ ...most, N: columns, M: 1, batches: 1 }, 1)
}
