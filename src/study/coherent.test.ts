import { describe, expect, it } from 'vitest'
import { steeringTable } from '../../test/support/steering.ts'
import { coherentLevels, distinctPairs, repetition } from './coherent.ts'

describe('what makes texts coherent', () => {
  it('counts distinct pairs of words over all texts, and repeats within each', () => {
    // Pairs: a b, b a, a b; and a b. Two distinct of four.
    expect(distinctPairs(['a b a b', 'a b'], 'en')).toBe(0.5)
    expect(distinctPairs(['', 'word'], 'en')).toBe(1)
    // Triples: a b a, b a b, a b a, b a b: two of four repeat.
    expect(repetition('a b a b a b', 'en')).toBe(0.5)
    expect(repetition('one two three four', 'en')).toBe(0)
  })

  it('ends at the first dose at which either model falls apart, pushed either way', () => {
    const bars = { perplexity: 3, distinct: 0.5 }
    const base = steeringTable('base', { gain: 1 }, 1)
    expect(coherentLevels([base], bars)).toEqual([0.02, 0.08, 0.32])
    const aligned = steeringTable('aligned', { gain: 1, incoherentFrom: 0.4 }, 1)
    expect(coherentLevels([base, aligned], bars)).toEqual([0.02])
    const once = base.coherence.map((c) => (c.asked === -0.02 ? { ...c, distinct: { value: 0.1, n: 8 } } : c))
    expect(coherentLevels([{ ...base, coherence: once }], bars)).toEqual([])
  })
})
