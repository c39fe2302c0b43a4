/**
 * The first principal component of matched differences (B minus A of each pair), not centred, so that what all
 * pairs share counts as well as how they differ (as in representation engineering, Zou et al. 2023); its sign
 * is that of the mean difference.
 */

import { type Matrix, matrix } from '../../core/matrix.ts'
import { topComponents } from '../components.ts'
import { dot } from '../linear.ts'

/**
 * @param pairs matched pair of each row; only pairs of which both texts are in `rows` count
 * @returns a unit direction; zeros when all differences are
 */
export async function matchedPc1(
  x: Matrix,
  poles: ArrayLike<number>,
  pairs: ArrayLike<number>,
  rows: ArrayLike<number>,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const members = new Map<number, { a?: number; b?: number }>()
  for (let r = 0; r < rows.length; r++) {
    const i = rows[r]!
    const pair = members.get(pairs[i]!) ?? {}
    members.set(pairs[i]!, poles[i] === 1 ? { ...pair, b: i } : { ...pair, a: i })
  }
  const whole = [...members.values()].filter((p) => p.a !== undefined && p.b !== undefined)
  const differences = matrix(whole.length, x.cols)
  const sum = new Float64Array(x.cols)
  whole.forEach(({ a, b }, r) => {
    for (let j = 0; j < x.cols; j++) {
      const v = x.data[b! * x.cols + j]! - x.data[a! * x.cols + j]!
      differences.data[r * x.cols + j] = v
      sum[j]! += v
    }
  })
  const [first] = await topComponents(differences, 1, signal)
  if (first === undefined) return new Float64Array(x.cols)
  return dot(first, sum) < 0 ? first.map((v) => -v) : first
}
