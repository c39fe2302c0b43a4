/**
 * Finds the size at which a change costs a given KL, for many changes at once: false position of log KL over log
 * size, on which KL is a line where sizes are small (it rises with their square) and nearly one elsewhere. The end
 * of the bracket that stays is moved halfway to the target (the Illinois rule), lest it stay for ever. The curve that
 * was measured on the way is kept.
 */

import { PalimpsestError, refuse } from '../core/errors.ts'
import { type Change, doseOf, KlMeter } from './dose.ts'
import { matchHooks } from './hooks.ts'
import { add } from './interventions.ts'
import type { Item, Model } from './model.ts'

/** How near the KL must come to what was asked for, relatively. */
const TOLERANCE = 0.01
const MAX_EVALUATIONS = 40
/** Doses beyond this many residual norms are out of reach: the model has long stopped to make sense. */
const MAX_NORMS = 1000
/** Most that one step may grow or shrink the size. */
const STRIDE = 8
/** Powers of the size with which KL is believed to rise; it is taken for its square otherwise. */
const SLOWEST = 0.5
const FASTEST = 6

/** A point of the curve from coefficient to KL. */
export interface DosePoint {
  /** What multiplies the vector. */
  readonly alpha: number
  /** Mean over tokens of KL(plain || changed). */
  readonly nats: number
}

export interface CalibratedDose extends DosePoint {
  /** sign(alpha) * sqrt(2 KL) */
  readonly dose: number
  /** Every point that was measured, by rising |alpha|. */
  readonly curve: readonly DosePoint[]
}

/** A change whose size is looked for. */
export interface Ask {
  /** The change at a size, which has the sign of `start`. */
  readonly change: (size: number) => Change
  /** KL in nats a token; positive. */
  readonly nats: number
  /** A first guess. */
  readonly start: number
  /** Largest |size| that is tried. */
  readonly most: number
}

/**
 * Calibrates many changes together: every round measures the open ones in shared passes.
 *
 * @param texts neutral texts, such as the domain's
 * @param tolerance how near the KL must come to what was asked for, relatively
 * @returns by ask: its calibrated dose, or the curve alone where the KL cannot be reached
 * @throws PalimpsestError `interrupted`
 */
export async function calibrate(
  model: Model,
  texts: readonly Item[],
  asks: readonly Ask[],
  { tolerance = TOLERANCE, signal }: { tolerance?: number; signal?: AbortSignal | undefined } = {},
): Promise<(CalibratedDose | { readonly curve: readonly DosePoint[] })[]> {
  const searches = asks.map((ask) => new Search(ask, tolerance))
  const meter = new KlMeter(model, texts)
  for (;;) {
    const open = searches.filter((s) => s.isOpen)
    if (open.length === 0) break
    const found = await measured(
      meter,
      open.map((s) => s.ask.change(s.size)),
      signal,
    )
    open.forEach((search, i) => {
      search.learn(found[i]!)
    })
  }
  return searches.map((s) => s.result())
}

/** The search for one size. */
class Search {
  readonly ask: Ask
  size: number
  readonly #tolerance: number
  readonly #curve: DosePoint[] = []
  /** The bracket: sizes, and their log KL over the target, which the Illinois rule halves. */
  #low = { size: 0, excess: Number.NEGATIVE_INFINITY }
  #high = { size: Number.POSITIVE_INFINITY, excess: Number.POSITIVE_INFINITY }
  #found: DosePoint | undefined

  constructor(ask: Ask, tolerance: number) {
    this.ask = ask
    this.size = ask.start
    this.#tolerance = tolerance
  }

  get isOpen(): boolean {
    return (
      this.#found === undefined &&
      this.#curve.length < MAX_EVALUATIONS &&
      Math.abs(this.size) <= this.ask.most &&
      this.#low.size < this.ask.most
    )
  }

