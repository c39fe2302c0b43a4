import { describe, expect, it } from 'vitest'
import { steeringTable, type Truth } from '../../test/support/steering.ts'
import { claimGeometry } from './claim-geometry.ts'
import { claimSteering } from './claim-steering.ts'
import { studySchema } from './schema.ts'

const study = studySchema.parse({
  palimpsest: 1,
  name: 'test',
  models: { base: 'a', aligned: 'b' },
  claims: ['direction', 'steering', 'geometry'],
  draws: { bootstrap: 400 },
})
const at = { study, site: 'blocks.1.hook_resid_post', rendering: 'raw' } as const
const tables = (base: Truth, aligned: Truth, seed = 1) => [
  steeringTable('base', base, seed),
  steeringTable('aligned', aligned, seed),
]
const steering = (base: Truth, aligned: Truth, seed = 1) =>
  claimSteering({ ...at, tables: tables(base, aligned, seed) })
const failed = (c: { gates: readonly { name: string; passed: boolean }[] }): string[] =>
  c.gates.filter((g) => !g.passed).map((g) => g.name)

describe('claimSteering', () => {
  it.each([
    [0, 'disconnected', 'supported'],
    [1, 'connected', 'contradicted'],
    [0.4, 'attenuated', 'supported'],
  ] as const)('calls a gain of %d of base %s', async (share, label, status) => {
    const found = await steering({ gain: 1 }, { gain: share })
    expect(failed(found.claim)).toEqual([])
    expect(found.label).toBe(label)
    expect(found.claim.status).toBe(status)
    const ratio = found.claim.measures.find((m) => m.name === 'gain_ratio')!
    expect(Math.abs(ratio.value - share)).toBeLessThan(0.1)
  })

  it('measures gains in contrasts of the model itself: a sharper model is not steered further', async () => {
    const { claim, label } = await steering({ gain: 1, contrast: 2 }, { gain: 3, contrast: 6 })
    expect(label).toBe('connected')
    expect(claim.measures.find((m) => m.name === 'gain_ratio')!.value).toBeCloseTo(1, 1)
  })

  it('says how many issues would decide where the interval spans two answers', async () => {
    const { claim, label } = await steering({ gain: 0.3, spread: 1 }, { gain: 0.06, spread: 12 })
    expect(label).toBe('underpowered')
    expect(claim.words).toMatch(/the chance of finding a cut path is \d+%/)
    expect(claim.words).toMatch(/About \d+ issues would decide|no label holds/)
    expect(claim.measures.filter((m) => m.name.startsWith('power_'))).toHaveLength(2)
  })

  it.each([
    [
      'base is moved no further than by random directions',
      { gain: 0.05 },
      { gain: 0 },
      /gain of base beyond/,
    ],
    [
      'the aligned model cannot be steered by anything',
      { gain: 1 },
      { gain: 0, control: 0.01 },
      /positive control in aligned/,
    ],
    [
      'the stance has no scale',
      { gain: 1 },
      { gain: 0, contrast: 0 },
      /contrast between personas in aligned/,
    ],
    ['texts fall apart at the dose', { gain: 1 }, { gain: 0, incoherentFrom: 0.3 }, /largest coherent dose/],
    ['random directions are few', { gain: 1, arms: 20 }, { gain: 0 }, /random directions in base/],
    ['random directions cannot differ', { gain: 1, span: 2 }, { gain: 0 }, /dimension of the span/],
    ['a dose of zero changed something', { gain: 1, zero: 1e-7 }, { gain: 0 }, /dose of zero/],
  ] as const)('is untestable where %s', async (_, base, aligned, why) => {
    const { claim, label } = await steering(base, aligned)
    expect(label).toBe('untestable')
    expect(claim.status).toBe('untestable')
    expect(failed(claim).join()).toMatch(why)
    expect(claim.words).toMatch(why)
  })

  it('needs no unrelated concept in aligned where its own direction beats every one of 100 random ones', async () => {
    const aligned = { gain: 1, control: 0.01 }
    const { claim, label } = await steering({ gain: 1 }, aligned)
    expect(label).toBe('connected')
    expect(claim.gates.map((g) => g.name).join()).toMatch(
      /aligned: the direction itself moves the stance further/,
    )
    // Of 20 random ones to beat every one is nothing much; and in base the concept is never let off.
    expect(failed((await steering({ gain: 1 }, { ...aligned, arms: 20 })).claim).join()).toMatch(
      /positive control in aligned: the unrelated/,
    )
    expect(failed((await steering(aligned, { gain: 1 })).claim).join()).toMatch(/positive control in base/)
  })

  it('measures in log-odds, and gives no ratio, where a model has no contrast to measure in', async () => {
    const { claim } = await steering({ gain: 1 }, { gain: 0, contrast: 0 })
    const names = claim.measures.map((m) => `${m.model} ${m.name}`)
    expect(names).toContain('base gain')
    expect(names).not.toContain('aligned gain')
    expect(names.filter((n) => /ratio|power/.test(n))).toEqual([])
    expect(claim.words).toMatch(/In aligned a dose of 1 moves the stance by \S+ log-odds per token/)
    expect(claim.words).toMatch(/no ratio/)
  })

  it('counts the random directions that are beaten among those of the model itself', async () => {
    const { claim } = await steering({ gain: 1 }, { gain: 1, arms: 20 })
    const counts = [...claim.words.matchAll(/further than (\d+) of (\d+)/g)].map((m) => m.slice(1))
    expect(counts).toEqual([
      ['100', '100'],
      ['20', '20'],
    ])
  })

  it('leaves doses out at which texts fall apart, in both models alike', async () => {
    const pair = tables({ gain: 1 }, { gain: 1, incoherentFrom: 0.7 })
    // Beyond the coherent range base would saturate: were the dose used, its gain would fall.
    const bent = pair[0]!.own.map((d) => (Math.abs(d.asked) > 0.3 ? { ...d, stance: pair[0]!.plain } : d))
    const { label } = await claimSteering({ ...at, tables: [{ ...pair[0]!, own: bent }, pair[1]!] })
    expect(label).toBe('connected')
  })

  it('errs at its margin, and takes a random direction for one that steers, in at most 10 of 100', async () => {
    let [margin, random] = [0, 0]
    for (let seed = 0; seed < 100; seed++) {
      if ((await steering({ gain: 1 }, { gain: 0.25 }, seed)).label === 'disconnected') margin++
      // In place of d a direction drawn as the random arms are: its effect is one of theirs.
      const pair = tables({ gain: 0 }, { gain: 0 }, 1000 + seed)
      const drawn = pair.map((t) => {
        const [own, ...rest] = t.random.matched
        const slope = (own!.plus.stance[0]! - own!.minus.stance[0]!) / (own!.plus.dose - own!.minus.dose)
        return {
          ...t,
          own: t.own.map((d) => ({ ...d, stance: t.plain.map((p) => p + slope * d.dose) })),
          random: { ...t.random, matched: [...rest, rest[0]!] },
        }
      })
      const found = await claimSteering({ ...at, tables: drawn })
      const geometry = await claimGeometry({ ...at, tables: drawn })
      if (
        found.claim.status === 'supported' ||
        geometry.gates.find((g) => /moves aligned/.test(g.name))!.passed
      )
        random++
    }
    expect(margin).toBeLessThanOrEqual(10)
    expect(random).toBeLessThanOrEqual(10)
  }, 60_000)
})
