/**
 * A direction that is fitted on some people and tested on others: difference of means of group means, AUC of
 * groups that were never fitted on, and the null of labels permuted over groups.
 */

import { type Matrix, row } from '../core/matrix.ts'
import { pacer } from '../core/pace.ts'
import { stream } from '../core/random.ts'
import { auc, delongInterval } from './auc.ts'
import { type Estimate, LEVEL, summariseNull, upperP } from './estimate.ts'
import { FISHER, jackknifeEstimate, jackknifePlan } from './jackknife.ts'
import { cosine, dot, unit } from './linear.ts'

/** How p and null are made. */
const PERMUTED = 'poles permuted over groups'

/** Activations [n, d], the group (biography) of each row, and the pole of each group. */
export interface GroupedActivations {
  readonly x: Matrix
  /** 0 to poles.length - 1. */
  readonly group: ArrayLike<number>
  /** 0 (A) or 1 (B) of each group. */
  readonly poles: ArrayLike<number>
}

export interface HeldOutDirection {
  /** Unit vector [d], from A to B. */
  readonly direction: Float64Array
  /** Of held-out groups. */
  readonly auc: Estimate
  /** With `like`, which is taken as it is; its null is of |cosine|. */
  readonly cosine: Estimate
}

/**
 * Fits and tests. Under the null the poles are permuted over the groups of each part, the direction is fitted
 * again, and tested on the permuted poles.
 *
 * @param like a direction [d] to compare with
 * @throws PalimpsestError `interrupted`
 * @example
 * const { auc } = await heldOutDirection(fit, heldOut, d, { seed: 1, draws: 1000 })
 * auc.p // how often permuted labels do as well
 */
export async function heldOutDirection(
  fit: GroupedActivations,
  heldOut: GroupedActivations,
  like: ArrayLike<number>,
  options: { readonly seed: number; readonly draws: number; readonly signal?: AbortSignal | undefined },
): Promise<HeldOutDirection> {
  const train = groupMeans(fit)
  const test = groupMeans(heldOut)
  const fitted = (poles: ArrayLike<number>, out: readonly number[] = []): Float64Array => {
    const sums = [new Float64Array(fit.x.cols), new Float64Array(fit.x.cols)] as const
    const counts = [0, 0]
    train.forEach((mean, g) => {
      if (out.includes(g)) return
      const side = poles[g] === 1 ? 1 : 0
      counts[side]!++
      for (let j = 0; j < mean.length; j++) sums[side][j]! += mean[j]!
    })
    return unit(sums[1].map((v, j) => v / counts[1]! - sums[0][j]! / counts[0]!))
  }
  const scores = (u: Float64Array): Float64Array => Float64Array.from(test, (mean) => dot(mean, u))
  const direction = fitted(fit.poles)
  const found = scores(direction)
  const aucs = new Float64Array(options.draws)
  const cosines = new Float64Array(options.draws)
  const pace = pacer(options.signal)
  for (let p = 0; p < options.draws; p++) {
    await pace()
    const rng = stream(options.seed, 'held-out/null', p)
    const u = fitted(rng.shuffle(Array.from(fit.poles)))
    aucs[p] = auc(scores(u), rng.shuffle(Array.from(heldOut.poles)))
    cosines[p] = Math.abs(cosine(u, like))
  }
  const alike = cosine(direction, like)
  const plan = jackknifePlan(train.length, options.seed, fit.poles)
  const without = plan.blocks.map((b) => cosine(fitted(fit.poles, b.groups), like))
  const spread = jackknifeEstimate(alike, without, plan, { n: fit.x.rows, seed: options.seed, scale: FISHER })
  return {
    direction,
    auc: {
      ...delongInterval(found, heldOut.poles),
      level: LEVEL,
      method: `DeLong over held-out groups; p: ${PERMUTED}`,
      seed: options.seed,
      n: heldOut.x.rows,
      groups: heldOut.poles.length,
      null: summariseNull(aucs),
      p: upperP(auc(found, heldOut.poles), aucs),
    },
    cosine: {
      ...spread,
      method: spread.method === undefined ? PERMUTED : `${spread.method}; p: ${PERMUTED}`,
      null: summariseNull(cosines),
      p: upperP(Math.abs(alike), cosines),
    },
  }
}

function groupMeans({ x, group, poles }: GroupedActivations): Float64Array[] {
  const means = Array.from({ length: poles.length }, () => new Float64Array(x.cols))
  const counts = new Float64Array(poles.length)
  for (let i = 0; i < x.rows; i++) {
    const own = means[group[i]!]!
    const r = row(x, i)
    counts[group[i]!]!++
    for (let j = 0; j < own.length; j++) own[j]! += r[j]!
  }
  return means.map((sum, g) => sum.map((v) => v / counts[g]!))
}
