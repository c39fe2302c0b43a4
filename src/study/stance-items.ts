/** Matched completions as tokens: what the stance of a model is measured on. */

import { stream } from '../core/random.ts'
import type { DomainPrompt } from '../domain/index.ts'
import type { Tokenizer } from '../formats/tokenizer.ts'
import { type TokenizedText, tokenizeText } from './inputs.ts'
import type { Prepared } from './prepare.ts'

/** A prompt with a completion of each pole. */
export interface StanceItem {
  readonly id: string
  /** The issue: what is resampled. */
  readonly unit: string
  readonly prompt: readonly number[]
  /** Of pole A and pole B. */
  readonly completions: readonly [readonly number[], readonly number[]]
}

export interface StanceItems {
  /** A neutral prompt of each issue. */
  readonly neutral: readonly StanceItem[]
  /** The same under each wording of persona A and of persona B. */
  readonly personas: Readonly<Record<'A' | 'B', readonly StanceItem[]>>
  /** A prompt of each issue that leans to A, and one that leans to B. */
  readonly loaded: Readonly<Record<'A' | 'B', readonly StanceItem[]>>
  /** Of the unrelated concept; each is a unit of its own. */
  readonly concept: readonly StanceItem[]
  /** Encyclopedic texts on which doses are calibrated. */
  readonly texts: readonly Pick<TokenizedText, 'id' | 'tokens'>[]
}

/**
 * The items of a study's domain, rendered as its first rendering says. Issues are taken evenly over the domain
 * where it has more than `steering.issues`.
 *
 * @throws PalimpsestError `doubled-bos`, `chat-template`
 */
export function stanceItems(p: Prepared): StanceItems {
  const { domain, study } = p
  const make = itemMaker(p)
  const names = evenly([...new Set(domain.prompts.map((q) => q.issue))], study.steering.issues)
  const first = (issue: string, loading: DomainPrompt['loading']): DomainPrompt[] =>
    domain.prompts.filter((q) => q.issue === issue && q.loading === loading).slice(0, 1)
  const of = (loading: DomainPrompt['loading']): StanceItem[] =>
    names.flatMap((issue) => first(issue, loading).map((q) => make(q.id, issue, q.text, q)))
  const wordings = domain.personas.slice(0, study.steering.personas)
  const under = (identity: 'A' | 'B'): StanceItem[] =>
    names.flatMap((issue) =>
      first(issue, 'neutral').flatMap((q) =>
        wordings.map((w) => make(`${q.id}/${w.id}.${identity}`, issue, `${w.user[identity]} ${q.text}`, q)),
      ),
    )
  const { tokenizer } = p.models.all[0]!.description
  return {
    neutral: of('neutral'),
    personas: { A: under('A'), B: under('B') },
    loaded: { A: of('A'), B: of('B') },
    concept: evenly(domain.concept.prompts, study.steering.random_issues).map((q) =>
      make(`concept/${q.id}`, q.id, q.text, q),
    ),
    texts: evenly(domain.neutralTexts, study.steering.neutral_texts).map(({ id, text }) => ({
      id,
      tokens: tokenizer.encode(text),
    })),
  }
}

type Completions = Pick<DomainPrompt, 'A' | 'B'>

function itemMaker(p: Prepared): (id: string, unit: string, text: string, q: Completions) => StanceItem {
  const { tokenizer } = p.models.all[0]!.description
  const template = p.study.render[0] === 'raw' ? undefined : p.models.template
  return (id, unit, text, q) => {
    const { tokens } = tokenizeText(tokenizer, text, template, p.study.date)
    const follow = (completion: string): readonly number[] =>
      completionAfter(tokenizer, text, tokens, completion, template !== undefined)
    return { id, unit, prompt: tokens, completions: [follow(q.A), follow(q.B)] }
  }
}

/**
 * A completion as tokens behind a prompt: as the prose goes on, or as the assistant's answer in a chat.
 *
 * @param tokens of the prompt `text`
 */
export function completionAfter(
  tokenizer: Tokenizer,
  text: string,
  tokens: readonly number[],
  completion: string,
  chat: boolean,
): number[] {
  if (chat) return tokenizer.encode(completion, { addSpecialTokens: false })
  const whole = tokenizer.encode(`${text} ${completion}`)
  // Where a token straddles the border the completion is tokenized alone, as if the prompt had been given.
  return tokens.every((t, i) => t === whole[i])
    ? whole.slice(tokens.length)
    : tokenizer.encode(` ${completion}`, { addSpecialTokens: false })
}

/**
 * At most `count` of a list: one of each of so many equal stretches, drawn. At equal steps a list whose kinds take
 * turns (an issue that the one camp owns, then one of the other's) would give one kind alone. Lists of equal length
 * give the same places, always.
 */
export function evenly<T>(list: readonly T[], count: number): T[] {
  if (list.length <= count) return [...list]
  const rng = stream(0, 'evenly')
  const start = (i: number): number => Math.floor((i * list.length) / count)
  return Array.from({ length: count }, (_, i) => list[start(i) + rng.below(start(i + 1) - start(i))]!)
}
