/**
 * How alike two models' directions and spaces are: the cosine of their differences of means against permuted ones and
 * against what two halves of the data reach, and the angles between the spans of their strongest components.
 */

import { type Matrix, matrix, row, takeRows } from '../core/matrix.ts'
import { stream } from '../core/random.ts'
import { matmulNT } from '../ggml/gemm.ts'
import { centred, principalAngles, topComponents, transpose } from './components.ts'
import { type Estimate, summariseNull, upperP } from './estimate.ts'
import { type Cells, cells as cellsOf, type Labels, permuteCells } from './groups.ts'
import { type Block, FISHER, type JackknifePlan, jackknifeEstimate, keptRows, within } from './jackknife.ts'
import { cosine } from './linear.ts'

export interface CosineResult {
  /**
   * Cosine of the two models' difference-of-means directions. Its null is of directions of permuted labels:
   * near-identical weights make every cosine high.
   */
  readonly cosine: Estimate
  /**
   * Means over random halves of the groups of the cosine between one half's direction and the other's: within
   * each model (the ceiling that noise sets), and from the first model to the second over the same halves.
   */
  readonly splitHalf: SplitHalf
}

export type SplitHalf = Readonly<Record<'first' | 'second' | 'across', Estimate>>

/**
 * Compares difference-of-means directions of two models over the same texts.
 *
 * @param plan groups that are left out for the intervals
 * @throws PalimpsestError `engine-*`, `interrupted`
 */
export async function compareDirections(
  a: Matrix,
  b: Matrix,
  labels: Labels,
  plan: JackknifePlan,
  options: { readonly seed: number; readonly draws: number; readonly signal?: AbortSignal | undefined },
): Promise<CosineResult> {
  const { groups, poles } = labels
  const { seed } = options
  const [first, second] = [new GroupSums(a, labels), new GroupSums(b, labels)]
  const [ofFirst, ofSecond] = [first, second].map((model) => model.directions(() => true, plan.blocks))
  const [whole, ...without] = ofFirst!.map((v, k) => cosine(v, ofSecond![k]!))
  const cells = cellsOf(groups, poles)
  const draws = Array.from({ length: options.draws }, (_, draw) =>
    permuteCells(cells, stream(seed, 'permutation/cosine', draw)),
  )
  // The observed labelling goes the same way as the others.
  const labellings = [cells.poles, ...draws]
  const da = await differences(a, cells, labellings, options.signal)
  const db = await differences(b, cells, labellings, options.signal)
  const cosines = Float64Array.from(labellings, (_, p) => cosine(row(da, p), row(db, p)))
  const nulls = cosines.subarray(1)
  const of = { n: poles.length, seed, scale: FISHER }
  return {
    cosine: {
      ...jackknifeEstimate(whole!, without, plan, of),
      null: summariseNull(nulls),
      p: upperP(cosines[0]!, nulls),
    },
    splitHalf: splitHalfCosines(first, second, labels, plan, seed),
  }
}

/** Mean differences under many labellings of the cells, [draws, d]. */
async function differences(
  x: Matrix,
  cells: Cells,
  draws: readonly Int8Array[],
  signal?: AbortSignal,
): Promise<Matrix> {
  const z = centred(x)
  const sums = new Float64Array(cells.count * x.cols)
  const counts = new Float64Array(cells.count)
  for (let i = 0; i < x.rows; i++) {
    const c = cells.of[i]!
    counts[c]!++
    for (let j = 0; j < x.cols; j++) sums[c * x.cols + j]! += z.data[i * x.cols + j]!
  }
  const coefficients = matrix(draws.length, cells.count)
  draws.forEach((poles, p) => {
    const totals = [0, 0]
    for (let c = 0; c < cells.count; c++) totals[poles[c]!]! += counts[c]!
    for (let c = 0; c < cells.count; c++)
      coefficients.data[p * cells.count + c] = poles[c] === 1 ? 1 / totals[1]! : -1 / totals[0]!
  })
  const byCell = matrix(cells.count, x.cols, Float32Array.from(sums))
  return matmulNT(coefficients, transpose(byCell), signal)
}

/** Sums of activations by group and pole: directions of any set of groups. */
class GroupSums {
  readonly #sums: readonly [Float64Array, Float64Array]
  readonly #counts: readonly [Float64Array, Float64Array]
  readonly #cols: number

  constructor(x: Matrix, { poles, groups }: Labels) {
    const of = (size: number) => [new Float64Array(size), new Float64Array(size)] as const
    this.#cols = x.cols
    this.#sums = of(groups.count * x.cols)
    this.#counts = of(groups.count)
    groups.of.forEach((g, i) => {
      const pole = poles[i]! as 0 | 1
      this.#counts[pole][g]!++
      const sum = this.#sums[pole]
      for (let j = 0; j < x.cols; j++) sum[g * x.cols + j]! += x.data[i * x.cols + j]!
    })
  }

