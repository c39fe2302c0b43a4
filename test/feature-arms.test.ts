import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PalimpsestError } from '../src/core/errors.ts'
import { buildReport } from '../src/report/build.ts'
import { readFeatures } from '../src/study/features-record.ts'
import { planStudy } from '../src/study/plan.ts'
import type { Results } from '../src/study/results.ts'
import { runStudy } from '../src/study/run.ts'
import { readStudy } from '../src/study/study-file.ts'
import { writeDictionary } from './support/dictionary.ts'
import { addControls, doctor, writeKnownDictionary } from './support/feature-study.ts'
import { writeStudyDomain } from './support/study-domain.ts'
import { copyModel, studyText, writeStudyModel, writeStudyTexts } from './support/study-model.ts'

const SITE = 'blocks.1.hook_resid_post'
const STEERING =
  'nats: [0.02], issues: 6, random: 20, isotropic: 20, random_issues: 2, neutral_texts: 2, personas: 1, texts: 2, text_random: 0, max_tokens: 8'
let folder: string
let width: number
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'feature-arms-'))
  const { prompts } = await writeStudyTexts(folder)
  await addControls(prompts)
  await writeStudyDomain(folder)
  const plain = await writeStudyModel(join(folder, 'plain'))
  await doctor(plain, join(folder, 'base'))
  await copyModel(join(folder, 'base'), join(folder, 'same'))
  width = JSON.parse(await readFile(join(plain, 'config.json'), 'utf8')).hidden_size
  await writeKnownDictionary(folder, width, SITE)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function study(name: string, claims: string, steering: string, extra: string): Promise<string> {
  const path = join(folder, `${name}.yaml`)
  const text = studyText(
    '{ base: base, aligned: same }',
    `domain: ./domain.json
claims: [${claims}]
sites: { layers: [1] }
baselines: { random_model: false }
steering: { ${STEERING}${steering} }
${extra}`,
  )
  await writeFile(path, text.replace('[raw, chat]', 'raw'))
  return path
}
async function run(path: string, out: string): Promise<Results> {
  return runStudy(await readStudy(path), {
    source: await readFile(path, 'utf8'),
    folder: join(folder, 'runs', out),
    resolve: async (ref) => ref,
    command: ['test'],
  })
}
const features = (r: Results) =>
  r.claims.find((c) => c.id === 'steering')!.measures.filter((m) => m.name.startsWith('feature'))

