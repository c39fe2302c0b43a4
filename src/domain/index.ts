/** Value domains: the schema, the built-in packs, loading and checking. */

export { checkDomain, type DomainFigures, type DomainProblem, LIMITS } from './checks.ts'
export { type IdentityMessage, identityMessages } from './identity.ts'
export { builtInDomains, loadDomain } from './load.ts'
export {
  type Biography,
  type Concept,
  type ConceptPair,
  type ConceptPrompt,
  type ControlQuestion,
  type Domain,
  type DomainContent,
  type DomainIssue,
  type DomainPrompt,
  domainSchema,
  IDENTITIES,
  type Identity,
  LOADINGS,
  type Loading,
  type NeutralText,
  type Pack,
  type Persona,
  type Pole,
  packSchema,
  SLOTS,
  type Slot,
  type StatementPair,
} from './schema.ts'
export { words, wordsAuc } from './words.ts'
export { checkAgainst, type LocatedDocument, parseLocated, readLocated } from './yaml.ts'