  /** Differences of means over the groups of which `has` holds: of all of them, then without each block. */
  directions(has: (group: number) => boolean, blocks: readonly Block[]): Float64Array[] {
    const groups = Array.from(this.#counts[0].keys()).filter(has)
    const all = ([0, 1] as const).map((pole) => this.#add(pole, groups, 1))
    return [[], ...blocks.map((b) => b.groups.filter(has))].map((out) => {
      const [a, b] = ([0, 1] as const).map((pole) => this.#add(pole, out, -1, all[pole])) as [Total, Total]
      return b.sum.map((v, j) => v / b.count - a.sum[j]! / a.count)
    })
  }

  #add(pole: 0 | 1, groups: readonly number[], sign: 1 | -1, to?: Total): Total {
    const sum = to?.sum.slice() ?? new Float64Array(this.#cols)
    let count = to?.count ?? 0
    for (const g of groups) {
      if (this.#counts[pole][g] === 0) continue
      count += sign * this.#counts[pole][g]!
      const from = g * this.#cols
      for (let j = 0; j < sum.length; j++) sum[j]! += sign * this.#sums[pole][from + j]!
    }
    return { sum, count }
  }
}

interface Total {
  readonly sum: Float64Array
  readonly count: number
}

const SPLITS = 20

/** Cosines between directions of random halves of the groups (each pole's groups halved where nested). */
function splitHalfCosines(
  first: GroupSums,
  second: GroupSums,
  { poles, groups }: Labels,
  plan: JackknifePlan,
  seed: number,
): SplitHalf {
  const cells = cellsOf(groups, poles)
  const splits = Array.from({ length: SPLITS }, (_, s) => {
    const half = new Uint8Array(groups.count)
    const rng = stream(seed, 'split-half', s)
    for (const pole of groups.kind === 'nested' ? [0, 1] : [undefined]) {
      const members = Array.from({ length: groups.count }, (_, g) => g).filter(
        (g) => pole === undefined || cells.poles[g] === pole,
      )
      rng.shuffle(members).forEach((g, i) => {
        half[g] = i % 2
      })
    }
    return half
  })
  /** Of all groups, then without each block: first, second, across. */
  const sums = Array.from({ length: 1 + plan.blocks.length }, () => [0, 0, 0])
  for (const half of splits) {
    const of = (model: GroupSums): Float64Array[][] =>
      [0, 1].map((h) => model.directions((g) => half[g] === h, plan.blocks))
    const [[f0, f1], [s0, s1]] = [of(first), of(second)] as [Float64Array[][], Float64Array[][]]
    sums.forEach((sum, k) => {
      sum[0]! += cosine(f0![k]!, f1![k]!) / SPLITS
      sum[1]! += cosine(s0![k]!, s1![k]!) / SPLITS
      sum[2]! += (cosine(f0![k]!, s1![k]!) + cosine(s0![k]!, f1![k]!)) / 2 / SPLITS
    })
  }
  const of = { n: poles.length, seed, scale: FISHER }
  const estimate = (k: 0 | 1 | 2): Estimate => {
    const [value, ...without] = sums.map((sum) => sum[k]!)
    return jackknifeEstimate(value!, without, plan, of)
  }
  return { first: estimate(0), second: estimate(1), across: estimate(2) }
}

/** Components whose spans are compared. */
const ANGLE_COMPONENTS = 10

export interface Angles {
  /** Smallest first. */
  readonly all: readonly number[]
  readonly mean: Estimate
}

/**
 * Principal angles between the spans of two models' ten strongest principal components, in degrees, smallest
 * first (Björck and Golub 1973): all near 0 where texts vary along the same dimensions in both. The models must
 * be of one width.
 *
 * @param groupOf group of each row
 * @returns undefined where texts do not vary
 * @throws PalimpsestError `engine-*`, `interrupted`
 */
export async function componentAngles(
  a: Matrix,
  b: Matrix,
  groupOf: ArrayLike<number>,
  plan: JackknifePlan,
  options: { readonly seed: number; readonly signal?: AbortSignal | undefined },
): Promise<Angles | undefined> {
  const { seed, signal } = options
  const top = (x: Matrix, near?: Float64Array[]): Promise<Float64Array[]> =>
    topComponents(centred(x), ANGLE_COMPONENTS, signal, near)
  const [first, second] = [await top(a), await top(b)]
  const degrees = (u: Float64Array[], v: Float64Array[]): number[] =>
    principalAngles(u, v).map((angle) => (angle * 180) / Math.PI)
  const all = degrees(first, second)
  if (all.length === 0) return undefined
  const mean = (angles: readonly number[]): number => angles.reduce((s, v) => s + v, 0) / angles.length
  const without: number[] = []
  for (const block of plan.blocks) {
    const rows = keptRows(groupOf, block)
    without.push(mean(degrees(await top(takeRows(a, rows), first), await top(takeRows(b, rows), second))))
  }
  return { all, mean: jackknifeEstimate(mean(all), without, plan, { n: a.rows, seed, scale: within(90) }) }
}
