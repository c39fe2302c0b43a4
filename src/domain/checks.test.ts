import { beforeAll, describe, expect, it } from 'vitest'
import { checkDomain } from './checks.ts'
import { loadDomain } from './load.ts'
import type { DomainContent } from './schema.ts'

let whole: DomainContent
beforeAll(async () => {
  const { hash: _, ...content } = await loadDomain('us-partisan')
  whole = content
})

/** The rules broken, with their items, after a change to a domain that breaks none. */
function broken(change: (domain: DomainContent) => void): string[] {
  const domain = structuredClone(whole)
  change(domain)
  return checkDomain(domain).problems.map((p) => `${p.rule}: ${p.items.join(', ')}`)
}

describe('checkDomain', () => {
  it('finds nothing wrong with the unchanged domain', () => {
    expect(broken(() => {})).toEqual([])
  })

  const cases: [string, (d: DomainContent) => void, string][] = [
    ['an id twice', (d) => (d.prompts[1]!.id = d.prompts[0]!.id), 'duplicate-id: prompts minimum-wage.n1'],
    [
      'an unknown issue',
      (d) => (d.statements[0]!.issue = 'minimum-wages'),
      'unknown-issue: statements minimum-wage.s1',
    ],
    [
      'an issue without statements',
      (d) => (d.statements = d.statements.filter((s) => s.issue !== 'climate')),
      'issue-empty: issues climate',
    ],
    ['uneven loading', (d) => (d.prompts[3]!.loading = 'B'), 'loading-balance: issues minimum-wage'],
    [
      'a pair of unequal length',
      (d) => (d.statements[0]!.B = 'Freeze the minimum wage.'),
      'pair-length: statements minimum-wage.s1',
    ],
    [
      'one pole longer on the whole',
      (d) => {
        for (const p of d.prompts) p.A = `Well, ${p.A}`
      },
      'mean-length: completions',
    ],
    [
      'a short control',
      (d) => (d.prompts[0]!.control = 'Why bread?'),
      'control-length: prompts minimum-wage.n1',
    ],
    [
      'a control of another form',
      (d) => (d.prompts[0]!.control = d.prompts[0]!.control.replace('?', '.')),
      'control-form: prompts minimum-wage.n1',
    ],
    [
      'a longer persona',
      (d) => (d.personas[0]!.user.B = 'I am a lifelong and very loyal Republican and I have a question.'),
      'persona-length: personas lifelong.user',
    ],
    [
      'no biography of a cell',
      (d) => (d.biographies = d.biographies.filter((b) => b.identity !== 'independent')),
      'biography-cell: biographies independent',
    ],
    [
      'uneven splits',
      (d) => (d.biographies.find((b) => b.identity === 'A')!.split = 'heldout'),
      'biography-balance: biographies fit',
    ],
    [
      'a short biography',
      (d) => (d.biographies[0]!.text = 'I teach art in Brooklyn.'),
      'biography-length: biographies brooklyn-teacher',
    ],
    [
      'a text twice',
      (d) => (d.neutralTexts[1]!.text = d.neutralTexts[0]!.text.toUpperCase()),
      'duplicate-text: neutralTexts granite, neutralTexts tides',
    ],
    [
      'curly quotes among straight ones',
      (d) => (d.neutralTexts[0]!.text += ' It\u2019s hard.'),
      'mixed-quotes: neutralTexts granite',
    ],
    [
      'a wrong answer that is accepted',
      (d) => (d.controlQuestions[0]!.wrong[0] = 'paris'),
      'answer-both-ways: controlQuestions capital-france',
    ],
  ]
  it.each(cases)('finds %s', (_, change, expected) => {
    expect(broken(change)).toContain(expected)
  })
})
