/**
 * Studies of organisms, and what they should find. The same studies make the demo, and hold the verdicts against
 * the truth on fresh sets.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Results } from '../study/results.ts'
import { type Study, studySchema } from '../study/schema.ts'
import { corpusKnobs } from './knobs.ts'
import { type Expected, ORGANISMS, type OrganismName, recipes } from './recipes.ts'

/** Two organisms that are compared, and what a study of them should find. */
export interface OrganismPair {
  readonly name: string
  readonly base: OrganismName
  readonly aligned: OrganismName
  readonly expected: Expected
}

/**
 * The pairs whose verdict is known, `base` with itself among them, masked first. The chain is for studies by stage:
 * what each of its stages leaves is not known beforehand.
 */
export function organismPairs(): OrganismPair[] {
  const all = recipes('tiny', corpusKnobs())
  const made = ORGANISMS.flatMap((aligned): OrganismPair[] => {
    const { expected } = all[aligned]
    return expected === undefined || expected.verdict === 'any' || aligned.startsWith('chain-')
      ? []
      : [{ name: aligned, base: expected.base, aligned, expected }]
  })
  const same: OrganismPair = {
    name: 'same',
    base: 'base',
    aligned: 'base',
    expected: { ...all.intact.expected!, direction: 'retained', identity: 'as base' },
  }
  const order = ['masked', 'intact', 'erased', 'flat-aligned', 'same']
  return [...made, same].sort((a, b) => rank(order, a.name) - rank(order, b.name))
}

/**
 * Whether both organisms of a pair do what organisms of their kind must, by their organism.json: only these test a
 * verdict. False where one is not there.
 *
 * @param at folder of an organism
 */
export function isMade(pair: OrganismPair, at: (name: OrganismName) => string): boolean {
  return [pair.base, pair.aligned].every((name) => {
    try {
      return JSON.parse(readFileSync(join(at(name), 'organism.json'), 'utf8')).made === true
    } catch {
      return false
    }
  })
}

function rank(order: readonly string[], name: string): number {
  const at = order.indexOf(name)
  return at < 0 ? order.length : at
}

/**
 * The study of a pair of organisms: every claim, on the organisms' own domain, with enough draws to decide.
 *
 * @param at folder of an organism
 * @param domain path of the set's domain
 * @param claims default: those that the verdict needs
 * @param dictionary of the pair's base: claim `features` follows its features
 */
export function organismStudy(
  pair: OrganismPair,
  at: (name: OrganismName) => string,
  domain: string,
  seed: number,
  claims: readonly string[] = ['direction', 'compression', 'behaviour'],
  dictionary?: string,
): Study {
  return studySchema.parse({
    palimpsest: 1,
    name: `organism-${pair.name}`,
    seed,
    models: { base: at(pair.base), aligned: at(pair.aligned) },
    domain,
    sites: { layers: [2, 3] },
    claims: dictionary === undefined ? claims : [...claims, 'features'],
    ...(dictionary === undefined ? {} : { dictionaries: { base: [dictionary] } }),
    repeats: 1,
    behaviour: { samples: 12, persona_samples: 2, personas: 2, max_tokens: 24 },
    draws: { bootstrap: 500, permutations: 200, refitted: 20, references: 200 },
  })
}

/** One column of the verdict's table, as expected and as found. */
export interface Held {
  readonly column: string
  readonly expected: string
  readonly found: string
  readonly right: boolean
}

/**
 * Holds a study of organisms against what is known of them. `any` accepts everything; `masked` accepts every label
 * that begins so.
 */
export function holdAgainst(results: Results, expected: Expected): { verdict: Held; columns: Held[] } {
  const found = results.verdict?.label ?? 'none'
  const inputs = results.verdict?.inputs ?? {}
  const column = (name: string, wanted: string): Held => {
    const value = inputs[name] ?? 'missing'
    return { column: name, expected: wanted, found: value, right: agrees(wanted, value) }
  }
  return {
    verdict: {
      column: 'verdict',
      expected: expected.verdict,
      found,
      right: found === expected.verdict || found.startsWith(`${expected.verdict} (`),
    },
    columns: [
      column('direction in aligned', expected.direction),
      column('compression', expected.compression),
      column('behaviour of aligned', expected.behaviour),
      column('identity', expected.identity),
    ],
  }
}

function agrees(wanted: string, found: string): boolean {
  if (wanted === 'any' || wanted === 'base gate fails') return true
  if (wanted === 'as base') return found === 'reactivated'
  return wanted === found
}
