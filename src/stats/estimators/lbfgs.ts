/**
 * Limited-memory BFGS with a backtracking line search (Nocedal and Wright 2006, Algorithms 3.1 and 7.4), turned
 * inside out: the caller evaluates the trial point of any number of problems together, as one matrix product,
 * and hands each its value and gradient.
 */

import { dot } from '../linear.ts'

const MEMORY = 10
/** Halvings after which a step cannot be told from none; the first step, along the gradient, has no scale yet. */
const MAX_HALVINGS = 10
const MAX_FIRST_HALVINGS = 40

/** One minimisation under way. */
export class Lbfgs {
  point: Float64Array
  done = false
  iterations = 0
  readonly #tolerance: number
  readonly #firstStep: number
  readonly #slack: number
  #value = Number.POSITIVE_INFINITY
  #gradient: Float64Array
  #direction: Float64Array
  #step = 0
  #halvings = 0
  readonly #history: { s: Float64Array; y: Float64Array; rho: number; alpha: number }[] = []

  /**
   * Starts at zero.
   *
   * @param tolerance done when the gradient's largest element is at most this
   * @param firstStep scales the first gradient step
   * @param slack relative error of the values: a rise below it counts as none
   */
  constructor(size: number, tolerance: number, firstStep: number, slack: number) {
    this.point = new Float64Array(size)
    this.#gradient = new Float64Array(size)
    this.#direction = new Float64Array(size)
    this.#tolerance = tolerance
    this.#firstStep = firstStep
    this.#slack = slack
  }

  /** The point whose value and gradient are wanted next. */
  trial(): Float64Array {
    const step = this.#step
    const direction = this.#direction
    return this.point.map((v, j) => v + step * direction[j]!)
  }

  /**
   * Accepts the trial when it lowers the value enough (Armijo), else halves the step.
   *
   * @returns the vector to be preconditioned for the next direction, to be given to {@link direct}; undefined
   *   when the step was halved or the search is done
   */
  advance(trial: Float64Array, value: number, gradient: Float64Array): Float64Array | undefined {
    if (this.#step > 0) {
      const enough = 1e-4 * this.#step * dot(this.#gradient, this.#direction)
      if (!(value <= this.#value + enough + this.#slack * Math.abs(this.#value))) {
        this.#step /= 2
        this.#halvings++
        if (this.#halvings > (this.#history.length === 0 ? MAX_FIRST_HALVINGS : MAX_HALVINGS))
          this.done = true
        return undefined
      }
      const s = new Float64Array(trial.length)
      const y = new Float64Array(trial.length)
      for (let j = 0; j < trial.length; j++) {
        s[j] = trial[j]! - this.point[j]!
        y[j] = gradient[j]! - this.#gradient[j]!
      }
      const sy = dot(s, y)
      if (sy > 1e-12 * dot(y, y)) {
        this.#history.push({ s, y, rho: 1 / sy, alpha: 0 })
        if (this.#history.length > MEMORY) this.#history.shift()
      }
      this.iterations++
    }
    this.point = trial
    this.#value = value
    this.#gradient = gradient
    let largest = 0
    for (let j = 0; j < gradient.length; j++) largest = Math.max(largest, Math.abs(gradient[j]!))
    if (largest <= this.#tolerance) {
      this.done = true
      return undefined
    }
    const q = gradient.slice()
    for (let h = this.#history.length - 1; h >= 0; h--) {
      const pair = this.#history[h]!
      pair.alpha = pair.rho * dot(pair.s, q)
      for (let j = 0; j < q.length; j++) q[j]! -= pair.alpha * pair.y[j]!
    }
    return q
  }

  /**
   * Sets the next direction.
   *
   * @param r the vector of {@link advance} times an estimate of the inverse Hessian; without one, a multiple of
   *   the identity serves
   */
  direct(q: Float64Array, r?: Float64Array): void {
    const last = this.#history.at(-1)
    const gamma = last === undefined ? 1 : 1 / (last.rho * dot(last.y, last.y))
    const out = r ?? q.map((v) => gamma * v)
    for (const { s, y, rho, alpha } of this.#history) {
      const beta = rho * dot(y, out)
      for (let j = 0; j < out.length; j++) out[j]! += (alpha - beta) * s[j]!
    }
    for (let j = 0; j < out.length; j++) out[j] = -out[j]!
    this.#direction = out
    this.#step = r === undefined && last === undefined ? this.#firstStep : 1
    this.#halvings = 0
  }
}
