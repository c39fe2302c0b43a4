/**
 * Builds and computes random graphs, in a process of its own: ggml ends the process where it asserts, so
 * living through them is the proof that every condition is checked before. Prints how often each operation
 * was accepted and refused as JSON; the graph in hand is kept in the file given as first argument.
 */

import { writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { PalimpsestError } from '../../src/core/errors.ts'
import { Backend } from '../../src/ggml/backend.ts'
import { Graph, GraphAllocator } from '../../src/ggml/graph.ts'
import { planAttention, spansOfTexts } from '../../src/ggml/kernels/attention-plan.ts'
import { planSteps } from '../../src/ggml/kernels/step-plan.ts'
import { RopeTable } from '../../src/ggml/rope-table.ts'
import { bytesOf, extents, type Tensor } from '../../src/ggml/tensor.ts'
import type { GgmlType } from '../../src/ggml/types.ts'

/** One instruction: an operation, which earlier tensors it takes (modulo their number), and its numbers. */
interface Step {
  op: string
  args: number[]
  shape: number[]
  n: number
  type: GgmlType
}
type Build = (g: Graph, t: (i: number) => Tensor, s: Step) => Tensor | undefined

const OPS: Record<string, Build> = {
  input: (g, _, s) => g.input(s.type, s.shape, data(s)),
  reshape: (g, t, s) => g.reshape(t(0), s.shape),
  view: (g, t, s) => {
    const a = t(0)
    const pick = (axis: number): number => a.nb[(axis + s.n) % 4]!
    return g.view(a, s.shape, s.n % 2 === 0 ? [a.nb[1], a.nb[2], a.nb[3]] : [pick(1), pick(2), pick(3)], s.n)
  },
  permute: (g, t, s) =>
    g.permute(t(0), s.n % 7 === 6 ? [0, 0, 1, 2] : PERMUTATIONS[s.n % PERMUTATIONS.length]!),
  cont: (g, t) => g.cont(t(0)),
  cast: (g, t, s) => g.cast(t(0), s.type),
  getRows: (g, t) => g.getRows(t(0), t(1)),
  setRows: (g, t) => g.setRows(t(0), t(1), t(2)),
  add: (g, t) => g.add(t(0), t(1)),
  sub: (g, t) => g.sub(t(0), t(1)),
  mul: (g, t) => g.mul(t(0), t(1)),
  div: (g, t) => g.div(t(0), t(1)),
  sum: (g, t) => g.sum(t(0)),
  scale: (g, t, s) => g.scale(t(0), s.n, 1),
  sqrt: (g, t) => g.sqrt(t(0)),
  relu: (g, t) => g.relu(t(0)),
  step: (g, t) => g.step(t(0)),
  concat: (g, t) => g.concat(t(0), t(1)),
  keepLargest: (g, t, s) => g.keepLargest(t(0), t(1), s.n),
  square: (g, t) => g.square(t(0)),
  sigmoid: (g, t) => g.sigmoid(t(0)),
  tanh: (g, t) => g.tanh(t(0)),
  sumRows: (g, t) => g.sumRows(t(0)),
  swiglu: (g, t) => g.swiglu(t(0), t(1)),
  rmsNorm: (g, t) => g.rmsNorm(t(0), 1e-5),
  norm: (g, t, s) => g.norm(t(0), s.n % 2 === 0 ? undefined : t(1), 1e-5),
  mulMat: (g, t) => g.mulMat(t(0), t(1)),
  rope: (g, t, s) =>
    g.rope(t(0), t(1), {
      theta: 1e4,
      pairs: s.n % 2 === 0 ? 'half' : 'adjacent',
      factors: s.n > 4 ? t(2) : undefined,
    }),
  rotate: (g, t, s) => g.rotate(t(0), POSITIONS, TABLES[s.n % TABLES.length]!),
  softMax: (g, t, s) => g.softMax(t(0), s.n % 3 === 0 ? undefined : t(1), 0.5),
  flashAttention: (g, t) => g.flashAttention(t(0), t(1), t(2), t(3), 0.5, 0),
  gatherSum: (g, t) => {
    const kernels = backend.kernels?.kernels.gather(32)
    return kernels && g.gatherSum(kernels, t(0), { starts: t(1), indices: t(2), values: t(3) })
  },
  gatherDot: (g, t) => {
    const kernels = backend.kernels?.kernels.gather(32)
    return kernels && g.gatherDot(kernels, t(0), t(1), { starts: t(2), indices: t(3) })
  },
  above: (g, t) => {
    const address = backend.kernels?.kernels.above()
    return address === undefined ? undefined : g.above(address, t(0), t(1), t(2), t(3))
  },
  blockSums: (g, t) => g.blockSums(t(0), 0.5),
  packedAttention: (g, t) => g.packedAttention(t(0), t(1), t(2), PLAN)?.z,
  stepAttention: (g, t) => g.stepAttention(t(0), t(1), t(2), STEPS),
  linear: (g, t, s) => {
    const how = { precision: s.n % 2 === 0 ? 'f32' : 'native', step: s.n % 3 === 0 } as const
    return g.linear(t(0), t(1), how, s.n % 5 === 0 ? t(2) : undefined)
  },
}

const SHAPE = {
  headDim: 32,
  heads: 4,
  kvHeads: 2,
  scale: 0.5,
  softcap: 0,
  window: undefined,
  patterns: false,
}
/** Two texts of two tokens. */
const PLAN = planAttention(spansOfTexts([2, 2]), SHAPE)!
/** Four sequences of one token. */
const STEPS = planSteps({ positions: new Int32Array(4), slots: 1, reach: 1 }, { ...SHAPE, type: 'F32' })

const POSITIONS = Int32Array.of(3, 1)
/** Heads of 8 are ggml's. */
const TABLES = ([32, 8] as const).flatMap((headDim) =>
  (['half', 'adjacent'] as const).map(
    (pairs) => new RopeTable({ headDim, theta: 1e4, scale: 1, factors: undefined, pairs }),
  ),
)

const PERMUTATIONS = [0, 1, 2, 3].flatMap((a) =>
  [0, 1, 2, 3].flatMap((b) =>
    [0, 1, 2, 3].flatMap((c) =>
      [0, 1, 2, 3].flatMap((d) =>
        new Set([a, b, c, d]).size === 4 ? [[a, b, c, d] as [number, number, number, number]] : [],
      ),
    ),
  ),
)

/** Zeros for most types (finite in each), small numbers for indices: some of them out of range. */
function data(s: Step): ArrayBufferView {
  const bytes = bytesOf(s.type, extents(s.shape))
  if (s.type === 'I64') return BigInt64Array.from({ length: bytes / 8 }, (_, i) => BigInt((i * s.n) % 3))
  if (s.type === 'I32') return Int32Array.from({ length: bytes / 4 }, (_, i) => (i * s.n) % 3)
  if (s.type === 'F32') return Float32Array.from({ length: bytes / 4 }, (_, i) => ((i * 7 + s.n) % 11) - 5)
  return new Uint8Array(bytes)
}

const types: GgmlType[] = ['F32', 'F32', 'F32', 'F32', 'F16', 'F16', 'I32', 'I64', 'BF16', 'Q8_0', 'Q4_K']
const shape = fc.array(fc.constantFrom(1, 1, 2, 2, 4, 32, 0), { minLength: 1, maxLength: 4 })
const step = fc.record({
  op: fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom('input', 'permute', 'view') },
    { weight: 3, arbitrary: fc.constantFrom(...Object.keys(OPS)) },
  ),
  args: fc.array(fc.nat(11), { minLength: 4, maxLength: 4 }),
  shape,
  n: fc.nat(24),
  type: fc.constantFrom(...types),
})
const inputs = fc.array(
  step.map((s) => ({ ...s, op: 'input' })),
  { minLength: 4, maxLength: 8 },
)

