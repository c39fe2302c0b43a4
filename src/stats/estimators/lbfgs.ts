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
  readonly #history: { s: Float64Array; y: Float64Array; rho: number }[] = []

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

  /** Accepts the trial when it lowers the value enough (Armijo), else halves the step. */
  advance(trial: Float64Array, value: number, gradient: Float64Array): void {
    if (this.#step > 0) {
      const enough = 1e-4 * this.#step * dot(this.#gradient, this.#direction)
      if (!(value <= this.#value + enough + this.#slack * Math.abs(this.#value))) {
        this.#step /= 2
        this.#halvings++
        if (this.#halvings > (this.#history.length === 0 ? MAX_FIRST_HALVINGS : MAX_HALVINGS))
          this.done = true
        return
      }
      const s = trial.map((v, j) => v - this.point[j]!)
      const y = gradient.map((v, j) => v - this.#gradient[j]!)
      const sy = dot(s, y)
      if (sy > 1e-12 * dot(y, y)) {
        this.#history.push({ s, y, rho: 1 / sy })
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
      return
    }
    this.#direction = this.#twoLoop()
    this.#step = this.#history.length === 0 ? this.#firstStep : 1
    this.#halvings = 0
  }

  #twoLoop(): Float64Array {
    const q = this.#gradient.slice()
    const history = this.#history
    const alphas = new Float64Array(history.length)
    for (let h = history.length - 1; h >= 0; h--) {
      const { s, y, rho } = history[h]!
      const alpha = rho * dot(s, q)
      alphas[h] = alpha
      for (let j = 0; j < q.length; j++) q[j]! -= alpha * y[j]!
    }
    const last = history.at(-1)
    const gamma = last === undefined ? 1 : 1 / (last.rho * dot(last.y, last.y))
    for (let j = 0; j < q.length; j++) q[j]! *= gamma
    history.forEach(({ s, y, rho }, h) => {
      const beta = rho * dot(y, q)
      for (let j = 0; j < q.length; j++) q[j]! += (alphas[h]! - beta) * s[j]!
    })
    for (let j = 0; j < q.length; j++) q[j] = -q[j]!
    return q
  }
}

/** log(1 + exp(-m)), without overflow. */
export function logistic(m: number): number {
  return m > 0 ? Math.log1p(Math.exp(-m)) : -m + Math.log1p(Math.exp(m))
}
