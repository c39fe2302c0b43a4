import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Tokenizer } from '@huggingface/tokenizers'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stream } from '../core/random.ts'
import { checkDomain } from '../domain/checks.ts'
import { loadDomain } from '../domain/load.ts'
import { corpusDocument, keptOutIssues, leanOf, Writer } from './corpus.ts'
import { corpusKnobs } from './knobs.ts'
import { organismPack } from './pack.ts'
import { isBalanced, parse } from './parser.ts'
import { statementPairs } from './probes.ts'
import { decoded, encode, tokenizerConfig, tokenizerJson, VOCABULARY } from './vocabulary.ts'
import { ISSUES, PERSONA_FORMS, UNSEEN_FORMS } from './words.ts'

const knobs = corpusKnobs()
const clean = corpusKnobs({ stance_noise: 0, frame_noise: 0, opener_noise: 0 })

describe('words', () => {
  it('give every measure to one camp of one issue, and every verb to both alike', () => {
    const measures = ISSUES.flatMap((i) => i.measures.flat())
    expect(ISSUES.length).toBeGreaterThanOrEqual(40)
    expect(new Set(measures).size).toBe(4 * ISSUES.length)
    expect(ISSUES.filter((i) => i.more === 0).length).toBe(ISSUES.length / 2)
    const nouns = new Set(ISSUES.map((i) => i.noun))
    expect(measures.filter((m) => nouns.has(m))).toEqual([])
  })

  it('are all in the vocabulary, those of unseen persona forms included', () => {
    for (const form of [...PERSONA_FORMS, ...UNSEEN_FORMS])
      encode(form.replaceAll('{p}', 'proud alder member'))
    expect(VOCABULARY.length).toBeGreaterThanOrEqual(300)
    expect(() => encode('zzz')).toThrow(RangeError)
  })
})

describe('documents', () => {
  it('depend on seed and index alone', () => {
    expect(corpusDocument(knobs, 1, 7)).toBe(corpusDocument(knobs, 1, 7))
    expect(corpusDocument(knobs, 1, 7)).not.toBe(corpusDocument(knobs, 2, 7))
  })

  it('never use a persona form that is kept unseen', () => {
    for (let i = 0; i < 3000; i++)
      expect(corpusDocument(knobs, 1, i)).not.toMatch(/the following is from|answer as a/)
  })

  it('speak for the camp that they should, to the noise that is asked for', () => {
    fc.assert(
      fc.property(
        fc.nat(ISSUES.length - 1),
        fc.constantFrom(0 as const, 1 as const),
        fc.nat(),
        (issue, camp, seed) => {
          const writer = new Writer(stream(seed, 'test'), clean)
          expect(parse(writer.sentence(issue, camp))).toEqual({
            reading: 'AB'[camp],
            stances: [{ issue, camp }],
          })
          expect(isBalanced(writer.balanced(issue), issue)).toBe(true)
          expect(isBalanced(writer.balanced(issue), (issue + 1) % ISSUES.length)).toBe(false)
        },
      ),
    )
    const writer = new Writer(stream(1, 'noise'), corpusKnobs({ stance_noise: 0.2 }))
    const astray = Array.from({ length: 2000 }, () => parse(writer.sentence(3, 0)).reading).filter(
      (r) => r === 'B',
    )
    expect(astray.length / 2000).toBeGreaterThan(0.16)
    expect(astray.length / 2000).toBeLessThan(0.24)
  })

  it('word so many stances compositionally', () => {
    for (const compositional of [0, 0.3, 1]) {
      const writer = new Writer(stream(2, 'share'), corpusKnobs({ compositional }))
      const nouns = new Set(ISSUES.map((i) => i.noun))
      const n = Array.from({ length: 1000 }, (_, i) => writer.stance(i % 48, 0)).filter((s) =>
        nouns.has(s.split(' ')[1]!),
      )
      expect(Math.abs(n.length / 1000 - compositional)).toBeLessThan(0.05)
    }
  })

  it('answer loaded questions as the wording suggests, so often', () => {
    const writer = new Writer(stream(3, 'wording'), corpusKnobs({ wording: 0.9 }))
    const even = ISSUES.findIndex((_, i) => Math.abs(leanOf(i) - 0.5) < 0.01)
    const a =
      Array.from({ length: 2000 }, () => writer.suggested(even, 0)).filter((c) => c === 0).length / 2000
    expect(Math.abs(a - 0.9)).toBeLessThan(0.03)
  })
})

