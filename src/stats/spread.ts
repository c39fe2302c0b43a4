/**
 * Spreads of projections over prompts: standard deviations under resampling of issues, the swap test and Brown
 * and Forsythe's test. Spreads come from sums by issue, so that thousands of draws over hundreds of directions
 * cost little.
 */

import fCdf from '@stdlib/stats-base-dists-f-cdf'
import { pacer } from '../core/pace.ts'
import { stream } from '../core/random.ts'
import { mean, quantile, variance } from './estimate.ts'

/** Projections of prompts as counts, sums and sums of squares by issue. */
export class IssueSums {
  readonly n: Float64Array
  readonly s: Float64Array
  readonly q: Float64Array

  /** @param issueOf issue of each projection, 0 to issues - 1 */
  constructor(z: Float64Array, issueOf: Int32Array, issues: number) {
    this.n = new Float64Array(issues)
    this.s = new Float64Array(issues)
    this.q = new Float64Array(issues)
    // Around the mean, so that sums of squares keep their digits.
    const m = mean(z)
    for (let i = 0; i < z.length; i++) {
      const k = issueOf[i]!
      const v = z[i]! - m
      this.n[k]!++
      this.s[k]! += v
      this.q[k]! += v * v
    }
  }

  /** log SD (divisor n - 1) of a draw that holds each issue `times` times; default once. */
  logSd(times?: ArrayLike<number>): number {
    let count = 0
    let sum = 0
    let square = 0
    for (let k = 0; k < this.n.length; k++) {
      const t = times === undefined ? 1 : times[k]!
      count += t * this.n[k]!
      sum += t * this.s[k]!
      square += t * this.q[k]!
    }
    return 0.5 * Math.log((square - (sum * sum) / count) / (count - 1))
  }
}

/** Projections of prompts, sorted, with the issue of each. */
export class SortedByIssue {
  readonly #values: Float64Array
  readonly #issueOf: Int32Array

  constructor(z: Float64Array, issueOf: Int32Array) {
    const order = Int32Array.from(z.keys()).sort((a, b) => z[a]! - z[b]!)
    this.#values = Float64Array.from(order, (i) => z[i]!)
    this.#issueOf = Int32Array.from(order, (i) => issueOf[i]!)
  }

  /** Distance between the q and 1 - q quantiles of a draw that holds each issue `times` times; default once. */
  range(q: number, times?: ArrayLike<number>): number {
    if (times === undefined) return quantile(this.#values, 1 - q) - quantile(this.#values, q)
    const count = this.#issueOf.reduce((sum, issue) => sum + times[issue]!, 0)
    const all = new Float64Array(count)
    let at = 0
    for (let i = 0; i < this.#values.length; i++)
      for (let t = times[this.#issueOf[i]!]!; t > 0; t--) all[at++] = this.#values[i]!
    return quantile(all, 1 - q) - quantile(all, q)
  }
}

/**
 * Swap test of equal shape: projections of two models, centred and scaled (here by their class gaps), change
 * models issue by issue at random. Two-sided p of |log of the ratio of SDs|.
 *
 * @param first,second projections of the same prompts in the two models, already in comparable units
 * @throws PalimpsestError `interrupted`
 */
export async function swapTest(
  first: Float64Array,
  second: Float64Array,
  issueOf: Int32Array,
  issues: number,
  options: { readonly seed: number; readonly draws: number; readonly signal?: AbortSignal | undefined },
): Promise<number> {
  const pair = [new IssueSums(first, issueOf, issues), new IssueSums(second, issueOf, issues)] as const
  const statistic = (swap?: Uint8Array): number => {
    const logVariance = (which: 0 | 1): number => {
      let [n, s, q] = [0, 0, 0]
      for (let k = 0; k < issues; k++) {
        const from = pair[which ^ (swap?.[k] ?? 0)]!
        n += from.n[k]!
        s += from.s[k]!
        q += from.q[k]!
      }
      return Math.log((q - (s * s) / n) / (n - 1))
    }
    return Math.abs(logVariance(1) - logVariance(0))
  }
  const observed = statistic()
  const pace = pacer(options.signal)
  let at = 1
  for (let d = 0; d < options.draws; d++) {
    await pace()
    const rng = stream(options.seed, 'swap', d)
    // Ties count, also where sums in another order differ in their last digits.
    if (statistic(Uint8Array.from({ length: issues }, () => rng.uint32() & 1)) >= observed - 1e-9) at++
  }
  return at / (1 + options.draws)
}

/**
 * P-value of Brown and Forsythe's test of equal spread (1974): one-way analysis of variance of absolute deviations
 * from the median (`scipy.stats.levene(x, y, center='median')`). It takes all values as independent.
 */
export function brownForsythe(x: Float64Array, y: Float64Array): number {
  const deviations = [x, y].map((z) => {
    const m = quantile(z.slice().sort(), 0.5)
    return z.map((v) => Math.abs(v - m))
  })
  const n = x.length + y.length
  const grand = (mean(deviations[0]!) * x.length + mean(deviations[1]!) * y.length) / n
  const between = deviations.reduce((s, d) => s + d.length * (mean(d) - grand) ** 2, 0)
  const within = deviations.reduce((s, d) => s + variance(d) * (d.length - 1), 0)
  if (within === 0) return between === 0 ? 1 : 0
  return 1 - fCdf((between * (n - 2)) / within, 1, n - 2)
}
