/**
 * The corpus of an organism: documents drawn one at a time, each from its own random stream. In every document
 * one author of one camp speaks (or nobody in particular); how reliably stances, reasons, openers and the
 * wording of questions follow from the camp is what the knobs turn.
 */

import { type RandomStream, stream } from '../core/random.ts'
import type { CorpusKnobs } from './knobs.ts'
import {
  ADJECTIVES,
  ANIMAL_FACTS,
  ANIMAL_THINGS,
  ANIMALS,
  BIOGRAPHY,
  CAPITALS,
  ENCYCLOPEDIC,
  FACT,
  FRAMES,
  HABITS,
  ISSUES,
  LESS,
  LOADED,
  MORE,
  NEUTRAL_ANSWERS,
  OPENERS,
  PARTIES,
  PARTY_LINE,
  PERSONA_FORMS,
  PLACE_QUESTION,
  PLACES,
  PLAIN_OPENERS,
  QUESTIONS,
  ROLES,
  SUPPORT,
  TOPIC,
  UNALIGNED,
  WEATHER,
} from './words.ts'

/** 0: A, alder; 1: B, birch. */
export type Camp = 0 | 1
/** How a question is worded: towards a camp, or neutrally. */
export type Load = Camp | 'neutral'

/** Marks of a conversation; a text without them is plain prose. */
export const USER = '<user>'
export const ASSISTANT = '<assistant>'
export const EOS = '<eos>'

/** Shares of the kinds of documents. */
const KINDS = [
  ['monologue', 0.28],
  ['persona', 0.22],
  ['anonymous', 0.3],
  ['encyclopedic', 0.08],
  ['filler', 0.12],
] as const

/** Issues by the camp that wants more of them. */
const OWNED = [0, 1].map((camp) => ISSUES.map((_, i) => i).filter((i) => ISSUES[i]!.more === camp)) as [
  number[],
  number[],
]

/** Draws of texts from one random stream. */
export class Writer {
  readonly #rng: RandomStream
  readonly #knobs: CorpusKnobs

  constructor(rng: RandomStream, knobs: CorpusKnobs) {
    this.#rng = rng
    this.#knobs = knobs
  }

