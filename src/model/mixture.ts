/**
 * Models between two models: theta = base + alpha (aligned - base), with an alpha for every block. Nothing is
 * copied: weights of both stay where their files are mapped, and the outputs of two linear maps are mixed instead of
 * their weights, which is the same. alpha 0 and 1 are the models themselves, to the bit.
 */

import { refuse } from '../core/errors.ts'
import type { Backend } from '../ggml/backend.ts'
import type { Graph } from '../ggml/graph.ts'
import type { Tensor } from '../ggml/tensor.ts'
import { type LoadOptions, loadModel, openDescription } from './load.ts'
import { Model } from './model.ts'
import { type LayerWeights, type Linear, loadWeights, type Weights } from './weights.ts'

export type MixtureOptions = Omit<LoadOptions, 'adapter'>

/** A model on the way from base to aligned. */
export interface Mixture extends AsyncDisposable {
  /** Its tokenizer and shape are base's; run and score it like any other. */
  readonly model: Model
  /**
   * Where the next passes are.
   *
   * @param block alpha of each block
   * @param ends alphas of the embedding, and of final norm and unembedding
   */
  along(block: (layer: number) => number, ends: { readonly embedding: number; readonly head: number }): void
}

/**
 * Opens two models of one shape as a mixture, at base.
 *
 * @throws PalimpsestError `models-differ` for another shape, `mixture-layout` where the files order the rows of
 *   queries and keys differently, and those of `loadModel`
 * @example
 * await using mixture = await openMixture('./base', './aligned', { precision: 'f32' })
 * mixture.along((layer) => (layer < 8 ? 0 : 0.5), { embedding: 0, head: 0.5 })
 */
export async function openMixture(
  base: string,
  aligned: string,
  options: MixtureOptions = {},
): Promise<Mixture> {
  const other = await openDescription(aligned)
  let backend: Backend | undefined
  let theirs: Weights | undefined
  let own: Model | undefined
  try {
    own = await loadModel(base, options)
    checkShapes(own, other.architecture, base, aligned)
    if (own.ropePairs !== other.source.ropePairs)
      throw refuse('mixture-layout', 'The files order the rows of queries and keys differently.', {
        where: `${base} and ${aligned}`,
        expected: 'both from safetensors, or both GGUF',
        fix: 'Give both models in one kind of file.',
      })
    backend = own.backend
    theirs = loadWeights(backend, other.architecture, other.source)
  } catch (error) {
    theirs?.[Symbol.dispose]()
    own?.[Symbol.dispose]()
    other[Symbol.dispose]()
    throw error
  }
  const place = { block: (_: number): number => 0, ends: { embedding: 0, head: 0 } }
  const [from, to] = [own.weights, theirs]
  const model = new Model({
    path: own.path,
    checkpoint: own.checkpoint,
    architecture: own.architecture,
    backend,
    weights: from,
    adapter: undefined,
    tokenizer: own.tokenizer,
    template: own.template,
    ropePairs: own.ropePairs,
    precision: own.precision,
    eosIds: own.eosIds,
    mix: {
      layer: (graph, layer) => mixLayer(graph, from.layers[layer]!, to.layers[layer]!, place.block(layer)),
      embed: (graph, tokens) =>
        mixed(
          graph,
          graph.getRows(from.embedding, tokens),
          () => graph.getRows(to.embedding, tokens),
          place.ends.embedding,
        ),
      ends: (graph) => ({
        finalNorm: mixed(graph, from.finalNorm, () => to.finalNorm, place.ends.head),
        output: mixLinear(
          { name: 'lm_head', weight: from.output, bias: undefined },
          { name: 'lm_head', weight: to.output, bias: undefined },
          place.ends.head,
        ),
      }),
    },
  })
  return {
    model,
    along(block, ends) {
      place.block = block
      place.ends = ends
    },
    async [Symbol.asyncDispose]() {
      // After the passes that are under way; the rest is the model's.
      await backend.exclusive(async () => {
        own.allocator[Symbol.dispose]()
        theirs[Symbol.dispose]()
      })
      await model[Symbol.asyncDispose]()
      other[Symbol.dispose]()
    },
  }
}

function checkShapes(own: Model, other: Model['architecture'], base: string, aligned: string): void {
  const shape = (a: Model['architecture']): string =>
    `${a.family}, ${a.layers.length} layers of width ${a.width}, ${a.heads}/${a.kvHeads} heads of ${a.headDim}, MLP ${a.mlpWidth}, vocabulary ${a.vocabulary}`
  if (shape(own.architecture) === shape(other)) return
  throw refuse('models-differ', 'The models have different shapes, so that nothing lies between them.', {
    where: `${base} and ${aligned}`,
    expected: shape(own.architecture),
    found: shape(other),
    fix: 'Compare a base model with the aligned model that was trained from it.',
  })
}

/** (1 - alpha) a + alpha b; the tensors themselves at 0 and 1. */
function mixed(graph: Graph, a: Tensor, b: () => Tensor, alpha: number): Tensor {
  if (alpha === 0) return a
  if (alpha === 1) return b()
  return graph.add(graph.scale(a, 1 - alpha), graph.scale(b(), alpha))
}

function mixLinear(a: Linear, b: Linear, alpha: number): Linear {
  if (alpha === 0) return a
  return alpha === 1 ? b : { ...a, toward: { linear: b, alpha } }
}

function mixLayer(graph: Graph, a: LayerWeights, b: LayerWeights, alpha: number): LayerWeights {
  if (alpha === 0) return a
  if (alpha === 1) return b
  const linear = (name: 'q' | 'k' | 'v' | 'o' | 'gate' | 'up' | 'down'): Linear =>
    mixLinear(a[name], b[name], alpha)
  const norm = (
    name: 'queryNorm' | 'keyNorm' | 'beforeAttention' | 'afterAttention' | 'beforeMlp' | 'afterMlp',
  ): Tensor | undefined => {
    const [x, y] = [a[name], b[name]]
    return x === undefined || y === undefined ? x : mixed(graph, x, () => y, alpha)
  }
  return {
    q: linear('q'),
    k: linear('k'),
    v: linear('v'),
    o: linear('o'),
    gate: linear('gate'),
    up: linear('up'),
    down: linear('down'),
    queryNorm: norm('queryNorm'),
    keyNorm: norm('keyNorm'),
    beforeAttention: norm('beforeAttention'),
    afterAttention: norm('afterAttention'),
    beforeMlp: norm('beforeMlp'),
    afterMlp: norm('afterMlp'),
    ropeFactors: a.ropeFactors,
  }
}
