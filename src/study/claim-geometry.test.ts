import { describe, expect, it } from 'vitest'
import { steeringTable, type Truth } from '../../test/support/steering.ts'
import { claimGeometry } from './claim-geometry.ts'
import type { Claim } from './results.ts'
import { studySchema } from './schema.ts'

const study = studySchema.parse({
  palimpsest: 1,
  name: 'test',
  models: { base: 'a', aligned: 'b' },
  claims: ['direction', 'geometry'],
  draws: { bootstrap: 400 },
})
const at = { study, site: 'blocks.1.hook_resid_post', rendering: 'raw' } as const
const geometry = (base: Truth, aligned: Truth, seed = 1) =>
  claimGeometry({
    ...at,
    tables: [steeringTable('base', base, seed), steeringTable('aligned', aligned, seed)],
  })
const failed = (c: Claim): string[] => c.gates.filter((g) => !g.passed).map((g) => g.name)
const named = (c: Claim, name: string) => c.measures.find((m) => m.name === name)

describe('claimGeometry', () => {
  it('is supported where steering, the other model’s direction and ablation all beat random directions', async () => {
    const claim = await geometry({ gain: 1 }, { gain: 0.6 })
    expect(failed(claim)).toEqual([])
    expect(claim).toMatchObject({ status: 'supported', label: 'works' })
    expect(claim.measures.filter((m) => m.null !== undefined).every((m) => m.null!.draws === 100)).toBe(true)
  })

  it('is contradicted where steering in aligned does no more than a random direction', async () => {
    const claim = await geometry({ gain: 1 }, { gain: 0.02 })
    expect(claim).toMatchObject({ status: 'contradicted', label: 'no more than random directions' })
    const reach = named(claim, 'steering_reach')!
    expect(reach).toMatchObject({ level: 0.9, n: 12, groups: 12, seed: 1 })
    expect(reach.ci![1]).toBeLessThan(1)
    expect(named(claim, 'issues_needed')).toBeUndefined()
  })

  it('does not take a test that was barely missed for evidence of nothing', async () => {
    // Just short of the 95% point of the random directions (0.2), and far apart between issues.
    const claim = await geometry({ gain: 1 }, { gain: 0.16, spread: 2 })
    const p = claim.gates.find((g) => /moves aligned/.test(g.name))!.value!
    expect(p).toBeGreaterThan(0.05)
    expect(claim).toMatchObject({ status: 'underpowered', label: 'underpowered' })
    expect(named(claim, 'steering_reach')!.ci![1]).toBeGreaterThan(1)
    expect(claim.words).toMatch(/does not decide whether it goes beyond them/)
    expect(claim.words).toMatch(
      /moves aligned, which reaches 0\.\d+ times as far .* \d+%.* if it does nothing/,
    )
    expect(named(claim, 'power_no_more_than_random')).toMatchObject({ n: 12, model: 'aligned' })
  })

  it('says no more than random in at most 10 of 100 where the direction goes just as far as 95% of them do', async () => {
    let wrong = 0
    for (let seed = 0; seed < 100; seed++) {
      // Sizes of N(0, 0.1): 95% are below 0.196.
      const claim = await geometry({ gain: 1 }, { gain: 0.196, spread: 1 }, 2000 + seed)
      if (claim.status === 'contradicted') wrong++
    }
    expect(wrong).toBeLessThanOrEqual(10)
  }, 60_000)

  it('does not decide where ablation removes no more than that of a random direction', async () => {
    const claim = await geometry({ gain: 1, removed: 0.05 }, { gain: 1 })
    expect(claim).toMatchObject({ status: 'underpowered', label: 'works in part' })
    expect(failed(claim).join()).toMatch(/ablating/)
    // What was not passed has its power beside it, and only that.
    expect(claim.words).toMatch(/Of the test that ablating .*: With \d+ issues the chance of finding/)
    expect(claim.measures.filter((m) => m.name.startsWith('power_'))).toHaveLength(1)
  })

  it('does not take steering the wrong way for steering', async () => {
    expect((await geometry({ gain: 1 }, { gain: -1 })).status).toBe('contradicted')
  })

  it('gives no status on random directions that are copies of each other, or on twenty', async () => {
    expect((await geometry({ gain: 1, span: 1 }, { gain: 1, span: 1 })).status).toBe('untestable')
    expect((await geometry({ gain: 1, arms: 20 }, { gain: 1, arms: 20 })).status).toBe('untestable')
  })
})
