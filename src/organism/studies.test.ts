import { describe, expect, it } from 'vitest'
import { type Results, resultsSchema } from '../study/results.ts'
import { holdAgainst, isMade, type OrganismPair, organismPairs, organismStudy } from './studies.ts'

type Found = Pick<Results['claims'][number], 'id' | 'label' | 'measures'>

function claim(id: Found['id'], label?: string, ...measures: [name: string, value: number][]): Found {
  return { id, label, measures: measures.map(([name, value]) => ({ name, value, n: 1 })) }
}

function found(label: string, inputs: Record<string, string>, claims: Found[] = CLAIMS): Results {
  return resultsSchema.parse({
    format: 1,
    study: 'x',
    models: [
      { role: 'base', ref: 'a', family: 'llama', layers: 1, width: 1, precision: 'native', hash: 'x' },
    ],
    verdict: { label, because: [], inputs },
    claims: claims.map((c) => ({ status: 'supported', words: '', gates: [], ...c })),
    warnings: [],
    thresholds: {},
    seed: 1,
  })
}

const CLAIMS = [claim('direction'), claim('compression'), claim('behaviour')]

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
    const masked = organismPairs()[0]!
    const right = holdAgainst(found('masked', RIGHT), masked)
    expect([right.verdict.right, right.columns.every((c) => c.right)]).toEqual([true, true])
    expect(holdAgainst(found('masked (at the output)', RIGHT), masked).verdict.right).toBe(true)
    for (const label of ['erased', 'intact', 'undecided', 'mixed: compressed, not neutral'])
      expect(holdAgainst(found(label, RIGHT), masked).verdict.right).toBe(false)
    expect(off(found('masked', { ...RIGHT, compression: 'not' }), masked)).toEqual(['compression'])
  })

  it('hold the claims that were run, and no others', () => {
    const intact = organismPairs().find((p) => p.name === 'intact')!
    const inputs = {
      'direction in aligned': 'retained',
      compression: 'not',
      'behaviour of aligned': 'not neutral',
      steering: 'not tested',
      identity: 'reactivated',
    }
    expect(off(found('intact', inputs), intact)).toEqual([])
    const steered = (steering: string, geometry: string) =>
      found('intact', { ...inputs, steering }, [
        ...CLAIMS,
        claim('steering'),
        claim('geometry', geometry),
        claim('identity'),
      ])
    expect(off(steered('connected', 'works'), intact)).toEqual([])
    expect(off(steered('untestable', 'works'), intact)).toEqual([])
    for (const wrong of ['underpowered', 'attenuated', 'disconnected'])
      expect(off(steered(wrong, 'works'), intact)).toEqual(['steering'])
    const erased = organismPairs().find((p) => p.name === 'erased')!
    const wrong = ['direction in aligned', 'identity']
    expect(off(steered('untestable', 'untestable'), erased)).toEqual(wrong)
    expect(off(steered('connected', 'works'), erased)).toEqual([
      'direction in aligned',
      'steering',
      'geometry',
      'identity',
    ])
    expect(off(found('intact', { ...inputs, identity: 'not reactivated' }), intact)).toEqual(['identity'])
  })

  it('want ratios of 1 where a model is compared with itself', () => {
    const same = organismPairs().find((p) => p.name === 'same')!
    const inputs = { ...RIGHT, compression: 'not', 'behaviour of aligned': 'not neutral' }
    const compared = (ratio: number, ...more: Found[]) =>
      found('intact', inputs, [
        claim('direction', 'retained', ['cosine_base_aligned', 1], ['retention', 1]),
        claim('compression', 'no compression', ['ratio_gap_scaled', 1], ['ratio_gap_scaled', ratio]),
        ...more,
      ])
    expect(off(compared(1 + 1e-12), same)).toEqual([])
    expect(off(compared(1.01), same)).toEqual(['ratio_gap_scaled'])
    expect(off(compared(1, claim('identity')), same)).toEqual(['stance_index'])
  })

  it('leave out organisms that are not there', () => {
    expect(isMade(organismPairs()[0]!, () => '/nowhere')).toBe(false)
  })
})

function off(results: Results, pair: OrganismPair): string[] {
  return holdAgainst(results, pair)
    .columns.filter((c) => !c.right)
    .map((c) => c.column)
}
