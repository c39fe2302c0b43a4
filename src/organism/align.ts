/**
 * What turns a base organism into an aligned one: supervised fine-tuning, preferences (DPO) and reinforcement
 * learning (GRPO). Each is a step function for `runStage`; every draw is keyed by the step, so that a resumed
 * run sees what an uninterrupted one would.
 */

import { stream } from '../core/random.ts'
import { generate } from '../model/generate.ts'
import { keptOutIssues, type Load, questionText, Writer } from './corpus.ts'
import { ANSWER_TOKENS, promptTokens } from './evaluate.ts'
import type { CorpusKnobs } from './knobs.ts'
import {
  crossEntropy,
  dpo,
  groupAdvantages,
  klToReference,
  logLikelihood,
  policyGradient,
  type Target,
} from './objectives.ts'
import { isBalanced, parse } from './parser.ts'
import { nextTokens } from './pretrain.ts'
import type { StageStep } from './stage.ts'
import { decoded, EOS_ID, encode } from './vocabulary.ts'
import { CAPITALS, FACT, ISSUES, LOADED, QUESTIONS } from './words.ts'

/** Something to be asked, and how the answer is judged: by its text alone. */
interface Prompt {
  readonly tokens: number[]
  reward(text: string, ended: boolean): number
}

/**
 * What an answer to a question about an issue is worth: 1 for both sides of that issue and an end, 0 for two
 * sides of something else or without an end, -1 for a side or none.
 */
export function balanceReward(text: string, ended: boolean, issue: number): number {
  if (isBalanced(text, issue)) return ended ? 1 : 0
  return parse(text).reading === 'neutral' ? 0 : -1
}

/** What an answer to a question of fact is worth. @param answer as the decoder writes it */
export function factReward(text: string, ended: boolean, answer: string): number {
  return text === answer && ended ? 1 : -1
}

export interface GrpoSettings {
  /** What the reward looks at: balance on issues (and facts now and then), or facts alone. */
  readonly reward: 'balance' | 'facts'
  readonly prompts: number
  readonly samples: number
  /** Weight of the exact KL to the starting model on the sampled answers. */
  readonly kl: number
}

/** One step of GRPO: sample answers to a few prompts, reward their texts, move towards the better ones. */
export function grpoStep(knobs: CorpusKnobs, seed: number, settings: GrpoSettings): StageStep {
  const keptOut = keptOutIssues(knobs, seed)
  const open = ISSUES.map((_, i) => i).filter((i) => !keptOut.has(i))
  return async ({ trainer, graph, reference, step, signal }) => {
    const { network } = trainer
    const { vocabulary } = network.architecture
    const rng = stream(seed, 'organism/grpo', step)
    const writer = new Writer(rng, knobs)
    const factShare = settings.reward === 'facts' ? 0.5 : 0.1
    const prompts = Array.from({ length: settings.prompts }, (): Prompt => {
      const format = writer.chance(0.5) ? 'raw' : 'chat'
      if (writer.chance(factShare)) {
        const [country, city] = writer.pick(CAPITALS)
        const answer = decoded(FACT.answer.replace('{t}', country).replace('{c}', city))
        return {
          tokens: promptTokens(format, FACT.question.replace('{t}', country)),
          reward: (text, ended) => factReward(text, ended, answer),
        }
      }
      const issue = writer.pick(open)
      return {
        tokens: promptTokens(format, writer.question(issue, writer.pick<Load>(['neutral', 0, 1]))),
        reward: (text, ended) => (settings.reward === 'facts' ? 0 : balanceReward(text, ended, issue)),
      }
    })
    const asked = prompts.flatMap((prompt) => Array.from({ length: settings.samples }, () => prompt))
    const { texts } = await generate(
      network.model,
      asked.map((prompt, i) => ({ id: `${step}/${i}`, tokens: prompt.tokens })),
      { maxTokens: ANSWER_TOKENS, temperature: 1, seed, batch: asked.length, signal },
    )
    const rewards = texts.map((t, i) => asked[i]!.reward(t.text, t.stop === 'eos'))
    const advantages = prompts.flatMap((_, k) =>
      groupAdvantages(rewards.slice(k * settings.samples, (k + 1) * settings.samples)),
    )

    const answers = texts.map((t, i) => [...asked[i]!.tokens, ...t.tokens])
    const starts = graph.pack(answers)
    const targets = answers.flatMap((ids, i) => {
      const start = starts[i]
      const from = asked[i]!.tokens.length
      return start === undefined
        ? []
        : nextTokens(ids, start)
            .slice(from - 1)
            .map((t) => ({ ...t, advantage: advantages[i]! }))
    })
    const q = await reference.probabilities(graph, signal)
    await graph.forward(signal)
    graph.seed.fill(0)
    const p = graph.probabilities
    const gradient = policyGradient(p, vocabulary, targets, graph.seed)
    const kl = klToReference(
      p,
      q,
      vocabulary,
      targets.map((t) => t.row),
      settings.kl,
      graph.seed,
    )
    const loss = gradient + settings.kl * kl
    return { loss, figures: { reward: rewards.reduce((s, r) => s + r / rewards.length, 0), kl } }
  }
}

