/**
 * Text from a model: many sequences at once over one cache, greedy or sampled, with interventions on prompt
 * or generated positions. Prompts are computed packed, without padding, and what equal ones share only once; then
 * each step computes one token of every sequence.
 */

import { refuse } from '../core/errors.ts'
import { pacer, throwIfStopped } from '../core/pace.ts'
import { GraphAllocator } from '../ggml/graph.ts'
import { Cache } from './cache.ts'
import type { Compiler, TokenRoles } from './compile.ts'
import { buildPass, type Pass, type PassOptions } from './forward.ts'
import type { Intervention } from './interventions.ts'
import { checkLengths, layOut, planPacks } from './layout.ts'
import { type Item, type Model, PACK_TOKENS, type PassResults } from './model.ts'
import type { Receipt } from './receipts.ts'
import { bestToken, samplingNumbers } from './sample.ts'
import { equalPrompts, sharedDepth } from './shared-prompts.ts'
import { joined, promptRoles } from './text-pass.ts'

/** Sequences that are decoded together by default. */
export const BATCH = 16

export interface GenerateOptions {
  /** Most tokens to generate for each prompt. Default 64. */
  readonly maxTokens?: number
  /** 0 (default): greedy. */
  readonly temperature?: number
  /** Seed of the draws; each is keyed by the prompt's id and the position. Default 1. */
  readonly seed?: number
  readonly interventions?: readonly Intervention[]
  /** Sequences decoded together. Default 16. */
  readonly batch?: number
  readonly signal?: AbortSignal | undefined
  /**
   * Prompts that are done already, whole batches of them: they are left out, and everything else is as if they
   * were not (relative doses are measured on all prompts). Default 0.
   */
  readonly skip?: number
  /** Called when a prompt's text is complete. */
  readonly onText?: (text: Generated) => void | Promise<void>
}

export interface Generated {
  readonly id: string
  readonly text: string
  /** Generated ids, the end token included. */
  readonly tokens: readonly number[]
  readonly stop: 'eos' | 'length'
  /** What the interventions did to this text. */
  readonly receipts: readonly Receipt[]
}

/**
 * Continues prompts.
 *
 * @param prompts texts, token lists or items
 * @returns the texts in the order of the prompts, and the receipts of the interventions over all of them
 * @throws PalimpsestError `text-empty`, `text-too-long` (prompt and `maxTokens` exceed the context),
 *   `generate-option`, `interrupted`, and as `Model.run`
 * @example (await generate(model, ['Once upon a time'], { maxTokens: 20 })).texts[0]!.text
 */
export async function generate(
  model: Model,
  prompts: readonly (string | Item | readonly number[])[],
  options: GenerateOptions = {},
): Promise<{ texts: Generated[]; receipts: Receipt[] }> {
  checkOptions(options)
  const items = model.items(prompts)
  const maxTokens = options.maxTokens ?? 64
  checkLengths(
    items.map(({ id, tokens }) => ({ id, length: tokens.length + maxTokens })),
    model.architecture.context,
  )
  const compiler = await model.compiler(items, options.interventions ?? [], options.signal, true)
  const texts: Generated[] = []
  const batch = options.batch ?? BATCH
  const skip = options.skip ?? 0
  if (skip % batch !== 0 && skip < items.length) throw wrongOption('skip', `whole batches of ${batch}`, skip)
  using memory = new StepMemory(model)
  for (let first = skip; first < items.length; first += batch) {
    using wave = new Wave(
      model,
      items.slice(first, first + batch),
      first,
      maxTokens,
      options,
      compiler,
      memory,
    )
    texts.push(...(await wave.run()))
  }
  // What never fired in the rest may have fired in the part that is done.
  return { texts, receipts: (skip > 0 ? compiler?.receipts : compiler?.finish()) ?? [] }
}

function checkOptions(options: GenerateOptions): void {
  const { maxTokens = 1, batch = 1, temperature = 0 } = options
  if (!Number.isSafeInteger(maxTokens) || maxTokens < 1)
    throw wrongOption('maxTokens', 'a positive integer', maxTokens)
  if (!Number.isSafeInteger(batch) || batch < 1) throw wrongOption('batch', 'a positive integer', batch)
  if (!Number.isFinite(temperature) || temperature < 0)
    throw wrongOption('temperature', 'a number of at least 0', temperature)
}

function wrongOption(name: string, expected: string, found: number): Error {
  return refuse('generate-option', `${name} is out of range.`, {
    expected,
    found: `${found}`,
    fix: `Give ${name} such a value, or leave it out.`,
  })
}

/** What waves one after the other compute their steps in; to get it anew costs as much as a step. */
class StepMemory implements Disposable {
  readonly #model: Model
  #cache: Cache | undefined
  /** Of the steps' graphs, which are computed many times while others may use the model. */
  readonly allocator: GraphAllocator

