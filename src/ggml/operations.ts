/**
 * The operations that a compute graph is built of. Each checks types and shapes and throws `graph-shape`: ggml
 * itself would end the process.
 */

import type { Backend } from './backend.ts'
import type { Pointer } from './bindings.ts'
import * as check from './checks.ts'
import { contiguousStrides, type Extents, extents, shapeError, type Tensor } from './tensor.ts'
import { type GgmlType, TYPE_IDS } from './types.ts'

/** GGML_PREC_F32: accumulate and keep in f32 on devices that would rather not. */
const PRECISION_F32 = 10

/** Which elements RoPE turns together: `half` pairs i with i + n/2 (HF, ggml's NEOX), `adjacent` 2i with 2i + 1. */
export type RopePairs = 'half' | 'adjacent'

/** What {@link Graph} can build of ggml's own; it owns the memory, counts the tensors and knows the inputs. */
export abstract class Operations {
  readonly backend: Backend
  /** The ggml context that the tensors live in. */
  protected abstract readonly context: Pointer

  constructor(backend: Backend) {
    this.backend = backend
  }

  /** A tensor to be filled before each compute with `data`, once `renew` has brought it up to date. */
  abstract input(type: GgmlType, shape: readonly number[], data?: ArrayBufferView, renew?: () => void): Tensor

  /** Makes room for tensors, or refuses. */
  protected abstract count(tensors?: number): void

  /** Row indices must be an input with data, so that they can be checked before each compute. */
  protected abstract bound(op: string, rows: Tensor, count: number): void

  protected get base(): Backend['engine']['base'] {
    return this.backend.engine.base
  }

  // ---- shapes ----

  reshape(a: Tensor, shape: readonly number[]): Tensor {
    const ne = extents(shape)
    check.checkReshape(a, ne[0] * ne[1] * ne[2] * ne[3])
    this.count()
    return fresh(this.base.reshape4d(this.context, a.pointer, ...ne), a.type, ne)
  }

  /** A window onto `a` with its own extents and byte strides (of axes 1 to 3), from a byte offset on. */
  view(a: Tensor, shape: readonly number[], strides: readonly [number, number, number], offset = 0): Tensor {
    const ne = extents(shape)
    const nb = [a.nb[0], ...strides] as const
    check.checkView(a, ne, nb, offset)
    this.count()
    const pointer = this.base.view4d(this.context, a.pointer, ...ne, ...strides, offset)
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
    this.count()
    return { pointer: this.base.permute(this.context, a.pointer, ...axes), type: a.type, ne, nb }
  }

  /** A contiguous copy. */
  cont(a: Tensor): Tensor {
    this.count()
    return fresh(this.base.cont(this.context, a.pointer), a.type, a.ne)
  }

  /** Float types into each other, quantised ones into F32. */
  cast(a: Tensor, type: GgmlType): Tensor {
    if (a.type === type) return a
    check.checkCast(a, type)
    this.count()
    return fresh(this.base.cast(this.context, a.pointer, TYPE_IDS[type]), type, a.ne)
  }

  // ---- rows ----

  /**
   * Rows of `a` [d, n] (any type but integers) at indices `rows` I32 [k], an input whose data are checked at
   * every compute: F32 [d, k].
   */
  getRows(a: Tensor, rows: Tensor): Tensor {
    check.checkGetRows(a, rows)
    this.bound('getRows', rows, a.ne[1])
    this.count()
    return fresh(this.base.getRows(this.context, a.pointer, rows.pointer), 'F32', [a.ne[0], rows.ne[0], 1, 1])
  }

  /** Writes `source` [d, k] into rows `rows` I64 [k] (an input) of `target` [d, n], in place; returns the target. */
  setRows(target: Tensor, source: Tensor, rows: Tensor): Tensor {
    check.checkSetRows(target, source, rows)
    this.bound('setRows', rows, target.ne[1])
    this.count()
    const pointer = this.base.setRows(this.context, target.pointer, source.pointer, rows.pointer)
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
    this.count()
    return fresh(this.base.scaleBias(this.context, a.pointer, scale, bias), 'F32', a.ne)
  }

  square(a: Tensor): Tensor {
    return this.#unary('sqr', a)
  }

  /** Sum of all elements, [1]. */
  sum(a: Tensor): Tensor {
    check.checkRows('sum', a)
    this.count()
    return fresh(this.base.sum(this.context, a.pointer), 'F32', [1, 1, 1, 1])
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
    this.count()
    const ne: Extents = [a.ne[0] + b.ne[0], a.ne[1], a.ne[2], a.ne[3]]
    return fresh(this.base.concat(this.context, a.pointer, b.pointer, 0), 'F32', ne)
  }

