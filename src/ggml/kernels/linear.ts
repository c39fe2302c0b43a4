/** The choice between a kernel and ggml's own product, and the scratch that a backend lends to kernels. */

import { PalimpsestError } from '../../core/errors.ts'
import koffi from '../../core/ffi.ts'
import type { Pointer } from '../bindings.ts'
import type { Engine } from '../library.ts'
import { isPacked, type Tensor } from '../tensor.ts'
import type { GgmlType } from '../types.ts'
import { type AttentionPlan, type AttentionShape, planAttention, type Span } from './attention-plan.ts'
import type { Form } from './batched.ts'
import { ownBlocks } from './dequantise.ts'
import { panelBytes } from './kept.ts'
import { type Kernels, kernelsOf } from './kernels.ts'
import { Pages } from './memory.ts'
import { scratchBytes } from './pack.ts'
import { KeptPanels, type PanelJob, PanelPlan } from './panel-plan.ts'
import { DEPTH } from './product.ts'
import { type CachedSequences, type CacheShape, planSteps, type StepPlan } from './step-plan.ts'
import { type ProductKind, panelWords } from './verify.ts'

/**
 * Rows from which a kernel is faster than ggml's product, packing included. It is asked of decoding steps
 * alone: passes of whole texts use kernels at any number of rows, so that a text gives the same bits alone
 * and among others.
 */
export const FEWEST_ROWS = 8

/** How a product of weights is to be computed. */
export interface LinearOptions {
  /** `f32`: activations are never rounded to the weights' type. */
  readonly precision: 'native' | 'f32'
  /** A decoding step: few rows, whose time is that of reading the weights. */
  readonly step?: boolean
}

/** A kernel to run on w and x. */
export interface Choice {
  readonly address: Pointer
  /** What the kernel takes as its last argument: a pointer to the address of its scratch, or of its panels. */
  readonly scratch: Pointer
  /** The type that it wants the activations in. */
  readonly activations: ProductKind['activations']
}

/** What one backend needs to use the kernels: the set, and scratch for its threads. */
export class BackendKernels implements Disposable {
  readonly kernels: Kernels
  #scratch: Scratch | undefined
  /** Bytes of scratch a thread. */
  #need = 0
  #threads: number
  /** Panels that were packed before, by the weights that they hold. */
  readonly #kept = new Map<Tensor, Panels>()
  readonly #keptPages: KeptPanels[] = []

  constructor(engine: Engine, threads: number) {
    this.kernels = kernelsOf(engine)
    this.#threads = threads
  }

  /**
   * Before the backend computes with another number of threads; not while it computes.
   *
   * @throws PalimpsestError `engine-memory`
   */
  setThreads(threads: number): void {
    this.#scratch?.reserve(threads * this.#need)
    this.#threads = threads
  }

  /** The kernel for a product of weights w [k, m] and activations x [k, n], or undefined: use ggml's. */
  choose(w: Tensor, x: Tensor, { precision, step = false }: LinearOptions): Choice | undefined {
    const { kernels } = this
    if (kernels.isa === undefined || !isMatrix(w) || !isMatrix(x) || x.type !== 'F32') return undefined
    if (!isPacked(w) || !isPacked(x) || (step && x.ne[1] < FEWEST_ROWS)) return undefined
    if (w.type === 'I32' || w.type === 'I64') return undefined
    const kept = this.#kept.get(w)
    if (kept?.precision === precision && (step || kept.activations === this.activations(w, precision)))
      return { address: kept.kernels.product, scratch: kept.address, activations: kept.activations }
    for (const kind of kindsOf(w.type, w.ne[0], precision, step)) {
      const address = this.#canRound(kind) ? kernels.product(kind) : undefined
      if (address === undefined) continue
      const scratch = this.#lend(scratchBytes(kernels.isa, DEPTH))
      return scratch === undefined ? undefined : { address, scratch, activations: kind.activations }
    }
    return undefined
  }

