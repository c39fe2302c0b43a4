/**
 * A loaded model: run texts through it, read its hook points, intervene. Texts are packed into passes
 * without padding; results go to a callback pack by pack, so that memory does not grow with their number.
 */

import { PalimpsestError, refuse } from '../core/errors.ts'
import type { Matrix } from '../core/matrix.ts'
import type { ChatTemplate } from '../formats/chat-template.ts'
import type { Checkpoint } from '../formats/checkpoint.ts'
import { checkTokens, refuseDoubledBos, type Tokenizer } from '../formats/tokenizer.ts'
import type { Backend } from '../ggml/backend.ts'
import { GraphAllocator, type RopePairs } from '../ggml/graph.ts'
import { elements, type Tensor } from '../ggml/tensor.ts'
import type { Architecture } from './architecture.ts'
import { packedAttention } from './cache.ts'
import { Compiler, type TokenRoles } from './compile.ts'
import { explainNotFinite, findNotFinite } from './finite.ts'
import {
  buildPass,
  type ForwardModel,
  type Pass,
  type PassOptions,
  type Resumed,
  type Targets,
} from './forward.ts'
import { matchHooks } from './hooks.ts'
import { type Intervention, placeInterventions } from './interventions.ts'
import { type ItemResult, PassArrays } from './item-result.ts'
import { checkLengths, type Layout, planPacks } from './layout.ts'
import { logProbabilities } from './log-probabilities.ts'
import type { Adapter } from './lora.ts'
import { median, rowNorms } from './norms.ts'
import { packWeights, panelsPay, panelsServe } from './panels.ts'
import type { Receipt } from './receipts.ts'
import { ropesOf } from './ropes.ts'
import { Draws } from './sample.ts'
import { textPass } from './text-pass.ts'
import type { Weights } from './weights.ts'

/** Tokens in a pass: enough to amortise a pass, few enough that masks and results stay small. */
export const PACK_TOKENS = 512

/** A residual norm this many times the text's median marks an attention sink (method.md). */
export const SINK_RATIO = 10

/** A text as tokens. */
export interface Item {
  readonly id: string
  readonly tokens: readonly number[]
}

export interface RunOptions {
  /** Hook points to read: names or globs. */
  readonly hooks?: readonly string[]
  readonly interventions?: readonly Intervention[]
  /** Logits of every token, of the last one, or of none (default). */
  readonly logits?: 'all' | 'last' | 'none'
  /** Also the log of the sum of exp over each row of logits. */
  readonly normalisers?: boolean
  readonly signal?: AbortSignal | undefined
  /** Residual streams to start from instead of the texts: see {@link ResumeFrom}. */
  readonly resume?: ResumeFrom | undefined
  /** Called after each pass with the number of tokens done so far and in all. */
  readonly onProgress?: (done: number, total: number) => void
}

/**
 * Where texts have been run already up to a block, and only what is changed behind it differs: their residual
 * streams leaving that block, so that many arms cost the blocks behind it only.
 */
export interface ResumeFrom {
  readonly layer: number
  /** hook_resid_post of that block, [T, width], of a text by its index. */
  values(index: number): Matrix
}

export interface RunResult {
  readonly items: readonly Item[]
  /** The activation of a text at a hook point: [T, width]; patterns [heads * T, T]. */
  get(hook: string, item: number): Matrix
  /** [T, vocabulary] or, for `last`, [1, vocabulary]. */
  logits(item: number): Matrix
  readonly receipts: readonly Receipt[]
}

export interface ModelParts {
  readonly path: string
  readonly checkpoint: Checkpoint
  readonly architecture: Architecture
  readonly backend: Backend
  readonly weights: Weights
  readonly adapter: Adapter | undefined
  readonly tokenizer: Tokenizer
  readonly template: ChatTemplate | undefined
  readonly ropePairs: RopePairs
  readonly precision: 'native' | 'f32'
  readonly eosIds: readonly number[]
  readonly mix?: ForwardModel['mix']
  /** The weights never change, so that copies of them may be kept. Default false: they may be in training. */
  readonly fixed?: boolean
}

