/**
 * A dictionary on a device, and its arithmetic as graph operations. Latents are taken in blocks, so that
 * widening 16-bit weights (or turning a matrix that lies the other way) needs room for one block only: the
 * weights themselves stay where the file is mapped.
 *
 * Shapes are ggml's, fastest first: activations [d, n], features [F, n]; n is the number of tokens.
 */

import { pacer } from '../core/pace.ts'
import type { Backend } from '../ggml/backend.ts'
import { TensorStore } from '../ggml/buffer.ts'
import type { Graph, SparseTensors } from '../ggml/graph.ts'
import type { GatherKernels } from '../ggml/kernels/gather.ts'
import type { Tensor } from '../ggml/tensor.ts'
import type { GgmlType } from '../ggml/types.ts'
import type { Dictionary, WeightMatrix } from './dictionary.ts'
import { type OpenDictionaryOptions, openDictionary } from './load.ts'
import { refuseNotFinite } from './source.ts'

/** Bytes of one block of weights as f32: enough to keep the matrix product busy. */
const BLOCK_BYTES = 64 << 20

/** Products with a dictionary's weights never round the activations. */
const EXACT = { precision: 'f32' } as const

/** Latents [start, start + count). */
export interface Block {
  readonly start: number
  readonly count: number
}

/** Activations as the encoder sees them, and the way back for its output. */
interface Normed {
  readonly x: Tensor
  restore(y: Tensor): Tensor
  /** Multiplies what is added to the output: the linear part of `restore`. */
  rescale(y: Tensor): Tensor
}

/** A dictionary whose weights lie on a device, as operations in graphs. Dispose it before its backend. */
export class PlacedDictionary implements Disposable {
  readonly dictionary: Dictionary
  readonly backend: Backend
  readonly blocks: readonly Block[]
  readonly #store: TensorStore
  readonly #encoder: Tensor
  readonly #decoder: Tensor
  readonly #skip: Tensor | undefined
  readonly #subtract: Tensor | undefined
  readonly #decoderBias: Tensor
  readonly #gain: Tensor | undefined
  readonly #bias: Tensor
  readonly #decoderGain: Tensor | undefined
  /** Threshold, gate bias or ranking weight, as the activation has one. */
  readonly #extra: Tensor | undefined
  #owns = false

