import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { writeStudyModel } from '../../test/support/study-model.ts'
import { generate, loadModel, type Model } from '../model/index.ts'
import { add, type Positions } from '../model/interventions.ts'
import { RunFolder } from './run-folder.ts'
import { parts, steeredTexts } from './steered-texts.ts'

let folder: string
let model: Model
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'steered-texts-'))
  await writeStudyModel(join(folder, 'model'))
  model = await loadModel(join(folder, 'model'), { precision: 'f32', threads: 1, device: 'cpu' })
})
afterAll(async () => {
  model[Symbol.dispose]()
  await rm(folder, { recursive: true, force: true })
})

it('cuts a list into parts', () => {
  expect(parts([1, 2, 3, 4, 5], [2, 0, 3])).toEqual([[1, 2], [], [3, 4, 5]])
})

const SITE = 'blocks.0.hook_resid_post'
const axis = (i: number): Float32Array =>
  Float32Array.from({ length: model.architecture.width }, (_, j) => (i === j ? 1 : 0))
const arm = (i: number, size: number) => ({ id: `axis-${i}`, op: 'add' as const, vector: axis(i), size })
const prompts = () =>
  ['the town road', 'water and bread', 'harbour falcon more less'].map((text, i) => ({
    id: `p${i}`,
    tokens: model.tokenizer.encode(text),
  }))
const place = (positions: Positions) => ({
  key: { hash: 'x' } as never,
  site: SITE,
  open: async () =>
    loadModel(join(folder, 'model'), { precision: 'f32' as const, threads: 1, device: 'cpu' as const }),
  architecture: model.architecture,
  positions,
})

it('writes under many arms in one batch what each arm writes alone', async () => {
  const { width } = model.architecture
  const arms = [
    { id: 'plain', arm: undefined, prompts: prompts() },
    ...Array.from({ length: 30 }, (_, i) => ({
      id: `a${i}`,
      arm: arm(i % width, i < 3 ? 0 : 2 * i),
      prompts: prompts(),
    })),
  ]
  await using run = await RunFolder.open(join(folder, 'run'))
  const { texts } = await steeredTexts(run, place('all'), arms, { maxTokens: 8, seed: 3 })
  expect(texts.map((t) => t.length)).toEqual(arms.map(() => 3))
  for (const [k, a] of arms.entries()) {
    const alone = await generate(model, prompts(), {
      maxTokens: 8,
      temperature: 1,
      seed: 3,
      interventions: a.arm === undefined ? [] : [add({ site: SITE, vector: a.arm.vector, dose: a.arm.size })],
    })
    expect(texts[k]!.map((t) => t.tokens)).toEqual(alone.texts.map((t) => t.tokens))
  }
  // Nothing added, nothing changed, on the same random numbers; and a strong push says something else.
  expect(texts[1]!.map((t) => t.tokens)).toEqual(texts[0]!.map((t) => t.tokens))
  expect(texts[30]!.map((t) => t.tokens)).not.toEqual(texts[0]!.map((t) => t.tokens))
})

it.each(['prompt', 'generated', 'last'] as const)(
  'steers no other tokens than those at %s',
  async (positions) => {
    const arms = [{ id: 'strong', arm: arm(5, 40), prompts: prompts() }]
    const options = { maxTokens: 8, temperature: 1, seed: 3 }
    await using run = await RunFolder.open(join(folder, positions))
    const { texts } = await steeredTexts(run, place(positions), arms, { maxTokens: 8, seed: 3 })
    const alone = await generate(model, prompts(), {
      ...options,
      interventions: [add({ site: SITE, vector: axis(5), dose: 40, positions })],
    })
    expect(texts[0]!.map((t) => t.tokens)).toEqual(alone.texts.map((t) => t.tokens))
    // In one folder they are steps of their own, and what is steered throughout is another text.
    const all = await steeredTexts(run, place('all'), arms, { maxTokens: 8, seed: 3 })
    expect(all.texts[0]!.map((t) => t.tokens)).not.toEqual(texts[0]!.map((t) => t.tokens))
  },
)
