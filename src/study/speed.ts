/**
 * How fast a model is here and now, from a few passes through its first blocks: what `plan` counts with. The
 * weights of two blocks are read, so that a model of any size is timed in seconds.
 */

import type { Model } from '../model/model.ts'

/** Tokens per second through the whole model. */
export interface Speed {
  /** Of passes of many tokens, without logits. */
  readonly pass: number
  /** Of tokens in such passes whose logits are wanted. */
  readonly scored: number
  /** Of sequences that are written together, a token each at a time. */
  readonly written: number
}

const BLOCKS = 2
const TEXTS = 8
const LENGTH = 64
/** Sequences that are written together. */
const TOGETHER = 32
const ROUNDS = 3

/** @throws PalimpsestError `interrupted`, and as the model */
export async function modelSpeed(model: Model, signal?: AbortSignal): Promise<Speed> {
  const { layers, vocabulary, width } = model.architecture
  const blocks = Math.min(BLOCKS, layers.length)
  const hooks = [`blocks.${blocks - 1}.hook_resid_post`]
  const time = async (texts: number, length: number): Promise<number> => {
    const tokens = Array.from({ length: texts }, (_, i) =>
      Array.from({ length }, (__, t) => (i * length + t) % Math.min(vocabulary, 1000)),
    )
    let best = Number.POSITIVE_INFINITY
    for (let round = 0; round < ROUNDS; round++) {
      const start = performance.now()
      await model.run(tokens, { hooks, signal })
      best = Math.min(best, performance.now() - start)
    }
    return (best / 1000) * (layers.length / blocks)
  }
  const perToken = (await time(TEXTS, LENGTH)) / (TEXTS * LENGTH)
  const perStep = await time(TOGETHER, 1)
  // The unembedding is one more product of weights.
  const head = 1 + (vocabulary * width) / blockWeights(model)
  return {
    pass: 1 / perToken,
    scored: 1 / (perToken * head),
    written: TOGETHER / (perStep * head),
  }
}

function blockWeights({ architecture: a }: Model): number {
  const [q, kv] = [a.heads * a.headDim, a.kvHeads * a.headDim]
  return a.layers.length * a.width * (2 * q + 2 * kv + 3 * a.mlpWidth)
}
