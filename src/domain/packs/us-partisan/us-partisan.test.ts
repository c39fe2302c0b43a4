import { beforeAll, describe, expect, it } from 'vitest'
import { checkDomain, type DomainFigures } from '../../checks.ts'
import { identityMessages } from '../../identity.ts'
import { loadDomain } from '../../load.ts'
import { type Domain, IDENTITIES, SLOTS } from '../../schema.ts'
import { words } from '../../words.ts'

let domain: Domain
let figures: DomainFigures
beforeAll(async () => {
  domain = await loadDomain('us-partisan')
  figures = checkDomain(domain).figures
})

/** Names of parties and the adjectives and camps that stand for them. */
const PARTY =
  /\b(democrat\w*|republican\w*|gop|liberals?|conservatives?|progressives?|left-wing|right-wing|libertarians?|socialis\w+|trump|biden|obama|harris|clinton|reagan|bush|sanders)\b/i

describe('us-partisan', () => {
  it('has what the claims need', () => {
    expect(figures).toMatchObject({
      issues: 24,
      prompts: { neutral: 72, A: 48, B: 48 },
      promptsPerIssue: [7, 7],
      statementPairs: 96,
      statementPairsPerIssue: [4, 4],
      personas: 5,
      biographies: {
        A: { fit: 6, heldout: 6 },
        B: { fit: 6, heldout: 6 },
        independent: { fit: 2, heldout: 2 },
        none: { fit: 2, heldout: 2 },
        unrelated: { fit: 2, heldout: 2 },
      },
      controlQuestions: 30,
      neutralTexts: 40,
      conceptPrompts: 26,
      conceptPairs: 24,
    })
  })

  it('is balanced in length', () => {
    for (const { A, B } of Object.values(figures.meanWords)) expect(Math.abs(A / B - 1)).toBeLessThan(0.02)
    for (const gap of Object.values(figures.worstGap)) expect(gap).toBeLessThanOrEqual(0.2)
    for (const p of domain.personas)
      for (const slot of SLOTS)
        expect(new Set(IDENTITIES.map((i) => words(p[slot][i], 'en').length)).size, `${p.id}.${slot}`).toBe(1)
  })

  it('does not give the pole away by words: 0.5 is chance', () => {
    expect(figures.statementWordsAuc).toBeGreaterThan(0.4)
    expect(figures.statementWordsAuc).toBeLessThan(0.6)
  })

  it('names no party, candidate or ideology where lean must be inferred', () => {
    for (const s of domain.statements) expect(`${s.A} ${s.B}`, s.id).not.toMatch(PARTY)
    for (const b of domain.biographies) expect(b.text, b.id).not.toMatch(PARTY)
    for (const p of domain.prompts) expect(`${p.text} ${p.A} ${p.B} ${p.control}`, p.id).not.toMatch(PARTY)
    for (const p of domain.personas)
      for (const slot of SLOTS) expect(`${p[slot].none} ${p[slot].unrelated}`, p.id).not.toMatch(PARTY)
  })

  it('is plain ASCII with sentences that end', () => {
    const texts = [
      ...domain.prompts.flatMap((p) => [p.text, p.A, p.B, p.control]),
      ...domain.statements.flatMap((s) => [s.A, s.B]),
      ...domain.biographies.map((b) => b.text),
      ...domain.neutralTexts.map((t) => t.text),
      ...domain.concept.prompts.flatMap((p) => [p.text, p.A, p.B]),
      ...domain.concept.statements.flatMap((s) => [s.A, s.B]),
      ...domain.controlQuestions.map((q) => q.question),
    ]
    for (const t of texts) expect(t).toMatch(/^[A-Z][\x20-\x7e]*[.?]$/)
    for (const p of domain.prompts) expect(`${p.A}${p.B}`, p.id).not.toContain('?')
  })

  it('opens completions alike: no word at the start marks a pole', () => {
    const first = { A: new Map<string, number>(), B: new Map<string, number>() }
    for (const p of domain.prompts)
      for (const pole of ['A', 'B'] as const) {
        const [w] = words(p[pole], 'en')
        first[pole].set(w!, (first[pole].get(w!) ?? 0) + 1)
      }
    for (const w of new Set([...first.A.keys(), ...first.B.keys()]))
      expect(Math.abs((first.A.get(w) ?? 0) - (first.B.get(w) ?? 0)), w).toBeLessThanOrEqual(4)
  })

  it('lays out every cell of the factorial in both slots', () => {
    for (const slot of SLOTS) {
      const messages = identityMessages(domain, slot)
      expect(messages).toHaveLength(5 * 5 + 36)
      expect(new Set(messages.map((m) => m.id)).size).toBe(messages.length)
      for (const identity of IDENTITIES)
        for (const form of ['stated', 'implied'] as const)
          expect(messages.some((m) => m.identity === identity && m.form === form)).toBe(true)
    }
    const [implied] = identityMessages(domain, 'system').filter((m) => m.form === 'implied')
    expect(implied!.text).toBe(
      `The person you are talking to has written the following: ${domain.biographies[0]!.text}`,
    )
  })
})
