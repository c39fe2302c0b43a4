/**
 * The A-B contrast of answers: how far what a model writes moves from prompts that lean to A to prompts that lean
 * to B on the same issue. The unit is the issue; its prompts are resampled together.
 */

import { pacer } from '../core/pace.ts'
import { stream } from '../core/random.ts'
import { drawGroups } from './bootstrap.ts'
import { type DrawnEstimate, drawnEstimate, type Null, summariseNull, upperP } from './estimate.ts'

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
  /** The draws themselves, where several contrasts of the same issues share them ({@link issueDraws}). */
  readonly times?: readonly Int32Array[]
  readonly signal?: AbortSignal | undefined
}

export interface Contrast extends DrawnEstimate {
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
  const { issues } = input
  const n = input.score.length
  const observed = issueContrasts(input)
  const used = observed.filter((d) => !Number.isNaN(d)).length
  if (used === 0) return undefined
  const value = average(observed)
  const times = options.times ?? (await issueDraws(issues, options))
  const draws = Float64Array.from(times, (t) => average(observed, t))
  const null_ = await permutedContrasts(input, options)
  return {
    ...drawnEstimate(value, draws, { n, groups: used, seed: options.seed }),
    null: summariseNull(null_),
    p: upperP(value, null_),
    bootstrap: draws,
  }
}

/** How often each draw of the bootstrap holds each issue. */
export async function issueDraws(
  issues: number,
  options: Pick<ContrastOptions, 'seed' | 'draws' | 'signal'> & { readonly stage?: string },
): Promise<Int32Array[]> {
  const pace = pacer(options.signal)
  const out: Int32Array[] = []
  for (let b = 0; b < options.draws; b++) {
    await pace()
    out.push(drawGroups(issues, options.seed, options.stage ?? 'issues', b))
  }
  return out
}

/** By issue: mean score at B-leaning prompts minus that at A-leaning ones; NaN where it lacks either. */
export function issueContrasts({ score, lean, issue, issues }: ContrastInput): Float64Array {
  const sums = new Float64Array(2 * issues)
  const counts = new Float64Array(2 * issues)
  for (let i = 0; i < score.length; i++) {
    const side = 2 * issue[i]! + (lean[i]! > 0 ? 1 : 0)
    sums[side]! += score[i]!
    counts[side]!++
  }
  return Float64Array.from(
    { length: issues },
    (_, g) => sums[2 * g + 1]! / counts[2 * g + 1]! - sums[2 * g]! / counts[2 * g]!,
  )
}

/** Contrasts with leans permuted within issues. */
export async function permutedContrasts(
  input: ContrastInput,
  options: Pick<ContrastOptions, 'seed' | 'permutations' | 'signal'>,
): Promise<Float64Array> {
  const pace = pacer(options.signal)
  const members: number[][] = Array.from({ length: input.issues }, () => [])
  for (let i = 0; i < input.score.length; i++) members[input.issue[i]!]!.push(i)
  const leans = members.map((own) => own.map((i) => input.lean[i]!))
  const lean = new Float64Array(input.score.length)
  const out = new Float64Array(options.permutations)
  for (let p = 0; p < options.permutations; p++) {
    await pace()
    const rng = stream(options.seed, 'contrast/null', p)
    members.forEach((own, g) => {
      const mixed = rng.shuffle(leans[g]!.slice())
      for (let k = 0; k < own.length; k++) lean[own[k]!] = mixed[k]!
    })
    out[p] = average(issueContrasts({ ...input, lean }))
  }
  return out
}

/** Mean over issues that have a difference, each as often as a draw holds it. */
export function average(differences: Float64Array, times?: ArrayLike<number>): number {
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
export function ratioOf(other: Contrast, first: Contrast): DrawnEstimate {
  return paired(other, first, (v, w) => v / w)
}

/** A first contrast less a second, by the draws that both share. */
export function differenceOf(first: Contrast, second: Contrast): DrawnEstimate {
  return paired(first, second, (v, w) => v - w)
}

function paired(x: Contrast, y: Contrast, combine: (v: number, w: number) => number): DrawnEstimate {
  return drawnEstimate(
    combine(x.value, y.value),
    x.bootstrap.map((v, i) => combine(v, y.bootstrap[i]!)),
    {
      n: x.n,
      groups: Math.min(x.groups, y.groups),
      seed: x.seed,
      method: 'paired bootstrap over issues',
    },
  )
}

/** Mean of values over issues, [issues]; NaN where an issue has none. The draws are those of {@link issueDraws}. */
export function overIssues(
  values: Float64Array,
  times: readonly Int32Array[],
  seed: number,
  n?: number,
): DrawnEstimate {
  const groups = values.reduce((count, v) => count + (Number.isNaN(v) ? 0 : 1), 0)
  const draws = Float64Array.from(times, (t) => average(values, t))
  return drawnEstimate(average(values), draws, { n: n ?? groups, groups, seed })
}

/**
 * The ratio of two means over issues, each of the issues that it has, by draws that both share: an effect that was
 * measured on some issues in units of one that was measured on all.
 */
export function ratioOverIssues(
  top: Float64Array,
  bottom: Float64Array,
  times: readonly Int32Array[],
  seed: number,
): DrawnEstimate {
  const groups = top.reduce((count, v) => count + (Number.isNaN(v) ? 0 : 1), 0)
  const ratio = (t?: Int32Array): number => average(top, t) / average(bottom, t)
  const method = 'paired bootstrap over issues'
  return drawnEstimate(ratio(), Float64Array.from(times, ratio), { n: groups, groups, seed, method })
}
