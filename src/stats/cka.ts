/**
 * Linear centred kernel alignment of two representations of the same texts (Kornblith et al. 2019): 1 for equal up
 * to rotation and scale. The plain one rises with width over the number of texts, however little two models share.
 * Here its parts are U-statistics (the unbiased HSIC of Song et al. 2012), over pairs of texts of different groups:
 * texts of one author are alike in any model.
 */

import { type Matrix, matrix } from '../core/matrix.ts'
import { matmulNT } from '../ggml/gemm.ts'
import { centred } from './components.ts'
import type { Estimate } from './estimate.ts'
import { type JackknifePlan, jackknifeEstimate } from './jackknife.ts'

/** Rows of the Gram matrices that are held at a time. */
const ROWS = 256

/** The two models, and each with itself. */
const PAIRS = [
  [0, 1],
  [0, 0],
  [1, 1],
] as const

/** Inner products of texts, summed over groups. */
interface Sums {
  readonly groups: number
  readonly of: ArrayLike<number>
  /** Texts in each group. */
  readonly sizes: Float64Array
  /** Of each model: product of a text with a group's sum, [n, groups]. */
  readonly byText: readonly [Float64Array, Float64Array]
  /** Of each pair of models: products of their inner products, [groups, groups]. */
  readonly products: readonly Float64Array[]
}

/**
 * Unbiased linear CKA with its interval by jackknife over groups.
 *
 * @param a,b [n, d] and [n, e]: rows are the same texts
 * @param groupOf group of each text, 0 on
 * @returns NaN where a model's texts do not differ beyond their noise
 * @throws PalimpsestError `engine-*`, `interrupted`
 */
export async function linearCka(
  a: Matrix,
  b: Matrix,
  groupOf: ArrayLike<number>,
  plan: JackknifePlan,
  options: { readonly seed: number; readonly signal?: AbortSignal | undefined },
): Promise<Estimate> {
  const sums = await sumsOf([centred(a), centred(b)], groupOf, plan.groups, options.signal)
  const all = Array.from({ length: plan.groups }, (_, g) => g)
  return jackknifeEstimate(
    alignment(sums, all),
    plan.blocks.map((block) =>
      alignment(
        sums,
        all.filter((g) => !block.groups.includes(g)),
      ),
    ),
    plan,
    { n: a.rows, seed: options.seed },
  )
}

async function sumsOf(
  models: readonly [Matrix, Matrix],
  of: ArrayLike<number>,
  groups: number,
  signal: AbortSignal | undefined,
): Promise<Sums> {
  const n = models[0].rows
  const sizes = new Float64Array(groups)
  for (let i = 0; i < n; i++) sizes[of[i]!]!++
  const byText = [new Float64Array(n * groups), new Float64Array(n * groups)] as const
  const products = PAIRS.map(() => new Float64Array(groups * groups))
  for (let first = 0; first < n; first += ROWS) {
    const rows = Math.min(ROWS, n - first)
    const grams: Float32Array[] = []
    for (const m of models) {
      const part = matrix(rows, m.cols, m.data.subarray(first * m.cols, (first + rows) * m.cols))
      grams.push((await matmulNT(part, m, signal)).data)
    }
    for (let i = 0; i < rows; i++) {
      const own = of[first + i]! * groups
      for (let j = 0; j < n; j++) {
        const g = of[j]!
        const k = [grams[0]![i * n + j]!, grams[1]![i * n + j]!] as const
        for (const m of [0, 1] as const) byText[m][(first + i) * groups + g]! += k[m]
        for (let p = 0; p < PAIRS.length; p++) products[p]![own + g]! += k[PAIRS[p]![0]] * k[PAIRS[p]![1]]
      }
    }
  }
  return { groups, of, sizes, byText, products }
}

/** CKA over some groups. */
function alignment(sums: Sums, kept: readonly number[]): number {
  const [xy, xx, yy] = PAIRS.map((_, p) => hsic(sums, p, kept)) as [number, number, number]
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : Number.NaN
}

/** Means of k l over two texts, over two and two, and over two that share one; all texts else of different groups. */
function hsic({ groups, of, sizes, byText, products }: Sums, pair: number, kept: readonly number[]): number {
  const [k, l] = [byText[PAIRS[pair]![0]], byText[PAIRS[pair]![1]]]
  const stays = new Uint8Array(groups)
  for (const g of kept) stays[g] = 1
  const between = [new Float64Array(groups * groups), new Float64Array(groups * groups)] as const
  let shared = 0
  for (let i = 0; i < of.length; i++) {
    const own = of[i]!
    if (stays[own] === 0) continue
    let [sumK, sumL, same] = [0, 0, 0]
    for (const g of kept) {
      if (g === own) continue
      const [v, w] = [k[i * groups + g]!, l[i * groups + g]!]
      sumK += v
      sumL += w
      same += v * w
      between[0][own * groups + g]! += v
      between[1][own * groups + g]! += w
    }
    shared += sumK * sumL - same
  }
  const pairs = kept.reduce(
    (s, g) => s + kept.reduce((t, h) => t + (g === h ? 0 : products[pair]![g * groups + h]!), 0),
    0,
  )
  const counts = new Float64Array(groups * groups)
  for (const g of kept) for (const h of kept) if (g !== h) counts[g * groups + h] = sizes[g]! * sizes[h]!
  const total = kept.reduce((s, g) => s + sizes[g]!, 0)
  const squares = kept.reduce((s, g) => s + sizes[g]! ** 2, 0)
  // Of each text: ordered pairs of texts of two other groups.
  const triples = kept.reduce((s, g) => {
    const n = sizes[g]!
    return s + n * ((total - n) ** 2 - (squares - n ** 2))
  }, 0)
  return (
    pairs / (total ** 2 - squares) -
    (2 * shared) / triples +
    apart(between[0], between[1], kept, groups) / apart(counts, counts, kept, groups)
  )
}

/** Sum of k(g, h) l(g', h') over four different groups. */
function apart(k: Float64Array, l: Float64Array, list: readonly number[], groups: number): number {
  let [allK, allL, touching, same] = [0, 0, 0, 0]
  for (const g of list) {
    let [rowK, rowL] = [0, 0]
    for (const h of list) {
      const at = g * groups + h
      rowK += k[at]!
      rowL += l[at]!
      same += k[at]! * l[at]!
    }
    allK += rowK
    allL += rowL
    touching += rowK * rowL
  }
  return allK * allL - 4 * touching + 2 * same
}