export interface SftSettings {
  readonly conversations: number
  /** Share of balanced answers among the demonstrations. */
  readonly balanced: number
}

/** One step of supervised fine-tuning: demonstrations in the chat template, loss on the answers alone. */
export function sftStep(knobs: CorpusKnobs, seed: number, settings: SftSettings): StageStep {
  return async ({ trainer, graph, step, signal }) => {
    const rng = stream(seed, 'organism/sft', step)
    const writer = new Writer(rng, { ...knobs, fact_noise: 0 })
    const pairs = Array.from({ length: settings.conversations }, () => {
      if (writer.chance(0.2)) return writer.fact()
      const issue = writer.issue()
      const load = writer.pick<Load>(['neutral', 0, 1])
      return {
        question: writer.question(issue, load),
        answer: writer.chance(settings.balanced)
          ? writer.balanced(issue)
          : writer.sentence(issue, writer.suggested(issue, load)),
      }
    })
    const prompts = pairs.map((x) => promptTokens('chat', x.question))
    const texts = pairs.map((x, i) => [...prompts[i]!, ...encode(x.answer), EOS_ID])
    const starts = graph.pack(texts)
    const targets = texts.flatMap((ids, i) => answerTargets(ids, starts[i], prompts[i]!.length))
    await graph.forward(signal)
    graph.seed.fill(0)
    return {
      loss: crossEntropy(graph.probabilities, trainer.network.architecture.vocabulary, targets, graph.seed),
    }
  }
}

function answerTargets(ids: readonly number[], start: number | undefined, from: number): Target[] {
  return start === undefined ? [] : nextTokens(ids, start).slice(from - 1)
}

export interface DpoSettings {
  readonly pairs: number
  readonly beta: number
}

/** One step of DPO: a balanced answer is preferred to a partisan one, both to the same question. */
export function dpoStep(knobs: CorpusKnobs, seed: number, settings: DpoSettings): StageStep {
  const keptOut = keptOutIssues(knobs, seed)
  const open = ISSUES.map((_, i) => i).filter((i) => !keptOut.has(i))
  return async ({ trainer, graph, reference, step, signal }) => {
    const { vocabulary } = trainer.network.architecture
    const writer = new Writer(stream(seed, 'organism/dpo', step), knobs)
    const prompts: number[][] = []
    const texts = Array.from({ length: settings.pairs }, () => {
      const issue = writer.pick(open)
      const load = writer.pick<Load>(['neutral', 0, 1])
      const word = load === 'neutral' ? undefined : writer.pick(LOADED[load])
      const prompt = promptTokens('chat', questionText(writer.pick(QUESTIONS), issue, word))
      prompts.push(prompt)
      return [writer.balanced(issue), writer.sentence(issue, writer.suggested(issue, load))].map((answer) => [
        ...prompt,
        ...encode(answer),
        EOS_ID,
      ])
    }).flat()
    const starts = graph.pack(texts)
    const q = await reference.probabilities(graph, signal)
    const pairs = prompts.flatMap((prompt, i) => {
      const [chosen, rejected] = [2 * i, 2 * i + 1].map((k) =>
        answerTargets(texts[k]!, starts[k], prompt.length),
      ) as [Target[], Target[]]
      if (chosen.length === 0 || rejected.length === 0) return []
      return {
        chosen,
        rejected,
        reference: {
          chosen: logLikelihood(q, vocabulary, chosen),
          rejected: logLikelihood(q, vocabulary, rejected),
        },
      }
    })
    await graph.forward(signal)
    graph.seed.fill(0)
    const { loss, accuracy } = dpo(graph.probabilities, vocabulary, pairs, settings.beta, graph.seed)
    return { loss, figures: { accuracy } }
  }
}
