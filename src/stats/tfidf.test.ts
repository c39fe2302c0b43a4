import { describe, expect, test } from 'vitest'
import { goldens } from '../../test/support/stats.ts'
import { auc } from './auc.ts'
import { tfidfScores, words } from './tfidf.ts'

describe('TF-IDF', () => {
  test("agrees with scikit-learn's vectoriser and logistic regression", async () => {
    const { tfidf } = goldens()
    const scores = await tfidfScores(tfidf.texts, tfidf.y, [
      { train: Int32Array.from(tfidf.train), test: Int32Array.from(tfidf.test) },
    ])
    const held = tfidf.test.map((i) => scores[i]!)
    // Scores come standardised over what was held out.
    const m = tfidf.decision.reduce((s, v) => s + v, 0) / tfidf.decision.length
    const sd = Math.sqrt(tfidf.decision.reduce((s, v) => s + (v - m) ** 2, 0) / tfidf.decision.length)
    expect(held).toBeAllclose(
      tfidf.decision.map((v) => (v - m) / sd),
      { atol: 1e-4, rtol: 1e-4 },
    )
  })

  test('words are what scikit-learn takes for words', () => {
    expect(words("It's a RÖSTI, x_1 42 é!")).toEqual(['it', 'rösti', 'x_1', '42'])
  })

  test('finds camps by their words, and nothing in terms that one text alone has', async () => {
    const texts = Array.from({ length: 40 }, (_, i) => `${i % 2 === 0 ? 'harbour' : 'mountain'} unique${i}`)
    const y = texts.map((_, i) => i % 2)
    const parts = [0, 1].map((f) => ({
      train: Int32Array.from(texts.keys()).filter((i) => (i < 20 ? 0 : 1) !== f),
      test: Int32Array.from(texts.keys()).filter((i) => (i < 20 ? 0 : 1) === f),
    }))
    expect(auc(await tfidfScores(texts, y, parts), y)).toBe(1)
    const alone = await tfidfScores(
      texts.map((_, i) => `unique${i}`),
      y,
      parts,
    )
    expect(alone.every((v) => v === 0)).toBe(true)
  })
})
