/**
 * What each operation of ggml asserts, said before: ggml ends the process where an assertion fails, these
 * throw `graph-shape`. The conditions are those of ggml's constructors and of its CPU kernels together; a
 * property test builds and computes random graphs in a process of its own to hold them complete.
 */

import type { AttentionPlan } from './kernels/attention-plan.ts'
import { ROPE_STEP } from './kernels/rope.ts'
import { STEP } from './kernels/softmax.ts'
import type { StepPlan } from './kernels/step-plan.ts'
import {
  bytesOf,
  contiguousStrides,
  type Extents,
  elements,
  isContiguous,
  isPacked,
  shapeError,
  show,
  type Tensor,
} from './tensor.ts'

import { blockBytes, type GgmlType, isFloat, isPlain } from './types.ts'

/** An F32 tensor with adjacent elements in its rows: what nearly every kernel wants. */
export function checkRows(op: string, a: Tensor): void {
  if (a.type !== 'F32' || !isPacked(a)) throw shapeError(op, 'F32 with adjacent elements', layoutOf(a))
}

/** An F32 tensor without gaps; some kernels look at the strides even of axes of extent 1. */
export function checkWhole(op: string, a: Tensor): void {
  const strides = contiguousStrides(a.type, a.ne)
  if (a.type !== 'F32' || !a.nb.every((stride, axis) => stride === strides[axis]))
    throw shapeError(op, 'contiguous F32', layoutOf(a))
}

export function checkReshape(a: Tensor, count: number): void {
  if (!isContiguous(a) || count !== elements(a))
    throw shapeError('reshape', `a contiguous tensor of ${count} elements`, layoutOf(a))
}

/** Axes must differ; the blocks of quantised rows cannot be taken apart. */
export function checkPermute(a: Tensor, axes: readonly number[]): void {
  if (new Set(axes).size !== 4 || !axes.every((axis) => axis >= 0 && axis < 4 && Number.isInteger(axis)))
    throw shapeError('permute', 'the four axes in some order', axes.join(', '))
  if (!isPlain(a.type) && axes[0] !== 0) throw shapeError('permute', 'blocks that stay in rows', show(a))
}

/** Plain types only; the window must stay inside what `a` covers, and hold no more elements than it. */
export function checkView(a: Tensor, ne: Extents, nb: readonly number[], offset: number): void {
  const last = (extent: Extents, stride: readonly number[]): number =>
    extent.reduce((sum, n, axis) => sum + (n - 1) * stride[axis]!, 0)
  const whole = [...nb, offset].every((n) => Number.isSafeInteger(n) && n >= 0)
  const end = last(a.ne, a.nb)
  const fits = whole && isPlain(a.type) && offset + last(ne, nb) <= end
  if (!fits || offset + bytesOf(a.type, ne) > end + blockBytes(a.type))
    throw shapeError('view', `a window inside ${layoutOf(a)}`, `[${ne}] by strides ${nb} from ${offset}`)
}

/** Rows of a matrix of any type as extents, strides and offset of a view. */
export function sliceOf(w: Tensor, from: number, rows: number) {
  if (!(from >= 0 && rows > 0 && from + rows <= w.ne[1]) || w.ne[2] * w.ne[3] !== 1)
    throw shapeError('packPanels', `rows of a matrix ${layoutOf(w)}`, `${rows} from ${from} on`)
  const row = w.nb[1]
  return [w.ne[0], rows, 1, 1, row, row * rows, row * rows, row * from] as const
}

/** Floats to floats, or quantised blocks to F32. */
export function checkCast(a: Tensor, type: GgmlType): void {
  const fits = isFloat(a.type) ? isFloat(type) : type === 'F32' && !isPlain(a.type) && isContiguous(a)
  if (!fits)
    throw shapeError('cast', 'float to float, or contiguous quantised to F32', `${show(a)} to ${type}`)
}

export function checkGetRows(a: Tensor, rows: Tensor): void {
  if (rows.type !== 'I32' || !isVector(rows) || a.ne[2] * a.ne[3] !== 1 || !isPacked(a) || isInteger(a.type))
    throw shapeError('getRows', 'I32 indices [k] into [d, n]', `${show(rows)} into ${layoutOf(a)}`)
}

export function checkSetRows(target: Tensor, source: Tensor, rows: Tensor): void {
  checkRows('setRows', source)
  const one = target.ne[2] * target.ne[3] * source.ne[2] * source.ne[3] === 1
  const fits = source.ne[0] === target.ne[0] && source.ne[1] === rows.ne[0]
  if (rows.type !== 'I64' || !isVector(rows) || !isFloat(target.type) || !isPacked(target) || !one || !fits)
    throw shapeError(
      'setRows',
      `F32 [${target.ne[0]}, k] with I64 [k] into floats`,
      `${show(source)} with ${show(rows)} into ${show(target)}`,
    )
}

