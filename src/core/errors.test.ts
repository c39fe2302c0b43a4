import { describe, expect, it } from 'vitest'
import { nearest, PalimpsestError, refuse } from './errors.ts'

describe('PalimpsestError', () => {
  it('says where, what was expected, what was found and what to do, in that order', () => {
    const error = refuse('a-code', 'It is wrong.', {
      fix: 'Mend it.',
      found: 'b',
      expected: 'a',
      where: 'here',
    })
    expect(error.message).toBe(
      'It is wrong.\n  where:    here\n  expected: a\n  found:    b\n  to do:    Mend it.',
    )
    expect([error.kind, error.code, error.exitCode]).toEqual(['input', 'a-code', 2])
  })

  it('has the exit code of its kind', () => {
    const codes = (['usage', 'input', 'engine', 'failed', 'gate', 'interrupted'] as const).map(
      (kind) => new PalimpsestError(kind, 'x', 'x').exitCode,
    )
    expect(codes).toEqual([2, 2, 1, 1, 3, 130])
  })
})

describe('nearest', () => {
  it('finds what was meant: a letter wrong, missing, too many or swapped, or a beginning', () => {
    const known = ['threshold', 'text', 'models', 'blocks.0.hook_resid_post']
    expect(nearest('txet', known)).toEqual(['text'])
    expect(nearest('model', known)).toEqual(['models'])
    expect(nearest('treshhold', known)).toEqual(['threshold'])
    expect(nearest('blocks.0.hook', known)).toEqual(['blocks.0.hook_resid_post'])
    expect(nearest('zebra', known)).toEqual([])
  })

  it('gives the nearest first, and no more than the limit', () => {
    expect(nearest('aaab', ['aabb', 'aaac', 'aaab', 'aaa'], 2)).toEqual(['aaab', 'aaa'])
  })
})
