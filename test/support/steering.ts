/** Tables of steering outcomes whose truth is known. */
import { stream } from '../../src/core/random.ts'
import type { BothWays, DosedStance, SteeringTable } from '../../src/study/steering-table.ts'

export interface Truth {
  /** Slope of the stance on the dose along the direction, and the spread of it between issues. */
  readonly gain: number
  readonly spread?: number
  /** Spread of the slopes of random directions. */
  readonly random?: number
  readonly contrast?: number
  readonly cross?: number
  /** Slope of the concept's direction on its own completions. */
  readonly control?: number
  /** Share of the loaded contrast that ablation of the direction removes. */
  readonly removed?: number
  readonly arms?: number
  /** Dimension of the span of random arms. */
  readonly span?: number
  /** |dose| from which texts fall apart. */
  readonly incoherentFrom?: number
  readonly zero?: number
}

const ISSUES = 48
const LEVELS = [0.02, 0.08, 0.32]
const PRIMARY = 0.08

/** A table of a model with these properties; the same seed gives both models of a pair the same issues. */
export function steeringTable(role: string, truth: Truth, seed: number): SteeringTable {
  const rng = stream(seed, `test/steering/${role}`)
  const shared = stream(seed, 'test/steering/issues')
  const { gain, spread = 0.3, random = 0.1, contrast = 2, arms = 100 } = truth
  const issue = Array.from({ length: ISSUES }, () => shared.normal())
  const plain = Array.from({ length: ISSUES }, () => 0.5 * rng.normal())
  const slopes = issue.map((v) => gain + spread * Math.abs(gain) * v + 0.05 * rng.normal())
  const at = (asked: number, of: readonly number[], from: readonly number[]): DosedStance => {
    const dose = Math.sign(asked) * Math.sqrt(2 * Math.abs(asked))
    return { asked, dose, stance: from.map((p, i) => p + dose * of[i]!) }
  }
  const subset = [0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44]
  const both = (id: string, of: readonly number[], from: readonly number[]): BothWays => ({
    id,
    plus: at(PRIMARY, of, from),
    minus: at(-PRIMARY, of, from),
  })
  const few = subset.map((i) => plain[i]!)
  const noise = (n: number, size: number, centre = 0): number[] =>
    Array.from({ length: n }, () => centre + size * rng.normal())
  const randomArm = (id: string, size: number): BothWays =>
    both(id, noise(subset.length, 0.05, size * rng.normal()), few)
  const loaded = noise(12, 0.2, 1)
  const off = (share: number): number[] => loaded.map((v) => v * (1 - share))
  return {
    role,
    plain,
    own: LEVELS.flatMap((n) => [at(-n, slopes, plain), at(n, slopes, plain)]).sort((a, b) => a.dose - b.dose),
    primary: PRIMARY,
    personas: {
      A: plain.map((p) => p - contrast / 2),
      B: plain.map((p) => p + contrast / 2 + 0.1 * rng.normal()),
    },
    cross: both(
      'cross',
      issue.map(() => truth.cross ?? gain),
      plain,
    ),
    unrelated: both('unrelated', noise(ISSUES, 0.05), plain),
    subset,
    random: {
      matched: Array.from({ length: arms }, (_, i) => randomArm(`matched-${i}`, random)),
      isotropic: Array.from({ length: 20 }, (_, i) => randomArm(`isotropic-${i}`, random / 3)),
    },
    matching: 'matched',
    span: truth.span ?? 20,
    concept: {
      own: both(
        'unrelated',
        subset.map(() => truth.control ?? 1),
        few,
      ),
      direction: both('own', noise(subset.length, 0.05), few),
      random: Array.from({ length: 20 }, (_, i) => randomArm(`isotropic-${i}`, random)),
    },
    coherence: [0, ...LEVELS.flatMap((n) => [-n, n])].map((asked) => {
      const dose = Math.sign(asked) * Math.sqrt(2 * Math.abs(asked))
      return {
        asked,
        dose,
        perplexity: { value: Math.abs(dose) >= (truth.incoherentFrom ?? 9) ? 500 : 20, n: 8 },
        distinct: { value: 0.9, n: 8 },
        repetition: { value: 0.02, n: 8 },
        texts: 8,
      }
    }),
    texts: undefined,
    zero: truth.zero ?? 0,
    nats: { asked: [0.02, 0.08], reached: [0.0201, 0.079] },
    receipts: { asked: [1], measured: [1], tokens: [100] },
    curve: [
      { alpha: 1, nats: 0.02 },
      { alpha: 2, nats: 0.08 },
    ],
    unreached: [],
    ablation: {
      plain: loaded,
      cost: { value: 0.01, n: 16 },
      own: { id: 'own', nats: 0.01, contrast: off(truth.removed ?? 0.6) },
      random: Array.from({ length: arms }, (_, i) => ({
        id: `matched-${i}`,
        nats: 0.01,
        contrast: off(0.1 * rng.normal()),
      })),
    },
  }
}