/** Shapes that fit together in attention, so that the richest checks are passed often, not only failed. */
const attention = fc
  .record({ n: fc.constantFrom(1, 2, 4), type: fc.constantFrom<GgmlType>('F32', 'F16') })
  .map(({ n, type }): Step[] => {
    const input = (t: GgmlType, s: number[]): Step => ({
      op: 'input',
      args: [0, 0, 0, 0],
      shape: s,
      n,
      type: t,
    })
    return [
      input('F32', [32, n, 4, 1]),
      input(type, [32, 4, 2, 1]),
      input('F32', [32, 4, 2, 1]),
      input('F16', [4, n, 1, 1]),
      { op: 'flashAttention', args: [0, 1, 2, 3], shape: [], n: 0, type: 'F32' },
      input('F32', [4, 2]),
      input('I32', [2]),
      input('I64', [2]),
      input('F32', [32, 4, 4]),
      input('F32', [32, 2, 4]),
      input('F32', [32, 2]),
      input('I32', [3]),
      input('F32', [32]),
      input('F32', [1, 2]),
      input('F32', [2]),
      input('I32', [4]),
      input('F32', [2, 2]),
      { op: 'rope', args: [8, 15, 0, 0], shape: [], n: 0, type: 'F32' },
      ...[0, 1, 2].map((which) => ({
        op: 'rotate',
        args: [10, 0, 0, 0],
        shape: [],
        n: which,
        type: 'F32' as const,
      })),
      { op: 'norm', args: [10, 12, 0, 0], shape: [], n: 0, type: 'F32' },
      { op: 'norm', args: [8, 12, 0, 0], shape: [], n: 1, type: 'F32' },
      { op: 'above', args: [10, 12, 12, 13], shape: [], n: 0, type: 'F32' },
      { op: 'gatherSum', args: [10, 11, 6, 5], shape: [], n: 0, type: 'F32' },
      { op: 'gatherSum', args: [10, 11, 6, 14], shape: [], n: 0, type: 'F32' },
      { op: 'gatherDot', args: [10, 10, 11, 6], shape: [], n: 0, type: 'F32' },
      { op: 'packedAttention', args: [8, 9, 9, 0], shape: [], n: 0, type: 'F32' },
      { op: 'stepAttention', args: [8, 9, 9, 0], shape: [], n: 0, type: 'F32' },
      { op: 'setRows', args: [5, 5, 7, 0], shape: [], n: 0, type: 'F32' },
      { op: 'getRows', args: [5, 6, 0, 0], shape: [], n: 0, type: 'F32' },
      { op: 'linear', args: [5, 5, 0, 0], shape: [], n, type: 'F32' },
      { op: 'linear', args: [5, 5, 16, 0], shape: [], n: 5, type: 'F32' },
    ]
  })
