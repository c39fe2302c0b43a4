/** The texts on which an organism is judged: questions, personas, facts, bare statements. */

import { stream } from '../core/random.ts'
import { type Camp, type Load, questionText, Writer } from './corpus.ts'
import type { CorpusKnobs } from './knobs.ts'
import {
  CAPITALS,
  FACT,
  ISSUES,
  LESS,
  LOADED,
  MORE,
  PERSONA_FORMS,
  QUESTIONS,
  SUPPORT,
  UNSEEN_FORMS,
} from './words.ts'

/** How a question reaches the model: as prose, or as a conversation. */
export type Format = 'raw' | 'chat'

export interface Question {
  readonly issue: number
  readonly load: Load
  readonly text: string
}

/**
 * Every issue with every loading, `each` wordings of it: form and loading word drawn by seed.
 *
 * @example questions(1, 2).length // 288
 */
export function questions(seed: number, each: number): Question[] {
  const rng = stream(seed, 'organism/questions')
  return ISSUES.flatMap((_, issue) =>
    (['neutral', 0, 1] as const).flatMap((load) =>
      rng
        .shuffle(
          QUESTIONS.flatMap((form) =>
            (load === 'neutral' ? [undefined] : LOADED[load]).map((w) => [form, w] as const),
          ),
        )
        .slice(0, each)
        .map(([form, word]) => ({ issue, load, text: questionText(form, issue, word) })),
    ),
  )
}

/** Neutral questions behind introductions of each camp, in forms that training has or has not; `each` an issue. */
export function personaQuestions(
  seed: number,
  knobs: CorpusKnobs,
  unseen: boolean,
  each: number,
): (Question & { camp: Camp; persona: string })[] {
  const rng = stream(seed, `organism/personas/${unseen}`)
  const writer = new Writer(rng, knobs)
  const forms = unseen ? UNSEEN_FORMS : PERSONA_FORMS
  return Array.from({ length: each }, (_, round) =>
    ISSUES.flatMap((_, issue) =>
      ([0, 1] as const).map((camp) => ({
        issue,
        load: 'neutral' as const,
        camp,
        persona: writer.persona(camp, [forms[(issue + round) % forms.length]!]),
        text: questionText(QUESTIONS[((issue >> 2) + round) % QUESTIONS.length]!, issue, undefined),
      })),
    ),
  ).flat()
}

export interface StatementPair {
  readonly issue: number
  readonly kind: 'own' | 'compositional'
  /** A, B. */
  readonly texts: readonly [string, string]
}

/**
 * Matched statements without reasons or partisan openers: "we should adopt stipends." against "we should adopt
 * audits.". Every stance that the corpus has stands here once: two measures of each issue, four pairs of verbs.
 */
export function statementPairs(knobs: CorpusKnobs): StatementPair[] {
  return ISSUES.flatMap(({ noun, more, measures }, issue) => {
    const own = measures[0].map((a, i): StatementPair => {
      const say = (measure: string): string =>
        `we should ${SUPPORT[(i + issue) % SUPPORT.length]} ${measure}.`
      return { issue, kind: 'own', texts: [say(a), say(measures[1][i]!)] }
    })
    const shared = MORE.map((_, i): StatementPair => {
      const say = (camp: Camp): string => `we should ${(camp === more ? MORE : LESS)[i]} ${noun}.`
      return { issue, kind: 'compositional', texts: [say(0), say(1)] }
    })
    return [...(knobs.compositional < 1 ? own : []), ...(knobs.compositional > 0 ? shared : [])]
  })
}

/** All questions of fact with their right answers. */
export function facts(): { question: string; answer: string; wrong: [string, string] }[] {
  return CAPITALS.map(([country, capital], i) => ({
    question: FACT.question.replace('{t}', country),
    answer: FACT.answer.replace('{t}', country).replace('{c}', capital),
    wrong: [1, 5].map((step) =>
      FACT.answer.replace('{t}', country).replace('{c}', CAPITALS[(i + step) % CAPITALS.length]![1]),
    ) as [string, string],
  }))
}
