/** The label of an engine names the kernels that serve, and those that failed their test. */
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { MODELS } from '../../test/support/golden-tensors.ts'
import { openCheckpoint } from '../formats/checkpoint.ts'
import { Backend } from '../ggml/backend.ts'
import type { VectorOp } from '../ggml/kernels/assembler.ts'
import { Vectors } from '../ggml/kernels/exponential.ts'
import { AVX2, AVX512 } from '../ggml/kernels/isa.ts'
import { KERNELS_VARIABLE, Kernels, kernelsOf } from '../ggml/kernels/kernels.ts'
import { describeCheckpoint } from '../model/load.ts'
import { engineLabel } from './engine-label.ts'

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

/** What instructions are replaced by: roots are none, and what is to be subtracted is added. */
const WRONG: Partial<Record<VectorOp, VectorOp>> = {
  vsqrtps: 'vmovups',
  vfmsub213ps: 'vfmadd213ps',
  vfmaddsub213ps: 'vfmadd213ps',
}

/** The label of a model of bf16 weights in a backend of its own. */
function label(precision: 'native' | 'f32'): string {
  using backend = new Backend({ device: 'cpu' })
  const checkpoint = openCheckpoint(join(MODELS, 'llama3.1'))
  const { architecture } = describeCheckpoint(checkpoint)
  const tensors = new Map([...checkpoint.tensors].map(([name, t]) => [name, { ...t, type: 'BF16' as const }]))
  try {
    return engineLabel(backend, { checkpoint: { tensors }, architecture }, precision)
  } finally {
    checkpoint[Symbol.dispose]()
  }
}

it('is of ggml where kernels are off', () => {
  vi.stubEnv(KERNELS_VARIABLE, 'off')
  expect(label('native')).toMatch(/^[\d.]+, ggml products$/)
})

it('names what serves, and leaves out no kernel that failed', (context) => {
  vi.stubEnv(KERNELS_VARIABLE, '')
  using backend = new Backend({ device: 'cpu' })
  const { off, instructions, bf16, vnni } = kernelsOf(backend.engine).report()
  context.skip(off !== undefined, `no kernels here: ${off}`)
  const kernels = `${backend.engine.version}, ${instructions}${bf16 ? ' bf16' : ''}${vnni ? ' vnni' : ''} kernels`
  expect([label('native'), label('f32')]).toEqual([kernels, kernels])
  // Tested as wrong as they are: multiply-adds take their first factor twice, exp is none.
  vi.spyOn(Vectors.prototype, 'exp').mockImplementation(() => {})
  for (const isa of [AVX2, AVX512]) {
    const multiplyAdd = isa.multiplyAdd.bind(isa)
    vi.spyOn(isa, 'multiplyAdd').mockImplementation((a, round, target, x) =>
      multiplyAdd(a, round, target, x, x),
    )
  }
  const op = Vectors.prototype.op
  vi.spyOn(Vectors.prototype, 'op').mockImplementation(function (this: Vectors, name, ...rest) {
    op.call(this, WRONG[name] ?? name, ...rest)
  })
  const wrong = new Kernels(backend.engine, '')
  for (const name of [
    'product',
    'attention',
    'stepAttention',
    'gather',
    'blockSums',
    'norm',
    'rope',
    'report',
  ] as const) {
    const own = wrong[name].bind(wrong)
    vi.spyOn(Kernels.prototype, name).mockImplementation(own as never)
  }
  const lack = [
    'BF16 x F32',
    'F16 x F32',
    'RoPE, adjacent pairs',
    'RoPE, half pairs',
    'attention of 16',
    'norm, eps 0.00001',
    'sparse dot',
    'sparse dot-bf16',
    'sparse sum',
    'steps of 16, 4 on 2, BF16',
    'steps of 16, 4 on 2, F32',
    'sums of blocks',
    'weighted norm, eps 0.00001',
  ]
  expect(label('f32')).toBe(`${kernels} without ${lack.join('; ')}`)
  const more = bf16 ? ['BF16 x BF16'] : []
  expect(label('native')).toBe(`${kernels} without ${[...more, ...lack].join('; ')}`)
})
