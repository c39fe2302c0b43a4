/** RMS norm by our own code: exact to rounding, the same bits in every way to ask for it, caught when it is wrong. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { runChild } from '../../../test/support/child.ts'
import { stream } from '../../core/random.ts'
import { Backend } from '../backend.ts'
import { Graph, GraphAllocator } from '../graph.ts'
import type { Tensor } from '../tensor.ts'
import { readCpu } from './cpu.ts'
import { AVX2, AVX512, type InstructionSet } from './isa.ts'
import { KERNELS_VARIABLE } from './kernels.ts'
import { mapCode } from './memory.ts'
import { emitNorm, normOf, verifyNorm } from './norm.ts'
import { callable } from './verify.ts'

const linux = process.platform === 'linux' && process.arch === 'x64'
const cpu = linux ? readCpu() : { avx2: false, avx512: false }
const SETS: InstructionSet[] = [...(cpu.avx512 ? [AVX512] : []), ...(cpu.avx2 ? [AVX2] : [])]
const EPS = 1e-5

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

describe.skipIf(SETS.length === 0)(
  'norms (skipped where the processor has no AVX2 or the system is another)',
  () => {
    it.each(SETS)('pass their test, and are caught when they are wrong ($name)', (isa) => {
      for (const weighted of [true, false]) {
        const kind = { eps: EPS, weighted }
        const code = emitNorm(isa, kind)
        const test = (bytes: Uint8Array): void => verifyNorm(kind, callable(mapCode(bytes).address))
        expect(() => test(code)).not.toThrow()
        expect(() => test(emitNorm(isa, { ...kind, eps: 2e-5 }))).toThrow(/is off by/)
        // Sums, products, quotients and multiply-adds that take another register.
        const [prefix, opcode] = isa === AVX512 ? [0x62, 4] : [0xc4, 3]
        let mutants = 0
        for (let i = 0; i + 8 < code.length; i++) {
          if (code[i] !== prefix) continue
          const map = code[i + 1]! & 7
          const byte = code[i + opcode]!
          const arithmetic = map === 1 && [0x58, 0x59, 0x5e].includes(byte)
          if (!arithmetic && !(map === 2 && byte === 0xb8)) continue
          const bytes = code.slice()
          bytes[i + 2]! ^= 0x08
          expect(() => test(bytes), `${byte.toString(16)} at ${i}`).toThrow()
          mutants++
        }
        expect(mutants).toBeGreaterThan(18)
      }
    })

    it('touch nothing beside their operands and keep registers, with the same bits in both sets', async () => {
      const { code, signal, stdout, stderr } = await runChild('test/support/norm-guard.ts')
      expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' })
      expect(Number(stdout)).toBeGreaterThan(100)
    })

    it.each(SETS)(
      'have the same bits with a weight and before one, apart and by head ($name)',
      async (isa) => {
        vi.stubEnv(KERNELS_VARIABLE, isa === AVX2 ? 'avx2' : '')
        for (const n of [48, 576, 8192]) {
          const rng = stream(3, `norm ${n}`)
          const values = Float32Array.from({ length: 5 * n }, () => rng.normal() * 3)
          const weights = Float32Array.from({ length: n }, () => rng.normal())
          const results: Float32Array[] = []
          for (const threads of [1, 2]) {
            using backend = new Backend({ device: 'cpu', threads })
            const build = (g: Graph): Tensor[] => {
              const [x, w] = [g.input('F32', [n, 5], values), g.input('F32', [n], weights)]
              const deep = g.norm(g.reshape(x, [n, 1, 5]), w, EPS)
              // Rows that lie apart: the first half of each.
              const row = [4 * n, 20 * n, 20 * n] as const
              const apart = g.norm(g.view(x, [n / 2 - ((n / 2) % 16), 5], row), undefined, EPS)
              return [
                g.norm(x, w, EPS),
                g.mul(g.norm(x, undefined, EPS), w),
                g.reshape(deep, [n, 5]),
                apart,
                g.norm(g.cont(g.view(x, [n / 2 - ((n / 2) % 16), 5], row)), undefined, EPS),
              ]
            }
            const [once, twice, deep, apart, together] = await run(backend, build)
            expect(twice).toBeBitIdentical(once!)
            expect(deep).toBeBitIdentical(once!)
            expect(apart).toBeBitIdentical(together!)
            const { kernels } = backend.kernels!
            expect([kernels.isa, kernels.report().failed]).toEqual([isa, []])
            for (const weighted of [true, false]) expect(kernels.norm(EPS, weighted)).toBeDefined()
            results.push(once!)
          }
          expect(results[1]).toBeBitIdentical(results[0]!)
          for (let r = 0; r < 5; r++)
            for (const [i, wanted] of normOf(values.subarray(r * n, (r + 1) * n), weights, EPS).entries())
              expect(Math.abs(results[0]![r * n + i]! - wanted)).toBeLessThanOrEqual(3e-7 * Math.abs(wanted))
        }
      },
    )

    it('leave other widths, and weights of another length or type, to ggml', async () => {
      using backend = new Backend({ device: 'cpu', threads: 1 })
      const kernel = vi.spyOn(backend.kernels!.kernels, 'norm')
      const build = (g: Graph): Tensor[] => {
        const x = g.input(
          'F32',
          [20, 3],
          Float32Array.from({ length: 60 }, (_, i) => i - 7),
        )
        const w = g.input('F32', [20], new Float32Array(20).fill(2))
        return [g.norm(x, w, EPS), g.mul(g.rmsNorm(x, EPS), w)]
      }
      const [ours, theirs] = await run(backend, build)
      expect(ours).toBeBitIdentical(theirs!)
      using graph = new Graph(backend, 8)
      const x = graph.input('F32', [32, 3])
      expect(() => graph.norm(x, graph.input('F32', [48]), EPS)).toThrow(/mul/)
      expect(() => graph.norm(x, undefined, -1)).toThrow(/rmsNorm/)
      expect(kernel).not.toHaveBeenCalled()
    })
  },
)

async function run(backend: Backend, build: (g: Graph) => Tensor[]): Promise<Float32Array[]> {
  return await backend.exclusive(async () => {
    using allocator = new GraphAllocator(backend)
    using graph = new Graph(backend, 32)
    const outputs = build(graph).map((t) => graph.output(t))
    await graph.compute(allocator)
    return outputs.map((t) => graph.read(t))
  })
}
