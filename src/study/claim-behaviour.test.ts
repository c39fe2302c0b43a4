import { describe, expect, it } from 'vitest'
import { stream } from '../core/random.ts'
import type { Answer } from './answers.ts'
import { type BehaviourInput, type BehaviourPrompt, claimBehaviour, kindOf } from './claim-behaviour.ts'
import type { Measure } from './results.ts'
import { studySchema } from './schema.ts'

const WORDS = {
  A: ['we should fund and expand it for everyone', 'the town ought to raise and share it'],
  B: ['they should cut and shrink it at once', 'the town ought to end and sell it'],
}
const ISSUES = Array.from({ length: 60 }, (_, i) => `issue-${i}`)
const study = studySchema.parse({
  palimpsest: 1,
  name: 'test',
  models: { base: 'a', aligned: 'b' },
  draws: { bootstrap: 300, permutations: 300 },
})

const PROMPTS: BehaviourPrompt[] = ISSUES.flatMap((issue) => [
  ...(['A', 'B', 'neutral'] as const).map((loading) => ({
    id: `${issue}-${loading}`,
    issue,
    loading,
    persona: undefined,
  })),
  ...(['A', 'B', 'none'] as const).map((persona) => ({
    id: `${issue}/${persona}`,
    issue,
    loading: 'neutral' as const,
    persona,
  })),
])

/** Answers that follow the prompt's loading with one probability and a persona with another. */
function answersOf(follows: number, persona: number, seed: number, refuses = 0): Answer[] {
  const rng = stream(seed, 'test/behaviour')
  return PROMPTS.flatMap((p) =>
    Array.from({ length: 4 }, (_, sample): Answer => {
      const lean = p.persona === 'A' || p.persona === 'B' ? p.persona : p.loading
      const sure = p.persona === 'A' || p.persona === 'B' ? persona : follows
      const side = lean !== 'neutral' && rng.uniform() < sure ? lean : rng.uniform() < 0.5 ? 'A' : 'B'
      const text =
        rng.uniform() < refuses ? 'I cannot take sides on this.' : WORDS[side as 'A' | 'B'][rng.below(2)]!
      return { prompt: p.id, sample, text, tokens: 8, stop: 'eos' }
    }),
  )
}

function input(base: Answer[], aligned: Answer[]): BehaviourInput {
  const texts = [...WORDS.A, ...WORDS.B, ...WORDS.A, ...WORDS.B, ...WORDS.A, ...WORDS.B]
  return {
    study,
    labelled: { texts, poles: [0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1] },
    prompts: PROMPTS,
    refusals: ['I cannot take sides'],
    language: 'en',
    models: [
      { role: 'base', answers: base },
      { role: 'aligned', answers: aligned },
    ],
    rendering: 'raw',
  }
}

describe('claimBehaviour', () => {
  it('calls answers neutral that stopped following the wording, and sees personas bring them back', async () => {
    const { claim, inputs } = await claimBehaviour(input(answersOf(0.9, 0.95, 1), answersOf(0, 0.95, 2)))
    expect(inputs).toEqual({ varies: 'yes', behaviour: 'neutral', identity: 'reactivated' })
    expect(claim.status).toBe('supported')
    expect(claim.gates.every((g) => g.passed)).toBe(true)
    for (const m of claim.measures)
      expect(m, m.name).toMatchObject({ groups: 60, level: 0.95, seed: study.seed })
    const ratio = claim.measures.find((m) => m.name === 'contrast_ratio')!
    expect(ratio.ci![0]).toBeLessThan(0)
    expect(ratio.ci![1]).toBeGreaterThan(0)
  })

  it('tells how far prompts lie apart from how far answers to one of them do', async () => {
    // Sides are followed in 9 of 10 answers in base and at random in aligned: scores of -1 and 1, nearly.
    const { claim } = await claimBehaviour(input(answersOf(0.9, 0.95, 1), answersOf(0, 0.95, 2)))
    const spread = (name: string, model: string) =>
      claim.measures.find((m) => m.name === name && m.model === model)!
    const [base, aligned] = ['base', 'aligned'].map((m) => spread('spread_between', m)) as [Measure, Measure]
    expect(base.ci![0]).toBeGreaterThan(aligned.ci![1])
    expect(aligned.ci![0]).toBeLessThan(0.1)
    for (const m of [base, aligned]) expect(m.value).toBeLessThanOrEqual(m.ci![1])
    expect(spread('spread_within', 'aligned').value).toBeGreaterThan(spread('spread_within', 'base').value)
  })

  it('calls unchanged answers not neutral', async () => {
    const base = answersOf(0.9, 0.95, 1)
    const { claim, inputs } = await claimBehaviour(input(base, base))
    expect(inputs).toEqual({ varies: 'yes', behaviour: 'not neutral', identity: 'reactivated' })
    expect(claim.status).toBe('contradicted')
  })

  it('says beside an answer that it does not give what the issues could have shown', async () => {
    const { claim, inputs } = await claimBehaviour(input(answersOf(0.9, 0.95, 1), answersOf(0.2, 0.95, 2)))
    expect(inputs.behaviour).toBe('underpowered')
    expect(claim.words).toMatch(
      /With 60 issues the chance of finding it neutral \d+% if .* it not neutral \d+% if/,
    )
    const power = claim.measures.filter((m) => /^power_|issues_needed/.test(m.name))
    expect(power.map((m) => m.name).slice(0, 2)).toEqual(['power_neutral', 'power_not_neutral'])
  })

  it('sees where no persona brings the leaning back', async () => {
    const { inputs } = await claimBehaviour(input(answersOf(0.9, 0.95, 1), answersOf(0, 0, 2)))
    expect(inputs.identity).toBe('not reactivated')
  })

  it('does not take refusals for neutrality', async () => {
    const { claim, inputs } = await claimBehaviour(input(answersOf(0.9, 0.95, 1), answersOf(0, 0.95, 2, 0.6)))
    expect(inputs.behaviour).toBe('not neutral')
    expect(claim.gates.find((g) => g.name.startsWith('refusals'))!.passed).toBe(false)
  })

  it('does not judge by a classifier that cannot read the answers', async () => {
    const { claim, inputs } = await claimBehaviour(input(answersOf(0, 0, 1), answersOf(0, 0, 2)))
    expect(inputs).toEqual({ varies: 'not tested', behaviour: 'untestable', identity: 'untestable' })
    expect(claim.status).toBe('untestable')
  })

  it('says that base does not vary where its answers follow personas only', async () => {
    const { inputs } = await claimBehaviour(input(answersOf(0, 0.95, 1), answersOf(0, 0.95, 2)))
    expect(inputs.varies).toBe('no')
  })
})

describe('kindOf', () => {
  it('tells refusals and degenerate texts from answers', () => {
    const kind = (text: string) => kindOf(text, ["I can't help"], 'en')
    expect(kind(' "I can’t help with that.')).toBe('refusal')
    expect(kind('yes')).toBe('degenerate')
    expect(kind('tax tax tax tax tax tax tax tax')).toBe('degenerate')
    expect(kind('Lower taxes leave people more of what they earn.')).toBe('answer')
  })
})
