/** Which panels are kept, in which order they lie, and in which batches they are packed. */

import koffi from '../../core/ffi.ts'
import type { Pointer } from '../bindings.ts'
import type { Tensor } from '../tensor.ts'
import type { LinearOptions } from './linear.ts'
import { Pages } from './memory.ts'
import type { ProductKind } from './verify.ts'

/** Weights to be packed, and with what. */
export interface PanelJob {
  readonly weights: Tensor
  readonly kernels: { readonly pack: Pointer; readonly product: Pointer }
  readonly activations: ProductKind['activations']
  readonly precision: LinearOptions['precision']
  /** Bytes of one panel. */
  readonly panel: number
}

/** Some rows of weights, as whole panels: what is packed at once. */
export interface PanelSlice {
  readonly weights: Tensor
  readonly pack: Pointer
  readonly from: number
  readonly rows: number
  readonly bytes: number
}

/** The panels of matrices, one matrix after the other. */
export class PanelPlan {
  readonly jobs: readonly PanelJob[]
  readonly bytes: number
  readonly #columns: number

  /** @param columns of a panel */
  constructor(jobs: readonly PanelJob[], columns: number) {
    this.jobs = jobs
    this.#columns = columns
    this.bytes = jobs.reduce((sum, job) => sum + this.bytesOf(job), 0)
  }

  /** Bytes of the panels of a matrix. */
  bytesOf({ weights, panel }: PanelJob): number {
    return Math.ceil(weights.ne[1] / this.#columns) * panel
  }

  /** All panels in their order, in batches of at most `most` bytes; a panel that is larger has one of its own. */
  batches(most: number): PanelSlice[][] {
    const batches: PanelSlice[][] = [[]]
    let room = most
    for (const { weights, kernels, panel } of this.jobs)
      for (let from = 0; from < weights.ne[1]; ) {
        if (room < panel && batches.at(-1)!.length > 0) {
          batches.push([])
          room = most
        }
        const panels = Math.max(1, Math.floor(room / panel))
        const rows = Math.min(panels * this.#columns, weights.ne[1] - from)
        const bytes = Math.ceil(rows / this.#columns) * panel
        batches.at(-1)!.push({ weights, pack: kernels.pack, from, rows, bytes })
        from += rows
        room -= bytes
      }
    return batches
  }
}

/** Where a batch is packed: memory for its panels, and for what each packing kernel is told. */
export class PanelStage implements Disposable {
  readonly #pages: Pages
  /** Bytes before the panels. */
  readonly #head: number

  /** @throws Refusal when there is no memory */
  constructor(batches: readonly (readonly PanelSlice[])[]) {
    this.#head = Math.ceil((PLACES * Math.max(...batches.map((batch) => batch.length))) / 64) * 64
    this.#pages = new Pages(this.#head + Math.max(...batches.map(bytesOf)))
  }

  /** Where the packing kernel of each slice finds its places, with the threads' scratch at an address. */
  place(batch: readonly PanelSlice[], scratch: Pointer): Pointer[] {
    const { address } = this.#pages
    const places = new BigUint64Array(koffi.view(address, this.#head))
    let at = address + BigInt(this.#head)
    return batch.map(({ bytes }, i) => {
      places.set([scratch, at], 2 * i)
      at += BigInt(bytes)
      return address + BigInt(PLACES * i)
    })
  }

  /** A view of a batch's panels, once they are packed; it dies with the stage. */
  panels(batch: readonly PanelSlice[]): Uint8Array {
    return new Uint8Array(koffi.view(this.#pages.address + BigInt(this.#head), bytesOf(batch)))
  }

  [Symbol.dispose](): void {
    this.#pages[Symbol.dispose]()
  }
}

/** Panels in memory, with a pointer to the address of each matrix's. */
export class KeptPanels implements Disposable {
  readonly bytes: number
  readonly #pages: Pages
  readonly #addresses: Pointer

  constructor(plan: PanelPlan, pages: Pages) {
    this.bytes = plan.bytes
    this.#pages = pages
    this.#addresses = koffi.alloc('uint64_t', plan.jobs.length) as unknown as Pointer
    let at = pages.address
    const addresses = new BigUint64Array(koffi.view(this.#addresses, 8 * plan.jobs.length))
    for (const [i, job] of plan.jobs.entries()) {
      addresses[i] = at
      at += BigInt(plan.bytesOf(job))
    }
  }

  /** A pointer to the address of the panels of a job, by its number. */
  pointer(job: number): Pointer {
    return this.#addresses + BigInt(8 * job)
  }

  [Symbol.dispose](): void {
    this.#pages[Symbol.dispose]()
    koffi.free(this.#addresses)
  }
}

/** Bytes of the two addresses that a packing kernel is told. */
const PLACES = 16

function bytesOf(batch: readonly PanelSlice[]): number {
  return batch.reduce((sum, slice) => sum + slice.bytes, 0)
}