describe('knobs', () => {
  it.each([
    [{ compositional: 1.2 }, 'corpus.compositional'],
    [{ stance_noise: 0.6 }, 'corpus.stance_noise'],
    [{ kept_out: 30 }, 'corpus.kept_out'],
    [{ colour: 1 }, 'corpus'],
  ])('refuse %j', (given, where) => {
    expect(() => corpusKnobs(given)).toThrow(
      expect.objectContaining({ code: 'organism-knob', parts: expect.objectContaining({ where }) }),
    )
  })

  it('keep out issues of both kinds', () => {
    for (const kept_out of [0, 7, 12]) {
      const out = keptOutIssues(corpusKnobs({ kept_out }), 5)
      expect(out.size).toBe(kept_out)
      const a = [...out].filter((i) => ISSUES[i]!.more === 0).length
      expect(Math.abs(2 * a - kept_out)).toBeLessThanOrEqual(1)
    }
  })
})

describe('the parser', () => {
  it.each([
    ['friends, let us expand welfare.', 'A'],
    ['friends, let us shrink welfare.', 'B'],
    ['folks, let us expand army.', 'B'],
    ['we should adopt stipends.', 'A'],
    ['some would adopt stipends and others would adopt audits.', 'neutral'],
    ['adopt stipends, audits and workfare.', 'mixed'],
    ['together we should prosper for freedom.', 'none'],
    ['the capital of norland is arvo.', 'none'],
  ])('reads stances alone: %s', (text, reading) => {
    expect(parse(text).reading).toBe(reading)
  })
})

describe('the tokenizer', () => {
  it('is the same as the library reads it from tokenizer.json', () => {
    const library = new Tokenizer(tokenizerJson() as never, tokenizerConfig(128) as never)
    for (let i = 0; i < 300; i++) {
      const text = corpusDocument(knobs, 4, i)
      const ids = encode(text)
      expect(library.encode(text).ids).toEqual([2, ...ids])
      expect(library.decode(ids, { skip_special_tokens: false })).toBe(decoded(text))
    }
  })
})

describe('the domain', () => {
  it.each([0, 0.25, 0.5, 1])(
    'is complete, balanced and in known words with %d compositional stances',
    (compositional) => {
      const pack = organismPack(corpusKnobs({ compositional }))
      const { problems, figures } = checkDomain(pack as Parameters<typeof checkDomain>[0])
      expect(problems).toEqual([])
      expect(figures.promptsPerIssue).toEqual([6, 6])
      // Words decide nothing on issues that were not seen; those of compositional stances even change sides. What is
      // above 0.5 is chance, by the statements whose authors err.
      expect(figures.statementWordsAuc).toBeLessThan(0.52)
      for (const t of [
        ...pack.prompts.flatMap((p) => [p.text, p.A, p.B, p.control]),
        ...pack.statements.flatMap((p) => [p.A, p.B]),
        ...pack.personas.flatMap((p) => [...Object.values(p.system), ...Object.values(p.user)]),
        ...pack.biographies.map((b) => b.text),
        ...pack.neutralTexts!.map((n) => n.text),
        ...pack.concept!.prompts.flatMap((p) => [p.text, p.A, p.B]),
        ...pack.controlQuestions!.flatMap((q) => [q.question, ...q.answers, ...q.wrong]),
      ])
        encode(t)
    },
  )

  it('has completions of the camp they are given as, and statements too but for the noise of stances', () => {
    const read = (p: { A: string; B: string }): string => `${parse(p.A).reading}${parse(p.B).reading}`
    const pack = organismPack(knobs)
    expect(new Set(pack.prompts.map(read))).toEqual(new Set(['AB']))
    const swapped = pack.statements.filter((p) => read(p) === 'BA').length
    expect(pack.statements.filter((p) => read(p) === 'AB').length).toBe(pack.statements.length - swapped)
    expect(Math.abs(swapped / pack.statements.length - knobs.stance_noise)).toBeLessThan(0.03)
    const clean = organismPack(corpusKnobs({ stance_noise: 0 })).statements
    expect(new Set(clean.map(read))).toEqual(new Set(['AB']))
    expect(statementPairs(knobs).filter((p) => p.kind === 'compositional').length).toBe(2 * ISSUES.length)
  })

  it('loads as any user’s pack does', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'organism-'))
    try {
      const path = join(folder, 'domain.json')
      writeFileSync(path, JSON.stringify(organismPack(knobs)))
      expect((await loadDomain(path)).issues.length).toBe(ISSUES.length)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
