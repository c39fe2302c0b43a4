import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PalimpsestError } from '../src/core/errors.ts'
import { buildReport } from '../src/report/build.ts'
import { type FeaturesRecord, readFeatures } from '../src/study/features-record.ts'
import { planStudy } from '../src/study/plan.ts'
import type { Results } from '../src/study/results.ts'
import { runStudy } from '../src/study/run.ts'
import { readStudy } from '../src/study/study-file.ts'
import { writeDictionary } from './support/dictionary.ts'
import { addControls, doctor, GONE, KEPT, THRESHOLDS, writeKnownDictionary } from './support/feature-study.ts'
import { withoutInterval } from './support/intervals.ts'
import { studyText, writeStudyModel, writeStudyTexts } from './support/study-model.ts'

const SITE = 'blocks.1.hook_resid_post'
let folder: string
let width: number
let results: Results
let record: FeaturesRecord

async function study(
  name: string,
  extra: string,
  models = '{ base: base, aligned: silenced }',
): Promise<string> {
  const path = join(folder, `${name}.yaml`)
  await writeFile(path, studyText(models, `claims: [direction, features]\nsites: { layers: [1] }\n${extra}`))
  return path
}

async function run(path: string, out: string): Promise<Results> {
  return runStudy(await readStudy(path), {
    source: await readFile(path, 'utf8'),
    folder: join(folder, out),
    resolve: async (ref) => ref,
    command: ['test'],
  })
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'features-'))
  const { prompts } = await writeStudyTexts(folder)
  await addControls(prompts)
  const plain = await writeStudyModel(join(folder, 'plain'))
  await doctor(plain, join(folder, 'base'))
  await doctor(plain, join(folder, 'silenced'), { silence: true })
  width = JSON.parse(await readFile(join(plain, 'config.json'), 'utf8')).hidden_size
  await writeKnownDictionary(folder, width, SITE)
  results = await run(await study('silence', 'dictionaries: { base: [known] }'), 'runs/silence')
  record = (await readFeatures(join(folder, 'runs/silence/features.json')))!
}, 120_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

const latents = (channel: number): number[] =>
  THRESHOLDS.map((_, k) => 2 * width + 2 * k + (channel === GONE ? 0 : 1))
const of = (feature: number) => record.features.find((f) => f.feature === feature)

