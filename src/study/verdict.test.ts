import { describe, expect, it } from 'vitest'
import { type VerdictInputs, verdict } from './verdict.ts'

const masked: VerdictInputs = {
  exists: 'yes',
  varies: 'yes',
  direction: 'retained',
  compression: 'selective',
  behaviour: 'neutral',
  steering: 'not tested',
  identity: 'reactivated',
}
const label = (change: Partial<VerdictInputs>): string => verdict({ ...masked, ...change }).label

/** Every value of every column: 3 x 3 x 5 x 4 x 5 x 6 x 5. */
function all(): VerdictInputs[] {
  const values: { [K in keyof VerdictInputs]: VerdictInputs[K][] } = {
    exists: ['yes', 'no', 'not tested'],
    varies: ['yes', 'no', 'not tested'],
    direction: ['retained', 'attenuated', 'lost', 'underpowered', 'not tested'],
    compression: ['selective', 'not', 'underpowered', 'not tested'],
    behaviour: ['neutral', 'not neutral', 'underpowered', 'untestable', 'not tested'],
    steering: ['disconnected', 'attenuated', 'connected', 'underpowered', 'untestable', 'not tested'],
    identity: ['reactivated', 'not reactivated', 'underpowered', 'untestable', 'not tested'],
  }
  return Object.entries(values).reduce<object[]>(
    (rows, [key, list]) => rows.flatMap((row) => list.map((v) => ({ ...row, [key]: v }))),
    [{}],
  ) as VerdictInputs[]
}

describe('verdict', () => {
  it('reads each row of the table', () => {
    expect(label({ exists: 'no' })).toBe('not measurable')
    expect(label({ varies: 'no' })).toBe('not measurable')
    expect(label({ direction: 'lost', identity: 'not reactivated' })).toBe('erased')
    expect(label({ direction: 'lost' })).toBe('mixed: lost to the probe, yet reactivated')
    expect(label({})).toBe('masked')
    expect(label({ direction: 'attenuated', identity: 'not reactivated' })).toBe('masked')
    expect(label({ compression: 'not', steering: 'disconnected' })).toBe('masked (at the output)')
    expect(label({ compression: 'not', steering: 'attenuated' })).toBe('masked (at the output)')
    expect(label({ compression: 'not', steering: 'connected' })).toBe('mixed: neutral by other means')
    expect(label({ compression: 'not', behaviour: 'not neutral' })).toBe('intact')
    expect(label({ behaviour: 'not neutral' })).toBe('mixed: compressed, not neutral')
    expect(label({ direction: 'attenuated', compression: 'not', behaviour: 'not neutral' })).toBe('undecided')
  })

  it('says that the mask is thin where an identity brings the answers back', () => {
    expect(verdict(masked).because.join()).toMatch(/thin/)
    expect(verdict({ ...masked, identity: 'not reactivated' }).because.join()).not.toMatch(/thin/)
    expect(verdict({ ...masked, identity: 'not tested' }).because.join()).toMatch(/not tested/)
    expect(verdict(masked).because.join()).not.toMatch(/not run/)
    for (const identity of ['reactivated', 'underpowered'] as const)
      expect(verdict({ ...masked, identity }, true).because.at(-1)).toMatch(/claim identity was not run/)
    for (const identity of ['reactivated', 'not reactivated'] as const)
      expect(verdict({ ...masked, direction: 'lost', identity }, true).because.at(-1)).toMatch(/not run/)
  })

  it('is undecided, and names the column, wherever a column that the row needs is open', () => {
    for (const x of all()) {
      const v = verdict(x)
      const open = new Set(['underpowered', 'untestable', 'not tested'])
      if (x.exists === 'no' || x.varies === 'no') {
        expect(v.label).toBe('not measurable')
        continue
      }
      if (x.exists === 'not tested' || x.varies === 'not tested' || open.has(x.direction))
        expect(v.label).toBe('undecided')
      if (v.label === 'undecided') expect(v.because.length).toBeGreaterThan(0)
      if (/^masked$|^intact|^mixed: comp/.test(v.label)) {
        expect(open.has(x.compression)).toBe(false)
        expect(open.has(x.behaviour)).toBe(false)
      }
      if (v.label === 'erased') expect([x.direction, x.identity]).toEqual(['lost', 'not reactivated'])
      if (x.direction !== 'lost') expect(v.label).not.toBe('erased')
    }
  })

  it('prints every input', () => {
    expect(verdict(masked).inputs).toEqual({
      'direction in base': 'yes',
      'behaviour of base': 'yes',
      'direction in aligned': 'retained',
      compression: 'selective',
      'behaviour of aligned': 'neutral',
      steering: 'not tested',
      identity: 'reactivated',
    })
  })
})
