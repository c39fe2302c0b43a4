import { describe, expect, it } from 'vitest'
import type { Estimate } from '../stats/estimate.ts'
import type { StanceItem, StanceItems } from './stance-items.ts'
import { choiceMeasures, chooseBlock, divide } from './steering-choice.ts'

const item = (id: string, unit: string): StanceItem => ({ id, unit, prompt: [1], completions: [[2], [3]] })
const items = (issues: number, concept: number): StanceItems => {
  const units = Array.from({ length: issues }, (_, i) => `i${i}`)
  const of = (kind: string, times = 1): StanceItem[] =>
    units.flatMap((u) => Array.from({ length: times }, (_, k) => item(`${u}.${kind}${k}`, u)))
  return {
    neutral: of('n'),
    personas: { A: of('pa', 2), B: of('pb', 2) },
    loaded: { A: of('a'), B: of('b') },
    concept: Array.from({ length: concept }, (_, i) => item(`c${i}`, `c${i}`)),
    texts: [{ id: 't', tokens: [1, 2] }],
  }
}

const of = (value: number | null, n: number): Estimate | null => (value === null ? null : { value, n })

describe('divide', () => {
  it('gives a quarter of the issues, with all that is asked on them, to the choice and the rest to the measures', () => {
    const all = items(48, 12)
    const { choosing, measured } = divide(all)
    expect([choosing.neutral.length, measured.neutral.length]).toEqual([12, 36])
    expect([choosing.concept.length, measured.concept.length]).toEqual([6, 6])
    const units = (s: StanceItems): Set<string> =>
      new Set([s.neutral, s.personas.A, s.personas.B, s.loaded.A, s.loaded.B].flat().map((i) => i.unit))
    expect([...units(choosing)].filter((u) => units(measured).has(u))).toEqual([])
    expect(units(choosing).size + units(measured).size).toBe(48)
    expect(measured.personas.A).toHaveLength(72)
    const concept = new Set(choosing.concept.map((i) => i.id))
    expect(measured.concept.some((i) => concept.has(i.id))).toBe(false)
  })

  it.each([
    [15, 12],
    [48, 3],
  ])('does not divide %d issues and %d prompts of the concept', (issues, concept) => {
    expect(() => divide(items(issues, concept))).toThrow(/too little to choose/)
  })
})

describe('chooseBlock', () => {
  it.each([
    [
      'the gain alone, where the control moves everywhere alike',
      [
        [0, 1, 1],
        [1, 3, 1],
        [2, 2, 1],
      ],
      1,
    ],
    [
      'where both are moved',
      [
        [0, 3, 0.1],
        [1, 2, 0.8],
        [2, 0.2, 1],
      ],
      1,
    ],
    [
      'never where the control goes the wrong way',
      [
        [0, 3, -1],
        [1, 1, 1],
      ],
      1,
    ],
    [
      'never where a dose is out of reach',
      [
        [0, null, 1],
        [1, 0.1, 1],
        [2, 3, null],
      ],
      1,
    ],
    [
      'by the gain where the control moves nowhere',
      [
        [0, 1, -1],
        [1, 2, -2],
      ],
      1,
    ],
    [
      'no block where the direction moves nothing its own way',
      [
        [0, -1, 1],
        [1, 0, 1],
      ],
      undefined,
    ],
    [
      'the first of equals',
      [
        [1, 2, 2],
        [2, 2, 2],
      ],
      1,
    ],
  ] as const)('takes %s', (_, blocks, chosen) => {
    expect(
      chooseBlock(
        blocks.map(([layer, gain, control]) => ({ layer, gain: of(gain, 12), control: of(control, 6) })),
      ),
    ).toBe(chosen)
  })
})

describe('choiceMeasures', () => {
  const blocks = [
    { layer: 1, gain: of(0.5, 12), control: null },
    { layer: 3, gain: of(1.5, 12), control: of(2, 6) },
  ]
  it('shows every block with the number of issues, and which was taken', () => {
    const shown = choiceMeasures({ layer: 3, issues: 12, prompts: 6, blocks }, 'base', 'raw')!
    expect(shown.measures.map((m) => [m.name, m.layer, m.value, m.n])).toEqual([
      ['choice_gain', 1, 0.5, 12],
      ['choice_gain', 3, 1.5, 12],
      ['choice_control', 3, 2, 6],
    ])
    expect(shown.words).toMatch(/base chose block 3 .* on 12 issues and 6 prompts/)
    expect(shown.words).toMatch(/out of reach at: 1/)
  })

  it('says that no block steers, and nothing where there was no choice', () => {
    const none = [{ layer: 0, gain: of(-1, 12), control: of(1, 6) }]
    expect(choiceMeasures({ layer: 2, issues: 12, prompts: 6, blocks: none }, 'base', 'raw')!.words).toMatch(
      /At none of the blocks 0 .* at block 2/,
    )
    expect(choiceMeasures({ layer: 2, issues: 0, prompts: 0, blocks: [] }, 'base', 'raw')).toBeUndefined()
  })
})
