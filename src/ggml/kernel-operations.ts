/** Operations of our own, each computed by a kernel (docs/kernels.md) where one serves. */

import type { Pointer } from './bindings.ts'
import * as check from './checks.ts'
import { bitWords } from './kernels/above.ts'
import type { AttentionPlan } from './kernels/attention-plan.ts'
import { blockSumWords } from './kernels/block-sums.ts'
import type { GatherKernels } from './kernels/gather.ts'
import type { LinearOptions } from './kernels/linear.ts'
import type { PanelSlice } from './kernels/panel-plan.ts'
import { quantisedWords } from './kernels/quantise.ts'
import type { StepPlan } from './kernels/step-plan.ts'
import { fresh, Operations } from './operations.ts'
import type { RopeTable } from './rope-table.ts'
import { extents, shapeError, show, type Tensor } from './tensor.ts'
import { TYPE_IDS } from './types.ts'

/** GGML_N_TASKS_MAX: an operation of ours runs on every thread. */
const EVERY_THREAD = -1

/** The entries of a sparse matrix [R, N], row by row: I32 inputs with data. */
export interface SparseTensors {
  /** Where each row begins, [R + 1]. */
  readonly starts: Tensor
  /** The column of each entry. */
  readonly indices: Tensor
}

/** What {@link Graph} can build besides ggml's operations. */
export abstract class KernelOperations extends Operations {
  /** Activations rounded to bf16 or 8 bits, which several products of one graph may share. */
  readonly #rounded = { BF16: new Map<Tensor, Tensor>(), I8: new Map<Tensor, Tensor>() }
  /** Inputs that the layers of one graph share: plans of attention, positions, factors of frequencies. */
  readonly #inputs = new Map<Int32Array | Float32Array, Tensor>()
  /** Cosines and sines as inputs, by what they are rows of. */
  readonly #tables = new Map<RopeTable, { readonly positions: Int32Array; readonly rows: Tensor }>()

  /**
   * A product of weights w [k, m] of any type and activations x F32 [k, n], by the fastest way there is. On the CPU that
   * may be a kernel of our own (docs/kernels.md); otherwise it is ggml's, at precision `f32` with widened weights.
   *
   * @param plus F32 [m, n], added to the product: the bits that `add` gives, for the price of reading it
   */
  linear(w: Tensor, x: Tensor, options: LinearOptions, plus?: Tensor): Tensor {
    check.checkMulMat(w, x)
    const kernel = this.backend.kernels?.choose(w, x, options)
    const together = kernel !== undefined && plus !== undefined && check.isMatrixOf(plus, [w.ne[1], x.ne[1]])
    if (plus !== undefined && !together) return this.add(this.linear(w, x, options), plus)
    if (kernel === undefined) return this.mulMat(options.precision === 'f32' ? this.cast(w, 'F32') : w, x)
    const rounded = kernel.activations === 'F32' ? x : this.#round(x, kernel.activations)
    const args = plus === undefined ? [w, rounded] : [w, rounded, plus]
    return this.#custom([w.ne[1], x.ne[1]], args, kernel.address, kernel.scratch)
  }

  /** Packs rows of weights into panels that are kept, as `places` says (kept.ts); give the result to `expand`. */
  packPanels({ weights, from, rows, pack }: PanelSlice, places: Pointer): Tensor {
    this.count()
    const slice = check.sliceOf(weights, from, rows)
    const pointer = this.base.view4d(this.context, weights.pointer, ...slice)
    return this.#custom([1], [{ ...weights, pointer }], pack, places)
  }

  /**
   * A sparse matrix [R, N] times rows [d, N]: out [d, R]. Its entries are given row by row: `starts` I32 [R + 1],
   * `indices` I32 and `values` F32, one each per entry; the first two are inputs with data. Only where
   * `backend.kernels.gather(d)` gives kernels.
   */
  gatherSum(kernels: GatherKernels, rows: Tensor, matrix: SparseTensors & { values: Tensor }): Tensor {
    const { starts, indices, values } = matrix
    check.checkGather('gatherSum', rows, ['F32'], starts, indices, kernels.lanes)
    if (values.type !== 'F32' || values.ne[0] !== indices.ne[0])
      throw shapeError('gatherSum', `F32 [${indices.ne[0]}]`, show(values))
    const out = [rows.ne[0], starts.ne[0] - 1] as const
    return this.#gathered('gatherSum', kernels.sum, [rows, starts, indices, values], out)
  }

