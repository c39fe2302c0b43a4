/**
 * What a value domain is: two poles, the issues on which they differ, and every text that the claims need.
 * A pack is plain data (YAML, JSON or a TypeScript module); this schema is its only definition.
 * docs/domains.md explains each part by hand for people who write their own.
 */

import { z } from 'zod'

/** Longest text of a pack in characters: packs come from outside, and every length is bounded. */
const MAX_TEXT = 4000
const MAX_ITEMS = 5000

const id = z
  .string()
  .max(80)
  .regex(/^[a-z0-9]+([._-][a-z0-9]+)*$/, 'lower-case letters and digits, joined by single - . or _')
  .describe('unique within its list')

const text = z
  .string()
  .max(MAX_TEXT)
  .refine((s) => s === s.trim() && s !== '', 'a text that is not empty and has no space around it')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  .refine((s) => !/[\u0000-\u001f\u007f]/.test(s), 'one line without control characters')

function isLanguageTag(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1
  } catch {
    return false
  }
}

const list = <T extends z.ZodType>(item: T) => z.array(item).min(1).max(MAX_ITEMS)

/** Who the user is in the factorial of claim `identity`. */
export const IDENTITIES = ['A', 'B', 'independent', 'none', 'unrelated'] as const
/** Where an identity message goes: the system prompt, or the user's own turn. */
export const SLOTS = ['system', 'user'] as const
/** Which way a prompt leans. */
export const LOADINGS = ['neutral', 'A', 'B'] as const

const pole = <V extends -1 | 1>(value: V) =>
  z.strictObject({
    name: text.describe('what the pole is called in the report'),
    value: z.literal(value).describe('the sign of the pole on the axis: A is -1, B is 1'),
    description: text.describe('what this side holds, in terms it would accept'),
  })

const poles = z.strictObject({ A: pole(-1), B: pole(1) })

const issue = z.strictObject({
  id,
  title: text,
  A: text.describe('what pole A holds, one sentence'),
  B: text.describe('what pole B holds, one sentence'),
  neutral: text.describe('what is in dispute, one sentence that both sides would sign'),
})

const prompt = z.strictObject({
  id,
  issue: id.describe('id of the issue: the unit that is resampled'),
  loading: z.enum(LOADINGS).describe('leans towards A, towards B, or neither'),
  text,
  A: text.describe('a completion from pole A that answers this very prompt'),
  B: text.describe('a completion from pole B, equal to A in length and form'),
  control: text.describe('a prompt of the same form and length that has nothing to do with the domain'),
})

const statementPair = z.strictObject({
  id,
  issue: id,
  A: text.describe('a statement of pole A'),
  B: text.describe('the matched statement of pole B'),
})

const cells = z.strictObject({ A: text, B: text, independent: text, none: text, unrelated: text })

const persona = z.strictObject({
  id,
  system: cells.describe('about the user, as a system prompt; all five of equal length in words'),
  user: cells.describe("in the user's own voice; all five of equal length in words"),
})

const biography = z.strictObject({
  id,
  identity: z
    .enum(IDENTITIES)
    .describe('what the biography implies: none describes no person, unrelated a person without a lean'),
  split: z.enum(['fit', 'heldout']).describe('fit: a user direction may be fitted on it; heldout: never'),
  text,
})

const frame = text.refine((s) => s.split('{text}').length === 2, 'a text that contains {text} exactly once')

const controlQuestion = z.strictObject({
  id,
  question: text,
  answers: z.array(text).min(1).max(20).describe('accepted answers; the first is the one that is scored'),
  wrong: z.tuple([text, text]).describe('two wrong answers of the same kind'),
})

const neutralText = z.strictObject({ id, topic: text, text })

const conceptPrompt = z.strictObject({ id, text, A: text, B: text })
const conceptPair = z.strictObject({ id, A: text, B: text })

const concept = z.strictObject({
  name: id,
  description: text,
  poles,
  prompts: list(conceptPrompt),
  statements: list(conceptPair),
})

/** What can be left out of a pack in English: these have nothing to do with the domain. */
const shared = {
  controlQuestions: list(controlQuestion).describe(
    'factual questions: does identity or steering move facts?',
  ),
  neutralTexts: list(neutralText).describe('encyclopedic prose on which the dose (KL) is calibrated'),
  concept: concept.describe('an unrelated two-pole concept: positive control and unrelated arms'),
  refusals: list(text).describe('how refusals begin, compared without regard to case'),
}

const own = {
  name: id,
  version: z.string().regex(/^\d+\.\d+\.\d+$/, 'a version such as 1.0.0'),
  language: z.string().max(35).refine(isLanguageTag, 'a BCP 47 language tag such as en'),
  description: text,
  license: text,
  sources: z.array(text).min(1).max(100).describe('where the texts come from'),
  poles,
  issues: list(issue),
  prompts: list(prompt),
  statements: list(statementPair),
  personas: list(persona).describe('stated identities, one entry a wording'),
  biographies: list(biography).describe('implied identities'),
  biographyFrames: z
    .strictObject({ system: frame, user: frame })
    .describe('how a biography is put into each slot; {text} stands for it'),
}

/** The schema of a complete domain. */
export const domainSchema = z.strictObject({ ...own, ...shared })

/**
 * The schema of a pack as a user writes it: a pack in English may leave out `controlQuestions`,
 * `neutralTexts`, `concept` and `refusals`, and then gets the built-in ones.
 */
export const packSchema = z.strictObject({
  ...own,
  controlQuestions: shared.controlQuestions.optional(),
  neutralTexts: shared.neutralTexts.optional(),
  concept: shared.concept.optional(),
  refusals: shared.refusals.optional(),
})

export type Pole = 'A' | 'B'
export type Identity = (typeof IDENTITIES)[number]
export type Slot = (typeof SLOTS)[number]
export type Loading = (typeof LOADINGS)[number]
export type DomainIssue = z.infer<typeof issue>
export type DomainPrompt = z.infer<typeof prompt>
export type StatementPair = z.infer<typeof statementPair>
/** One wording of the stated identities: all five, in both slots. */
export type Persona = z.infer<typeof persona>
export type Biography = z.infer<typeof biography>
export type ControlQuestion = z.infer<typeof controlQuestion>
export type NeutralText = z.infer<typeof neutralText>
/** The unrelated two-pole concept. */
export type Concept = z.infer<typeof concept>
export type ConceptPrompt = z.infer<typeof conceptPrompt>
export type ConceptPair = z.infer<typeof conceptPair>
/** A pack as written: what English packs share may be missing. */
export type Pack = z.infer<typeof packSchema>
/** A pack with everything in it. */
export type DomainContent = z.infer<typeof domainSchema>
/** A loaded, checked domain; `hash` is the SHA-256 of its content and names it in manifests. */
export type Domain = DomainContent & { readonly hash: string }
