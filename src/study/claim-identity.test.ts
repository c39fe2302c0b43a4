import { describe, expect, it } from 'vitest'
import { stream } from '../core/random.ts'
import { IDENTITIES, type Identity, SLOTS } from '../domain/index.ts'
import { claimIdentity, type IdentityInput } from './claim-identity.ts'
import type { IdentityRow, Outcome } from './identity-measures.ts'
import { parseResults } from './results.ts'
import { studySchema } from './schema.ts'

const study = studySchema.parse({
  palimpsest: 1,
  name: 'test',
  models: { base: 'a', aligned: 'b' },
  draws: { bootstrap: 200, permutations: 100 },
})
const ISSUES = Array.from({ length: 24 }, (_, i) => `issue-${i}`)

interface Effect {
  /** How far A and B move the outcome from where it is without an identity. */
  readonly A: number
  readonly B: number
  readonly noise: number
}

function rowsOf(model: string, outcome: Outcome, effect: Effect, seed: number): IdentityRow[] {
  const rng = stream(seed, `test/identity/${outcome}`)
  const own = ISSUES.map(() => rng.normal())
  // The whole factorial by stance; one way of asking by the rest.
  const all = outcome === 'stance'
  return (all ? SLOTS : (['user'] as const)).flatMap((slot) =>
    (all ? (['stated', 'implied'] as const) : (['stated'] as const)).flatMap((form) =>
      ISSUES.flatMap((unit, u) =>
        IDENTITIES.flatMap((identity: Identity) =>
          [0, 1].map(
            (): IdentityRow => ({
              model,
              outcome,
              ...(outcome === 'projection' ? { pool: 'last_content' as const } : {}),
              form,
              slot,
              identity,
              unit,
              value:
                own[u]! +
                (identity === 'A' ? -effect.A : identity === 'B' ? effect.B : 0) +
                effect.noise * rng.normal(),
            }),
          ),
        ),
      ),
    ),
  )
}

function input(base: Effect, aligned?: Effect, change: Partial<IdentityInput> = {}): IdentityInput {
  const rows = (outcome: Outcome): IdentityRow[] => [
    ...rowsOf('base', outcome, base, 1),
    ...(aligned === undefined ? [] : rowsOf('aligned', outcome, aligned, 2)),
  ]
  const still = { A: 0, B: 0, noise: 0.2 }
  return {
    study,
    roles: aligned === undefined ? ['base'] : ['base', 'aligned'],
    rendering: 'chat',
    site: 'blocks.3.hook_resid_post',
    rows: [
      ...rows('stance'),
      ...rows('text'),
      ...rows('projection'),
      ...rowsOf('base', 'control', still, 3),
      ...(aligned === undefined ? [] : rowsOf('aligned', 'control', still, 4)),
    ],
    classifier: { value: 0.95, n: 48 },
    dropped: [],
    beside: { measures: [], series: [], words: [] },
    ...change,
  }
}

const strong = { A: 0.5, B: 0.5, noise: 0.2 }
const none = { A: 0, B: 0, noise: 0.2 }

