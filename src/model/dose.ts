/**
 * Doses that mean the same in every model: an addition is scaled until it changes what the model predicts on
 * neutral text by a given KL divergence (nats a token). Coefficients of vectors say nothing across models; this
 * does. The signed dose of the method is sign(alpha) * sqrt(2 KL): linear in alpha near zero, as outcomes are.
 */

import { type Matrix, matrix } from '../core/matrix.ts'
import { pacer } from '../core/pace.ts'
import type { Architecture } from './architecture.ts'
import { hookLayer } from './hooks.ts'
import { add, type Intervention } from './interventions.ts'
import { planPacks } from './layout.ts'
import { logNormaliser } from './log-probabilities.ts'
import { type Item, type Model, PACK_TOKENS } from './model.ts'

/** KL of a row up to which its sum of exp is made in f64. */
const EXACT = 1e-4
/** Bytes that the probabilities of plain texts may take between measurements. */
const MOST_KEPT = 2 ** 26

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
 * Mean over the texts' tokens of KL(plain || changed), in nats, for each of many changes.
 *
 * @param changes interventions; their `rows` are set here
 * @returns one KL a change
 * @throws PalimpsestError as `Model.run`; `activation-nan` where a change makes activations overflow
 */
export function klOfChanges(
  model: Model,
  texts: readonly Item[],
  changes: readonly Change[],
  signal?: AbortSignal,
): Promise<number[]> {
  return new KlMeter(model, texts).of(changes, signal)
}

/**
 * The same as sums over each text's tokens, [changes][texts].
 *
 * @throws PalimpsestError as {@link klOfChanges}
 */
export function klByText(
  model: Model,
  texts: readonly Item[],
  changes: readonly Change[],
  signal?: AbortSignal,
): Promise<number[][]> {
  return new KlMeter(model, texts).byText(changes, signal)
}

/** Measures KLs on the same texts again and again: what is before and without a change is kept. */
export class KlMeter {
  readonly #model: Model
  readonly #texts: readonly Item[]
  /** Residual streams of the texts, by the block that they leave. */
  readonly #streams = new Map<number, Matrix[]>()
  readonly #plain = new Map<number, Plain>()

  constructor(model: Model, texts: readonly Item[]) {
    this.#model = model
    this.#texts = texts
  }

