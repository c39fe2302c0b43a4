/**
 * A compute graph: inputs, operations and outputs, built once, computed any number of times.
 *
 * The operations are in operations.ts and kernel-operations.ts. Memory of intermediate results belongs to an allocator that many graphs
 * can share (they are then computed one after the other); inputs must be set before every compute, because
 * their memory is recycled.
 */

import { PalimpsestError } from '../core/errors.ts'
import type { Backend } from './backend.ts'
import type { Pointer } from './bindings.ts'
import { KernelOperations } from './kernel-operations.ts'
import { fresh } from './operations.ts'
import { bytesOf, elements, extents, isContiguous, shapeError, show, type Tensor } from './tensor.ts'
import { type GgmlType, TYPE_IDS } from './types.ts'

export type { SparseTensors } from './kernel-operations.ts'
export type { RopePairs } from './operations.ts'

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

/** TENSOR_ALIGNMENT: ggml ends the process at a buffer elsewhere. */
const BUFFER_ALIGNMENT = 32n

export class Graph extends KernelOperations implements Disposable {
  protected override readonly context: Pointer
  readonly #graph: Pointer
  /** What is uploaded before each compute; `rows` bounds row indices: ggml ends the process at one beyond. */
  readonly #inputs = new Map<
    Pointer,
    { data: ArrayBufferView; renew: (() => void) | undefined; rows?: number }
  >()
  readonly #capacity: number
  /** Graphs whose results this one uses in place, and ggml's buffers over them. */
  readonly #borrowed: { from: Graph; buffer: Pointer }[] = []
  #tensors = 0
  /** What holds its results, from the first compute on. */
  #allocator: GraphAllocator | undefined
  #computing = false
  #disposed = false

  /**
   * @param maxNodes upper bound on the number of tensors in the graph, inputs and views included
   * @param extraBytes room for what gradient.ts adds to the context
   */
  constructor(backend: Backend, maxNodes: number, extraBytes = 0) {
    super(backend)
    const { base } = backend.engine
    this.#capacity = maxNodes
    const size =
      Number(base.tensorOverhead()) * maxNodes + Number(base.graphOverhead(maxNodes, false)) + extraBytes
    const ctx = base.init({ mem_size: size, mem_buffer: null, no_alloc: true })
    if (ctx === null)
      throw new PalimpsestError('engine', 'engine-memory', 'No memory for a compute graph.', {
        expected: `${size} free bytes`,
        found: 'less',
        fix: 'Free some memory, or use fewer tokens at once.',
      })
    this.context = ctx
    this.#graph = base.newGraph(ctx, maxNodes, false)
  }

