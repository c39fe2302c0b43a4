/** Claims 1 and 2 from activations to answers: what they say of pairs whose answer is known. */
import { describe, expect, test } from 'vitest'
import { prompts, type Sample, sample, scaled } from '../../test/support/stats.ts'
import { type Matrix, matrix } from '../core/matrix.ts'
import { stream } from '../core/random.ts'
import { claimCompression } from './claim-compression.ts'
import { claimDirection, type DirectionInput } from './claim-direction.ts'
import type { Harvest, Pool } from './harvest.ts'
import { type Claim, claimSchema, type Measure } from './results.ts'
import { studySchema } from './schema.ts'

const study = studySchema.parse({
  palimpsest: 1,
  name: 'test',
  models: { base: 'base', aligned: 'aligned' },
  repeats: 2,
  draws: { bootstrap: 200, permutations: 100, refitted: 20, references: 200 },
})

/** Activations that are at hand. */
function harvest(load: (layer: number, pool: Pool) => Matrix): Harvest {
  return { hash: 'test', reused: false, load: async (layer, pool) => load(layer, pool), sinks: [] }
}

function noise(like: Matrix, seed: number): Matrix {
  const rng = stream(seed, 'noise')
  return matrix(
    like.rows,
    like.cols,
    like.data.map(() => rng.normal()),
  )
}

const texts = sample({ seed: 1, kind: 'nested', groups: 40, perGroup: 6, d: 12, effect: 2, topics: 8 })
const random = noise(texts.x, 2)
const base = harvest((layer) => (layer < 0 ? noise(texts.x, 3) : layer === 1 ? texts.x : noise(texts.x, 4)))

function input(
  s: Sample,
  models: DirectionInput['models'],
  more: Partial<DirectionInput> = {},
): DirectionInput {
  return {
    study,
    labels: s.labels,
    texts: Array.from(s.labels.poles, (_, i) => `word${i % 7} text`),
    scores: undefined,
    givenFolds: undefined,
    pool: 'mean',
    otherPools: [],
    layers: [0, 1],
    models,
    randomEmbeddings: new Map<Pool, Matrix>([
      ['mean', random],
      ['last_content', random],
    ]),
    randomModel: undefined,
    ...more,
  }
}

const find = (claim: Claim, name: string, like: Partial<Measure> = {}): Measure => {
  const found = claim.measures.find(
    (m) => m.name === name && Object.entries(like).every(([k, v]) => m[k as keyof Measure] === v),
  )
  expect(found, `${name} ${JSON.stringify(like)}`).toBeDefined()
  return found!
}