  /** As {@link klOfChanges}. */
  async of(changes: readonly Change[], signal?: AbortSignal): Promise<number[]> {
    const tokens = this.#texts.reduce((n, t) => n + t.tokens.length, 0)
    return Array.from((await this.#sums(changes, signal)).all, (s) => s / tokens)
  }

  /** As {@link klByText}. */
  async byText(changes: readonly Change[], signal?: AbortSignal): Promise<number[][]> {
    return (await this.#sums(changes, signal)).texts
  }

  /**
   * Sums of KL over tokens, of all texts and of each. A text runs plain and under several changes in one pass: the same arithmetic, so that a
   * change of nothing gives zero.
   */
  async #sums(
    changes: readonly Change[],
    signal?: AbortSignal,
  ): Promise<{ all: Float64Array; texts: number[][] }> {
    const model = this.#model
    const texts = this.#texts
    const layer = sharedBlock(changes.flat(), model.architecture)
    const streams = layer === undefined ? [] : await this.#streamsOf(layer, signal)
    const items: Item[] = []
    /** Which of the texts each item is. */
    const source: number[] = []
    const groups: number[][] = []
    /** The change of each item; -1 for the plain text that leads its group. */
    const of: number[] = []
    const rows: number[][] = changes.map(() => [])
    for (const [t, text] of texts.entries()) {
      const together = Math.max(1, Math.floor(PACK_TOKENS / text.tokens.length) - 1)
      for (let first = 0; first < changes.length; first += together) {
        const group: number[] = []
        const put = (change: number): void => {
          if (change >= 0) rows[change]!.push(items.length)
          group.push(items.length)
          of.push(change)
          source.push(t)
          items.push(text)
        }
        put(-1)
        for (let c = first; c < Math.min(first + together, changes.length); c++) put(c)
        groups.push(group)
      }
    }
    const sums = new Float64Array(changes.length)
    const byText = changes.map(() => texts.map(() => 0))
    const pace = pacer(signal)
    let plain: Plain | undefined
    await model.stream(
      items,
      {
        logits: 'all',
        normalisers: true,
        interventions: changes.flatMap((change, i) => restricted(change, rows[i]!)),
        ...(layer === undefined ? {} : { resume: { layer, values: (i: number) => streams[source[i]!]! } }),
        signal,
      },
      async (result) => {
        await pace()
        const change = of[result.index]!
        if (change < 0) plain = this.#plainOf(source[result.index]!, result.logits!)
        else {
          const kl = klSum(plain!, result.logits!, result.normalisers!)
          sums[change]! += kl
          byText[change]![source[result.index]!]! += kl
        }
      },
      planPacks(
        groups.map((group) => group.reduce((n, i) => n + items[i]!.tokens.length, 0)),
        PACK_TOKENS,
      ).map((pack) => pack.flatMap((g) => groups[g]!)),
    )
    return { all: sums, texts: byText }
  }

  async #streamsOf(layer: number, signal: AbortSignal | undefined): Promise<Matrix[]> {
    const known = this.#streams.get(layer)
    if (known !== undefined) return known
    const site = `blocks.${layer}.hook_resid_post`
    const streams: Matrix[] = []
    await this.#model.stream(this.#texts, { hooks: [site], signal }, (result) => {
      const { data, ...shape } = result.get(site)
      streams[result.index] = { ...shape, data: data.slice() }
    })
    this.#streams.set(layer, streams)
    return streams
  }

  /** The rows of text t, worked out anew only where a pass of another shape has moved a digit of its logits. */
  #plainOf(t: number, logits: Matrix): Plain {
    const known = this.#plain.get(t)
    if (known?.logits.data.every((v, i) => v === logits.data[i])) return known
    const plain = plainRows(logits)
    if ((this.#plain.size + 1) * plain.p.byteLength <= MOST_KEPT) this.#plain.set(t, plain)
    return plain
  }
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

/** Rows of logits of a text that nothing changes. */
interface Plain {
  readonly logits: Matrix
  readonly normalisers: Float64Array
  readonly p: Float64Array
  /** Sum of p by row: 1 but for rounding. */
  readonly sums: Float64Array
}

function plainRows({ data, rows, cols }: Matrix): Plain {
  const logits = matrix(rows, cols, data.slice())
  const normalisers = new Float64Array(rows)
  const sums = new Float64Array(rows)
  const p = new Float64Array(data.length)
  for (let t = 0; t < rows; t++) {
    const z = logNormaliser(data, t * cols, cols)
    normalisers[t] = z
    for (let j = t * cols; j < (t + 1) * cols; j++) {
      p[j] = Math.exp(data[j]! - z)
      sums[t]! += p[j]!
    }
  }
  return { logits, normalisers, p, sums }
}

/**
 * Sum over rows of KL(p || softmax(q)) = sum p (x - x') + z' - z, in nats, of logits x and x' with the logs z and z'
 * of their sums. The graph gives z' to seven digits; rows that hardly change need all of them.
 */
function klSum({ logits, normalisers, p, sums }: Plain, q: Matrix, found: Float64Array): number {
  const [x, y] = [logits.data, q.data]
  let total = 0
  for (let t = 0; t < q.rows; t++) {
    const from = t * q.cols
    let moved = 0
    for (let j = from; j < from + q.cols; j++) moved += p[j]! * (x[j]! - y[j]!)
    const kl = (z: number): number => moved + (z - normalisers[t]!) * sums[t]!
    const quick = kl(found[t]!)
    total += quick > EXACT ? quick : Math.max(0, kl(logNormaliser(y, from, q.cols)))
  }
  return total
}
