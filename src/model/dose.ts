/**
 * Doses that mean the same in every model: an addition is scaled until it changes what the model predicts on
 * neutral text by a given KL divergence (nats a token). Coefficients of vectors say nothing across models; this
 * does. The signed dose of the method is sign(alpha) * sqrt(2 KL): linear in alpha near zero, as outcomes are.
 */

import { PalimpsestError, refuse } from '../core/errors.ts'
import type { Matrix } from '../core/matrix.ts'
import { matchHooks } from './hooks.ts'
import { add } from './interventions.ts'
import type { Item, Model } from './model.ts'

/** How near the KL must come to what was asked for, relatively. */
const TOLERANCE = 0.01
const MAX_EVALUATIONS = 40
/** Doses beyond this many residual norms are out of reach: the model has long stopped to make sense. */
const MAX_NORMS = 1000

/** A point of the curve from coefficient to KL. */
export interface DosePoint {
  /** What multiplies the vector. */
  readonly alpha: number
  /** Mean over tokens of KL(plain || steered). */
  readonly nats: number
}

export interface CalibratedDose extends DosePoint {
  /** sign(alpha) * sqrt(2 KL) */
  readonly dose: number
  /** Every point that was measured, by rising |alpha|. */
  readonly curve: readonly DosePoint[]
}

/**
 * Mean over the texts' tokens of KL(plain || steered), in nats, when alpha * vector is added at every token.
 *
 * @param site a hook point or glob
 */
export async function klOfAddition(
  model: Model,
  texts: readonly Item[],
  { site, vector, alpha }: { site: string; vector: Float32Array; alpha: number },
  signal?: AbortSignal,
): Promise<number> {
  // Each text runs twice in one pass, plain and steered: the same arithmetic, so that zero gives zero.
  const twice = texts.flatMap((text) => [text, text])
  const pairs = texts.map((_, i) => [2 * i, 2 * i + 1])
  const steered = pairs.map((pair) => pair[1]!)
  let plain: Matrix | undefined
  let sum = 0
  let tokens = 0
  await model.stream(
    twice,
    { logits: 'all', interventions: [add({ site, vector, dose: alpha, rows: steered })], signal },
    (result) => {
      if (result.index % 2 === 0) plain = result.logits
      else {
        sum += klSum(plain!, result.logits!)
        tokens += result.item.tokens.length
      }
    },
    pairs,
  )
  return sum / tokens
}

/**
 * The coefficient at which adding a vector costs a given KL, found by bisection of log alpha (a false position
 * where it helps, because KL rises with the square of alpha).
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
      found: length === 0 ? 'a vector of length zero' : `${nats} nats`,
      fix: 'Leave the intervention away, or give a bare 0.',
    })
  const sites = matchHooks([site], model.architecture)
  const norms = await model.meanNorms(texts, sites, signal)
  const norm = Math.min(...norms.values()) / length
  const curve: DosePoint[] = []
  const measure = async (size: number): Promise<DosePoint> => {
    const alpha = Math.sign(nats) * size
    const point = { alpha, nats: await measured(model, texts, { site, vector, alpha }, signal) }
    curve.push(point)
    return point
  }
  let low = 0
  let high = Number.POSITIVE_INFINITY
  let size = 0.1 * norm
  while (curve.length < MAX_EVALUATIONS && size <= MAX_NORMS * norm) {
    const { nats: found } = await measure(size)
    if (Math.abs(found / target - 1) <= TOLERANCE) {
      curve.sort((a, b) => Math.abs(a.alpha) - Math.abs(b.alpha))
      const alpha = Math.sign(nats) * size
      return { alpha, nats: found, dose: Math.sign(nats) * Math.sqrt(2 * found), curve }
    }
    if (found < target) low = size
    else high = size
    // KL ~ alpha^2 proposes the next one; it must fall well inside the bracket, else the middle does.
    const proposed = size * Math.sqrt(target / Math.max(found, target * 1e-4))
    if (high === Number.POSITIVE_INFINITY) size = Math.min(proposed, 8 * size)
    else if (low === 0) size = Math.max(proposed, size / 8)
    else {
      const margin = (high / low) ** 0.1
      size = proposed > low * margin && proposed < high / margin ? proposed : Math.sqrt(low * high)
    }
  }
  throw refuse('dose-unreachable', 'The dose in nats cannot be reached with this vector at this site.', {
    where: site,
    expected: `${target} nats a token on neutral text`,
    found: `at most ${Math.max(...curve.map((p) => p.nats)).toPrecision(3)} nats, up to |alpha| = ${Math.max(...curve.map((p) => Math.abs(p.alpha))).toPrecision(3)}`,
    fix: 'Give a smaller dose, or one as a fraction of the residual norm, such as 0.3x.',
  })
}

/** KL that is infinite where activations overflow: larger than any dose. */
async function measured(...given: Parameters<typeof klOfAddition>): Promise<number> {
  try {
    return await klOfAddition(...given)
  } catch (error) {
    if (error instanceof PalimpsestError && error.code === 'activation-nan') return Number.POSITIVE_INFINITY
    throw error
  }
}

/** Sum over rows of KL(softmax(p) || softmax(q)), in nats. */
function klSum(p: Matrix, q: Matrix): number {
  let total = 0
  for (let t = 0; t < p.rows; t++) {
    const from = t * p.cols
    const zp = logNormaliser(p.data, from, p.cols)
    const zq = logNormaliser(q.data, from, p.cols)
    let kl = 0
    for (let j = from; j < from + p.cols; j++) {
      const logP = p.data[j]! - zp
      kl += Math.exp(logP) * (logP - (q.data[j]! - zq))
    }
    total += Math.max(0, kl)
  }
  return total
}

function logNormaliser(x: Float32Array, from: number, n: number): number {
  let top = Number.NEGATIVE_INFINITY
  for (let j = from; j < from + n; j++) if (x[j]! > top) top = x[j]!
  let sum = 0
  for (let j = from; j < from + n; j++) sum += Math.exp(x[j]! - top)
  return top + Math.log(sum)
}
