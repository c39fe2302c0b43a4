/** The steps of claim `behaviour`: prompts, with and without personas; answers of every model; the claim. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { atomicWrite, hashJson } from '../core/files.ts'
import { answers } from './answers.ts'
import { type BehaviourOutcome, type BehaviourPrompt, claimBehaviour } from './claim-behaviour.ts'
import { type TokenizedText, tokenizeTexts } from './inputs.ts'
import type { Prepared } from './prepare.ts'
import type { RunFolder } from './run-folder.ts'

const VERSION = 3

/** Samples the answers of all models and measures the claim. */
export async function behaviourStep(
  run: RunFolder,
  p: Prepared,
  options: {
    signal?: AbortSignal | undefined
    onProgress?: ((what: string, done: number, total: number) => void) | undefined
  },
): Promise<BehaviourOutcome> {
  const { study, domain } = p
  const { prompts, plain, personas } = await behaviourPrompts(p, options.signal)
  const sampled: { role: string; hash: string[]; answers: Awaited<ReturnType<typeof answers>>['answers'] }[] =
    []
  for (const model of p.models.all) {
    const sample = (what: string, of: readonly TokenizedText[], samples: number) =>
      answers(
        run,
        {
          key: model.key,
          architecture: model.description.architecture,
          prompts: of.map(({ id, tokens }) => ({ id, tokens })),
          samples,
          maxTokens: study.behaviour.max_tokens,
          temperature: study.behaviour.temperature,
          seed: study.seed,
        },
        model.open,
        {
          signal: options.signal,
          onProgress: (done, total) => options.onProgress?.(`answers of ${model.role}: ${what}`, done, total),
        },
      )
    const own = await sample('prompts', plain, study.behaviour.samples)
    const theirs = await sample('personas', personas, study.behaviour.persona_samples)
    sampled.push({
      role: model.role,
      hash: [own.hash, theirs.hash],
      answers: [...own.answers, ...theirs.answers],
    })
  }
  const labelled = labelledAnswers(p)
  const spec = {
    kind: 'claim-behaviour',
    version: VERSION,
    params: {
      answers: sampled.map((s) => [s.role, s.hash]),
      prompts: hashJson(prompts),
      labelled: hashJson(labelled),
      refusals: domain.refusals,
      seed: study.seed,
      draws: study.draws,
      thresholds: study.thresholds,
    },
  }
  options.onProgress?.('behaviour', 0, 1)
  const { folder } = await run.step(spec, async (partial) => {
    const outcome = await claimBehaviour({
      study,
      labelled,
      prompts,
      refusals: domain.refusals,
      language: domain.language,
      models: sampled,
      rendering: study.render[0]!,
      signal: options.signal,
    })
    await atomicWrite(join(partial, 'behaviour.json'), JSON.stringify(outcome))
  })
  options.onProgress?.('behaviour', 1, 1)
  return JSON.parse(await readFile(join(folder, 'behaviour.json'), 'utf8')) as BehaviourOutcome
}

/** What the classifier of answers learns from: the labelled texts and the domain's matched completions. */
export function labelledAnswers({ texts, domain }: Prepared): { texts: string[]; poles: number[] } {
  return {
    texts: [...texts.texts, ...domain.prompts.flatMap((q) => [q.A, q.B])],
    poles: [...texts.poles, ...domain.prompts.flatMap(() => [0, 1])],
  }
}

/** The study's prompts as they are, and the first neutral one of each issue under personas A, B and none. */
async function behaviourPrompts(
  p: Prepared,
  signal: AbortSignal | undefined,
): Promise<{
  prompts: BehaviourPrompt[]
  plain: readonly TokenizedText[]
  personas: readonly TokenizedText[]
}> {
  const { study, domain } = p
  const rendering = study.render[0]!
  const plain = p.prompts.ids.map(
    (id, i): BehaviourPrompt => ({
      id,
      issue: p.prompts.issues[i]!,
      loading: (p.prompts.loadings[i] ?? 'neutral') as BehaviourPrompt['loading'],
      persona: undefined,
    }),
  )
  const neutral = new Map<string, number>()
  plain.forEach((q, i) => {
    if (q.loading === 'neutral' && !neutral.has(q.issue)) neutral.set(q.issue, i)
  })
  const wordings = domain.personas.slice(0, study.behaviour.personas)
  const under = [...neutral.values()].flatMap((i) =>
    wordings.flatMap((persona) =>
      (['A', 'B', 'none'] as const).map((identity) => ({
        prompt: {
          ...plain[i]!,
          id: `${plain[i]!.id}/${persona.id}.${identity}`,
          persona: identity,
        },
        text: `${persona.user[identity]} ${p.prompts.texts[i]}`,
      })),
    ),
  )
  const personas = await tokenizeTexts(
    p.models.all[0]!.description,
    under.map((u) => u.prompt.id),
    under.map((u) => u.text),
    rendering,
    p.models.template,
    study.date,
    signal,
  )
  return {
    prompts: [...plain, ...under.map((u) => u.prompt)],
    plain: p.promptTokens.get(rendering)!,
    personas,
  }
}