  /**
   * a [n, m] where `ranking` [n, m] is among the k largest of its row, zero elsewhere. Of equal ones it is not
   * said which are kept. As one operation, because indices that a graph makes can't be checked from outside.
   */
  keepLargest(a: Tensor, ranking: Tensor, k: number): Tensor {
    check.checkKeepLargest(a, ranking, k)
    const [n, m] = a.ne
    const base = this.base
    this.count(6)
    const indices = base.topK(this.context, ranking.pointer, k)
    const column = base.reshape4d(this.context, a.pointer, 1, n, m, 1)
    const zeros = base.scaleBias(this.context, column, 0, 0)
    const kept = base.setRows(this.context, zeros, base.getRows(this.context, column, indices), indices)
    return fresh(base.reshape4d(this.context, kept, n, m, 1, 1), 'F32', a.ne)
  }

  /** Sums along the first axis: [n, ...] -> [1, ...]. */
  sumRows(a: Tensor): Tensor {
    check.checkRows('sumRows', a)
    this.count()
    const ne: Extents = [1, a.ne[1], a.ne[2], a.ne[3]]
    return fresh(this.base.sumRows(this.context, a.pointer), 'F32', ne)
  }

  /** silu(gate) * up, elementwise. */
  swiglu(gate: Tensor, up: Tensor): Tensor {
    check.checkPair('swiglu', gate, up)
    this.count()
    return fresh(this.base.swigluSplit(this.context, gate.pointer, up.pointer), 'F32', gate.ne)
  }

  /** x / sqrt(mean(x^2) + eps) along the first axis (no weight). */
  rmsNorm(a: Tensor, eps: number): Tensor {
    check.checkRows('rmsNorm', a)
    if (!(eps >= 0)) throw shapeError('rmsNorm', 'an epsilon of at least 0', `${eps}`)
    this.count()
    return fresh(this.base.rmsNorm(this.context, a.pointer, eps), 'F32', a.ne)
  }

  /**
   * w [k, m, ...] and x [k, n, ...] to [m, n, ...]: row-major x Wᵀ. Leading axes of x may be multiples of w's.
   * On the CPU, quantised and 16-bit weights round x to their own kind: cast them first where that matters.
   */
  mulMat(w: Tensor, x: Tensor): Tensor {
    check.checkMulMat(w, x)
    this.count()
    const pointer = this.base.mulMat(this.context, w.pointer, x.pointer)
    this.base.mulMatSetPrecision(pointer, PRECISION_F32)
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
    this.count()
    const mode = pairs === 'half' ? 2 : 0
    const at = [x.pointer, positions.pointer, factors?.pointer ?? null] as const
    return fresh(
      this.base.ropeExt(this.context, ...at, x.ne[0], mode, 0, theta, scale, 0, 1, 0, 0),
      'F32',
      x.ne,
    )
  }

  /** softmax(a * scale + mask) along the first axis; mask F16 or F32 [keys, queries, 1, batch], or none. */
  softMax(a: Tensor, mask: Tensor | undefined, scale: number): Tensor {
    check.checkSoftMax(a, mask)
    this.count()
    return fresh(this.base.softMaxExt(this.context, a.pointer, mask?.pointer ?? null, scale, 0), 'F32', a.ne)
  }

  /**
   * Attention in one operation: q F32 [dh, queries, heads, batch], k and v F32 [dh, keys, kvHeads, batch], mask
   * F16 [keys, queries, 1, batch]: F32 [dh, heads, queries, batch].
   */
  flashAttention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor, scale: number, softcap: number): Tensor {
    check.checkFlash(q, k, v, mask)
    this.count()
    const at = [q.pointer, k.pointer, v.pointer, mask.pointer] as const
    const pointer = this.base.flashAttnExt(this.context, ...at, scale, 0, softcap)
    this.base.flashAttnSetPrecision(pointer, PRECISION_F32)
    return fresh(pointer, 'F32', [v.ne[0], q.ne[2], q.ne[1], q.ne[3]])
  }

  #unary(op: 'sqr' | 'sqrt' | 'relu' | 'step' | 'sigmoid' | 'tanh', a: Tensor): Tensor {
    check.checkRows(op, a)
    this.count()
    return fresh(this.base[op](this.context, a.pointer), 'F32', a.ne)
  }

  #binary(op: 'add' | 'sub' | 'mul' | 'div', a: Tensor, b: Tensor): Tensor {
    check.checkBinary(op, a, b)
    this.count()
    return fresh(this.base[op](this.context, a.pointer, b.pointer), 'F32', a.ne)
  }
}

/** A contiguous tensor that ggml has just made. */
export function fresh(pointer: Pointer, type: GgmlType, ne: Extents): Tensor {
  return { pointer, type, ne, nb: contiguousStrides(type, ne) }
}
