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
import {
  contiguousStrides,
  type Extents,
  elements,
  extents,
  isContiguous,
  isPacked,
  show,
  type Tensor,
} from './tensor.ts'
import { blockElements, type GgmlType, plainBytes, TYPE_IDS } from './types.ts'

/** GGML_PREC_F32: accumulate and keep in f32 on devices that would rather not. */
const PRECISION_F32 = 10

/** Which elements RoPE turns together: `half` pairs i with i + n/2 (HF, ggml's NEOX), `adjacent` 2i with 2i + 1. */
export type RopePairs = 'half' | 'adjacent'

/** Memory for intermediate results, shared by graphs that are computed one after the other. */
export class GraphAllocator implements Disposable {
  readonly pointer: Pointer
  readonly #free: () => void

  constructor(backend: Backend) {
    const { base } = backend.engine
    this.pointer = base.gallocrNew(backend.bufferType)
    this.#free = () => base.gallocrFree(this.pointer)
  }

  [Symbol.dispose](): void {
    this.#free()
  }
}

export class Graph implements Disposable {
  readonly backend: Backend
  readonly #ctx: Pointer
  readonly #graph: Pointer
  readonly #inputs: { tensor: Tensor; data: ArrayBufferView }[] = []
  readonly #capacity: number
  #tensors = 0
  #allocated = false
  #disposed = false

  /** @param maxNodes upper bound on the number of tensors in the graph, inputs and views included */
  constructor(backend: Backend, maxNodes: number) {
    const { base } = backend.engine
    this.backend = backend
    this.#capacity = maxNodes
    const size = Number(base.tensorOverhead()) * maxNodes + Number(base.graphOverhead(maxNodes, false))
    const ctx = base.init({ mem_size: size, mem_buffer: null, no_alloc: true })
    if (ctx === null)
      throw new PalimpsestError('engine', 'engine-memory', 'No memory for a compute graph.', {
        found: `${size} bytes`,
      })
    this.#ctx = ctx
    this.#graph = base.newGraph(ctx, maxNodes, false)
  }

  // ---- inputs and outputs ----

