/**
 * A whole forward pass as a graph: embedding, blocks up to the last one needed, final norm and logits of the
 * rows asked for. Built for a packed pass of whole texts (optionally filling a cache) or for one decoding
 * step over a cache.
 */

import type { Backend } from '../ggml/backend.ts'
import { Graph, type RopePairs } from '../ggml/graph.ts'
import type { RopeTable } from '../ggml/rope-table.ts'
import type { Tensor } from '../ggml/tensor.ts'
import type { Architecture } from './architecture.ts'
import { type Attention, block } from './block.ts'
import type { PassChanges } from './compile.ts'
import { hookLayer } from './hooks.ts'
import { type Distribution, distribution } from './sample.ts'
import type { LayerWeights, Linear, Weights } from './weights.ts'

/** Tensors per block, an upper bound: norms, casts, projections, attention in its manual form, adapters. */
const TENSORS_PER_BLOCK = 144
const TENSORS_AROUND = 96
/** What mixing two models adds: a product and three sums for each map, three for each norm. */
const TENSORS_PER_MIXED_BLOCK = 80

/** The fixed side of a model: what every pass uses. */
export interface ForwardModel {
  readonly backend: Backend
  readonly architecture: Architecture
  readonly weights: Weights
  readonly ropePairs: RopePairs
  /** The rotary embedding of each layer that has one. */
  readonly ropes: readonly (RopeTable | undefined)[]
  /** `f32`: weights are widened in the graph, so that activations are never rounded to the weights' type. */
  readonly precision: 'native' | 'f32'
  /** What an adapter adds to a linear map: a correction [out, N] for its input, or undefined. */
  readonly adapt: ((graph: Graph, linear: Linear, x: Tensor) => Tensor | undefined) | undefined
  /** Weights on the way to another model's, in place of `weights` (mixture.ts). */
  readonly mix?: Mix | undefined
}

/** The weights of a pass through a mixture of two models, made inside its graph. */
export interface Mix {
  layer(graph: Graph, layer: number): LayerWeights
  embed(graph: Graph, tokens: Tensor): Tensor
  ends(graph: Graph): { readonly finalNorm: Tensor; readonly output: Linear }
}

/** The residual stream as it leaves a block (its hook_resid_post), from an earlier pass over the same tokens. */
export interface Resumed {
  readonly layer: number
  /** [N, width] */
  readonly values: Float32Array
}

/** The changing side: tokens, attention, hooks. */
export interface PassOptions {
  readonly tokens: Int32Array
  readonly positions: Int32Array
  /** Start behind this block with its residual stream [width, N] instead of with the embedding. */
  readonly resume?: Resumed | undefined
  /** Makes the attention of this pass inside the graph. */
  readonly attention: (graph: Graph) => Attention
  readonly changes?: PassChanges | undefined
  /** Hook points to read, after their changes. */
  readonly read?: ReadonlySet<string>
  /** What else is made of what is read, as soon as it is there. */
  readonly beside?: Beside | undefined
  /** Rows (tokens of the pass) whose logits are wanted. */
  readonly logitRows?: Int32Array
  /** Log-probabilities of tokens, beside the logits or instead of reading them. */
  readonly targets?: Targets | undefined
  /** Draw from softmax(logits / temperature) over the first `ids` of the vocabulary, instead of giving logits. */
  readonly sample?: { readonly temperature: number; readonly ids: number } | undefined
  /** Compute every block even if nothing later is read: a cache must be filled to the end. */
  readonly allBlocks?: boolean
  /** One decoding step over a cache, not a pass of whole texts. */
  readonly step?: boolean
}

/** Outputs made of what is read. */
export interface Beside {
  /** Upper bound on the number of tensors that they take. */
  readonly tensors: number
  add(graph: Graph, hook: string, x: Tensor): void
}

/** Tokens whose log-probabilities are wanted. */
export interface Targets {
  /** Number of a row among those whose logits are computed. */
  readonly rows: Int32Array
  readonly tokens: Int32Array
  /** Whether the logits are to be read too. */
  readonly logits: boolean
}

export interface Pass extends Disposable {
  readonly graph: Graph
  /** Outputs by hook name. */
  readonly reads: ReadonlyMap<string, Tensor>
  /** [vocabulary, rows], when rows were asked for and nothing is sampled from them. */
  readonly logits: Tensor | undefined
  /** What tokens of the rows are drawn from, for `sample`. */
  readonly drawn: Distribution | undefined
  /** Probabilities of the targets, [1, targets]. */
  readonly targets: Tensor | undefined
}

/** Builds a pass; compute it with `pass.graph.compute` and read its outputs. */
export function buildPass(model: ForwardModel, options: PassOptions): Pass {
  const { architecture: a, weights } = model
  const each = TENSORS_PER_BLOCK + (model.mix === undefined ? 0 : TENSORS_PER_MIXED_BLOCK)
  const most =
    TENSORS_AROUND + a.layers.length * each + (options.changes?.tensors ?? 0) + (options.beside?.tensors ?? 0)
  const graph = new Graph(model.backend, most)
  try {
    return assemble(model, options, graph, a, weights)
  } catch (error) {
    graph[Symbol.dispose]()
    throw error
  }
}

