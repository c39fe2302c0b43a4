/**
 * The A-B contrast of answers: how far what a model writes moves from prompts that lean to A to prompts that lean
 * to B on the same issue. The unit is the issue; its prompts are resampled together.
 */

import { pacer } from '../core/pace.ts'
import { stream } from '../core/random.ts'
import { clusterBootstrap } from './bootstrap.ts'
import { type Estimate, LEVEL, type Null, percentileInterval, summariseNull, upperP } from './estimate.ts'

/** Mean scores of prompts: one entry a prompt that has at least one usable answer. */
export interface ContrastInput {
  /** Mean score of the prompt's answers, -1 (pole A) to 1 (pole B). */
  readonly score: ArrayLike<number>
  /** -1: the prompt leans to A; 1: to B. */
  readonly lean: ArrayLike<number>
  /** Issue of each prompt, 0 to issues - 1. */
  readonly issue: ArrayLike<number>
  readonly issues: number
}

export interface ContrastOptions {
  readonly seed: number
  /** Draws of the bootstrap over issues. */
  readonly draws: number
  /** Draws of the null: leans permuted within issues. */
  readonly permutations: number
  readonly signal?: AbortSignal | undefined
}

export interface Contrast extends Estimate {
  readonly ci: readonly [number, number]
  readonly null: Null
  /** Contrast under each draw of the bootstrap; the same draw is the same issues for every model. */
  readonly bootstrap: Float64Array
}

/**
 * Mean over issues of (mean score at B-leaning prompts - mean score at A-leaning prompts), with its interval by
 * bootstrap over issues and its null by permuting leans within issues. Issues without both kinds are left out.
 *
 * @returns the contrast, from -2 to 2, or undefined where no issue has both kinds of prompts
 */
export async function contrast(
  input: ContrastInput,
  options: ContrastOptions,
): Promise<Contrast | undefined> {
  const { score, issue, issues } = input
  const n = score.length
  const byIssue: number[][] = Array.from({ length: issues }, () => [])
  for (let i = 0; i < n; i++) byIssue[issue[i]!]!.push(i)
  const differences = (lean: ArrayLike<number>): Float64Array =>
    Float64Array.from(byIssue, (members) => {
      const sums = [0, 0]
      const counts = [0, 0]
      for (const i of members) {
        const side = lean[i]! > 0 ? 1 : 0
        sums[side]! += score[i]!
        counts[side]!++
      }
      return sums[1]! / counts[1]! - sums[0]! / counts[0]!
    })
  const observed = differences(input.lean)
  const used = observed.filter((d) => !Number.isNaN(d)).length
  if (used === 0) return undefined
  const value = average(observed)
  const [draws] = await clusterBootstrap(
    issues,
    { seed: options.seed, stage: 'issues', draws: options.draws, signal: options.signal },
    (times) => [average(observed, times)],
  )
  const pace = pacer(options.signal)
  const null_ = new Float64Array(options.permutations)
  for (let p = 0; p < options.permutations; p++) {
    await pace()
    const rng = stream(options.seed, 'contrast/null', p)
    const lean = Float64Array.from({ length: n }, (_, i) => input.lean[i]!)
    for (const members of byIssue) {
      const mixed = rng.shuffle(members.map((i) => input.lean[i]!))
      members.forEach((i, k) => {
        lean[i] = mixed[k]!
      })
    }
    null_[p] = average(differences(lean))
  }
  return {
    value,
    ci: percentileInterval(draws!, { count: used, strata: 1 }),
    level: LEVEL,
    method: 'bootstrap over issues',
    n,
    groups: used,
    null: summariseNull(null_),
    p: upperP(value, null_),
    seed: options.seed,
    bootstrap: draws!,
  }
}

/** Mean over issues that have a difference, each as often as a draw holds it. */
function average(differences: Float64Array, times?: ArrayLike<number>): number {
  let sum = 0
  let count = 0
  for (let g = 0; g < differences.length; g++) {
    if (Number.isNaN(differences[g]!)) continue
    const w = times === undefined ? 1 : times[g]!
    sum += w * differences[g]!
    count += w
  }
  return sum / count
}

/**
 * The ratio of a second model's contrast to the first's, signed, by the draws that both share.
 *
 * @example ratioOf(aligned, base).ci // [0.02, 0.11]: aligned's answers hardly move
 */
export function ratioOf(
  other: Contrast,
  first: Contrast,
): Estimate & { readonly ci: readonly [number, number] } {
  const groups = Math.min(other.groups ?? 0, first.groups ?? 0)
  return {
    value: other.value / first.value,
    ci: percentileInterval(
      other.bootstrap.map((v, i) => v / first.bootstrap[i]!),
      { count: groups, strata: 1 },
    ),
    level: LEVEL,
    method: 'paired bootstrap over issues',
    n: other.n,
    groups,
    ...(other.seed === undefined ? {} : { seed: other.seed }),
  }
}
