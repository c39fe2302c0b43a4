/**
 * Calls kernels directly, in a process of its own, since a kernel that strays ends the process: every operand
 * lies against an unreadable page, before or behind it; the registers that C's calling convention keeps are
 * checked, and the upper halves of int arguments hold junk. Prints the number of cases.
 */
import koffi from '../../src/core/ffi.ts'
import { Assembler, at, r14, rbx, rdi } from '../../src/ggml/kernels/assembler.ts'
import { BATCH, emitBatched, type Form } from '../../src/ggml/kernels/batched.ts'
import { readCpu } from '../../src/ggml/kernels/cpu.ts'
import { AVX2, AVX512, type InstructionSet } from '../../src/ggml/kernels/isa.ts'
import { sourceOf } from '../../src/ggml/kernels/kernels.ts'
import { toFloatAddress } from '../../src/ggml/kernels/layout.ts'
import { mapCode } from '../../src/ggml/kernels/memory.ts'
import { scratchBytes } from '../../src/ggml/kernels/pack.ts'
import { emitPeak } from '../../src/ggml/kernels/peak.ts'
import { DEPTH, emitProduct, TENSOR } from '../../src/ggml/kernels/product.ts'
import type { ProductKind } from '../../src/ggml/kernels/verify.ts'
import { type BatchShape, type Operand, operands } from '../../src/ggml/kernels/verify-batched.ts'
import { loadEngine } from '../../src/ggml/library.ts'
import { blockBytes, blockElements, isPlain } from '../../src/ggml/types.ts'
import { checkedCall, guarded, JUNK, KEPT, LOST, type P, release, tensor } from './guarded.ts'

const engine = loadEngine('cpu')
const call = checkedCall()
const cpu = readCpu()
const toFloatType = koffi.proto('void to_float(void * x, void * y, int64_t k)')
const KINDS: readonly ProductKind[] = [
  { weights: 'F32', activations: 'F32' },
  { weights: 'BF16', activations: 'F32' },
  { weights: 'F16', activations: 'F32' },
  { weights: 'BF16', activations: 'BF16' },
  { weights: 'Q4_0', activations: 'F32' },
  { weights: 'Q4_1', activations: 'F32' },
  { weights: 'Q4_1', activations: 'BF16' },
  { weights: 'Q5_1', activations: 'F32' },
  { weights: 'Q8_0', activations: 'F32' },
  { weights: 'Q8_0', activations: 'BF16' },
  { weights: 'Q6_K', activations: 'BF16' },
]
let state = 1
const random = (): number => {
  state = (state * 48271) % 2147483647
  return (state % 255) / 128 - 1 // exact in bf16
}
const bits = new DataView(new ArrayBuffer(4))
const bf16 = (v: number): number => {
  bits.setFloat32(0, v)
  return bits.getUint16(0)
}

/**
 * Whether operands lie against the page behind them, or before: both for each pair of K, N and M, and every operand
 * is as large as two of them say.
 */
const isAtEnd = (iK: number, iN: number, iM: number): boolean => (iK + iN + iM) % 2 === 0

/** Weights [N][K] of a kind: their bytes, and their values as a product takes them. */
function weights(kind: ProductKind, N: number, K: number): { bytes: Uint8Array; values: Float64Array } {
  const rowBytes = (K / blockElements(kind.weights)) * blockBytes(kind.weights)
  const { address, view } = guarded(N * rowBytes, true)
  const values = new Float64Array(N * K)
  if (isPlain(kind.weights))
    for (let i = 0; i < values.length; i++) {
      values[i] = kind.weights === 'F16' ? (i % 3) - 1 : random()
      if (kind.weights === 'F32') view.setFloat32(4 * i, values[i]!, true)
      else if (kind.weights === 'BF16') view.setUint16(2 * i, bf16(values[i]!), true)
      else view.setUint16(2 * i, [0xbc00, 0, 0x3c00][i % 3]!, true)
    }
  else {
    for (let i = 0; i < N * rowBytes; i++) view.setUint8(i, Math.floor((random() + 1) * 31))
    const widen = koffi.decode(toFloatAddress(engine, kind.weights), toFloatType) as (...a: unknown[]) => void
    const row = new Float32Array(K)
    for (let n = 0; n < N; n++) {
      widen(address + BigInt(n * rowBytes), row, K)
      if (kind.activations === 'BF16')
        for (let k = 0; k < K; k++) {
          bits.setFloat32(0, row[k]!)
          const word = bits.getUint32(0)
          bits.setUint32(0, (word + 0x7fff + ((word >>> 16) & 1)) & 0xffff_0000)
          row[k] = bits.getFloat32(0)
        }
      values.set(row, n * K)
    }
  }
  const bytes = new Uint8Array(view.buffer).slice()
  release()
  return { bytes, values }
}

