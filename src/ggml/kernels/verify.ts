/**
 * The self-test of a kernel, before its first use: a product with a remainder in every dimension against
 * float64, then every number of rows and columns of a last tile, which must give the same bits, alone and added to something. A wrong
 * product is found here; a fault is not, which is what the guard-page tests are for.
 */

import koffi from '../../core/ffi.ts'
import type { Pointer } from '../bindings.ts'
import { blockBytes, blockElements, type GgmlType, isPlain } from '../types.ts'
import { BLOCK, depthOf, wordsOfBlock } from './bytes.ts'
import { type OwnBlocks, ownBlocks, quantsOf } from './dequantise.ts'
import type { InstructionSet } from './isa.ts'
import { panelBytes } from './kept.ts'
import { Pages } from './memory.ts'
import { scratchBytes } from './pack.ts'
import { DEPTH, TENSOR } from './product.ts'
import { quantisedWords, SIDE_BYTES } from './quantise.ts'

/** What a kernel multiplies: the weights' type, and what activations are rounded to (I8: as quantise.ts does it). */
export interface ProductKind {
  readonly weights: GgmlType
  readonly activations: 'F32' | 'BF16' | 'I8'
}

/** Words that a row of weights of K numbers is in a panel. */
export function panelWords({ weights, activations }: ProductKind, K: number): number {
  if (activations === 'I8') return (K / BLOCK) * wordsOfBlock(ownBlocks(weights)!)
  return activations === 'BF16' ? K / 2 : K
}

/** A custom operation as it can be called. */
export type ProductCall = (dst: Pointer, ith: number, nth: number, scratch: Pointer) => void

let prototype: ReturnType<typeof koffi.proto> | undefined

/** A kernel at an address as a function. */
export function callable(address: Pointer): ProductCall {
  prototype ??= koffi.proto('void palimpsest_product(void * dst, int ith, int nth, void * scratch)')
  return koffi.decode(address, prototype) as ProductCall
}

/** Largest error allowed, relative to the sum of the absolute products. */
export const LIMIT = 1e-5
/** What memory around the results holds, and must hold afterwards. */
export const UNTOUCHED = 0x7f5a_a5a5
const THREADS = 2

/**
 * Tests a kernel.
 *
 * @param toFloat widens quantised rows, for blocks: ggml's own function
 * @param keep packs the weights before (kept.ts), where the kernel is one of panels that are kept
 * @throws Error saying what is wrong
 */