/** b is repeated along axes where a is a multiple of it. */
export function checkBinary(op: string, a: Tensor, b: Tensor): void {
  checkRows(op, a)
  checkRows(op, b)
  if (!b.ne.every((n, axis) => a.ne[axis]! % n === 0))
    throw shapeError(op, `a shape that repeats into ${show(a)}`, show(b))
}

export function checkPair(op: string, a: Tensor, b: Tensor): void {
  checkWhole(op, a)
  checkWhole(op, b)
  if (!a.ne.every((n, axis) => n === b.ne[axis])) throw shapeError(op, show(a), show(b))
}

/** Rows of equal number, one after the other. */
export function checkConcat(a: Tensor, b: Tensor): void {
  checkWhole('concat', a)
  checkWhole('concat', b)
  if (!a.ne.every((n, axis) => axis === 0 || n === b.ne[axis]))
    throw shapeError('concat', `rows as many as ${show(a)}`, show(b))
}

export function checkKeepLargest(a: Tensor, ranking: Tensor, k: number): void {
  checkPair('keepLargest', a, ranking)
  if (!Number.isInteger(k) || k < 1 || k > a.ne[0] || a.ne[2] * a.ne[3] !== 1)
    throw shapeError('keepLargest', 'a matrix, and k from 1 to the length of a row', `${k} of ${show(a)}`)
}

export function checkMulMat(w: Tensor, x: Tensor): void {
  checkRows('mulMat', x)
  if (
    w.ne[0] !== x.ne[0] ||
    x.ne[2] % w.ne[2] !== 0 ||
    x.ne[3] % w.ne[3] !== 0 ||
    isInteger(w.type) ||
    !isPacked(w) ||
    w.nb[0] > w.nb[1]
  )
    throw shapeError('mulMat', `F32 [${w.ne[0]}, n] for weights ${layoutOf(w)}`, layoutOf(x))
}

export function checkRope(x: Tensor, positions: Tensor, factors: Tensor | undefined): void {
  checkRows('rope', x)
  if (positions.type !== 'I32' || !isVector(positions) || positions.ne[0] !== x.ne[2] || x.ne[0] % 2 !== 0)
    throw shapeError('rope', `I32 positions [${x.ne[2]}] for an even width`, `${show(positions)}, ${show(x)}`)
  if (factors === undefined) return
  checkWhole('rope', factors)
  if (!isVector(factors) || factors.ne[0] !== x.ne[0] / 2)
    throw shapeError('rope', `factors F32 [${x.ne[0] / 2}]`, show(factors))
}

export function checkSoftMax(a: Tensor, mask: Tensor | undefined): void {
  checkWhole('softMax', a)
  if (mask === undefined) return
  if (!isMask(mask, a.ne[0], a.ne[1]) || a.ne[2] % mask.ne[2] !== 0 || a.ne[3] % mask.ne[3] !== 0)
    throw shapeError('softMax', `a mask [${a.ne[0]}, ${a.ne[1]}]`, layoutOf(mask))
}

export function checkFlash(q: Tensor, k: Tensor, v: Tensor, mask: Tensor): void {
  checkRows('flashAttention', q)
  checkRows('flashAttention', k)
  checkRows('flashAttention', v)
  const [, keys, kvHeads, batch] = k.ne
  if (
    k.ne[0] !== q.ne[0] ||
    v.ne[1] !== keys ||
    v.ne[2] !== kvHeads ||
    q.ne[2] % kvHeads !== 0 ||
    q.ne[3] !== batch ||
    v.ne[3] !== batch
  )
    throw shapeError('flashAttention', `keys and values for ${show(q)}`, `${show(k)}, ${show(v)}`)
  if (
    mask.type !== 'F16' ||
    !isMask(mask, keys, q.ne[1]) ||
    q.ne[2] % mask.ne[2] !== 0 ||
    q.ne[3] % mask.ne[3] !== 0
  )
    throw shapeError('flashAttention', `an F16 mask [${keys}, ${q.ne[1]}]`, layoutOf(mask))
}

export function checkPlanned(q: Tensor, k: Tensor, v: Tensor, { shape, tokens }: AttentionPlan): void {
  const { headDim, heads, kvHeads } = shape
  const fits = (t: Tensor, count: number): boolean => isWhole(t, 'F32', [headDim, count, tokens])
  if (!fits(q, heads) || !fits(k, kvHeads) || !fits(v, kvHeads))
    throw shapeError(
      'packedAttention',
      `F32 [${headDim}, ${heads} and ${kvHeads}, ${tokens}]`,
      [q, k, v].map(layoutOf).join(', '),
    )
}

