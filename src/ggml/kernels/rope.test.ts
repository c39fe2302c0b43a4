/** Rotary position embedding by our own code: exact to rounding, the same bits in every way to ask for it, caught when it is wrong. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { runChild } from '../../../test/support/child.ts'
import { stream } from '../../core/random.ts'
import { Backend } from '../backend.ts'
import { Graph, GraphAllocator, type RopePairs } from '../graph.ts'
import { type RopeAngles, RopeTable } from '../rope-table.ts'
import type { Tensor } from '../tensor.ts'
import { readCpu } from './cpu.ts'
import { KERNELS_VARIABLE } from './kernels.ts'
import { mapCode } from './memory.ts'
import { emitRope, ROPE_LIMIT, turnedRow, verifyRope } from './rope.ts'
import { callable } from './verify.ts'

const serves = process.platform === 'linux' && process.arch === 'x64' && readCpu().avx2
const PAIRS: RopePairs[] = ['half', 'adjacent']
const POSITIONS = Int32Array.from({ length: 20 }, (_, i) => (i < 8 ? i : i ** 3))
const N = POSITIONS.length
const angles = (headDim: number, pairs: RopePairs): RopeAngles => ({
  headDim,
  theta: 1e4,
  scale: 0.5,
  factors: Float32Array.from({ length: headDim / 2 }, (_, i) => 1 + (i % 3)),
  pairs,
})

afterEach(() => {
  vi.unstubAllEnvs()
})

/** Random rows [width, positions]. */
function rowsOf(width: number): Float32Array {
  const rng = stream(4, `rope ${width}`)
  return Float32Array.from({ length: width * POSITIONS.length }, () => rng.normal() * 3)
}

/** Moves the elements of each head from `half` order to `adjacent` order. */
function interleaved(rows: Float32Array, d: number): Float32Array {
  const half = (n: number): number => (n % 2) * (d / 2) + Math.floor(n / 2)
  return rows.map((_, n) => rows[n - (n % d) + half(n % d)]!)
}

describe('tables of cosines and sines', () => {
  it('hold what the definition gives, in the order of the pairs, however they grow', () => {
    const [half, adjacent] = PAIRS.map((pairs) => {
      const grown = new RopeTable(angles(32, pairs))
      for (const p of [3, 100, 4000]) grown.gather(Int32Array.of(p), new Float32Array(32))
      const [found, once] = [new Float32Array(N * 32), new Float32Array(N * 32)]
      grown.gather(POSITIONS, found)
      new RopeTable(angles(32, pairs)).gather(POSITIONS, once)
      expect(found).toBeBitIdentical(once)
      return found
    })
    expect(adjacent).toBeBitIdentical(interleaved(half!, 32))
    for (const [t, p] of POSITIONS.entries())
      for (let i = 0; i < 16; i++) {
        const angle = Math.fround(
          p * Math.fround((0.5 * Math.fround(1 / Math.fround(1e4 ** (i / 16)))) / (1 + (i % 3))),
        )
        expect(half![32 * t + i]).toBeCloseTo(Math.cos(angle), 6)
        expect(half![32 * t + 16 + i]).toBeCloseTo(Math.sin(angle), 6)
      }
  })
})

