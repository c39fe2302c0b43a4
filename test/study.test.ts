import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PalimpsestError } from '../src/core/errors.ts'
import { openGguf } from '../src/formats/gguf.ts'
import { openSafetensors } from '../src/formats/safetensors.ts'
import { writeSafetensors } from '../src/formats/safetensors-write.ts'
import { planStudy } from '../src/study/plan.ts'
import { type Results, readResults } from '../src/study/results.ts'
import { runStudy } from '../src/study/run.ts'
import { RunFolder } from '../src/study/run-folder.ts'
import { readStudy } from '../src/study/study-file.ts'
import { palimpsest } from './support/cli.ts'
import { withoutInterval } from './support/intervals.ts'
import { copyModel, studyText, writeStudyModel, writeStudyTexts } from './support/study-model.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'study-'))
  await writeStudyTexts(folder)
  await writeStudyModel(join(folder, 'base'))
  await copyModel(join(folder, 'base'), join(folder, 'same'))
  await writeStudyModel(join(folder, 'half'), { halve: true })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function study(name: string, models: string, extra = ''): Promise<string> {
  const path = join(folder, `${name}.yaml`)
  await writeFile(path, studyText(models, extra))
  return path
}

async function run(path: string, out: string, signal?: AbortSignal): Promise<Results> {
  return runStudy(await readStudy(path), {
    source: await readFile(path, 'utf8'),
    folder: join(folder, out),
    resolve: async (ref) => ref,
    command: ['test'],
    signal,
  })
}

async function refusal(promise: Promise<unknown>): Promise<PalimpsestError> {
  const error = await promise.then(
    () => undefined,
    (e: unknown) => e,
  )
  expect(error).toBeInstanceOf(PalimpsestError)
  return error as PalimpsestError
}

const value = (r: Results, claim: string, name: string, where: object = {}) =>
  r.claims
    .find((c) => c.id === claim)!
    .measures.find((m) => m.name === name && Object.entries(where).every(([k, v]) => m[k as 'name'] === v))!

