/**
 * Doses that mean the same in every model: an addition is scaled until it changes what the model predicts on
 * neutral text by a given KL divergence (nats a token). Coefficients of vectors say nothing across models; this
 * does. The signed dose of the method is sign(alpha) * sqrt(2 KL): linear in alpha near zero, as outcomes are.
 */

import type { Matrix } from '../core/matrix.ts'
import { pacer } from '../core/pace.ts'
import type { Architecture } from './architecture.ts'
import { hookLayer } from './hooks.ts'
import { add, type Intervention } from './interventions.ts'
import { type Item, type Model, PACK_TOKENS } from './model.ts'

/** An intervention, or several that belong together, such as one a layer. */
export type Change = Intervention | readonly Intervention[]

/** A change of some texts only. */
export function restricted(change: Change, rows: readonly number[]): Intervention[] {
  return [change].flat().map((c) => ({ ...c, rows }))
}

/** sign(amount) * sqrt(2 KL): the dose of a change that costs `nats`. */
export function doseOf(amount: number, nats: number): number {
  return Math.sign(amount) * Math.sqrt(2 * nats)
}

/**
 * Mean over the texts' tokens of KL(plain || changed), in nats, for each of many changes. A text runs plain and
 * under several changes in one pass: the same arithmetic, so that a change of nothing gives zero.
 *
 * @param changes interventions; their `rows` are set here
 * @returns one KL a change
 * @throws PalimpsestError as `Model.run`; `activation-nan` where a change makes activations overflow
 */
export async function klOfChanges(
  model: Model,
  texts: readonly Item[],
  changes: readonly Change[],
  signal?: AbortSignal,
): Promise<number[]> {
  const layer = sharedBlock(changes.flat(), model.architecture)
  const streams: Matrix[] = []
  if (layer !== undefined) {
    const site = `blocks.${layer}.hook_resid_post`
    await model.stream(texts, { hooks: [site], signal }, (result) => {
      const { data, ...shape } = result.get(site)
      streams[result.index] = { ...shape, data: data.slice() }
    })
  }
  const items: Item[] = []
  /** Which of the texts each item is. */
  const source: number[] = []
  const packs: number[][] = []
  /** The change of each item; -1 for the plain text that leads its pack. */
  const of: number[] = []
  const rows: number[][] = changes.map(() => [])
  for (const [t, text] of texts.entries()) {
    const together = Math.max(1, Math.floor(PACK_TOKENS / text.tokens.length) - 1)
    for (let first = 0; first < changes.length; first += together) {
      const pack: number[] = []
      const put = (change: number): void => {
        if (change >= 0) rows[change]!.push(items.length)
        pack.push(items.length)
        of.push(change)
        source.push(t)
        items.push(text)
      }
      put(-1)
      for (let c = first; c < Math.min(first + together, changes.length); c++) put(c)
      packs.push(pack)
    }
  }
  const sums = new Float64Array(changes.length)
  const pace = pacer(signal)
  let plain: LogProbabilities | undefined
  await model.stream(
    items,
    {
      logits: 'all',
      interventions: changes.flatMap((change, i) => restricted(change, rows[i]!)),
      ...(layer === undefined ? {} : { resume: { layer, values: (i: number) => streams[source[i]!]! } }),
      signal,
    },
    async (result) => {
      await pace()
      const change = of[result.index]!
      if (change < 0) plain = logProbabilities(result.logits!)
      else sums[change]! += klSum(plain!, result.logits!)
    },
    packs,
  )
  const tokens = texts.reduce((n, t) => n + t.tokens.length, 0)
  return Array.from(sums, (s) => s / tokens)
}

/** The block whose hook_resid_post all changes are at: what comes before it is the same for all. */
function sharedBlock(changes: readonly Intervention[], architecture: Architecture): number | undefined {
  const sites = new Set(changes.map((c) => c.site))
  const [site] = sites
  if (sites.size !== 1 || !/^blocks\.\d+\.hook_resid_post$/.test(site!)) return undefined
  const layer = hookLayer(site!, architecture)
  return layer < architecture.layers.length ? layer : undefined
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
  return (await klOfChanges(model, texts, [add({ site, vector, dose: alpha })], signal))[0]!
}

/** Log-probabilities of every row, and their probabilities. */
interface LogProbabilities {
  readonly log: Float64Array
  readonly p: Float64Array
}

function logProbabilities(logits: Matrix): LogProbabilities {
  const log = new Float64Array(logits.data.length)
  for (let t = 0; t < logits.rows; t++) {
    const from = t * logits.cols
    const z = logNormaliser(logits.data, from, logits.cols)
    for (let j = from; j < from + logits.cols; j++) log[j] = logits.data[j]! - z
  }
  return { log, p: log.map(Math.exp) }
}

/** Sum over rows of KL(p || softmax(q)), in nats. */
function klSum(plain: LogProbabilities, q: Matrix): number {
  let total = 0
  for (let t = 0; t < q.rows; t++) {
    const from = t * q.cols
    const zq = logNormaliser(q.data, from, q.cols)
    let kl = 0
    for (let j = from; j < from + q.cols; j++) kl += plain.p[j]! * (plain.log[j]! - (q.data[j]! - zq))
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