export class Model implements Disposable, AsyncDisposable, ForwardModel {
  readonly path: string
  readonly checkpoint: Checkpoint
  readonly architecture: Architecture
  readonly backend: Backend
  readonly weights: Weights
  readonly tokenizer: Tokenizer
  readonly template: ChatTemplate | undefined
  readonly ropePairs: RopePairs
  readonly ropes: ForwardModel['ropes']
  readonly precision: 'native' | 'f32'
  /** Tokens that end a generated text. */
  readonly eosIds: readonly number[]
  /** Shared by all passes of this model, which run one after the other. */
  readonly allocator: GraphAllocator
  readonly adapt: ForwardModel['adapt']
  readonly mix: ForwardModel['mix']
  readonly #adapter: Adapter | undefined
  #disposed = false
  #mayPack: boolean

  constructor(parts: ModelParts) {
    this.path = parts.path
    this.checkpoint = parts.checkpoint
    this.architecture = parts.architecture
    this.backend = parts.backend
    this.weights = parts.weights
    this.tokenizer = parts.tokenizer
    this.template = parts.template
    this.ropePairs = parts.ropePairs
    this.ropes = ropesOf(parts.architecture, parts.ropePairs, parts.weights.ropeFactors)
    this.precision = parts.precision
    this.eosIds = parts.eosIds
    this.allocator = new GraphAllocator(parts.backend)
    this.#adapter = parts.adapter
    this.adapt = parts.adapter?.adapt
    this.mix = parts.mix
    this.#mayPack = parts.fixed === true
  }

  /**
   * Texts as the model's tokenizer encodes them (with BOS where it adds one), checked; items pass as they are.
   *
   * @throws PalimpsestError `text-empty`, `text-too-long`, `doubled-bos`, `token-range`
   */
  items(texts: readonly (string | Item | readonly number[])[]): Item[] {
    const items = texts.map((text, i): Item => {
      if (typeof text === 'string') return { id: String(i), tokens: this.tokenizer.encode(text) }
      return 'tokens' in text ? text : { id: String(i), tokens: text }
    })
    checkLengths(
      items.map(({ id, tokens }) => ({ id, length: tokens.length })),
      this.architecture.context,
    )
    for (const { tokens } of items) {
      checkTokens(this.tokenizer, tokens, this.architecture.vocabulary)
      refuseDoubledBos(this.tokenizer, tokens)
    }
    return items
  }

  /**
   * Runs texts and keeps everything asked for in memory. For many texts use {@link stream}.
   *
   * @throws PalimpsestError as `items` and `placeInterventions`; `activation-nan`; `receipt`; `interrupted`
   * @example
   * const out = await model.run(['A text.'], { hooks: ['blocks.0.hook_resid_post'], logits: 'last' })
   * out.get('blocks.0.hook_resid_post', 0) // [T, d]
   */
  async run(
    texts: readonly (string | Item | readonly number[])[],
    options: RunOptions = {},
  ): Promise<RunResult> {
    const items = this.items(texts)
    const kept: Map<string, Matrix>[] = items.map(() => new Map())
    const logits: (Matrix | undefined)[] = []
    const hooks = matchHooks(options.hooks ?? [], this.architecture)
    const receipts = await this.stream(items, options, (result) => {
      for (const hook of hooks) kept[result.index]!.set(hook, copy(result.get(hook)))
      if (result.logits !== undefined) logits[result.index] = copy(result.logits)
    })
    const missing = (what: string): Error =>
      refuse('hook-unread', 'This was not asked for.', {
        expected: `${[...hooks, ...(options.logits === undefined ? [] : ['logits'])].join(', ') || 'nothing'}`,
        found: what,
        fix: 'Name it in `hooks` (or ask for `logits`) when you call run.',
      })
    return {
      items,
      receipts,
      get: (hook, item) => {
        const found = kept[item]?.get(hook)
        if (found === undefined) throw missing(`${hook} of text ${item}`)
        return found
      },
      logits: (item) => {
        const found = logits[item]
        if (found === undefined) throw missing(`logits of text ${item}`)
        return found
      },
    }
  }

