import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildReport } from '../src/report/build.ts'
import { readGenerations } from '../src/study/generations-record.ts'
import { planStudy } from '../src/study/plan.ts'
import { type Claim, type Results, readResults } from '../src/study/results.ts'
import { runStudy } from '../src/study/run.ts'
import { readStudy } from '../src/study/study-file.ts'
import { withoutInterval } from './support/intervals.ts'
import { writeStudyDomain } from './support/study-domain.ts'
import { copyModel, studyText, writeStudyModel, writeStudyTexts } from './support/study-model.ts'

const SMALL = `domain: ./domain.json
claims: [direction, steering, geometry]
baselines: { random_model: false }
steering: { nats: [0.01, 0.04], issues: 8, random: 20, random_issues: 3, neutral_texts: 2, personas: 1, texts: 2, text_random: 3, max_tokens: 8 }`

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'steering-'))
  await writeStudyTexts(folder)
  await writeStudyDomain(folder)
  await writeStudyModel(join(folder, 'base'))
  await copyModel(join(folder, 'base'), join(folder, 'same'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function run(
  name: string,
  models: string,
  options: { out?: string; stopAt?: string; steps?: string; issues?: string } = {},
): Promise<Results> {
  const path = join(folder, `${name}.yaml`)
  await writeFile(
    path,
    studyText(
      models,
      SMALL.replace('issues: 8, random: 20, random_issues: 3', options.issues ?? '$&'),
    ).replace('[raw, chat]', 'raw'),
  )
  const stopper = new AbortController()
  return runStudy(await readStudy(path), {
    source: await readFile(path, 'utf8'),
    folder: join(folder, 'runs', options.out ?? name),
    resolve: async (ref) => ref,
    command: ['test'],
    signal: stopper.signal,
    ...(options.steps === undefined ? {} : { steps: join(folder, options.steps) }),
    onProgress: (what) => {
      if (what === options.stopAt) stopper.abort()
    },
  })
}

const claim = (r: Results, id: string): Claim => r.claims.find((c) => c.id === id)!
const gate = (c: Claim, name: string) => c.gates.find((g) => g.name.startsWith(name))!
const series = (c: Claim, name: string, model: string): number[] =>
  c.series!.find((s) => s.name === name && s.model === model)!.values

describe('a study of steering', () => {
  it('of a model and itself: doses as asked for, zero changes no bit, every arm has its receipt', async () => {
    const r = await run('same', '{ base: base, aligned: same }')
    expect(await readResults(join(folder, 'runs/same/results.json'))).toEqual(JSON.parse(JSON.stringify(r)))
    expect(withoutInterval(r)).toEqual([])
    const steering = claim(r, 'steering')
    expect(gate(steering, 'change of the scores').value).toBe(0)
    const off = gate(steering, 'KL reached')
    expect(off.passed).toBe(true)
    expect(off.value).toBeGreaterThan(0)
    // Twenty random directions are to look at: no status comes of them.
    expect(gate(steering, 'random directions in base').passed).toBe(false)
    expect(steering.status).toBe('untestable')
    expect(claim(r, 'geometry').status).toBe('untestable')
    expect(r.verdict!.inputs.steering).toBe('untestable')
    const [gain, same] = steering.measures.filter((m) => m.name === 'gain_raw')
    expect(same!.value).toBe(gain!.value)
    for (const role of ['base', 'aligned']) {
      const asked = series(steering, 'receipt_asked', role)
      const measured = series(steering, 'receipt_measured', role)
      expect(asked.length).toBeGreaterThan(2 * (20 + 20))
      asked.forEach((a, i) => {
        expect(Math.abs(measured[i]! / a - 1)).toBeLessThan(1e-3)
      })
      expect(Math.min(...series(steering, 'receipt_tokens', role))).toBeGreaterThan(0)
      const doses = series(steering, 'dose', role)
      expect(doses).toHaveLength(5)
      for (const [i, nats] of [0.04, 0.01, 0, 0.01, 0.04].entries())
        expect(Math.abs(doses[i]! ** 2 / 2 - nats)).toBeLessThanOrEqual(0.05 * nats)
      expect(doses).toEqual([...doses].sort((a, b) => a - b))
      const curve = series(steering, 'curve_nats', role)
      expect(curve.length).toBe(series(steering, 'curve_alpha', role).length)
    }
    // A random model's texts say nothing of personas: they are counted by kind, and their scores are not read.
    for (const role of ['base', 'aligned']) {
      const own = steering.measures.filter((m) => m.model === role && m.name.startsWith('text_'))
      expect(own.filter((m) => m.name === 'text_degenerate_share')).toHaveLength(5)
      const auc = own.find((m) => m.name === 'text_classifier_auc')
      if ((auc?.value ?? 0) < 0.8) {
        expect(steering.words).toMatch(new RegExp(`What ${role} writes cannot be read`))
        expect(own.some((m) => m.name === 'text_gain_primary')).toBe(false)
      } else expect(own.some((m) => m.name === 'text_gain_primary')).toBe(true)
    }
    // Texts side by side: the same prompts at three doses, from a model and itself the same to the bit.
    const { texts } = (await readGenerations(join(folder, 'runs/same/generations.json')))!
    const [base, aligned] = ['base', 'aligned'].map((role) =>
      texts.filter((t) => t.model === role).map(({ model: _, ...t }) => t),
    )
    expect(base).toEqual(aligned)
    expect(base!.map((t) => t.arm)).toEqual(
      Array(2).fill(['steered, dose −0.28', 'no steering', 'steered, dose +0.28']).flat(),
    )
    for (const t of base!) {
      expect(t.tokens).toHaveLength(t.projection.length)
      expect(t.projection.every(Number.isFinite)).toBe(true)
    }
    const random = claim(r, 'geometry').series!.find((s) => s.name === 'ablation_drop')!
    expect(random.values).toHaveLength(20)
  }, 300_000)

  it('resumes in the midst of its arms and ends with the same numbers', async () => {
    const cut = { out: 'cut', stopAt: 'steering of aligned: scores' }
    await expect(run('same', '{ base: base, aligned: same }', cut)).rejects.toThrow(/Stopped/)
    expect((await readdir(join(folder, 'runs/cut/steps'))).some((s) => s.startsWith('arm-scores'))).toBe(true)
    await run('same', '{ base: base, aligned: same }', { out: 'cut' })
    expect(await readFile(join(folder, 'runs/cut/results.json'), 'utf8')).toBe(
      await readFile(join(folder, 'runs/same/results.json'), 'utf8'),
    )
  }, 300_000)

  it('does the arms of a model once, whatever it is compared with', async () => {
    await writeStudyModel(join(folder, 'half'), { halve: true })
    await run('same', '{ base: base, aligned: same }', { out: 'shared-same', steps: 'steps' })
    const kinds = ['arm-doses', 'arm-scores', 'steered-texts', 'ablation-nats']
    const done = async (): Promise<string[]> =>
      (await readdir(join(folder, 'steps'))).filter((s) => kinds.some((kind) => s.startsWith(kind)))
    const before = new Set(await done())
    await run('half', '{ base: base, aligned: half }', { out: 'shared-half', steps: 'steps' })
    const fresh = (await done()).filter((s) => !before.has(s))
    const asked = await Promise.all(
      fresh.map(async (s) => JSON.parse(await readFile(join(folder, 'steps', s, 'step.json'), 'utf8'))),
    )
    const { hash } = JSON.parse(
      await readFile(
        join(folder, 'steps', [...before].find((s) => s.startsWith('ablation'))!, 'step.json'),
        'utf8',
      ),
    ).params
    const [ofBase, ofHalf] = [true, false].map((own) =>
      asked.filter((spec) => (spec.params.hash === hash) === own).map((spec) => spec.kind),
    )
    // Of base at most what goes along the other model's direction, which is a step of its own.
    expect(ofBase!.length).toBe(new Set(ofBase).size)
    expect(ofBase).not.toContain('ablation-nats')
    for (const step of fresh.filter((_, i) => asked[i].params.hash === hash))
      expect((await readdir(join(folder, 'steps', step))).filter((f) => f.startsWith('shard'))).toHaveLength(
        1,
      )
    expect(new Set(ofHalf)).toEqual(new Set(['arm-doses', 'arm-scores', 'steered-texts']))
  }, 300_000)

  it('steers at the block that base chooses, on issues that nothing else uses', async () => {
    const r = await run('choice', '{ base: base, aligned: same }', {
      issues: 'issues: 16, random: 20, random_issues: 4, layers: [0, 1]',
    })
    const steering = claim(r, 'steering')
    const of = (name: string) => steering.measures.filter((m) => m.name === name)
    expect(of('choice_gain').map((m) => [m.layer, m.n])).toEqual([
      [0, 4],
      [1, 4],
    ])
    const [gain, same] = of('gain_raw')
    expect([gain!.value, gain!.n]).toEqual([same!.value, 12])
    const taken = /block (\d) to be steered|steered where it is read, at block (\d)/.exec(steering.words)!
    expect(gain!.site).toBe(`blocks.${taken[1] ?? taken[2]}.hook_resid_post`)
    const html = await readFile(await buildReport(join(folder, 'runs/choice')), 'utf8')
    expect(html).toContain('The choice of the block')
    const plan = await planStudy(
      await readStudy(join(folder, 'choice.yaml')),
      join(folder, 'none'),
      async (ref) => ref,
    )
    // At two blocks 4 issues and 2 prompts of the concept, three times; 4 doses on 2 texts, 2.5 times.
    const choice = plan.steps.find((s) => s.what === 'steering of base: choice of the block')!
    expect(choice.texts).toBe(2 * (3 * (4 + 2) + 2.5 * 4 * 2))
    const code = async (issues: string) =>
      run('refused', '{ base: base, aligned: same }', { issues }).catch((e: { code: string }) => e.code)
    expect(await code('issues: 8, random: 20, layers: [0, 1]')).toBe('steering-layers')
    expect(await code('issues: 16, random: 20, layers: [0, 9]')).toBe('layer-unknown')
  }, 300_000)

  it('of one model tests geometry and says that steering needs two', async () => {
    const r = await run('one', '{ subject: base }')
    expect(r.claims.map((c) => c.id)).toEqual(['direction', 'geometry'])
    expect(r.warnings.join()).toMatch(/steering compares two models/)
    expect(series(claim(r, 'geometry'), 'dose', 'subject')).toHaveLength(5)
    const plan = await planStudy(
      await readStudy(join(folder, 'one.yaml')),
      join(folder, 'none'),
      async (ref) => ref,
    )
    const scores = plan.steps.find((s) => s.what === 'steering of subject: scores')!
    // 6 doses and pairs on 8 issues, 80 random arms on 3, 44 on the concept, 25 ablations of 6 loaded prompts.
    expect(scores.texts).toBe(6 * 8 + 80 * 3 + 44 * 3 + 25 * 6)
  }, 300_000)

  it('steers at the positions that the study names, in scores and in texts', async () => {
    const r = await run('last', '{ subject: base }', {
      issues: 'positions: last, issues: 8, random: 20, random_issues: 3',
    })
    // One token a prompt: no arm is asked on more than the 8 issues.
    const touched = series(claim(r, 'geometry'), 'receipt_tokens', 'subject')
    expect(Math.max(...touched)).toBe(8)
    const steps = join(folder, 'runs/last/steps')
    const named = await Promise.all(
      (await readdir(steps))
        .filter((s) => /^(arm-scores|steered-texts)/.test(s))
        .map(async (s) => JSON.parse(await readFile(join(steps, s, 'step.json'), 'utf8'))),
    )
    expect(new Set(named.map((s) => `${s.kind} ${s.params.positions}`))).toEqual(
      new Set(['arm-scores last', 'steered-texts last']),
    )
  }, 300_000)
})
