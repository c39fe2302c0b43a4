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

  it('says so when what was found is empty', () => {
    const error = refuse('a-code', 'It is wrong.', { expected: 'a', found: '', fix: 'Mend it.' })
    expect(error.message).toContain('found:    an empty text')
  })

  it('has the exit code of its kind', () => {
    const parts = { expected: 'a', found: 'b', fix: 'Mend it.' }
    const codes = (['usage', 'input', 'engine', 'failed', 'gate'] as const).map(
      (kind) => new PalimpsestError(kind, 'x', 'x', parts).exitCode,
    )
    expect(codes).toEqual([2, 2, 1, 1, 3])
    expect(new PalimpsestError('interrupted', 'x', 'x', { fix: 'Go on.' }).exitCode).toBe(130)
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

// The compiler holds every error to its parts; these lines, which need not run, hold the compiler to that.
void (() => [
  // @ts-expect-error no parts
  refuse('a-code', 'It is wrong.'),
  // @ts-expect-error not what to do
  refuse('a-code', 'It is wrong.', { expected: 'a', found: 'b' }),
  // @ts-expect-error not what was found
  refuse('a-code', 'It is wrong.', { expected: 'a', fix: 'Mend it.' }),
  // @ts-expect-error not what was expected
  refuse('a-code', 'It is wrong.', { found: 'b', fix: 'Mend it.' }),
])