  /**
   * Products of rows [d, N], F32 or BF16, with x [d, R] at the entries of a sparse matrix [R, N], as {@link gatherSum} takes it:
   * out [1, entries].
   */
  gatherDot(kernels: GatherKernels, rows: Tensor, x: Tensor, { starts, indices }: SparseTensors): Tensor {
    check.checkGather('gatherDot', rows, ['F32', 'BF16'], starts, indices, kernels.lanes)
    check.checkGather('gatherDot', x, ['F32'], starts, indices, kernels.lanes)
    if (x.ne[0] !== rows.ne[0] || x.ne[1] !== starts.ne[0] - 1)
      throw shapeError('gatherDot', `[${rows.ne[0]}, ${starts.ne[0] - 1}]`, show(x))
    const out = [kernels.lanes, indices.ne[0]] as const
    const address = rows.type === 'BF16' ? kernels.dotBf16 : kernels.dot
    return this.sumRows(this.#gathered('gatherDot', address, [rows, x, starts, indices], out))
  }

  #gathered(
    op: string,
    address: Pointer,
    args: readonly Tensor[],
    [n0, n1]: readonly [number, number],
  ): Tensor {
    const [starts, indices] = args.filter((t) => t.type === 'I32') as [Tensor, Tensor]
    this.bound(op, starts, indices.ne[0] + 1)
    this.bound(op, indices, args[0]!.ne[1])
    return this.#custom([n0, n1], args, address)
  }

  /**
   * Which products p F32 [n, R] are above cuts - margins * norms, as bits, 32 a word: F32 [ceil(n / 32), R] in name
   * alone. cuts and norms F32 [n], margins F32 [1, R]; `address` is `backend.kernels.above()`.
   */
  above(address: Pointer, p: Tensor, cuts: Tensor, norms: Tensor, margins: Tensor): Tensor {
    check.checkAbove(p, cuts, norms, margins)
    return this.#custom([bitWords(p.ne[0]), p.ne[1]], [p, cuts, norms, margins], address)
  }

  /**
   * Sums over blocks of 256 ids of exp((logit - largest) scale), then the largest, for each row of logits F32
   * [ids, R], which may lie further apart: [blocks + 1, R]; undefined where no kernel serves.
   */
  blockSums(logits: Tensor, scale: number): Tensor | undefined {
    check.checkBlockSums(logits)
    const address = this.backend.kernels?.kernels.blockSums()
    if (address === undefined) return undefined
    const args = [logits, this.input('F32', [1], Float32Array.of(scale))]
    return this.#custom([blockSumWords(logits.ne[0]), logits.ne[1]], args, address)
  }

  /**
   * RMS norm along the first axis, times a weight [d] where there is one: x / sqrt(mean(x^2) + eps) w, by a kernel of our
   * own where one serves. A weight that is multiplied behind it gives the same bits.
   *
   * @throws PalimpsestError `graph-shape`
   */
  norm(x: Tensor, weight: Tensor | undefined, eps: number): Tensor {
    const served = check.isNormed(x, weight, eps)
    const address = served ? this.backend.kernels?.kernels.norm(eps, weight !== undefined) : undefined
    if (address === undefined) {
      const y = this.rmsNorm(x, eps)
      return weight === undefined ? y : this.mul(y, weight)
    }
    const flat = x.ne[2] * x.ne[3] === 1
    const rows = flat ? x : this.reshape(x, [x.ne[0], x.ne[1] * x.ne[2] * x.ne[3]])
    const args = weight === undefined ? [rows] : [rows, weight]
    const y = this.#custom([rows.ne[0], rows.ne[1]], args, address)
    return flat ? y : this.reshape(y, x.ne)
  }

