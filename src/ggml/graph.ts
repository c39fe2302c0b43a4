/**
 * A compute graph: inputs, operations and outputs, built once, computed any number of times.
 *
 * Every operation checks types and shapes here and throws `graph-shape`: ggml itself would end the process.
 * Memory of intermediate results belongs to an allocator that many graphs can share (they are then computed
 * one after the other); inputs must be set before every compute, because their memory is recycled.
 */

import { PalimpsestError } from '../core/errors.ts'
import type { Backend } from './backend.ts'
import type { Pointer } from './bindings.ts'
import * as check from './checks.ts'
import {
  bytesOf,
  contiguousStrides,
  type Extents,
  elements,
  extents,
  isContiguous,
  shapeError,
  show,
  type Tensor,
} from './tensor.ts'
import { type GgmlType, TYPE_IDS } from './types.ts'

/** GGML_PREC_F32: accumulate and keep in f32 on devices that would rather not. */
const PRECISION_F32 = 10

/** Which elements RoPE turns together: `half` pairs i with i + n/2 (HF, ggml's NEOX), `adjacent` 2i with 2i + 1. */
export type RopePairs = 'half' | 'adjacent'

/**
 * Memory for intermediate results, shared by graphs that are computed one after the other. Giving it to the
 * next graph takes it from the one before, which cannot be computed again.
 */
export class GraphAllocator implements Disposable {
  readonly pointer: Pointer
  /** The graph whose results it holds. */
  holder: Graph | undefined
  readonly #free: () => void
  #disposed = false

  constructor(backend: Backend) {
    const { base } = backend.engine
    this.pointer = base.gallocrNew(backend.bufferType)
    this.#free = () => base.gallocrFree(this.pointer)
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return
    this.#disposed = true
    this.holder = undefined
    this.#free()
  }
}

export class Graph implements Disposable {
  readonly backend: Backend
  readonly #ctx: Pointer
  readonly #graph: Pointer
  /** What is uploaded before each compute; `rows` bounds row indices: ggml ends the process at one beyond. */
  readonly #inputs = new Map<Pointer, { data: ArrayBufferView; rows?: number }>()
  readonly #capacity: number
  #tensors = 0
  #allocated = false
  #computing = false
  #disposed = false

  /**
   * @param maxNodes upper bound on the number of tensors in the graph, inputs and views included
   * @param extraBytes room for what gradient.ts adds to the context
   */
  constructor(backend: Backend, maxNodes: number, extraBytes = 0) {
    const { base } = backend.engine
    this.backend = backend
    this.#capacity = maxNodes
    const size =
      Number(base.tensorOverhead()) * maxNodes + Number(base.graphOverhead(maxNodes, false)) + extraBytes
    const ctx = base.init({ mem_size: size, mem_buffer: null, no_alloc: true })
    if (ctx === null)
      throw new PalimpsestError('engine', 'engine-memory', 'No memory for a compute graph.', {
        found: `${size} bytes`,
      })
    this.#ctx = ctx
    this.#graph = base.newGraph(ctx, maxNodes, false)
  }