function assemble(
  model: ForwardModel,
  options: PassOptions,
  graph: Graph,
  a: Architecture,
  weights: Weights,
): Pass {
  const n = options.tokens.length
  const attention = options.attention(graph)
  const reads = new Map<string, Tensor>()

  const isHooked = (name: string): boolean =>
    options.read?.has(name) === true || options.changes?.sites.has(name) === true
  const hook = (name: string, x: Tensor): Tensor => {
    if (options.changes?.sites.has(name) === true) x = options.changes.apply(graph, name, x)
    if (options.read?.has(name) === true) {
      reads.set(name, graph.output(x))
      options.beside?.add(graph, name, x)
    }
    return x
  }
  const how = { precision: model.precision, step: options.step === true }
  const linear = (w: Linear, x: Tensor, plus?: Tensor): Tensor => {
    const correction = model.adapt?.(graph, w, x)
    // What is added comes last, so that its bits do not depend on who looks at the rest.
    const last = plus !== undefined && (correction ?? w.bias ?? w.toward) === undefined ? plus : undefined
    let y = graph.linear(w.weight, x, how, last)
    if (correction !== undefined) y = graph.add(y, correction)
    if (w.bias !== undefined) y = graph.add(y, w.bias)
    if (w.toward !== undefined) {
      // Maps are linear in their weights: mixing outputs is mixing weights, without a copy of either.
      const { linear: other, alpha } = w.toward
      y = graph.add(graph.scale(y, 1 - alpha), graph.scale(linear(other, x), alpha))
    }
    return plus === undefined || last !== undefined ? y : graph.add(plus, y)
  }
  const layerWeights = (layer: number): LayerWeights =>
    model.mix?.layer(graph, layer) ?? weights.layers[layer]!

  let x: Tensor
  if (options.resume === undefined) {
    const tokens = graph.input('I32', [n], options.tokens)
    x = model.mix?.embed(graph, tokens) ?? graph.getRows(weights.embedding, tokens)
    if (a.embeddingScale !== 1) x = graph.scale(x, a.embeddingScale)
    x = hook('hook_embed', x)
  } else {
    const { layer, values } = options.resume
    x = hook(`blocks.${layer}.hook_resid_post`, graph.input('F32', [a.width, n], values))
  }
  const last = lastLayer(options, a)
  const context = {
    graph,
    architecture: a,
    positions: options.positions,
    attention,
    ropePairs: model.ropePairs,
    ropes: model.ropes,
    linear,
    hook,
    isHooked,
    flash: model.backend.isCpu || model.precision === 'native',
  }
  for (let layer = options.resume === undefined ? 0 : options.resume.layer + 1; layer <= last; layer++)
    x = block(context, layerWeights(layer), layer, x)
  if (options.allBlocks === true) graph.expand(x)

  let logits: Tensor | undefined
  let drawn: Distribution | undefined
  let targets: Tensor | undefined
  const finalHooked = isHooked('ln_final.hook_normalized')
  if (options.logitRows !== undefined || finalHooked) {
    // Without a hook on the final norm only the wanted rows go through it.
    const rows =
      options.logitRows === undefined
        ? undefined
        : graph.input('I32', [options.logitRows.length], options.logitRows)
    const scaled = finalHooked
      ? hook('ln_final.hook_normalized', graph.norm(x, undefined, a.normEps))
      : undefined
    if (rows !== undefined) {
      const ends = model.mix?.ends(graph)
      const weight = ends?.finalNorm ?? weights.finalNorm
      // The same bits either way.
      const h =
        scaled === undefined
          ? graph.norm(graph.getRows(x, rows), weight, a.normEps)
          : graph.getRows(graph.mul(scaled, weight), rows)
      logits = ends === undefined ? graph.linear(weights.output, h, how) : linear(ends.output, h)
      if (a.logitSoftcap > 0)
        logits = graph.scale(graph.tanh(graph.scale(logits, 1 / a.logitSoftcap)), a.logitSoftcap)
      if (options.targets !== undefined) targets = probabilitiesOf(graph, logits, options.targets)
      if (options.sample === undefined) graph.output(logits)
      else {
        drawn = distribution(graph, logits, options.sample.temperature, options.sample.ids)
        logits = undefined
      }
    }
  }
  return { graph, reads, logits, drawn, targets, [Symbol.dispose]: () => graph[Symbol.dispose]() }
}

function probabilitiesOf(graph: Graph, logits: Tensor, { rows, tokens }: Targets): Tensor {
  const [vocabulary, n] = logits.ne
  const at = rows.map((row, i) => row * vocabulary + tokens[i]!)
  const each = graph.reshape(graph.softMax(logits, undefined, 1), [1, vocabulary * n])
  return graph.output(graph.getRows(each, graph.input('I32', [at.length], at)))
}

/** The last block that something needs. */
function lastLayer(options: PassOptions, a: Architecture): number {
  if (options.logitRows !== undefined || options.allBlocks === true) return a.layers.length - 1
  let last = -1
  for (const name of options.read ?? []) last = Math.max(last, hookLayer(name, a))
  return Math.min(last, a.layers.length - 1)
}
