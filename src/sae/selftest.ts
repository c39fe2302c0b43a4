/**
 * Does a dictionary fit a model? Run on a few texts before anything is claimed from its features: nearly every
 * mistake of reading a format (a forgotten scale, a wrong layer, a bias subtracted or not) shows here.
 */

import { refuse } from '../core/errors.ts'
import { type Matrix, matrix, rowsWhere } from '../core/matrix.ts'
import { hookWidth, matchHooks } from '../model/hooks.ts'
import { logProbability } from '../model/log-probabilities.ts'
import type { Model } from '../model/model.ts'
import { findSinks, usedTokens } from '../model/pooling.ts'
import type { Encoder } from './encode.ts'
import { firingCounts, VarianceUnexplained } from './features.ts'
import { siteOf, splice } from './interventions.ts'

/** A text as tokens; `content` is 1 for those that are its own: no BOS, special or template tokens. */
export interface TestText {
  readonly id: string
  readonly tokens: readonly number[]
  readonly content: Uint8Array
}

/** A bound that a measured value is held against; the fields are those of results.json. */
export interface Gate {
  readonly name: string
  readonly passed: boolean
  readonly value: number | null
  readonly threshold: number
  readonly note?: string
}

export interface DictionaryTest {
  readonly site: string
  /** Tokens looked at: content without attention sinks. */
  readonly tokens: number
  /** Mean number of active latents per token, and what the dictionary's makers aimed at. */
  readonly l0: number
  readonly nominalL0: number | undefined
  /** Fraction of variance unexplained: sum |x - y|² / sum |x - mean x|². */
  readonly fvu: number
  /** Mean cross-entropy of the next token in nats, at those tokens: as it is, and with the dictionary spliced in. */
  readonly crossEntropy: number
  readonly crossEntropySpliced: number
  /** Latents that never fired. They may be called dead only after a million tokens. */
  readonly silent: number
  readonly silentAre: 'dead' | 'not seen'
  readonly gates: readonly Gate[]
  /** What the means are made of, text by text. */
  readonly texts: readonly TextSums[]
}

/** Sums over the tokens of a text that were looked at. */
export interface TextSums {
  readonly tokens: number
  readonly active: number
  /** Of |x - y|², and of |x - mean x|² around the mean of all texts. */
  readonly error: number
  readonly deviation: number
  /** Tokens whose next one was predicted, and its cross-entropy, as it is and with the dictionary spliced in. */
  readonly predicted: number
  readonly loss: number
  readonly lossSpliced: number
}

/** The gates of method.md, Claim 3. */
export const DICTIONARY_GATES = {
  tokens: 1000,
  fvu: 0.7,
  /** FVU in the aligned model over that in the base model. */
  fvuRatio: 2,
  /** An FVU in the aligned model that needs no comparison. */
  fvuGood: 0.2,
  /** L0 over or under its nominal value. */
  l0Factor: 3,
} as const
const DEAD_NEEDS = 1_000_000
/** Tokens encoded at a time. */
const BATCH = 1024

/**
 * Runs the self-test.
 *
 * @param site default: the one that the dictionary was made for
 * @throws PalimpsestError `dictionary-model` when the model has no such site or it has another width;
 *   `dictionary-site`, `dictionary-transcoder`, `interrupted`
 */
export async function testDictionary(
  model: Model,
  encoder: Encoder,
  texts: readonly TestText[],
  options: { site?: string | undefined; signal?: AbortSignal | undefined } = {},
): Promise<DictionaryTest> {
  const { placed } = encoder
  const { dictionary } = placed
  const site = siteOf(dictionary, options.site)
  checkFit(model, dictionary.width, site, dictionary.path)
  const patched = splice({ placed, site, applies: (text, position) => used[text]![position] === 1 })
  const residuals = matchHooks(['blocks.*.hook_resid_post'], model.architecture)
  const { signal } = options

  const used: Uint8Array[] = []
  const unexplained = new VarianceUnexplained(dictionary.width)
  const fired = new Float64Array(dictionary.latents)
  let active = 0
  // Short texts are encoded together: a large dictionary is gone through once for all of them.
  const waiting: { text: number; x: Matrix }[] = []
  const parts = texts.map(() => new TextParts(dictionary.width))
  const settle = async (): Promise<void> => {
    const own = waiting.splice(0)
    const x = stacked(
      own.map((w) => w.x),
      dictionary.width,
    )
    const features = await encoder.encode(x, { signal })
    const y = await encoder.decode(features, x, { signal })
    unexplained.add(x, y)
    let from = 0
    for (const w of own) {
      parts[w.text]!.add(x, y, features.starts, from, from + w.x.rows)
      from += w.x.rows
    }
    active += features.indices.length
    firingCounts(features).forEach((count, j) => {
      fired[j]! += count
    })
  }
  const before = new Losses()
  await model.stream(texts, { hooks: [site, ...residuals], logits: 'all', signal }, async (result) => {
    const { content, tokens } = texts[result.index]!
    const layers = residuals.map((hook) => result.get(hook))
    used[result.index] = usedTokens(content, findSinks(layers, content))
    const x = rowsWhere(result.get(site), used[result.index]!)
    before.add(result.index, result.logits!, tokens, used[result.index]!)
    waiting.push({ text: result.index, x })
    if (waiting.reduce((n, w) => n + w.x.rows, 0) >= BATCH) await settle()
  })
  await settle()
  const after = new Losses()
  await model.stream(texts, { logits: 'all', interventions: [patched], signal }, (result) =>
    after.add(result.index, result.logits!, texts[result.index]!.tokens, used[result.index]!),
  )
  const tokens = unexplained.rows
  const l0 = active / tokens
  const fvu = unexplained.value
  return {
    site,
    tokens,
    l0,
    nominalL0: dictionary.nominalL0,
    fvu,
    crossEntropy: before.mean,
    crossEntropySpliced: after.mean,
    silent: fired.reduce((n, count) => n + (count === 0 ? 1 : 0), 0),
    silentAre: tokens >= DEAD_NEEDS ? 'dead' : 'not seen',
    gates: gatesOf(tokens, fvu, l0, dictionary.nominalL0),
    texts: parts.map((part, i) => ({
      ...part.around(unexplained.mean),
      predicted: before.of(i).n,
      loss: before.of(i).sum,
      lossSpliced: after.of(i).sum,
    })),
  }
}

