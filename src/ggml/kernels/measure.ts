/** How fast products are here and now: kernels beside ggml's own, in one run, for `doctor` and the benchmark. */

import type { Backend } from '../backend.ts'
import { Graph, GraphAllocator } from '../graph.ts'
import type { Tensor } from '../tensor.ts'
import { spansOfTexts } from './attention-plan.ts'

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
    timed(
      backend,
      (graph) => {
        const w = graph.input(type, [inputs, outputs], type === 'F32' ? weights : half)
        const x = graph.input('F32', [inputs, rows], activations)
        // As the model's passes do it: widening the weights is part of ggml's way to f32 precision.
        const theirs = precision === 'f32' ? graph.cast(w, 'F32') : w
        return ours ? graph.linear(w, x, { precision }) : graph.mulMat(theirs, x)
      },
      signal,
    )
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

/** The most that the processor does on this backend's threads, in GFLOP/s, where kernels serve. */
export interface Peak {
  readonly f32: number
  /** Undefined where bf16 is not multiplied natively. */
  readonly bf16: number | undefined
}

/** Loops for each round of a measurement: short ones, of which the best is one that nothing interrupted. */
const PEAK_LOOPS = 5

/**
 * Measures loops that only multiply and add: what products are to be held against. A loop is ten milliseconds, so
 * that starting the threads does not count, and there are many: all threads must be left alone in the same one.
 *
 * @throws PalimpsestError `engine-*`
 */
export async function measurePeak(backend: Backend, rounds = 3): Promise<Peak | undefined> {
  const time = async (bf16: boolean): Promise<number | undefined> => {
    const peak = backend.kernels?.kernels.peak(bf16)
    if (peak === undefined) return undefined
    let best = Number.POSITIVE_INFINITY
    for (let loop = 0; loop < PEAK_LOOPS * rounds; loop++)
      best = Math.min(best, await timed(backend, (graph) => graph.everywhere(peak.address)))
    return (backend.threads * peak.work) / best / 1e6
  }
  const f32 = await time(false)
  return f32 === undefined ? undefined : { f32, bf16: await time(true) }
}

/**
 * Measures causal attention among packed texts of some lengths, in GFLOP/s of what the definition asks for: nine
 * heads of 64 elements on three of keys (SmolLM2-135M). The kernel, where one serves, and ggml's own in turn.
 *
 * @throws PalimpsestError `engine-*`, `interrupted`
 */
export async function measureAttention(
  backend: Backend,
  lengths: readonly number[],
  { rounds = 3, signal }: { readonly rounds?: number; readonly signal?: AbortSignal } = {},
): Promise<{ kernel: number | undefined; ggml: number }> {
  const [headDim, heads, kvHeads] = [64, 9, 3]
  const tokens = lengths.reduce((sum, length) => sum + length, 0)
  const spans = spansOfTexts(lengths)
  const shape = { headDim, heads, kvHeads, scale: 0.125, softcap: 0, window: undefined, patterns: false }
  const plan = backend.kernels?.plan(spans, shape)
  const mask = new Uint16Array(tokens * tokens).fill(0xfc00) // minus infinity in f16
  for (const { keys } of spans)
    for (const [i, query] of keys.entries())
      mask.fill(0, query * tokens + keys[0]!, query * tokens + keys[i]! + 1)
  const values = (count: number): Float32Array =>
    new Float32Array(headDim * count * tokens).map((_, i) => ((i * 7919) % 255) / 128 - 1)
  const time = (ours: boolean): Promise<number> =>
    timed(
      backend,
      (graph) => {
        const q = graph.input('F32', [headDim, heads, tokens], values(heads))
        const [k, v] = [0, 1].map(() => graph.input('F32', [headDim, kvHeads, tokens], values(kvHeads)))
        if (ours) return graph.packedAttention(q, k!, v!, plan!)!.z
        const [turned, keys, all] = [q, k!, v!].map((t) => graph.permute(t, [0, 2, 1, 3]))
        return graph.flashAttention(
          turned!,
          keys!,
          all!,
          graph.input('F16', [tokens, tokens], mask),
          0.125,
          0,
        )
      },
      signal,
    )
  const best = { kernel: Number.POSITIVE_INFINITY, ggml: Number.POSITIVE_INFINITY }
  for (let round = 0; round < rounds; round++) {
    best.ggml = Math.min(best.ggml, await time(false))
    if (plan !== undefined) best.kernel = Math.min(best.kernel, await time(true))
  }
  const work = lengths.reduce((sum, length) => sum + 2 * headDim * heads * length * (length + 1), 0)
  return {
    kernel: plan === undefined ? undefined : work / best.kernel / 1e6,
    ggml: work / best.ggml / 1e6,
  }
}

/** Milliseconds of a graph's second compute: in the first, memory is touched for the first time. */
function timed(backend: Backend, build: (graph: Graph) => Tensor, signal?: AbortSignal): Promise<number> {
  return backend.exclusive(async () => {
    using allocator = new GraphAllocator(backend)
    using graph = new Graph(backend, 16)
    graph.output(build(graph))
    await graph.compute(allocator, signal)
    const start = performance.now()
    await graph.compute(allocator, signal)
    return performance.now() - start
  })
}