  /**
   * Runs texts pack by pack and hands each text's activations to `onItem`, in order. What texts of a pack have in
   * common at their beginning is computed once (text-pass.ts says when).
   *
   * @param packs which texts go into which pass; default: `planPacks` over all of them
   * @returns the receipts of the interventions
   * @throws PalimpsestError as {@link run}
   */
  async stream(
    texts: readonly (string | Item | readonly number[])[],
    options: RunOptions,
    onItem: (result: ItemResult) => void | Promise<void>,
    packs?: readonly (readonly number[])[],
  ): Promise<Receipt[]> {
    const items = this.items(texts)
    const plan =
      packs ??
      planPacks(
        items.map((i) => i.tokens.length),
        PACK_TOKENS,
      )
    const hooks = matchHooks(options.hooks ?? [], this.architecture)
    const compiler = await this.compiler(items, options.interventions ?? [], options.signal)
    const tokensOf = (pack: readonly number[]): number =>
      pack.reduce((n, i) => n + items[i]!.tokens.length, 0)
    const total = tokensOf(plan.flat())
    await this.preparePasses(total, options.signal)
    const arrays = new PassArrays()
    let done = 0
    for (const pack of plan) {
      const pass = textPass(this.architecture, items, pack, hooks, options, compiler)
      const results = await this.pass(pass.layout, { ...pass.request, arrays, signal: options.signal })
      for (const p of pack.keys()) await onItem(pass.resultOf(p, results))
      done += tokensOf(pack)
      options.onProgress?.(done, total)
    }
    return compiler?.finish() ?? []
  }

  /** Interventions placed on this model; relative doses are measured on the given texts, sinks left out. */
  async compiler(
    items: readonly Item[],
    interventions: readonly Intervention[],
    signal?: AbortSignal,
    byText = false,
  ): Promise<Compiler | undefined> {
    if (interventions.length === 0) return undefined
    const relative = interventions.filter((i) => i.op === 'add' && typeof i.dose !== 'number')
    const sites = matchHooks(
      relative.map((i) => i.site),
      this.architecture,
    )
    const norms = sites.length === 0 ? new Map<string, number>() : await this.meanNorms(items, sites, signal)
    const normOf = (site: string): number => norms.get(site)!
    return new Compiler(placeInterventions(interventions, this.architecture, items.length, normOf), byText)
  }

  /** Mean norm of the activations at sites over the texts' tokens, attention sinks left out. */
  async meanNorms(
    items: readonly Item[],
    sites: readonly string[],
    signal?: AbortSignal,
  ): Promise<Map<string, number>> {
    const sums = new Map(sites.map((site) => [site, { sum: 0, n: 0 }]))
    await this.stream(items, { hooks: sites, signal }, (result) => {
      for (const site of sites) {
        const total = sums.get(site)!
        const norms = rowNorms(result.get(site))
        const limit = SINK_RATIO * median(norms)
        for (const norm of norms) {
          if (norm > limit) continue
          total.sum += norm
          total.n++
        }
      }
    })
    return new Map([...sums].map(([site, { sum, n }]) => [site, sum / n]))
  }

  /** Computes one packed pass and reads its outputs. */
  async pass(layout: Layout, what: PassRequest): Promise<PassResults> {
    const { hooks, logitRows, compiler, roles, arrays, signal } = what
    const options: PassOptions = {
      tokens: layout.tokens,
      positions: layout.positions,
      attention: packedAttention(layout, this.architecture),
      read: new Set(hooks),
      ...(logitRows === undefined ? {} : { logitRows }),
      resume: what.resume,
      targets: what.targets,
      changes: compiler?.forPass(roles),
    }
    return this.alone(async () => {
      using pass = buildPass(this, options)
      // Before `pass` is freed.
      return await this.computePass(pass, options, this.allocator, compiler, signal, arrays)
    })
  }

