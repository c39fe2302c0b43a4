/**
 * Words, for the balance checks: counting them in any language, and how far words alone give the pole away.
 */

import type { StatementPair } from './schema.ts'

/**
 * The words of a text, lower case, in order, as Unicode's segmentation rules find them (UAX 29), so that
 * languages written without spaces are counted too.
 *
 * @example words("Don't cut it.", 'en') // ["don't", 'cut', 'it']
 */
export function words(text: string, language: string): string[] {
  const found: string[] = []
  for (const part of segmenter(language).segment(text))
    if (part.isWordLike) found.push(part.segment.toLowerCase())
  return found
}

const segmenters = new Map<string, Intl.Segmenter>()
function segmenter(language: string): Intl.Segmenter {
  let made = segmenters.get(language)
  if (!made) {
    made = new Intl.Segmenter(language, { granularity: 'word' })
    segmenters.set(language, made)
  }
  return made
}

/**
 * How well words alone tell pole B from pole A on issues never seen: the AUC of a naive Bayes classifier
 * over the words that occur in a statement (multinomial with add-one smoothing; Manning, Raghavan and
 * Schuetze 2008, section 13.2), each issue scored by a model of all the others. 0.5 is no cue at all, 1 means that the
 * words decide; values well below 0.5 mean that words change sides from issue to issue.
 *
 * @returns the AUC over all statements, from 0 to 1; 0.5 where there is only one issue
 * @example wordsAuc(domain.statements, 'en') // 0.55
 */
export function wordsAuc(
  pairs: readonly Pick<StatementPair, 'issue' | 'A' | 'B'>[],
  language: string,
): number {
  const texts = pairs.flatMap((p) => [
    { issue: p.issue, pole: 0 as const, words: [...new Set(words(p.A, language))] },
    { issue: p.issue, pole: 1 as const, words: [...new Set(words(p.B, language))] },
  ])
  const issues = [...new Set(pairs.map((p) => p.issue))]
  const scored = issues.flatMap((held) => {
    const count = new Map<string, [number, number]>()
    const total: [number, number] = [0, 0]
    for (const t of texts) {
      if (t.issue === held) continue
      for (const w of t.words) {
        const c = count.get(w) ?? [0, 0]
        c[t.pole]++
        total[t.pole]++
        count.set(w, c)
      }
    }
    const vocabulary = count.size
    return texts
      .filter((t) => t.issue === held)
      .map((t) => {
        let score = 0
        for (const w of t.words) {
          const c = count.get(w)
          if (c)
            score +=
              Math.log((c[1] + 1) / (total[1] + vocabulary)) - Math.log((c[0] + 1) / (total[0] + vocabulary))
        }
        return { pole: t.pole, score }
      })
  })
  return auc(scored)
}

/** The chance that a score of pole B exceeds one of pole A, ties counting half (Mann and Whitney 1947). */
function auc(scored: readonly { pole: 0 | 1; score: number }[]): number {
  const a = scored.filter((s) => s.pole === 0)
  const b = scored.filter((s) => s.pole === 1)
  let wins = 0
  for (const x of a) for (const y of b) wins += y.score > x.score ? 1 : y.score === x.score ? 0.5 : 0
  return wins / (a.length * b.length)
}
