/**
 * Is a domain fit to measure with? Texts of the two poles that differ in length, form or number would let a
 * model tell them apart without any value being involved. Each rule names the items that break it; the
 * figures are printed beside them.
 */

import { nearest } from '../core/errors.ts'
import {
  type DomainContent,
  IDENTITIES,
  type Identity,
  LOADINGS,
  type Loading,
  type Pole,
  SLOTS,
} from './schema.ts'
import { words, wordsAuc } from './words.ts'

/** The bounds of the rules. Gaps are |a - b| / max(a, b), in words. */
export const LIMITS = {
  /** Between the two members of a matched pair. */
  pairGap: 0.2,
  /** Between the mean lengths of the two poles over a whole list. */
  meanGap: 0.03,
  /** Between a prompt and its control. */
  controlGap: 0.3,
  /** Between the shortest and the longest cell of one wording and slot of a persona, in words. */
  personaSpread: 1,
  /** Between a biography and the mean of all biographies. */
  biographyGap: 0.15,
} as const

export interface DomainProblem {
  /** Kebab-case name of the rule. */
  rule: string
  /** Ids of the items concerned, each with its list: `prompts wage-n1`. */
  items: string[]
  expected: string
  found: string
}

export interface DomainFigures {
  issues: number
  prompts: Record<Loading, number>
  /** Fewest and most prompts of an issue. */
  promptsPerIssue: [number, number]
  statementPairs: number
  statementPairsPerIssue: [number, number]
  personas: number
  biographies: Record<Identity, { fit: number; heldout: number }>
  controlQuestions: number
  neutralTexts: number
  conceptPrompts: number
  conceptPairs: number
  /** Mean words of the two poles. */
  meanWords: Record<'completions' | 'statements' | 'concept', Record<Pole, number>>
  /** Largest relative difference in words of a matched pair. */
  worstGap: Record<'completions' | 'statements' | 'concept' | 'controls', number>
  /** AUC of words alone over the statements, issues held out one at a time: see {@link wordsAuc}. */
  statementWordsAuc: number
}

/**
 * Checks a domain's integrity (ids, references, duplicates, complete cells) and balance (lengths, forms,
 * numbers). An empty list of problems means that it can be used.
 *
 * @example
 * const { problems, figures } = checkDomain(await loadDomain('us-partisan'))
 * figures.statementWordsAuc
 */
