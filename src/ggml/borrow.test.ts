import { describe, expect, it } from 'vitest'
import { Backend } from './backend.ts'
import { Graph, GraphAllocator } from './graph.ts'
import type { Tensor } from './tensor.ts'

const values = Float32Array.from({ length: 64 }, (_, i) => i - 20)

/** A graph with an output: `values` times 3. */
function tripled(backend: Backend): [Graph, Tensor] {
  const graph = new Graph(backend, 8)
  return [graph, graph.output(graph.scale(graph.input('F32', [16, 4], values), 3))]
}

describe("another graph's output", () => {
  it('is read in place, and computed once', async () => {
    using backend = new Backend({ device: 'cpu', threads: 2 })
    using own = new GraphAllocator(backend)
    using other = new GraphAllocator(backend)
    const [first, x] = tripled(backend)
    await first.compute(own)
    using second = new Graph(backend, 8)
    const y = second.output(second.scale(second.borrow(first, x), 1, 1))
    expect(second.nodes).toBe(1)
    await second.compute(other)
    expect(second.read(y)).toEqual(values.map((v) => 3 * v + 1))
    // Its memory is the first graph's still, which may be computed again, with other numbers.
    expect(first.read(x)).toEqual(values.map((v) => 3 * v))
    const kept = values.slice()
    values.fill(2)
    await first.compute(own)
    await second.compute(other)
    values.set(kept)
    expect(second.read(y)).toEqual(new Float32Array(64).fill(7))
    first[Symbol.dispose]()
  })

  it('is refused before it is computed, once its memory is gone, and where it would be overwritten', async () => {
    using backend = new Backend({ device: 'cpu', threads: 1 })
    using own = new GraphAllocator(backend)
    using other = new GraphAllocator(backend)
    const stale = { code: 'graph-stale' }
    const [first, x] = tripled(backend)
    using second = new Graph(backend, 8)
    expect(() => second.borrow(first, x)).toThrow(expect.objectContaining(stale))
    await first.compute(own)
    second.output(second.scale(second.borrow(first, x), 1))
    await expect(second.compute(own)).rejects.toMatchObject(stale)
    const [third] = tripled(backend)
    await third.compute(own)
    expect(() => second.borrow(first, x)).toThrow(expect.objectContaining(stale))
    await expect(second.compute(other)).rejects.toMatchObject(stale)
    for (const graph of [first, third]) graph[Symbol.dispose]()
  })

  it('is refused where it is no whole tensor, or lies where ggml takes no buffer', async () => {
    using backend = new Backend({ device: 'cpu', threads: 1 })
    using own = new GraphAllocator(backend)
    using first = new Graph(backend, 8)
    const x = first.scale(first.input('F32', [16, 4], values), 3)
    const turned = first.output(first.permute(x, [1, 0, 2, 3]))
    const inside = first.output(first.view(x, [4], [16, 16, 16], 4))
    await first.compute(own)
    using second = new Graph(backend, 8)
    for (const t of [turned, inside])
      expect(() => second.borrow(first, t)).toThrow(expect.objectContaining({ code: 'graph-shape' }))
  })
})