describe('claim direction', () => {
  test('a pair of one model retains exactly 1, and every record is as the format wants it', async () => {
    const { claim, layer, directions, exists, retention } = await claimDirection(
      input(texts, [
        { role: 'base', harvest: base },
        { role: 'aligned', harvest: base },
      ]),
    )
    expect(claimSchema.parse(JSON.parse(JSON.stringify(claim)))).toEqual(JSON.parse(JSON.stringify(claim)))
    expect({ layer, exists, retention, status: claim.status, label: claim.label }).toEqual({
      layer: 1,
      exists: true,
      retention: 'retained',
      status: 'supported',
      label: 'retained',
    })
    const kept = find(claim, 'retention')
    expect([kept.value, ...kept.ci!]).toEqual([1, 1, 1])
    expect(find(claim, 'cosine_base_aligned').value).toBeCloseTo(1, 10)
    expect(find(claim, 'cka').value).toBeCloseTo(1, 5)
    expect(find(claim, 'principal_angle').value).toBeLessThan(1e-3)
    for (const test of ['base', 'aligned']) {
      expect(find(claim, 'transfer_loss', { test }).value).toBe(0)
      expect(find(claim, 'transfer_loss', { test }).note).toContain('non-inferior')
    }
    expect([...directions.keys()]).toEqual(
      ['base', 'aligned'].flatMap((r) => ['mean-difference', 'logistic', 'lda'].map((e) => `${r}.${e}`)),
    )
    // Topics: the second evaluation is there, and says of how many.
    expect(find(claim, 'auc', { folds: 'topic', model: 'base' }).value).toBeGreaterThan(0.8)
    expect(find(claim, 'excess_auc', { folds: 'topic', model: 'base' }).ci![0]).toBeGreaterThan(0)
    expect(claim.words).toContain('With topics held out as well its AUC is')
    // Every p of the family has its q.
    const family = claim.measures.filter((m) => m.family === 'layers x estimators, base')
    expect(family).toHaveLength(4) // two layers by difference of means, and two refitted at the chosen layer
    for (const m of family) expect(m.q!).toBeGreaterThanOrEqual(m.p!)
  })

  test('a model that has lost it: contradicted; kept in the mean only: said in words', async () => {
    const gone = harvest(() => noise(texts.x, 5))
    const lost = await claimDirection(
      input(texts, [
        { role: 'base', harvest: base },
        { role: 'aligned', harvest: gone },
      ]),
    )
    expect([lost.claim.status, lost.retention]).toEqual(['contradicted', 'lost'])

    const meanOnly = harvest((layer, pool) => (pool === 'mean' && layer === 1 ? texts.x : noise(texts.x, 5)))
    const kept = await claimDirection(
      input(
        texts,
        [
          { role: 'base', harvest: base },
          { role: 'aligned', harvest: meanOnly },
        ],
        { otherPools: ['last_content'] },
      ),
    )
    expect(kept.retention).toBe('retained')
    expect(kept.claim.words).toContain('It is lost in last_content')
    expect(kept.claim.words).toContain('only in the embeddings')
    expect(find(kept.claim, 'retention', { pool: 'last_content' }).ci![1]).toBeLessThan(0.25)

    const lastOnly = harvest((layer, pool) => (pool !== 'mean' && layer === 1 ? texts.x : noise(texts.x, 5)))
    const partly = await claimDirection(
      input(
        texts,
        [
          { role: 'base', harvest: base },
          { role: 'aligned', harvest: lastOnly },
        ],
        { otherPools: ['last_content'] },
      ),
    )
    expect(partly.retention).toBe('attenuated')
    expect(partly.claim.words).toContain('lost needs every pool')
  })

  test('a retention that spans both bars comes with what the groups could have shown', async () => {
    const some = sample({ seed: 5, kind: 'nested', groups: 16, perGroup: 6, d: 12, effect: 2 })
    // Half of it is left, under noise.
    const other = noise(some.x, 6)
    const half = matrix(
      some.x.rows,
      some.x.cols,
      some.x.data.map((v, i) => v + 2.2 * other.data[i]!),
    )
    const own = (x: Matrix) => harvest((layer) => (layer === 1 ? x : noise(some.x, 8)))
    const { claim, retention } = await claimDirection(
      input(
        some,
        [
          { role: 'base', harvest: own(some.x) },
          { role: 'aligned', harvest: own(half) },
        ],
        { randomEmbeddings: new Map<Pool, Matrix>([['mean', noise(some.x, 7)]]) },
      ),
    )
    expect([claim.status, retention]).toEqual(['underpowered', 'underpowered'])
    expect(claim.words).toMatch(
      /the chance of finding it retained \d+% if all of it is kept, of finding it lost \d+%/,
    )
    for (const name of ['power_retained', 'power_lost', 'groups_needed'])
      expect(find(claim, name)).toMatchObject({ model: 'aligned', n: 16 })
  })

  test('an answer that is not given comes with what the groups could have shown', async () => {
    const few = sample({ seed: 3, kind: 'nested', groups: 14, perGroup: 4, d: 12, effect: 0.8 })
    const other = noise(few.x, 9)
    const own = (x: Matrix) => harvest((layer) => (layer === 1 ? x : noise(few.x, 8)))
    const found = await claimDirection(
      input(few, [{ role: 'subject', harvest: own(few.x) }], {
        randomEmbeddings: new Map<Pool, Matrix>([['mean', other]]),
      }),
    )
    expect([found.claim.status, found.claim.label]).toEqual(['underpowered', 'no direction'])
    expect(found.claim.words).toMatch(/With 14 groups the chance of finding one \d+% if its excess is 0\.1/)
    expect(found.claim.words).toContain('is not shown to exceed')
    expect(find(found.claim, 'power_exists')).toMatchObject({ n: 14, model: 'subject' })
  })

  test('one model alone: exists, or no direction where random baselines say as much', async () => {
    const alone = await claimDirection(input(texts, [{ role: 'subject', harvest: base }]))
    expect([alone.claim.label, alone.retention]).toEqual(['exists', 'not tested'])
    const none = await claimDirection(
      input(texts, [{ role: 'subject', harvest: base }], { randomModel: async () => texts.x }),
    )
    expect(none.claim.label).toBe('no direction')
    expect(none.exists).toBe(false)
    expect(none.claim.gates[0]!.passed).toBe(false)
  })

  test('scores are correlated within poles, over groups', async () => {
    const scores = Float64Array.from(texts.labels.groups.of, (g) => Math.sin(g))
    const { claim } = await claimDirection(input(texts, [{ role: 'subject', harvest: base }], { scores }))
    for (const note of ['within pole A', 'within pole B']) {
      const m = find(claim, 'score_correlation', { note })
      expect(m).toMatchObject({ groups: 20, n: 120 })
      expect(m.ci![0]).toBeLessThan(m.value)
    }
  })

  test('matched pairs have a fourth estimator in every table', async () => {
    const pairs = sample({ seed: 6, kind: 'crossed', groups: 20, perGroup: 12, d: 12, effect: 2 })
    const { claim, directions } = await claimDirection(
      input(pairs, [{ role: 'subject', harvest: harvest((l) => (l < 0 ? random : pairs.x)) }], {
        layers: [0],
      }),
    )
    expect(directions.has('subject.matched-pc1')).toBe(true)
    expect(find(claim, 'auc', { estimator: 'matched-pc1' }).p).toBe(1 / 21)
    expect(claim.measures.filter((m) => m.name === 'cosine_estimators')).toHaveLength(6)
  })
})

