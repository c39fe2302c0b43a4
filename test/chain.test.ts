import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { byRun } from '../src/report/figures/by-run.ts'
import { NARROW, WIDE } from '../src/report/figures/svg.ts'
import { readChain } from '../src/study/chain.ts'
import { readResults } from '../src/study/results.ts'
import { palimpsest } from './support/cli.ts'
import { markupFaults } from './support/markup.ts'
import { studyText, writeStudyModel, writeStudyTexts } from './support/study-model.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chain-'))
  await writeStudyTexts(folder)
  await writeStudyModel(join(folder, 'base'))
  await writeStudyModel(join(folder, 'half'), { halve: true })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

it('runs each stage against base, shares what they have in common, and shows the measure by stage', async () => {
  const path = join(folder, 'study.yaml')
  const out = join(folder, 'out')
  await writeFile(path, studyText('{ base: base, stages: { first: base, second: half } }'))

  const planned = JSON.parse((await palimpsest(['plan', path, '--json', '-o', out])).stdout) as {
    steps: { what: string; there?: boolean | 'earlier' }[]
  }
  // The first stage is base itself, so that it leaves all harvests but the second's.
  const harvests = planned.steps.filter((s) => s.what.includes('harvest of aligned: texts'))
  expect(harvests.map((s) => [s.what.split(':')[0], s.there])).toEqual([
    ['first', 'earlier'],
    ['second', false],
  ])

  const ran = await palimpsest(['run', path, '--json', '-o', out])
  expect([ran.code, ran.stderr.includes('error')]).toEqual([0, false])
  const { stages } = JSON.parse(ran.stdout) as { stages: { stage: string; folder: string }[] }
  expect(stages.map((s) => s.stage)).toEqual(['first', 'second'])
  expect(ran.stderr.match(/harvest of base: texts/g)).toHaveLength(1)
  const [first, second] = await Promise.all(stages.map((s) => readResults(join(s.folder, 'results.json'))))
  const ratio = (r: typeof first): number =>
    r!.claims.find((c) => c.id === 'compression')!.measures.find((m) => m.name === 'r_prompt')!.value
  expect(ratio(first)).toBe(1)
  expect(ratio(second)).toBeCloseTo(0.5, 6)

  const page = await readFile(join(out, 'report.html'), 'utf8')
  expect(markupFaults(page)).toEqual([])
  expect(page).toContain('href="stages/first/report.html"')
  expect(page).toContain('stage by stage')
  expect(existsSync(join(out, 'stages', 'second', 'report.html'))).toBe(true)

  const compared = await palimpsest(['compare', out, '--json'])
  expect((JSON.parse(compared.stdout) as { runs: { label: string }[] }).runs.map((r) => r.label)).toEqual([
    'first',
    'second',
  ])
  expect((await palimpsest(['report', out])).stdout.trim()).toBe(join(out, 'report.html'))
  // The same stage as a study of its own says the same.
  const alone = join(folder, 'alone')
  await writeFile(path, studyText('{ base: base, aligned: half }'))
  expect((await palimpsest(['run', path, '-o', alone])).code).toBe(0)
  const { claims } = await readResults(join(alone, 'results.json'))
  expect(claims).toEqual(second!.claims)
})

it('refuses a record of a chain that leads elsewhere or is cut', async () => {
  const write = (text: string): Promise<void> => writeFile(join(folder, 'chain.json'), text)
  const stages = (other: string): string =>
    JSON.stringify({
      format: 1,
      study: 'a',
      stages: [
        { name: 'a', folder: 'stages/a' },
        { name: 'b', folder: other },
      ],
    })
  expect(await readChain(join(folder, 'base'))).toBeUndefined()
  await write(stages('stages/b'))
  expect((await readChain(folder))?.stages).toHaveLength(2)
  for (const text of [
    stages('../../etc'),
    stages('/etc'),
    stages('stages/..'),
    '{"format": 1',
    '{"format": 2}',
  ]) {
    await write(text)
    await expect(readChain(folder)).rejects.toMatchObject({ code: 'chain-malformed' })
  }
})

it('draws measures by run with the bars that decide, and nothing where no two runs measured the same', () => {
  const m = (value: number, ci?: [number, number]) => ({
    name: 'retention',
    value,
    n: 3,
    ...(ci ? { ci } : {}),
  })
  const row = { name: 'retention', model: 'aligned', values: [m(1, [0.9, 1.1]), undefined, m(0.3)] }
  for (const width of [WIDE, NARROW] as const) {
    const svg = byRun(
      ['sft', 'dpo', 'a stage with a long name'],
      [row],
      { retained: 0.5, lost: 0.25 },
      width,
    )!
    expect(svg).toContain('>lost<')
    expect(svg).toContain('dpo not measured')
    expect(svg).toContain('0.3')
  }
  expect(byRun(['a', 'b'], [{ ...row, values: [m(1), undefined] }], {}, WIDE)).toBeUndefined()
  expect(byRun(['a', 'b'], [{ ...row, model: 'base', values: [m(1), m(1)] }], {}, WIDE)).toBeUndefined()
})
