/** What claims that read answers cost, counted without running anything. */

import { identityMessages } from '../domain/index.ts'
import { identityItems, policyQuestions } from './identity-items.ts'
import type { Prepared } from './prepare.ts'

/** A part of the work on a model, in tokens through it. */
export interface Cost {
  readonly what: string
  readonly texts: number
  /** Passes whose logits are not wanted. */
  readonly tokens: number
  /** Passes whose logits are. */
  readonly scored: number
  /** Written one by one. */
  readonly written: number
}

/** Measurements that calibrating a dose takes, as seen. */
export const ROUNDS = 2.5
/** Share of a model that arms run through: what is before the primary layer is computed once. */
export const BEHIND = 0.6

/** Claim `behaviour`: answers to prompts, and under personas; each taken to be as long as it may get. */
export function behaviourCost(p: Prepared): Cost[] {
  const { samples, persona_samples, personas, max_tokens } = p.study.behaviour
  const prompts = p.promptTokens.get(p.study.render[0]!)!
  const tokens = prompts.reduce((n, t) => n + t.tokens.length, 0)
  const neutral = new Set(
    p.prompts.issues.filter((_, i) => (p.prompts.loadings[i] ?? 'neutral') === 'neutral'),
  ).size
  const under = neutral * Math.min(personas, p.domain.personas.length) * 3 * persona_samples
  const own = prompts.length * samples
  const length = tokens / Math.max(1, prompts.length)
  return [
    {
      what: 'answers',
      texts: own + under,
      tokens: Math.round(samples * tokens + under * 2 * length),
      scored: 0,
      written: (own + under) * max_tokens,
    },
  ]
}

/** Claim `identity`: the factorial, and the arms of the inferred direction. */
export function identityCost(p: Prepared): Cost[] {
  const { domain, study } = p
  const s = study.identity
  const { items } = identityItems(p)
  const policy = items.filter((i) => i.kind === 'policy')
  const prompt = (list: readonly { readonly tokens: readonly number[] }[]): number =>
    list.reduce((n, i) => n + i.tokens.length, 0)
  const completions = items.reduce((n, i) => n + i.completions.reduce((m, c) => m + c.length, 0), 0)
  const perItem = completions / Math.max(1, items.length)
  const length = prompt(policy) / Math.max(1, policy.length)
  const people = identityMessages(domain, 'user').filter(
    (m) => m.form === 'implied' && (m.identity === 'A' || m.identity === 'B'),
  ).length
  const questions = policyQuestions(domain, s.questions).length
  const few = Math.min(s.random_questions, questions)
  const levels = 2 * s.nats.length
  const arms =
    levels * questions + 2 * s.random * few + s.random * 2 * few + (2 + s.scales.length) * 2 * questions
  const asks = levels + 2 * s.random + s.random
  const neutral = (prompt(p.promptTokens.get(study.render[0]!)!) / p.prompts.ids.length) * s.neutral_texts
  const cells = new Set(policy.map((i) => [i.form, i.slot, i.identity].join())).size
  const answers = Math.min(s.text_questions, questions) * Math.min(cells, 12) * s.samples
  return [
    { what: 'stances', texts: items.length, tokens: prompt(items), scored: completions, written: 0 },
    {
      what: 'projections and biographies',
      texts: policy.length + people * s.fit_questions,
      tokens: Math.round(prompt(policy) + people * s.fit_questions * length),
      scored: 0,
      written: 0,
    },
    {
      what: 'doses',
      texts: Math.round(ROUNDS * asks * s.neutral_texts),
      tokens: 0,
      scored: Math.round(BEHIND * ROUNDS * asks * neutral),
      written: 0,
    },
    {
      what: 'arms',
      texts: arms,
      tokens: Math.round(BEHIND * arms * length),
      scored: Math.round(BEHIND * arms * perItem),
      written: 0,
    },
    {
      what: 'answers',
      texts: answers,
      tokens: Math.round(answers * length),
      scored: 0,
      written: answers * s.max_tokens,
    },
  ]
}
