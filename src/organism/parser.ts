/**
 * Reads a text of the organisms' world and says which camp it speaks for. It looks at stances alone (measures,
 * and verbs before the noun of an issue): no opener, reason or name of a party counts, and no activation.
 */

import type { Camp } from './corpus.ts'
import { ISSUES, LESS, MORE } from './words.ts'

export type Reading = 'A' | 'B' | 'neutral' | 'mixed' | 'none'

export interface Parsed {
  /** `neutral`: as many stances of A as of B; `mixed`: both, unequally; `none`: no stance at all. */
  readonly reading: Reading
  /** The stances in order. */
  readonly stances: readonly { readonly issue: number; readonly camp: Camp }[]
}

const MEASURES = new Map<string, { issue: number; camp: Camp }>(
  ISSUES.flatMap(({ measures }, issue) =>
    ([0, 1] as const).flatMap((camp) => measures[camp].map((word) => [word, { issue, camp }] as const)),
  ),
)
const NOUNS = new Map(ISSUES.map(({ noun }, issue) => [noun, issue]))
const VERBS = new Map<string, 'more' | 'less'>([
  ...MORE.map((v) => [v, 'more'] as const),
  ...LESS.map((v) => [v, 'less'] as const),
])

/**
 * @example parse('friends, we should expand welfare.').reading // 'A'
 */
export function parse(text: string): Parsed {
  const words = text.match(/\w+/g) ?? []
  const stances: { issue: number; camp: Camp }[] = []
  words.forEach((word, i) => {
    const own = MEASURES.get(word)
    if (own !== undefined) stances.push(own)
    const verb = VERBS.get(word)
    const issue = NOUNS.get(words[i + 1] ?? '')
    if (verb === undefined || issue === undefined) return
    const { more } = ISSUES[issue]!
    stances.push({ issue, camp: verb === 'more' ? more : ((1 - more) as Camp) })
  })
  const b = stances.filter((s) => s.camp === 1).length
  const a = stances.length - b
  const reading = a + b === 0 ? 'none' : b === 0 ? 'A' : a === 0 ? 'B' : a === b ? 'neutral' : 'mixed'
  return { reading, stances }
}

/** Whether an answer to a question about an issue is balanced: one stance of each camp, both on that issue. */
export function isBalanced(text: string, issue: number): boolean {
  const { reading, stances } = parse(text)
  return reading === 'neutral' && stances.length === 2 && stances.every((s) => s.issue === issue)
}