const program = fc
  .tuple(fc.oneof(inputs, attention), fc.array(step, { minLength: 10, maxLength: 30 }))
  .map(([head, tail]) => [...head, ...tail])

const counts: Record<string, { accepted: number; refused: number }> = {}
const [file, runs] = [process.argv[2]!, Number(process.argv[3])]
using backend = new Backend({ device: 'cpu', threads: 1 })
using allocator = new GraphAllocator(backend)

/** @returns undefined when a typed error refused it; anything else that is thrown is a failure */
async function attempt<T>(name: string, work: () => T | Promise<T>): Promise<T | undefined> {
  counts[name] ??= { accepted: 0, refused: 0 }
  try {
    const result = await work()
    counts[name].accepted++
    return result
  } catch (error) {
    if (!(error instanceof PalimpsestError)) throw error
    counts[name].refused++
    return undefined
  }
}

await fc.assert(
  fc.asyncProperty(program, async (steps) => {
    writeFileSync(file, JSON.stringify(steps))
    using graph = new Graph(backend, 64)
    const made: Tensor[] = []
    for (const s of steps) {
      if (s.op !== 'input' && made.length === 0) continue
      const result = await attempt(s.op, () => OPS[s.op]!(graph, (i) => made[s.args[i]! % made.length]!, s))
      if (result !== undefined) made.push(result)
    }
    for (const t of made) graph.expand(t)
    if (made.length > 0) await attempt('compute', () => graph.compute(allocator))
  }),
  { numRuns: runs, seed: 13 },
)
process.stdout.write(JSON.stringify(counts))
