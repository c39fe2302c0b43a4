import { rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { runChild } from '../../test/support/child.ts'
import { matrix } from '../core/matrix.ts'
import { stream } from '../core/random.ts'
import { Backend } from './backend.ts'
import { TensorStore } from './buffer.ts'
import { matmulNT } from './gemm.ts'
import { Graph, GraphAllocator } from './graph.ts'
import { KernelOperations } from './kernel-operations.ts'
import { Operations } from './operations.ts'
import { selfTest } from './selftest.ts'
import { availableThreads, chooseThreads, THREADS_VARIABLE } from './threads.ts'
import { blockBytes, blockElements, type GgmlType, TYPE_IDS } from './types.ts'

const backend = new Backend({ device: 'cpu', threads: 1 })
const allocator = new GraphAllocator(backend)
afterAll(() => {
  allocator[Symbol.dispose]()
  backend[Symbol.dispose]()
})
// Whatever share of the machine a run of all tests gives this one: a probe must choose.
beforeEach(() => {
  vi.stubEnv(THREADS_VARIABLE, '')
})
afterEach(() => {
  vi.unstubAllEnvs()
})

describe('the engine', () => {
  it('passes its self-test in f32', async () => {
    const { errors } = await selfTest(backend)
    for (const error of Object.values(errors)) expect(error).toBeLessThan(1e-6)
  })

  it('knows the blocks of every type as ggml does', () => {
    const { blockSize, typeSize } = backend.engine.base
    for (const [name, id] of Object.entries(TYPE_IDS)) {
      const type = name as GgmlType
      expect([name, Number(blockSize(id)), Number(typeSize(id))]).toEqual([
        name,
        blockElements(type),
        blockBytes(type),
      ])
    }
  })

  it('chooses a number of threads between one and what there is', async () => {
    expect(await chooseThreads()).toBeGreaterThanOrEqual(1)
    expect(await chooseThreads()).toBeLessThanOrEqual(availableThreads())
    for (const width of [8, 64, 100])
      expect(await chooseThreads(width)).toBeLessThanOrEqual(availableThreads())
  })

  it('is bounded by PALIMPSEST_THREADS, and refuses what is no number of threads', () => {
    vi.stubEnv(THREADS_VARIABLE, '')
    const processors = availableThreads()
    expect(processors).toBe(availableParallelism())
    for (const share of [1, processors, processors + 1]) {
      vi.stubEnv(THREADS_VARIABLE, String(share))
      expect(availableThreads()).toBe(Math.min(processors, share))
    }
    for (const wrong of ['0', '-1', '1.5', 'two']) {
      vi.stubEnv(THREADS_VARIABLE, wrong)
      expect(availableThreads).toThrow(expect.objectContaining({ code: 'engine-threads' }))
    }
  })

  it.each([0, -1, 1.5, 513, Number.NaN])('refuses %d threads', (threads) => {
    expect(() => new Backend({ device: 'cpu', threads })).toThrow(
      expect.objectContaining({ code: 'engine-threads' }),
    )
  })

  it('names the command that installs the package of a device', () => {
    expect(() => new Backend({ device: 'cuda' })).toThrow(
      expect.objectContaining({
        code: 'engine-missing',
        message: expect.stringMatching(/npm install @node-llama-cpp\/\S+-cuda@3\.21\.1/),
      }),
    )
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

  it('live through random operations: whatever is not refused computes', async () => {
    const file = join(tmpdir(), `palimpsest-graph-${process.pid}.json`)
    const { code, signal, stdout, stderr } = await runChild('test/support/graph-fuzz.ts', [file, '600'])
    const graph = code === 0 ? '' : await readFile(file, 'utf8')
    rmSync(file, { force: true })
    expect([code, signal, stderr, graph]).toEqual([0, null, '', ''])
    const counts = JSON.parse(stdout) as Record<string, { accepted: number; refused: number }>
    for (const [op, { accepted, refused }] of Object.entries(counts)) {
      expect([op, accepted > 0]).toEqual([op, true])
      // Where no kernels serve there are no operations of theirs to refuse.
      const kernels = backend.kernels?.kernels
      const served = op === 'above' ? kernels?.above() : op.startsWith('gather') ? kernels?.isa : true
      if (op !== 'cont' && served !== undefined) expect([op, refused > 0]).toEqual([op, true])
    }
    const names = [Operations, KernelOperations].flatMap((c) => Object.getOwnPropertyNames(c.prototype))
    const operations = [...new Set(names)].filter(
      // `everywhere` runs code at an address: nothing that a random number could be.
      (name) => !['constructor', 'base', 'everywhere', 'packPanels'].includes(name),
    )
    expect(Object.keys(counts).toSorted()).toEqual(['compute', 'input', ...operations].toSorted())
  })

  it('refuse row indices out of range, at every compute', async () => {
    using graph = new Graph(backend, 8)
    const rows = Int32Array.of(0, 1)
    const picked = graph.output(
      graph.getRows(graph.input('F32', [1, 2], Float32Array.of(5, 6)), graph.input('I32', [2], rows)),
    )
    await graph.compute(allocator)
    expect([...graph.read(picked)]).toEqual([5, 6])
    rows[1] = 2
    await expect(graph.compute(allocator)).rejects.toMatchObject({ code: 'graph-index' })
    rows[1] = -1
    await expect(graph.compute(allocator)).rejects.toMatchObject({ code: 'graph-index' })
  })

  it('refuse what the device does not compute', async () => {
    const { engine } = backend
    const base = { ...engine.base, deviceSupportsOp: () => false }
    const picky: Backend = Object.create(backend, { engine: { value: { ...engine, base } } })
    using graph = new Graph(picky, 4)
    const doubled = graph.output(graph.scale(graph.input('F32', [1], Float32Array.of(1)), 2))
    expect(graph.supports(doubled)).toBe(false)
    await expect(graph.compute(allocator)).rejects.toMatchObject({
      code: 'engine-op',
      message: expect.stringContaining('no SCALE'),
    })
  })

  it('refuse to compute after another graph took their memory', async () => {
    using first = new Graph(backend, 4)
    first.output(first.scale(first.input('F32', [1], Float32Array.of(1)), 2))
    await first.compute(allocator)
    using second = new Graph(backend, 4)
    second.output(second.scale(second.input('F32', [1], Float32Array.of(1)), 2))
    await second.compute(allocator)
    await expect(first.compute(allocator)).rejects.toMatchObject({ code: 'graph-stale' })
  })

  it('are freed by `using`, and refuse to work after that', async () => {
    let kept: Graph
    {
      using graph = new Graph(backend, 4)
      kept = graph
    }
    expect(() => kept.input('F32', [1])).toThrow(expect.objectContaining({ code: 'engine-disposed' }))
    await expect(kept.compute(allocator)).rejects.toMatchObject({ code: 'engine-disposed' })
    kept[Symbol.dispose]() // a second time is nothing
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

describe('computations', () => {
  /** A chain of products that takes some milliseconds, scaled by `factor`. */
  const chain = (on: Backend, factor: number): { graph: Graph; out: ReturnType<Graph['output']> } => {
    const graph = new Graph(on, 64)
    const w = graph.input('F32', [256, 256], new Float32Array(256 * 256).fill(factor / 256))
    let x = graph.input('F32', [256, 64], new Float32Array(256 * 64).fill(1))
    for (let i = 0; i < 20; i++) x = graph.mulMat(w, x)
    return { graph, out: graph.output(x) }
  }

  it('on one backend run one after the other', async () => {
    const run = (factor: number): Promise<number> =>
      backend.exclusive(async () => {
        const { graph, out } = chain(backend, factor)
        using _ = graph
        await graph.compute(allocator)
        return graph.read(out)[0]!
      })
    const results = await Promise.all([1, 1.5, 2, 1, 1.5, 2].map(run))
    for (const [i, factor] of [1, 1.5, 2, 1, 1.5, 2].entries())
      expect(results[i]! / factor ** 20).toBeCloseTo(1, 4)
  })

  it('on two backends run at once', async () => {
    using other = new Backend({ device: 'cpu', threads: 1 })
    using otherAllocator = new GraphAllocator(other)
    const first = chain(backend, 1)
    const second = chain(other, 2)
    await Promise.all([first.graph.compute(allocator), second.graph.compute(otherAllocator)])
    expect(first.graph.read(first.out)[0]!).toBeCloseTo(1, 4)
    expect(second.graph.read(second.out)[0]! / 2 ** 20).toBeCloseTo(1, 4)
    first.graph[Symbol.dispose]()
    second.graph[Symbol.dispose]()
  })

  it('refuse a second one beside the first, and to be freed under way', async () => {
    const { graph, out } = chain(backend, 1)
    using otherAllocator = new GraphAllocator(backend)
    const running = graph.compute(allocator)
    await expect(chain(backend, 1).graph.compute(otherAllocator)).rejects.toMatchObject({
      code: 'engine-busy',
    })
    expect(() => graph[Symbol.dispose]()).toThrow(expect.objectContaining({ code: 'engine-busy' }))
    expect(() => backend[Symbol.dispose]()).toThrow(expect.objectContaining({ code: 'engine-busy' }))
    await running
    expect(graph.read(out)[0]!).toBeCloseTo(1, 4)
    graph[Symbol.dispose]()
  })

  it('leave the event loop free', async () => {
    const { graph } = chain(backend, 1)
    let turns = 0
    const timer = setInterval(() => turns++, 0)
    for (let i = 0; i < 10; i++) await graph.compute(allocator)
    clearInterval(timer)
    graph[Symbol.dispose]()
    expect(turns).toBeGreaterThan(0)
  })

  it('give the same bits with any number of threads', async () => {
    const rng = stream(9, 'threads')
    const x = Float32Array.from({ length: 96 * 37 }, () => rng.normal())
    const w = Float32Array.from({ length: 96 * 50 }, () => rng.normal())
    const results: Float32Array[] = []
    for (const threads of [1, 2, 3]) {
      using own = new Backend({ device: 'cpu', threads })
      using ownAllocator = new GraphAllocator(own)
      using graph = new Graph(own, 8)
      const y = graph.mulMat(graph.input('F32', [96, 50], w), graph.input('F32', [96, 37], x))
      const out = graph.output(graph.rmsNorm(y, 1e-6))
      await graph.compute(ownAllocator)
      results.push(graph.read(out))
    }
    expect(results[1]).toEqual(results[0])
    expect(results[2]).toEqual(results[0])
  })
})

/**
 * Where the f16 scales lie in a block of each quantised type (ggml-common.h): random blocks with these set
 * are valid weights.
 */
const SCALES: Partial<Record<GgmlType, readonly number[]>> = {
  Q4_0: [0],
  Q4_1: [0, 2],
  Q5_0: [0],
  Q5_1: [0, 2],
  Q8_0: [0],
  Q2_K: [80, 82],
  Q3_K: [108],
  Q4_K: [0, 2],
  Q5_K: [0, 2],
  Q6_K: [208],
  IQ4_NL: [0],
  IQ4_XS: [0],
}

describe('native products (docs/engine.md has these bounds)', () => {
  const [k, m, n] = [512, 64, 32]
  /** Relative L2 difference between the product as stored and after widening the weights to f32. */
  async function nativeError(type: GgmlType, weights: Uint8Array): Promise<number> {
    const rng = stream(5, 'native')
    using store = new TensorStore(backend, 2)
    const w = store.upload(type, [k, m], weights)
    store.commit()
    using graph = new Graph(backend, 16)
    const x = graph.input(
      'F32',
      [k, n],
      Float32Array.from({ length: k * n }, () => rng.normal()),
    )
    const native = graph.output(graph.mulMat(w, x))
    const wide = graph.output(graph.mulMat(graph.cast(w, 'F32'), x))
    await graph.compute(allocator)
    const [a, b] = [graph.read(native), graph.read(wide)]
    let difference = 0
    let norm = 0
    for (let i = 0; i < a.length; i++) {
      difference += (a[i]! - b[i]!) ** 2
      norm += b[i]! ** 2
    }
    return Math.sqrt(difference / norm)
  }

  it.each(Object.entries(SCALES))('of %s stay within 1e-2 of the widened ones', async (name, offsets) => {
    const type = name as GgmlType
    const rng = stream(6, name)
    const bytes = Uint8Array.from({ length: (k * m * blockBytes(type)) / blockElements(type) }, () =>
      Math.floor(rng.uniform() * 256),
    )
    const halves = new DataView(bytes.buffer)
    for (let block = 0; block < bytes.length; block += blockBytes(type))
      for (const offset of offsets!)
        halves.setUint16(block + offset, offset % 4 === 0 ? 0x2400 : 0xa800, true)
    const error = await nativeError(type, bytes)
    expect(error).toBeLessThan(1e-2)
    expect(error).toBeGreaterThan(1e-4) // else nothing was rounded, and the test compares like with like
  })

  it.each([
    ['F16', 5e-4],
    ['BF16', 3e-3],
  ] as const)('of %s stay within %f', async (type, limit) => {
    const rng = stream(6, type)
    const f32 = new Uint32Array(1)
    const float = new Float32Array(f32.buffer)
    const halves = Uint16Array.from({ length: k * m }, () => {
      if (type === 'F16')
        return 0x3000 + Math.floor(rng.uniform() * 0x800) + (rng.uniform() < 0.5 ? 0x8000 : 0)
      float[0] = rng.normal()
      return f32[0]! >>> 16
    })
    const error = await nativeError(type, new Uint8Array(halves.buffer))
    expect(error).toBeLessThan(limit)
  })
})

describe('stores', () => {
  it('refuse more tensors than declared', () => {
    using store = new TensorStore(backend, 1)
    store.zeros('F32', [1])
    expect(() => store.zeros('F32', [1])).toThrow(expect.objectContaining({ code: 'graph-size' }))
  })

  it('refuse rows that are not whole blocks', () => {
    using store = new TensorStore(backend, 1)
    expect(() => store.zeros('Q8_0', [33])).toThrow(expect.objectContaining({ code: 'graph-shape' }))
  })

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
