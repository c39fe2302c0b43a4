/**
 * L2-regularised logistic regression, many problems at once: all folds, penalties and permuted labellings of
 * one X are columns of the same two products, which is what makes a study's hundred thousand fits affordable.
 * Each minimises  sum_i log(1 + exp(-s_i (w.z_i + b)))  + ||w||^2 / (2 C)  over its own training rows
 * (scikit-learn's objective; s = -1, +1; z standardised on the training rows; b not penalised), by L-BFGS,
 * preconditioned by the Hessian at zero, from which that at the minimum differs little for all but the strongest
 * effects.
 */

import { type Matrix, matrix, row } from '../../core/matrix.ts'
import { throwIfStopped } from '../../core/pace.ts'
import { matmulNT } from '../../ggml/gemm.ts'
import { transpose } from '../components.ts'
import { cholesky, invertLower } from '../linear.ts'
import { Lbfgs } from './lbfgs.ts'
import { momentsOf, standardised } from './moments.ts'

/** One problem: which rows train it, their labels and its penalty. */
export interface LogisticProblem {
  readonly rows: Int32Array
  /** 0 or 1 of every row of X (only training rows are looked at). */
  readonly labels: ArrayLike<number>
  /** Inverse penalty, as in scikit-learn. */
  readonly C: number
}

export interface LogisticFit {
  /** In the space of X: the score of x is w.x + b. */
  readonly weights: Float64Array
  readonly intercept: number
  /** The score of every row of X, also of those that did not train (from f32 products). */
  readonly scores: Float32Array
  readonly iterations: number
  readonly converged: boolean
}

export interface LogisticOptions {
  /** Stops when the gradient's largest element, per training row, is below this. */
  readonly tolerance?: number
  readonly maxIterations?: number
  readonly signal?: AbortSignal | undefined
}

/** Relative error of a loss that is summed from f32 products. */
const F32_SLACK = 1e-7
/** Widths up to which factorising Hessians at zero costs less than the iterations that it saves. */
const MAX_PRECONDITIONED = 1024
/** Factors in a product of (1 + e) with e <= 1 before its logarithm is taken. */
const LOG_EVERY = 512

interface Column {
  readonly problem: LogisticProblem
  /** Of the training rows, in the globally standardised space. */
  readonly mean: Float64Array
  readonly scale: Float64Array
  /** Weights in the problem's own standardised space, the intercept last. */
  readonly search: Lbfgs
}

/**
 * Fits problems on X [n, d].
 *
 * @throws PalimpsestError `interrupted`, `engine-*`
 * @example const [fit] = await fitLogistic(x, [{ rows, labels, C: 0.003 }])
 */
export async function fitLogistic(
  x: Matrix,
  problems: readonly LogisticProblem[],
  options: LogisticOptions = {},
): Promise<LogisticFit[]> {
  const { tolerance = 1e-4, maxIterations = 200, signal } = options
  const d = x.cols
  const { z, mean, scale } = standardised(x)
  const data = { z, transposed: transpose(z) }
  // Problems over the same rows share their moments.
  const known = await momentsOf(data.transposed, new Set(problems.map((p) => p.rows)), signal)
  const columns = problems.map((problem): Column => {
    const { rows, C } = problem
    return {
      problem,
      ...known.get(rows)!,
      search: new Lbfgs(d + 1, tolerance * rows.length, Math.min(1, C, 4 / rows.length), F32_SLACK),
    }
  })
  const precondition = await preconditioner(data.transposed, problems, signal)
  for (let round = 0; round < maxIterations; round++) {
    throwIfStopped(signal)
    const active = columns.filter((c) => !c.search.done)
    if (active.length === 0) break
    const turns = await evaluate(data, active, signal)
    await precondition(turns)
  }
  const { w, offsets } = inCommonSpace(
    columns,
    columns.map((c) => c.search.point),
    d,
  )
  const scores = await matmulNT(w, z, signal)
  return columns.map(({ search, mean: m, scale: s }, k) => {
    const weights = Float64Array.from({ length: d }, (_, j) => search.point[j]! / (s[j]! * scale[j]!))
    let intercept = search.point[d]!
    for (let j = 0; j < d; j++) intercept -= weights[j]! * (mean[j]! + scale[j]! * m[j]!)
    const offset = offsets[k]!
    return {
      weights,
      intercept,
      scores: row(scores, k).map((v) => v + offset),
      iterations: search.iterations,
      converged: search.done,
    }
  })
}

/** A problem that wants a new direction, and the vector to be preconditioned for it. */
interface Turn {
  readonly column: Column
  readonly q: Float64Array
}

/**
 * The inverse of the Hessian at zero, n/4 R + I/C (R the correlations of all rows, near those of any training
 * set), applied to many problems at once, by the inverse of a Cholesky factor for every C; the intercept's own
 * entry is n/4.
 */
