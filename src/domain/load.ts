/**
 * From a name or a file to a checked domain. Built-in packs and packs of users go the same way: one schema,
 * one set of balance checks, one hash.
 */

import { nearest, PalimpsestError, refuse } from '../core/errors.ts'
import { hashJson } from '../core/files.ts'
import { checkDomain } from './checks.ts'
import { type Domain, type DomainContent, domainSchema, type Pack, packSchema } from './schema.ts'
import { checkAgainst, type LocatedDocument, readLocated } from './yaml.ts'

/** A pack of ten thousand long texts stays below this; a larger file is something else. */
const MAX_BYTES = 16 * 1024 * 1024

const BUILT_IN: Record<string, () => Promise<Pack>> = {
  'us-partisan': async () => (await import('./packs/us-partisan/index.ts')).usPartisan,
  religiosity: async () => (await import('./packs/religiosity/index.ts')).religiosity,
  'moral-foundations': async () => (await import('./packs/moral-foundations/index.ts')).moralFoundations,
  risk: async () => (await import('./packs/risk/index.ts')).risk,
  deference: async () => (await import('./packs/deference/index.ts')).deference,
}

/** The names of the built-in domains. */
export const builtInDomains: readonly string[] = Object.keys(BUILT_IN)

/**
 * Loads a built-in domain by name, or a pack of the user's from a YAML or JSON file. What a pack in English
 * leaves out (`controlQuestions`, `neutralTexts`, `concept`, `refusals`) is filled in from the built-in ones.
 *
 * @param nameOrPath a built-in name, or a path: anything that ends in .yaml, .yml or .json or has a slash
 * @throws PalimpsestError `domain-unknown`, `domain-invalid` (with line and column), `domain-unbalanced`
 *   (with the ids of the items), `domain-incomplete`, `yaml-syntax`, `file-missing`, `file-too-large`
 * @example
 * const domain = await loadDomain('us-partisan')
 * domain.prompts.filter((p) => p.loading === 'neutral').length
 */
export async function loadDomain(nameOrPath: string): Promise<Domain> {
  const builtIn = Object.hasOwn(BUILT_IN, nameOrPath) ? BUILT_IN[nameOrPath] : undefined
  if (builtIn) {
    const document: LocatedDocument = {
      file: nameOrPath,
      value: await builtIn(),
      place: () => `built-in domain ${nameOrPath}`,
    }
    return finish(document)
  }
  if (!/[\\/]|\.(ya?ml|json)$/i.test(nameOrPath)) {
    const near = nearest(nameOrPath, builtInDomains)
    throw new PalimpsestError('usage', 'domain-unknown', `There is no built-in domain "${nameOrPath}".`, {
      expected: `${builtInDomains.join(', ')}, or a path to a .yaml or .json file`,
      found: nameOrPath,
      fix:
        near.length > 0 ? `Did you mean ${near.join(' or ')}?` : 'See docs/domains.md for writing your own.',
    })
  }
  return finish(await readLocated(nameOrPath, MAX_BYTES))
}

async function finish(document: LocatedDocument): Promise<Domain> {
  const pack = checkAgainst(packSchema, document, 'domain-invalid', 'domain pack')
  const content = await complete(pack, document)
  const { problems } = checkDomain(content)
  if (problems.length > 0) {
    const lines = problems
      .slice(0, 20)
      .map((p) => `${p.rule}: ${p.items.join(', ')}: expected ${p.expected}; found ${p.found}`)
    if (problems.length > 20) lines.push(`and ${problems.length - 20} more`)
    throw refuse('domain-unbalanced', `The domain "${pack.name}" fails ${problems.length} checks.`, {
      where: document.file,
      expected: 'poles matched in number, length and form, and every reference resolved',
      found: lines.join('\n            '),
      fix: 'Edit the items named; docs/domains.md says why each rule is there.',
    })
  }
  return { ...content, hash: hashJson(content) }
}

/** Fills in what is shared by all domains in English. */
async function complete(pack: Pack, document: LocatedDocument): Promise<DomainContent> {
  const { shared } = await import('./packs/common/index.ts')
  const missing = (Object.keys(shared) as (keyof typeof shared)[]).filter((key) => pack[key] === undefined)
  if (missing.length > 0 && !/^en(-|$)/.test(pack.language))
    throw refuse('domain-incomplete', 'A pack that is not in English must be complete.', {
      where: document.file,
      expected: missing.join(', '),
      found: `language: ${pack.language}, and none of these`,
      fix: 'Add these parts in the language of the pack; only packs in English can borrow the built-in ones.',
    })
  const borrowed = Object.fromEntries(missing.map((key) => [key, shared[key]]))
  return domainSchema.parse({ ...pack, ...borrowed })
}
