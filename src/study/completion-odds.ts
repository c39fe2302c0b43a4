/** Log-probabilities of the completions of many items, shard by shard. */

import { hashJson } from '../core/files.ts'
import { score } from '../model/score.ts'
import type { ModelKey } from './harvest.ts'
import type { StudyModel } from './models.ts'
import type { RunFolder } from './run-folder.ts'
import { shardedStep } from './shards.ts'

const VERSION = 2
/** Items in a shard: tens of passes. */
const SHARD = 64

export interface OddsItem {
  readonly id: string
  readonly tokens: readonly number[]
  readonly completions: readonly (readonly number[])[]
}

/**
 * Mean log-probability per token (nats) of every completion of every item.
 *
 * @returns by item: [completions]
 * @throws PalimpsestError `text-too-long`, `interrupted`, and as `score`
 */
export async function completionOdds(
  run: RunFolder,
  model: { readonly key: ModelKey; readonly open: StudyModel['open'] },
  items: readonly OddsItem[],
  options: {
    signal?: AbortSignal | undefined
    onProgress?: ((done: number, total: number) => void) | undefined
  },
): Promise<{ hash: string; perToken: number[][] }> {
  const spec = {
    kind: 'completion-odds',
    version: VERSION,
    params: {
      ...model.key,
      items: hashJson(items.map((i) => [i.id, i.tokens, i.completions])),
      shard: SHARD,
    },
  }
  const { hash, shards } = await shardedStep<number[][]>(
    run,
    spec,
    Math.ceil(items.length / SHARD),
    model.open,
    async (open, s) => {
      const out: number[][] = []
      await score(
        open,
        items
          .slice(s * SHARD, (s + 1) * SHARD)
          .map(({ id, tokens, completions }) => ({ id, prompt: tokens, completions })),
        { signal: options.signal },
        ({ logprobs, tokens }) => {
          out.push(logprobs.map((l, c) => l / tokens[c]!))
        },
      )
      return out
    },
    options.onProgress,
  )
  return { hash, perToken: shards.flat() }
}
