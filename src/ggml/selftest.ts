/**
 * A self-test of a few milliseconds: product, RoPE, softmax and RMS norm against numbers computed here in
 * float64 from their definitions. A library that was built wrong, or for another CPU, is caught before it
 * can produce a result.
 */

import { PalimpsestError } from '../core/errors.ts'
import { stream } from '../core/random.ts'
import type { Backend } from './backend.ts'
import { Graph, GraphAllocator } from './graph.ts'

/** Largest relative L2 error allowed: f32 on the CPU, 1e-3 where a GPU may use reduced precision. */
const LIMITS = { cpu: 1e-5, other: 1e-3 }

export interface SelfTestResult {
  /** Relative L2 error of each operation against float64. */
  readonly errors: Readonly<Record<'mulMat' | 'rope' | 'softMax' | 'rmsNorm', number>>
  readonly limit: number
}

/**
 * Computes four operations with known answers on a backend.
 *
 * @throws PalimpsestError `engine-self-test` when one of them is wrong
 * @example using backend = new Backend({ device: 'cpu' }); console.log((await selfTest(backend)).errors)
 */
export async function selfTest(backend: Backend): Promise<SelfTestResult> {
  const [k, m, n, heads] = [67, 5, 3, 2]
  const rng = stream(1, 'self-test')
  const random = (length: number): Float32Array => Float32Array.from({ length }, () => rng.normal())
  const w = random(k * m)
  const x = random(k * n)
  const r = random(8 * heads * n)
  const positions = Int32Array.of(0, 3, 500)
  const mask = new Float32Array(m * n)
  mask[1] = Number.NEGATIVE_INFINITY
  return backend.exclusive(async () => {
    using allocator = new GraphAllocator(backend)
    using graph = new Graph(backend, 32)
    const tx = graph.input('F32', [k, n], x)
    const product = graph.output(graph.mulMat(graph.input('F32', [k, m], w), tx))
    const norm = graph.output(graph.rmsNorm(tx, 1e-5))
    const soft = graph.output(graph.softMax(product, graph.input('F32', [m, n], mask), 0.5))
    const rope = graph.output(
      graph.rope(graph.input('F32', [8, heads, n], r), graph.input('I32', [n], positions), {
        theta: 1e4,
        pairs: 'half',
      }),
    )
    await graph.compute(allocator)
    const expectedProduct = products(w, x, k, m, n)
    const errors = {
      mulMat: relative(graph.read(product), expectedProduct),
      rope: relative(graph.read(rope), rotated(r, positions, 8, heads)),
      softMax: relative(graph.read(soft), softMaxRows(expectedProduct, mask, m, 0.5)),
      rmsNorm: relative(graph.read(norm), normalised(x, k, 1e-5)),
    }
    const limit = backend.isCpu ? LIMITS.cpu : LIMITS.other
    for (const [op, error] of Object.entries(errors))
      if (!(error <= limit))
        throw new PalimpsestError('engine', 'engine-self-test', `The tensor engine computes ${op} wrongly.`, {
          where: `${backend.device.name}, ggml ${backend.engine.version}`,
          expected: `a relative error of at most ${limit}`,
          found: error.toExponential(2),
          fix: 'Try --device cpu, or install the engine again; please report it with the output of `palimpsest doctor`.',
        })
    return { errors, limit }
  })
}

function products(w: Float32Array, x: Float32Array, k: number, m: number, n: number): Float64Array {
  const out = new Float64Array(m * n)
  for (let j = 0; j < n; j++)
    for (let i = 0; i < m; i++) for (let a = 0; a < k; a++) out[j * m + i]! += w[i * k + a]! * x[j * k + a]!
  return out
}

function rotated(x: Float32Array, positions: Int32Array, dim: number, heads: number): Float64Array {
  const out = new Float64Array(x.length)
  positions.forEach((position, t) => {
    for (let h = 0; h < heads; h++)
      for (let i = 0; i < dim / 2; i++) {
        const at = (t * heads + h) * dim + i
        const angle = position * 1e4 ** ((-2 * i) / dim)
        const a = x[at]!
        const b = x[at + dim / 2]!
        out[at] = a * Math.cos(angle) - b * Math.sin(angle)
        out[at + dim / 2] = a * Math.sin(angle) + b * Math.cos(angle)
      }
  })
  return out
}

function softMaxRows(x: Float64Array, mask: Float32Array, m: number, scale: number): Float64Array {
  const e = x.map((v, i) => Math.exp(v * scale + mask[i]!))
  return e.map((v, i) => {
    const start = i - (i % m)
    return v / e.subarray(start, start + m).reduce((a, b) => a + b, 0)
  })
}

function normalised(x: Float32Array, k: number, eps: number): Float64Array {
  return Float64Array.from(x, (v, i) => {
    const row = x.subarray(i - (i % k), i - (i % k) + k)
    return v / Math.sqrt(row.reduce((a, b) => a + b * b, 0) / k + eps)
  })
}

function relative(found: Float32Array, expected: Float64Array): number {
  let difference = 0
  let norm = 0
  for (let i = 0; i < expected.length; i++) {
    difference += (found[i]! - expected[i]!) ** 2
    norm += expected[i]! ** 2
  }
  return Math.sqrt(difference / norm)
}
