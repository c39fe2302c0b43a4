/**
 * What needs a model and its dictionary once the features to look at are known: how near each came to firing,
 * what its decoder vector does to the logits, where it fires in a text.
 */

import { hashJson } from '../core/files.ts'
import type { Matrix } from '../core/matrix.ts'
import { Graph, GraphAllocator } from '../ggml/graph.ts'
import type { Tensor } from '../ggml/tensor.ts'
import type { Model } from '../model/model.ts'
import { Encoder, type PlacedDictionary, type SparseFeatures } from '../sae/index.ts'
import { cosine } from '../stats/linear.ts'
import type { StudyDictionary } from './dictionaries.ts'
import { HeldDictionary } from './firing.ts'
import type { ModelKey } from './harvest.ts'
import type { RunFolder } from './run-folder.ts'
import { shardedStep } from './shards.ts'
import { type CountedTexts, shardsOf, siteRows } from './site-activations.ts'

const VERSION = 1
/** Tokens shown on each side of a decoder vector's effect. */
const TOKENS = 8
/** Features in one graph. */
const CHUNK = 32
/** What is written to the residual stream, and so reaches the logits through the final norm. */
const WRITES = /(resid_(pre|mid|post)|attn_out|mlp_out|hook_embed)$/

export interface DetailsJob {
  readonly key: ModelKey
  readonly dictionary: StudyDictionary
  readonly features: readonly number[]
  /** The first so many of them have cards. */
  readonly cards: number
  /** Prompts over which margins are taken. */
  readonly prompts: CountedTexts
  /** Texts in which cards show every token. */
  readonly contexts: CountedTexts
  /** The direction of base at the dictionary's layer, [d]; undefined where none fits. */
  readonly direction: readonly number[] | undefined
}

export interface FeatureDetails {
  /** Largest margin of the pre-activation to the threshold in each prompt; above 0 it fires. */
  readonly margins: readonly number[]
  readonly cosine: number | null
  /** Token ids and logits of the unit decoder vector, largest first, and smallest first. Cards only. */
  readonly promoted: readonly (readonly [number, number])[]
  readonly suppressed: readonly (readonly [number, number])[]
  /** Activation at every token of every context. Cards only. */
  readonly contexts: readonly (readonly number[])[]
}

/** One entry a feature; a step of the run. */
export async function featureDetails(
  run: RunFolder,
  job: DetailsJob,
  open: () => Promise<Model>,
  signal?: AbortSignal,
): Promise<FeatureDetails[]> {
  const { dictionary } = job
  const spec = {
    kind: 'feature-details',
    version: VERSION,
    params: {
      key: job.key,
      dictionary: dictionary.hash,
      site: dictionary.site,
      features: job.features,
      cards: job.cards,
      prompts: job.prompts.hash,
      contexts: job.contexts.hash,
      direction: job.direction === undefined ? null : hashJson(job.direction),
    },
  }
  using held = new HeldDictionary(dictionary)
  const { shards } = await shardedStep(run, spec, 1, open, async (model) => {
    const placed = await held.on(model, signal)
    const margins = await promptMargins(model, placed, job, signal)
    const vectors = await decoderVectors(placed, job.features, signal)
    const effects = await tokenEffects(model, dictionary.site, vectors.slice(0, job.cards), signal)
    const contexts = await contextActivations(model, placed, job, signal)
    return job.features.map(
      (_, i): FeatureDetails => ({
        margins: margins[i]!,
        cosine: job.direction === undefined ? null : cosine(vectors[i]!, job.direction),
        promoted: effects[i]?.promoted ?? [],
        suppressed: effects[i]?.suppressed ?? [],
        contexts: contexts[i] ?? [],
      }),
    )
  })
  return shards[0]!
}

async function promptMargins(
  model: Model,
  placed: PlacedDictionary,
  { dictionary, features, prompts }: DetailsJob,
  signal?: AbortSignal,
): Promise<number[][]> {
  const out = features.map(() => new Array<number>(prompts.texts.length).fill(0))
  using encoder = new Encoder(placed)
  for (const shard of shardsOf(prompts.texts)) {
    const { x, starts, items } = await siteRows(model, dictionary.site, prompts, shard, signal)
    const bars =
      placed.dictionary.activation.kind === 'topk'
        ? smallestKept(placed, await encoder.encode(x, { signal }))
        : undefined
    for (let from = 0; from < features.length; from += CHUNK) {
      const chunk = features.slice(from, from + CHUNK)
      const margins = await tokenMargins(placed, x, chunk, bars, signal)
      margins.forEach((tokens, k) => {
        items.forEach((item, i) => {
          let most = Number.NEGATIVE_INFINITY
          for (let t = starts[i]!; t < starts[i + 1]!; t++) most = Math.max(most, tokens[t]!)
          out[from + k]![item] = most
        })
      })
    }
  }
  return out
}

/**
 * How far the pre-activations of some features lie above what they must exceed, [features][tokens]: zero for a
 * relu, the threshold for a JumpReLU, gate and zero for a gated one, the smallest value that was kept for top-k.
 */
