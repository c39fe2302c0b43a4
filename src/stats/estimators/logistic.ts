/**
 * L2-regularised logistic regression, many problems at once: all folds, penalties and permuted labellings of
 * one X are columns of the same two products, which is what makes a study's hundred thousand fits affordable.
 * Each minimises  sum_i log(1 + exp(-s_i (w.z_i + b)))  + ||w||^2 / (2 C)  over its own training rows
 * (scikit-learn's objective; s = -1, +1; z standardised on the training rows; b not penalised), by L-BFGS.
 */

import { type Matrix, matrix } from '../../core/matrix.ts'
import { throwIfStopped } from '../../core/pace.ts'
import { matmulNT } from '../../ggml/gemm.ts'
import { transpose } from '../components.ts'
import { Lbfgs, logistic } from './lbfgs.ts'
import { moments } from './moments.ts'

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
  const { tolerance = 1e-4, maxIterations = 200 } = options
  const d = x.cols
  const { z, mean, scale } = standardised(x)
  const transposed = transpose(z)
  // Problems over the same rows share their moments.
  const known = new Map<Int32Array, { mean: Float64Array; scale: Float64Array }>()
  const columns = problems.map((problem): Column => {
    const { rows, C } = problem
    if (!known.has(rows)) known.set(rows, moments(z, rows))
    return {
      problem,
      ...known.get(rows)!,
      search: new Lbfgs(d + 1, tolerance * rows.length, Math.min(1, C, 4 / rows.length), F32_SLACK),
    }
  })
  for (let round = 0; round < maxIterations; round++) {
    throwIfStopped(options.signal)
    const active = columns.filter((c) => !c.search.done)
    if (active.length === 0) break
    await evaluate(z, transposed, active, options.signal)
  }
  return columns.map(({ search, mean: m, scale: s }) => {
    const weights = Float64Array.from({ length: d }, (_, j) => search.point[j]! / (s[j]! * scale[j]!))
    let intercept = search.point[d]!
    for (let j = 0; j < d; j++) intercept -= weights[j]! * (mean[j]! + scale[j]! * m[j]!)
    return { weights, intercept, iterations: search.iterations, converged: search.done }
  })
}

/**
 * X brought to mean 0 and variance 1 over all its rows, so that f32 products keep their digits where a feature
 * lies far from zero. Each problem standardises again on its own training rows: nothing leaks from the others.
 */
function standardised(x: Matrix): { z: Matrix; mean: Float64Array; scale: Float64Array } {
  const { mean, scale } = moments(x)
  const z = matrix(x.rows, x.cols)
  for (let i = 0; i < x.rows; i++)
    for (let j = 0; j < x.cols; j++) z.data[i * x.cols + j] = (x.data[i * x.cols + j]! - mean[j]!) / scale[j]!
  return { z, mean, scale }
}

/** Evaluates every active column at its trial point. */
async function evaluate(
  x: Matrix,
  transposed: Matrix,
  active: Column[],
  signal?: AbortSignal,
): Promise<void> {
  const d = x.cols
  const trials = active.map((c) => c.search.trial())
  const w = matrix(active.length, d)
  const offsets = active.map((c, k) => {
    const trial = trials[k]!
    let offset = trial[d]!
    for (let j = 0; j < d; j++) {
      const v = trial[j]! / c.scale[j]!
      w.data[k * d + j] = v
      offset -= v * c.mean[j]!
    }
    return offset
  })
  const logits = await matmulNT(w, x, signal) // [columns, n]
  const residuals = matrix(active.length, x.rows)
  const sums = active.map((c, k) => {
    const { rows, labels } = c.problem
    const base = k * x.rows
    let loss = 0
    let residual = 0
    for (let r = 0; r < rows.length; r++) {
      const i = rows[r]!
      const t = logits.data[base + i]! + offsets[k]!
      const label = labels[i]!
      loss += logistic(label === 1 ? t : -t)
      const e = 1 / (1 + Math.exp(-t)) - label
      residuals.data[base + i] = e
      residual += e
    }
    return { loss, residual }
  })
  const products = await matmulNT(residuals, transposed, signal) // [columns, d]
  active.forEach((c, k) => {
    const trial = trials[k]!
    const { residual } = sums[k]!
    let value = sums[k]!.loss
    const gradient = new Float64Array(d + 1)
    for (let j = 0; j < d; j++) {
      value += trial[j]! ** 2 / (2 * c.problem.C)
      gradient[j] =
        (products.data[k * d + j]! - c.mean[j]! * residual) / c.scale[j]! + trial[j]! / c.problem.C
    }
    gradient[d] = residual
    c.search.advance(trial, value, gradient)
  })
}
