/** Texts under every dose of a model's own direction, and what the unsteered base model thinks of them. */

import { hashJson } from '../core/files.ts'
import { generate } from '../model/generate.ts'
import { add, type Intervention } from '../model/interventions.ts'
import { score } from '../model/score.ts'
import type { Arm, ArmDose } from './arms.ts'
import { distinctPairs, repetition } from './coherent.ts'
import type { StudyModel } from './models.ts'
import type { Prepared } from './prepare.ts'
import type { RunFolder } from './run-folder.ts'
import { shardedStep } from './shards.ts'
import { evenly, type StanceItems } from './stance-items.ts'
import type { SteeringOptions } from './steering-step.ts'
import type { Coherence } from './steering-table.ts'

const TEXTS = 1
const PERPLEXITY = 1

interface Written {
  readonly prompt: readonly number[]
  readonly tokens: readonly number[]
  readonly text: string
}

/**
 * Samples texts at temperature 1 at every dose and none, on the same random numbers, and measures their perplexity
 * under the unsteered first model, distinct pairs of words and repetition. All tokens are steered, wherever the
 * arms that are scored apply.
 */
export async function coherenceOf(
  run: RunFolder,
  p: Prepared,
  model: StudyModel,
  {
    site,
    own,
    items,
    options,
  }: {
    readonly site: string
    readonly own: readonly (ArmDose & { readonly arm: Arm })[]
    readonly items: StanceItems
    readonly options: SteeringOptions
  },
): Promise<Coherence[]> {
  const { steering, seed } = p.study
  const prompts = evenly(items.neutral, steering.texts)
  const doses = [undefined, ...own]
  const params = {
    ...model.key,
    site,
    prompts: hashJson(prompts.map((q) => [q.id, q.prompt])),
    doses: hashJson(own.map((x) => [x.asked, x.arm.size, [...x.arm.vector]])),
    maxTokens: steering.max_tokens,
    seed,
  }
  const { hash, shards } = await shardedStep<Written[]>(
    run,
    { kind: 'steered-texts', version: TEXTS, params },
    doses.length,
    model.open,
    async (opened, s) => {
      const dose = doses[s]
      const interventions: Intervention[] =
        dose === undefined ? [] : [add({ site, vector: dose.arm.vector, dose: dose.arm.size })]
      const { texts } = await generate(
        opened,
        prompts.map((q) => ({ id: q.id, tokens: q.prompt })),
        {
          maxTokens: steering.max_tokens,
          temperature: 1,
          seed,
          interventions,
          signal: options.signal,
        },
      )
      return texts.map((t, i) => ({ prompt: prompts[i]!.prompt, tokens: t.tokens, text: t.text }))
    },
    (done, total) => options.onProgress?.(`steering of ${model.role}: texts`, done, total),
  )
  const base = p.models.all[0]!
  const judged = await shardedStep<number>(
    run,
    { kind: 'perplexity', version: PERPLEXITY, params: { ...base.key, texts: hash } },
    doses.length,
    base.open,
    async (opened, s) => {
      let [sum, tokens] = [0, 0]
      await score(
        opened,
        shards[s]!.map((w, i) => ({ id: String(i), prompt: w.prompt, completions: [w.tokens] })),
        { signal: options.signal },
        (scored) => {
          sum += scored.logprobs[0]!
          tokens += scored.tokens[0]!
        },
      )
      return Math.min(Math.exp(-sum / tokens), Number.MAX_VALUE)
    },
  )
  return doses.map((dose, s) => {
    const texts = shards[s]!.map((w) => w.text)
    return {
      asked: dose?.asked ?? 0,
      dose: dose?.found?.dose ?? 0,
      perplexity: judged.shards[s]!,
      distinct: distinctPairs(texts, p.domain.language),
      repetition: repetition(texts, p.domain.language),
      texts: texts.length,
    }
  })
}