  #canRound({ activations }: ProductKind): boolean {
    return activations !== 'I8' || this.kernels.quantise() !== undefined
  }

  /** What products of whole texts with these weights round activations to. */
  activations(w: Tensor, precision: LinearOptions['precision']): 'F32' | 'BF16' {
    const served = kindsOf(w.type, w.ne[0], precision, false).find(
      (kind) => this.kernels.product(kind) !== undefined,
    )
    return served?.activations === 'BF16' ? 'BF16' : 'F32'
  }

  /**
   * What to pack so that decoding steps, or `passes` of whole texts too, need not pack these weights; undefined where
   * nothing is left to be packed, panels would take more than `most` bytes in all, there is no memory for scratch, or no
   * kernels serve. Steps round activations of some types to 8 bits and passes do not: passes pack those as they go.
   */
  planPanels(
    all: readonly Tensor[],
    precision: LinearOptions['precision'],
    most: number,
    passes = false,
  ): PanelPlan | undefined {
    const { isa } = this.kernels
    if (isa === undefined) return undefined
    const jobs: PanelJob[] = []
    for (const weights of new Set(all)) {
      if (this.#kept.has(weights) || !isMatrix(weights) || !isPacked(weights)) continue
      for (const kind of kindsOf(weights.type, weights.ne[0], precision, true)) {
        const kernels = this.#canRound(kind) ? this.kernels.kept(kind) : undefined
        if (kernels === undefined) continue
        const { activations } = kind
        if (passes && activations !== this.activations(weights, precision)) break
        const words = panelWords(kind, weights.ne[0])
        jobs.push({ weights, kernels, activations, precision, panel: panelBytes(isa, isa.columns, words) })
        break
      }
    }
    const plan = new PanelPlan(jobs, isa.columns)
    const before = this.#keptPages.reduce((sum, { bytes }) => sum + bytes, 0)
    const fits = jobs.length > 0 && before + plan.bytes <= most
    return fits && this.#lend(scratchBytes(isa, DEPTH)) !== undefined ? plan : undefined
  }

  /** The address of the threads' scratch, once something has asked for it; it moves when the threads are more. */
  get scratch(): Pointer | undefined {
    return this.#scratch?.address
  }

  /** From now on products use the panels, which lie as planned in these pages and live as long as the backend. */
  keep(plan: PanelPlan, pages: Pages): void {
    const kept = new KeptPanels(plan, pages)
    for (const [i, job] of plan.jobs.entries())
      this.#kept.set(job.weights, { ...job, address: kept.pointer(i) })
    this.#keptPages.push(kept)
  }

  /** A plan of attention among packed texts, where a kernel serves; the spans cover the tokens of a pass in order. */
  plan(spans: readonly Span[], shape: AttentionShape): AttentionPlan | undefined {
    if (this.kernels.attention(shape.headDim) === undefined) return undefined
    return planAttention(spans, shape)
  }

  /** A plan of attention for decoding steps, where a kernel serves: of as many sequences as products have one for. */
  planSteps(sequences: CachedSequences, shape: AttentionShape & CacheShape): StepPlan | undefined {
    if (sequences.positions.length < FEWEST_ROWS || this.kernels.stepAttention(shape) === undefined)
      return undefined
    return planSteps(sequences, shape)
  }

  /** The kernel for a plan, or undefined where there is no memory for it. */
  attention(plan: AttentionPlan): { address: Pointer; scratch: Pointer } | undefined {
    const address = this.kernels.attention(plan.shape.headDim)
    if (address === undefined) return undefined
    const scratch = this.#lend(plan.scratch)
    return scratch === undefined ? undefined : { address, scratch }
  }

  /** The kernel for a plan of steps, or undefined where there is no memory for it. */
  stepAttention({ shape, scratch: bytes }: StepPlan): { address: Pointer; scratch: Pointer } | undefined {
    const address = this.kernels.stepAttention(shape)
    const scratch = address === undefined ? undefined : this.#lend(bytes)
    return scratch === undefined ? undefined : { address: address!, scratch }
  }

  /** The kernel for products of batches in a form, or undefined: use ggml's. */
  batched(form: Form): { address: Pointer; scratch: Pointer } | undefined {
    const address = this.kernels.batched(form)
    if (address === undefined) return undefined
    const scratch = this.#lend(scratchBytes(this.kernels.isa!, DEPTH))
    return scratch === undefined ? undefined : { address, scratch }
  }

  /** Scratch of so many bytes a thread; undefined where there is no memory: ggml may still have enough. */
  #lend(bytes: number): Pointer | undefined {
    const need = Math.max(this.#need, bytes)
    try {
      if (this.#scratch === undefined) this.#scratch = new Scratch(this.#threads * need)
      else this.#scratch.reserve(this.#threads * need)
    } catch {
      return undefined
    }
    this.#need = need
    return this.#scratch.control
  }

  [Symbol.dispose](): void {
    this.#scratch?.[Symbol.dispose]()
    this.#scratch = undefined
    this.#kept.clear()
    for (const pages of this.#keptPages.splice(0)) pages[Symbol.dispose]()
  }
}

/** Panels of weights, and what multiplies with them. */
interface Panels extends PanelJob {
  /** A pointer to the address of the panels. */
  readonly address: Pointer
}

/**
 * The kinds of product that compute weights of a type, in rows of so many elements, at a precision and in steps or passes
 * of whole texts; the best first.
 */
export function kindsOf(
  weights: GgmlType,
  inputs: number,
  precision: LinearOptions['precision'],
  step: boolean,
): ProductKind[] {
  const kinds: ProductKind[] = [{ weights, activations: 'F32' }]
  if (precision === 'f32' || weights === 'F32' || weights === 'F16') return kinds
  if (inputs % 2 === 0) kinds.unshift({ weights, activations: 'BF16' })
  if (step && ownBlocks(weights) !== undefined) kinds.unshift({ weights, activations: 'I8' })
  return kinds
}

function isMatrix(t: Tensor): boolean {
  return t.ne[2] === 1 && t.ne[3] === 1
}

function pagesOf(bytes: number): Pages {
  try {
    return new Pages(bytes)
  } catch (cause) {
    throw new PalimpsestError('engine', 'engine-memory', 'No memory for the kernels.', {
      found: (cause as Error).message,
      expected: `${bytes} bytes`,
      fix: 'Use fewer threads, or free some memory.',
      cause,
    })
  }
}

/** Memory for kernels behind an address that stays: graphs hold `control`, which holds where the memory is. */
class Scratch implements Disposable {
  readonly control: Pointer
  #pages: Pages
  /** Memory that it outgrew, which a graph under way may still use. */
  readonly #outgrown: Pages[] = []

  constructor(bytes: number) {
    this.#pages = new Pages(bytes)
    this.control = koffi.alloc('uint64_t', 1) as unknown as Pointer
    this.#point()
  }

  /** Makes room: at least twice as much, so that what is outgrown stays less. @throws PalimpsestError `engine-memory` */
  reserve(bytes: number): void {
    if (bytes <= this.#pages.bytes) return
    const more = pagesOf(Math.max(bytes, 2 * this.#pages.bytes))
    this.#outgrown.push(this.#pages)
    this.#pages = more
    this.#point()
  }

  get address(): Pointer {
    return this.#pages.address
  }

  #point(): void {
    koffi.encode(this.control, 'uint64_t', this.#pages.address)
  }

  [Symbol.dispose](): void {
    for (const pages of [this.#pages, ...this.#outgrown]) pages[Symbol.dispose]()
    koffi.free(this.control)
  }
}
