/**
 * Bounds on what a page repeats: names and notes come from study files and stand in many places, so that an
 * absurdly long one is cut, and a character that HTML forbids replaced, before it is used in text or drawing.
 * `results.json` has them whole.
 */

import type { ReportData } from './data.ts'
import { clip } from './format.ts'
import { allowed } from './html.ts'

/** Longest text of each kind, in characters. */
const NAME = 120
const REFERENCE = 400
const PROSE = 4000
const PROSE_KEYS = new Set(['words', 'because', 'warnings'])
const REFERENCE_KEYS = new Set(['ref', 'hash', 'note', 'inputs'])
const MAX_LIST = 200

/** The data with no text and no list of texts longer than a page can bear. */
export function bounded(data: ReportData): ReportData {
  return {
    results: cut(data.results, NAME) as ReportData['results'],
    manifest: cut(data.manifest, REFERENCE) as ReportData['manifest'],
    ...(data.features === undefined
      ? {}
      : { features: cut(data.features, NAME) as NonNullable<ReportData['features']> }),
    ...(data.generations === undefined
      ? {}
      : { generations: cut(data.generations, REFERENCE) as NonNullable<ReportData['generations']> }),
    projections: data.projections.map((p) => ({ ...p, model: name(p.model) })),
  }
}

/** On one line, because drawings would break it into several. */
const name = (text: string, longest = NAME) => allowed(clip(text.replace(/\s+/g, ' '), longest))

function cut(value: unknown, longest: number): unknown {
  if (typeof value === 'string') return longest === PROSE ? allowed(clip(value, PROSE)) : name(value, longest)
  if (Array.isArray(value)) {
    const short = longest === PROSE ? value.slice(0, MAX_LIST) : value
    return short.map((v) => cut(v, longest))
  }
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([key, v]) => [
      name(key),
      cut(v, PROSE_KEYS.has(key) ? PROSE : REFERENCE_KEYS.has(key) ? REFERENCE : longest),
    ]),
  )
}
