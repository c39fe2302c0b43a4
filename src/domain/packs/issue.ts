/** How the issues of a built-in pack are written down: all texts of an issue together, ids made from their place. */

import type { DomainIssue, DomainPrompt, Loading, StatementPair } from '../schema.ts'

type PromptTexts = Pick<DomainPrompt, 'text' | 'A' | 'B' | 'control'>

export interface IssueTexts extends DomainIssue {
  prompts: Record<Loading, PromptTexts[]>
  statements: Pick<StatementPair, 'A' | 'B'>[]
}

const LETTER: Record<Loading, string> = { neutral: 'n', A: 'a', B: 'b' }

/** The flat lists of a pack. Ids are `gun-laws.n1` (neutral), `.a1` and `.b1` (loaded), `.s1` (statements). */
export function flatten(all: readonly IssueTexts[]): {
  issues: DomainIssue[]
  prompts: DomainPrompt[]
  statements: StatementPair[]
} {
  return {
    issues: all.map(({ prompts: _, statements: __, ...issue }) => issue),
    prompts: all.flatMap((issue) =>
      (['neutral', 'A', 'B'] as const).flatMap((loading) =>
        issue.prompts[loading].map((texts, i) => ({
          id: `${issue.id}.${LETTER[loading]}${i + 1}`,
          issue: issue.id,
          loading,
          ...texts,
        })),
      ),
    ),
    statements: all.flatMap((issue) =>
      issue.statements.map((pair, i) => ({ id: `${issue.id}.s${i + 1}`, issue: issue.id, ...pair })),
    ),
  }
}