describe.skipIf(!serves)('RoPE (skipped where the processor has no AVX2 or the system is another)', () => {
  it.each(PAIRS)('passes its test, and is caught when it is wrong (%s)', (pairs) => {
    const code = emitRope(pairs)
    const test = (bytes: Uint8Array): void => verifyRope(pairs, callable(mapCode(bytes).address))
    expect(() => test(code)).not.toThrow()
    expect(() => test(emitRope(pairs === 'half' ? 'adjacent' : 'half'))).toThrow(/is off by/)
    // Products and multiply-adds that take another register, add for subtract, and shuffles of other elements.
    let mutants = 0
    for (let i = 0; i + 8 < code.length; i++) {
      if (code[i] !== 0xc4) continue
      const [map, opcode] = [code[i + 1]! & 31, code[i + 3]!]
      const [multiplies, shuffles] = [map === 1 && opcode === 0x59, map === 3 && opcode === 0x04]
      const adds = map === 2 && [0xa6, 0xa8, 0xaa].includes(opcode)
      if (!multiplies && !adds && !shuffles) continue
      const changes = [
        shuffles ? [5, code[i + 5]! ^ 1] : [2, code[i + 2]! ^ 0x08],
        ...(adds ? [[3, opcode === 0xa8 ? 0xaa : 0xa8]] : []),
      ] as [at: number, byte: number][]
      for (const [at, byte] of changes) {
        const bytes = code.slice()
        bytes[i + at] = byte
        expect(() => test(bytes), `${opcode.toString(16)} at ${i}`).toThrow(/is off by|give other bits/)
        mutants++
      }
    }
    expect(mutants).toBe(6)
  })

  it('touches nothing beside its operands and keeps registers', async () => {
    const { code, signal, stdout, stderr } = await runChild('test/support/rope-guard.ts')
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' })
    expect(Number(stdout)).toBeGreaterThan(50)
  })

  it('has the same bits for both kinds of pairs, alone and among others, with rows apart, in both sets', async () => {
    for (const [d, heads] of [
      [16, 3],
      [48, 2],
      [64, 9],
    ] as const) {
      const n = d * heads
      const values = rowsOf(n)
      const results: Float32Array[] = []
      for (const [setting, threads] of [
        ['', 1],
        ['', 2],
        ['avx2', 2],
      ] as const) {
        vi.stubEnv(KERNELS_VARIABLE, setting)
        using backend = new Backend({ device: 'cpu', threads })
        const [half, adjacent] = PAIRS.map((pairs) => new RopeTable(angles(d, pairs)))
        const [turned, other, apart, last] = await run(backend, (g) => {
          const x = g.input('F32', [n, N], values)
          const view = (at: number, rows: number): Tensor =>
            g.view(x, [d, rows], [4 * n, 4 * N * n, 4 * N * n], 4 * n * at)
          return [
            g.rotate(x, POSITIONS, half!),
            g.rotate(g.input('F32', [n, N], interleaved(values, d)), POSITIONS, adjacent!),
            g.rotate(view(0, N), POSITIONS, half!),
            g.rotate(view(N - 1, 1), POSITIONS.slice(N - 1), half!),
          ]
        })
        expect(other).toBeBitIdentical(interleaved(turned!, d))
        for (let t = 0; t < N; t++)
          expect(apart!.slice(t * d, (t + 1) * d)).toBeBitIdentical(turned!.slice(t * n, t * n + d))
        expect(last).toBeBitIdentical(turned!.slice((N - 1) * n, (N - 1) * n + d))
        const { kernels } = backend.kernels!
        expect(kernels.report().failed).toEqual([])
        for (const pairs of PAIRS) expect(kernels.rope(pairs)).toBeDefined()
        results.push(turned!)
      }
      expect(results[1]).toBeBitIdentical(results[0]!)
      expect(results[2]).toBeBitIdentical(results[0]!)
      const table = new Float32Array(N * d)
      new RopeTable(angles(d, 'half')).gather(POSITIONS, table)
      for (let t = 0; t < N; t++) {
        const wanted = turnedRow(
          values.subarray(t * n, (t + 1) * n),
          table.subarray(t * d, (t + 1) * d),
          'half',
        )
        for (const [i, [value, size]] of wanted.entries())
          expect(Math.abs(results[0]![t * n + i]! - value)).toBeLessThanOrEqual(ROPE_LIMIT * size)
      }
    }
  })

  it('is what ggml computes, but for its rounding of angles', async () => {
    for (const pairs of PAIRS) {
      const table = new RopeTable(angles(64, pairs))
      const values = rowsOf(128)
      const turned: Float32Array[] = []
      for (const setting of ['', 'off']) {
        vi.stubEnv(KERNELS_VARIABLE, setting)
        using backend = new Backend({ device: 'cpu', threads: 1 })
        turned.push(
          ...(await run(backend, (g) => [g.rotate(g.input('F32', [128, N], values), POSITIONS, table)])),
        )
      }
      for (const [i, y] of turned[0]!.entries()) expect(Math.abs(y - turned[1]![i]!)).toBeLessThan(1e-3)
    }
  })

  it('reads positions anew at each compute', async () => {
    using backend = new Backend({ device: 'cpu', threads: 1 })
    const values = rowsOf(64)
    const table = new RopeTable(angles(64, 'half'))
    const positions = new Int32Array(N)
    await backend.exclusive(async () => {
      using allocator = new GraphAllocator(backend)
      using graph = new Graph(backend, 8)
      const turned = graph.output(graph.rotate(graph.input('F32', [64, N], values), positions, table))
      await graph.compute(allocator)
      expect(graph.read(turned)).toBeBitIdentical(values) // not turned at all
      positions.set(POSITIONS)
      await graph.compute(allocator)
      const [other] = await run(backend, (g) => [g.rotate(g.input('F32', [64, N], values), POSITIONS, table)])
      expect(graph.read(turned)).toBeBitIdentical(other!)
      positions[2] = -1
      await expect(graph.compute(allocator)).rejects.toMatchObject({ code: 'graph-shape' })
    })
  })

  it('leaves heads of other widths to ggml, and refuses rows that are not whole heads', async () => {
    using backend = new Backend({ device: 'cpu', threads: 1 })
    const values = rowsOf(48)
    for (const pairs of PAIRS) {
      const { headDim, factors, ...others } = angles(24, pairs)
      const [ours, theirs] = await run(backend, (g) => {
        const x = g.input('F32', [48, N], values)
        const ggml = { ...others, factors: g.input('F32', [12], factors) }
        return [
          g.rotate(x, POSITIONS, new RopeTable({ ...others, headDim, factors })),
          g.rope(g.reshape(x, [24, 2, N]), g.input('I32', [N], POSITIONS), ggml),
        ]
      })
      expect(ours).toBeBitIdentical(theirs!)
    }
    using graph = new Graph(backend, 8)
    const x = graph.input('F32', [48, N])
    const refused = (headDim: number, positions: Int32Array): void =>
      expect(() => graph.rotate(x, positions, new RopeTable(angles(headDim, 'half')))).toThrow(/rotate/)
    refused(32, POSITIONS)
    refused(16, POSITIONS.slice(1))
  })
})

async function run(backend: Backend, build: (g: Graph) => Tensor[]): Promise<Float32Array[]> {
  using allocator = new GraphAllocator(backend)
  using graph = new Graph(backend, 32)
  const outputs = build(graph).map((t) => graph.output(t))
  await graph.compute(allocator)
  return outputs.map((t) => graph.read(t))
}
