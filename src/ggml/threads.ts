/**
 * How many threads to compute with. More is not always faster: on a contended machine ggml's spinning
 * barriers make two threads many times slower than one, so a short probe decides.
 */

import { availableParallelism } from 'node:os'
import { PalimpsestError } from '../core/errors.ts'
import { Backend } from './backend.ts'
import { Graph, GraphAllocator } from './graph.ts'

/** The environment variable that bounds threads where none are asked for. */
export const THREADS_VARIABLE = 'PALIMPSEST_THREADS'

/**
 * Upper bound without asking: the processors this process may use, and `PALIMPSEST_THREADS` where fewer are this
 * process's share, which the system does not say (a container's quota, other processes that compute beside it).
 *
 * @throws PalimpsestError `engine-threads` if the variable is no whole number from 1 on
 * @example availableThreads() // 8, or 2 with PALIMPSEST_THREADS=2
 */
export function availableThreads(): number {
  const processors = Math.max(1, availableParallelism())
  const share = process.env[THREADS_VARIABLE]
  if (share === undefined || share === '') return processors
  if (!/^[1-9]\d*$/.test(share))
    throw new PalimpsestError('usage', 'engine-threads', 'The number of threads is out of range.', {
      where: THREADS_VARIABLE,
      expected: 'a whole number from 1 on',
      found: share,
      fix: 'Set it to the threads that this process may use, or remove it from the environment.',
    })
  return Math.min(processors, Number(share))
}

/** The widest model that is told from wider ones. */
const WIDEST = 512
const TOKENS = 64

const chosen = new Map<number, Promise<number>>()

/**
 * The fastest of {all, half, one} threads on a chain of products the size of a layer of a model: a warm-up, and the
 * best of three. Probed once per process and width (some tens of milliseconds); the operations of a narrow model are
 * over before a second thread has begun.
 *
 * @param width of the residual stream; default: of a model that is large enough for all threads
 */
export function chooseThreads(width = WIDEST): Promise<number> {
  const probed = 2 ** Math.ceil(Math.log2(Math.min(width, WIDEST)))
  const known = chosen.get(probed) ?? probe(probed)
  chosen.set(probed, known)
  return known
}

async function probe(width: number): Promise<number> {
  const most = availableThreads()
  if (most === 1) return 1
  using backend = new Backend({ device: 'cpu', threads: most })
  using allocator = new GraphAllocator(backend)
  using graph = new Graph(backend, 32)
  const data = new Float32Array(width * Math.max(width, TOKENS)).fill(0.01)
  const w = graph.input('F32', [width, width], data.subarray(0, width * width))
  let x = graph.input('F32', [width, TOKENS], data.subarray(0, width * TOKENS))
  for (let i = 0; i < 8; i++) x = graph.rmsNorm(graph.mulMat(w, x), 1e-5)
  graph.output(x)
  let best = { threads: 1, ms: Number.POSITIVE_INFINITY }
  for (const threads of new Set([most, Math.ceil(most / 2), 1])) {
    backend.setThreads(threads)
    let ms = Number.POSITIVE_INFINITY
    for (let run = 0; run < 4; run++) {
      const start = performance.now()
      await graph.compute(allocator)
      if (run > 0) ms = Math.min(ms, performance.now() - start)
    }
    if (ms < best.ms) best = { threads, ms }
  }
  return best.threads
}
