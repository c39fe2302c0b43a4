import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { renderReport } from '../src/report/page.ts'
import { keptTo, preregister, readPreregistration } from '../src/study/preregistration.ts'
import type { Claim, Results } from '../src/study/results.ts'
import { readResults } from '../src/study/results.ts'
import { readStudy } from '../src/study/study-file.ts'
import { palimpsest } from './support/cli.ts'
import { studyText, writeStudyModel, writeStudyTexts } from './support/study-model.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'compare-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const claim = (id: Claim['id'], label: string, measures: Claim['measures'] = []): Claim => ({
  id,
  status: 'supported',
  label,
  words: 'words',
  gates: [],
  measures,
})

async function writeRun(name: string, claims: Claim[], change: Partial<Results> = {}): Promise<string> {
  const path = join(folder, name)
  await mkdir(path, { recursive: true })
  const model = { ref: `/models/${name}`, family: 'llama', layers: 4, width: 64, precision: 'f32' }
  const results: Results = {
    format: 1,
    study: name,
    domain: 'us-partisan',
    models: [{ role: 'base', ...model, hash: name }],
    claims,
    warnings: [],
    thresholds: { retained: 0.5 },
    seed: 1,
    ...change,
  }
  await writeFile(join(path, 'results.json'), JSON.stringify(results))
  return path
}

const retention = (value: number): Claim['measures'][number] => ({
  name: 'retention',
  model: 'aligned',
  value,
  ci: [value - 0.1, value + 0.1],
  n: 10,
})

