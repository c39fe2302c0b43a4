import { describe, expect, it } from 'vitest'
import { hybridsOf } from './cut-hybrids.ts'
import { cutMeasures } from './cut-measures.ts'
import type { CutTable } from './cut-step.ts'
import type { Study } from './schema.ts'

const ISSUES = 12
const study = { seed: 1, draws: { bootstrap: 200 } } as Study
const issues = Array.from({ length: ISSUES }, (_, i) => `issue ${i}`)

/** Every hybrid has the contrast that `share` gives it, in units of `size`, by issue. */
function table(size: (issue: number) => number, share: (blocks: readonly number[]) => number): CutTable {
  const hybrids = hybridsOf(4, { alphas: [0.5], controls: 2 }, 1)
  return {
    issues,
    hybrids: hybrids.map((h) => ({ ...h, contrast: issues.map((_, i) => size(i) * share(h.blocks)) })),
    gains: [],
    unreached: [],
  }
}
const of = async (cut: CutTable, tables: readonly object[] = []) =>
  cutMeasures({ study, cut, tables: tables as never, rendering: 'raw' })

describe('the measures of hybrids', () => {
  it('are shares of base with intervals over issues, and name the block that takes', async () => {
    const { measures, words } = await of(
      table(
        (i) => 1 + i / 10,
        (blocks) => 1 - 0.8 * blocks[2]!,
      ),
    )
    const aligned = measures.find((m) => m.name === 'cut_aligned')!
    expect(aligned.value).toBeCloseTo(0.2, 12)
    expect(aligned.ci![0]).toBeCloseTo(0.2, 12) // every issue agrees
    expect(measures.find((m) => m.name === 'cut_base_contrast')!.value).toBeCloseTo(1.55, 12)
    expect(measures.filter((m) => m.name === 'cut_control')).toHaveLength(2)
    for (const m of measures) expect(m).toMatchObject({ groups: ISSUES, n: 2 * ISSUES, seed: 1 })
    expect(words).toMatch(/at or before block 2/)
    expect(words).toMatch(/block 2 of aligned leaves least of it: 0.20/)
  })

  it('are no shares where base itself may have no contrast, which is said', async () => {
    const { measures, words } = await of(
      table(
        (i) => (i % 2 === 0 ? 1 : -1),
        () => 1,
      ),
    )
    expect(measures.map((m) => m.name)).toEqual(['cut_base_contrast'])
    expect(words).toMatch(/cannot be read/)
  })

  it('are gains alone for models that cannot be mixed, with the reason', async () => {
    const contrast = { A: issues.map(() => -1), B: issues.map(() => 1) }
    const { measures, words } = await of(
      {
        issues,
        hybrids: [],
        leftOut: 'the vocabularies differ',
        gains: [1, 2].map((layer) => ({ role: 'base', layer, slopes: issues.map(() => layer) })),
        unreached: ['aligned at block 1'],
      },
      [{ role: 'base', personas: contrast }],
    )
    expect(measures.map((m) => [m.name, m.layer, m.value])).toEqual([
      ['cut_gain', 1, 0.5],
      ['cut_gain', 2, 1],
    ])
    expect(words).toMatch(/because the vocabularies differ/)
    expect(words).toMatch(/furthest in base at block 2 \(1.00\)/)
    expect(words).toMatch(/could not be reached: aligned at block 1/)
  })
})