export function checkSteps(q: Tensor, k: Tensor, v: Tensor, { shape, sequences, slots }: StepPlan): void {
  const { headDim, heads, kvHeads, type } = shape
  const cached = (t: Tensor): boolean => isWhole(t, type, [headDim, kvHeads, slots])
  if (!isWhole(q, 'F32', [headDim, heads, sequences]) || !cached(k) || !cached(v))
    throw shapeError(
      'stepAttention',
      `F32 [${headDim}, ${heads}, ${sequences}] and twice ${type} [${headDim}, ${kvHeads}, ${slots}]`,
      [q, k, v].map(layoutOf).join(', '),
    )
}

function isWhole(t: Tensor, type: GgmlType, shape: readonly number[]): boolean {
  return t.type === type && isContiguous(t) && [...shape, 1].every((extent, axis) => t.ne[axis] === extent)
}

function isMask(mask: Tensor, keys: number, queries: number): boolean {
  return (
    (mask.type === 'F16' || mask.type === 'F32') &&
    isContiguous(mask) &&
    mask.ne[0] === keys &&
    mask.ne[1] >= queries
  )
}

function isVector(t: Tensor): boolean {
  return elements(t) === t.ne[0] && isContiguous(t)
}

function isInteger(type: GgmlType): boolean {
  return type === 'I32' || type === 'I64'
}

function layoutOf(t: Tensor): string {
  return isContiguous(t) ? show(t) : `${show(t)} with strides [${t.nb.join(', ')}]`
}

/** Contiguous rows of a type, of whole vectors, and a sparse matrix's `starts` and `indices`. */
export function checkGather(
  op: string,
  rows: Tensor,
  types: readonly GgmlType[],
  starts: Tensor,
  indices: Tensor,
  lanes: number,
): void {
  if (
    !types.includes(rows.type) ||
    !isContiguous(rows) ||
    rows.ne[0] % lanes !== 0 ||
    rows.ne[2] * rows.ne[3] !== 1
  )
    throw shapeError(op, `contiguous rows of ${types.join(' or ')}, a multiple of ${lanes}`, layoutOf(rows))
  for (const t of [starts, indices])
    if (t.type !== 'I32' || !isContiguous(t) || t.ne[0] !== elements(t))
      throw shapeError(op, 'starts and indices as I32 vectors', layoutOf(t))
}

/** Contiguous rows of products, a cut and a norm for each column, a margin for each row. */
export function checkAbove(p: Tensor, cuts: Tensor, norms: Tensor, margins: Tensor): void {
  const [n, rows] = p.ne
  const fits = (t: Tensor, shape: readonly number[]): boolean =>
    t.type === 'F32' && isContiguous(t) && t.ne.every((extent, axis) => extent === (shape[axis] ?? 1))
  if (!fits(p, [n, rows]) || !fits(cuts, [n]) || !fits(norms, [n]) || !fits(margins, [1, rows]))
    throw shapeError(
      'above',
      `F32 [${n}, ${rows}], [${n}] twice and [1, ${rows}]`,
      [p, cuts, norms, margins].map(layoutOf).join(', '),
    )
}

/** Rows of logits, each packed. */
export function checkBlockSums(logits: Tensor): void {
  if (logits.type !== 'F32' || !isPacked(logits) || logits.ne[2] * logits.ne[3] !== 1)
    throw shapeError('blockSums', 'packed rows of F32', layoutOf(logits))
}

/** Whether the kernel of norms serves: rows of F32 that follow each other, of whole steps, and a weight as long. */
export function isNormed(x: Tensor, weight: Tensor | undefined, eps: number): boolean {
  const rows = x.ne[2] * x.ne[3] === 1 ? isPacked(x) : isContiguous(x)
  const fits =
    weight === undefined ||
    (weight.type === 'F32' &&
      isContiguous(weight) &&
      weight.ne[0] === elements(weight) &&
      weight.ne[0] === x.ne[0])
  return x.type === 'F32' && rows && fits && x.ne[0] % STEP === 0 && eps >= 0
}

/** Whether a tensor is an F32 matrix of this shape without gaps. */
export function isMatrixOf(a: Tensor, [n, rows]: readonly [number, number]): boolean {
  return a.type === 'F32' && isContiguous(a) && a.ne[0] === n && a.ne[1] === rows && elements(a) === n * rows
}

/** Rows of whole heads, one for each position. */
export function checkRotate(x: Tensor, positions: Int32Array, headDim: number): void {
  if (x.type !== 'F32' || x.ne[2] * x.ne[3] !== 1 || x.ne[0] % headDim !== 0 || x.ne[1] !== positions.length)
    throw shapeError('rotate', `F32 [heads * ${headDim}, ${positions.length}]`, show(x))
}

/** Whether the kernel of rotary embeddings serves: packed rows, heads of whole steps. */
export function isTurned(x: Tensor, headDim: number): boolean {
  return isPacked(x) && headDim % ROPE_STEP === 0
}