/** A product's operands and what it should give, with the sum of the terms' magnitudes, of which an error is a share. */
interface Case {
  readonly w: Uint8Array
  readonly x: Uint8Array
  readonly sums: Float64Array
  readonly sizes: Float64Array
}

/** Values that are exact in bf16, as their bytes. */
function activations(isBf16: boolean, values: Float64Array): Uint8Array {
  if (!isBf16) return new Uint8Array(Float32Array.from(values).buffer)
  return new Uint8Array(Uint16Array.from(values, bf16).buffer)
}

function randomValues(count: number): Float64Array {
  const values = new Float64Array(count)
  for (let i = 0; i < count; i++) values[i] = random()
  return values
}

/** Operands of a guarded call. */
function placed(bytes: Uint8Array, atEnd: boolean): P {
  const { address, view } = guarded(bytes.length, atEnd)
  new Uint8Array(view.buffer).set(bytes)
  return address
}

/**
 * Calls a kernel in every thread's stead with a destination that `tensors` describes, and compares.
 *
 * @throws Error saying what is wrong
 */
function check(
  { w, x, sums, sizes }: Case,
  kernel: { isa: InstructionSet; address: P },
  { atEnd, threads }: { atEnd: boolean; threads: number },
  tensors: (w: P, x: P, y: P) => P,
): void {
  const y = guarded(4 * sums.length, atEnd)
  const work = guarded(threads * scratchBytes(kernel.isa, DEPTH), atEnd)
  const control = guarded(8, true)
  control.view.setBigUint64(0, work.address, true)
  const dst = tensors(placed(w, atEnd), placed(x, atEnd), y.address)
  for (let i = 0; i < threads; i++)
    if (call(kernel.address, dst, JUNK + BigInt(i), JUNK + BigInt(threads), control.address) !== KEPT)
      throw new Error('registers')
  const found = new Float32Array(y.view.buffer)
  for (let i = 0; i < sums.length; i++)
    if (!(Math.abs(found[i]! - sums[i]!) <= 1e-5 * sizes[i]!))
      throw new Error(`${found[i]} for ${sums[i]} at ${i}`)
  release()
}

/** Runs a check; says where it failed. */
function located(where: () => string, run: () => void): void {
  try {
    run()
  } catch (error) {
    throw new Error(`${where()}: ${(error as Error).message}`)
  }
}

/** Functions that each break one of the rules: the check of registers must see it. */
function checkTheCheck(): void {
  const { address, view } = guarded(64, true)
  view.setFloat32(28, 1, true)
  view.setUint32(32, 0x9f80, true) // mxcsr: denormals as zero
  const sinners: readonly (readonly [number, (a: Assembler) => void])[] = [
    [KEPT, () => {}],
    [LOST.saved, (a) => a.moveImmediate(r14, 1)],
    [LOST.saved, (a) => a.moveImmediate(rbx, 1)],
    [LOST.upperHalves, (a) => a.vex('vmovups', 13, 0, at(rdi))],
    [LOST.control, (a) => a.byte(0xfd)], // std
    [LOST.control, (a) => a.byte(0x0f, 0xae, 0x57, 32)], // ldmxcsr [rdi + 32]
  ]
  for (const [i, [found, sin]] of sinners.entries()) {
    const a = new Assembler()
    sin(a)
    a.ret()
    if (call(mapCode(a.finish()).address, address, 0n, 0n, 0n) !== found)
      throw new Error(`the check of registers does not see function ${i}`)
  }
  release()
}

const SETS = cpu.avx512 ? [AVX512, AVX2] : cpu.avx2 ? [AVX2] : []
let cases = 0
if (SETS.length > 0) checkTheCheck()
for (const isa of SETS)
  for (const bf16 of isa === AVX512 && cpu.bf16 ? [false, true] : [false]) {
    if (call(mapCode(emitPeak(isa, bf16)).address, 0n, JUNK, JUNK, 0n) !== KEPT)
      throw new Error(`${isa.name} peak: registers`)
    cases++
  }
/** x [M, K] by w [N, K], in float64. */
function productOf(
  w: Float64Array,
  x: Float64Array,
  N: number,
  M: number,
  K: number,
): [Float64Array, Float64Array] {
  const [sums, sizes] = [new Float64Array(M * N), new Float64Array(M * N)]
  for (let m = 0; m < M; m++)
    for (let n = 0; n < N; n++) {
      let sum = 0
      let size = 0
      for (let k = 0; k < K; k++) {
        const term = x[m * K + k]! * w[n * K + k]!
        sum += term
        size += Math.abs(term)
      }
      sums[m * N + n] = sum
      sizes[m * N + n] = size
    }
  return [sums, sizes]
}

