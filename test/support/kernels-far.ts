/**
 * Kernels called with rows, matrices and lists more than 4 GiB apart, in a process of its own: an offset that is kept
 * in 32 bits anywhere leads to another place. The memory between is reserved, never touched. Prints the number of cases.
 */
import koffi from '../../src/core/ffi.ts'
import { emitAbove } from '../../src/ggml/kernels/above.ts'
import { BATCH, emitBatched } from '../../src/ggml/kernels/batched.ts'
import { blockSumsOf, blockSumWords, emitBlockSums } from '../../src/ggml/kernels/block-sums.ts'
import { readCpu } from '../../src/ggml/kernels/cpu.ts'
import { emitGather } from '../../src/ggml/kernels/gather.ts'
import { AVX2, AVX512 } from '../../src/ggml/kernels/isa.ts'
import { sourceOf } from '../../src/ggml/kernels/kernels.ts'
import { mapCode } from '../../src/ggml/kernels/memory.ts'
import { emitNorm, normOf } from '../../src/ggml/kernels/norm.ts'
import { scratchBytes } from '../../src/ggml/kernels/pack.ts'
import { DEPTH, emitProduct, TENSOR } from '../../src/ggml/kernels/product.ts'
import { emitRope, turnedRow } from '../../src/ggml/kernels/rope.ts'
import { loadEngine } from '../../src/ggml/library.ts'
import { checkedCall, far, guarded, KEPT, type P, release, tensor } from './guarded.ts'

/** Bytes from row to row: in 32 bits, 256. */
const APART = 2 ** 32 + 256
const call = checkedCall()
const engine = loadEngine('cpu')
const cpu = readCpu()

/** Row r of `columns` small numbers that tell rows and columns apart. */
const value = (row: number, column: number, salt: number): number => ((row * 7 + column * 3 + salt) % 11) - 5

/** Rows of numbers, far apart. */
function rows(count: number, columns: number, salt: number): P {
  const address = far(count * APART)
  for (let r = 0; r < count; r++) {
    const view = rowAt(address, r, columns)
    for (let c = 0; c < columns; c++) view[c] = value(r, c, salt)
  }
  return address
}

const rowAt = (address: P, r: number, columns: number): Float32Array =>
  new Float32Array(koffi.view(address + BigInt(r * APART), 4 * columns))

function control(bytes: number): P {
  const { address, view } = guarded(8, true)
  view.setBigUint64(0, guarded(bytes, true).address, true)
  return address
}

function run(what: string, kernel: P, dst: P, scratch: P): void {
  if (call(kernel, dst, 0n, 1n, scratch) !== KEPT) throw new Error(`${what}: registers`)
}

