/**
 * Models between two models: theta = base + alpha (aligned - base), with an alpha for every block. Nothing is
 * copied: weights of both stay where their files are mapped, and the outputs of two linear maps are mixed instead of
 * their weights, which is the same. alpha 0 and 1 are the models themselves, to the bit.
 */

import { refuse } from '../core/errors.ts'
import { readF32 } from '../formats/safetensors.ts'
import type { Backend } from '../ggml/backend.ts'
import type { Graph } from '../ggml/graph.ts'
import type { Tensor } from '../ggml/tensor.ts'
import {
  describeCheckpoint,
  type LoadOptions,
  loadModel,
  type ModelDescription,
  openDescription,
} from './load.ts'
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
 * @throws PalimpsestError `models-differ` where {@link unmixable} finds a difference, and those of `loadModel`
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
    const difference = unmixable(describeCheckpoint(own.checkpoint), other)
    if (difference !== undefined)
      throw refuse('models-differ', 'The models compute differently, so that nothing lies between them.', {
        where: `${base} and ${aligned}, ${difference.what}`,
        expected: difference.base,
        found: difference.aligned,
        fix: 'Compare a base model with the aligned model that was trained from it, in one kind of file.',
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

type Side = Pick<ModelDescription, 'architecture' | 'source'>

/**
 * What keeps two models from being mixed: a part in which they differ beside their weights. Blocks of one between
 * blocks of the other would then compute what neither does.
 *
 * @returns undefined where nothing does
 * @example unmixable(base.description, aligned.description)?.what // 'vocabulary'
 */
export function unmixable(
  base: Side,
  aligned: Side,
): { readonly what: string; readonly base: string; readonly aligned: string } | undefined {
  const other = new Map(parts(aligned))
  for (const [what, mine] of parts(base)) {
    const theirs = other.get(what) ?? 'none'
    if (mine !== theirs) return { what, base: mine, aligned: theirs }
  }
  return undefined
}

/** Everything that a pass takes from a model beside its weights, in the order in which it is best told. */
function parts({ architecture: a, source }: Side): [what: string, value: string][] {
  const shown = (...values: (string | number | boolean)[]): string => values.join(', ')
  const stored = source.ropeFactors === undefined ? undefined : readF32(source.ropeFactors)
  return [
    ['family', a.family],
    ['blocks', shown(a.layers.length)],
    ['width', shown(a.width)],
    ['vocabulary', shown(a.vocabulary)],
    ['heads, key heads, width of a head', shown(a.heads, a.kvHeads, a.headDim)],
    ['width of the MLP', shown(a.mlpWidth)],
    ['order of the rows of queries and keys', source.ropePairs],
    ['activation', a.activation],
    ['epsilon of norms', shown(a.normEps)],
    ['norms', shown(a.queryKeyNorm, ...Object.values(a.norms).map((name) => name ?? 'none'))],
    ['scales of embedding and attention', shown(a.embeddingScale, a.attentionScale)],
    ['soft caps', shown(a.attentionSoftcap, a.logitSoftcap)],
    ...a.layers.map(({ window, rope }, l): [string, string] => [
      `window and position embedding of block ${l}`,
      rope === undefined
        ? shown(window ?? 'all', 'none')
        : shown(
            window ?? 'all',
            `theta ${rope.theta}`,
            `scale ${rope.scale}`,
            `factors ${[...(stored ?? rope.factors ?? [])].join(' ') || 'none'}`,
          ),
    ]),
  ]
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
  }
}
