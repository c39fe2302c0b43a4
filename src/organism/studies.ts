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
    expected: all.intact.expected!,
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
 * @param claims default: all that need no dictionary
 * @param dictionary of the pair's base: claim `features` follows its features
 */
export function organismStudy(
  pair: OrganismPair,
  at: (name: OrganismName) => string,
  domain: string,
  seed: number,
  claims: readonly string[] = ['direction', 'compression', 'behaviour', 'steering', 'geometry', 'identity'],
  dictionary?: string,
): Study {
  return studySchema.parse({
    palimpsest: 1,
    name: `organism-${pair.name}`,
    seed,
    models: { base: at(pair.base), aligned: at(pair.aligned) },
    domain,
    sites: { layers: [2, 3] },
    // A direction that is read behind where it is used steers nothing there.
    steering: { layers: [0, 1, 2] },
    claims: dictionary === undefined ? claims : [...claims, 'features'],
    ...(dictionary === undefined ? {} : { dictionaries: { base: [dictionary] } }),
    repeats: 1,
    // So narrow a model is over before a second thread has begun: that one would spin and be in the way.
    threads: 1,
    behaviour: { samples: 12, persona_samples: 4, personas: 2, max_tokens: 24 },
    draws: { bootstrap: 500, permutations: 200, refitted: 20, references: 200 },
  })
}

/** The answer of one claim, or the verdict, as expected and as found. */
export interface Held {
  readonly column: string
  readonly expected: string
  readonly found: string
  readonly right: boolean
}

/** Which claim answers each column, and where the answer is read: the verdict's inputs, or the claim's own label. */
const COLUMNS = [
  ['direction in aligned', 'direction', ['direction']],
  ['compression', 'compression', ['compression']],
  ['behaviour of aligned', 'behaviour', ['behaviour']],
  ['steering', 'steering', ['steering']],
  ['geometry', 'geometry', ['geometry']],
  // Personas in claim `behaviour` answer it where `identity` was not run.
  ['identity', 'identity', ['identity', 'behaviour']],
] as const

/** Measures that are 1 by construction where a model is compared with itself. */
const ONES = [
  ['direction', 'cosine_base_aligned'],
  ['direction', 'retention'],
  ['compression', 'ratio_gap_scaled'],
  ['steering', 'gain_ratio'],
  ['identity', 'stance_index'],
] as const

/**
 * Holds a study of organisms against what is known of them, by the claims that were run. `any` accepts everything,
 * `X or Y` both, `anything but X` every other answer; `masked` accepts every label that begins so. A model against itself must give ratios of 1.
 */
export function holdAgainst(
  results: Results,
  { expected, base, aligned }: Pick<OrganismPair, 'expected' | 'base' | 'aligned'>,
): { verdict: Held; columns: Held[] } {
  const found = results.verdict?.label ?? 'none'
  const inputs = results.verdict?.inputs ?? {}
  const claims = new Map(results.claims.map((c) => [c.id, c]))
  const columns = COLUMNS.filter(([, , by]) => by.some((id) => claims.has(id))).map(([column, key]): Held => {
    const value = (column === 'geometry' ? claims.get(column)?.label : inputs[column]) ?? 'missing'
    return { column, expected: expected[key], found: value, right: agrees(expected[key], value) }
  })
  const ones =
    base !== aligned
      ? []
      : ONES.flatMap(([id, name]): Held[] => {
          const claim = claims.get(id)
          if (claim === undefined) return []
          const values = claim.measures.filter((m) => m.name === name).map((m) => m.value)
          const off = values.find((v) => !(Math.abs(v - 1) < 1e-6))
          return [
            {
              column: name,
              expected: '1',
              found: values.length === 0 ? 'missing' : String(off ?? 1),
              right: values.length > 0 && off === undefined,
            },
          ]
        })
  return {
    verdict: {
      column: 'verdict',
      expected: expected.verdict,
      found,
      right: found === expected.verdict || found.startsWith(`${expected.verdict} (`),
    },
    columns: [...columns, ...ones],
  }
}

const BUT = 'anything but '

function agrees(wanted: string, found: string): boolean {
  if (wanted === 'any' || wanted === 'base gate fails') return true
  if (wanted === 'as base') return found === 'reactivated'
  if (wanted.startsWith(BUT)) return found !== 'missing' && found !== wanted.slice(BUT.length)
  return wanted.split(' or ').includes(found)
}
