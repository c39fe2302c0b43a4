/** How fast products are here and now: kernels beside ggml's own, in one run, for `doctor` and the benchmark. */

import type { Backend } from '../backend.ts'
import { Graph, GraphAllocator } from '../graph.ts'

/** A shape to measure: weights [outputs, inputs], activations [rows, inputs]. */
export interface ProductShape {
  readonly inputs: number
  readonly outputs: number
  readonly rows: number
}

/** GFLOP/s of one product; `kernel` is undefined where ggml's serves. */
export interface ProductSpeed {
  readonly type: 'F32' | 'BF16'
  readonly precision: 'native' | 'f32'
  readonly kernel: number | undefined
  readonly ggml: number
}

/** The combinations measured: f32 weights, and bf16 weights at both precisions. */
const COMBINATIONS = [
  { type: 'F32', precision: 'f32' },
  { type: 'BF16', precision: 'f32' },
  { type: 'BF16', precision: 'native' },
] as const

/**
 * Measures products on a CPU backend, the ways in turn, `rounds` times; the best of each counts.
 *
 * @throws PalimpsestError `engine-*`, `interrupted`
 * @example await measureProducts(backend, { inputs: 1024, outputs: 1024, rows: 128 })
 */
export async function measureProducts(
  backend: Backend,
  shape: ProductShape,
  { rounds = 3, signal }: { readonly rounds?: number; readonly signal?: AbortSignal } = {},
): Promise<ProductSpeed[]> {
  const { inputs, outputs, rows } = shape
  const weights = new Float32Array(inputs * outputs).map((_, i) => ((i * 7919) % 255) / 128 - 1)
  const activations = new Float32Array(inputs * rows).map((_, i) => ((i * 104729) % 255) / 128 - 1)
  const half = Uint16Array.from(new Uint32Array(weights.buffer), (word) => word >>> 16)
  const work = 2 * inputs * outputs * rows
  const time = (type: 'F32' | 'BF16', precision: 'native' | 'f32', ours: boolean): Promise<number> =>
    backend.exclusive(async () => {
      using allocator = new GraphAllocator(backend)
      using graph = new Graph(backend, 8)
      const w = graph.input(type, [inputs, outputs], type === 'F32' ? weights : half)
      const x = graph.input('F32', [inputs, rows], activations)
      // As the model's passes do it: widening the weights is part of ggml's way to f32 precision.
      const theirs = precision === 'f32' ? graph.cast(w, 'F32') : w
      graph.output(ours ? graph.linear(w, x, { precision }) : graph.mulMat(theirs, x))
      await graph.compute(allocator, signal) // memory is touched for the first time
      const start = performance.now()
      await graph.compute(allocator, signal)
      return performance.now() - start
    })
  const on = backend.kernels?.kernels.isa !== undefined
  const best = COMBINATIONS.map(() => ({ kernel: Number.POSITIVE_INFINITY, ggml: Number.POSITIVE_INFINITY }))
  for (let round = 0; round < rounds; round++)
    for (const [i, { type, precision }] of COMBINATIONS.entries()) {
      best[i]!.ggml = Math.min(best[i]!.ggml, await time(type, precision, false))
      if (on) best[i]!.kernel = Math.min(best[i]!.kernel, await time(type, precision, true))
    }
  const speed = (ms: number): number => work / ms / 1e6
  return COMBINATIONS.map((combination, i) => ({
    ...combination,
    kernel: on ? speed(best[i]!.kernel) : undefined,
    ggml: speed(best[i]!.ggml),
  }))
}