export function checkDomain(domain: DomainContent): { problems: DomainProblem[]; figures: DomainFigures } {
  const problems: DomainProblem[] = []
  const length = (text: string) => words(text, domain.language).length
  const report = (rule: string, items: string[], expected: string, found: string) => {
    problems.push({ rule, items, expected, found })
  }

  checkIds(domain, report)
  checkIssues(domain, report)
  checkTexts(domain, report)

  const { concept } = domain
  const pairs = {
    completions: domain.prompts.map((p) => ({ ...p, label: `prompts ${p.id}` })),
    statements: domain.statements.map((p) => ({ ...p, label: `statements ${p.id}` })),
    concept: [
      ...concept.prompts.map((p) => ({ ...p, label: `concept.prompts ${p.id}` })),
      ...concept.statements.map((p) => ({ ...p, label: `concept.statements ${p.id}` })),
    ],
  }
  const meanWords = {} as DomainFigures['meanWords']
  const worstGap = { controls: 0 } as DomainFigures['worstGap']
  for (const kind of ['completions', 'statements', 'concept'] as const) {
    worstGap[kind] = 0
    const sum = { A: 0, B: 0 }
    for (const p of pairs[kind]) {
      const [a, b] = [length(p.A), length(p.B)]
      sum.A += a
      sum.B += b
      worstGap[kind] = Math.max(worstGap[kind], gap(a, b))
      if (gap(a, b) > LIMITS.pairGap)
        report(
          'pair-length',
          [p.label],
          `A and B within ${percent(LIMITS.pairGap)} in words`,
          `${a} and ${b}`,
        )
    }
    const n = pairs[kind].length
    meanWords[kind] = { A: sum.A / n, B: sum.B / n }
    if (n >= 10 && gap(sum.A, sum.B) > LIMITS.meanGap)
      report(
        'mean-length',
        [kind],
        `mean words of A and B within ${percent(LIMITS.meanGap)}`,
        `${(sum.A / n).toFixed(1)} and ${(sum.B / n).toFixed(1)}`,
      )
  }

  for (const p of domain.prompts) {
    const [a, b] = [length(p.text), length(p.control)]
    worstGap.controls = Math.max(worstGap.controls, gap(a, b))
    if (gap(a, b) > LIMITS.controlGap)
      report(
        'control-length',
        [`prompts ${p.id}`],
        `within ${percent(LIMITS.controlGap)} in words`,
        `${a} and ${b}`,
      )
    if (p.text.at(-1) !== p.control.at(-1))
      report(
        'control-form',
        [`prompts ${p.id}`],
        'prompt and control end in the same mark',
        `"${p.text.at(-1)}" and "${p.control.at(-1)}"`,
      )
  }

  for (const p of domain.personas)
    for (const slot of SLOTS) {
      const counts = IDENTITIES.map((i) => length(p[slot][i]))
      if (Math.max(...counts) - Math.min(...counts) > LIMITS.personaSpread)
        report(
          'persona-length',
          [`personas ${p.id}.${slot}`],
          `cells within ${LIMITS.personaSpread} word of each other`,
          IDENTITIES.map((i, k) => `${i} ${counts[k]}`).join(', '),
        )
    }

  const biographies = checkBiographies(domain, length, report)
  const perIssue = (list: readonly { issue: string }[]): [number, number] => {
    const counts = domain.issues.map((i) => list.filter((x) => x.issue === i.id).length)
    return [Math.min(...counts), Math.max(...counts)]
  }
  const prompts = {} as Record<Loading, number>
  for (const l of LOADINGS) prompts[l] = domain.prompts.filter((p) => p.loading === l).length

  return {
    problems,
    figures: {
      issues: domain.issues.length,
      prompts,
      promptsPerIssue: perIssue(domain.prompts),
      statementPairs: domain.statements.length,
      statementPairsPerIssue: perIssue(domain.statements),
      personas: domain.personas.length,
      biographies,
      controlQuestions: domain.controlQuestions.length,
      neutralTexts: domain.neutralTexts.length,
      conceptPrompts: concept.prompts.length,
      conceptPairs: concept.statements.length,
      meanWords,
      worstGap,
      statementWordsAuc: wordsAuc(domain.statements, domain.language),
    },
  }
}

type Report = (rule: string, items: string[], expected: string, found: string) => void

const gap = (a: number, b: number) => (a === b ? 0 : Math.abs(a - b) / Math.max(a, b))
const percent = (x: number) => `${Math.round(x * 100)}%`

function checkIds(domain: DomainContent, report: Report): void {
  const lists: Record<string, readonly { id: string }[]> = {
    issues: domain.issues,
    prompts: domain.prompts,
    statements: domain.statements,
    personas: domain.personas,
    biographies: domain.biographies,
    controlQuestions: domain.controlQuestions,
    neutralTexts: domain.neutralTexts,
    'concept.prompts': domain.concept.prompts,
    'concept.statements': domain.concept.statements,
  }
  for (const [name, list] of Object.entries(lists)) {
    const seen = new Set<string>()
    for (const { id } of list) {
      if (seen.has(id)) report('duplicate-id', [`${name} ${id}`], 'each id once in its list', 'the id again')
      seen.add(id)
    }
  }
}

/** Every reference to an issue resolves, and every issue has statements and prompts, loaded ones both ways. */
function checkIssues(domain: DomainContent, report: Report): void {
  const known = domain.issues.map((i) => i.id)
  for (const list of ['prompts', 'statements'] as const)
    for (const item of domain[list]) {
      if (known.includes(item.issue)) continue
      const near = nearest(item.issue, known)
      const hint = near.length > 0 ? `; did you mean ${near.join(' or ')}?` : ''
      report(
        'unknown-issue',
        [`${list} ${item.id}`],
        'the id of an issue of this pack',
        `"${item.issue}"${hint}`,
      )
    }
  for (const { id } of domain.issues) {
    const own = domain.prompts.filter((p) => p.issue === id)
    if (own.length === 0) report('issue-empty', [`issues ${id}`], 'at least one prompt', 'none')
    if (!domain.statements.some((s) => s.issue === id))
      report('issue-empty', [`issues ${id}`], 'at least one statement pair', 'none')
    const [a, b] = (['A', 'B'] as const).map((l) => own.filter((p) => p.loading === l).length)
    if (a !== b)
      report('loading-balance', [`issues ${id}`], 'as many prompts loaded A as loaded B', `${a} and ${b}`)
  }
}

