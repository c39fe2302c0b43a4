import { afterAll, describe, expect, it } from 'vitest'
import { Backend } from './backend.ts'
import { TensorStore } from './buffer.ts'
import { GradientGraph } from './gradient.ts'

const backend = new Backend({ device: 'cpu', threads: 1 })
const store = new TensorStore(backend, 4)
const w = store.upload('F32', [2, 3], Float32Array.of(1, 2, 3, 4, 5, 6))
const unused = store.zeros('F32', [2])
store.commit()
afterAll(() => {
  store[Symbol.dispose]()
  backend[Symbol.dispose]()
})

describe('gradients', () => {
  it('of a product, from the derivative that the caller gives, again and again', async () => {
    const x = Float32Array.of(10, 20)
    using graph = new GradientGraph(backend, 8, (g) => ({
      value: g.mulMat(w, g.input('F32', [2, 1], x)),
      parameters: [w],
    }))
    await graph.forward()
    expect([...graph.read(graph.value)]).toEqual([50, 110, 170])
    await graph.backward(Float32Array.of(1, 0, -1))
    expect([...graph.gradient(w)]).toEqual([10, 20, 0, 0, -10, -20])
    x.set([1, 2])
    await graph.forward()
    await graph.backward(Float32Array.of(0, 2, 0)) // not added to the last one
    expect([...graph.gradient(w)]).toEqual([0, 0, 2, 4, 0, 0])
    await expect(graph.backward(new Float32Array(2))).rejects.toThrow(RangeError)
  })

  it('flow through a fused norm as if it were not', async () => {
    using graph = new GradientGraph(backend, 8, (g) => {
      const weight = w
      return {
        value: g.mul(g.rmsNorm(g.input('F32', [2, 3], Float32Array.of(3, 4, 1, 0, 0, 2)), 0), weight),
        parameters: [w],
      }
    })
    await graph.forward()
    await graph.backward(new Float32Array(6).fill(1))
    const r = (a: number, b: number): number[] => [a, b].map((v) => v / Math.sqrt((a * a + b * b) / 2))
    expect(graph.gradient(w)).toBeAllclose([...r(3, 4), ...r(1, 0), ...r(0, 2)], { rtol: 1e-5, atol: 1e-6 })
  })

  it('are refused for a parameter that the value does not depend on', () => {
    expect(
      () =>
        new GradientGraph(backend, 8, (g) => ({
          value: g.mulMat(w, g.input('F32', [2, 1], new Float32Array(2))),
          parameters: [w, unused],
        })),
    ).toThrow(expect.objectContaining({ code: 'graph-gradient' }))
  })
})
