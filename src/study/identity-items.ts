/**
 * The factorial of claim `identity` as tokens: who the user is x how it is said (stated, or implied by a
 * biography) x where (system prompt, or the user's own turn) x what is asked (policy, or a fact).
 */

import { PalimpsestError } from '../core/errors.ts'
import {
  type Domain,
  IDENTITIES,
  type Identity,
  type IdentityMessage,
  identityMessages,
  type Slot,
} from '../domain/index.ts'
import type { ChatTemplate } from '../formats/chat-template.ts'
import type { Tokenizer } from '../formats/tokenizer.ts'
import { type TokenizedText, tokenizeText } from './inputs.ts'
import type { Prepared } from './prepare.ts'
import { completionAfter, evenly } from './stance-items.ts'

export type Form = IdentityMessage['form']

/** A question to a user of some identity, with the completions that are weighed. */
export interface IdentityItem extends TokenizedText {
  readonly kind: 'policy' | 'control'
  /** Issue of a policy question, id of a control question: what is resampled. */
  readonly unit: string
  readonly identity: Identity
  readonly form: Form
  readonly slot: Slot
  /** Wording or biography. */
  readonly source: string
  /** Of a policy question: pole A, pole B. Of a control question: the right answer, then wrong ones. */
  readonly completions: readonly (readonly number[])[]
}

export interface IdentityItems {
  readonly items: readonly IdentityItem[]
  /** Slots that are not there in this rendering, and why. */
  readonly dropped: readonly { readonly slot: Slot; readonly why: string }[]
}

/** A question with its completions, before anything is said about the user. */
export interface Question {
  readonly id: string
  readonly kind: IdentityItem['kind']
  readonly unit: string
  readonly text: string
  readonly completions: readonly string[]
}

/** The first neutral question of each issue, issues taken evenly over the domain; matched completions. */
export function policyQuestions(domain: Domain, most: number): Question[] {
  const issues = evenly([...new Set(domain.prompts.map((q) => q.issue))], most)
  return issues.flatMap((issue) =>
    domain.prompts
      .filter((q) => q.issue === issue && q.loading === 'neutral')
      .slice(0, 1)
      .map((q) => ({
        id: q.id,
        kind: 'policy' as const,
        unit: issue,
        text: q.text,
        completions: [q.A, q.B],
      })),
  )
}

/** Where questions are put to a model: its tokenizer, and the template of chats. */
export interface Setting {
  readonly tokenizer: Tokenizer
  readonly template: ChatTemplate | undefined
  readonly date: string
}

/** How a study's first rendering gives questions to its models. */
export function settingOf(p: Prepared): Setting {
  return {
    tokenizer: p.models.all[0]!.description.tokenizer,
    template: p.study.render[0] === 'raw' ? undefined : p.models.template,
    date: p.study.date,
  }
}

/**
 * A question as tokens, after what is said about the user where something is.
 *
 * @throws PalimpsestError `doubled-bos`, `chat-template`
 */
export function ask(
  { tokenizer, template, date }: Setting,
  id: string,
  question: Pick<Question, 'text' | 'completions'>,
  message?: Pick<IdentityMessage, 'slot' | 'text'>,
): TokenizedText & Pick<IdentityItem, 'completions'> {
  const system = message?.slot === 'system' ? message.text : undefined
  const text = message?.slot === 'user' ? `${message.text} ${question.text}` : question.text
  const { tokens, content } = tokenizeText(tokenizer, text, template, date, system)
  const follow = (completion: string): readonly number[] =>
    completionAfter(tokenizer, text, tokens, completion, template !== undefined)
  return { id, tokens, content, completions: question.completions.map(follow) }
}

/**
 * The items of a study: every identity in every form and slot, with the same questions.
 *
 * @throws PalimpsestError `doubled-bos`, `chat-template` where even a lone user message cannot be rendered
 */
export function identityItems(p: Prepared): IdentityItems {
  const { domain, study } = p
  const { questions, controls, wordings, biographies } = study.identity
  const setting = settingOf(p)
  const asked: Question[] = [
    ...policyQuestions(domain, questions),
    ...evenly(domain.controlQuestions, controls).map((c) => ({
      id: c.id,
      kind: 'control' as const,
      unit: c.id,
      text: c.question,
      completions: [c.answers[0]!, ...c.wrong],
    })),
  ]
  const items: IdentityItem[] = []
  const dropped: { slot: Slot; why: string }[] = []
  for (const slot of ['system', 'user'] as const) {
    const messages = chosen(identityMessages(domain, slot), wordings, biographies)
    const why = slot === 'system' ? withoutSystem(setting, asked[0]!, messages[0]!) : undefined
    if (why !== undefined) dropped.push({ slot, why })
    else
      for (const m of messages)
        for (const q of asked)
          items.push({
            ...ask(setting, `${q.id}/${m.id}`, q, m),
            kind: q.kind,
            unit: q.unit,
            identity: m.identity,
            form: m.form,
            slot,
            source: m.source,
          })
  }
  return { items, dropped }
}

/** Some wordings of each stated identity, and some biographies of each implied one that no direction is fitted on. */
function chosen(all: readonly IdentityMessage[], wordings: number, biographies: number): IdentityMessage[] {
  const stated = [...new Set(all.filter((m) => m.form === 'stated').map((m) => m.source))].slice(0, wordings)
  return [
    ...all.filter((m) => m.form === 'stated' && stated.includes(m.source)),
    ...IDENTITIES.flatMap((identity) =>
      all
        .filter((m) => m.form === 'implied' && m.identity === identity && m.split === 'heldout')
        .slice(0, biographies),
    ),
  ]
}

/** Why there is no system slot, or undefined where there is one. */
function withoutSystem(setting: Setting, question: Question, message: IdentityMessage): string | undefined {
  if (setting.template === undefined) return 'raw rendering has no system prompt'
  try {
    ask(setting, 'system', question, message)
    return undefined
  } catch (error) {
    if (!(error instanceof PalimpsestError && error.code === 'chat-template')) throw error
    return 'the chat template refuses a system message or leaves it out'
  }
}
