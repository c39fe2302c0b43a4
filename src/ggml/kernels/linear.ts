/** The choice between a kernel and ggml's own product, and the scratch that a backend lends to kernels. */

import { PalimpsestError } from '../../core/errors.ts'
import koffi from '../../core/ffi.ts'
import type { Pointer } from '../bindings.ts'
import type { Engine } from '../library.ts'
import { isPacked, type Tensor } from '../tensor.ts'
import { type Kernels, kernelsOf } from './kernels.ts'
import { Pages } from './memory.ts'
import { scratchBytes } from './pack.ts'
import { DEPTH } from './product.ts'
import type { ProductKind } from './verify.ts'

/**
 * Rows from which a kernel is faster than ggml's product, packing included. It is asked of decoding steps
 * alone: passes of whole texts use kernels at any number of rows, so that a text gives the same bits alone
 * and among others.
 */
const FEWEST_ROWS = 8

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
  /** What the kernel takes as its last argument. */
  readonly scratch: Pointer
  /** The type that it wants the activations in. */
  readonly activations: 'F32' | 'BF16'
}

/** What one backend needs to use the kernels: the set, and scratch for its threads. */
export class BackendKernels implements Disposable {
  readonly kernels: Kernels
  #scratch: Scratch | undefined
  #threads: number

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
    if (this.kernels.isa !== undefined)
      this.#scratch?.reserve(threads * scratchBytes(this.kernels.isa, DEPTH))
    this.#threads = threads
  }

  /** The kernel for a product of weights w [k, m] and activations x [k, n], or undefined: use ggml's. */
  choose(w: Tensor, x: Tensor, { precision, step = false }: LinearOptions): Choice | undefined {
    const { kernels } = this
    if (kernels.isa === undefined || !isMatrix(w) || !isMatrix(x) || x.type !== 'F32') return undefined
    if (!isPacked(w) || !isPacked(x) || (step && x.ne[1] < FEWEST_ROWS)) return undefined
    if (w.type === 'I32' || w.type === 'I64') return undefined
    const kinds: ProductKind[] = [{ weights: w.type, activations: 'F32' }]
    if (precision === 'native' && w.type !== 'F32' && w.type !== 'F16' && w.ne[0] % 2 === 0)
      kinds.unshift({ weights: w.type, activations: 'BF16' })
    for (const kind of kinds) {
      const address = kernels.product(kind)
      if (address === undefined) continue
      try {
        this.#scratch ??= new Scratch(this.#threads * scratchBytes(kernels.isa, DEPTH))
      } catch {
        return undefined // no memory for scratch: ggml may still have enough
      }
      return { address, scratch: this.#scratch.control, activations: kind.activations }
    }
    return undefined
  }

  [Symbol.dispose](): void {
    this.#scratch?.[Symbol.dispose]()
    this.#scratch = undefined
  }
}

function isMatrix(t: Tensor): boolean {
  return t.ne[2] === 1 && t.ne[3] === 1
}

function pagesOf(bytes: number): Pages {
  try {
    return new Pages(bytes)
  } catch (cause) {
    throw new PalimpsestError('engine', 'engine-memory', 'No memory for the scratch of more threads.', {
      found: (cause as Error).message,
      expected: `${bytes} bytes`,
      fix: 'Use fewer threads.',
      cause,
    })
  }
}

/** Memory for kernels behind an address that stays: graphs hold `control`, which holds where the memory is. */
class Scratch implements Disposable {
  readonly control: Pointer
  #pages: Pages

  constructor(bytes: number) {
    this.#pages = new Pages(bytes)
    this.control = koffi.alloc('uint64_t', 1) as unknown as Pointer
    this.#point()
  }

  /** Makes room, for a backend that does not compute. @throws PalimpsestError `engine-memory` */
  reserve(bytes: number): void {
    if (bytes <= this.#pages.bytes) return
    const more = pagesOf(bytes)
    this.#pages[Symbol.dispose]()
    this.#pages = more
    this.#point()
  }

  #point(): void {
    koffi.encode(this.control, 'uint64_t', this.#pages.address)
  }

  [Symbol.dispose](): void {
    this.#pages[Symbol.dispose]()
    koffi.free(this.control)
  }
}
