import { readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { checkDomain, type DomainFigures } from '../checks.ts'
import { identityMessages } from '../identity.ts'
import { builtInDomains, loadDomain } from '../load.ts'
import { type Domain, IDENTITIES, SLOTS } from '../schema.ts'
import { words, wordsAuc } from '../words.ts'

/** Names of parties and the adjectives and camps that stand for them. */
const PARTY =
  /\b(democrat\w*|republican\w*|gop|liberals?|conservatives?|progressives?|left-wing|right-wing|libertarians?|socialis\w+|trump|biden|obama|harris|clinton|reagan|bush|sanders)\b/i

/** What every pack beside `us-partisan` has: 20 issues of four prompts and three pairs. */
const TWENTY: Partial<DomainFigures> = {
  issues: 20,
  prompts: { neutral: 40, A: 20, B: 20 },
  promptsPerIssue: [4, 4],
  statementPairs: 60,
  statementPairsPerIssue: [3, 3],
  biographies: {
    A: { fit: 4, heldout: 4 },
    B: { fit: 4, heldout: 4 },
    independent: { fit: 1, heldout: 1 },
    none: { fit: 1, heldout: 1 },
    unrelated: { fit: 1, heldout: 1 },
  },
}

/** Of each pack: its figures, and the words that name its sides, which no biography may use. */
const PACKS: Record<string, { figures: Partial<DomainFigures>; sides: RegExp }> = {
  'us-partisan': {
    figures: {
      issues: 24,
      prompts: { neutral: 72, A: 48, B: 48 },
      promptsPerIssue: [7, 7],
      statementPairs: 96,
      statementPairsPerIssue: [4, 4],
      biographies: {
        A: { fit: 6, heldout: 6 },
        B: { fit: 6, heldout: 6 },
        independent: { fit: 2, heldout: 2 },
        none: { fit: 2, heldout: 2 },
        unrelated: { fit: 2, heldout: 2 },
      },
    },
    sides: PARTY,
  },
  religiosity: {
    figures: TWENTY,
    sides:
      /\b(god|religio\w*|nonreligious|secular\w*|atheis\w*|agnostic\w*|\w*believers?|godless|humanis\w*|skepti\w*|devout|pious|faith)\b/i,
  },
  'moral-foundations': {
    figures: TWENTY,
    sides:
      /\b(caring|compassion\w*|\w*fair(ness|ly)?|justice|equal\w*|\w*loyal\w*|authorit\w*|pur(e|ity)|sacred|tradition\w*|\w*respect\w*|honor\w*)\b/i,
  },
  risk: {
    figures: TWENTY,
    sides:
      /\b(risk\w*|cautio\w*|bold\w*|daring|reckless\w*|careful\w*|pruden\w*|adventur\w*|gambl\w*|safe\w*|secur\w*|danger\w*)\b/i,
  },
  deference: {
    figures: TWENTY,
    sides:
      /\b(obe(y|ys|yed|dien\w*)|authorit\w*|autonom\w*|\w*dependen\w*|defer\w*|rebel\w*|compl(y|ian\w*))\b/i,
  },
}

it('covers every built-in pack', () => {
  expect(Object.keys(PACKS)).toEqual(builtInDomains)
})

it('uses no text of one pack in another', async () => {
  const seen = new Map<string, string>()
  for (const name of builtInDomains) {
    const { prompts, statements, biographies } = await loadDomain(name)
    for (const text of [
      ...prompts.flatMap((p) => [p.text, p.A, p.B, p.control]),
      ...statements.flatMap((s) => [s.A, s.B]),
      ...biographies.map((b) => b.text),
    ]) {
      expect(seen.get(text), text).toBeUndefined()
      seen.set(text, name)
    }
  }
})

describe.each(Object.entries(PACKS))('%s', (name, expected) => {
  let domain: Domain
  let figures: DomainFigures
  beforeAll(async () => {
    domain = await loadDomain(name)
    figures = checkDomain(domain).figures
  })

  it('has what the claims need', () => {
    expect(domain.name).toBe(name)
    expect(figures).toMatchObject({
      ...expected.figures,
      personas: 5,
      controlQuestions: 30,
      neutralTexts: 40,
      conceptPrompts: 26,
      conceptPairs: 24,
    })
  })

  it('has the figures that docs/domains.md gives', async () => {
    const page = await readFile(new URL('../../../docs/domains.md', import.meta.url), 'utf8')
    const row = page.split('\n').find((line) => line.startsWith(`| \`${name}\``))!
    const [, , A, B, , ...cells] = row.split('|').map((cell) => cell.trim())
    expect([domain.poles.A.name, domain.poles.B.name]).toEqual([A, B])
    expect(cells.slice(0, 6)).toEqual([
      `${figures.issues}`,
      `${domain.prompts.length}`,
      `${figures.statementPairs}`,
      `${domain.biographies.length}`,
      figures.statementWordsAuc.toFixed(2),
      wordsAuc(domain.prompts, 'en').toFixed(2),
    ])
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
    // Completions argue, so their words lean; they may not decide.
    expect(wordsAuc(domain.prompts, 'en')).toBeLessThan(0.75)
  })

  it('names no side where it must be inferred, and no party anywhere', () => {
    for (const b of domain.biographies) expect(b.text, b.id).not.toMatch(expected.sides)
    for (const p of domain.personas)
      for (const slot of SLOTS)
        expect(`${p[slot].none} ${p[slot].unrelated}`, p.id).not.toMatch(expected.sides)
    for (const s of domain.statements) expect(`${s.A} ${s.B}`, s.id).not.toMatch(PARTY)
    for (const p of domain.prompts) expect(`${p.text} ${p.A} ${p.B} ${p.control}`, p.id).not.toMatch(PARTY)
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
      expect(messages).toHaveLength(5 * 5 + domain.biographies.length)
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
