/**
 * The differentiable forward pass: rows of T tokens, each row several whole documents side by side that do not
 * see each other. Attention is written out, because the fused kind has no gradient. ggml's extents, fastest
 * first; N = T * rows.
 */

import { GradientGraph } from '../ggml/gradient.ts'
import type { Graph } from '../ggml/graph.ts'
import type { Tensor } from '../ggml/tensor.ts'
import type { Network } from './network.ts'

/** Fixed shapes of a batch; the caller fills tokens and mask before each pass. */
export class TrainGraph implements Disposable {
  readonly network: Network
  readonly length: number
  readonly rows: number
  /** [rows * T], row after row. */
  readonly tokens: Int32Array
  /** softmax(logits), [N, vocabulary] row-major, after `forward`. */
  readonly probabilities: Float32Array
  /** Where the derivative by the logits goes, [N, vocabulary]. */
  readonly seed: Float32Array
  /** Added to attention scores, [rows][T queries][T keys]: 0 or -Infinity. */
  readonly #mask: Float32Array
  readonly #graph: GradientGraph
  #probabilities!: Tensor

  constructor(network: Network, length: number, rows: number) {
    this.network = network
    this.length = length
    this.rows = rows
    const n = length * rows
    const { vocabulary, layers } = network.architecture
    this.tokens = new Int32Array(n)
    this.#mask = new Float32Array(n * length)
    this.probabilities = new Float32Array(n * vocabulary)
    this.seed = new Float32Array(n * vocabulary)
    this.#graph = new GradientGraph(network.backend, 32 + 64 * layers.length, (graph) => {
      const logits = this.#build(graph)
      // No mask: a softmax over the vocabulary is a plain one.
      this.#probabilities = graph.softMax(logits, undefined, 1)
      return {
        value: logits,
        outputs: [this.#probabilities],
        parameters: network.weights.map((w) => w.tensor),
      }
    })
  }

  /**
   * Puts documents into the rows: each at most T tokens, in order, a new row where one does not fit.
   *
   * @returns for each document the index of its first token among the N; undefined where rows ran out
   */
  pack(documents: readonly (readonly number[])[]): (number | undefined)[] {
    this.tokens.fill(0)
    this.#mask.fill(Number.NEGATIVE_INFINITY)
    let row = 0
    let at = 0
    const T = this.length
    const starts = documents.map((ids) => {
      if (ids.length > T) throw new RangeError(`${ids.length} tokens for rows of ${T}`)
      if (at + ids.length > T) {
        this.#closeRow(row, at)
        row++
        at = 0
      }
      if (row >= this.rows) return undefined
      const start = row * T + at
      this.tokens.set(ids, start)
      this.#allow(row, at, ids.length)
      at += ids.length
      return start
    })
    for (; row < this.rows; row++, at = 0) this.#closeRow(row, at)
    return starts
  }

  /** Padding sees itself, so that no row of scores is empty. */
  #closeRow(row: number, from: number): void {
    for (let t = from; t < this.length; t++) this.#allow(row, t, 1)
  }

  #allow(row: number, start: number, count: number): void {
    const T = this.length
    for (let q = start; q < start + count; q++)
      this.#mask.fill(0, (row * T + q) * T + start, (row * T + q) * T + q + 1)
  }

  /** Computes `probabilities`. */
  async forward(signal?: AbortSignal): Promise<void> {
    await this.network.backend.exclusive(() => this.#graph.forward(signal))
    this.#graph.read(this.#probabilities, this.probabilities)
  }

  /** Computes gradients from `seed`. */
  async backward(signal?: AbortSignal): Promise<void> {
    await this.network.backend.exclusive(() => this.#graph.backward(this.seed, signal))
  }

  /** Reads the gradient of a weight. */
  gradient(weight: { tensor: Tensor }, target?: Float32Array): Float32Array {
    return this.#graph.gradient(weight.tensor, target)
  }

  #build(g: Graph): Tensor {
    const { network, length: T, rows: B } = this
    const a = network.architecture
    const N = T * B
    const { headDim: hd, heads: H, kvHeads: G } = a
    const repeat = H / G
    const tokens = g.input('I32', [N], this.tokens)
    const positions = g.input(
      'I32',
      [N],
      Int32Array.from({ length: N }, (_, i) => i % T),
    )
    const mask = g.input('F32', [T, T, 1, B], this.#mask)
    const weight = (name: string): Tensor => network.tensor(name)
    const norm = (x: Tensor, name: string): Tensor => g.mul(g.rmsNorm(x, a.normEps), weight(name))
    const turn = (x: Tensor, heads: number, layer: number): Tensor =>
      g.reshape(
        g.rope(g.reshape(x, [hd, heads, N]), positions, {
          theta: a.layers[layer]!.rope!.theta,
          pairs: 'half',
        }),
        [hd, heads, T, B],
      )
    const embedding = weight('model.embed_tokens.weight')
    let x = g.getRows(embedding, tokens)
    for (let l = 0; l < a.layers.length; l++) {
      const p = `model.layers.${l}.`
      const linear = (name: string, y: Tensor): Tensor => g.mulMat(weight(`${p}${name}.weight`), y)
      const h = norm(x, `${p}input_layernorm.weight`)
      const q = g.cont(g.permute(turn(linear('self_attn.q_proj', h), H, l), [0, 2, 1, 3]))
      const k = g.cont(g.permute(turn(linear('self_attn.k_proj', h), G, l), [0, 2, 1, 3]))
      const v = g.cont(g.permute(g.reshape(linear('self_attn.v_proj', h), [hd, G, T, B]), [1, 2, 0, 3])) // [T, hd, G, B]
      // Query heads that share a key head lie side by side, so products need no broadcast.
      const scores = g.mulMat(k, g.reshape(q, [hd, T * repeat, G, B])) // [T, T * repeat, G, B]
      const pattern = g.softMax(g.reshape(scores, [T, T, H, B]), mask, a.attentionScale)
      const mixed = g.mulMat(v, g.reshape(pattern, [T, T * repeat, G, B])) // [hd, T * repeat, G, B]
      const z = g.cont(g.permute(g.reshape(mixed, [hd, T, H, B]), [0, 2, 1, 3]))
      x = g.add(x, linear('self_attn.o_proj', g.reshape(z, [hd * H, N])))
      const m = norm(x, `${p}post_attention_layernorm.weight`)
      x = g.add(x, linear('mlp.down_proj', g.swiglu(linear('mlp.gate_proj', m), linear('mlp.up_proj', m))))
    }
    return g.mulMat(embedding, norm(x, 'model.norm.weight')) // [vocabulary, N]
  }

  [Symbol.dispose](): void {
    this.#graph[Symbol.dispose]()
  }
}