  /** Before steps of so many sequences: packs weights that never change once (panels.ts). @throws as `packWeights` */
  async prepareSteps(sequences: number, signal?: AbortSignal): Promise<void> {
    if (!this.#mayPack || !panelsServe(sequences)) return
    await packWeights(this.backend, this.weights, this.precision, 'steps', signal)
    this.#mayPack = false
  }

  /** Before passes over so many tokens in all: as {@link prepareSteps}, where that pays. @throws as `packWeights` */
  async preparePasses(tokens: number, signal?: AbortSignal): Promise<void> {
    if (!this.#mayPack || !panelsPay(tokens)) return
    await this.alone(() => packWeights(this.backend, this.weights, this.precision, 'passes', signal))
  }

  /**
   * Computes a pass, reads its outputs and checks them: finite, and changed as asked. Inside {@link alone}.
   *
   * @throws PalimpsestError `activation-nan`, `weight-nan`, `receipt`, `interrupted`
   */
  async computePass(
    pass: Pass,
    options: PassOptions,
    allocator: GraphAllocator,
    compiler: Compiler | undefined,
    signal: AbortSignal | undefined,
    arrays?: PassArrays,
  ): Promise<PassResults> {
    await pass.graph.compute(allocator, signal)
    const { graph } = pass
    const read = (name: string, t: Tensor): Float32Array => graph.read(t, arrays?.take(name, elements(t)))
    const reads = new Map([...pass.reads].map(([hook, t]) => [hook, read(hook, t)]))
    const wanted = options.targets === undefined || options.targets.logits
    const logits = pass.logits && wanted ? read('logits', pass.logits) : undefined
    const draws = pass.drawn && new Draws(graph, pass.drawn)
    const targets = pass.targets && graph.read(pass.targets)
    const last = targets ?? logits ?? draws?.sums
    const bad = findNotFinite(last === undefined ? reads : [...reads, ['logits', last]])
    if (bad !== undefined) throw await explainNotFinite(this, this.allocator, options, bad)
    compiler?.collect(graph)
    const logProbs = targets && logProbabilities(graph, pass.logits!, targets, options.targets!)
    return { reads, logits, draws, logProbs }
  }

  /** Runs work that computes, when nothing else does. @throws PalimpsestError `engine-disposed` */
  alone<T>(work: () => Promise<T>): Promise<T> {
    return this.backend.exclusive(() => {
      if (this.#disposed)
        throw new PalimpsestError('engine', 'engine-disposed', 'This model has been disposed.', {
          where: this.path,
          expected: 'a model in use',
          found: 'one that was disposed of',
          fix: 'This is a defect of the caller: use the model before it is disposed of.',
        })
      return work()
    })
  }

  /** Frees everything: now, or once the computation under way is done (the next one is refused). */
  [Symbol.dispose](): void {
    if (this.#disposed) return
    this.#disposed = true
    if (!this.backend.isBusy) this.#free()
    else void this.backend.exclusive(async () => this.#free())
  }

  /** Waits for passes that are under way or waiting, then frees everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return
    await this.backend.exclusive(async () => {
      if (this.#disposed) return
      this.#disposed = true
      this.#free()
    })
  }

  #free(): void {
    this.allocator[Symbol.dispose]()
    this.#adapter?.[Symbol.dispose]()
    this.weights[Symbol.dispose]()
    this.backend[Symbol.dispose]()
    this.checkpoint[Symbol.dispose]()
  }
}

/** What is asked of a packed pass. */
export interface PassRequest {
  /** Names of hook points to read. */
  readonly hooks: readonly string[]
  /** Tokens of the pass whose logits are wanted. */
  readonly logitRows: Int32Array | undefined
  readonly compiler: Compiler | undefined
  readonly resume?: Resumed | undefined
  readonly targets?: Targets | undefined
  readonly roles: TokenRoles
  /** Where the results go, until the next pass with the same arrays; new ones otherwise. */
  readonly arrays?: PassArrays
  readonly signal: AbortSignal | undefined
}

export interface PassResults {
  readonly reads: ReadonlyMap<string, Float32Array>
  readonly logits: Float32Array | undefined
  /** ln p of each target. */
  readonly logProbs: Float64Array | undefined
  /** For `sample`: valid while the pass is, and until it is computed again. */
  readonly draws: Draws | undefined
}

function copy(m: Matrix): Matrix {
  return { ...m, data: m.data.slice() }
}