export function verifyProduct(
  isa: InstructionSet,
  kind: ProductKind,
  call: ProductCall,
  { toFloat, keep }: { readonly toFloat?: Pointer | undefined; readonly keep?: ProductCall } = {},
): void {
  const quantised = !isPlain(kind.weights)
  const isBf16 = kind.activations === 'BF16'
  // More than is packed at once.
  const K = DEPTH * (kind.activations === 'F32' ? 1 : 2) + (quantised ? blockElements(kind.weights) : 38)
  const N = isa.columns + 5
  const M = 2 * isa.rows - 1
  const rowBytes = (K / blockElements(kind.weights)) * blockBytes(kind.weights)
  const xWords = kind.activations === 'I8' ? quantisedWords(K) : isBf16 ? K / 2 : K
  const stride = N + 3 // of results, in words
  const panels = keep === undefined ? 0 : panelBytes(isa, N, panelWords(kind, K))
  using bench = new Bench([
    ['scratch', 16],
    ['panels', panels],
    ['work', THREADS * scratchBytes(isa, DEPTH)],
    ['w', N * rowBytes],
    ['x', M * xWords * 4],
    ['y', M * stride * 4],
    ['plus', M * stride * 4],
    ['wide', K * 4],
    ['dst', TENSOR.bytes],
    ['src0', TENSOR.bytes],
    ['src1', TENSOR.bytes],
    ['src2', TENSOR.bytes],
  ])
  bench.view('scratch').setBigUint64(0, bench.address('work'), true)
  bench.view('scratch').setBigUint64(8, bench.address('panels'), true)
  const userdata = bench.address('scratch') + (keep === undefined ? 0n : 8n)
  const w = fillWeights(bench, kind.weights, K, N, rowBytes, toFloat)
  if (isBf16) for (let i = 0; i < w.length; i++) w[i] = roundedToBf16(w[i]!)
  const x =
    kind.activations === 'I8' ? fillQuantised(bench, M, K) : fillActivations(bench, kind.activations, M * K)
  bench.tensor('src0', K, N, rowBytes, bench.address('w'))
  bench.tensor('src1', kind.activations === 'I8' ? xWords : K, M, xWords * 4, bench.address('x'))
  bench.view('dst').setBigUint64(TENSOR.src0, bench.address('src0'), true)
  bench.view('dst').setBigUint64(TENSOR.src1, bench.address('src1'), true)
  for (let i = 0; keep !== undefined && i < THREADS; i++)
    keep(bench.address('dst'), i, THREADS, bench.address('scratch'))
  const y = bench.words('y')
  const run = (rows: number, columns: number, threads: number): void => {
    y.fill(UNTOUCHED)
    bench.tensor('dst', columns, rows, stride * 4, bench.address('y'))
    for (let i = 0; i < threads; i++) call(bench.address('dst'), i, threads, userdata)
    for (let i = 0; i < y.length; i++)
      if ((i % stride >= columns || i >= rows * stride) && y[i] !== UNTOUCHED)
        throw new Error(`it writes outside its result (${rows} x ${columns})`)
  }
  run(M, N, 1)
  const whole = y.slice()
  const values = new Float32Array(whole.buffer)
  for (let m = 0; m < M; m++)
    for (let n = 0; n < N; n++) {
      let sum = 0
      let size = 0
      for (let k = 0; k < K; k++) {
        const term = w[n * K + k]! * x[m * K + k]!
        sum += term
        size += Math.abs(term)
      }
      const error = Math.abs(values[m * stride + n]! - sum)
      if (!(error <= LIMIT * size)) throw new Error(`element ${m}, ${n} is off by ${error}`)
    }
  const same = (rows: number, columns: number, threads: number): void => {
    run(rows, columns, threads)
    for (let m = 0; m < rows; m++)
      for (let n = 0; n < columns; n++)
        if (y[m * stride + n] !== whole[m * stride + n])
          throw new Error(`${rows} x ${columns} with ${threads} threads gives other bits`)
  }
  same(M, N, THREADS)
  // Every height of a tile, over a whole panel, a narrow one and one that reaches into the last vector.
  const heights = (): void => {
    for (let rows = 1; rows <= isa.rows; rows++) {
      same(rows, N, 1)
      same(rows, isa.columns - 3, 1)
    }
  }
  heights()
  for (let columns = 1; columns <= isa.columns; columns++) same(1, columns, 1)
  const plus = new Float32Array(bench.bytes('plus').buffer)
  for (let i = 0; i < values.length; i++) values[i]! += plus[i] = small(i) * 64
  bench.tensor('src2', N, M, stride * 4, bench.address('plus'))
  bench.view('dst').setBigUint64(TENSOR.src2, bench.address('src2'), true)
  same(M, N, THREADS)
  heights()
}

/**
 * Tests what packs panels to keep: every word of them against the weights, with a remainder in every dimension.
 *
 * @throws Error saying what is wrong
 */
export function verifyKeep(
  isa: InstructionSet,
  kind: ProductKind,
  call: ProductCall,
  toFloat?: Pointer,
): void {
  const isBf16 = kind.activations === 'BF16'
  const K =
    DEPTH * (kind.activations === 'F32' ? 1 : 2) + (isPlain(kind.weights) ? 38 : blockElements(kind.weights))
  const words = panelWords(kind, K)
  const N = isa.columns + 5
  const rowBytes = (K / blockElements(kind.weights)) * blockBytes(kind.weights)
  const bytes = panelBytes(isa, N, words)
  using bench = new Bench([
    ['places', 16],
    ['work', THREADS * scratchBytes(isa, DEPTH)],
    ['w', N * rowBytes],
    ['panels', bytes + 64],
    ['wide', K * 4],
    ['dst', TENSOR.bytes],
    ['src0', TENSOR.bytes],
  ])
  bench.view('places').setBigUint64(0, bench.address('work'), true)
  bench.view('places').setBigUint64(8, bench.address('panels'), true)
  const w = fillWeights(bench, kind.weights, K, N, rowBytes, toFloat)
  bench.tensor('src0', K, N, rowBytes, bench.address('w'))
  bench.view('dst').setBigUint64(TENSOR.src0, bench.address('src0'), true)
  const found = bench.words('panels')
  found.fill(UNTOUCHED)
  for (let i = 0; i < THREADS; i++) call(bench.address('dst'), i, THREADS, bench.address('places'))
  for (let i = bytes / 4; i < found.length; i++)
    if (found[i] !== UNTOUCHED) throw new Error('it writes behind its panels')
  const blocks = bench.view('w')
  const wanted = (n: number, k: number): number => {
    if (kind.activations === 'I8') return wordOf(blocks, ownBlocks(kind.weights)!, n * rowBytes, rowBytes, k)
    if (!isBf16) return f32Bits(w[n * K + k]!)
    const [low, high] = [0, 1].map((i) => bf16Bits(roundedToBf16(flushed(w[n * K + 2 * k + i]!))))
    return (low! | (high! << 16)) >>> 0
  }
  for (let n = 0; n < N; n++)
    for (let k = 0; k < words; k++) {
      const panel = Math.floor(n / isa.columns)
      if (found[(panel * words + k) * isa.columns + (n % isa.columns)] !== wanted(n, k))
        throw new Error(`word ${k} of row ${n} is not the weight`)
    }
}