  learn(nats: number): void {
    const target = this.ask.nats
    const sign = Math.sign(this.ask.start)
    let size = Math.abs(this.size)
    const point = { alpha: this.size, nats }
    this.#curve.push(point)
    if (Math.abs(nats / target - 1) <= this.#tolerance) {
      this.#found = point
      return
    }
    const excess = Math.log(Math.max(nats, 0) / target)
    const [before] = this.#curve.slice(-2, -1)
    const [low, high] = [this.#low, this.#high]
    if (nats < target) {
      this.#low = { size, excess }
      if (before !== undefined && before.nats < target) this.#high = { ...high, excess: high.excess / 2 }
    } else {
      this.#high = { size, excess }
      if (before !== undefined && before.nats >= target) this.#low = { ...low, excess: low.excess / 2 }
    }
    size = this.#next(size, excess, before)
    this.size = sign * size
  }

  /** The size to measure next; beyond `most` where there is none. */
  #next(size: number, excess: number, before: DosePoint | undefined): number {
    const [low, high] = [this.#low, this.#high]
    const { most } = this.ask
    if (high.size === Number.POSITIVE_INFINITY || low.size === 0) {
      if (low.size >= most) return 2 * most
      // Along the line through the last two points, or as the square where there is one.
      const rise =
        before === undefined
          ? 2
          : (excess - Math.log(Math.max(before.nats, 0) / this.ask.nats)) /
            Math.log(size / Math.abs(before.alpha))
      const power = rise >= SLOWEST && rise <= FASTEST ? rise : 2
      const step = Math.exp(-excess / power)
      return Math.min(size * Math.min(STRIDE, Math.max(1 / STRIDE, step)), most)
    }
    const width = Math.log(high.size / low.size)
    // The log KL of nothing, or of what overflows, is no end of a line.
    const share =
      Number.isFinite(low.excess) && Number.isFinite(high.excess)
        ? low.excess / (low.excess - high.excess)
        : 0.5
    return low.size * Math.exp(width * Math.min(0.95, Math.max(0.05, share)))
  }

  result(): CalibratedDose | { readonly curve: readonly DosePoint[] } {
    const curve = this.#curve.sort((a, b) => Math.abs(a.alpha) - Math.abs(b.alpha))
    const found = this.#found
    return found === undefined ? { curve } : { ...found, dose: doseOf(found.alpha, found.nats), curve }
  }
}

/** KLs, infinite where activations overflow: larger than any dose. */
async function measured(
  meter: KlMeter,
  changes: readonly Change[],
  signal: AbortSignal | undefined,
): Promise<number[]> {
  try {
    return await meter.of(changes, signal)
  } catch (error) {
    if (!(error instanceof PalimpsestError && error.code === 'activation-nan')) throw error
    if (changes.length === 1) return [Number.POSITIVE_INFINITY]
    // One of them overflows, and takes the others' passes with it: measure each alone.
    const out: number[] = []
    for (const change of changes) out.push((await measured(meter, [change], signal))[0]!)
    return out
  }
}

/**
 * The coefficient at which adding a vector costs a given KL.
 *
 * @param nats KL in nats a token; its sign is the sign of the addition
 * @param texts neutral texts, such as the domain's
 * @throws PalimpsestError `dose-zero`, `dose-unreachable` (with the largest KL seen), `interrupted`
 */
export async function calibrateDose(
  model: Model,
  texts: readonly Item[],
  { site, vector, nats }: { site: string; vector: Float32Array; nats: number },
  signal?: AbortSignal,
): Promise<CalibratedDose> {
  const target = Math.abs(nats)
  const length = Math.hypot(...vector)
  if (!(target > 0) || length === 0)
    throw refuse('dose-zero', 'A dose in nats must differ from zero, and so must its vector.', {
      where: site,
      expected: 'a dose and a vector that differ from zero',
      found: length === 0 ? 'a vector of length zero' : `${nats} nats`,
      fix: 'Leave the intervention away, or give a bare 0.',
    })
  const norms = await model.meanNorms(texts, matchHooks([site], model.architecture), signal)
  const norm = Math.min(...norms.values()) / length
  const ask = {
    change: (alpha: number) => add({ site, vector, dose: alpha }),
    nats: target,
    start: Math.sign(nats) * 0.1 * norm,
    most: MAX_NORMS * norm,
  }
  const found = (await calibrate(model, texts, [ask], { signal }))[0]!
  if ('dose' in found) return found
  throw unreachable(site, target, found.curve)
}

/** The refusal of a KL that a change does not reach. */
export function unreachable(site: string, nats: number, curve: readonly DosePoint[]): PalimpsestError {
  return refuse('dose-unreachable', 'The dose in nats cannot be reached with this vector at this site.', {
    where: site,
    expected: `${nats} nats a token on neutral text`,
    found: `at most ${Math.max(...curve.map((p) => p.nats)).toPrecision(3)} nats, up to |alpha| = ${Math.max(...curve.map((p) => Math.abs(p.alpha))).toPrecision(3)}`,
    fix: 'Give a smaller dose, or one as a fraction of the residual norm, such as 0.3x.',
  })
}