async function preconditioner(
  transposed: Matrix,
  problems: readonly LogisticProblem[],
  signal?: AbortSignal,
): Promise<(turns: readonly Turn[]) => Promise<void>> {
  const d = transposed.rows
  if (d > MAX_PRECONDITIONED)
    return async (turns) => {
      for (const { column, q } of turns) column.search.direct(q)
    }
  const gram = await matmulNT(transposed, transposed, signal)
  const factors = new Map<string, { quarter: number; inverse: Matrix; transposed: Matrix }>()
  for (const { C, rows } of problems) {
    const key = factorOf({ C, rows })
    if (factors.has(key)) continue
    throwIfStopped(signal)
    const quarter = roundedSize(rows) / 4
    const h = new Float64Array(gram.data)
    for (let k = 0; k < h.length; k++) h[k]! *= quarter / transposed.cols
    for (let j = 0; j < d; j++) h[j * d + j]! += 1 / C + 1e-6 * quarter
    cholesky(h, d)
    const inverse = matrix(d, d, new Float32Array(invertLower(h, d)))
    factors.set(key, { quarter, inverse, transposed: transpose(inverse) })
  }
  return async (turns) => {
    for (const [key, factor] of factors) {
      const members = turns.filter((t) => factorOf(t.column.problem) === key)
      if (members.length === 0) continue
      const q = matrix(members.length, d)
      members.forEach((t, k) => {
        q.data.set(t.q.subarray(0, d), k * d)
      })
      const r = await matmulNT(await matmulNT(q, factor.inverse, signal), factor.transposed, signal)
      members.forEach((t, k) => {
        const out = new Float64Array(d + 1)
        out.set(row(r, k))
        out[d] = t.q[d]! / factor.quarter
        t.column.search.direct(t.q, out)
      })
    }
  }
}

/** Problems of nearly as many rows share a factor, whichever others are fitted with them. */
function factorOf({ C, rows }: Pick<LogisticProblem, 'C' | 'rows'>): string {
  return `${C} ${roundedSize(rows)}`
}

/** A number of rows to the nearest power of the root of 2. */
function roundedSize(rows: Int32Array): number {
  return 2 ** (Math.round(2 * Math.log2(rows.length)) / 2)
}

/** Points as weights and offsets in the space that all problems share. */
function inCommonSpace(
  columns: readonly Column[],
  points: readonly Float64Array[],
  d: number,
): { w: Matrix; offsets: number[] } {
  const w = matrix(columns.length, d)
  const offsets = columns.map((c, k) => {
    const point = points[k]!
    let offset = point[d]!
    for (let j = 0; j < d; j++) {
      const v = point[j]! / c.scale[j]!
      w.data[k * d + j] = v
      offset -= v * c.mean[j]!
    }
    return offset
  })
  return { w, offsets }
}

/** Evaluates every active column at its trial point; those that accept it want a new direction. */
async function evaluate(
  { z, transposed }: { z: Matrix; transposed: Matrix },
  active: readonly Column[],
  signal?: AbortSignal,
): Promise<Turn[]> {
  const d = z.cols
  const trials = active.map((c) => c.search.trial())
  const { w, offsets } = inCommonSpace(active, trials, d)
  const logits = await matmulNT(w, z, signal) // [columns, n]
  const residuals = matrix(active.length, z.rows)
  const sums = active.map((c, k) =>
    lossAndResiduals(c.problem, row(logits, k), offsets[k]!, row(residuals, k)),
  )
  const products = await matmulNT(residuals, transposed, signal) // [columns, d]
  const turns: Turn[] = []
  active.forEach((column, k) => {
    const { mean, scale, search, problem } = column
    const trial = trials[k]!
    const { residual } = sums[k]!
    let value = sums[k]!.loss
    const gradient = new Float64Array(d + 1)
    for (let j = 0; j < d; j++) {
      value += trial[j]! ** 2 / (2 * problem.C)
      gradient[j] = (products.data[k * d + j]! - mean[j]! * residual) / scale[j]! + trial[j]! / problem.C
    }
    gradient[d] = residual
    const q = search.advance(trial, value, gradient)
    if (q !== undefined) turns.push({ column, q })
  })
  return turns
}

/** Sum of losses and of residuals (probability minus label), which are written at the training rows. */
function lossAndResiduals(
  { rows, labels }: LogisticProblem,
  logits: Float32Array,
  offset: number,
  residuals: Float32Array,
): { loss: number; residual: number } {
  let loss = 0
  let residual = 0
  let product = 1
  for (let r = 0; r < rows.length; r++) {
    const i = rows[r]!
    const t = logits[i]! + offset
    const label = labels[i]!
    const e = Math.exp(-Math.abs(t))
    const share = (t > 0 ? 1 : e) / (1 + e) - label
    // log(1 + exp(-m)) = max(0, -m) + log(1 + exp(-|m|)), with one logarithm for many rows.
    if (t > 0 !== (label === 1)) loss += Math.abs(t)
    product *= 1 + e
    if (r % LOG_EVERY === LOG_EVERY - 1) {
      loss += Math.log(product)
      product = 1
    }
    residuals[i] = share
    residual += share
  }
  return { loss: loss + Math.log(product), residual }
}
