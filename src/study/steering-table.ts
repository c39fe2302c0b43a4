/** What steering did, as a table of outcomes: the claims `steering` and `geometry` read nothing else. */

import { type Estimate, mean, type Null, summariseNull, upperP } from '../stats/estimate.ts'
import { slopes } from '../stats/gain.ts'
import type { TextTable } from './steered-answers.ts'

/** An arm at one dose: log-odds of B over A per token, by item. */
export interface DosedStance {
  /** KL asked for, with the sign of the dose. */
  readonly asked: number
  /** sign(alpha) * sqrt(2 KL), as it was reached. */
  readonly dose: number
  readonly stance: readonly number[]
}

/** A direction at the primary dose, both ways. */
export interface BothWays {
  readonly id: string
  readonly plus: DosedStance
  readonly minus: DosedStance
}

export interface RandomArms {
  /** In the span of the prompts, orthogonal to the direction, as strong in this model's prompts: they decide. */
  readonly matched: readonly BothWays[]
  /** Shown, never decide. */
  readonly isotropic: readonly BothWays[]
}

/** How the model's own texts fare under a dose. */
export interface Coherence {
  readonly asked: number
  readonly dose: number
  /** Of the texts under the unsteered base model. */
  readonly perplexity: Estimate
  /** Distinct pairs of words over all pairs. */
  readonly distinct: Estimate
  /** Share of three-word sequences that repeat an earlier one of their text. */
  readonly repetition: Estimate
  readonly texts: number
}

/** An ablation and what it leaves of the contrast between prompts that lean to B and to A. */
export interface Ablated {
  readonly id: string
  /** KL on neutral text. */
  readonly nats: number
  /** By issue. */
  readonly contrast: readonly number[]
}

export interface SteeringTable {
  readonly role: string
  /** Without steering: a neutral prompt of each issue, in the same order for all models. */
  readonly plain: readonly number[]
  /** The model's own direction at every dose, rising, zero left out. */
  readonly own: readonly DosedStance[]
  /** |KL| at which the random arms are compared. */
  readonly primary: number
  /** Stance under persona A and B, by issue. */
  readonly personas: Readonly<Record<'A' | 'B', readonly number[]>>
  /** The other model's direction, and that of the unrelated concept. */
  readonly cross: BothWays | undefined
  readonly unrelated: BothWays | undefined
  /** Issues (by index) on which random arms are scored. */
  readonly subset: readonly number[]
  readonly random: RandomArms
  /** Dimension of the span that the matched arms are drawn from: in a narrow one they are copies of each other. */
  readonly span: number
  /** How the matched arms were found. */
  readonly matching: 'matched' | 'strongest'
  /** The positive control: the unrelated concept on its own completions. */
  readonly concept: {
    readonly own: BothWays | undefined
    /** This domain's direction, and random ones, on them. */
    readonly direction: BothWays | undefined
    readonly random: readonly BothWays[]
  }
  readonly coherence: readonly Coherence[]
  /** What it writes under the arms; undefined where that is not asked for. */
  readonly texts: TextTable | undefined
  /** Largest change that a dose of zero made. */
  readonly zero: number
  /** KL asked for and reached, for every arm. */
  readonly nats: { readonly asked: readonly number[]; readonly reached: readonly number[] }
  readonly receipts: {
    readonly asked: readonly number[]
    readonly measured: readonly number[]
    readonly tokens: readonly number[]
  }
  /** The measured curve of the model's own direction. */
  readonly curve: readonly { readonly alpha: number; readonly nats: number }[]
  /** Directions whose KL could not be reached. */
  readonly unreached: readonly string[]
  /** Claim `geometry` only. */
  readonly ablation:
    | {
        readonly plain: readonly number[]
        readonly own: Ablated
        /** KL of the whole ablation, in nats a token, over the neutral texts. */
        readonly cost: Estimate
        readonly random: readonly Ablated[]
      }
    | undefined
}

/** Slope of the stance between the two doses of an arm, mean over items (or some of them). */
export function gainOf(arm: BothWays, of?: readonly number[]): number {
  const pick = (s: readonly number[]): readonly number[] => (of === undefined ? s : of.map((i) => s[i]!))
  return mean(slopes([arm.minus.dose, arm.plus.dose], [pick(arm.minus.stance), pick(arm.plus.stance)]))
}

/** The same by item; NaN for items that are not among `of`. */
export function gainsOf(arm: BothWays, of?: readonly number[]): Float64Array {
  const all = slopes([arm.minus.dose, arm.plus.dose], [arm.minus.stance, arm.plus.stance])
  if (of === undefined) return all
  const some = new Set(of)
  return all.map((v, i) => (some.has(i) ? v : Number.NaN))
}

export interface Rank {
  readonly value: number
  readonly null: Null
  /** (1 + arms that move as far, either way) / (1 + arms). */
  readonly p: number
}

/** Where a value stands among the sizes of those of random arms. */
export function rankAmong(value: number, random: readonly number[]): Rank {
  const sizes = Float64Array.from(random, Math.abs)
  return { value, null: summariseNull(sizes), p: upperP(value, sizes) }
}

/** The model's own direction at the primary dose, on the issues of the random arms: exchangeable with them. */
export function ownRank(t: SteeringTable, arm = primaryArm(t)): Rank {
  return rankAmong(
    gainOf(arm, t.subset),
    t.random.matched.map((r) => gainOf(r)),
  )
}

/** How the random arms that decide were found, for the method of a rank. */
export function rankMethod(t: SteeringTable): string {
  return t.matching === 'matched'
    ? 'rank among variance-matched random directions of equal KL'
    : 'rank among random directions of equal KL in the span of the prompts (too few vary as much)'
}

/** The model's own direction at the dose of the random arms. */
export function primaryArm(t: SteeringTable): BothWays {
  const at = (asked: number): DosedStance => t.own.find((d) => d.asked === asked)!
  return { id: 'own', plus: at(t.primary), minus: at(-t.primary) }
}