/** Word k of what a row of blocks becomes (bytes.ts), the row's bytes beginning at `from`. */
function wordOf(view: DataView, type: OwnBlocks, from: number, rowBytes: number, k: number): number {
  const depth = depthOf(type)
  const before = Math.floor(k / depth) * (depth / wordsOfBlock(type)) // blocks in chunks before its own
  const blocks = Math.min(depth / wordsOfBlock(type), rowBytes / blockBytes(type) - before)
  const at = k % depth
  const half = (block: number, offset: number): number =>
    f32Bits(f16Value(view.getUint16(from + (before + block) * blockBytes(type) + offset, true)))
  if (at >= 9 * blocks) return half(at - 9 * blocks, 2)
  if (at >= 8 * blocks) return half(at - 8 * blocks, 0)
  const block = from + (before + Math.floor(at / 8)) * blockBytes(type) + quantsOf(type)
  let word = 0
  for (let i = 0; i < 4; i++) {
    const j = 4 * (at % 8) + i
    const byte =
      type === 'Q8_0'
        ? view.getInt8(block + j) + 128
        : ((view.getUint8(block + (j % 16)) >> (j < 16 ? 0 : 4)) & 15) + (type === 'Q4_0' ? 120 : 0)
    word |= byte << (8 * i)
  }
  return word >>> 0
}

/** Named pieces of memory at addresses that C can be given. */
export class Bench implements Disposable {
  readonly #pages: Pages
  readonly #pieces = new Map<string, { offset: number; bytes: number }>()

  constructor(pieces: readonly (readonly [name: string, bytes: number])[]) {
    let offset = 0
    for (const [name, bytes] of pieces) {
      this.#pieces.set(name, { offset, bytes })
      offset += Math.ceil(bytes / 64) * 64
    }
    this.#pages = new Pages(offset)
  }

  address(name: string): Pointer {
    return this.#pages.address + BigInt(this.#pieces.get(name)!.offset)
  }

  #buffer(name: string): ArrayBuffer {
    return koffi.view(this.address(name), this.#pieces.get(name)!.bytes)
  }

