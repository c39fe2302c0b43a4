import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { loadDomain } from '../domain/load.ts'
import { loadModel } from '../model/load.ts'
import { openDictionary, type TrainRecord } from '../sae/index.ts'
import { keptOutIssues } from './corpus.ts'
import { measureBehaviour } from './evaluate.ts'
import { organismDictionaryPath, organismDomainPath, organismPath, shippedOrganisms } from './paths.ts'
import { ORGANISMS, recipes, unmet } from './recipes.ts'
import type { OrganismRecord } from './train.ts'

const record = (name: string): OrganismRecord =>
  JSON.parse(readFileSync(join(organismPath(name), 'organism.json'), 'utf8')) as OrganismRecord

const bytes = (folder: string): number =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((f) => f.isFile())
    .reduce((n, f) => n + statSync(join(f.parentPath, f.name)).size, 0)

it('ships the whole tiny set and a masked pair of d 128 in 8 MB, every organism of them made', () => {
  expect(shippedOrganisms()).toEqual([...ORGANISMS, 'reference/base', 'reference/masked'])
  expect(bytes(join(organismPath('masked'), '..', '..'))).toBeLessThan(8e6)
  for (const name of shippedOrganisms()) expect([name, record(name).unmet]).toEqual([name, []])
})

it('finds them by name, and says which there are', () => {
  expect(organismPath('tiny/masked')).toBe(organismPath('masked'))
  expect(() => organismPath('masqued')).toThrow(
    expect.objectContaining({
      code: 'organism-name',
      parts: expect.objectContaining({ fix: 'Did you mean organism:masked?' }),
    }),
  )
})

it('ships a domain that loads', async () => {
  expect((await loadDomain(organismDomainPath())).name).toBe('organism')
})

it('ships a dictionary that was trained on the base of the set', async () => {
  const folder = organismDictionaryPath()!
  const made = JSON.parse(readFileSync(join(folder, 'training.json'), 'utf8')) as TrainRecord
  using dictionary = await openDictionary(folder)
  expect([dictionary.width, dictionary.latents]).toEqual([64, 512])
  expect(made).toMatchObject({ models: ['base'], settings: { seed: record('base').seed } })
  expect(made.fvu).toBeLessThan(0.1)
  expect(made.dead).toBeLessThan(10)
})

it.each(['masked', 'intact', 'erased'] as const)(
  '%s does on this machine what its record says',
  async (name) => {
    const { corpus, size, seed } = record(name)
    const base = record('base').behaviour
    using model = await loadModel(organismPath(name), { threads: 1, precision: 'f32' })
    // Another seed than the record's: fresh samples.
    const behaviour = await measureBehaviour(model, corpus, keptOutIssues(corpus, seed), seed + 1)
    expect(unmet(recipes(size, corpus)[name].demands(behaviour, base))).toEqual([])
  },
)
