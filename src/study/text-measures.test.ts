import { describe, expect, it } from 'vitest'
import { stream } from '../core/random.ts'
import { studySchema } from './schema.ts'
import { type ArmTexts, classifierOf, type ReadText, type TextTable } from './steered-answers.ts'
import { textMeasures } from './text-measures.ts'

const study = studySchema.parse({
  palimpsest: 1,
  name: 'test',
  models: { base: 'a', aligned: 'b' },
  draws: { bootstrap: 200 },
})
const LEVELS = [0.02, 0.08, 0.32]
const UNITS = Array.from({ length: 24 }, (_, i) => `issue-${i}`)

interface Truth {
  readonly gain: number
  readonly contrast?: number
  readonly noise?: number
  readonly refusing?: boolean
}

/** Texts whose scores follow the dose. */
function table({ gain, contrast = 0.8, noise = 0.05, refusing }: Truth, seed = 1): TextTable {
  const rng = stream(seed, 'test/texts')
  const text = (unit: string, score: number): ReadText => ({
    prompt: unit,
    unit,
    tokens: [1],
    text: 'some words here',
    stop: 'length',
    kind: refusing === true ? 'refusal' : 'answer',
    score: refusing === true ? null : score + noise * rng.normal(),
  })
  const arm = (id: string, asked: number, slope: number): ArmTexts => {
    const dose = Math.sign(asked) * Math.sqrt(2 * Math.abs(asked))
    return { id, asked, dose, texts: UNITS.map((u) => text(u, slope * dose)) }
  }
  const both = (id: string, slope: number): ArmTexts[] => [arm(id, 0.08, slope), arm(id, -0.08, slope)]
  const personas = {
    A: UNITS.map((u) => text(u, -contrast / 2)),
    B: UNITS.map((u) => text(u, contrast / 2)),
  }
  return {
    classifier: classifierOf(personas),
    own: [...LEVELS.map((l) => -l).reverse(), 0, ...LEVELS].map((n) => arm('own', n, gain)),
    others: [
      ...both('unrelated', 0),
      ...Array.from({ length: 20 }, (_, i) => both(`matched-${i}`, 0.05 * rng.normal())).flat(),
    ],
    personas,
  }
}

const measured = (base: Truth, aligned: Truth, levels = LEVELS) =>
  textMeasures({
    study,
    tables: [
      { role: 'base', texts: table(base) },
      { role: 'aligned', texts: table(aligned, 2) },
    ],
    site: 'blocks.1.hook_resid_post',
    rendering: 'raw',
    levels,
  })

describe('textMeasures', () => {
  it('finds the slope of the score, in contrasts between personas, and ranks it among random arms', async () => {
    const { measures, words } = await measured({ gain: 0.4 }, { gain: 0.1 })
    const of = (name: string, model: string) => measures.find((m) => m.name === name && m.model === model)!
    expect(of('text_gain_raw', 'base').value).toBeCloseTo(0.4, 1)
    expect(of('text_gain', 'base').value).toBeCloseTo(0.5, 1)
    const [low, high] = of('text_gain_ratio', 'aligned').ci!
    expect(low).toBeLessThan(0.25)
    expect(high).toBeGreaterThan(0.25)
    expect(of('text_gain_primary', 'base').p).toBeCloseTo(1 / 21, 10)
    expect(of('text_gain_unrelated', 'base').p).toBeGreaterThan(0.05)
    expect(words).toMatch(/In what base writes a dose of 1 moves the classifier's score by 0\.(39|4)/)
  })

  it('reads no texts of a model whose own texts under personas the classifier cannot tell apart', async () => {
    const { measures, words } = await measured({ gain: 0.4 }, { gain: 0.4, contrast: 0, noise: 0.3 })
    const aligned = measures.filter((m) => m.model === 'aligned').map((m) => m.name)
    expect(aligned).toContain('text_classifier_auc')
    expect(aligned.filter((n) => n.includes('gain'))).toEqual([])
    expect(measures.some((m) => m.model === 'base' && m.name === 'text_gain')).toBe(true)
    expect(words).toMatch(/What aligned writes cannot be read.* below 0\.8/)
  })

  it('counts refusals as refusals, never as neutral', async () => {
    const { measures, words } = await measured({ gain: 0.4 }, { gain: 0, refusing: true })
    const shares = measures.filter((m) => m.model === 'aligned' && m.name === 'text_refusal_share')
    expect(shares).toHaveLength(7)
    expect(shares.every((m) => m.value === 1)).toBe(true)
    expect(words).toMatch(/What aligned writes cannot be read.*AUC unknown/)
  })

  it('uses coherent doses only', async () => {
    const { words } = await measured({ gain: 0.4 }, { gain: 0.4 }, [])
    expect(words).toMatch(/Too few texts of base have a score at two doses/)
  })
})
