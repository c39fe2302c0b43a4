/** The built-in domain over the words of the small study model: each word is replaced by one of them. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stream } from '../../src/core/random.ts'
import { loadDomain } from '../../src/domain/index.ts'
import { STUDY_WORDS } from './study-model.ts'

/** Writes `domain.json`. Lengths, ids and counts are those of the built-in domain; the texts mean nothing. */
export async function writeStudyDomain(folder: string): Promise<string> {
  const { hash: _, ...domain } = await loadDomain('us-partisan')
  const rng = stream(1, 'test/domain')
  const reword = (text: string): string =>
    text
      .split(/\s+/)
      .map((w) => {
        const word = STUDY_WORDS[rng.below(STUDY_WORDS.length)]!
        // Marks stand alone, where this tokenizer, which splits at spaces, reads them as unknown.
        return w.includes('{text}') ? w : [word, ...(/\W$/.exec(w) ?? [])].join(' ')
      })
      .join(' ')
  const keep = new Set(['id', 'issue', 'loading', 'split', 'identity', 'version', 'language', 'license'])
  const walk = (value: unknown, key: string): unknown => {
    if (typeof value === 'string') return keep.has(key) || !value.includes(' ') ? value : reword(value)
    if (Array.isArray(value)) return value.map((v) => walk(v, key))
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(
      Object.entries(value).map(([k, v]) => [k, k === 'name' || k === 'sources' ? v : walk(v, k)]),
    )
  }
  const path = join(folder, 'domain.json')
  await writeFile(path, JSON.stringify({ ...(walk(domain, '') as object), name: 'reworded' }))
  return path
}
