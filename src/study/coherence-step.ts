/** How texts that were written under doses fare: what the unsteered base model thinks of them, and their variety. */

import { score } from '../model/score.ts'
import { type ClusterOptions, issueEstimate, weightedMean } from '../stats/bootstrap.ts'
import type { Estimate } from '../stats/estimate.ts'
import { jackknifeEstimate, jackknifePlan, within } from '../stats/jackknife.ts'
import { distinctPairs, repetition } from './coherent.ts'
import type { StepOptions } from './model-place.ts'
import type { Prepared } from './prepare.ts'
import type { RunFolder } from './run-folder.ts'
import { shardedStep } from './shards.ts'
import type { Written } from './steered-texts.ts'
import type { Coherence } from './steering-table.ts'

const PERPLEXITY = 4

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
  const judged = await shardedStep<{ logprobs: number[]; tokens: number[] }>(
    run,
    {
      kind: 'perplexity',
      version: PERPLEXITY,
      params: { ...base.key, written, doses: doses.map((d) => d.asked) },
    },
    doses.length,
    base.open,
    async (opened, s) => {
      const [logprobs, tokens]: [number[], number[]] = [[], []]
      await score(
        opened,
        doses[s]!.texts.map((w, i) => ({
          id: String(i),
          prompt: prompts.get(w.prompt)!,
          completions: [w.tokens],
        })),
        { signal: options.signal },
        (scored) => {
          logprobs.push(scored.logprobs[0]!)
          tokens.push(scored.tokens[0]!)
        },
      )
      return { logprobs, tokens }
    },
  )
  const { seed, draws } = p.study
  const { language } = p.domain
  const out: Coherence[] = []
  for (const [s, { asked, dose, texts }] of doses.entries()) {
    const list = texts.map((w) => w.text)
    out.push({
      asked,
      dose,
      ...(await coherence(list, judged.shards[s]!, language, {
        seed,
        draws: draws.bootstrap,
        signal: options.signal,
      })),
    })
  }
  return out
}

/**
 * What becomes of texts of one dose. Perplexity and repetition are resampled over texts; of distinct pairs copies of a
 * text would have none, so that texts are left out instead.
 *
 * @param scored sum of log probabilities, and tokens, of each text
 * @throws PalimpsestError `interrupted`
 */
export async function coherence(
  texts: readonly string[],
  { logprobs, tokens }: { readonly logprobs: readonly number[]; readonly tokens: readonly number[] },
  language: string,
  { signal, ...draws }: ClusterOptions,
): Promise<Pick<Coherence, 'perplexity' | 'distinct' | 'repetition' | 'texts'>> {
  const over = (statistic: (weights: ArrayLike<number>) => number): Promise<Estimate | undefined> =>
    issueEstimate(
      { of: texts.map((_, i) => i), count: texts.length },
      { ...draws, signal, stage: 'texts', method: 'bootstrap over texts' },
      statistic,
    )
  const repeated = texts.map((t) => repetition(t, language))
  const mean = await over((w) => weightedMean(repeated, w))
  const plan = jackknifePlan(texts.length, draws.seed)
  const without = plan.blocks.map(({ groups }) =>
    distinctPairs(
      texts.filter((_, i) => !groups.includes(i)),
      language,
    ),
  )
  const pairs = jackknifeEstimate(distinctPairs(texts, language), without, plan, {
    n: texts.length,
    seed: draws.seed,
    scale: within(1),
  })
  const perplexity = await over((w) =>
    Math.min(Math.exp(-weightedMean(logprobs, w) / weightedMean(tokens, w)), Number.MAX_VALUE),
  )
  return {
    // Texts of no token at all are as incoherent as texts can be.
    perplexity: perplexity ?? { value: Number.MAX_VALUE, n: texts.length },
    distinct:
      pairs.method === undefined ? pairs : { ...pairs, method: pairs.method.replace('groups', 'texts') },
    // Where all texts repeat themselves alike, as where none does, draws cannot differ and say nothing.
    repetition: new Set(repeated).size > 1 ? mean! : { value: repeated[0] ?? 0, n: texts.length },
    texts: texts.length,
  }
}
