import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { planStudy } from '../src/study/plan.ts'
import type { Claim, Results } from '../src/study/results.ts'
import { runStudy } from '../src/study/run.ts'
import { readStudy } from '../src/study/study-file.ts'
import { withoutInterval } from './support/intervals.ts'
import { writeStudyDomain } from './support/study-domain.ts'
import { copyModel, studyText, writeStudyModel, writeStudyTexts } from './support/study-model.ts'

const SMALL =
  'identity: { questions: 6, controls: 3, wordings: 1, biographies: 1, text_questions: 2, max_tokens: 8, nats: [0.02], scales: [2], random_questions: 2, fit_questions: 1 }'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'identity-'))
  await writeStudyTexts(folder)
  await writeStudyDomain(folder)
  await knowMarks(await writeStudyModel(join(folder, 'base')))
  await copyModel(join(folder, 'base'), join(folder, 'same'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Gives the tokenizer the marks of the domain: in chats every token is looked for in its text. */
async function knowMarks(model: string): Promise<void> {
  const path = join(model, 'tokenizer.json')
  const tokenizer = JSON.parse(await readFile(path, 'utf8'))
  const { vocab } = tokenizer.model
  const text = await readFile(join(folder, 'domain.json'), 'utf8')
  const marks = new Set(text.match(/[^\w\s"\\]/g))
  marks.add('"')
  for (const mark of marks) vocab[mark] = Object.keys(vocab).length
  await writeFile(path, JSON.stringify(tokenizer))
}

async function run(
  name: string,
  render: string,
  models: string,
): Promise<{ results: Results; claim: Claim }> {
  const path = join(folder, `${name}.yaml`)
  const text = studyText(
    models,
    `domain: ./domain.json\nsites: { layers: [1, 2] }\nbaselines: { random_model: false }\nclaims: [direction, identity]\n${SMALL}\n`,
  ).replace('render: [raw, chat]', `render: ${render}`)
  await writeFile(path, text)
  const results = await runStudy(await readStudy(path), {
    source: await readFile(path, 'utf8'),
    folder: join(folder, 'runs', name),
    resolve: async (ref) => ref,
    command: ['test'],
  })
  return { results, claim: results.claims.find((c) => c.id === 'identity')! }
}

describe('claim identity in a study', () => {
  it('finds the same in a model and its copy, in both slots of a chat', async () => {
    const { results, claim } = await run('chat', 'chat', '{ base: base, aligned: same }')
    const of = (model: string) =>
      claim.measures
        .filter((m) => m.model === model && !m.name.endsWith('_index') && m.name !== 'classifier_auc')
        .map(({ model: _, ...m }) => m)
    expect(of('aligned')).toEqual(of('base'))
    const conditions = claim.measures.filter((m) => m.name === 'stance_contrast').map((m) => m.condition)
    expect(new Set(conditions)).toEqual(
      new Set(['stated', 'implied'].flatMap((f) => ['system', 'user'].map((s) => `B less A, ${f}, ${s}`))),
    )
    for (const index of claim.measures.filter((m) => m.name === 'stance_index')) expect(index.value).toBe(1)
    expect(results.verdict!.inputs.identity).toBe(claim.label)
    expect(withoutInterval(results)).toEqual([])
    const plan = await planStudy(
      await readStudy(join(folder, 'chat.yaml')),
      join(folder, 'none'),
      async (r) => r,
    )
    const planned = plan.steps.filter((step) => step.what.startsWith('identity of base: '))
    expect(planned.map((step) => step.what.split(': ')[1])).toEqual([
      'stances',
      'projections and biographies',
      'doses',
      'arms',
      'answers',
    ])
    for (const step of planned) expect(step.seconds).toBeGreaterThan(0)
    // Five identities, stated and implied, in two slots: six policy questions and three facts each.
    expect(planned[0]!.texts).toBe(5 * 2 * 2 * (6 + 3))
    const user = claim.measures.find((m) => m.name === 'user_auc')!
    expect([user.groups, user.n]).toEqual([12, 12])
    expect(claim.measures.filter((m) => m.name === 'amplified_contrast')).toHaveLength(2)
    expect(claim.measures.find((m) => m.name === 'amplified_gain')!.null!.draws).toBe(20)
    expect(claim.measures.find((m) => m.name === 'mediation_drop')!.null!.draws).toBe(20)
    const scaled = claim.measures.filter((m) => m.name === 'scaled_contrast' && m.model === 'base')
    expect(scaled[0]!.value).not.toBe(scaled[1]!.value)
    const pools = claim.measures.filter((m) => m.name === 'projection_contrast').map((m) => m.pool)
    expect(new Set(pools)).toEqual(new Set(['last_content', 'last_template']))
  })

  it('has no system slot in raw rendering, says so, and resumes to the same record', async () => {
    const first = await run('raw', 'raw', '{ subject: base }')
    expect(first.claim.words).toContain('There is no system slot')
    expect(first.claim.measures.some((m) => m.condition?.endsWith('system'))).toBe(false)
    expect(first.claim.measures.filter((m) => m.name === 'length_gap')).toHaveLength(2)
    const steps = join(folder, 'runs/raw/steps')
    for (const name of await readdir(steps))
      if (/^(claim-identity|completion-odds)/.test(name)) await rm(join(steps, name), { recursive: true })
    const again = await run('raw', 'raw', '{ subject: base }')
    expect(again.results).toEqual(first.results)
  })
})
