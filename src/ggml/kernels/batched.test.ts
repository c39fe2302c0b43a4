/** Products of batches, and their way into a finished graph. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { mutantsOf } from '../../../test/support/mutants.ts'
import { stream } from '../../core/random.ts'
import { Backend } from '../backend.ts'
import { Graph, GraphAllocator } from '../graph.ts'
import { emitBatched } from './batched.ts'
import { readCpu } from './cpu.ts'
import { AVX2, AVX512, type InstructionSet } from './isa.ts'
import { KERNELS_VARIABLE, kernelsOf } from './kernels.ts'
import { mapCode } from './memory.ts'
import { swapProducts } from './swap.ts'
import { callable } from './verify.ts'
import { verifyBatched } from './verify-batched.ts'

const linux = process.platform === 'linux' && process.arch === 'x64'
const cpu = linux ? readCpu() : { avx2: false, avx512: false }
const SETS: InstructionSet[] = [...(cpu.avx512 ? [AVX512] : []), ...(cpu.avx2 ? [AVX2] : [])]
const FORMS = ['pass', 'inputs', 'weights'] as const

afterEach(() => {
  vi.unstubAllEnvs()
})

describe.skipIf(SETS.length === 0)(
  'products of batches (skipped where the processor has no AVX2 or the system is another)',
  () => {
    it.each(SETS)('pass their test in every form ($name)', (isa) => {
      vi.stubEnv(KERNELS_VARIABLE, isa === AVX2 ? 'avx2' : '')
      using backend = new Backend({ device: 'cpu', threads: 1 })
      const kernels = kernelsOf(backend.engine)
      expect(FORMS.map((form) => kernels.batched(form)).includes(undefined)).toBe(false)
      expect(kernels.report().failed).toEqual([])
    })

    it.each(SETS)(
      'are caught when a byte of their code is wrong ($name)',
      (isa) => {
        for (const form of FORMS) {
          const mutants = mutantsOf(isa, emitBatched(isa, form))
          expect(mutants.length).toBeGreaterThan(10)
          for (const { what, bytes } of mutants)
            expect(() => verifyBatched(isa, form, callable(mapCode(bytes).address)), what).toThrow()
        }
      },
      120_000,
    )

    it('take the places of ggml’s products in a graph, but for those that repeat an operand', async () => {
      const rng = stream(1, 'batched')
      const draw = (n: number): Float32Array => Float32Array.from({ length: n }, () => rng.normal())
      const [w, x, y] = [draw(70 * 50), draw(70 * 33), draw(70 * 33 * 6)]
      const results = async (swap: boolean, threads: number): Promise<Float32Array[]> => {
        using backend = new Backend({ device: 'cpu', threads })
        using allocator = new GraphAllocator(backend)
        using g = new Graph(backend, 16)
        const weights = g.input('F32', [70, 50], w)
        const many = g.input('F32', [70, 33, 2, 3], y)
        const outputs = [
          g.mulMat(weights, g.input('F32', [70, 33], x)),
          g.mulMat(many, g.scale(many, 2)), // several matrices
          g.mulMat(weights, many), // one for all
        ].map((t) => g.output(t))
        if (swap) expect(swapProducts(backend, g.raw.graph)).toBe(2)
        return await backend.exclusive(async () => {
          await g.compute(allocator)
          return outputs.map((t) => g.read(t))
        })
      }
      const plain = await results(false, 1)
      const swapped = await results(true, 1)
      for (const [i, result] of swapped.entries()) expect(result).toBeWithinRelativeL2(plain[i]!, 1e-6)
      for (const [i, result] of (await results(true, 3)).entries())
        expect(result).toBeBitIdentical(swapped[i]!)
      vi.stubEnv(KERNELS_VARIABLE, 'off')
      using backend = new Backend({ device: 'cpu', threads: 1 })
      using g = new Graph(backend, 8)
      g.output(g.mulMat(g.input('F32', [70, 50], w), g.input('F32', [70, 33], x)))
      expect(swapProducts(backend, g.raw.graph)).toBe(0)
    })
  },
)
