/** How texts that were written under doses fare: what the unsteered base model thinks of them, and their variety. */

import { score } from '../model/score.ts'
import { distinctPairs, repetition } from './coherent.ts'
import type { StepOptions } from './model-place.ts'
import type { Prepared } from './prepare.ts'
import type { RunFolder } from './run-folder.ts'
import { shardedStep } from './shards.ts'
import type { Written } from './steered-texts.ts'
import type { Coherence } from './steering-table.ts'

const PERPLEXITY = 3

/** Texts at one dose of a direction; 0: without steering. */
export interface DosedTexts {
  readonly asked: number
  readonly dose: number
  readonly texts: readonly Written[]
}

/**
 * Perplexity under the unsteered first model, distinct pairs of words and repetition, at every dose.
 *
 * @param written hash of the step that wrote the texts
 * @param prompts tokens by id
 */
export async function coherenceOf(
  run: RunFolder,
  p: Prepared,
  doses: readonly DosedTexts[],
  written: string,
  prompts: ReadonlyMap<string, readonly number[]>,
  options: StepOptions,
): Promise<Coherence[]> {
  const base = p.models.all[0]!
  const judged = await shardedStep<number>(
    run,
    {
      kind: 'perplexity',
      version: PERPLEXITY,
      params: { ...base.key, written, doses: doses.map((d) => d.asked) },
    },
    doses.length,
    base.open,
    async (opened, s) => {
      let [sum, tokens] = [0, 0]
      await score(
        opened,
        doses[s]!.texts.map((w, i) => ({
          id: String(i),
          prompt: prompts.get(w.prompt)!,
          completions: [w.tokens],
        })),
        { signal: options.signal },
        (scored) => {
          sum += scored.logprobs[0]!
          tokens += scored.tokens[0]!
        },
      )
      return Math.min(Math.exp(-sum / tokens), Number.MAX_VALUE)
    },
  )
  return doses.map(({ asked, dose, texts }, s) => {
    const list = texts.map((w) => w.text)
    return {
      asked,
      dose,
      perplexity: judged.shards[s]!,
      distinct: distinctPairs(list, p.domain.language),
      repetition: repetition(list, p.domain.language),
      texts: list.length,
    }
  })
}