  /** @param blockBytes room for one block of weights as f32 */
  private constructor(dictionary: Dictionary, backend: Backend, blockBytes: number) {
    this.dictionary = dictionary
    this.backend = backend
    const store = new TensorStore(backend, 16)
    this.#store = store
    const matrix = ({ tensor }: WeightMatrix): Tensor =>
      store.fromRegion(tensor.type as GgmlType, [...tensor.shape].reverse(), tensor.file, tensor.address)
    const vector = (data: Float32Array | undefined): Tensor | undefined =>
      data === undefined ? undefined : store.upload('F32', [data.length], data)
    const { activation } = dictionary
    this.#encoder = matrix(dictionary.encoder)
    this.#decoder = matrix(dictionary.decoder)
    this.#skip = dictionary.skip === undefined ? undefined : matrix(dictionary.skip)
    this.#subtract = vector(dictionary.subtract)
    this.#decoderBias = vector(dictionary.decoderBias)!
    this.#gain = vector(dictionary.gain)
    this.#bias = vector(dictionary.bias)!
    this.#decoderGain = vector(dictionary.decoderGain)
    this.#extra = vector(
      activation.kind === 'threshold'
        ? activation.threshold
        : activation.kind === 'gated'
          ? activation.gateBias
          : activation.kind === 'topk'
            ? activation.weight
            : undefined,
    )
    const width = Math.max(dictionary.width, dictionary.outWidth)
    const most = Math.max(32, Math.floor(blockBytes / (4 * width)))
    const blocks: Block[] = []
    for (let start = 0; start < dictionary.latents; start += most)
      blocks.push({ start, count: Math.min(most, dictionary.latents - start) })
    this.blocks = blocks
  }

  /**
   * Puts a dictionary on a device: mapped in place on the CPU, uploaded elsewhere. Every weight is checked to
   * be finite, in one pass over the file.
   *
   * @throws PalimpsestError `dictionary-nan`, `engine-memory`, `interrupted`
   */
  static async place(
    dictionary: Dictionary,
    backend: Backend,
    options: { signal?: AbortSignal | undefined; blockBytes?: number } = {},
  ): Promise<PlacedDictionary> {
    const pace = pacer(options.signal)
    for (const m of [dictionary.encoder, dictionary.decoder, dictionary.skip])
      if (m !== undefined) await refuseNotFinite(m.tensor, pace)
    const placed = new PlacedDictionary(dictionary, backend, options.blockBytes ?? BLOCK_BYTES)
    try {
      placed.#store.commit()
      return placed
    } catch (error) {
      placed[Symbol.dispose]()
      throw error
    }
  }

  /**
   * Opens a dictionary and puts it on a device; it is closed with this.
   *
   * @throws PalimpsestError as `openDictionary` and {@link place}
   * @example using placed = await PlacedDictionary.open('./layers.23', model.backend)
   */
  static async open(
    path: string,
    backend: Backend,
    options: OpenDictionaryOptions & { blockBytes?: number } = {},
  ): Promise<PlacedDictionary> {
    const dictionary = await openDictionary(path, options)
    try {
      const placed = await PlacedDictionary.place(dictionary, backend, options)
      placed.#owns = true
      return placed
    } catch (error) {
      dictionary[Symbol.dispose]()
      throw error
    }
  }

  /** At most how many tensors encoding and decoding once creates in a graph. */
  get tensors(): number {
    return 64 + 24 * this.blocks.length
  }

  /** Normalises and shifts activations x [d, n]. */
  normed(g: Graph, x: Tensor): Normed {
    const { inputNorm, width, kind } = this.dictionary
    const isTranscoder = kind === 'transcoder'
    const shifted = (y: Tensor): Tensor => (this.#subtract === undefined ? y : g.sub(y, this.#subtract))
    if (inputNorm === 'none') return { x: shifted(x), restore: (y) => y, rescale: (y) => y }
    const mean = inputNorm === 'layer-norm' ? g.scale(g.sumRows(x), 1 / width) : undefined
    const centred = mean === undefined ? x : g.sub(x, mean)
    // Root mean square (constant norm: |x| / sqrt(d)), or the standard deviation of n - 1.
    const degrees = inputNorm === 'layer-norm' ? width - 1 : width
    const deviation = g.sqrt(g.scale(g.sumRows(g.square(centred)), 1 / degrees))
    const divisor = inputNorm === 'layer-norm' ? g.scale(deviation, 1, 1e-5) : deviation
    const rescale = (y: Tensor): Tensor => (isTranscoder ? y : g.mul(y, deviation))
    return {
      x: shifted(g.div(centred, divisor)),
      rescale,
      restore: (y) => (mean === undefined || isTranscoder ? rescale(y) : g.add(rescale(y), mean)),
    }
  }

  /** W x of a block, [count, n], from normed activations. */
  products(g: Graph, x: Tensor, block: Block): Tensor {
    return g.linear(this.#encoderBlock(g, block), x, EXACT)
  }

  /** The same with activations rounded as the weights are. */
  roughProducts(g: Graph, x: Tensor, block: Block): Tensor {
    return g.linear(this.#encoderBlock(g, block), x, { precision: 'native' })
  }

  /** W x at some latents of each token alone: [1, entries]. For encoders whose latents are rows. */
  productsAt(g: Graph, kernels: GatherKernels, x: Tensor, places: SparseTensors): Tensor {
    return g.gatherDot(kernels, this.#encoder, x, places)
  }

  /** Norms of the encoder's vectors, [1, count]. */
  encoderNorms(g: Graph, block: Block): Tensor {
    return g.sqrt(g.sumRows(g.square(g.cast(this.#encoderBlock(g, block), 'F32'))))
  }

  /** Pre-activations of a block, [count, n], from normed activations; `raw` is W x alone. */
  preActivations(g: Graph, x: Tensor, block: Block): { raw: Tensor; pre: Tensor } {
    const raw = this.products(g, x, block)
    const scaled = this.#gain === undefined ? raw : g.mul(raw, this.#slice(g, this.#gain, block))
    return { raw, pre: g.add(scaled, this.#slice(g, this.#bias, block)) }
  }

  /** What top-k ranks: the pre-activations, weighted where the format says so. */
  ranking(g: Graph, pre: Tensor, block: Block): Tensor {
    return this.#extra === undefined ? pre : g.mul(pre, this.#slice(g, this.#extra, block))
  }

  /** Features of a block, [count, n], for activations that look at one latent at a time (all but top-k). */
  activate(g: Graph, { raw, pre }: { raw: Tensor; pre: Tensor }, block: Block): Tensor {
    const positive = g.relu(pre)
    switch (this.dictionary.activation.kind) {
      case 'tanh-relu':
        return g.tanh(positive)
      case 'threshold':
        return g.mul(positive, g.step(g.sub(pre, this.#slice(g, this.#extra!, block))))
      case 'gated':
        return g.mul(positive, g.step(g.add(raw, this.#slice(g, this.#extra!, block))))
      default:
        return positive
    }
  }

  /** Features [F, n] of normed activations, all blocks. */
  encode(g: Graph, x: Tensor): Tensor {
    const { activation } = this.dictionary
    const parts = this.blocks.map((block) => {
      const p = this.preActivations(g, x, block)
      return activation.kind === 'topk' ? p.pre : this.activate(g, p, block)
    })
    const whole = joined(g, parts)
    if (activation.kind !== 'topk') return whole
    const all: Block = { start: 0, count: this.dictionary.latents }
    const kept = g.keepLargest(whole, this.ranking(g, whole, all), activation.k)
    return activation.signed ? kept : g.relu(kept)
  }

  /** W_dec (gain * f) of features [count, n] of one block: [d_out, n], without bias. */
  decodeBlock(g: Graph, f: Tensor, block: Block): Tensor {
    const scaled = this.#decoderGain === undefined ? f : g.mul(f, this.#slice(g, this.#decoderGain, block))
    return g.linear(this.#decoderBlock(g, block), scaled, EXACT)
  }

  /** Reconstruction [d_out, n] of features [F, n] of activations x [d, n] (before norm). */
  decode(g: Graph, f: Tensor, x: Tensor, normed: Normed): Tensor {
    const n = f.ne[1]
    const parts = this.blocks.map((block) =>
      this.decodeBlock(g, g.view(f, [block.count, n], [f.nb[1], f.nb[2], f.nb[3]], block.start * 4), block),
    )
    return this.finish(
      g,
      parts.reduce((a, b) => g.add(a, b)),
      x,
      normed,
    )
  }

  /** Reconstruction [d_out, n] of activations x [d, n], in one go: without all features at once where it can. */
  reconstruct(g: Graph, x: Tensor): Tensor {
    const normed = this.normed(g, x)
    if (this.dictionary.activation.kind === 'topk') return this.decode(g, this.encode(g, normed.x), x, normed)
    const parts = this.blocks.map((block) => {
      const f = this.activate(g, this.preActivations(g, normed.x, block), block)
      return this.decodeBlock(g, f, block)
    })
    return this.finish(
      g,
      parts.reduce((a, b) => g.add(a, b)),
      x,
      normed,
    )
  }

  /**
   * What setting features to a value adds to the reconstruction of x [d, n]: [d_out, n], the sum over the
   * features of (value - f) times their decoder vectors. All other latents stay what they are.
   */
  clampChange(g: Graph, x: Tensor, features: readonly number[], value: number): Tensor {
    const normed = this.normed(g, x)
    const all = this.dictionary.activation.kind === 'topk' ? this.encode(g, normed.x) : undefined
    const parts = features.map((feature) => {
      const block = { start: feature, count: 1 }
      const f =
        all === undefined
          ? this.activate(g, this.preActivations(g, normed.x, block), block)
          : g.cont(g.view(all, [1, all.ne[1]], [all.nb[1], all.nb[2], all.nb[3]], feature * 4))
      return this.decodeBlock(g, g.scale(f, -1, value), block)
    })
    return normed.rescale(parts.reduce((a, b) => g.add(a, b)))
  }

  /** Adds what does not depend on the features to a decoded sum [d_out, n]: bias, norm, skip. */
  finish(g: Graph, sum: Tensor, x: Tensor, normed: Normed): Tensor {
    const y = normed.restore(g.add(sum, this.#decoderBias))
    if (this.#skip === undefined) return y
    const { tensor, latents } = this.dictionary.skip!
    const whole = { start: 0, count: latents === 'rows' ? tensor.shape[0]! : tensor.shape[1]! }
    return g.add(y, g.linear(this.#across(g, this.#skip, latents === 'rows', whole), x, EXACT))
  }

  /** Weights of a block's latents as rows over the input: ne [d, count]. */
  #encoderBlock(g: Graph, block: Block): Tensor {
    return this.#across(g, this.#encoder, this.dictionary.encoder.latents === 'rows', block)
  }

  /** The same for the decoder, as columns: ne [count, d_out]. */
  #decoderBlock(g: Graph, block: Block): Tensor {
    return this.#along(g, this.#decoder, this.dictionary.decoder.latents === 'columns', block)
  }

  /** [inputs, count], as stored or turned in f32: latents are the slow axis. */
  #across(g: Graph, w: Tensor, slow: boolean, block: Block): Tensor {
    return slow ? slowBlock(g, w, block) : this.#turned(g, fastBlock(g, w, block))
  }

  /** [count, outputs], as stored or turned in f32: latents are the fast axis. */
  #along(g: Graph, w: Tensor, fast: boolean, block: Block): Tensor {
    return fast ? fastBlock(g, w, block) : this.#turned(g, slowBlock(g, w, block))
  }

  #turned(g: Graph, w: Tensor): Tensor {
    const turned = g.permute(w, [1, 0, 2, 3])
    return turned.type === 'F32' ? g.cont(turned) : g.cast(turned, 'F32')
  }

  #slice(g: Graph, vector: Tensor, { start, count }: Block): Tensor {
    return start === 0 && count === vector.ne[0]
      ? vector
      : g.view(vector, [count], [count * 4, count * 4, count * 4], start * 4)
  }

  [Symbol.dispose](): void {
    this.#store[Symbol.dispose]()
    if (this.#owns) this.dictionary[Symbol.dispose]()
  }
}

/** Rows [start, start + count) of the slow axis. */
function slowBlock(g: Graph, w: Tensor, { start, count }: Block): Tensor {
  return g.view(w, [w.ne[0], count], [w.nb[1], w.nb[2], w.nb[3]], start * w.nb[1])
}

/** Elements [start, start + count) of every row. */
function fastBlock(g: Graph, w: Tensor, { start, count }: Block): Tensor {
  return g.view(w, [count, w.ne[1]], [w.nb[1], w.nb[2], w.nb[3]], start * w.nb[0])
}

/** One after the other along the first axis, in pairs, so that nothing is copied more than log2 times. */
function joined(g: Graph, parts: readonly Tensor[]): Tensor {
  if (parts.length === 1) return parts[0]!
  const pairs: Tensor[] = []
  for (let i = 0; i < parts.length; i += 2)
    pairs.push(i + 1 < parts.length ? g.concat(parts[i]!, parts[i + 1]!) : parts[i]!)
  return joined(g, pairs)
}
