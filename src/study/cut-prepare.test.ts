import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ModelDescription, openDescription } from '../model/load.ts'
import { organismPath } from '../organism/paths.ts'
import { studyCut } from './cut-prepare.ts'
import type { StudyModel } from './models.ts'
import type { Study } from './schema.ts'

const PATH = organismPath('base')
let description: ModelDescription
beforeAll(async () => {
  description = await openDescription(PATH)
})
afterAll(() => description[Symbol.dispose]())

const study = (cut: object, claims = ['steering']): Study =>
  ({ seed: 1, claims, steering: { cut: { issues: 24, alphas: [0.5], controls: 2, ...cut } } }) as never
const model = (role: string, rest: object = {}): StudyModel =>
  ({ role, adapter: undefined, description, ...rest }) as never

describe('what is looked at', () => {
  it('is every hybrid of a pair that can be mixed', () => {
    const warnings: string[] = []
    const cut = studyCut(study({}), [model('base'), model('aligned')], warnings)!
    expect(cut.leftOut).toBeUndefined()
    expect(cut.hybrids.filter((h) => h.kind === 'graft')).toHaveLength(20)
    expect(warnings).toEqual([])
  })

  it('is nothing where it is not asked for, or there is no pair', () => {
    expect(studyCut(study({}, ['direction']), [model('base'), model('aligned')], [])).toBeUndefined()
    expect(studyCut(study({}), [model('subject')], [])).toBeUndefined()
  })

  it.each([
    [{ adapter: './lora' }, /aligned is a checkpoint with an adapter/],
    [{ vocabulary: 7 }, /in vocabulary: \d+ in base, 7 in aligned/],
  ])('leaves out hybrids of %j, and says so before anything is run', (change, reason) => {
    const { vocabulary, ...rest } = change as { vocabulary?: number }
    const other = {
      ...rest,
      description: {
        ...description,
        architecture: { ...description.architecture, ...(vocabulary === undefined ? {} : { vocabulary }) },
      },
    }
    const warnings: string[] = []
    const cut = studyCut(study({}), [model('base'), model('aligned', other)], warnings)!
    expect(cut.hybrids).toEqual([])
    expect(cut.leftOut).toMatch(reason)
    expect(warnings.join()).toMatch(/Gains by block are measured/)
  })

  it.each([[[3, 5]], [[2, 2]], [[3, 1]]])('refuses the range %j of a model of four blocks', (range) => {
    expect(() => studyCut(study({ grafts: [[0, 4], range] }), [model('base'), model('aligned')], [])).toThrow(
      expect.objectContaining({ code: 'graft-range' }),
    )
  })
})