  view(name: string): DataView {
    return new DataView(this.#buffer(name))
  }

  bytes(name: string): Uint8Array {
    return new Uint8Array(this.#buffer(name))
  }

  words(name: string): Uint32Array {
    return new Uint32Array(this.#buffer(name))
  }

  /** Writes what the kernels read of a tensor: extents, the stride of rows, the data. */
  tensor(name: string, ne0: number, ne1: number, nb1: number, data: Pointer): void {
    const view = this.view(name)
    view.setBigInt64(TENSOR.ne0, BigInt(ne0), true)
    view.setBigInt64(TENSOR.ne1, BigInt(ne1), true)
    view.setBigInt64(TENSOR.nb1, BigInt(nb1), true)
    view.setBigUint64(TENSOR.data, data, true)
  }

  [Symbol.dispose](): void {
    this.#pages[Symbol.dispose]()
  }
}

/**
 * Calls an operation on one thread and on two: the same bits, and nothing but rows of `words` words, `stride` words apart, in
 * the piece that holds its result.
 *
 * @param what it works on, for the message
 * @returns the piece as f32, gaps included
 * @throws Error saying what is wrong
 */
export function runRows(
  bench: Bench,
  call: ProductCall,
  result: { readonly piece: string; readonly rows: number; readonly words: number; readonly stride: number },
  what: string,
): Float32Array {
  const { piece, rows, words, stride } = result
  let alone: Uint32Array | undefined
  for (const threads of [1, 2]) {
    const found = bench.words(piece).fill(UNTOUCHED)
    for (let i = 0; i < threads; i++) call(bench.address('dst'), i, threads, 0n)
    if (found.some((word, i) => (i % stride >= words || i >= rows * stride) && word !== UNTOUCHED))
      throw new Error(`it writes outside its result (${what})`)
    alone ??= found.slice()
    if (found.some((word, i) => word !== alone![i])) throw new Error(`${threads} threads give other bits`)
  }
  return new Float32Array(alone!.buffer)
}

/** A well-mixed word for index i (the finaliser of MurmurHash3). */
export function mixed(i: number): number {
  let h = (i + 1) * 0x9e37_79b1
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** Between -1 and 1, exact in bf16: seven bits after the point. */
const small = (i: number): number => (mixed(i) % 257) / 128 - 1

/** Writes weights of a type and returns their values, [N][K]. */
function fillWeights(
  bench: Bench,
  type: GgmlType,
  K: number,
  N: number,
  rowBytes: number,
  toFloat: Pointer | undefined,
): Float64Array {
  const view = bench.view('w')
  const values = new Float64Array(N * K)
  if (type === 'F32' || type === 'BF16' || type === 'F16') {
    for (let i = 0; i < values.length; i++) {
      if (type === 'F32') {
        values[i] = Math.fround(mixed(i) / 2 ** 31 - 1)
        view.setFloat32(4 * i, values[i]!, true)
      } else if (type === 'BF16') {
        values[i] = small(i)
        view.setUint16(2 * i, bf16Bits(values[i]!), true)
      } else {
        const bits = (mixed(i) & 0x83ff) | (((mixed(i) >>> 16) % 16) << 10) // exponents 0 to 15: up to 2, and denormals
        values[i] = f16Value(bits)
        view.setUint16(2 * i, bits, true)
      }
    }
    return values
  }
  if (toFloat === undefined) throw new Error(`no way to widen ${type}`)
  // Six bits a byte: whatever a block's scales are, none is infinite or not a number. Where it is known which bytes
  // they are, the others are any: all numbers that a type has, negative ones, too.
  const bytes = bench.bytes('w')
  const own = ownBlocks(type)
  const isScale = (i: number): boolean => own === undefined || i % blockBytes(type) < quantsOf(own)
  for (let i = 0; i < bytes.length; i++) bytes[i] = mixed(i) & (isScale(i) ? 0x3f : 0xff)
  const widen = widener(toFloat)
  for (let n = 0; n < N; n++) {
    widen(bench.address('w') + BigInt(n * rowBytes), bench.address('wide'), K)
    values.set(new Float32Array(bench.bytes('wide').buffer), n * K)
  }
  return values
}

function fillActivations(bench: Bench, type: 'F32' | 'BF16', count: number): Float64Array {
  const view = bench.view('x')
  return Float64Array.from({ length: count }, (_, i) => {
    if (type === 'BF16') {
      view.setUint16(2 * i, bf16Bits(small(~i)), true)
      return small(~i)
    }
    const value = Math.fround(mixed(~i) / 2 ** 31 - 1)
    view.setFloat32(4 * i, value, true)
    return value
  })
}

/** Writes rows of 8 bits as quantise.ts makes them, and returns their values. */
function fillQuantised(bench: Bench, M: number, K: number): Float64Array {
  const view = bench.view('x')
  const values = new Float64Array(M * K)
  for (let m = 0; m < M; m++) {
    const row = 4 * quantisedWords(K) * m
    for (let block = 0; block < K / BLOCK; block++) {
      const d = Math.fround(1 / 127 + mixed(m * K + block) / 2 ** 36)
      let sum = 0
      for (let i = BLOCK * block; i < BLOCK * (block + 1); i++) {
        const q = (mixed(~(m * K + i)) % 255) - 127
        view.setInt8(row + i, q)
        values[m * K + i] = q * d
        sum += q
      }
      const side = row + K + SIDE_BYTES * block
      view.setFloat32(side, d, true)
      view.setFloat32(side + 4, d * sum, true)
      view.setInt32(side + 8, -128 * sum, true)
    }
  }
  return values
}

let toFloatPrototype: ReturnType<typeof koffi.proto> | undefined

function widener(address: Pointer): (from: Pointer, to: Pointer, count: number) => void {
  toFloatPrototype ??= koffi.proto('void palimpsest_to_float(void * x, void * y, int64_t k)')
  return koffi.decode(address, toFloatPrototype) as (from: Pointer, to: Pointer, count: number) => void
}

const word = new DataView(new ArrayBuffer(4))

function f32Bits(value: number): number {
  word.setFloat32(0, value)
  return word.getUint32(0)
}

/** The bits of a value that bf16 holds exactly. */
function bf16Bits(value: number): number {
  word.setFloat32(0, value)
  return word.getUint16(0)
}

/** The nearest bf16, ties to even. */
function roundedToBf16(value: number): number {
  word.setFloat32(0, value)
  const bits = word.getUint32(0)
  word.setUint32(0, (bits + 0x7fff + ((bits >>> 16) & 1)) & 0xffff_0000)
  return word.getFloat32(0)
}

/** Rounding to bf16 takes denormals for zeros. */
function flushed(value: number): number {
  return Math.abs(value) < 2 ** -126 ? Math.sign(value) * 0 : value
}

function f16Value(bits: number): number {
  const exponent = (bits >> 10) & 31
  const fraction = (bits & 1023) / 1024
  const size = exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15)
  return bits & 0x8000 ? -size : size
}
