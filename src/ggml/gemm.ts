/**
 * Large matrix products for statistics, on the CPU backend: C = A Bᵀ in f32, off the event loop, at the
 * speed of ggml's kernels (some fifty times that of a JavaScript loop).
 */

import { type Matrix, matrix } from '../core/matrix.ts'
import { Backend } from './backend.ts'
import { Graph, GraphAllocator } from './graph.ts'
import { chooseThreads } from './threads.ts'

/** Products below this many multiplications are done in place: building a graph would cost more. */
const SMALL = 1 << 15

let cpu: Promise<{ backend: Backend; allocator: GraphAllocator }> | undefined

async function openCpu(): Promise<{ backend: Backend; allocator: GraphAllocator }> {
  const backend = new Backend({ device: 'cpu', threads: await chooseThreads() })
  return { backend, allocator: new GraphAllocator(backend) }
}

/**
 * A Bᵀ for a [m, k] and b [n, k]: [m, n], each element accumulated in f32.
 *
 * @throws RangeError when the inner extents differ; PalimpsestError `engine-*`, `interrupted`
 * @example const gram = await matmulNT(x, x) // x [n, d]: all inner products of rows, [n, n]
 */
export async function matmulNT(a: Matrix, b: Matrix, signal?: AbortSignal): Promise<Matrix> {
  if (a.cols !== b.cols) throw new RangeError(`matmulNT: ${a.rows} x ${a.cols} by (${b.rows} x ${b.cols})ᵀ`)
  const out = matrix(a.rows, b.rows)
  if (a.rows * b.rows * a.cols === 0) return out
  if (a.rows * b.rows * a.cols < SMALL) return smallProduct(a, b, out)
  cpu ??= openCpu()
  const { backend, allocator } = await cpu
  return backend.exclusive(async () => {
    using graph = new Graph(backend, 8)
    const wb = graph.input('F32', [b.cols, b.rows], b.data)
    const xa = graph.input('F32', [a.cols, a.rows], a.data)
    const product = graph.output(graph.mulMat(wb, xa)) // ne [n, m]: row-major [m, n]
    await graph.compute(allocator, signal)
    graph.read(product, out.data)
    return out
  })
}

function smallProduct(a: Matrix, b: Matrix, out: Matrix): Matrix {
  for (let i = 0; i < a.rows; i++)
    for (let j = 0; j < b.rows; j++) {
      let sum = 0
      for (let k = 0; k < a.cols; k++) sum += a.data[i * a.cols + k]! * b.data[j * a.cols + k]!
      out.data[i * b.rows + j] = sum
    }
  return out
}