  /** The C side, for gradient.ts alone: the context that holds the tensors, and the graph of operations. */
  get raw(): { context: Pointer; graph: Pointer } {
    return { context: this.context, graph: this.#graph }
  }

  // ---- inputs and outputs ----

  /**
   * A tensor to be filled before each compute; `data`, when given, is uploaded by `compute` each time, after `renew` has
   * had its turn to change them.
   */
  override input(
    type: GgmlType,
    shape: readonly number[],
    data?: ArrayBufferView,
    renew?: () => void,
  ): Tensor {
    const ne = extents(shape)
    const bytes = bytesOf(type, ne)
    if (data !== undefined && data.byteLength !== bytes)
      throw shapeError(
        'input',
        `${bytes} bytes for ${type} [${shape.join(', ')}]`,
        `${data.byteLength} bytes`,
      )
    this.count()
    const pointer = this.base.newTensor4d(this.context, TYPE_IDS[type], ...ne)
    this.base.setInput(pointer)
    const tensor = fresh(pointer, type, ne)
    if (data !== undefined) {
      // As a leaf of the graph it gets memory even if nothing turns out to use it.
      this.expand(tensor)
      this.#inputs.set(pointer, { data, renew })
    }
    return tensor
  }

  /**
   * An output of another graph that has been computed, as an input here, in place: its memory is read when this graph is
   * computed, with an allocator of its own, and must not have been given away by then. On the CPU only.
   *
   * @throws PalimpsestError `graph-stale` when the other graph was not computed or has lost its memory
   */
  borrow(from: Graph, t: Tensor): Tensor {
    if (!this.backend.isCpu || !isContiguous(t))
      throw shapeError('borrow', 'a contiguous output on the CPU', show(t))
    if (!from.#holds) throw stale()
    const address = this.base.getData(t.pointer)
    if (address === null || address % BUFFER_ALIGNMENT !== 0n)
      throw shapeError('borrow', `an output at a multiple of ${BUFFER_ALIGNMENT} bytes`, show(t))
    this.count()
    const pointer = this.base.newTensor4d(this.context, TYPE_IDS[t.type], ...t.ne)
    const buffer = this.base.cpuBufferFromPointer(address, bytesOf(t.type, t.ne))
    if (buffer === null || this.base.tensorAlloc(buffer, pointer, address) !== 0)
      throw shapeError('borrow', 'memory that ggml takes', show(t))
    this.#borrowed.push({ from, buffer })
    return fresh(pointer, t.type, t.ne)
  }

  /** Whether its results are still there. */
  get #holds(): boolean {
    return !this.#disposed && this.#allocator?.holder === this
  }

  /** Keeps a tensor readable after the compute. Call it before `compute`; returns its argument. */
  output(t: Tensor): Tensor {
    this.base.setOutput(t.pointer)
    this.expand(t)
    return t
  }

  /** Adds a tensor and all it needs to the graph without keeping its result. */
  expand(t: Tensor): void {
    this.base.buildForwardExpand(this.#graph, t.pointer)
  }

  /** Operations that a compute runs: those that an output or {@link expand} needs. */
  get nodes(): number {
    return this.base.graphNodes(this.#graph)
  }

  /**
   * Allocates (the first time), uploads the inputs and computes, off the event loop. Inside
   * `backend.exclusive` when the allocator is shared.
   *
   * @throws PalimpsestError `engine-memory`, `engine-op` (the device lacks an operation), `engine-compute`,
   *   `interrupted`; `graph-stale` when another graph has taken the allocator; `graph-index` for a row index
   *   out of range
   */
  async compute(allocator: GraphAllocator, signal?: AbortSignal): Promise<void> {
    const { base } = this.backend.engine
    if (this.#disposed) throw disposed()
    if (this.#borrowed.some(({ from }) => !from.#holds || from.#allocator === allocator)) throw stale()
    if (this.#allocator === undefined) {
      this.#checkSupport()
      if (!base.gallocrAllocGraph(allocator.pointer, this.#graph))
        throw new PalimpsestError(
          'engine',
          'engine-memory',
          'No memory for the results of a compute graph.',
          {
            where: this.backend.device.name,
            expected: 'memory for all results that are needed at once',
            found: 'less',
            fix: 'Use fewer tokens at once, or another device.',
          },
        )
      this.#allocator = allocator
      allocator.holder = this
    }
    if (allocator.holder !== this) throw stale()
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
    for (const [pointer, { data, renew, rows }] of this.#inputs) {
      renew?.()
      if (rows !== undefined) checkIndices(data, rows)
      this.base.tensorSet(pointer, data, 0, data.byteLength)
    }
  }

  /** Reads an f32 output: all of it, fastest axis first, into `target` or a new array. */
  read(t: Tensor, target: Float32Array = new Float32Array(elements(t))): Float32Array {
    if (t.type !== 'F32' || !isContiguous(t)) throw shapeError('read', 'a contiguous F32 tensor', show(t))
    if (target.length !== elements(t)) throw shapeError('read', `${elements(t)} values`, `${target.length}`)
    if (target.length > 0) this.base.tensorGet(t.pointer, target, 0, target.byteLength)
    return target
  }

  /** Reads values of an f32 output from number `from` on, as many as `target` holds. */
  readPart(t: Tensor, from: number, target: Float32Array): Float32Array {
    if (t.type !== 'F32' || !isContiguous(t)) throw shapeError('readPart', 'a contiguous F32 tensor', show(t))
    if (!(from >= 0 && from + target.length <= elements(t)))
      throw shapeError('readPart', `part of ${elements(t)} values`, `${target.length} from ${from} on`)
    if (target.length > 0) this.base.tensorGet(t.pointer, target, 4 * from, target.byteLength)
    return target
  }

  /** Whether the device computes an operation: ggml ends the process at one that it does not. */
  supports(t: Tensor): boolean {
    return this.base.deviceSupportsOp(this.backend.device.pointer, t.pointer)
  }

  #checkSupport(): void {
    const { device } = this.backend
    for (let i = 0; i < this.nodes; i++) {
      const node = this.base.graphNode(this.#graph, i)
      if (!this.base.deviceSupportsOp(device.pointer, node))
        throw new PalimpsestError('engine', 'engine-op', 'The device lacks an operation that is needed.', {
          where: `${device.name} (${device.description})`,
          expected: 'every operation of the graph',
          found: `no ${this.base.opDescription(node)} for these tensors`,
          fix: 'Use --device cpu, --precision native, or weights in f16, bf16 or f32.',
        })
    }
  }

  /** Row indices must be an input, so that they can be checked before each compute. */
  protected override bound(op: string, rows: Tensor, count: number): void {
    const input = this.#inputs.get(rows.pointer)
    if (input === undefined) throw shapeError(op, 'indices that are an input with data', show(rows))
    input.rows = Math.min(count, input.rows ?? count)
  }

  protected override count(tensors = 1): void {
    if (this.#disposed) throw disposed()
    this.#tensors += tensors
    if (this.#tensors > this.#capacity)
      throw new PalimpsestError(
        'engine',
        'graph-size',
        'A compute graph is larger than it was declared to be.',
        {
          expected: `at most ${this.#capacity} tensors`,
          found: `${this.#tensors}`,
          fix: 'This is a defect of the caller: declare the graph larger.',
        },
      )
  }

  /** Frees the graph. @throws PalimpsestError `engine-busy` while it is being computed: await that first */
  [Symbol.dispose](): void {
    if (this.#disposed) return
    if (this.#computing)
      throw new PalimpsestError('engine', 'engine-busy', 'A compute graph was freed while it was computed.', {
        expected: 'a graph at rest',
        found: 'a computation under way',
        fix: 'This is a defect of the caller: await the computation inside the scope that owns the graph.',
      })
    this.#disposed = true
    for (const { buffer } of this.#borrowed) this.base.bufferFree(buffer)
    this.base.free(this.context)
  }
}

function checkIndices(data: ArrayBufferView, rows: number): void {
  const { buffer, byteOffset, byteLength } = data
  const indices = data instanceof BigInt64Array ? data : new Int32Array(buffer, byteOffset, byteLength / 4)
  for (const index of indices)
    if (index < 0 || index >= rows)
      throw new PalimpsestError('engine', 'graph-index', 'A row index is out of range.', {
        expected: `0 to ${rows - 1}`,
        found: `${index}`,
        fix: 'This is a defect of the caller: check indices before they are uploaded.',
      })
}

function stale(): PalimpsestError {
  return new PalimpsestError('engine', 'graph-stale', 'A compute graph has lost its memory to another one.', {
    expected: 'the graph that the allocator was last used for',
    found: 'another graph',
    fix: 'This is a defect of the caller: give the graph an allocator of its own.',
  })
}

function disposed(): PalimpsestError {
  return new PalimpsestError('engine', 'engine-disposed', 'This graph has been disposed.', {
    expected: 'a graph in use',
    found: 'one that was disposed of',
    fix: 'This is a defect of the caller: use the graph before it is disposed of.',
  })
}
