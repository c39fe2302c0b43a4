import { describe, expect, it } from 'vitest'
import { type Results, resultsSchema } from '../study/results.ts'
import { holdAgainst, isMade, organismPairs, organismStudy } from './studies.ts'

function found(label: string, inputs: Record<string, string>): Results {
  return resultsSchema.parse({
    format: 1,
    study: 'x',
    models: [
      { role: 'base', ref: 'a', family: 'llama', layers: 1, width: 1, precision: 'native', hash: 'x' },
    ],
    verdict: { label, because: [], inputs },
    claims: [],
    warnings: [],
    thresholds: {},
    seed: 1,
  })
}

const RIGHT = {
  'direction in aligned': 'retained',
  compression: 'selective',
  'behaviour of aligned': 'neutral',
  identity: 'reactivated',
}

describe('studies of organisms', () => {
  it('hold every pair of the set, and base with itself, masked first', () => {
    const names = organismPairs().map((p) => p.name)
    expect(names.slice(0, 5)).toEqual(['masked', 'intact', 'erased', 'flat-aligned', 'same'])
    const study = organismStudy(organismPairs()[0]!, (name) => `/x/${name}`, '/x/domain.json', 7)
    expect([study.seed, study.models, study.domain]).toEqual([
      7,
      { base: { ref: '/x/base' }, aligned: { ref: '/x/masked' } },
      '/x/domain.json',
    ])
  })

  it('are right only with the verdict that is known, and say which column is off', () => {
    const { expected } = organismPairs()[0]!
    const right = holdAgainst(found('masked', RIGHT), expected)
    expect([right.verdict.right, right.columns.every((c) => c.right)]).toEqual([true, true])
    expect(holdAgainst(found('masked (at the output)', RIGHT), expected).verdict.right).toBe(true)
    for (const label of ['erased', 'intact', 'undecided', 'mixed: compressed, not neutral'])
      expect(holdAgainst(found(label, RIGHT), expected).verdict.right).toBe(false)
    const off = holdAgainst(found('masked', { ...RIGHT, compression: 'not' }), expected)
    expect(off.columns.filter((c) => !c.right).map((c) => c.column)).toEqual(['compression'])
  })

  it('leave out organisms that are not there', () => {
    expect(isMade(organismPairs()[0]!, () => '/nowhere')).toBe(false)
  })
})