/** No text twice, one style of quotation marks, and no wrong answer that is also accepted. */
function checkTexts(domain: DomainContent, report: Report): void {
  const fields: [string, string][] = [
    ...domain.prompts.flatMap((p): [string, string][] => [
      [`prompts ${p.id}.text`, p.text],
      [`prompts ${p.id}.A`, p.A],
      [`prompts ${p.id}.B`, p.B],
      [`prompts ${p.id}.control`, p.control],
    ]),
    ...[...domain.statements, ...domain.concept.prompts, ...domain.concept.statements].flatMap(
      (p): [string, string][] => [
        [`${p.id}.A`, p.A],
        [`${p.id}.B`, p.B],
      ],
    ),
    ...domain.concept.prompts.map((p): [string, string] => [`concept.prompts ${p.id}`, p.text]),
    ...domain.personas.flatMap((p) =>
      SLOTS.flatMap((slot) =>
        IDENTITIES.map((i): [string, string] => [`personas ${p.id}.${slot}.${i}`, p[slot][i]]),
      ),
    ),
    ...domain.biographies.map((b): [string, string] => [`biographies ${b.id}`, b.text]),
    ...domain.controlQuestions.map((q): [string, string] => [`controlQuestions ${q.id}`, q.question]),
    ...domain.neutralTexts.map((t): [string, string] => [`neutralTexts ${t.id}`, t.text]),
  ]
  const seen = new Map<string, string>()
  for (const [label, text] of fields) {
    const key = text.toLowerCase()
    const first = seen.get(key)
    if (first) report('duplicate-text', [first, label], 'each text once', `"${text.slice(0, 60)}" twice`)
    else seen.set(key, label)
  }
  const curly = fields.filter(([, t]) => /[\u2018\u2019\u201c\u201d]/.test(t))
  const straight = fields.filter(([, t]) => /['"]/.test(t))
  if (curly.length > 0 && straight.length > 0) {
    const rarer = curly.length <= straight.length ? curly : straight
    report(
      'mixed-quotes',
      rarer.slice(0, 10).map(([label]) => label),
      'straight or curly quotation marks throughout',
      `${curly.length} texts with curly ones, ${straight.length} with straight ones`,
    )
  }
  for (const q of domain.controlQuestions) {
    const accepted = new Set(q.answers.map((a) => a.toLowerCase()))
    for (const w of q.wrong)
      if (accepted.has(w.toLowerCase()))
        report(
          'answer-both-ways',
          [`controlQuestions ${q.id}`],
          'a wrong answer that is not accepted',
          `"${w}"`,
        )
  }
}

/** All identities, both poles equally in both splits, and lengths alike. */
function checkBiographies(
  domain: DomainContent,
  length: (text: string) => number,
  report: Report,
): DomainFigures['biographies'] {
  const counts = {} as DomainFigures['biographies']
  for (const identity of IDENTITIES) {
    const own = domain.biographies.filter((b) => b.identity === identity)
    const fit = own.filter((b) => b.split === 'fit').length
    counts[identity] = { fit, heldout: own.length - fit }
    if (own.length === 0)
      report('biography-cell', [`biographies ${identity}`], 'at least one of every identity', 'none')
  }
  for (const split of ['fit', 'heldout'] as const)
    if (counts.A[split] !== counts.B[split] || counts.A[split] === 0)
      report(
        'biography-balance',
        [`biographies ${split}`],
        'as many of A as of B, and at least one',
        `${counts.A[split]} and ${counts.B[split]}`,
      )
  const lengths = domain.biographies.map((b) => length(b.text))
  const mean = lengths.reduce((s, n) => s + n, 0) / lengths.length
  domain.biographies.forEach((b, i) => {
    const off = Math.abs(lengths[i]! - mean) / mean
    if (off > LIMITS.biographyGap)
      report(
        'biography-length',
        [`biographies ${b.id}`],
        `within ${percent(LIMITS.biographyGap)} of the mean, ${mean.toFixed(1)} words`,
        `${lengths[i]} words`,
      )
  })
  return counts
}