let cases = 0
for (const isa of cpu.avx512 ? [AVX512, AVX2] : cpu.avx2 ? [AVX2] : []) {
  const [K, N, M] = [20, 17, 9]
  const product = (what: string, y: P, wanted: (m: number, n: number) => number): void => {
    for (let m = 0; m < M; m++)
      for (let n = 0; n < N; n++)
        if (rowAt(y, m, N)[n] !== wanted(m, n)) throw new Error(`${isa.name} ${what}: ${m}, ${n}`)
    cases++
    release()
  }
  const sum = (count: number, term: (k: number) => number): number =>
    Array.from({ length: count }, (_, k) => term(k)).reduce((a, b) => a + b, 0)
  const scratch = (): P => control(scratchBytes(isa, DEPTH))
  {
    const source = sourceOf({ weights: 'F32', activations: 'F32' }, engine)
    const { address } = mapCode(emitProduct(isa, { bf16: false, source }))
    const y = far(M * APART)
    const sources = [tensor([K, N], APART, rows(N, K, 1)), tensor([K, M], APART, rows(M, K, 2))]
    run('product', address, tensor([N, M], APART, y, sources), scratch())
    product('product', y, (m, n) => sum(K, (k) => value(n, k, 1) * value(m, k, 2)))
  }
  for (const form of ['pass', 'inputs', 'weights'] as const) {
    const { address } = mapCode(emitBatched(isa, form))
    // As `operands` of verify-batched.ts lays them, every row and every matrix far from the one before.
    const w = form === 'pass' ? ([N, K] as const) : ([K, N] as const)
    const x = form === 'weights' ? ([K, M] as const) : ([M, K] as const)
    const matrices = (count: number, columns: number, salt: number, turned = false): P => {
      const data = rows(2 * count, columns, salt)
      return batch(
        turned ? [count, columns] : [columns, count],
        turned ? [APART, 4] : [4, APART],
        count,
        data,
      )
    }
    const batch = (
      ne: readonly [number, number],
      nb: readonly [number, number],
      count: number,
      data: P,
      sources: readonly P[] = [],
    ): P => {
      const address = tensor(ne, nb[1], data, sources)
      const view = new DataView(koffi.view(address, TENSOR.bytes))
      view.setBigInt64(BATCH.ne2, 2n, true)
      view.setBigInt64(BATCH.ne3, 1n, true)
      view.setBigInt64(BATCH.nb0, BigInt(nb[0]), true)
      view.setBigInt64(BATCH.nb2, BigInt(count * APART), true)
      return address
    }
    const y = far(2 * M * APART)
    const sources = [matrices(...w, 1), matrices(...x, 2, form === 'inputs')]
    run(form, address, batch([N, M], [4, APART], M, y, sources), scratch())
    const second = y + BigInt(M * APART)
    product(form, second, (m, n) =>
      sum(
        K,
        (k) =>
          (form === 'pass' ? value(N + n, k, 1) : value(K + k, n, 1)) *
          (form === 'weights' ? value(K + k, m, 2) : value(M + m, k, 2)),
      ),
    )
  }
  {
    const d = 2 * isa.lanes
    const integers = (list: readonly number[]): P => {
      const { address, view } = guarded(4 * list.length, true)
      for (const [i, v] of list.entries()) view.setInt32(4 * i, v, true)
      return tensor([list.length, 1], 4 * list.length, address)
    }
    const [starts, indices] = [integers([0, 1, 2]), integers([4, 3])]
    const matrix = tensor([d, 5], APART, rows(5, d, 1))
    const values = guarded(8, true)
    values.view.setFloat32(0, 2, true)
    values.view.setFloat32(4, 3, true)
    const y = far(2 * APART)
    const sources = [matrix, starts, indices, tensor([2, 1], 8, values.address)]
    run('sparse sum', mapCode(emitGather(isa, 'sum')).address, tensor([d, 2], APART, y, sources), 0n)
    for (const [r, [index, factor]] of [[4, 2] as const, [3, 3] as const].entries())
      for (let c = 0; c < d; c++)
        if (rowAt(y, r, d)[c] !== factor * value(index, c, 1)) throw new Error(`${isa.name} sparse sum`)
    const out = guarded(8 * isa.lanes, true)
    const dot = tensor([isa.lanes, 2], 4 * isa.lanes, out.address, [
      matrix,
      tensor([d, 2], APART, rows(2, d, 2)),
      starts,
      indices,
    ])
    run('sparse dot', mapCode(emitGather(isa, 'dot')).address, dot, 0n)
    for (const [r, index] of [4, 3].entries()) {
      const found = sum(isa.lanes, (lane) => out.view.getFloat32(4 * (r * isa.lanes + lane), true))
      if (found !== sum(d, (c) => value(index, c, 1) * value(r, c, 2)))
        throw new Error(`${isa.name} sparse dot`)
    }
    cases += 2
    release()
  }
  {
    const [ids, R] = [300, 3]
    const words = blockSumWords(ids)
    const one = guarded(4, true)
    one.view.setFloat32(0, 1, true)
    const sums = far(R * APART)
    const logits = rows(R, ids, 1)
    const sources = [tensor([ids, R], APART, logits), tensor([1, 1], 4, one.address)]
    const dst = tensor([words, R], APART, sums, sources)
    run('sums of blocks', mapCode(emitBlockSums(isa)).address, dst, 0n)
    for (let r = 0; r < R; r++)
      for (const [b, wanted] of blockSumsOf(rowAt(logits, r, ids), 1).entries())
        if (!(Math.abs(rowAt(sums, r, words)[b]! - wanted) <= 1e-6 * wanted))
          throw new Error(`${isa.name} sums of blocks`)
    cases++
    release()
  }
  {
    const [n, R] = [80, 3]
    const [x, y] = [rows(R, n, 1), far(R * APART)]
    const dst = tensor([n, R], APART, y, [tensor([n, R], APART, x)])
    run('norm', mapCode(emitNorm(isa, { eps: 1e-5, weighted: false })).address, dst, 0n)
    for (let r = 0; r < R; r++)
      for (const [i, wanted] of normOf(rowAt(x, r, n), undefined, 1e-5).entries())
        if (!(Math.abs(rowAt(y, r, n)[i]! - wanted) <= 3e-7 * Math.abs(wanted)))
          throw new Error(`${isa.name} norm`)
    cases++
    release()
  }
}
for (const pairs of cpu.avx2 ? (['half', 'adjacent'] as const) : []) {
  const [d, n, R] = [16, 48, 3]
  const [x, table, y] = [rows(R, n, 1), rows(R, d, 2), far(R * APART)]
  const dst = tensor([n, R], APART, y, [tensor([n, R], APART, x), tensor([d, R], APART, table)])
  run('RoPE', mapCode(emitRope(pairs)).address, dst, 0n)
  for (let r = 0; r < R; r++)
    for (const [i, [wanted]] of turnedRow(rowAt(x, r, n), rowAt(table, r, d), pairs).entries())
      if (rowAt(y, r, n)[i] !== wanted) throw new Error(`RoPE of ${pairs} pairs`)
  cases++
  release()
}
if (cpu.avx512) {
  const [n, R] = [40, 3]
  const ones = (count: number, each: number): P => {
    const { address, view } = guarded(4 * count, true)
    for (let i = 0; i < count; i++) view.setFloat32(4 * i, each, true)
    return tensor([count, 1], 4 * count, address)
  }
  const bits = far(R * APART)
  const sources = [tensor([n, R], APART, rows(R, n, 1)), ones(n, 1), ones(n, 1), ones(R, 0)]
  run('above', mapCode(emitAbove()).address, tensor([2, R], APART, bits, sources), 0n)
  for (let r = 0; r < R; r++) {
    const words = new Uint32Array(koffi.view(bits + BigInt(r * APART), 8))
    for (let i = 0; i < n; i++)
      if (((words[i >> 5]! >>> (i & 31)) & 1) !== Number(value(r, i, 1) > 1)) throw new Error('above')
  }
  cases++
  release()
}
console.log(cases)