describe('claim identity', () => {
  it.each([
    ['reactivated', strong, { A: 0.45, B: 0.45, noise: 0.2 }, 'supported'],
    ['not reactivated', strong, none, 'contradicted'],
    ['underpowered', strong, { A: 0.19, B: 0.19, noise: 0.2 }, 'underpowered'],
    ['underpowered', { A: 0.05, B: 0.05, noise: 0.05 }, { A: 0.05, B: 0.05, noise: 1 }, 'underpowered'],
    ['untestable', none, strong, 'untestable'],
    // Reversed poles in base are no leaning that could come back.
    ['untestable', { A: -0.5, B: -0.5, noise: 0.2 }, strong, 'untestable'],
  ])('is %s where the contrasts say so', async (label, base, aligned, status) => {
    const { claim, input: verdict } = await claimIdentity(input(base, aligned))
    expect(claim.label).toBe(label)
    expect(verdict).toBe(label)
    expect(claim.status).toBe(status)
    expect(/chance of finding that it does not \d+% .* that it does \d+%/.test(claim.words)).toBe(
      label === 'underpowered',
    )
    expect(claim.measures.some((m) => m.name === 'power_reactivated')).toBe(label === 'underpowered')
    expect(claim.words).toContain(label === 'untestable' ? 'nothing could come back' : 'stated identity')
  })

  it('measures what was put in: cells, contrasts, each pole, asymmetry, placebo, index', async () => {
    const { claim } = await claimIdentity(
      input({ A: 0.2, B: 0.8, noise: 0.05 }, { A: 0.1, B: 0.4, noise: 0.05 }),
    )
    const found = (name: string, model: string, condition: string) =>
      claim.measures.find((m) => m.name === name && m.model === model && m.condition === condition)!
    const at = ', stated, user'
    expect(found('stance_contrast', 'base', `B less A${at}`).value).toBeCloseTo(1, 1)
    expect(found('stance_pole', 'base', `none less A${at}`).value).toBeCloseTo(0.2, 1)
    expect(found('stance_pole', 'base', `B less none${at}`).value).toBeCloseTo(0.8, 1)
    const asymmetry = found('stance_asymmetry', 'base', `B less none, less none less A${at}`)
    expect(asymmetry.value).toBeCloseTo(0.6, 1)
    expect(asymmetry.ci![0]).toBeGreaterThan(0)
    const placebo = found('stance_placebo', 'base', `unrelated less none${at}`)
    expect(placebo.ci![0]).toBeLessThan(0.02)
    expect(placebo.ci![1]).toBeGreaterThan(-0.02)
    const index = found('stance_index', 'aligned', `B less A${at}`)
    expect(index.value).toBeCloseTo(0.5, 1)
    expect(index.ci![0]).toBeLessThan(0.5)
    const means = claim.measures.filter((m) => m.name === 'stance_mean' && m.model === 'base')
    expect(means.map((m) => m.condition)).toEqual(
      SLOTS.flatMap((slot) =>
        ['stated', 'implied'].flatMap((form) => IDENTITIES.map((i) => `${i}, ${form}, ${slot}`)),
      ),
    )
    // B's cell lies above none's by what was put in.
    const cell = (i: string) => found('stance_mean', 'base', `${i}${at}`).value
    expect(cell('B') - cell('none')).toBeCloseTo(0.8, 1)
    expect(claim.measures.every((m) => m.family === undefined || m.q !== undefined)).toBe(true)
    expect(() =>
      parseResults(
        {
          format: 1,
          study: 'x',
          models: [{ role: 'base', ref: 'r', family: 'f', layers: 1, width: 1, precision: 'n', hash: 'h' }],
          claims: [JSON.parse(JSON.stringify(claim))],
          warnings: [],
          thresholds: {},
          seed: 1,
        },
        'test',
      ),
    ).not.toThrow()
  })

  it('says whether facts move with the identity', async () => {
    const still = await claimIdentity(input(strong, strong))
    expect(still.claim.words).toContain('no move is shown')
    const moving = input(strong, strong)
    const facts = rowsOf('aligned', 'control', { A: 0.4, B: 0.4, noise: 0.1 }, 9)
    const moved = await claimIdentity({
      ...moving,
      rows: [...moving.rows.filter((r) => r.outcome !== 'control' || r.model === 'base'), ...facts],
    })
    expect(moved.claim.words).toContain('facts move too')
    expect(moved.claim.measures.some((m) => m.name === 'control_index')).toBe(false)
  })

  it('does not read texts where the classifier cannot tell base apart, and names what was dropped', async () => {
    const { claim } = await claimIdentity(
      input(strong, strong, {
        classifier: { value: 0.6, n: 48 },
        dropped: [{ slot: 'system', why: 'raw rendering has no system prompt' }],
      }),
    )
    expect(claim.measures.filter((m) => m.name.startsWith('text_'))).toEqual([])
    expect(claim.measures.find((m) => m.name === 'classifier_auc')!.note).toContain('too low')
    expect(claim.words).toContain('There is no system slot: raw rendering has no system prompt.')
  })

  it('of one model says whether an identity moves it, and nothing to the verdict', async () => {
    const moves = await claimIdentity(input(strong))
    expect([moves.claim.status, moves.claim.label, moves.input]).toEqual(['supported', 'moves', 'not tested'])
    expect((await claimIdentity(input(none))).claim.status).toBe('untestable')
  })
})
