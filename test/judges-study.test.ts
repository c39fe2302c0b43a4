import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildReport } from '../src/report/build.ts'
import { planStudy } from '../src/study/plan.ts'
import type { Results } from '../src/study/results.ts'
import { runStudy } from '../src/study/run.ts'
import { readStudy } from '../src/study/study-file.ts'
import { JudgeServer } from './support/judge-server.ts'
import { writeStudyDomain } from './support/study-domain.ts'
import { studyText, writeStudyModel, writeStudyTexts } from './support/study-model.ts'

const KEY = 'sk-study-secret-987654321'
let folder: string
let server: JudgeServer
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'judged-study-'))
  server = await JudgeServer.start()
  await writeStudyTexts(folder)
  await writeStudyDomain(folder)
  await writeStudyModel(join(folder, 'base'))
  // Each text in its own way, whatever the order of the sides.
  server.say = ({ text }) => JSON.stringify({ answer: ['1', '2', 'neither'][text.length % 3] })
})
afterAll(async () => {
  delete process.env.TEST_JUDGE_KEY
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

async function study(name: string): Promise<string> {
  const path = join(folder, `${name}.yaml`)
  const text = studyText(
    '{ subject: base }',
    `domain: ./domain.json
claims: [direction, behaviour]
baselines: { random_model: false }
behaviour: { samples: 2, persona_samples: 1, personas: 1, max_tokens: 8 }
judging: { texts: 40 }
judges:
  - { name: one, url: "${server.url}", model: m1, key: TEST_JUDGE_KEY, price: { in: 1, out: 4 } }
  - { name: two, url: "${server.url}", model: m2 }`,
  ).replace('[raw, chat]', 'raw')
  await writeFile(path, text)
  return path
}
async function run(name: string, out: string, stopAt?: number): Promise<Results> {
  const path = await study(name)
  const stopper = new AbortController()
  return runStudy(await readStudy(path), {
    source: await readFile(path, 'utf8'),
    folder: join(folder, out),
    resolve: async (ref) => ref,
    command: ['test'],
    signal: stopper.signal,
    onProgress: (what, done) => {
      if (what.startsWith('judge') && done === stopAt) stopper.abort()
    },
  })
}

describe('a study with judges', () => {
  it('is refused before anything is run where a key is not in the environment', async () => {
    await expect(run('judged', 'runs/none')).rejects.toMatchObject({ code: 'judge-key' })
    await expect(stat(join(folder, 'runs/none'))).rejects.toThrow()
    expect(server.requests).toEqual([])
  })

  it('says beforehand what will be asked, and asks nothing', async () => {
    const plan = await planStudy(await readStudy(await study('judged')), join(folder, 'none'), async (r) => r)
    const rows = plan.steps.filter((s) => s.what.startsWith('judge '))
    expect(rows.map((s) => s.texts)).toEqual([40, 40])
    expect(rows[0]!.what).toMatch(
      /^judge one at 127\.0\.0\.1:\d+: at most 40 calls, about \d+ tokens in and 400 out, 0\.\d\d at its prices$/,
    )
    expect(rows[1]!.what).not.toMatch(/prices/)
    expect(server.requests).toEqual([])
  })

  it('is stopped and goes on; records, tables and report have what judges said, and no file has the key', async () => {
    process.env.TEST_JUDGE_KEY = KEY
    await expect(run('judged', 'runs/judged', 10)).rejects.toMatchObject({ code: 'interrupted' })
    const before = server.requests.length
    expect(before).toBeLessThan(40)
    const results = await run('judged', 'runs/judged')
    // What was on its way when the run was stopped is asked again: no more than the four of each judge.
    expect(server.requests.length).toBeLessThanOrEqual(80 + 8)
    const [one, two] = results.judges!.judges
    expect(one).toMatchObject({ name: 'one', asked: 40, testable: true, bad_share: 0 })
    expect(one!.cost).toBeCloseTo((one!.tokens_in! + 4 * one!.tokens_out!) / 1e6, 12)
    expect(two!.cost).toBeNull()
    const kappa = results.judges!.measures.find((m) => m.name === 'judge_kappa')!
    // The same question to both gives the same answer but for the length of the model's name, which is the same.
    expect(kappa.value).toBe(1)
    const instance = await DuckDBInstance.create(join(folder, 'runs/judged/study.duckdb'))
    const connection = await instance.connect()
    const reader = await connection.runAndReadAll(
      'SELECT judge, count(*)::INT AS n FROM judgements GROUP BY judge ORDER BY judge',
    )
    expect(reader.getRowObjectsJS()).toEqual([
      { judge: 'one', n: 40 },
      { judge: 'two', n: 40 },
    ])
    connection.closeSync()
    instance.closeSync()
    expect(await readFile(await buildReport(join(folder, 'runs/judged')), 'utf8')).toContain(
      '<section id="judges"',
    )
    for (const f of await readdir(join(folder, 'runs'), { recursive: true, withFileTypes: true }))
      if (f.isFile()) expect((await readFile(join(f.parentPath, f.name))).includes(KEY)).toBe(false)
    expect(server.requests.filter((r) => r.headers.authorization === `Bearer ${KEY}`).length).toBeGreaterThan(
      0,
    )
    expect(server.requests.filter((r) => r.body.model === 'm2' && r.headers.authorization)).toEqual([])
  }, 120_000)
})
