/**
 * Activations of one model, or of both of a pair over the same tokens, streamed in shuffled batches. Texts go
 * through in an order of their own for every round; a buffer of activations is filled, shuffled and dealt out, so
 * that neighbours in a text do not share a batch. What BOS, special and template tokens and attention sinks give
 * is left out, in both models where it is a sink in either.
 */

import { refuse } from '../../core/errors.ts'
import { type Matrix, row } from '../../core/matrix.ts'
import { stream } from '../../core/random.ts'
import type { ItemResult } from '../../model/item-result.ts'
import { type Model, PACK_TOKENS } from '../../model/model.ts'
import { findSinks, usedTokens } from '../../model/pooling.ts'
import { planSharedPacks } from '../../model/shared-prefixes.ts'
import type { TestText } from '../selftest.ts'

/** Tokens run through the models at a time. */
const SLICE_TOKENS = 4096

export interface ActivationSettings {
  readonly models: readonly Model[]
  readonly texts: readonly TestText[]
  readonly site: string
  readonly width: number
  /** Rows of a batch. */
  readonly batch: number
  /** Batches of a buffer. */
  readonly batches: number
  readonly seed: number
}

/** Where a stream of activations is: enough to go on from there to the bit. */
export interface ActivationState {
  /** Texts taken so far, rounds counted through. */
  text: number
  /** Buffers dealt out so far. */
  fills: number
  /** Rows left over from the last buffer, [n, d]. */
  carry: Float32Array
}

/** Shuffled batches of activations without end, in an order that the seed and `state` decide. */
export class ActivationStream {
  readonly state: ActivationState = { text: 0, fills: 0, carry: new Float32Array(0) }
  readonly #settings: ActivationSettings
  #order: Int32Array = new Int32Array(0)
  #round = -1

  constructor(settings: ActivationSettings) {
    this.#settings = settings
  }

  /**
   * The activations of the next buffer, shuffled, in whole batches [B, d] one after the other.
   *
   * @param onRows told after each slice how many rows of the buffer are there
   * @throws PalimpsestError `text-no-content`, `interrupted`, and as the models
   */
  async next(signal?: AbortSignal, onRows?: (rows: number) => void): Promise<Float32Array> {
    const { width, batch, batches, seed } = this.#settings
    const wanted = batch * batches * width
    const rows: Float32Array[] = []
    for (let i = 0; i < this.state.carry.length; i += width)
      rows.push(this.state.carry.subarray(i, i + width))
    const before = this.state.text
    while (rows.length * width < wanted) {
      await this.#slice(rows, signal)
      onRows?.(Math.min(rows.length, batch * batches))
      if (rows.length === 0 && this.state.text - before >= this.#settings.texts.length)
        throw refuse('text-no-content', 'None of the texts has a token that can be used.', {
          where: `${this.#settings.texts.length} texts`,
          expected: 'content tokens that are no attention sinks',
          found: 'none',
          fix: 'Give longer texts.',
        })
    }
    stream(seed, 'sae/shuffle', this.state.fills++).shuffle(rows)
    const out = new Float32Array(wanted)
    for (let i = 0; i < wanted / width; i++) out.set(rows[i]!, i * width)
    const rest = rows.slice(wanted / width)
    this.state.carry = new Float32Array(rest.length * width)
    rest.forEach((r, i) => {
      this.state.carry.set(r, i * width)
    })
    return out
  }

  /** Runs some texts through every model and adds their rows. */
  async #slice(rows: Float32Array[], signal: AbortSignal | undefined): Promise<void> {
    const { models, texts, site } = this.#settings
    const slice: TestText[] = []
    for (let tokens = 0; tokens < SLICE_TOKENS && slice.length < texts.length; this.state.text++) {
      const text = this.#text(this.state.text)
      slice.push(text)
      tokens += text.tokens.length
    }
    const found: Matrix[][] = slice.map(() => [])
    const packs = planSharedPacks(
      slice.map((t) => t.tokens),
      PACK_TOKENS,
    )
    const keep = (result: ItemResult): void => {
      const x = result.get(site)
      found[result.index]!.push({ ...x, data: x.data.slice() })
    }
    for (const model of models) await model.stream(slice, { hooks: [site], signal }, keep, packs)
    slice.forEach(({ content }, i) => {
      // A text that is nothing but sinks gives nothing: here there is no mean to keep from being empty.
      const sinks = findSinks(found[i]!, content)
      const used = usedTokens(content, sinks)
      if (sinks.length > 0 && used[sinks[0]!] === 1) return
      for (const x of found[i]!) for (let t = 0; t < x.rows; t++) if (used[t] === 1) rows.push(row(x, t))
    })
  }

  #text(index: number): TestText {
    const { texts, seed } = this.#settings
    const round = Math.floor(index / texts.length)
    if (round !== this.#round) {
      this.#order = stream(seed, 'sae/order', round).shuffle(Int32Array.from(texts, (_, i) => i))
      this.#round = round
    }
    return texts[this.#order[index % texts.length]!]!
  }
}