describe('claim compression', () => {
  const p = prompts({ seed: 1, issues: 20, perIssue: 8, dim: 40 })
  const run = (aligned: Matrix, alignedTexts: Matrix, of = p) =>
    claimCompression({
      study,
      layer: 3,
      texts: { base: of.texts.base, aligned: alignedTexts },
      labels: of.texts.labels,
      prompts: [
        { rendering: 'raw', base: of.base, aligned },
        { rendering: 'chat', base: of.base, aligned: of.base },
      ],
      issues: Array.from(of.issues, (i) => `issue ${i}`),
      loadings: Array.from(of.issues, () => 'neutral'),
      pool: 'last_content',
      directions: new Map([
        ['base.mean-difference', of.d],
        ['aligned.mean-difference', of.d],
      ]),
    })

  test('a pair of one model has ratios of exactly 1', async () => {
    const claim = await run(p.base, p.texts.base)
    expect(claimSchema.parse(JSON.parse(JSON.stringify(claim)))).toEqual(JSON.parse(JSON.stringify(claim)))
    expect([claim.status, claim.label]).toEqual(['contradicted', 'no compression'])
    for (const name of [
      'r_prompt',
      'r_gap',
      'ratio_gap_scaled',
      'r_reference',
      'variance_ratio',
      'iqr_ratio',
    ])
      for (const axis of ['base', 'aligned', 'pooled']) expect(find(claim, name, { axis }).value).toBe(1)
    expect(find(claim, 'rendering_did').value).toBe(0)
  })

  test('a model halved is a change of scale, not selective', async () => {
    const claim = await run(scaled(p.base, 0.5), scaled(p.texts.base, 0.5))
    expect([claim.status, claim.label]).toEqual(['contradicted', 'change of scale'])
    expect(claim.gates[0]!.passed).toBe(false)
    expect(find(claim, 'r_prompt', { axis: 'base' }).value).toBeCloseTo(0.5, 12)
    expect(find(claim, 'ratio_gap_scaled', { axis: 'base' }).value).toBeCloseTo(1, 12)
    // In chat both are the base: halving in raw only is a difference of log 2 between renderings.
    expect(find(claim, 'rendering_did').value).toBeCloseTo(Math.log(2), 12)
  })

  test('an interval that spans the bar comes with what the issues could have shown', async () => {
    const few = prompts({ seed: 2, issues: 12, perIssue: 4, dim: 40, alongD: 0.7 })
    const other = noise(few.aligned, 3)
    const blurred = matrix(
      few.aligned.rows,
      few.aligned.cols,
      few.aligned.data.map((v, i) => v + 0.2 * other.data[i]!),
    )
    const claim = await run(blurred, few.texts.aligned, few)
    expect([claim.status, claim.label]).toEqual(['underpowered', 'underpowered'])
    expect(claim.words).toMatch(
      /With 12 issues the chance of finding a selective compression \d+% if .* of finding none \d+%/,
    )
    expect(find(claim, 'power_selective')).toMatchObject({ n: 12 })
    expect(find(claim, 'power_not_selective').value).toBeLessThan(1)
  })

  test('compression along the direction only is supported', async () => {
    const only = prompts({ seed: 1, issues: 20, perIssue: 8, dim: 40, alongD: 0.4 })
    const claim = await run(only.aligned, only.texts.aligned)
    expect([claim.status, claim.label]).toEqual(['supported', 'compression'])
    expect(claim.series!.map((s) => s.name)).toContain('reference_log_ratios')
  })
})
