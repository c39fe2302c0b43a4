/**
 * Keys and values of the tokens that sequences have seen: B sequences of up to `slots` tokens each, in f32, or in bf16
 * where activations are rounded to that anyway. A packed pass fills it (`writeAttention`); a decoding step reads and extends it (`stepAttention`).
 */

import { TensorStore } from '../ggml/buffer.ts'
import type { Graph } from '../ggml/graph.ts'
import type { AttentionPlan, AttentionShape } from '../ggml/kernels/attention-plan.ts'
import { FEWEST_ROWS } from '../ggml/kernels/linear.ts'
import type { StepPlan } from '../ggml/kernels/step-plan.ts'
import type { Tensor } from '../ggml/tensor.ts'
import type { Architecture } from './architecture.ts'
import type { Attention } from './block.ts'
import type { ForwardModel } from './forward.ts'
import { cachedMask, type Layout, packedMask, spansOf } from './layout.ts'

/** Keys are read in multiples of this many slots, so that one graph serves many steps. */
const SLOT_GRAIN = 64
const ELEMENT_BYTES = { F32: 4, BF16: 2 } as const
type CacheType = keyof typeof ELEMENT_BYTES
/** Bytes that the keys and values of a batch may take. */
const MOST_BYTES = 2 ** 30
/** Beyond this many sequences products are as fast as they get. */
const MOST_SEQUENCES = 256

/** How many sequences of up to `length` tokens are best decoded together: as many as pay, and fit. */
export function sequencesTogether(a: Architecture, length: number): number {
  const slots = Math.ceil(length / SLOT_GRAIN) * SLOT_GRAIN
  const bytes = 2 * ELEMENT_BYTES.F32 * a.layers.length * a.kvHeads * a.headDim * slots
  return Math.max(1, Math.min(MOST_SEQUENCES, Math.floor(MOST_BYTES / bytes)))
}

/**
 * bf16 where the products that make keys and values round what goes into them to it, and a kernel reads it: it halves
 * what a step reads. Never by the number of threads, nor by how many sequences there are beyond the least.
 */
function typeOf(
  { backend, architecture: a, weights, precision }: ForwardModel,
  sequences: number,
): CacheType {
  const { kernels } = backend
  if (kernels === undefined || sequences < FEWEST_ROWS) return 'F32'
  const maps = weights.layers.flatMap(({ k, v }) => [k.weight, v.weight])
  if (maps.some((w) => kernels.activations(w, precision) === 'F32')) return 'F32'
  return kernels.kernels.stepAttention({ ...a, type: 'BF16' }) === undefined ? 'F32' : 'BF16'
}

export class Cache implements Disposable {
  readonly sequences: number
  readonly slots: number
  readonly #architecture: Architecture
  /** What keys and values are kept in. */
  readonly type: CacheType
  readonly #store: TensorStore
  readonly #k: Tensor[] = []
  readonly #v: Tensor[] = []

  constructor(model: ForwardModel, sequences: number, slots: number) {
    const a = model.architecture
    this.#architecture = a
    this.sequences = sequences
    this.slots = Math.ceil(slots / SLOT_GRAIN) * SLOT_GRAIN
    this.type = typeOf(model, sequences)
    this.#store = new TensorStore(model.backend, 2 * a.layers.length)
    for (let layer = 0; layer < a.layers.length; layer++) {
      this.#k.push(this.#store.zeros(this.type, [a.kvHeads * a.headDim, this.slots * sequences]))
      this.#v.push(this.#store.zeros(this.type, [a.kvHeads * a.headDim, this.slots * sequences]))
    }
    // Zeros, and later what other sequences left: numbers, where a NaN would survive a mask of minus infinity.
    this.#store.commit()
  }

  /** Whether it serves so many sequences of up to `slots` tokens. */
  fits(sequences: number, slots: number): boolean {
    return this.sequences === sequences && this.slots >= slots
  }

  /** Slots that a step must read when its longest sequence is at `position`. */
  reach(position: number): number {
    return Math.min(this.slots, Math.ceil((position + 1) / SLOT_GRAIN) * SLOT_GRAIN)
  }