  constructor(model: Model) {
    this.#model = model
    this.allocator = new GraphAllocator(model.backend)
  }

  /** For so many sequences of up to `slots` tokens, until the next call. */
  cache(sequences: number, slots: number): Cache {
    if (this.#cache?.fits(sequences, slots) !== true) {
      this.#cache?.[Symbol.dispose]()
      this.#cache = undefined
      this.#cache = new Cache(this.#model, sequences, slots)
    }
    return this.#cache!
  }

  [Symbol.dispose](): void {
    this.allocator[Symbol.dispose]()
    this.#cache?.[Symbol.dispose]()
  }
}

/** The sequences that share a cache. */
class Wave implements Disposable {
  readonly #model: Model
  readonly #items: readonly Item[]
  /** Index of the first item among all prompts: interventions name texts by that. */
  readonly #first: number
  readonly #maxTokens: number
  readonly #options: GenerateOptions
  readonly #compiler: Compiler | undefined
  readonly #cache: Cache
  readonly #generated: number[][]
  readonly #finished: ('eos' | 'length' | undefined)[]
  /** The token each sequence continues with, and its position. */
  readonly #tokens: Int32Array
  readonly #positions: Int32Array
  readonly #ends: ReadonlySet<number>
  /** What tokens are drawn from; undefined: greedy. */
  readonly #sample: PassOptions['sample']
  /** Ids that the tokenizer knows: padding rows of the embedding are never chosen. */
  readonly #usable: number
  readonly #pace: () => Promise<void> | undefined
  readonly #allocator: GraphAllocator
  /** The number that decides a token of each sequence, by how many it has. */
  readonly #numbers: readonly ((step: number) => number)[]
  #step: { pass: Pass; options: PassOptions; keys: number; refresh: () => void } | undefined

  constructor(
    model: Model,
    items: readonly Item[],
    first: number,
    maxTokens: number,
    options: GenerateOptions,
    compiler: Compiler | undefined,
    memory: StepMemory,
  ) {
    this.#model = model
    this.#items = items
    this.#first = first
    this.#maxTokens = maxTokens
    this.#options = options
    this.#compiler = compiler
    const longest = items.reduce((n, item) => Math.max(n, item.tokens.length), 0)
    this.#cache = memory.cache(items.length, longest + maxTokens)
    this.#allocator = memory.allocator
    this.#generated = items.map(() => [])
    this.#finished = items.map(() => undefined)
    this.#tokens = new Int32Array(items.length)
    this.#positions = Int32Array.from(items, (item) => item.tokens.length)
    this.#ends = new Set(model.eosIds)
    this.#usable = Math.min(model.tokenizer.size, model.architecture.vocabulary)
    const { temperature = 0, seed = 1 } = options
    this.#numbers = items.map(({ id }) => samplingNumbers(seed, id))
    this.#sample = temperature === 0 ? undefined : { temperature, ids: this.#usable }
    this.#pace = pacer(options.signal)
  }