async function tokenMargins(
  placed: PlacedDictionary,
  x: Matrix,
  features: readonly number[],
  bars: Float64Array | undefined,
  signal?: AbortSignal,
): Promise<Float32Array[]> {
  const { activation } = placed.dictionary
  const read = await compute(placed, 64 + 32 * features.length, signal, (g) => {
    const normed = placed.normed(g, g.input('F32', [x.cols, x.rows], x.data))
    return features.flatMap((feature) => {
      const block = { start: feature, count: 1 }
      const p = placed.preActivations(g, normed.x, block)
      if (activation.kind === 'topk') return [placed.ranking(g, p.pre, block)]
      return activation.kind === 'gated' ? [p.pre, p.raw] : [p.pre]
    })
  })
  if (activation.kind === 'gated')
    return features.map((feature, k) => {
      const gate = activation.gateBias[feature]!
      return read[2 * k]!.map((pre, t) => Math.min(pre, read[2 * k + 1]![t]! + gate))
    })
  return read.map((values, k) => {
    const bar = activation.kind === 'threshold' ? Math.max(0, activation.threshold[features[k]!]!) : 0
    return values.map((v, t) => v - (bars?.[t] ?? bar))
  })
}

/** Of each token what a latent must reach among the k largest; 0 where fewer than k are positive. */
function smallestKept(placed: PlacedDictionary, f: SparseFeatures): Float64Array {
  const { activation } = placed.dictionary
  if (activation.kind !== 'topk') throw new RangeError('smallestKept: not a top-k dictionary')
  return Float64Array.from({ length: f.rows }, (_, r) => {
    const [from, to] = [f.starts[r]!, f.starts[r + 1]!]
    if (to - from < activation.k) return 0
    let least = Number.POSITIVE_INFINITY
    for (let i = from; i < to; i++)
      least = Math.min(least, f.values[i]! * (activation.weight?.[f.indices[i]!] ?? 1))
    return least
  })
}

/** Decoder vectors, [features][d]. */
export async function decoderVectors(
  placed: PlacedDictionary,
  features: readonly number[],
  signal?: AbortSignal,
): Promise<Float32Array[]> {
  const out: Float32Array[] = []
  for (let from = 0; from < features.length; from += CHUNK) {
    const chunk = features.slice(from, from + CHUNK)
    out.push(
      ...(await compute(placed, 64 + 24 * chunk.length, signal, (g) => {
        const one = g.input('F32', [1, 1], Float32Array.of(1))
        return chunk.map((start) => placed.decodeBlock(g, one, { start, count: 1 }))
      })),
    )
  }
  return out
}

/** Logits that unit decoder vectors add, through the final norm's weight (not its division) and the unembedding. */
async function tokenEffects(
  model: Model,
  site: string,
  vectors: readonly Float32Array[],
  signal?: AbortSignal,
): Promise<Pick<FeatureDetails, 'promoted' | 'suppressed'>[]> {
  const { width } = model.architecture
  if (!WRITES.test(site) || vectors.length === 0) return []
  const units = new Float32Array(vectors.length * width)
  vectors.forEach((v, i) => {
    const norm = Math.hypot(...v) || 1
    units.set(
      v.map((a) => a / norm),
      i * width,
    )
  })
  const [logits] = await compute(model, 16, signal, (g) => {
    const h = g.mul(g.input('F32', [width, vectors.length], units), model.weights.finalNorm)
    return [g.mulMat(model.weights.output, h)]
  })
  const size = logits!.length / vectors.length
  const known = Math.min(size, model.tokenizer.size) // rows beyond are padding
  return vectors.map((_, i) => {
    const own = logits!.subarray(i * size, i * size + known)
    const order = Uint32Array.from(own.keys()).sort((a, b) => own[b]! - own[a]! || a - b)
    const some = (ids: Uint32Array): [number, number][] => Array.from(ids, (id) => [id, own[id]!])
    return { promoted: some(order.slice(0, TOKENS)), suppressed: some(order.slice(-TOKENS).reverse()) }
  })
}

async function contextActivations(
  model: Model,
  placed: PlacedDictionary,
  { dictionary, features, cards, contexts }: DetailsJob,
  signal?: AbortSignal,
): Promise<number[][][]> {
  const out = features
    .slice(0, cards)
    .map(() => contexts.texts.map((t) => new Array<number>(t.tokens.length).fill(0)))
  const at = new Map(features.slice(0, cards).map((f, i) => [f, i]))
  using encoder = new Encoder(placed)
  for (const shard of shardsOf(contexts.texts)) {
    const { x, starts, items } = await siteRows(model, dictionary.site, contexts, shard, signal)
    const f = await encoder.encode(x, { signal })
    items.forEach((item, i) => {
      const positions = [...contexts.used[item]!.keys()].filter((t) => contexts.used[item]![t] === 1)
      for (let r = starts[i]!; r < starts[i + 1]!; r++)
        for (let k = f.starts[r]!; k < f.starts[r + 1]!; k++) {
          const card = at.get(f.indices[k]!)
          if (card !== undefined) out[card]![item]![positions[r - starts[i]!]!] = f.values[k]!
        }
    })
  }
  return out
}

/** Builds a graph on a device, computes it and reads its results. */
async function compute(
  { backend }: Pick<PlacedDictionary, 'backend'>,
  tensors: number,
  signal: AbortSignal | undefined,
  build: (g: Graph) => Tensor[],
): Promise<Float32Array[]> {
  return backend.exclusive(async () => {
    using allocator = new GraphAllocator(backend)
    using g = new Graph(backend, tensors)
    const results = build(g).map((t) => g.output(t))
    await g.compute(allocator, signal)
    return results.map((t) => g.read(t))
  })
}