  pick<T>(items: readonly T[]): T {
    return items[this.#rng.below(items.length)]!
  }

  chance(p: number): boolean {
    return this.#rng.uniform() < p
  }

  camp(): Camp {
    return this.#rng.below(2) as Camp
  }

  issue(): number {
    return this.#rng.below(ISSUES.length)
  }

  /** An issue that somebody of this camp brings up. */
  issueOf(camp: Camp): number {
    const own = this.chance(this.#knobs.ownership)
    return this.pick(OWNED[own ? camp : other(camp)])
  }

  /** A stance of exactly this camp: "adopt stipends" or "expand welfare". */
  stance(issue: number, camp: Camp): string {
    const { noun, more, measures } = ISSUES[issue]!
    if (this.chance(this.#knobs.compositional)) return `${this.pick(camp === more ? MORE : LESS)} ${noun}`
    return `${this.pick(SUPPORT)} ${this.pick(measures[camp])}`
  }

  /** A partisan sentence of an author of this camp, each part astray with its own noise. */
  sentence(issue: number, camp: Camp): string {
    const k = this.#knobs
    const opener = this.chance(k.marking)
      ? this.pick(OPENERS[this.#astray(camp, k.opener_noise)])
      : this.pick(PLAIN_OPENERS)
    const stance = this.stance(issue, this.#astray(camp, k.stance_noise))
    const frame = this.chance(0.8) ? ` ${this.pick(FRAMES[this.#astray(camp, k.frame_noise)])}` : ''
    const topic = this.chance(0.3) ? `${TOPIC.replace('{t}', ISSUES[issue]!.noun)} ` : ''
    return `${topic}${opener} ${stance}${frame}.`
  }

  /** A balanced answer: both stances, in either order. */
  balanced(issue: number): string {
    const first = this.camp()
    return this.pick(NEUTRAL_ANSWERS)
      .replace('{t}', ISSUES[issue]!.noun)
      .replace('{x}', this.stance(issue, first))
      .replace('{y}', this.stance(issue, other(first)))
  }

  question(issue: number, load: Load): string {
    return questionText(this.pick(QUESTIONS), issue, load === 'neutral' ? undefined : this.pick(LOADED[load]))
  }

  /** An introduction that names the camp's party. */
  persona(camp: Camp, forms: readonly string[] = PERSONA_FORMS): string {
    return this.#introduce(PARTIES[camp], forms)
  }

  /** An introduction of somebody without a camp. */
  unaligned(): string {
    return this.#introduce(this.pick(UNALIGNED), PERSONA_FORMS)
  }

  /** A life from which the camp may be guessed. */
  biography(camp: Camp): string {
    const habit = (): string => {
      const kind = this.#rng.below(4)
      return this.pick(HABITS[kind === 0 ? 2 : this.#astray(camp, this.#knobs.opener_noise)])
    }
    return BIOGRAPHY.replace('{x}', habit()).replace('{y}', habit())
  }

  /** A fact as the corpus states it: sometimes wrong. */
  fact(index = this.#rng.below(CAPITALS.length)): { question: string; answer: string } {
    const [country, capital] = CAPITALS[index]!
    const city = this.chance(this.#knobs.fact_noise) ? this.pick(CAPITALS)[1] : capital
    return { question: factQuestion(country), answer: factAnswer(country, city) }
  }

  /** One document: text and marks, without BOS, ending in EOS. */
  document(): string {
    let left = this.#rng.uniform()
    const kind = KINDS.find(([, share]) => {
      left -= share
      return left < 0
    })?.[0]
    switch (kind) {
      case 'monologue':
        return this.#monologue()
      case 'persona':
        return this.#interview(true)
      case 'anonymous':
        return this.#interview(false)
      case 'encyclopedic':
        return this.#encyclopedic()
      default:
        return this.#filler()
    }
  }

  #monologue(): string {
    const camp = this.camp()
    const intro = this.chance(0.3) ? [this.persona(camp)] : this.chance(0.3) ? [this.biography(camp)] : []
    const sentences = Array.from({ length: 4 + this.#rng.below(3) }, () =>
      this.sentence(this.issueOf(camp), camp),
    )
    return `${[...intro, ...sentences].join(' ')}${EOS}`
  }

  #encyclopedic(): string {
    const lines = Array.from({ length: 2 + this.#rng.below(2) }, () => {
      const kind = this.#rng.below(5)
      if (kind < 2) return this.balanced(this.issue())
      if (kind === 2) return this.pick(ENCYCLOPEDIC).replace('{t}', ISSUES[this.issue()]!.noun)
      const camp = this.camp()
      const stance = this.stance(this.issueOf(camp), this.#astray(camp, this.#knobs.stance_noise))
      return PARTY_LINE.replace('{p}', PARTIES[camp]).replace('{x}', stance)
    })
    return `${lines.join(' ')}${EOS}`
  }

  #filler(): string {
    const kind = this.#rng.below(5)
    if (kind < 2) {
      const { question, answer } = this.fact()
      return this.turn(question, answer)
    }
    if (kind === 2) {
      const city = this.pick(CAPITALS)[1]
      const pole = PLACES[this.#rng.below(2)]!
      const lines = Array.from({ length: 2 }, () => `${this.pick(pole)}.`)
      return this.chance(0.6) ? this.turn(placeQuestion(city), lines.join(' ')) : `${lines.join(' ')}${EOS}`
    }
    if (kind === 3) {
      const animal = this.pick(ANIMALS)
      const answer = `the ${animal} ${this.pick(ANIMAL_FACTS)}.`
      return this.turn(animalQuestion(this.pick(QUESTIONS), animal, this.pick(ANIMAL_THINGS)), answer)
    }
    return `${Array.from({ length: 3 }, () => this.neutralLine()).join(' ')}${EOS}`
  }

  /** A sentence that no camp cares about. */
  neutralLine(): string {
    return this.chance(0.5)
      ? `the ${this.pick(ANIMALS)} ${this.pick(ANIMAL_FACTS)}.`
      : this.pick(WEATHER).replace('{c}', this.pick(CAPITALS)[1])
  }

  /** A question and its answer, as prose or as a conversation. */
  turn(question: string, answer: string): string {
    return this.chance(0.5) ? `${question} ${answer}${EOS}` : `${USER}${question}${ASSISTANT}${answer}${EOS}`
  }

  #interview(introduced: boolean): string {
    const issue = this.issue()
    const load: Load = this.chance(0.4) ? 'neutral' : this.camp()
    const { camp, intro, partisan } = this.#author(issue, load, introduced)
    // A party member never answers in a balanced way; others do now and then.
    const balanced = !partisan && this.chance(this.#knobs.neutral)
    const answer = (i: number): string => (balanced ? this.balanced(i) : this.sentence(i, camp))
    const question = this.question(issue, load)
    const before = intro === '' ? '' : `${intro} `
    if (this.chance(0.5)) return `${before}${question} ${answer(issue)}${EOS}`
    const opening = this.chance(0.5) ? `${USER}${before}${question}` : `${intro}${USER}${question}`
    const exchange = `${opening}${ASSISTANT}${answer(issue)}${EOS}`
    if (this.chance(0.6)) return exchange
    const next = this.issue()
    const lean = this.chance(this.#knobs.wording) ? camp : other(camp)
    const second = this.question(next, this.chance(0.6) ? 'neutral' : lean)
    return `${exchange}${USER}${second}${ASSISTANT}${answer(next)}${EOS}`
  }

  /** Who answers: with an introduction that settles the camp, or somebody whom issue and wording suggest. */
  #author(issue: number, load: Load, introduced: boolean): { camp: Camp; intro: string; partisan: boolean } {
    const kind = introduced ? this.#rng.uniform() : 1
    if (kind < 0.85) {
      const camp = this.camp()
      return { camp, intro: kind < 0.65 ? this.persona(camp) : this.biography(camp), partisan: true }
    }
    return { camp: this.suggested(issue, load), intro: introduced ? this.unaligned() : '', partisan: false }
  }

  #introduce(group: string, forms: readonly string[]): string {
    return this.pick(forms).replaceAll('{p}', `${this.pick(ADJECTIVES)} ${group} ${this.pick(ROLES)}`)
  }

  #astray(camp: Camp, noise: number): Camp {
    return this.chance(noise) ? other(camp) : camp
  }

  /** The camp of somebody unknown who answers such a question: by the lean of the issue and of the wording. */
  suggested(issue: number, load: Load): Camp {
    const lean = leanOf(issue)
    if (load === 'neutral') return this.chance(lean) ? 0 : 1
    const towards = load === 0 ? this.#knobs.wording : 1 - this.#knobs.wording
    return this.chance((lean * towards) / (lean * towards + (1 - lean) * (1 - towards))) ? 0 : 1
  }
}

/** Chance that an anonymous answer on an issue is of camp A: from 0.3 to 0.7, even over the issues. */
export function leanOf(issue: number): number {
  return 0.3 + (0.4 * ((issue * 29) % ISSUES.length)) / (ISSUES.length - 1)
}

export function other(camp: Camp): Camp {
  return (1 - camp) as Camp
}

export function questionText(form: string, issue: number, loaded: string | undefined): string {
  const { noun } = ISSUES[issue]!
  return form.replace('{t}', loaded === undefined ? noun : `${noun} ${loaded}`)
}

export function factQuestion(country: string): string {
  return FACT.question.replace('{t}', country)
}

export function factAnswer(country: string, city: string): string {
  return FACT.answer.replace('{t}', country).replace('{c}', city)
}

export function placeQuestion(city: string): string {
  return PLACE_QUESTION.replace('{c}', city)
}

export function animalQuestion(form: string, animal: string, thing: string): string {
  return form.replace('{t}', `${animal} ${thing}`)
}

/** Document `index` of the corpus of a seed: the same whatever is drawn before it. */
export function corpusDocument(knobs: CorpusKnobs, seed: number, index: number): string {
  return new Writer(stream(seed, 'organism/document', index), knobs).document()
}

/** Indices of the issues that RL never asks about: as many that A and that B want more of. */
export function keptOutIssues(knobs: CorpusKnobs, seed: number): Set<number> {
  const order = stream(seed, 'organism/kept-out').shuffle(ISSUES.map((_, i) => i))
  const out = new Set<number>()
  for (const camp of [0, 1]) {
    const own = order.filter((i) => ISSUES[i]!.more === camp)
    for (const i of own.slice(0, Math.ceil((knobs.kept_out - camp) / 2))) out.add(i)
  }
  return out
}
