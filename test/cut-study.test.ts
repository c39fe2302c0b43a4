import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openSafetensors, readF32 } from '../src/formats/safetensors.ts'
import { writeSafetensors } from '../src/formats/safetensors-write.ts'
import { organismDomainPath, organismPath } from '../src/organism/paths.ts'
import { buildReport } from '../src/report/build.ts'
import { rangeOf } from '../src/report/figures/cut-map.ts'
import { planStudy } from '../src/study/plan.ts'
import type { Measure } from '../src/study/results.ts'
import { runStudy } from '../src/study/run.ts'
import { readStudy } from '../src/study/study-file.ts'
import { markupFaults } from './support/markup.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cut-'))
  await cp(organismPath('base'), join(folder, 'aligned'), { recursive: true })
  // Base but for one block, which is that of the erased organism.
  using base = openSafetensors(join(organismPath('base'), 'model.safetensors'))
  using erased = openSafetensors(join(organismPath('erased'), 'model.safetensors'))
  await writeSafetensors(
    join(folder, 'aligned', 'model.safetensors'),
    [...base.tensors.values()].map((t) => ({
      name: t.name,
      shape: t.shape,
      data: readF32((t.name.includes('layers.1.') ? erased : base).tensors.get(t.name)!),
    })),
  )
  await writeFile(
    join(folder, 'study.yaml'),
    `palimpsest: 1
name: cut
models: { base: { ref: ${organismPath('base')} }, aligned: { ref: ./aligned } }
allow_mixed_quantisation: true
precision: f32
domain: ${organismDomainPath()}
sites: { layers: [1, 2] }
claims: [direction, steering]
steering:
  issues: 8
  random: 20
  random_issues: 4
  texts: 2
  text_random: 0
  nats: [0.05]
  cut: { issues: 8, alphas: [0.5], controls: 2 }
repeats: 1
baselines: { random_model: false }
draws: { bootstrap: 100, permutations: 100, refitted: 0, references: 20 }
`,
  )
})
afterAll(() => rm(folder, { recursive: true, force: true }))

it('finds the only block in which two models differ', async () => {
  const study = await readStudy(join(folder, 'study.yaml'))
  const out = join(folder, 'out')
  const results = await runStudy(study, {
    source: await readFile(join(folder, 'study.yaml'), 'utf8'),
    folder: out,
    resolve: async (ref) => ref,
    command: ['test'],
  })
  const { measures, words } = results.claims.find((c) => c.id === 'steering')!
  const of = (name: string, condition: string): Measure[] =>
    measures.filter((m) => m.name === name && (m.condition ?? '').includes(condition))
  const aligned = of('cut_aligned', 'aligned')[0]!
  expect(aligned.groups).toBe(8)
  expect(Math.abs(aligned.value - 1)).toBeGreaterThan(0.1)
  const values = (name: string, condition: string): number[] => of(name, condition).map((m) => m.value)
  // Only what comes at or after block 1 tells the two apart.
  expect(values('cut_patch', 'base below')).toEqual([aligned.value, 1, 1])
  expect(values('cut_patch', 'aligned below')).toEqual([1, aligned.value, aligned.value])
  // A graft counts if, and only if, it holds block 1.
  for (const [host, without, within] of [
    ['base', 1, aligned.value],
    ['aligned', aligned.value, 1],
  ] as const) {
    const grafts = of('cut_graft', ` in ${host}`)
    expect(grafts).toHaveLength(10)
    for (const m of grafts) {
      const [first, last] = rangeOf(m.condition!)
      expect(m.value).toBe(first <= 1 && last >= 1 ? within : without)
      expect(m).toMatchObject({ n: 16, groups: 8, seed: 1, level: 0.95 })
    }
  }
  const [path, ...halves] = [...of('cut_path', 'alpha 0.5'), ...of('cut_control', 'alpha 0.5')]
  expect(path!.ci).toBeDefined()
  // A half without block 1 is base; one with it is the path itself.
  expect(halves).toHaveLength(2)
  for (const m of halves) expect([1, path!.value]).toContainEqual(expect.closeTo(m.value, 6))
  expect(measures.filter((m) => m.name === 'cut_gain').map((m) => [m.model, m.layer])).toEqual([
    ['base', 1],
    ['base', 2],
    ['aligned', 1],
    ['aligned', 2],
  ])
  expect(words).toMatch(/prompts that lean move the completions/)

  const page = await readFile(await buildReport(out), 'utf8')
  expect(markupFaults(page)).toEqual([])
  expect(page).toContain('Where the path is cut')
  expect(page).toContain('Which blocks cut the path')

  const plan = await planStudy(study, join(folder, 'none'), async (ref) => ref)
  expect(plan.steps.filter((s) => s.what.endsWith(': cut')).map((s) => s.texts > 0)).toEqual([true, true])
}, 300_000)