for (const kind of KINDS) {
  const isBf16 = kind.activations === 'BF16'
  const kernels = SETS.filter((isa) => !isBf16 || (isa === AVX512 && cpu.bf16)).map((isa) => ({
    isa,
    address: mapCode(emitProduct(isa, { bf16: isBf16, source: sourceOf(kind, engine) })).address,
  }))
  if (kernels.length === 0) continue
  const block = blockElements(kind.weights)
  // Every remainder of the inner loop's steps, and more than one block of K.
  const depths = isPlain(kind.weights)
    ? [1, 3, 8, 15, 33, DEPTH + 9].map((words) => words * (isBf16 ? 2 : 1))
    : [block, 3 * block, 2 * DEPTH + block]
  for (const [iK, K] of depths.entries())
    for (const [iN, N] of [1, 15, 16, 31, 47, 48, 49, 100].entries()) {
      const w = weights(kind, N, K)
      const rowBytes = w.bytes.length / N
      for (const [iM, M] of [1, 2, 3, 4, 5, 6, 7, 8, 14].entries()) {
        const xs = randomValues(M * K)
        const [sums, sizes] = productOf(w.values, xs, N, M, K)
        const made = { w: w.bytes, x: activations(isBf16, xs), sums, sizes }
        const how = { atEnd: isAtEnd(iK, iN, iM), threads: (iK + iN + iM) % 3 === 0 ? 3 : 1 }
        for (const kernel of kernels) {
          located(
            () => `${kernel.isa.name} ${kind.weights} x ${kind.activations} K ${K} N ${N} M ${M}`,
            () =>
              check(made, kernel, how, (w, x, y) =>
                tensor([N, M], N * 4, y, [
                  tensor([K, N], rowBytes, w),
                  tensor([K, M], K * (isBf16 ? 2 : 4), x),
                ]),
              ),
          )
          cases++
        }
      }
    }
}

/** A tensor of several matrices, given as `operands` does. */
function matrices(
  { ne, nb }: Operand,
  batches: number,
  bytes: number,
  data: P,
  sources: readonly P[] = [],
): P {
  const address = tensor(ne, nb[1], data, sources)
  const view = new DataView(koffi.view(address, TENSOR.bytes))
  view.setBigInt64(BATCH.ne2, BigInt(batches), true)
  view.setBigInt64(BATCH.ne3, 1n, true)
  view.setBigInt64(BATCH.nb0, BigInt(nb[0]), true)
  view.setBigInt64(BATCH.nb2, BigInt(bytes), true)
  return address
}

/** Products of batches in float64, operands as a form has them. */
function batchesOf(
  form: Form,
  w: Float64Array,
  x: Float64Array,
  { N, M, K, batches }: BatchShape,
): [Float64Array, Float64Array] {
  const [sums, sizes] = [new Float64Array(batches * M * N), new Float64Array(batches * M * N)]
  const [xm, xk] = form === 'weights' ? [1, M] : [K, 1]
  const [wn, wk] = form === 'pass' ? [K, 1] : [1, N]
  for (let i = 0; i < sums.length; i++) {
    const [b, m, n] = [Math.floor(i / (M * N)), Math.floor(i / N) % M, i % N]
    let sum = 0
    let size = 0
    for (let k = 0; k < K; k++) {
      const term = x[b * M * K + m * xm + k * xk]! * w[b * N * K + n * wn + k * wk]!
      sum += term
      size += Math.abs(term)
    }
    sums[i] = sum
    sizes[i] = size
  }
  return [sums, sizes]
}

for (const form of ['pass', 'inputs', 'weights'] as const) {
  const kernels = SETS.map((isa) => ({ isa, address: mapCode(emitBatched(isa, form)).address }))
  if (kernels.length === 0) continue
  for (const [iK, K] of [1, 3, 16, 70, DEPTH + 17].entries())
    for (const [iN, N] of [1, 15, 16, 17, 32, 33, 48, 49, 100].entries())
      for (const [iM, M] of [1, 2, 3, 4, 5, 6, 7, 8, 14, 17].entries())
        for (const batches of [1, 3]) {
          const shape = { N, M, K, batches }
          const [ws, xs] = [randomValues(batches * N * K), randomValues(batches * M * K)]
          const [sums, sizes] = batchesOf(form, ws, xs, shape)
          const made = { w: activations(false, ws), x: activations(false, xs), sums, sizes }
          const how = { atEnd: isAtEnd(iK, iN, iM), threads: 1 + ((iK + iN + iM) % 3) }
          const layout = operands(form, shape)
          const result = { ne: [N, M], nb: [4, 4 * N] } as const
          for (const kernel of kernels) {
            located(
              () => `${kernel.isa.name} ${form} K ${K} N ${N} M ${M}, ${batches} matrices`,
              () =>
                check(made, kernel, how, (w, x, y) =>
                  matrices(result, batches, 4 * M * N, y, [
                    matrices(layout.w, batches, 4 * N * K, w),
                    matrices(layout.x, batches, 4 * M * K, x),
                  ]),
                ),
            )
            cases++
          }
        }
}
console.log(cases)