  /** A tensor to be filled before each compute; `data`, when given, is uploaded by `compute` each time. */
  input(type: GgmlType, shape: readonly number[], data?: ArrayBufferView): Tensor {
    const ne = extents(shape)
    this.#count()
    const pointer = this.backend.engine.base.newTensor4d(this.#ctx, TYPE_IDS[type], ...ne)
    this.backend.engine.base.setInput(pointer)
    const tensor = this.#fresh(pointer, type, ne)
    if (data !== undefined) {
      const bytes = elements(tensor) * (plainBytes(type) ?? Number.NaN)
      if (data.byteLength !== bytes)
        throw shapeError('input', `${bytes} bytes for ${show(tensor)}`, `${data.byteLength} bytes`)
      // As a leaf of the graph it gets memory even if nothing turns out to use it.
      this.expand(tensor)
      this.#inputs.push({ tensor, data })
    }
    return tensor
  }

  /** Keeps a tensor readable after the compute. Call it before `compute`; returns its argument. */
  output(t: Tensor): Tensor {
    this.backend.engine.base.setOutput(t.pointer)
    this.expand(t)
    return t
  }

  /** Adds a tensor and all it needs to the graph without keeping its result. */
  expand(t: Tensor): void {
    this.backend.engine.base.buildForwardExpand(this.#graph, t.pointer)
  }

  /**
   * Allocates (the first time), uploads the inputs and computes, off the event loop. Inside
   * `backend.exclusive` when the allocator is shared.
   *
   * @throws PalimpsestError `engine-memory`, `engine-compute`, `interrupted`
   */
  async compute(allocator: GraphAllocator, signal?: AbortSignal): Promise<void> {
    const { base } = this.backend.engine
    if (!this.#allocated) {
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
    }
    for (const { tensor, data } of this.#inputs) base.tensorSet(tensor.pointer, data, 0, data.byteLength)
    await this.backend.compute(this.#graph, signal)
  }

  /** Reads an f32 output: all of it, fastest axis first, into `target` or a new array. */
  read(t: Tensor, target: Float32Array = new Float32Array(elements(t))): Float32Array {
    if (t.type !== 'F32' || !isContiguous(t)) throw shapeError('read', 'a contiguous F32 tensor', show(t))
    if (target.length !== elements(t)) throw shapeError('read', `${elements(t)} values`, `${target.length}`)
    if (target.length > 0) this.backend.engine.base.tensorGet(t.pointer, target, 0, target.byteLength)
    return target
  }

  // ---- shapes ----

  reshape(a: Tensor, shape: readonly number[]): Tensor {
    const ne = extents(shape)
    if (!isContiguous(a) || ne[0] * ne[1] * ne[2] * ne[3] !== elements(a))
      throw shapeError('reshape', `a contiguous tensor of ${shape.join(' x ')}`, show(a))
    this.#count()
    return this.#fresh(this.backend.engine.base.reshape4d(this.#ctx, a.pointer, ...ne), a.type, ne)
  }

  /** A window onto `a` with its own extents and byte strides (of axes 1 to 3), from a byte offset on. */
  view(a: Tensor, shape: readonly number[], strides: readonly [number, number, number], offset = 0): Tensor {
    const ne = extents(shape)
    const reach =
      offset +
      (ne[0] - 1) * a.nb[0] +
      (ne[1] - 1) * strides[0] +
      (ne[2] - 1) * strides[1] +
      (ne[3] - 1) * strides[2]
    const end =
      (a.ne[0] - 1) * a.nb[0] + (a.ne[1] - 1) * a.nb[1] + (a.ne[2] - 1) * a.nb[2] + (a.ne[3] - 1) * a.nb[3]
    if (plainBytes(a.type) === undefined || offset < 0 || reach > end)
      throw shapeError('view', `at most ${end} bytes of ${show(a)}`, `${reach}`)
    this.#count()
    const pointer = this.backend.engine.base.view4d(this.#ctx, a.pointer, ...ne, ...strides, offset)
    return { pointer, type: a.type, ne, nb: [a.nb[0], ...strides] }
  }

  /** Axis i of `a` becomes axis `axes[i]` of the result (ggml_permute). */
  permute(a: Tensor, axes: readonly [number, number, number, number]): Tensor {
    const ne = [1, 1, 1, 1] as [number, number, number, number]
    const nb = [0, 0, 0, 0] as [number, number, number, number]
    axes.forEach((to, from) => {
      ne[to] = a.ne[from]!
      nb[to] = a.nb[from]!
    })
    if (new Set(axes).size !== 4) throw shapeError('permute', 'four different axes', axes.join(', '))
    this.#count()
    return { pointer: this.backend.engine.base.permute(this.#ctx, a.pointer, ...axes), type: a.type, ne, nb }
  }

  /** A contiguous copy. */
  cont(a: Tensor): Tensor {
    return this.#unary('cont', a)
  }

  cast(a: Tensor, type: GgmlType): Tensor {
    if (a.type === type) return a
    this.#count()
    return this.#fresh(this.backend.engine.base.cast(this.#ctx, a.pointer, TYPE_IDS[type]), type, a.ne)
  }

  // ---- rows ----

  /** Rows of `a` [d, n] (any type) at indices `rows` I32 [k]: F32 [d, k]. Indices are the caller's to check. */
  getRows(a: Tensor, rows: Tensor): Tensor {
    if (rows.type !== 'I32' || rows.ne[1] !== 1 || a.ne[2] !== 1)
      throw shapeError('getRows', 'I32 indices [k] into [d, n]', `${show(rows)} into ${show(a)}`)
    this.#count()
    return this.#fresh(this.backend.engine.base.getRows(this.#ctx, a.pointer, rows.pointer), 'F32', [
      a.ne[0],
      rows.ne[0],
      1,
      1,
    ])
  }

  /** Writes `source` [d, k] into rows `rows` I64 [k] of `target` [d, n], in place; returns the written target. */
  setRows(target: Tensor, source: Tensor, rows: Tensor): Tensor {
    if (
      rows.type !== 'I64' ||
      source.type !== 'F32' ||
      source.ne[0] !== target.ne[0] ||
      source.ne[1] !== rows.ne[0] ||
      source.ne[2] !== 1
    )
      throw shapeError(
        'setRows',
        `F32 [${target.ne[0]}, k] with I64 [k]`,
        `${show(source)} with ${show(rows)}`,
      )
    this.#count()
    const pointer = this.backend.engine.base.setRows(this.#ctx, target.pointer, source.pointer, rows.pointer)
    return { ...target, pointer }
  }

  // ---- arithmetic (F32) ----

  /** a + b; b is repeated along axes where a is a multiple of it. */
  add(a: Tensor, b: Tensor): Tensor {
    return this.#binary('add', a, b)
  }

  sub(a: Tensor, b: Tensor): Tensor {
    return this.#binary('sub', a, b)
  }

  mul(a: Tensor, b: Tensor): Tensor {
    return this.#binary('mul', a, b)
  }

  /** a * scale + bias. */
  scale(a: Tensor, scale: number, bias = 0): Tensor {
    this.#f32('scale', a)
    this.#count()
    return this.#fresh(this.backend.engine.base.scaleBias(this.#ctx, a.pointer, scale, bias), 'F32', a.ne)
  }

  square(a: Tensor): Tensor {
    return this.#unary('sqr', a)
  }

  sigmoid(a: Tensor): Tensor {
    return this.#unary('sigmoid', a)
  }

  tanh(a: Tensor): Tensor {
    return this.#unary('tanh', a)
  }

  /** Sums along the first axis: [n, ...] -> [1, ...]. */
  sumRows(a: Tensor): Tensor {
    this.#f32('sumRows', a)
    this.#count()
    return this.#fresh(this.backend.engine.base.sumRows(this.#ctx, a.pointer), 'F32', [
      1,
      a.ne[1],
      a.ne[2],
      a.ne[3],
    ])
  }

  /** silu(gate) * up, elementwise. */
  swiglu(gate: Tensor, up: Tensor): Tensor {
    this.#f32('swiglu', gate)
    if (!sameShape(gate, up) || !isContiguous(gate) || !isContiguous(up))
      throw shapeError('swiglu', show(gate), show(up))
    this.#count()
    return this.#fresh(
      this.backend.engine.base.swigluSplit(this.#ctx, gate.pointer, up.pointer),
      'F32',
      gate.ne,
    )
  }

  /** x / sqrt(mean(x^2) + eps) along the first axis (no weight). */
  rmsNorm(a: Tensor, eps: number): Tensor {
    this.#f32('rmsNorm', a)
    this.#count()
    return this.#fresh(this.backend.engine.base.rmsNorm(this.#ctx, a.pointer, eps), 'F32', a.ne)
  }

  /**
   * w [k, m, ...] and x [k, n, ...] to [m, n, ...]: row-major x Wᵀ. Leading axes of x may be multiples of w's.
   * On the CPU, quantised and 16-bit weights round x to their own kind: cast them first where that matters.
   */
  mulMat(w: Tensor, x: Tensor): Tensor {
    this.#f32('mulMat', x)
    if (
      w.ne[0] !== x.ne[0] ||
      x.ne[2] % w.ne[2] !== 0 ||
      x.ne[3] % w.ne[3] !== 0 ||
      !isPacked(w) ||
      !isPacked(x) ||
      w.nb[0] > w.nb[1]
    )
      throw shapeError('mulMat', `F32 [${w.ne[0]}, n] for weights ${show(w)}`, show(x))
    this.#count()
    const pointer = this.backend.engine.base.mulMat(this.#ctx, w.pointer, x.pointer)
    this.backend.engine.base.mulMatSetPrecision(pointer, PRECISION_F32)
    return this.#fresh(pointer, 'F32', [w.ne[1], x.ne[1], x.ne[2], x.ne[3]])
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
    this.#f32('rope', x)
    const { theta, pairs, factors, scale = 1 } = options
    if (positions.type !== 'I32' || positions.ne[0] !== x.ne[2] || x.ne[0] % 2 !== 0)
      throw shapeError('rope', `I32 positions [${x.ne[2]}]`, show(positions))
    if (factors !== undefined && factors.ne[0] !== x.ne[0] / 2)
      throw shapeError('rope', `factors F32 [${x.ne[0] / 2}]`, show(factors))
    this.#count()
    const mode = pairs === 'half' ? 2 : 0
    const pointer = this.backend.engine.base.ropeExt(
      this.#ctx,
      x.pointer,
      positions.pointer,
      factors?.pointer ?? null,
      x.ne[0],
      mode,
      0,
      theta,
      scale,
      0,
      1,
      0,
      0,
    )
    return this.#fresh(pointer, 'F32', x.ne)
  }

  /** softmax(a * scale + mask) along the first axis; mask F16 or F32 [keys, queries, 1, batch]. */
  softMax(a: Tensor, mask: Tensor, scale: number): Tensor {
    this.#f32('softMax', a)
    if (
      !isContiguous(a) ||
      mask.ne[0] !== a.ne[0] ||
      mask.ne[1] < a.ne[1] ||
      a.ne[3] % mask.ne[3] !== 0 ||
      !isContiguous(mask)
    )
      throw shapeError('softMax', `a mask [${a.ne[0]}, ${a.ne[1]}]`, show(mask))
    this.#count()
    return this.#fresh(
      this.backend.engine.base.softMaxExt(this.#ctx, a.pointer, mask.pointer, scale, 0),
      'F32',
      a.ne,
    )
  }

  /**
   * Attention in one operation: q F32 [dh, queries, heads, batch], k and v [dh, keys, kvHeads, batch], mask
   * F16 [keys, queries, 1, batch]: F32 [dh, heads, queries, batch].
   */
  flashAttention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor, scale: number, softcap: number): Tensor {
    this.#f32('flashAttention', q)
    if (
      k.ne[0] !== q.ne[0] ||
      v.ne[1] !== k.ne[1] ||
      q.ne[2] % k.ne[2] !== 0 ||
      k.ne[2] !== v.ne[2] ||
      q.ne[3] % k.ne[3] !== 0 ||
      k.ne[3] !== v.ne[3]
    )
      throw shapeError('flashAttention', `keys and values for ${show(q)}`, `${show(k)}, ${show(v)}`)
    if (
      mask.type !== 'F16' ||
      mask.ne[0] !== k.ne[1] ||
      mask.ne[1] < q.ne[1] ||
      q.ne[3] % mask.ne[3] !== 0 ||
      !isContiguous(mask)
    )
      throw shapeError('flashAttention', `an F16 mask [${k.ne[1]}, ${q.ne[1]}]`, show(mask))
    this.#count()
    const pointer = this.backend.engine.base.flashAttnExt(
      this.#ctx,
      q.pointer,
      k.pointer,
      v.pointer,
      mask.pointer,
      scale,
      0,
      softcap,
    )
    this.backend.engine.base.flashAttnSetPrecision(pointer, PRECISION_F32)
    return this.#fresh(pointer, 'F32', [v.ne[0], q.ne[2], q.ne[1], q.ne[3]])
  }

  // ---- inside ----

  #unary(op: 'cont' | 'sqr' | 'sigmoid' | 'tanh', a: Tensor): Tensor {
    if (op !== 'cont') this.#f32(op, a)
    this.#count()
    return this.#fresh(this.backend.engine.base[op](this.#ctx, a.pointer), a.type, a.ne)
  }

  #binary(op: 'add' | 'sub' | 'mul', a: Tensor, b: Tensor): Tensor {
    this.#f32(op, a)
    this.#f32(op, b)
    if (!b.ne.every((n, axis) => a.ne[axis]! % n === 0))
      throw shapeError(op, `a shape that repeats into ${show(a)}`, show(b))
    this.#count()
    return this.#fresh(this.backend.engine.base[op](this.#ctx, a.pointer, b.pointer), 'F32', a.ne)
  }

  #f32(op: string, a: Tensor): void {
    if (a.type !== 'F32') throw shapeError(op, 'F32', show(a))
  }

  #count(): void {
    if (this.#disposed)
      throw new PalimpsestError('engine', 'engine-disposed', 'This graph has been disposed.')
    if (++this.#tensors > this.#capacity)
      throw new PalimpsestError(
        'engine',
        'graph-size',
        'A compute graph is larger than it was declared to be.',
        { expected: `at most ${this.#capacity} tensors` },
      )
  }

  #fresh(pointer: Pointer, type: GgmlType, ne: Extents): Tensor {
    const bytes = plainBytes(type) ?? Number(this.backend.engine.base.typeSize(TYPE_IDS[type]))
    if (ne[0] % blockElements(type) !== 0)
      throw shapeError('tensor', `rows of a multiple of ${blockElements(type)} elements`, `${ne[0]}`)
    return { pointer, type, ne, nb: contiguousStrides(type, ne, bytes) }
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return
    this.#disposed = true
    this.backend.engine.base.free(this.#ctx)
  }
}

function sameShape(a: Tensor, b: Tensor): boolean {
  return a.ne.every((n, axis) => n === b.ne[axis])
}

function shapeError(op: string, expected: string, found: string): PalimpsestError {
  return new PalimpsestError(
    'engine',
    'graph-shape',
    `An operation was given tensors that do not fit: ${op}.`,
    { expected, found },
  )
}