describe('a study', () => {
  it('of a model and itself keeps everything: retention, ratios and cosines of exactly 1', async () => {
    const r = await run(await study('same', '{ base: base, aligned: same }'), 'runs/same')
    const aucs = (role: string): number[] =>
      r.claims[0]!.measures.filter((m) => m.name === 'auc' && m.model === role).map((m) => m.value)
    expect(aucs('aligned')).toEqual(aucs('base'))
    for (const m of r.claims[0]!.measures.filter((m) => m.name === 'retention')) {
      expect(m.value).toBe(1)
      expect(m.ci).toEqual([1, 1])
    }
    for (const m of r.claims[1]!.measures.filter((m) => /^r(atio.*|_prompt|_gap)$/.test(m.name)))
      expect(m.value).toBe(1)
    expect(value(r, 'direction', 'cosine_base_aligned').value).toBeCloseTo(1, 12)
    expect(value(r, 'compression', 'rendering_did').value).toBe(0)
    expect(r.claims[1]!.label).toBe('no compression')
  })

  it('of a model whose residual stream is halved finds a change of scale, not selective compression', async () => {
    const r = await run(await study('half', '{ base: base, aligned: half }'), 'runs/half')
    const compression = r.claims.find((c) => c.id === 'compression')!
    expect(compression.label).toBe('change of scale')
    expect(value(r, 'compression', 'r_prompt', { axis: 'base' }).value).toBeCloseTo(0.5, 5)
    expect(value(r, 'compression', 'ratio_gap_scaled', { axis: 'base' }).value).toBeCloseTo(1, 5)
    const auc = (model: string): number =>
      value(r, 'direction', 'auc', { model, estimator: 'logistic', pool: 'mean' }).value
    expect(auc('aligned')).toBeCloseTo(auc('base'), 2)
  })

  it('resumes at what is missing and ends with the same bytes', async () => {
    const path = await study('resumed', '{ base: base, aligned: same }')
    await run(path, 'runs/whole')
    const whole = await readFile(join(folder, 'runs/whole/results.json'), 'utf8')
    const stopper = new AbortController()
    const options = await readStudy(path)
    await expect(
      runStudy(options, {
        source: '',
        folder: join(folder, 'runs/cut'),
        resolve: async (ref) => ref,
        command: [],
        signal: stopper.signal,
        onProgress: (what, done) => {
          if (what.includes('prompts, raw') && done > 0) stopper.abort()
        },
      }),
    ).rejects.toThrow(/Stopped/)
    const before = await readdir(join(folder, 'runs/cut/steps'))
    await run(path, 'runs/cut')
    expect(await readFile(join(folder, 'runs/cut/results.json'), 'utf8')).toBe(whole)
    const steps = await readdir(join(folder, 'runs/cut/steps'))
    expect(steps).toEqual(expect.arrayContaining(before.filter((s) => !s.endsWith('.partial'))))
    expect(steps.filter((s) => s.endsWith('.partial'))).toEqual([])
    const plan = await planStudy(options, join(folder, 'runs/cut'), async (ref) => ref)
    expect(plan.steps.filter((s) => s.tokens > 0 && s.there !== undefined).every((s) => s.there)).toBe(true)
    const fresh = await planStudy(options, join(folder, 'runs/none'), async (ref) => ref)
    expect(fresh.steps.filter((s) => s.there === false).map((s) => s.what)).toContain(
      'harvest of base: texts',
    )
    expect(fresh.steps.find((s) => s.what === 'harvest of base: texts')!.tokens).toBe(24 * 8 * 10)
  })

  it('shares steps with another run where it is told to, and gives the same numbers', async () => {
    const path = await study('shared', '{ base: base, aligned: half }')
    const options = {
      source: '',
      resolve: async (ref: string) => ref,
      command: [],
      steps: join(folder, 'steps'),
    }
    const whats: string[] = []
    for (const name of ['shared-1', 'shared-2'])
      await runStudy(await readStudy(path), {
        ...options,
        folder: join(folder, 'runs', name),
        onProgress: (what) => {
          if (name === 'shared-2') whats.push(what)
        },
      })
    expect(whats.filter((w) => w.startsWith('harvest'))).toEqual([])
    const [a, b] = await Promise.all(
      ['shared-1', 'shared-2'].map((n) => readFile(join(folder, 'runs', n, 'results.json'), 'utf8')),
    )
    expect(b).toBe(a)
  })

  it('leaves tables, directions and control vectors that other tools read', async () => {
    const out = join(folder, 'runs/same')
    const results = await readResults(join(out, 'results.json'))
    const instance = await DuckDBInstance.create(join(out, 'study.duckdb'), { access_mode: 'READ_ONLY' })
    const connection = await instance.connect()
    const count = async (table: string): Promise<number> =>
      Number((await connection.runAndReadAll(`SELECT count(*) FROM ${table}`)).getRows()[0]![0])
    expect(await count('measures')).toBe(results.claims.reduce((n, c) => n + c.measures.length, 0))
    expect(await count('items')).toBe(192 + 48)
    expect(await count('projections')).toBe(2 * (192 + 2 * 48))
    connection.closeSync()
    instance.closeSync()
    using directions = openSafetensors(join(out, 'directions.safetensors'))
    const layers = results.models[0]!.layers
    expect(directions.tensors.has(`base/blocks.${layers - 1}.hook_resid_post/mean-difference`)).toBe(true)
    expect([...directions.tensors.keys()].filter((k) => k.endsWith('/logistic'))).toHaveLength(2)
    using vectors = openGguf(join(out, 'control-vectors/base.gguf'))
    expect(vectors.kv.get('general.architecture')).toBe('controlvector')
    expect([...vectors.tensors.keys()]).toEqual(
      Array.from({ length: layers - 1 }, (_, l) => `direction.${l + 1}`),
    )
    const manifest = JSON.parse(await readFile(join(out, 'manifest.json'), 'utf8'))
    expect(manifest.models[0].hash).toBe(results.models[0]!.hash)
  })

  it('samples answers, reads them, and gives a verdict with its inputs', async () => {
    const path = await study(
      'behaviour',
      '{ base: base, aligned: same }',
      'claims: [direction, compression, behaviour]\nbehaviour: { samples: 2, max_tokens: 8, personas: 1 }',
    )
    const r = await run(path, 'runs/behaviour')
    const claim = r.claims.find((c) => c.id === 'behaviour')!
    // A random model's answers carry nothing: the classifier must fail its gate, and the verdict with it.
    expect(claim.status).toBe('untestable')
    expect(claim.gates[0]!.passed).toBe(false)
    expect(r.verdict!.inputs['behaviour of aligned']).toBe('untestable')
    expect(['not measurable', 'undecided']).toContain(r.verdict!.label)
    for (const name of ['contrast', 'persona_contrast'])
      expect(value(r, 'behaviour', name, { model: 'aligned' }).value).toBe(
        value(r, 'behaviour', name, { model: 'base' }).value,
      )
  })

  it('measures directions of its own: a fitted one has cosine 1, a wrong shape is refused', async () => {
    await writeFile(
      join(folder, 'dirs.safetensors'),
      await readFile(join(folder, 'runs/same/directions.safetensors')),
    )
    const path = await study('own', '{ subject: base }', 'directions: dirs.safetensors')
    const r = await run(path, 'runs/own')
    const own = { estimator: 'base/blocks.2.hook_resid_post/mean-difference' }
    expect(value(r, 'direction', 'cosine_own', own).value).toBeCloseTo(1, 6)
    expect(withoutInterval(r)).toEqual([])
    expect(value(r, 'direction', 'auc', own).ci![0]).toBeGreaterThan(0.5)
    await writeSafetensors(join(folder, 'short.safetensors'), [
      { name: 'x', shape: [3], data: Float32Array.of(1, 2, 3) },
    ])
    const short = await study('short', '{ subject: base }', 'directions: short.safetensors')
    expect((await refusal(run(short, 'runs/own'))).code).toBe('directions-unusable')
  })

  it('of one model answers the first claim and says what it could not test', async () => {
    const r = await run(await study('one', '{ subject: base }'), 'runs/one')
    expect(r.claims.map((c) => c.id)).toEqual(['direction'])
    expect(r.warnings.join()).toMatch(/compression compares two models/)
  })
})