function gatesOf(tokens: number, fvu: number, l0: number, nominal: number | undefined): Gate[] {
  const g = DICTIONARY_GATES
  const gates: Gate[] = [
    { name: 'dictionary tokens', passed: tokens >= g.tokens, value: tokens, threshold: g.tokens },
    {
      name: 'dictionary FVU',
      passed: fvu <= g.fvu,
      value: Number.isFinite(fvu) ? fvu : null,
      threshold: g.fvu,
    },
  ]
  if (nominal !== undefined) {
    const factor = l0 > nominal ? l0 / nominal : nominal / l0
    gates.push({
      name: 'dictionary L0 over or under nominal',
      passed: factor <= g.l0Factor,
      value: Number.isFinite(factor) ? factor : null,
      threshold: g.l0Factor,
      note: `L0 ${l0.toPrecision(4)}, nominal ${nominal}`,
    })
  }
  return gates
}

/**
 * The gate of a pair: the dictionary may fit the aligned model at most twice as badly as the base model. Where it
 * still leaves only a fifth of the aligned model's variance unexplained it passes by itself: the better it fits base,
 * the less a ratio of two small numbers says.
 */
export function pairGate(base: DictionaryTest, aligned: DictionaryTest): Gate {
  const most = Math.max(DICTIONARY_GATES.fvuRatio * base.fvu, DICTIONARY_GATES.fvuGood)
  return {
    name: 'dictionary FVU in aligned, against twice that in base',
    passed: aligned.fvu <= most,
    value: Number.isFinite(aligned.fvu) ? aligned.fvu : null,
    threshold: most,
    ...(most === DICTIONARY_GATES.fvuGood
      ? { note: `an FVU of ${most} is good enough by itself; in base it is ${base.fvu.toPrecision(3)}` }
      : {}),
  }
}

function checkFit(model: Model, width: number, site: string, path: string): void {
  const [hook, ...more] = matchHooks([site], model.architecture)
  const found = hookWidth(hook!, model.architecture)
  if (more.length > 0 || found !== width)
    throw refuse('dictionary-model', 'The dictionary does not fit the model at this hook point.', {
      where: `${path} at ${site} of ${model.path}`,
      expected: `one hook point of width ${width}`,
      found: more.length > 0 ? `${more.length + 1} hook points` : `width ${found}`,
      fix: 'Use the model (and layer) that the dictionary was made for: `palimpsest inspect` names them.',
    })
}

function stacked(parts: readonly Matrix[], cols: number): Matrix {
  const out = matrix(
    parts.reduce((n, m) => n + m.rows, 0),
    cols,
  )
  let at = 0
  for (const part of parts) {
    out.data.set(part.data, at)
    at += part.data.length
  }
  return out
}

/** What the rows of one text add up to. */
class TextParts {
  #tokens = 0
  #active = 0
  #error = 0
  #squares = 0
  readonly #sum: Float64Array

  constructor(width: number) {
    this.#sum = new Float64Array(width)
  }

  /** @param starts where each row's active latents start */
  add(x: Matrix, y: Matrix, starts: ArrayLike<number>, from: number, to: number): void {
    this.#tokens += to - from
    this.#active += starts[to]! - starts[from]!
    for (let i = from * x.cols; i < to * x.cols; i++) {
      const v = x.data[i]!
      this.#sum[i % x.cols]! += v
      this.#squares += v * v
      this.#error += (v - y.data[i]!) ** 2
    }
  }

  around(mean: Float64Array): Pick<TextSums, 'tokens' | 'active' | 'error' | 'deviation'> {
    let deviation = this.#squares
    for (let j = 0; j < mean.length; j++)
      deviation += mean[j]! * (this.#tokens * mean[j]! - 2 * this.#sum[j]!)
    return { tokens: this.#tokens, active: this.#active, error: this.#error, deviation }
  }
}

/** Mean cross-entropy of the next token after the tokens used, and sums by text. */
class Losses {
  #sum = 0
  #n = 0
  readonly #texts = new Map<number, { sum: number; n: number }>()

  add(text: number, logits: Matrix, tokens: readonly number[], used: Uint8Array): void {
    const own = { sum: 0, n: 0 }
    this.#texts.set(text, own)
    for (let t = 0; t + 1 < tokens.length; t++) {
      if (used[t] === 0) continue
      const log = logProbability(logits.data.subarray(t * logits.cols, (t + 1) * logits.cols), tokens[t + 1]!)
      this.#sum -= log
      this.#n++
      own.sum -= log
      own.n++
    }
  }

  of(text: number): { readonly sum: number; readonly n: number } {
    return this.#texts.get(text) ?? { sum: 0, n: 0 }
  }

  get mean(): number {
    return this.#sum / this.#n
  }
}
