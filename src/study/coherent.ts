/** Which doses leave a model's texts coherent: measured on what it writes, not judged by the dose. */

import { words } from '../domain/index.ts'
import type { SteeringTable } from './steering-table.ts'

/** Distinct pairs of words over all pairs, over all texts together. 1 where there are none. */
export function distinctPairs(texts: readonly string[], language: string): number {
  const pairs = texts.flatMap((text) => {
    const list = words(text, language)
    return list.slice(1).map((w, i) => `${list[i]} ${w}`)
  })
  return pairs.length === 0 ? 1 : new Set(pairs).size / pairs.length
}

/** Share of a text's three-word sequences that repeat an earlier one. */
export function repetition(text: string, language: string): number {
  const list = words(text, language)
  const triples = list.slice(2).map((w, i) => `${list[i]} ${list[i + 1]} ${w}`)
  return triples.length === 0 ? 0 : 1 - new Set(triples).size / triples.length
}

/**
 * Sizes of dose (|KL| asked for), rising, up to the first at which some model's texts, pushed either way, fall
 * apart: perplexity under the unsteered base above `perplexity` times that without steering, or distinct pairs of
 * words below `distinct` of it.
 */
export function coherentLevels(
  tables: readonly SteeringTable[],
  bars: { readonly perplexity: number; readonly distinct: number },
): number[] {
  const levels = [...new Set(tables[0]!.own.map((d) => Math.abs(d.asked)))].sort((a, b) => a - b)
  const holds = (level: number): boolean =>
    tables.every((t) => {
      const plain = t.coherence.find((c) => c.asked === 0)!
      return t.coherence
        .filter((c) => Math.abs(c.asked) === level)
        .every(
          (c) =>
            c.perplexity.value <= bars.perplexity * plain.perplexity.value &&
            c.distinct.value >= bars.distinct * plain.distinct.value,
        )
    })
  const broken = levels.findIndex((level) => !holds(level))
  return broken < 0 ? levels : levels.slice(0, broken)
}