  /**
   * Rotary position embedding of x F32 [heads * headDim, n] at n positions, which are read anew at each compute, by a kernel
   * of our own where one serves.
   *
   * @returns of x's shape
   * @throws PalimpsestError `graph-shape`
   */
  rotate(x: Tensor, positions: Int32Array, table: RopeTable): Tensor {
    const { headDim, theta, scale, factors, pairs } = table.angles
    check.checkRotate(x, positions, headDim)
    const served = check.isTurned(x, headDim)
    const address = served ? this.backend.kernels?.kernels.rope(pairs) : undefined
    if (address !== undefined)
      return this.#custom([x.ne[0], x.ne[1]], [x, this.#rows(table, positions)], address)
    const heads = this.reshape(x, [headDim, x.ne[0] / headDim, x.ne[1]])
    const options = { theta, scale, pairs, factors: factors && this.#given(factors) }
    return this.reshape(this.rope(heads, this.#given(positions), options), x.ne)
  }

  /** Cosines and sines of the positions, which all layers that turn alike share. */
  #rows(table: RopeTable, positions: Int32Array): Tensor {
    const known = this.#tables.get(table)
    if (known?.positions === positions) return known.rows
    const { headDim } = table.angles
    const values = new Float32Array(headDim * positions.length)
    const renew = (): void => table.gather(positions, values)
    const rows = this.input('F32', [headDim, positions.length], values, renew)
    this.#tables.set(table, { positions, rows })
    return rows
  }

  /** An operation of our own: F32 of this shape, made by the kernel at an address on every thread. */
  #custom(
    shape: readonly number[],
    args: readonly Tensor[],
    address: Pointer,
    scratch: Pointer = 0n,
  ): Tensor {
    this.count()
    const ne = extents(shape)
    const pointers = BigUint64Array.from(args.length === 0 ? [0n] : args.map((t) => t.pointer))
    const count = args.length
    const pointer = this.base.custom4d(
      this.context,
      TYPE_IDS.F32,
      ...ne,
      pointers,
      count,
      address,
      EVERY_THREAD,
      scratch,
    )
    return fresh(pointer, 'F32', ne)
  }

  #round(x: Tensor, to: 'BF16' | 'I8'): Tensor {
    const known = this.#rounded[to].get(x)
    if (known !== undefined) return known
    const rounded = to === 'BF16' ? this.cast(x, 'BF16') : this.#quantise(x)
    this.#rounded[to].set(x, rounded)
    return rounded
  }

  /** Rows as quantise.ts writes them: F32 in name alone. */
  #quantise(x: Tensor): Tensor {
    return this.#custom([quantisedWords(x.ne[0]), x.ne[1]], [x], this.backend.kernels!.kernels.quantise()!)
  }

  /** Runs a custom operation of our own that reads and writes nothing on every thread, to see how long it takes. */
  everywhere(address: Pointer): Tensor {
    return this.#custom([1], [], address)
  }

  /**
   * Causal attention among packed texts by a kernel of our own (docs/kernels.md): q F32 [dh, heads, n], k and v
   * F32 [dh, kvHeads, n], as `plan` says who sees whom.
   *
   * @returns z [dh * heads, n] and, where the plan asks for them, the weights [heads, queries, keys] of each span
   *   in turn; undefined where there is no memory for the kernel's scratch
   */
  packedAttention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    plan: AttentionPlan,
  ): { z: Tensor; patterns: Tensor | undefined } | undefined {
    const { headDim, heads, patterns } = plan.shape
    check.checkPlanned(q, k, v, plan)
    const kernel = this.backend.kernels?.attention(plan)
    if (kernel === undefined) return undefined
    const values = headDim * heads * plan.tokens
    const shape = patterns ? [values + plan.patternValues] : [headDim * heads, plan.tokens]
    const whole = this.#custom(shape, [q, k, v, this.#given(plan.words)], kernel.address, kernel.scratch)
    if (!patterns) return { z: whole, patterns: undefined }
    const stride = 4 * headDim * heads
    const all = stride * plan.tokens
    const rest = 4 * plan.patternValues
    return {
      z: this.view(whole, [headDim * heads, plan.tokens], [stride, all, all]),
      patterns: this.view(whole, [plan.patternValues], [rest, rest, rest], all),
    }
  }

  /**
   * Attention of one new token of each of B sequences over a cache, by a kernel of our own: q F32 [dh, heads, B], k and
   * v [dh, kvHeads, slots] of the plan's type.
   *
   * @returns z [dh * heads, B]; undefined where there is no memory for the kernel's scratch
   */
  stepAttention(q: Tensor, k: Tensor, v: Tensor, plan: StepPlan): Tensor | undefined {
    check.checkSteps(q, k, v, plan)
    const kernel = this.backend.kernels?.stepAttention(plan)
    if (kernel === undefined) return undefined
    const { headDim, heads } = plan.shape
    const args = [q, k, v, this.#given(plan.words)]
    return this.#custom([headDim * heads, plan.sequences], args, kernel.address, kernel.scratch)
  }

  /** Data as an input of this graph, made once and read at each compute. */
  #given(data: Int32Array | Float32Array): Tensor {
    const type = data instanceof Int32Array ? 'I32' : 'F32'
    const input = this.#inputs.get(data) ?? this.input(type, [data.length], data)
    this.#inputs.set(data, input)
    return input
  }
}