  /** The C side, for gradient.ts alone: the context that holds the tensors, and the graph of operations. */
  get raw(): { context: Pointer; graph: Pointer } {
    return { context: this.#ctx, graph: this.#graph }
  }

  // ---- inputs and outputs ----

  /** A tensor to be filled before each compute; `data`, when given, is uploaded by `compute` each time. */
  input(type: GgmlType, shape: readonly number[], data?: ArrayBufferView): Tensor {
    const ne = extents(shape)
    const bytes = bytesOf(type, ne)
    if (data !== undefined && data.byteLength !== bytes)
      throw shapeError(
        'input',
        `${bytes} bytes for ${type} [${shape.join(', ')}]`,
        `${data.byteLength} bytes`,
      )
    this.#count()
    const pointer = this.#base.newTensor4d(this.#ctx, TYPE_IDS[type], ...ne)
    this.#base.setInput(pointer)
    const tensor = fresh(pointer, type, ne)
    if (data !== undefined) {
      // As a leaf of the graph it gets memory even if nothing turns out to use it.
      this.expand(tensor)
      this.#inputs.set(pointer, { data })
    }
    return tensor
  }

  /** Keeps a tensor readable after the compute. Call it before `compute`; returns its argument. */
  output(t: Tensor): Tensor {
    this.#base.setOutput(t.pointer)
    this.expand(t)
    return t
  }

  /** Adds a tensor and all it needs to the graph without keeping its result. */
  expand(t: Tensor): void {
    this.#base.buildForwardExpand(this.#graph, t.pointer)
  }

  /** Operations that a compute runs: those that an output or {@link expand} needs. */
  get nodes(): number {
    return this.#base.graphNodes(this.#graph)
  }

  /**
   * Allocates (the first time), uploads the inputs and computes, off the event loop. Inside
   * `backend.exclusive` when the allocator is shared.
   *
   * @throws PalimpsestError `engine-memory`, `engine-op` (the device lacks an operation), `engine-compute`, `interrupted`; `graph-stale` when another graph
   *   has taken the allocator; `graph-index` for a row index out of range
   */
  async compute(allocator: GraphAllocator, signal?: AbortSignal): Promise<void> {
    const { base } = this.backend.engine
    if (this.#disposed) throw disposed()
    if (!this.#allocated) {
      this.#checkSupport()
      if (!base.gallocrAllocGraph(allocator.pointer, this.#graph))
        throw new PalimpsestError(
          'engine',
          'engine-memory',
          'No memory for the results of a compute graph.',
          {
            where: this.backend.device.name,
            fix: 'Use fewer tokens at once, or another device.',
          },
        )
      this.#allocated = true
      allocator.holder = this
    }
    if (allocator.holder !== this)
      throw new PalimpsestError(
        'engine',
        'graph-stale',
        'A compute graph has lost its memory to another one.',
        {
          fix: 'This is a defect of the caller: give the graph an allocator of its own.',
        },
      )
    this.uploadInputs()
    this.#computing = true
    try {
      await this.backend.compute(this.#graph, signal)
    } finally {
      this.#computing = false
    }
  }

  /** Copies the inputs' data to the device; `compute` does it by itself. @throws PalimpsestError `graph-index` */
  uploadInputs(): void {
    for (const [pointer, { data, rows }] of this.#inputs) {
      if (rows !== undefined) checkIndices(data, rows)
      this.#base.tensorSet(pointer, data, 0, data.byteLength)
    }
  }

  /** Reads an f32 output: all of it, fastest axis first, into `target` or a new array. */
  read(t: Tensor, target: Float32Array = new Float32Array(elements(t))): Float32Array {
    if (t.type !== 'F32' || !isContiguous(t)) throw shapeError('read', 'a contiguous F32 tensor', show(t))
    if (target.length !== elements(t)) throw shapeError('read', `${elements(t)} values`, `${target.length}`)
    if (target.length > 0) this.#base.tensorGet(t.pointer, target, 0, target.byteLength)
    return target
  }

  // ---- shapes ----

  reshape(a: Tensor, shape: readonly number[]): Tensor {
    const ne = extents(shape)
    check.checkReshape(a, ne[0] * ne[1] * ne[2] * ne[3])
    this.#count()
    return fresh(this.#base.reshape4d(this.#ctx, a.pointer, ...ne), a.type, ne)
  }

  /** A window onto `a` with its own extents and byte strides (of axes 1 to 3), from a byte offset on. */
  view(a: Tensor, shape: readonly number[], strides: readonly [number, number, number], offset = 0): Tensor {
    const ne = extents(shape)
    const nb = [a.nb[0], ...strides] as const
    check.checkView(a, ne, nb, offset)
    this.#count()
    const pointer = this.#base.view4d(this.#ctx, a.pointer, ...ne, ...strides, offset)
    return { pointer, type: a.type, ne, nb }
  }

  /** Axis i of `a` becomes axis `axes[i]` of the result (ggml_permute). */
  permute(a: Tensor, axes: readonly [number, number, number, number]): Tensor {
    check.checkPermute(a, axes)
    const ne = [1, 1, 1, 1] as [number, number, number, number]
    const nb = [0, 0, 0, 0] as [number, number, number, number]
    axes.forEach((to, from) => {
      ne[to] = a.ne[from]!
      nb[to] = a.nb[from]!
    })
    this.#count()
    return { pointer: this.#base.permute(this.#ctx, a.pointer, ...axes), type: a.type, ne, nb }
  }

  /** A contiguous copy. */
  cont(a: Tensor): Tensor {
    this.#count()
    return fresh(this.#base.cont(this.#ctx, a.pointer), a.type, a.ne)
  }

  /** Float types into each other, quantised ones into F32. */
  cast(a: Tensor, type: GgmlType): Tensor {
    if (a.type === type) return a
    check.checkCast(a, type)
    this.#count()
    return fresh(this.#base.cast(this.#ctx, a.pointer, TYPE_IDS[type]), type, a.ne)
  }

  // ---- rows ----

  /**
   * Rows of `a` [d, n] (any type but integers) at indices `rows` I32 [k], an input whose data are checked at
   * every compute: F32 [d, k].
   */
  getRows(a: Tensor, rows: Tensor): Tensor {
    check.checkGetRows(a, rows)
    this.#bound('getRows', rows, a.ne[1])
    this.#count()
    return fresh(this.#base.getRows(this.#ctx, a.pointer, rows.pointer), 'F32', [a.ne[0], rows.ne[0], 1, 1])
  }

  /** Writes `source` [d, k] into rows `rows` I64 [k] (an input) of `target` [d, n], in place; returns the target. */
  setRows(target: Tensor, source: Tensor, rows: Tensor): Tensor {
    check.checkSetRows(target, source, rows)
    this.#bound('setRows', rows, target.ne[1])
    this.#count()
    const pointer = this.#base.setRows(this.#ctx, target.pointer, source.pointer, rows.pointer)
    return { ...target, pointer }
  }

  // ---- arithmetic (F32) ----

  /** a + b; b is repeated along axes where a is a multiple of it. */
  add(a: Tensor, b: Tensor): Tensor {
    return this.#binary('add', a, b)
  }

  /** a - b, b repeated as in {@link add}. */
  sub(a: Tensor, b: Tensor): Tensor {
    return this.#binary('sub', a, b)
  }

  /** a * b elementwise, b repeated as in {@link add}. */
  mul(a: Tensor, b: Tensor): Tensor {
    return this.#binary('mul', a, b)
  }

  /** a / b elementwise, b repeated as in {@link add}. */
  div(a: Tensor, b: Tensor): Tensor {
    return this.#binary('div', a, b)
  }

  /** a * scale + bias. */
  scale(a: Tensor, scale: number, bias = 0): Tensor {
    check.checkWhole('scale', a)
    this.#count()
    return fresh(this.#base.scaleBias(this.#ctx, a.pointer, scale, bias), 'F32', a.ne)
  }

  square(a: Tensor): Tensor {
    return this.#unary('sqr', a)
  }

  /** Sum of all elements, [1]. */
  sum(a: Tensor): Tensor {
    check.checkRows('sum', a)
    this.#count()
    return fresh(this.#base.sum(this.#ctx, a.pointer), 'F32', [1, 1, 1, 1])
  }

  sigmoid(a: Tensor): Tensor {
    return this.#unary('sigmoid', a)
  }

  tanh(a: Tensor): Tensor {
    return this.#unary('tanh', a)
  }

  sqrt(a: Tensor): Tensor {
    return this.#unary('sqrt', a)
  }

  relu(a: Tensor): Tensor {
    return this.#unary('relu', a)
  }

  /** 1 where a > 0, else 0. */
  step(a: Tensor): Tensor {
    return this.#unary('step', a)
  }

  /** a and b one after the other along the first axis; the other extents are equal. */
  concat(a: Tensor, b: Tensor): Tensor {
    check.checkConcat(a, b)
    this.#count()
    const ne: Extents = [a.ne[0] + b.ne[0], a.ne[1], a.ne[2], a.ne[3]]
    return fresh(this.#base.concat(this.#ctx, a.pointer, b.pointer, 0), 'F32', ne)
  }

  /**
   * a [n, m] where `ranking` [n, m] is among the k largest of its row, zero elsewhere. Of equal ones it is not
   * said which are kept. As one operation, because indices that a graph makes can't be checked from outside.
   */
  keepLargest(a: Tensor, ranking: Tensor, k: number): Tensor {
    check.checkKeepLargest(a, ranking, k)
    const [n, m] = a.ne
    const base = this.#base
    this.#count(6)
    const indices = base.topK(this.#ctx, ranking.pointer, k)
    const column = base.reshape4d(this.#ctx, a.pointer, 1, n, m, 1)
    const zeros = base.scaleBias(this.#ctx, column, 0, 0)
    const kept = base.setRows(this.#ctx, zeros, base.getRows(this.#ctx, column, indices), indices)
    return fresh(base.reshape4d(this.#ctx, kept, n, m, 1, 1), 'F32', a.ne)
  }

  /** Sums along the first axis: [n, ...] -> [1, ...]. */
  sumRows(a: Tensor): Tensor {
    check.checkRows('sumRows', a)
    this.#count()
    const ne: Extents = [1, a.ne[1], a.ne[2], a.ne[3]]
    return fresh(this.#base.sumRows(this.#ctx, a.pointer), 'F32', ne)
  }

  /** silu(gate) * up, elementwise. */
  swiglu(gate: Tensor, up: Tensor): Tensor {
    check.checkPair('swiglu', gate, up)
    this.#count()
    return fresh(this.#base.swigluSplit(this.#ctx, gate.pointer, up.pointer), 'F32', gate.ne)
  }

  /** x / sqrt(mean(x^2) + eps) along the first axis (no weight). */
  rmsNorm(a: Tensor, eps: number): Tensor {
    check.checkRows('rmsNorm', a)
    this.#count()
    return fresh(this.#base.rmsNorm(this.#ctx, a.pointer, eps), 'F32', a.ne)
  }

  /**
   * w [k, m, ...] and x [k, n, ...] to [m, n, ...]: row-major x Wᵀ. Leading axes of x may be multiples of w's.
   * On the CPU, quantised and 16-bit weights round x to their own kind: cast them first where that matters.
   */
  mulMat(w: Tensor, x: Tensor): Tensor {
    check.checkMulMat(w, x)
    this.#count()
    const pointer = this.#base.mulMat(this.#ctx, w.pointer, x.pointer)
    this.#base.mulMatSetPrecision(pointer, PRECISION_F32)
    return fresh(pointer, 'F32', [w.ne[1], x.ne[1], x.ne[2], x.ne[3]])
  }

  // ---- attention ----

  /**
   * Rotary position embedding of x F32 [headDim, heads, n] at positions I32 [n]. `factors` F32 [headDim / 2]
   * divide the frequencies (Llama 3 scaling); `scale` multiplies the positions (linear scaling).
   */
  rope(
    x: Tensor,
    positions: Tensor,
    options: { theta: number; pairs: RopePairs; factors?: Tensor | undefined; scale?: number },
  ): Tensor {
    const { theta, pairs, factors, scale = 1 } = options
    check.checkRope(x, positions, factors)
    this.#count()
    const mode = pairs === 'half' ? 2 : 0
    const at = [x.pointer, positions.pointer, factors?.pointer ?? null] as const
    return fresh(
      this.#base.ropeExt(this.#ctx, ...at, x.ne[0], mode, 0, theta, scale, 0, 1, 0, 0),
      'F32',
      x.ne,
    )
  }

  /** softmax(a * scale + mask) along the first axis; mask F16 or F32 [keys, queries, 1, batch], or none. */
  softMax(a: Tensor, mask: Tensor | undefined, scale: number): Tensor {
    check.checkSoftMax(a, mask)
    this.#count()
    return fresh(this.#base.softMaxExt(this.#ctx, a.pointer, mask?.pointer ?? null, scale, 0), 'F32', a.ne)
  }

  /**
   * Attention in one operation: q F32 [dh, queries, heads, batch], k and v F32 [dh, keys, kvHeads, batch], mask
   * F16 [keys, queries, 1, batch]: F32 [dh, heads, queries, batch].
   */
  flashAttention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor, scale: number, softcap: number): Tensor {
    check.checkFlash(q, k, v, mask)
    this.#count()
    const at = [q.pointer, k.pointer, v.pointer, mask.pointer] as const
    const pointer = this.#base.flashAttnExt(this.#ctx, ...at, scale, 0, softcap)
    this.#base.flashAttnSetPrecision(pointer, PRECISION_F32)
    return fresh(pointer, 'F32', [v.ne[0], q.ne[2], q.ne[1], q.ne[3]])
  }

  // ---- inside ----

  get #base(): Backend['engine']['base'] {
    return this.backend.engine.base
  }

  #unary(op: 'sqr' | 'sqrt' | 'relu' | 'step' | 'sigmoid' | 'tanh', a: Tensor): Tensor {
    check.checkRows(op, a)
    this.#count()
    return fresh(this.#base[op](this.#ctx, a.pointer), 'F32', a.ne)
  }

  #binary(op: 'add' | 'sub' | 'mul' | 'div', a: Tensor, b: Tensor): Tensor {
    check.checkBinary(op, a, b)
    this.#count()
    return fresh(this.#base[op](this.#ctx, a.pointer, b.pointer), 'F32', a.ne)
  }

  /** Whether the device computes an operation: ggml ends the process at one that it does not. */
  supports(t: Tensor): boolean {
    return this.#base.deviceSupportsOp(this.backend.device.pointer, t.pointer)
  }

  #checkSupport(): void {
    const { device } = this.backend
    for (let i = 0; i < this.nodes; i++) {
      const node = this.#base.graphNode(this.#graph, i)
      if (!this.#base.deviceSupportsOp(device.pointer, node))
        throw new PalimpsestError('engine', 'engine-op', 'The device lacks an operation that is needed.', {
          where: `${device.name} (${device.description})`,
          found: `no ${this.#base.opDescription(node)} for these tensors`,
          fix: 'Use --device cpu, --precision native, or weights in f16, bf16 or f32.',
        })
    }
  }

  /** Row indices must be an input, so that they can be checked before each compute. */
  #bound(op: string, rows: Tensor, count: number): void {
    const input = this.#inputs.get(rows.pointer)
    if (input === undefined) throw shapeError(op, 'indices that are an input with data', show(rows))
    input.rows = Math.min(count, input.rows ?? count)
  }

  #count(tensors = 1): void {
    if (this.#disposed) throw disposed()
    this.#tensors += tensors
    if (this.#tensors > this.#capacity)
      throw new PalimpsestError(
        'engine',
        'graph-size',
        'A compute graph is larger than it was declared to be.',
        { expected: `at most ${this.#capacity} tensors` },
      )
  }

  /** Frees the graph. @throws PalimpsestError `engine-busy` while it is being computed: await that first */
  [Symbol.dispose](): void {
    if (this.#disposed) return
    if (this.#computing)
      throw new PalimpsestError('engine', 'engine-busy', 'A compute graph was freed while it was computed.', {
        fix: 'This is a defect of the caller: await the computation inside the scope that owns the graph.',
      })
    this.#disposed = true
    this.#base.free(this.#ctx)
  }
}

function fresh(pointer: Pointer, type: GgmlType, ne: Extents): Tensor {
  return { pointer, type, ne, nb: contiguousStrides(type, ne) }
}

function checkIndices(data: ArrayBufferView, rows: number): void {
  const { buffer, byteOffset, byteLength } = data
  const indices = data instanceof BigInt64Array ? data : new Int32Array(buffer, byteOffset, byteLength / 4)
  for (const index of indices)
    if (index < 0 || index >= rows)
      throw new PalimpsestError('engine', 'graph-index', 'A row index is out of range.', {
        expected: `0 to ${rows - 1}`,
        found: `${index}`,
      })
}

function disposed(): PalimpsestError {
  return new PalimpsestError('engine', 'engine-disposed', 'This graph has been disposed.')
}