describe('claim features', () => {
  it('finds what was silenced by construction, and what was not', () => {
    for (const f of latents(GONE)) expect([f, of(f)?.label]).toEqual([f, 'dormant'])
    for (const f of latents(KEPT)) expect([f, of(f)?.label]).toEqual([f, 'active'])
    // The channel's mean alone would make a feature without a threshold fire: that is a shift.
    expect(of(GONE)?.label).toBe('shifted')
    expect(of(KEPT)?.label).toBe('active')
    for (const f of record.features.filter((f) => f.set === 'control')) expect(f.label).not.toBe('dormant')
    const claim = results.claims.find((c) => c.id === 'features')!
    expect([claim.status, claim.label]).toEqual(['supported', 'dormant'])
    expect(withoutInterval(results)).toEqual([])
    expect(claim.gates.every((g) => g.passed)).toBe(true)
  })

  it('gives rates, margins and content that are those of the prompts', () => {
    for (const f of latents(GONE)) {
      const { base, aligned, n, control_rate, margin_base, margin_aligned } = of(f)!
      expect(n).toBe(24)
      expect(base.fired).toBeGreaterThan(15)
      expect(aligned.fired).toBe(0)
      expect(control_rate).toBe(0)
      const share = THRESHOLDS[(f - 2 * width) / 2]!
      expect(margin_base).toBeCloseTo(4 * (1 - share), 4)
      expect(margin_aligned).toBeCloseTo(-4 * share, 4)
    }
    expect(record.dictionaries[0]!.tests[0]!.silent_are).toBe('not seen')
    expect(record.dictionaries[0]!.ref).toBe('known')
  })

  it('leaves cards: contexts at the words that fire, tokens, a histogram', () => {
    const card = record.features.find((f) => f.feature === latents(GONE)[0] && f.card !== undefined)?.card
    const cards = record.features.filter((f) => f.card !== undefined)
    expect(cards).toHaveLength(12)
    const { contexts, histogram, promoted } = card ?? cards[0]!.card!
    expect(contexts).toHaveLength(5)
    for (const c of contexts) {
      c.base.forEach((v, t) => {
        if (v > 0)
          expect(
            'harbour lantern violet meadow copper willow granite falcon amber orchard silver maple',
          ).toContain(c.tokens[t]!.trim())
      })
      expect(c.tokens).toHaveLength(c.aligned.length)
    }
    expect(cards[0]!.card!.dashboard).toBe(`https://www.neuronpedia.org/tiny/1-known/${cards[0]!.feature}`)
    expect(cards[0]!.label).toBe('dormant')
    expect(promoted).toHaveLength(8)
    expect(promoted[0]!.weight).toBeGreaterThanOrEqual(promoted[1]!.weight)
    expect(histogram.base.reduce((a, b) => a + b)).toBeGreaterThan(0)
  })

  it('fills the store and the report', async () => {
    const out = join(folder, 'runs/silence')
    const instance = await DuckDBInstance.create(join(out, 'study.duckdb'), { access_mode: 'READ_ONLY' })
    const connection = await instance.connect()
    const rows = await connection.runAndReadAll(
      "SELECT label, count(*) FROM features WHERE set = 'policy' GROUP BY label",
    )
    expect(Object.fromEntries(rows.getRows().map(([l, n]) => [l, Number(n)]))).toMatchObject({
      dormant: 6,
      shifted: 1,
    })
    connection.closeSync()
    instance.closeSync()
    const html = await readFile(await buildReport(out), 'utf8')
    expect(html).toContain('id="features"')
  })

  it('is made of steps: the same run again computes nothing and says the same', async () => {
    const steps = await readdir(join(folder, 'runs/silence/steps'))
    const before = await readFile(join(folder, 'runs/silence/features.json'), 'utf8')
    const again = await run(join(folder, 'silence.yaml'), 'runs/silence')
    expect(again).toEqual(results)
    expect(await readFile(join(folder, 'runs/silence/features.json'), 'utf8')).toBe(before)
    expect((await readdir(join(folder, 'runs/silence/steps'))).sort()).toEqual(steps.sort())
  })

  it('names its dictionaries in the manifest', async () => {
    const manifest = JSON.parse(await readFile(join(folder, 'runs/silence/manifest.json'), 'utf8'))
    expect(manifest.dictionaries).toMatchObject([{ of: 'base', site: SITE, format: 'SAELens' }])
    expect(manifest.dictionaries[0].hash).toMatch(/^[0-9a-f]{64}$/)
  })

  it('is counted by plan, and what is there is found', async () => {
    const { steps } = await planStudy(
      await readStudy(join(folder, 'silence.yaml')),
      join(folder, 'runs/silence'),
      async (ref) => ref,
    )
    const control = steps.filter((s) => s.what.endsWith('control prompts'))
    expect(control.map((s) => s.there)).toEqual([true, true])
    const own = steps.filter((s) => s.what.includes('self-test of '))
    expect(own).toHaveLength(2)
    expect(own[0]!.tokens).toBe(2 * (192 + 2 * 48) * 10)
  })

  it('a mere change of scale silences, and is called shifted, never dormant', async () => {
    await doctor(await writeStudyModel(join(folder, 'half'), { halve: true }), join(folder, 'halved'), {
      halved: true,
    })
    const r = await run(
      await study('scale', 'dictionaries: { base: [known] }', '{ base: base, aligned: halved }'),
      'runs/scale',
    )
    const found = (await readFeatures(join(folder, 'runs/scale/features.json')))!.features
    for (const f of [...latents(GONE), ...latents(KEPT)])
      expect([f, found.find((x) => x.feature === f)?.label]).toEqual([f, 'shifted'])
    expect(found.filter((f) => f.label === 'dormant' || f.label === 'new')).toEqual([])
    expect(r.claims.find((c) => c.id === 'features')!.status).toBe('contradicted')
  })

  it('selects features of a dictionary of aligned there: what base lacks is new, also in chats', async () => {
    const path = await study(
      'reverse',
      'dictionaries: { base: [known], aligned: [{ ref: known }] }',
      '{ base: silenced, aligned: base }',
    )
    await writeFile(path, (await readFile(path, 'utf8')).replace('render: [raw, chat]', 'render: chat'))
    const r = await run(path, 'runs/reverse')
    const found = (await readFeatures(join(folder, 'runs/reverse/features.json')))!
    expect(found.dictionaries.map((d) => [d.ref, d.of])).toEqual([
      ['known (0)', 'base'],
      ['known (1)', 'aligned'],
    ])
    const label = (dictionary: string, f: number) =>
      found.features.find((x) => x.dictionary === dictionary && x.feature === f && x.set === 'policy')?.label
    for (const f of latents(GONE))
      expect([label('known (0)', f), label('known (1)', f)]).toEqual([undefined, 'new'])
    for (const f of latents(KEPT)) expect(label('known (0)', f)).toBe('active')
    expect(r.claims.find((c) => c.id === 'features')!.label).toBe('active') // those of base decide
  })

  it('between a model and itself everything is active', async () => {
    const r = await run(
      await study('same', 'dictionaries: { base: [known] }', '{ base: base, aligned: base }'),
      'runs/same',
    )
    const claim = r.claims.find((c) => c.id === 'features')!
    expect([claim.status, claim.label]).toEqual(['contradicted', 'active'])
  })

  it('is untestable where the dictionary does not fit, and refuses what cannot be used', async () => {
    await writeDictionary(folder, 'noise', { width, latents: 64, site: SITE })
    const r = await run(await study('noise', 'dictionaries: { base: [noise] }'), 'runs/noise')
    const claim = r.claims.find((c) => c.id === 'features')!
    expect(claim.status).toBe('untestable')
    expect(claim.gates.find((g) => g.name.startsWith('dictionary FVU, base'))?.passed).toBe(false)
    const refused = async (extra: string): Promise<string> =>
      run(await study('bad', extra), 'runs/bad').then(
        () => 'nothing',
        (e: PalimpsestError) => e.code,
      )
    expect(await refused('')).toBe('dictionaries-missing')
    await writeDictionary(folder, 'narrow', { width: width - 1, latents: 8, site: SITE })
    expect(await refused('dictionaries: { base: [narrow] }')).toBe('dictionary-model')
    await writeDictionary(folder, 'elsewhere', { width, latents: 8, site: 'blocks.99.hook_resid_post' })
    expect(await refused('dictionaries: { base: [elsewhere] }')).toBe('hook-unknown')
  })
})
