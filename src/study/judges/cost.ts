/** What asking the judges would take, before anything is sent. */

import type { Prepared } from '../prepare.ts'
import { stanceItems } from '../stance-items.ts'
import { steers } from '../steering-cost.ts'
import { question } from './question.ts'

/** Characters that make a token, about, in English. */
const CHARACTERS = 4
/** Tokens of an answer of the form asked for, about; judges that think aloud take more. */
const ANSWER = 10

export interface JudgeCost {
  readonly name: string
  readonly host: string
  readonly calls: number
  readonly tokensIn: number
  readonly tokensOut: number
  /** In the unit of the prices; undefined where the study gives none. */
  readonly cost: number | undefined
}

/** Calls and tokens of each judge; empty where a study has none. */
export function judgesCost(p: Prepared): JudgeCost[] {
  const { study } = p
  if (study.judges.length === 0) return []
  const calls = Math.min(study.judging.texts, textCount(p))
  const { system, user } = sizes(p)
  const written = Math.max(study.behaviour.max_tokens, study.steering.max_tokens)
  const tokensIn = Math.round(calls * ((system + user) / CHARACTERS + written))
  const tokensOut = calls * ANSWER
  return study.judges.map(({ name, url, price }) => ({
    name,
    host: new URL(url).host,
    calls,
    tokensIn,
    tokensOut,
    cost: price === undefined ? undefined : (price.in * tokensIn + price.out * tokensOut) / 1e6,
  }))
}

/** Texts that the claims have written, at most. */
function textCount(p: Prepared): number {
  const { study, domain, models, prompts } = p
  const { behaviour, steering } = study
  const neutral = new Set(prompts.issues.filter((_, i) => (prompts.loadings[i] ?? 'neutral') === 'neutral'))
    .size
  const wordings = (n: number): number => Math.min(n, domain.personas.length)
  const sampled = study.claims.includes('behaviour')
    ? prompts.ids.length * behaviour.samples +
      neutral * wordings(behaviour.personas) * 3 * behaviour.persona_samples
    : 0
  const asked = Math.min(steering.texts, stanceItems(p).neutral.length)
  const steered =
    steers(study, models.all.length) && steering.text_random > 0
      ? asked * (1 + 2 * steering.nats.length + 2 * wordings(steering.personas))
      : 0
  return models.all.length * (sampled + steered)
}

/** Characters of the instruction and, on average, of a question without its text. */
function sizes({ domain }: Prepared): { system: number; user: number } {
  const questions = domain.issues.map((i) => question(domain, '', i.id, 'A'))
  const length = (k: number): number =>
    questions.reduce((n, q) => n + q[k]!.content.length, 0) / questions.length
  return { system: length(0), user: length(1) }
}
