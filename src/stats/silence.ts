/**
 * What became of a feature between two models, from the prompts in which it fires: silent, weaker, the same, new.
 * "Never fires" is a statement about a rate, so it has an interval, a test and a number of prompts that it needs.
 */

import { clopperPearson, mcnemar, pairedRatio } from './exact.ts'
import { benjaminiHochberg } from './fdr.ts'

/** In how many of the same prompts one feature fires. */
export interface FiringCounts {
  /** Prompts; the same ones in both models. */
  readonly n: number
  readonly both: number
  readonly baseOnly: number
  readonly alignedOnly: number
  /** Prompts in which it fires once aligned's activations have base's mean and mean norm. */
  readonly alignedRestored: number
  /** The same of base's activations with the mean and mean norm of aligned. */
  readonly baseRestored: number
}

/**
 * - `dormant`: silent in aligned, shown (q), far below base, and silent also with base's mean and mean norm
 * - `shifted`: as dormant or new, but it fires once the other model's mean and mean norm are given
 * - `new`: the reverse of dormant
 * - `attenuated`, `amplified`: less, more often (q), and not silent in either
 * - `active`: as often, within a factor of two
 * - `underpowered`: even without one firing in aligned, dormancy could not have been shown
 * - `undecided`: neither a difference nor sameness is shown
 */
export const FEATURE_LABELS = [
  'dormant',
  'shifted',
  'attenuated',
  'active',
  'amplified',
  'new',
  'underpowered',
  'undecided',
] as const
export type FeatureLabel = (typeof FEATURE_LABELS)[number]

export interface SilenceBars {
  /** q below this shows a difference. */
  readonly q: number
  /** dormant: the upper bound of one rate is below this share of the lower bound of the other. */
  readonly share: number
  /** active: the ratio of rates lies between 1 / this and this. */
  readonly factor: number
}

export const SILENCE_BARS: SilenceBars = { q: 0.05, share: 0.5, factor: 2 }

export interface Silence {
  readonly label: FeatureLabel
  readonly base: number
  readonly baseCi: readonly [number, number]
  readonly aligned: number
  readonly alignedCi: readonly [number, number]
  /** Ratio of the rates, aligned over base, with its 90% interval. */
  readonly ratio: { readonly value: number; readonly ci: readonly [number, number] }
  /** Exact McNemar, two-sided; q is over all features given. */
  readonly p: number
  readonly q: number
}

/**
 * Labels features, which are one family of tests.
 *
 * @example labelFeatures([{ n: 100, both: 0, baseOnly: 40, alignedOnly: 0, alignedRestored: 0, baseRestored: 40 }])[0].label // 'dormant'
 */
export function labelFeatures(family: readonly FiringCounts[], bars: SilenceBars = SILENCE_BARS): Silence[] {
  const p = family.map((f) => mcnemar(f.baseOnly, f.alignedOnly))
  const q = benjaminiHochberg(p)
  return family.map((f, i) => {
    const base = f.both + f.baseOnly
    const aligned = f.both + f.alignedOnly
    const measured = {
      base: base / f.n,
      baseCi: clopperPearson(base, f.n),
      aligned: aligned / f.n,
      alignedCi: clopperPearson(aligned, f.n),
      ratio: pairedRatio(f.both, f.baseOnly, f.alignedOnly),
      p: p[i]!,
      q: q[i]!,
    }
    return { label: labelOf(f, measured, p, i, bars), ...measured }
  })
}

function labelOf(
  f: FiringCounts,
  m: Omit<Silence, 'label'>,
  p: readonly number[],
  i: number,
  bars: SilenceBars,
): FeatureLabel {
  const differs = m.q < bars.q
  const silent = (few: readonly [number, number], many: readonly [number, number]): boolean =>
    few[1] < bars.share * many[0]
  if (differs && m.aligned === 0 && silent(m.alignedCi, m.baseCi))
    return f.alignedRestored === 0 ? 'dormant' : 'shifted'
  if (differs && m.base === 0 && silent(m.baseCi, m.alignedCi))
    return f.baseRestored === 0 ? 'new' : 'shifted'
  if (differs && m.aligned > 0 && m.base > 0) return m.aligned < m.base ? 'attenuated' : 'amplified'
  if (m.ratio.ci[0] > 1 / bars.factor && m.ratio.ci[1] < bars.factor) return 'active'
  return couldBeDormant(f, m, p, i, bars) ? 'undecided' : 'underpowered'
}

/**
 * Prompts at which a feature of this rate could be shown to have fallen silent, were it alone: the correction for many
 * features asks for more. Undefined where it never fires.
 *
 * @example promptsForSilence(3, 48) // 216
 */
export function promptsForSilence(
  fired: number,
  prompts: number,
  { q, share }: Pick<SilenceBars, 'q' | 'share'> = SILENCE_BARS,
): number | undefined {
  if (fired === 0) return undefined
  const shown = (n: number): boolean => {
    const k = Math.round((fired / prompts) * n)
    return mcnemar(k, 0) < q && clopperPearson(0, n)[1] < share * clopperPearson(k, n)[0]
  }
  let [low, high] = [prompts, prompts]
  while (!shown(high)) [low, high] = [high, 2 * high]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (shown(middle)) high = middle
    else low = middle
  }
  return high
}

/** Whether no firing at all in aligned would have shown dormancy, all other features being what they are. */
function couldBeDormant(
  f: FiringCounts,
  m: Omit<Silence, 'label'>,
  p: readonly number[],
  i: number,
  bars: SilenceBars,
): boolean {
  if (clopperPearson(0, f.n)[1] >= bars.share * m.baseCi[0]) return false
  const least = mcnemar(f.both + f.baseOnly, 0)
  return benjaminiHochberg(p.map((v, k) => (k === i ? least : v)))[i]! < bars.q
}
