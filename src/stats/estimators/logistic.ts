/**
 * L2-regularised logistic regression, many problems at once: all folds, penalties and permuted labellings of
 * one X are columns of the same two products, which is what makes a study's hundred thousand fits affordable.
 * Each minimises  sum_i log(1 + exp(-s_i (w.z_i + b)))  + ||w||^2 / (2 C)  over its own training rows
 * (scikit-learn's objective; s = -1, +1; z standardised on the training rows; b not penalised), by L-BFGS.
 */

import { type Matrix, matrix } from '../../core/matrix.ts'
import { throwIfStopped } from '../../core/pace.ts'
import { matmulNT } from '../../ggml/gemm.ts'

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

const MEMORY = 10

/** State of one problem, in its standardised space with the intercept last. */
interface Column {
  readonly problem: LogisticProblem
  readonly mean: Float64Array
  readonly scale: Float64Array
  point: Float64Array
  value: number
  gradient: Float64Array
  direction: Float64Array
  step: number
  readonly history: { s: Float64Array; y: Float64Array; rho: number }[]
  iterations: number
  evaluations: number
  done: boolean
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
  const transposed = transpose(x)
  const columns = problems.map((problem) => start(x, problem))
  for (let round = 0; round < maxIterations; round++) {
    throwIfStopped(options.signal)
    const active = columns.filter((c) => !c.done)
    if (active.length === 0) break
    await evaluate(x, transposed, active, tolerance, options.signal)
  }
  return columns.map((c) => {
    const d = x.cols
    const weights = Float64Array.from({ length: d }, (_, j) => c.point[j]! / c.scale[j]!)
    let intercept = c.point[d]!
    for (let j = 0; j < d; j++) intercept -= weights[j]! * c.mean[j]!
    return { weights, intercept, iterations: c.iterations, converged: c.done }
  })
}

function start(x: Matrix, problem: LogisticProblem): Column {
  const d = x.cols
  const mean = new Float64Array(d)
  const scale = new Float64Array(d)
  const { rows } = problem
  for (const i of rows) for (let j = 0; j < d; j++) mean[j]! += x.data[i * d + j]!
  for (let j = 0; j < d; j++) mean[j]! /= rows.length
  for (const i of rows) for (let j = 0; j < d; j++) scale[j]! += (x.data[i * d + j]! - mean[j]!) ** 2
  for (let j = 0; j < d; j++) scale[j] = Math.sqrt(scale[j]! / rows.length) || 1
  return {
    problem,
    mean,
    scale,
    point: new Float64Array(d + 1),
    value: Number.POSITIVE_INFINITY,
    gradient: new Float64Array(d + 1),
    direction: new Float64Array(d + 1),
    step: 0,
    history: [],
    iterations: 0,
    evaluations: 0,
    done: false,
  }
}

/** Evaluates every active column at its trial point and lets it accept or shorten its step. */
async function evaluate(
  x: Matrix,
  transposed: Matrix,
  active: Column[],
  tolerance: number,
  signal?: AbortSignal,
): Promise<void> {
  const d = x.cols
  const trials = active.map((c) => c.point.map((v, j) => v + c.step * c.direction[j]!))
  const w = matrix(active.length, d)
  const offsets = active.map((c, k) => {
    let offset = trials[k]![d]!
    for (let j = 0; j < d; j++) {
      const v = trials[k]![j]! / c.scale[j]!
      w.data[k * d + j] = v
      offset -= v * c.mean[j]!
    }
    return offset
  })
  const logits = await matmulNT(w, x, signal) // [columns, n]
  const residuals = matrix(active.length, x.rows)
  const losses = active.map((c, k) => {
    let loss = 0
    const base = k * x.rows
    for (const i of c.problem.rows) {
      const t = logits.data[base + i]! + offsets[k]!
      const label = c.problem.labels[i]!
      const m = label === 1 ? t : -t
      loss += m > 0 ? Math.log1p(Math.exp(-m)) : -m + Math.log1p(Math.exp(m))
      residuals.data[base + i] = 1 / (1 + Math.exp(-t)) - label
    }
    return loss
  })
  const products = await matmulNT(residuals, transposed, signal) // [columns, d]
  active.forEach((c, k) => {
    const trial = trials[k]!
    let value = losses[k]!
    let residual = 0
    for (const i of c.problem.rows) residual += residuals.data[k * x.rows + i]!
    const gradient = new Float64Array(d + 1)
    for (let j = 0; j < d; j++) {
      value += trial[j]! ** 2 / (2 * c.problem.C)
      gradient[j] =
        (products.data[k * d + j]! - c.mean[j]! * residual) / c.scale[j]! + trial[j]! / c.problem.C
    }
    gradient[d] = residual
    advance(c, trial, value, gradient, tolerance)
  })
}

/** Armijo: accepts a step that lowers the value enough, else halves it; then the next L-BFGS direction. */
function advance(
  c: Column,
  trial: Float64Array,
  value: number,
  gradient: Float64Array,
  tolerance: number,
): void {
  const slope = inner(c.gradient, c.direction)
  c.evaluations++
  if (c.step > 0 && !(value <= c.value + 1e-4 * c.step * slope + 1e-7 * Math.abs(c.value))) {
    c.step /= 2
    // The products are f32: below their resolution no step can be told from none.
    if (c.step < 1e-3) c.done = true
    return
  }
  if (c.step > 0) {
    const s = trial.map((v, j) => v - c.point[j]!)
    const y = gradient.map((v, j) => v - c.gradient[j]!)
    const sy = inner(s, y)
    if (sy > 1e-12 * inner(y, y)) {
      c.history.push({ s, y, rho: 1 / sy })
      if (c.history.length > MEMORY) c.history.shift()
    }
    c.iterations++
  }
  c.point = trial
  c.value = value
  c.gradient = gradient
  let largest = 0
  for (const g of gradient) largest = Math.max(largest, Math.abs(g))
  if (largest <= tolerance * c.problem.rows.length) {
    c.done = true
    return
  }
  c.direction = twoLoop(c)
  c.step = c.history.length === 0 ? Math.min(1, c.problem.C, 4 / c.problem.rows.length) : 1
}

/** The L-BFGS direction -H g (Nocedal and Wright, Algorithm 7.4). */
function twoLoop(c: Column): Float64Array {
  const q = c.gradient.slice()
  const alphas = new Float64Array(c.history.length)
  for (let h = c.history.length - 1; h >= 0; h--) {
    const { s, y, rho } = c.history[h]!
    const alpha = rho * inner(s, q)
    alphas[h] = alpha
    for (let j = 0; j < q.length; j++) q[j]! -= alpha * y[j]!
  }
  const last = c.history.at(-1)
  const gamma = last === undefined ? 1 : 1 / (last.rho * inner(last.y, last.y))
  for (let j = 0; j < q.length; j++) q[j]! *= gamma
  c.history.forEach(({ s, y, rho }, h) => {
    const beta = rho * inner(y, q)
    for (let j = 0; j < q.length; j++) q[j]! += (alphas[h]! - beta) * s[j]!
  })
  for (let j = 0; j < q.length; j++) q[j] = -q[j]!
  return q
}

function inner(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

/** Xᵀ as a matrix of its own. */
export function transpose(x: Matrix): Matrix {
  const out = matrix(x.cols, x.rows)
  for (let i = 0; i < x.rows; i++)
    for (let j = 0; j < x.cols; j++) out.data[j * x.rows + i] = x.data[i * x.cols + j]!
  return out
}