describe('features as arms of claim steering', () => {
  it('are those that claim features follows, beside others that fire as often, at doses of equal KL', async () => {
    const path = await study(
      'followed',
      'direction, features, steering',
      ', features: 2',
      'dictionaries: { base: [known] }',
    )
    const r = await run(path, 'followed')
    const followed = (await readFeatures(join(folder, 'runs/followed/features.json')))!.features
    const first = followed.filter((f) => f.set === 'policy').slice(0, 2)
    const gains = features(r).filter((m) => m.name === 'feature_gain')
    expect(gains.map((m) => [m.condition, m.model])).toEqual(
      first.flatMap((f) => ['base', 'aligned'].map((m) => [`feature ${f.feature} of known`, m])),
    )
    expect(gains[0]!.note).toMatch(new RegExp(`^${first[0]!.label}; fires in \\d+% of the prompts`))
    // A model and itself: the same gains, to the bit.
    for (const m of features(r).filter((m) => m.name === 'feature_gain_ratio')) expect(m.value).toBe(1)
    const steps = join(folder, 'runs/followed/steps')
    const doses: { id: string; asked: number; found?: { nats: number } }[] = []
    for (const step of (await readdir(steps)).filter((s) => s.startsWith('arm-doses')))
      for (const shard of (await readdir(join(steps, step))).filter((s) => s.startsWith('shard')))
        doses.push(...JSON.parse(await readFile(join(steps, step, shard), 'utf8')))
    const own = doses.filter((d) => d.id.startsWith('feature-'))
    const controls = r.claims
      .find((c) => c.id === 'steering')!
      .series!.find((s) => s.name === 'feature_control_gain')!
    expect(controls.values.length).toBeGreaterThan(0)
    expect(own.length).toBeGreaterThanOrEqual(2 * (2 + controls.values.length))
    for (const d of own) expect(Math.abs(d.found!.nats / Math.abs(d.asked) - 1)).toBeLessThan(0.05)
    const policy = new Set(followed.filter((f) => f.set === 'policy').map((f) => `feature-${f.feature}`))
    expect(new Set(own.map((d) => d.id).filter((id) => policy.has(id))).size).toBe(2)
    const report = await readFile(await buildReport(join(folder, 'runs/followed')), 'utf8')
    expect(report).toContain('Features that were steered')
    expect(report).toContain(`feature ${first[0]!.feature} of known`)
  }, 300_000)

  it('are those that the study names, without claim features, and plan counts them', async () => {
    const path = await study(
      'named',
      'direction, steering',
      ', features: [3, 5, 3]',
      'dictionaries: { base: [known] }',
    )
    const plan = await planStudy(await readStudy(path), join(folder, 'none'), async (ref) => ref)
    // 2 features on 6 issues, and 3 controls each on 2, both ways.
    expect(plan.steps.find((s) => s.what === 'steering of base: features')!.texts).toBe(2 * (2 * 6 + 6 * 2))
    const r = await run(path, 'named')
    expect(new Set(features(r).map((m) => m.condition))).toEqual(
      new Set(['feature 3 of known', 'feature 5 of known']),
    )
    expect(r.claims.map((c) => c.id)).toEqual(['direction', 'steering'])
    const manifest = JSON.parse(await readFile(join(folder, 'runs/named/manifest.json'), 'utf8'))
    expect(manifest.dictionaries).toMatchObject([{ of: 'base', site: SITE }])
  }, 300_000)

  it('are left out, in words, where the dictionary fails its self-test', async () => {
    await writeDictionary(folder, 'noise', { width, latents: 64, site: SITE })
    const path = await study(
      'noise',
      'direction, steering',
      ', features: [3]',
      'dictionaries: { base: [noise] }',
    )
    const r = await run(path, 'noise')
    expect(features(r)).toEqual([])
    expect(r.claims.find((c) => c.id === 'steering')!.words).toMatch(
      /No feature was steered: .*noise fails its self-test/,
    )
  }, 300_000)

  it('are refused before anything is run where they cannot be', async () => {
    const refused = async (steering: string, extra: string): Promise<string> =>
      planStudy(
        await readStudy(await study('bad', 'direction, steering', steering, extra)),
        join(folder, 'none'),
        async (ref) => ref,
      ).then(
        () => 'nothing',
        (e: PalimpsestError) => e.code,
      )
    expect(await refused(', features: [3]', '')).toBe('dictionaries-missing')
    expect(await refused(', features: [3]', 'dictionaries: { base: [known] }')).toBe('nothing')
    expect(await refused(', features: [99999]', 'dictionaries: { base: [known] }')).toBe('feature-range')
    await writeDictionary(folder, 'mlp', { width, latents: 16, site: 'blocks.1.hook_mlp_out' })
    expect(await refused(', features: [3]', 'dictionaries: { base: [mlp] }')).toBe('feature-arm-site')
    await writeDictionary(folder, 'enters', { width, latents: 16, site: 'blocks.1.hook_resid_pre' })
    expect(await refused(', features: [3]', 'dictionaries: { base: [enters] }')).toBe('nothing')
    await writeDictionary(folder, 'deep', { width, latents: 16, site: 'blocks.99.hook_resid_post' })
    expect(await refused(', features: [3]', 'dictionaries: { base: [deep] }')).toBe('hook-unknown')
    // A number asks for what is followed: without that there is nothing to steer, and nothing to refuse.
    expect(await refused(', features: 4', '')).toBe('nothing')
  })

  it('are left out with a warning where the dictionary that is followed is not of the residual stream', async () => {
    const path = await study(
      'elsewhere',
      'direction, features, steering',
      '',
      'dictionaries: { base: [mlp] }',
    )
    const plan = await planStudy(await readStudy(path), join(folder, 'none'), async (ref) => ref)
    expect(plan.warnings.join()).toMatch(/blocks\.1\.hook_mlp_out are not steered/)
    expect(plan.steps.some((s) => s.what.endsWith(': features'))).toBe(false)
  })
})
