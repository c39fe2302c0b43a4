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

/** Statement pairs of an issue. */
export const STATEMENTS = 6

/**
 * Matched statements without reasons or partisan openers: "we should adopt stipends." against "we should adopt
 * audits.". As many of each kind as the corpus has of such stances, and as many written by an author of the other
 * camp as the corpus has of those: labels are never all right, and on clean ones every base would stand at an AUC of 1.
 */
export function statementPairs(knobs: CorpusKnobs): StatementPair[] {
  const compositional = Math.min(MORE.length, Math.round(STATEMENTS * knobs.compositional))
  const rng = stream(0, 'organism/statements')
  const pairs = ISSUES.flatMap(({ noun, more, measures }, issue) => {
    const own = Array.from({ length: STATEMENTS - compositional }, (_, i) =>
      ([0, 1] as const).map((c) => `we should ${SUPPORT[((i >> 1) + i + issue) % 4]} ${measures[c][i % 2]}.`),
    )
    const shared = Array.from({ length: compositional }, (_, i) =>
      ([0, 1] as const).map(
        (c) => `we should ${(c === more ? MORE : LESS)[(i + (issue >> 1)) % 4]} ${noun}.`,
      ),
    )
    return [
      ...own.map((texts) => ({ issue, kind: 'own' as const, texts: texts as [string, string] })),
      ...shared.map((texts) => ({ issue, kind: 'compositional' as const, texts: texts as [string, string] })),
    ]
  })
  return pairs.map((pair) => ({
    ...pair,
    texts: rng.uniform() < knobs.stance_noise ? [pair.texts[1], pair.texts[0]] : pair.texts,
  }))
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
