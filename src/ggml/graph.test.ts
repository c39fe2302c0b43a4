import { afterAll, describe, expect, it } from 'vitest'
import { matrix } from '../core/matrix.ts'
import { stream } from '../core/random.ts'
import { Backend } from './backend.ts'
import { TensorStore } from './buffer.ts'
import { matmulNT } from './gemm.ts'
import { Graph, GraphAllocator } from './graph.ts'
import { selfTest } from './selftest.ts'
import { chooseThreads } from './threads.ts'
import { blockElements, TYPE_IDS } from './types.ts'

const backend = new Backend({ device: 'cpu', threads: 1 })
const allocator = new GraphAllocator(backend)
afterAll(() => {
  allocator[Symbol.dispose]()
  backend[Symbol.dispose]()
})

describe('the engine', () => {
  it('passes its self-test in f32', async () => {
    const { errors } = await selfTest(backend)
    for (const error of Object.values(errors)) expect(error).toBeLessThan(1e-6)
  })

  it('knows the block sizes of every type as ggml does', () => {
    for (const [name, id] of Object.entries(TYPE_IDS))
      expect([name, Number(backend.engine.base.blockSize(id))]).toEqual([
        name,
        blockElements(name as keyof typeof TYPE_IDS),
      ])
  })

  it('chooses a number of threads between one and what there is', async () => {
    expect(await chooseThreads()).toBeGreaterThanOrEqual(1)
  })
})

describe('graphs', () => {
  it('recompute with new inputs', async () => {
    using graph = new Graph(backend, 8)
    const data = Float32Array.of(1, 2, 3)
    const doubled = graph.output(graph.scale(graph.input('F32', [3], data), 2, 1))
    await graph.compute(allocator)
    expect([...graph.read(doubled)]).toEqual([3, 5, 7])
    data.set([4, 5, 6])
    await graph.compute(allocator)
    expect([...graph.read(doubled)]).toEqual([9, 11, 13])
  })

  it('permute, view and cont move elements as declared', async () => {
    using graph = new Graph(backend, 16)
    const a = graph.input('F32', [2, 3], Float32Array.of(0, 1, 2, 3, 4, 5))
    const transposed = graph.output(graph.cont(graph.permute(a, [1, 0, 2, 3])))
    const window = graph.output(graph.cont(graph.view(a, [2, 2], [8, 16, 16], 8)))
    await graph.compute(allocator)
    expect([...graph.read(transposed)]).toEqual([0, 2, 4, 1, 3, 5])
    expect([...graph.read(window)]).toEqual([2, 3, 4, 5])
  })

  it.each<[string, (g: Graph) => void]>([
    ['products of different inner extents', (g) => g.mulMat(g.input('F32', [4, 2]), g.input('F32', [5, 2]))],
    ['sums that do not repeat', (g) => g.add(g.input('F32', [4]), g.input('F32', [3]))],
    ['reshapes of another size', (g) => g.reshape(g.input('F32', [4]), [5])],
    ['views beyond the end', (g) => g.view(g.input('F32', [4, 2]), [4, 2], [16, 32, 32], 16)],
    ['arithmetic on integers', (g) => g.add(g.input('I32', [4]), g.input('I32', [4]))],
    [
      'positions of another length',
      (g) => g.rope(g.input('F32', [4, 2, 3]), g.input('I32', [2]), { theta: 1, pairs: 'half' }),
    ],
    ['masks of another width', (g) => g.softMax(g.input('F32', [4, 2]), g.input('F32', [3, 2]), 1)],
    ['inputs of another length', (g) => g.input('F32', [4], new Float32Array(3))],
  ])('refuse %s instead of ending the process', (_, build) => {
    using graph = new Graph(backend, 16)
    expect(() => build(graph)).toThrow(expect.objectContaining({ code: 'graph-shape' }))
  })

  it('refuse more tensors than declared', () => {
    using graph = new Graph(backend, 2)
    const a = graph.input('F32', [1])
    graph.scale(a, 1)
    expect(() => graph.scale(a, 1)).toThrow(expect.objectContaining({ code: 'graph-size' }))
  })

  it('stop when asked, and compute again afterwards', async () => {
    using graph = new Graph(backend, 4096)
    const w = graph.input('F32', [512, 512], new Float32Array(512 * 512).fill(0.001))
    let x = graph.input('F32', [512, 512], new Float32Array(512 * 512).fill(1))
    for (let i = 0; i < 1000; i++) x = graph.mulMat(w, x)
    graph.output(x)
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 50)
    await expect(graph.compute(allocator, controller.signal)).rejects.toMatchObject({ kind: 'interrupted' })
    await selfTest(backend)
  })
})

describe('stores', () => {
  it('hold uploaded tensors and zeros, widened by cast', async () => {
    using store = new TensorStore(backend, 4)
    const half = store.upload('F16', [2], Uint16Array.of(0x3c00, 0xc000)) // 1, -2
    const zeros = store.zeros('F32', [2])
    store.commit()
    using graph = new Graph(backend, 8)
    const sum = graph.output(graph.add(graph.cast(half, 'F32'), zeros))
    await graph.compute(allocator)
    expect([...graph.read(sum)]).toEqual([1, -2])
  })

  it('refuse data of another size', () => {
    using store = new TensorStore(backend, 4)
    expect(() => store.upload('F32', [3], new Float32Array(2))).toThrow(
      expect.objectContaining({ code: 'graph-shape' }),
    )
  })
})

describe('matmulNT', () => {
  it.each([
    [3, 4, 5],
    [70, 33, 129],
  ])('agrees with float64 on %i x %i over %i', async (m, n, k) => {
    const rng = stream(7, 'gemm')
    const a = matrix(
      m,
      k,
      Float32Array.from({ length: m * k }, () => rng.normal()),
    )
    const b = matrix(
      n,
      k,
      Float32Array.from({ length: n * k }, () => rng.normal()),
    )
    const c = await matmulNT(a, b)
    const expected = Float64Array.from({ length: m * n }, (_, at) => {
      const i = Math.floor(at / n)
      const j = at % n
      let s = 0
      for (let p = 0; p < k; p++) s += a.data[i * k + p]! * b.data[j * k + p]!
      return s
    })
    expect(c.data).toBeWithinRelativeL2(expected, 1e-6)
  })
})
