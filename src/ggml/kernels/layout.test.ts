/** Offsets in ggml's structs: one that is wrong is found before any kernel is used. */
import { describe, expect, it } from 'vitest'
import { loadEngine } from '../library.ts'
import { BATCH } from './batched.ts'
import { readCpu } from './cpu.ts'
import { Kernels } from './kernels.ts'
import { OPERATION } from './layout.ts'
import { TENSOR } from './product.ts'

const serves = process.platform === 'linux' && process.arch === 'x64' && readCpu().avx2

/** Runs `look` with one offset that is `by` bytes too large. */
function shifted<T>(offsets: object, name: string, by: number, look: () => T): T {
  const numbers = offsets as Record<string, number>
  numbers[name]! += by
  try {
    return look()
  } finally {
    numbers[name]! -= by
  }
}

describe.skipIf(!serves)('offsets (skipped where there are no kernels)', () => {
  const engine = loadEngine('cpu')

  it('are right', () => {
    const kernels = new Kernels(engine, '')
    expect(kernels.off).toBeUndefined()
    expect(kernels.batched('pass')).toBeDefined()
  })

  it.each(Object.keys(TENSOR).filter((name) => name !== 'bytes'))('of %s in a tensor are held', (name) => {
    const { off, isa } = shifted(TENSOR, name, 8, () => new Kernels(engine, ''))
    expect([off, isa]).toEqual([expect.stringMatching(/^ggml_tensor has its .* elsewhere$/), undefined])
  })

  it.each([
    ...Object.keys(BATCH).map((name) => [name, BATCH, 8] as const),
    ['type', OPERATION, 4] as const,
    ['op', OPERATION, 4] as const,
  ])('of %s, which products of batches read, are held', (name, offsets, by) => {
    const kernels = new Kernels(engine, '')
    expect(shifted(offsets, name, by, () => kernels.batched('pass'))).toBeUndefined()
    expect(kernels.report().failed).toEqual([
      expect.stringMatching(/^batches, pass: ggml_tensor has its .* elsewhere$/),
    ])
  })
})
