/** Where the organisms that ship with the package lie: `organisms/<size>/<name>/`. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { nearest, PalimpsestError } from '../core/errors.ts'
import { DICTIONARY } from './dictionary.ts'
import { SIZES } from './network.ts'
import { ORGANISMS } from './recipes.ts'

const ROOT = fileURLToPath(new URL('../../organisms/', import.meta.url))

/** What ships, by the names that a reference may use after `organism:`: `masked` (tiny), `reference/masked`. */
export function shippedOrganisms(): string[] {
  return Object.keys(SIZES).flatMap((size) =>
    ORGANISMS.filter((name) => existsSync(join(ROOT, size, name, 'organism.json'))).map((name) =>
      size === 'tiny' ? name : `${size}/${name}`,
    ),
  )
}

/**
 * The folder of a shipped organism.
 *
 * @param name as in `organism:NAME`: `masked`, or `reference/masked` for another size than tiny
 * @throws PalimpsestError `organism-name`
 * @example await loadModel(organismPath('masked'))
 */
export function organismPath(name: string): string {
  const shipped = shippedOrganisms()
  const known = name.startsWith('tiny/') ? name.slice(5) : name
  if (shipped.includes(known)) return join(ROOT, known.includes('/') ? known : `tiny/${known}`)
  const near = nearest(name, shipped)
  throw new PalimpsestError('usage', 'organism-name', 'There is no such organism.', {
    found: name,
    expected: shipped.join(', '),
    fix:
      near.length > 0
        ? `Did you mean organism:${near[0]}?`
        : 'Train one: `palimpsest train organism --out DIR`, and give its folder.',
  })
}

/** The dictionary of the shipped base of a size; undefined where none ships. */
export function organismDictionaryPath(size: keyof typeof SIZES = 'tiny'): string | undefined {
  const path = join(ROOT, size, DICTIONARY)
  return existsSync(join(path, 'training.json')) ? path : undefined
}

/** The value domain of the shipped organisms, as a file: those of every size speak of the same invented politics. */
export function organismDomainPath(): string {
  return join(ROOT, 'tiny', 'domain.json')
}