  /**
   * Attention among the tokens of a packed pass, whose keys and values are also written to the cache: a segment's to
   * every sequence that begins with it.
   */
  writeAttention(
    layout: Layout,
    sequencesOf: (segment: number) => readonly number[],
  ): (graph: Graph) => Attention {
    return (graph) => {
      const own = packedAttention(layout, this.#architecture)(graph)
      let write: ((cache: Tensor, x: Tensor) => void) | undefined // made when a block first asks for it
      return {
        ...own,
        remember: (layer, k, v) => {
          write ??= this.#writer(graph, layout, sequencesOf)
          write(this.#k[layer]!, k)
          write(this.#v[layer]!, v)
          return own.remember(layer, k, v)
        },
      }
    }
  }

  #writer(
    graph: Graph,
    layout: Layout,
    sequencesOf: (segment: number) => readonly number[],
  ): (cache: Tensor, x: Tensor) => void {
    const tokens: number[] = []
    const slots: bigint[] = []
    layout.segmentOf.forEach((segment, i) => {
      for (const sequence of sequencesOf(segment)) {
        tokens.push(i)
        slots.push(BigInt(sequence * this.slots + layout.positions[i]!))
      }
    })
    const rows = graph.input('I64', [slots.length], BigInt64Array.from(slots))
    const once = tokens.length === layout.tokens.length
    const copies = once ? undefined : graph.input('I32', [tokens.length], Int32Array.from(tokens))
    return (cache, x) => {
      graph.expand(graph.setRows(cache, copies === undefined ? x : graph.getRows(x, copies), rows))
    }
  }

  /**
   * Attention of one new token of each sequence over its cache. `positions` and the returned graph's inputs
   * are read at each compute: change `positions`, call `refresh`, compute again.
   */
  stepAttention(positions: Int32Array, keys: number): StepAttention {
    const { kvHeads, headDim } = this.#architecture
    const width = kvHeads * headDim
    const bytes = ELEMENT_BYTES[this.type]
    const slots = new BigInt64Array(this.sequences)
    const masks = new Map<number | undefined, Uint16Array>()
    const plans = new Map<number | undefined, StepPlan | undefined>()
    return {
      refresh: () => {
        for (let b = 0; b < this.sequences; b++) slots[b] = BigInt(b * this.slots + positions[b]!)
        for (const [window, mask] of masks) cachedMask(positions, keys, window, mask)
        for (const plan of plans.values()) plan?.refresh()
      },
      make: (graph) => {
        const rows = graph.input('I64', [this.sequences], slots)
        const tensors = new Map<number | undefined, Tensor>()
        const whole = (cache: Tensor): Tensor =>
          graph.reshape(cache, [headDim, kvHeads, this.slots * this.sequences])
        const sequences = { positions, slots: this.slots, reach: keys }
        return {
          batch: this.sequences,
          queries: 1,
          byKernel: (q, all, { window, patterns }) => {
            if (patterns) return undefined
            if (!plans.has(window)) {
              const shape = { ...shapeOf(this.#architecture, window), type: this.type }
              plans.set(window, graph.backend.kernels?.planSteps(sequences, shape))
            }
            const plan = plans.get(window)
            const z = plan && graph.stepAttention(q, all.k, all.v, plan)
            return z && { z, patterns: undefined }
          },
          mask: (window) => {
            let tensor = tensors.get(window)
            if (tensor === undefined) {
              const data = new Uint16Array(keys * this.sequences)
              masks.set(window, data)
              cachedMask(positions, keys, window, data)
              tensor = graph.input('F16', [keys, 1, 1, this.sequences], data)
              tensors.set(window, tensor)
            }
            return tensor
          },
          // Views of what set_rows returns, so that reading comes after writing.
          remember: (layer, k, v) => ({
            k: whole(graph.setRows(this.#k[layer]!, k, rows)),
            v: whole(graph.setRows(this.#v[layer]!, v, rows)),
          }),
          bySequence: (all) => {
            const strides = [headDim * bytes, width * bytes, this.slots * width * bytes] as const
            return graph.cast(graph.view(all, [headDim, kvHeads, keys, this.sequences], strides), 'F32')
          },
        }
      },
    }
  }

  [Symbol.dispose](): void {
    this.#store[Symbol.dispose]()
  }
}

export interface StepAttention {
  readonly make: (graph: Graph) => Attention
  /** Brings the inputs up to date with `positions` before the next compute. */
  readonly refresh: () => void
}

/** Attention among the tokens of a packed pass. */
export function packedAttention(layout: Layout, a: Architecture): (graph: Graph) => Attention {
  return (graph) => {
    const n = layout.tokens.length
    const masks = new Map<number | undefined, Tensor>()
    const plans = new Map<string, AttentionPlan | undefined>()
    return {
      batch: 1,
      queries: n,
      byKernel: (q, all, { window, patterns }) => {
        const key = `${window} ${patterns}`
        if (!plans.has(key)) {
          const shape = { ...shapeOf(a, window), patterns }
          plans.set(key, graph.backend.kernels?.plan(spansOf(layout), shape))
        }
        const plan = plans.get(key)
        return plan && graph.packedAttention(q, all.k, all.v, plan)
      },
      mask: (window) => {
        let mask = masks.get(window)
        if (mask === undefined) {
          mask = graph.input('F16', [n, n], packedMask(layout, window))
          masks.set(window, mask)
        }
        return mask
      },
      remember: (_, k, v) => ({
        k: graph.reshape(k, [a.headDim, a.kvHeads, n]),
        v: graph.reshape(v, [a.headDim, a.kvHeads, n]),
      }),
      bySequence: (all) => all,
    }
  }
}

function shapeOf(a: Architecture, window: number | undefined): AttentionShape {
  return {
    headDim: a.headDim,
    heads: a.heads,
    kvHeads: a.kvHeads,
    scale: a.attentionScale,
    softcap: a.attentionSoftcap,
    window,
    patterns: false,
  }
}