describe('palimpsest compare', () => {
  it('shows answers and numbers side by side, what differs, and writes one page', async () => {
    const index = (condition: string, value: number): Claim['measures'][number] => ({
      name: 'stance_index',
      model: 'aligned',
      condition,
      value,
      n: 24,
    })
    const sft = await writeRun('sft', [
      claim('direction', 'retained', [retention(0.91)]),
      claim('identity', 'reactivated', [
        index('B less A, implied, user', 0.1),
        index('B less A, stated, user', 0.77),
      ]),
    ])
    const dpo = await writeRun('dpo<b>', [claim('direction', 'lost', [retention(0.12)])], {
      thresholds: { retained: 0.4 },
    })
    const page = join(folder, 'page.html')
    const ran = await palimpsest(['compare', sft, dpo, '-o', page])
    expect(ran.stderr).toBe('')
    expect(ran.code).toBe(0)
    expect(ran.stdout).toMatch(/direction +supported \(retained\) +supported \(lost\)/)
    expect(ran.stdout).toMatch(/identity +supported \(reactivated\) +-/)
    expect(ran.stdout).toMatch(/0\.910 \(0\.810 to 1\.010\)|0\.91 \(0\.81 to 1\.01\)/)
    expect(ran.stdout).toMatch(/differs: retained +0\.5 +0\.4/)
    const html = await readFile(page, 'utf8')
    expect(html).toContain('value="0.77"')
    expect(html).not.toContain('value="0.1"') // the cell that decides stands for the factorial
    expect(html).toContain('dpo&lt;b&gt;')
    expect(html.replaceAll('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(
      /<script|https?:\/\/|<b>&|dpo<b>/,
    )
    const json = JSON.parse((await palimpsest(['compare', sft, dpo, '--json'])).stdout)
    expect(json.claims[0].answers.map((a: { label: string }) => a.label)).toEqual(['retained', 'lost'])
    expect(json.measures.find((m: { name: string }) => m.name === 'stance_index').values[0].value).toBe(0.77)
  })

  it('refuses what cannot be compared, and leaves no page', async () => {
    const one = await writeRun('one', [claim('direction', 'exists')])
    const other = await writeRun('other', [claim('behaviour', 'neutral')])
    const page = join(folder, 'none.html')
    for (const [runs, code] of [
      [[one], 'compare-few'],
      [[one, `${one}/../one`], 'compare-twice'],
      [[one, other], 'compare-nothing'],
      [[one, folder], 'results-missing'],
    ] as const) {
      const ran = await palimpsest(['compare', ...runs, '-o', page])
      expect(ran.code).toBe(2)
      expect(ran.stderr).toContain(`[${code}]`)
    }
    expect(existsSync(page)).toBe(false)
  })
})

describe('palimpsest plan --preregister', () => {
  it('writes once, is found beside the study, and the run says whether it was kept', async () => {
    await writeStudyTexts(folder)
    await writeStudyModel(join(folder, 'base'))
    const study = join(folder, 'registered.yaml')
    const text = studyText(
      '{ subject: base }',
      'claims: [direction]\nsites: { layers: [1] }\nbaselines: { random_model: false }',
    ).replace('[raw, chat]', 'raw')
    await writeFile(study, text)
    const first = await palimpsest(['plan', '--preregister', study])
    expect(first.code).toBe(0)
    const file = join(folder, 'registered.preregistration.json')
    const record = await readPreregistration(file)
    expect(first.stdout).toContain(record.hash)
    expect(Object.keys(record.hypotheses)).toEqual(['direction'])
    expect((await palimpsest(['plan', '--preregister', study])).stderr).toContain('[preregistration-exists]')

    const kept = await palimpsest(['run', study, '-o', join(folder, 'kept')])
    expect(kept.code).toBe(0)
    expect(kept.stdout).toMatch(/preregistration of .*: kept/)
    // Another bar and more draws: named by key, in results, manifest and report.
    await writeFile(study, `${text}\nthresholds: { excess_auc: 0.1 }\n`)
    const moved = await palimpsest(['run', study, '-o', join(folder, 'kept')])
    expect(moved.stdout).toContain('not kept: thresholds.excess_auc was 0.02, is 0.1')
    const results = await readResults(join(folder, 'kept/results.json'))
    expect(results.preregistration).toMatchObject({
      hash: record.hash,
      kept: false,
      differences: [{ key: 'thresholds.excess_auc', registered: '0.02', run: '0.1' }],
    })
    const manifest = JSON.parse(await readFile(join(folder, 'kept/manifest.json'), 'utf8'))
    expect(manifest.preregistration).toEqual(results.preregistration)
    const page = renderReport({ results, manifest, projections: [] })
    expect(page).toContain('did not keep to its preregistration')
    expect(page).toContain('thresholds.excess_auc')

    // What was changed by hand is refused before anything is run.
    const altered = JSON.parse(await readFile(file, 'utf8'))
    altered.registered.thresholds.excess_auc = 0.1
    await writeFile(file, JSON.stringify(altered))
    const refused = await palimpsest(['run', study, '-o', join(folder, 'refused')])
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain('[preregistration-altered]')
    expect(existsSync(join(folder, 'refused'))).toBe(false)
    await writeFile(file, '{"format": 1}')
    expect((await palimpsest(['run', study])).stderr).toContain('[preregistration-invalid]')
  })

  it('counts what decides, not where things lie or on what they run', async () => {
    await mkdir(join(folder, 'elsewhere'), { recursive: true })
    const here = join(folder, 'a.yaml')
    const there = join(folder, 'elsewhere', 'b.yaml')
    await writeFile(here, studyText('{ subject: base }'))
    await writeFile(
      there,
      studyText('{ subject: ../base }', 'device: cpu').replace('threads: 1', 'threads: 2'),
    )
    const record = preregister(await readStudy(here), new Date(0))
    expect(keptTo(record, await readStudy(there)).kept).toBe(true)
    expect(preregister(await readStudy(there), new Date(1)).hash).toBe(record.hash)
    await writeFile(there, studyText('{ subject: ../base }').replace('repeats: 1', 'repeats: 2'))
    expect(keptTo(record, await readStudy(there)).differences).toEqual([
      { key: 'repeats', registered: '1', run: '2' },
    ])
  })
})