describe('a study refuses', () => {
  it('models of different shapes, tokenizers that disagree, too few groups, a folder in use', async () => {
    const changed = await copyModel(join(folder, 'base'), join(folder, 'retokenized'))
    const tokenizer = JSON.parse(await readFile(join(changed, 'tokenizer.json'), 'utf8'))
    tokenizer.model.vocab = { ...tokenizer.model.vocab, harbour: 30, lantern: 23 }
    await writeFile(join(changed, 'tokenizer.json'), JSON.stringify(tokenizer))
    const differ = await refusal(run(await study('r1', '{ base: base, aligned: retokenized }'), 'runs/r1'))
    expect(differ.code).toBe('tokenizers-differ')
    const shallow = await copyModel(join(folder, 'base'), join(folder, 'shallow'))
    const config = JSON.parse(await readFile(join(shallow, 'config.json'), 'utf8'))
    await writeFile(
      join(shallow, 'config.json'),
      JSON.stringify({ ...config, num_hidden_layers: config.num_hidden_layers - 1 }),
    )
    const shapes = await refusal(run(await study('r0', '{ base: base, aligned: shallow }'), 'runs/r0'))
    expect(shapes.code).toBe('models-differ')
    // Either way it is said which claims are left.
    for (const { message } of [differ, shapes])
      expect(message).toMatch(
        /alone[^\n]*claims direction, behaviour, geometry and identity are of one model/,
      )
    const path = await study('r2', '{ subject: base }', 'sites: { layers: [99] }')
    expect((await refusal(run(path, 'runs/r2'))).code).toBe('layer-unknown')
    await using _held = await RunFolder.open(join(folder, 'runs/held'))
    const used = await palimpsest([
      'run',
      await study('r3', '{ subject: base }'),
      '-o',
      join(folder, 'runs/held'),
    ])
    expect(used.code).toBe(1)
    expect(used.stderr).toMatch(/run-in-use[\s\S]*process \d+/)
  })
})
