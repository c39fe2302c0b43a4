/** Products of 8 bits: right, as ggml's own are, the same bits everywhere, caught when they are wrong. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { runChild } from '../../../test/support/child.ts'
import { mutantsOf } from '../../../test/support/mutants.ts'
import { stream } from '../../core/random.ts'
import { Backend } from '../backend.ts'
import { TensorStore } from '../buffer.ts'
import { Graph, GraphAllocator } from '../graph.ts'
import { loadEngine } from '../library.ts'
import { keepPanels } from '../panels.ts'
import type { Tensor } from '../tensor.ts'
import { blockBytes } from '../types.ts'
import { readCpu } from './cpu.ts'
import { emitEightBit } from './eight-bit.ts'
import { AVX512 } from './isa.ts'
import { emitKeep } from './kept.ts'
import { KERNELS_VARIABLE } from './kernels.ts'
import { toFloatAddress } from './layout.ts'
import { kindsOf } from './linear.ts'
import { mapCode } from './memory.ts'
import { emitQuantise } from './quantise.ts'
import { callable, type ProductCall, verifyProduct } from './verify.ts'
import { verifyQuantise } from './verify-quantise.ts'

const has8Bits = process.platform === 'linux' && process.arch === 'x64' && readCpu().vnni
const TYPES = ['Q4_0', 'Q4_1', 'Q8_0'] as const
const map = (code: Uint8Array): ProductCall => callable(mapCode(code).address)
const STEP = { precision: 'native', step: true } as const

afterEach(() => {
  vi.unstubAllEnvs()
})

it('serve steps at native with blocks of 32 numbers, and nothing else', () => {
  const first = (...args: Parameters<typeof kindsOf>): string => kindsOf(...args)[0]!.activations
  for (const type of TYPES) {
    expect(first(type, 64, 'native', true)).toBe('I8')
    expect(first(type, 64, 'native', false)).toBe('BF16')
    expect(first(type, 64, 'f32', true)).toBe('F32')
  }
  expect(first('Q6_K', 256, 'native', true)).toBe('BF16')
  expect(first('BF16', 64, 'native', true)).toBe('BF16')
  expect(first('F32', 64, 'native', true)).toBe('F32')
})

describe.skipIf(!has8Bits)('products of 8 bits (skipped where the processor has no AVX-512 VNNI)', () => {
  it('are as near to the exact product as ggml’s own, which round to 8 bits, too', async () => {
    for (const type of TYPES) {
      vi.stubEnv(KERNELS_VARIABLE, '')
      using backend = new Backend({ device: 'cpu', threads: 1 })
      using store = new TensorStore(backend, 1)
      const [k, m, n] = [1216, 100, 40]
      const w = store.upload(type, [k, m], weights(type, k, m))
      store.commit()
      const x = activations(k, n)
      const ours = await product(backend, w, x, STEP)
      const exact = await product(backend, w, x, { precision: 'f32' })
      const theirs = await product(backend, w, x, 'ggml')
      expect(theirs).toBeWithinRelativeL2(exact, 1e-2)
      expect(ours).toBeWithinRelativeL2(exact, 1.02 * distance(theirs, exact))
      expect(ours).toBeWithinRelativeL2(theirs, 2e-3)
    }
  })

  it('give the same bits alone and together, on any number of threads, packed before or on the way', async () => {
    for (const type of TYPES) {
      using backend = new Backend({ device: 'cpu', threads: 2 })
      using store = new TensorStore(backend, 1)
      const [k, m, n] = [1056, 107, 21]
      const w = store.upload(type, [k, m], weights(type, k, m))
      store.commit()
      const x = activations(k, n)
      const all = await product(backend, w, x, STEP)
      const eight = await product(backend, w, x.subarray(3 * k, 11 * k), STEP)
      expect(eight).toBeBitIdentical(all.subarray(3 * m, 11 * m))
      const choice = (): bigint => {
        using graph = new Graph(backend, 8)
        return backend.kernels!.choose(w, graph.input('F32', [k, n]), STEP)!.address
      }
      const before = choice()
      await backend.exclusive(() => keepPanels(backend, [w], { precision: 'native', most: 1e9 }))
      expect(choice()).not.toBe(before)
      for (const threads of [1, 2, 3]) {
        backend.setThreads(threads)
        expect(await product(backend, w, x, STEP)).toBeBitIdentical(all)
      }
    }
  })

  it('show what is no number in its own row alone', async () => {
    using backend = new Backend({ device: 'cpu', threads: 2 })
    using store = new TensorStore(backend, 1)
    const [k, m, n] = [96, 50, 9]
    const w = store.upload('Q8_0', [k, m], weights('Q8_0', k, m))
    store.commit()
    const x = activations(k, n)
    const clean = await product(backend, w, x, STEP)
    x[2 * k + 40] = Number.NaN
    x[5 * k + 95] = Number.POSITIVE_INFINITY
    const found = await product(backend, w, x, STEP)
    for (let row = 0; row < n; row++) {
      const own = found.subarray(row * m, (row + 1) * m)
      if (row === 2 || row === 5) expect(own.some(Number.isFinite)).toBe(false)
      else expect(own).toBeBitIdentical(clean.subarray(row * m, (row + 1) * m))
    }
  })

  it('are caught when a byte of their code is wrong', () => {
    const engine = loadEngine('cpu')
    for (const weights of TYPES) {
      const kind = { weights, activations: 'I8' } as const
      const source = { kind: 'bytes', type: weights, bytes: blockBytes(weights) } as const
      const toFloat = toFloatAddress(engine, weights)
      const keep = map(emitKeep(AVX512, { bf16: false, source }))
      for (const [code, options] of [
        [emitEightBit(weights, source), { toFloat }],
        [emitEightBit(weights, 'kept'), { toFloat, keep }],
      ] as const) {
        const test = (bytes: Uint8Array): void => verifyProduct(AVX512, kind, map(bytes), options)
        expect(() => test(code)).not.toThrow()
        const mutants = mutantsOf(AVX512, code)
        expect(mutants.length).toBeGreaterThan(15)
        for (const { what, bytes } of mutants) expect(() => test(bytes), `${weights} ${what}`).toThrow()
      }
    }
  }, 60_000)

  it('are given activations that are caught when they are wrong', () => {
    const code = emitQuantise()
    const test = (bytes: Uint8Array): void => verifyQuantise(map(bytes))
    expect(() => test(code)).not.toThrow()
    // Sums, differences, products, quotients, largest ones, comparisons and roundings of another register.
    let mutants = 0
    for (let i = 0; i + 8 < code.length; i++) {
      if (code[i] !== 0x62) continue
      const map = code[i + 1]! & 7
      const arithmetic = map === 1 && [0x58, 0x59, 0x5b, 0x5e, 0xdb, 0xfa, 0xfe].includes(code[i + 4]!)
      if (!arithmetic && !(map === 2 && code[i + 4] === 0x3f)) continue
      const bytes = code.slice()
      // The operand of a conversion is in its last byte.
      if (code[i + 4] === 0x5b) bytes[i + 5]! ^= 1
      else bytes[i + 2]! ^= 0x08
      expect(() => test(bytes), `${code[i + 4]!.toString(16)} at ${i}`).toThrow(/wrong/)
      mutants++
    }
    expect(mutants).toBeGreaterThan(15)
  })

  it('touch nothing beside their operands and keep registers', async () => {
    const { code, signal, stdout, stderr } = await runChild('test/support/eight-bit-guard.ts')
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' })
    expect(Number(stdout)).toBeGreaterThan(400)
  }, 120_000)
})

/** Blocks of any quants, with scales between 1/64 and 1/8. */
function weights(type: (typeof TYPES)[number], k: number, m: number): Uint8Array {
  const rng = stream(6, type)
  const block = blockBytes(type)
  const bytes = Uint8Array.from({ length: (k / 32) * m * block }, () => Math.floor(rng.uniform() * 256))
  const view = new DataView(bytes.buffer)
  const scale = (): number => 0x2400 + Math.floor(rng.uniform() * 0xc00)
  for (let at = 0; at < bytes.length; at += block) {
    view.setUint16(at, scale(), true)
    if (type === 'Q4_1') view.setUint16(at + 2, 0x8c00 + scale(), true) // about minus eight of them
  }
  return bytes
}

function activations(k: number, n: number): Float32Array {
  const rng = stream(7, 'activations')
  return Float32Array.from({ length: k * n }, () => rng.normal())
}

function distance(found: Float32Array, wanted: Float32Array): number {
  let [error, size] = [0, 0]
  for (const [i, value] of wanted.entries()) {
    error += (found[i]! - value) ** 2
    size += value ** 2
  }
  return Math.sqrt(error / size)
}

/** A product in a graph, by `linear` or by ggml's own. */
async function product(
  backend: Backend,
  w: Tensor,
  x: Float32Array,
  how: Parameters<Graph['linear']>[2] | 'ggml',
): Promise<Float32Array> {
  return backend.exclusive(async () => {
    using allocator = new GraphAllocator(backend)
    using graph = new Graph(backend, 8)
    const input = graph.input('F32', [w.ne[0], x.length / w.ne[0]], x)
    const y = graph.output(how === 'ggml' ? graph.mulMat(w, input) : graph.linear(w, input, how))
    await graph.compute(allocator)
    return graph.read(y)
  })
}