  async run(): Promise<Generated[]> {
    await this.#prefill()
    while (this.#finished.includes(undefined)) {
      throwIfStopped(this.#options.signal)
      await this.#decode()
    }
    return this.#items.map((item, i) => this.#result(item, i))
  }

  async #prefill(): Promise<void> {
    const plan = planPacks(
      this.#items.map((item) => item.tokens.length),
      PACK_TOKENS,
    )
    const shared = await this.#share()
    for (const pack of plan) {
      const layout = layOut(pack.map((i) => this.#items[i]!))
      const rows = pack.map((i) => this.#first + i)
      const lastRows = layout.starts.map((start, s) => start + layout.lengths[s]! - 1)
      const options: PassOptions = {
        tokens: layout.tokens,
        positions: layout.positions,
        attention: this.#cache.writeAttention(layout, (segment) => [pack[segment]!]),
        logitRows: lastRows,
        sample: this.#sample,
        resume: shared && {
          layer: shared.layer,
          values: joined(pack.map((i) => shared.streams[i]!)),
        },
        allBlocks: true,
        changes: this.#compiler?.forPass(promptRoles(layout, rows)),
      }
      const chosen = await this.#model.alone(async () => {
        using pass = buildPass(this.#model, options)
        return await this.#choose(
          await this.#compute(pass, options, this.#model.allocator, this.#compiler),
          pack,
        )
      })
      for (const [p, i] of pack.entries()) await this.#advance(i, chosen[p]!)
    }
  }

  /**
   * Computes what equal prompts have in common, writes it to the cache of each, and returns their residual streams
   * behind the last block that they share; undefined where no two are equal, or nothing is shared.
   */
  async #share(): Promise<{ layer: number; streams: readonly Float32Array[] } | undefined> {
    const { architecture } = this.#model
    const groups = equalPrompts(this.#items)
    const layer = sharedDepth(this.#options.interventions ?? [], architecture)
    if (layer < 0 || groups.length === this.#items.length) return undefined
    const site = `blocks.${layer}.hook_resid_post`
    const streams: Float32Array[] = []
    const lengths = groups.map(([first]) => this.#items[first!]!.tokens.length)
    for (const pack of planPacks(lengths, PACK_TOKENS)) {
      const layout = layOut(pack.map((g) => this.#items[groups[g]![0]!]!))
      const options: PassOptions = {
        tokens: layout.tokens,
        positions: layout.positions,
        attention: this.#cache.writeAttention(layout, (segment) => groups[pack[segment]!]!),
        read: new Set([site]),
      }
      const read = await this.#model.alone(async () => {
        using pass = buildPass(this.#model, options)
        return (await this.#compute(pass, options, this.#model.allocator, undefined)).reads.get(site)!
      })
      for (const [p, g] of pack.entries()) {
        const from = layout.starts[p]! * architecture.width
        const own = read.subarray(from, from + layout.lengths[p]! * architecture.width)
        for (const i of groups[g]!) streams[i] = own
      }
    }
    return { layer, streams }
  }

  async #decode(): Promise<void> {
    const model = this.#model
    const reach = this.#cache.reach(Math.max(...this.#positions))
    const going = [...this.#items.keys()].filter((i) => this.#finished[i] === undefined)
    const chosen = await model.alone(async () => {
      if (this.#step === undefined || this.#step.keys !== reach) {
        await model.prepareSteps(this.#items.length, this.#options.signal)
        this.#buildStep(reach)
      }
      const { pass, options, refresh } = this.#step!
      refresh()
      this.#compiler?.refresh()
      return await this.#choose(
        await this.#compute(pass, options, this.#allocator, this.#compiler),
        going,
        going,
      )
    })
    // A finished sequence stays where it is: it recomputes its last slot, which nothing reads.
    for (const [g, i] of going.entries()) {
      this.#positions[i]!++
      await this.#advance(i, chosen[g]!)
    }
  }

  #buildStep(reach: number): void {
    this.#step?.pass[Symbol.dispose]()
    const attention = this.#cache.stepAttention(this.#positions, reach)
    attention.refresh()
    const options: PassOptions = {
      tokens: this.#tokens,
      positions: this.#positions,
      attention: attention.make,
      logitRows: Int32Array.from(this.#items, (_, i) => i),
      sample: this.#sample,
      changes: this.#compiler?.forPass(this.#generatedRoles()),
      step: true,
    }
    this.#step = {
      pass: buildPass(this.#model, options),
      options,
      keys: reach,
      refresh: attention.refresh,
    }
  }

  #compute(
    pass: Pass,
    options: PassOptions,
    allocator: GraphAllocator,
    compiler: Compiler | undefined,
  ): Promise<PassResults> {
    return this.#model.computePass(pass, options, allocator, compiler, this.#options.signal)
  }

  /** The next tokens of sequences, each by its row of what a pass gave; default: rows in their order. */
  async #choose(
    { logits, draws }: PassResults,
    sequences: readonly number[],
    rows: readonly number[] = [...sequences.keys()],
  ): Promise<number[]> {
    const v = this.#model.architecture.vocabulary
    const chosen: number[] = []
    for (const [n, i] of sequences.entries()) {
      await this.#pace()
      const row = rows[n]!
      chosen.push(
        draws === undefined
          ? bestToken(logits!.subarray(row * v, (row + 1) * v), this.#usable)
          : draws.token(row, this.#numbers[i]!(this.#generated[i]!.length)),
      )
    }
    return chosen
  }

  /** Gives sequence i its next token, and ends it where it must end. */
  async #advance(i: number, token: number): Promise<void> {
    const generated = this.#generated[i]!
    generated.push(token)
    this.#tokens[i] = token
    if (this.#ends.has(token)) this.#finished[i] = 'eos'
    else if (generated.length >= this.#maxTokens) this.#finished[i] = 'length'
    if (this.#finished[i] !== undefined) await this.#options.onText?.(this.#result(this.#items[i]!, i))
  }

  #result(item: Item, i: number): Generated {
    const tokens = this.#generated[i]!
    return {
      id: item.id,
      text: this.#model.tokenizer.decode(tokens, { skipSpecialTokens: true }),
      tokens,
      stop: this.#finished[i]!,
      receipts: this.#compiler?.receiptsOf(this.#first + i) ?? [],
    }
  }

  /** One generated token of each sequence; finished ones are not touched. */
  #generatedRoles(): TokenRoles {
    return {
      count: this.#items.length,
      row: (i) => this.#first + i,
      position: (i) => this.#positions[i]!,
      at: (i, positions) =>
        this.#finished[i] === undefined && (positions === 'all' || positions === 'generated'),
    }
  }

  [Symbol.dispose](): void {
    this.#step?.pass[Symbol.dispose]()
  }
}
