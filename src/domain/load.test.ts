import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { PalimpsestError } from '../core/errors.ts'
import { loadDomain } from './load.ts'
import type { Pack } from './schema.ts'

let folder: string
let example: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'domain-'))
  const page = await readFile(new URL('../../docs/domains.md', import.meta.url), 'utf8')
  example = /```yaml\n(name: [\s\S]*?)```/.exec(page)![1]!
})
afterAll(() => rm(folder, { recursive: true }))

async function load(source: string, name = 'pack.yaml') {
  const path = join(folder, name)
  await writeFile(path, source)
  return loadDomain(path)
}

async function refusal(promise: Promise<unknown>): Promise<PalimpsestError> {
  const error = await promise.then(
    () => undefined,
    (e: unknown) => e,
  )
  expect(error).toBeInstanceOf(PalimpsestError)
  return error as PalimpsestError
}

/** The example with something changed, as JSON or YAML. */
function changed(change: (pack: Pack) => void): string {
  const pack = parse(example) as Pack
  change(pack)
  return stringify(pack)
}

describe('loadDomain', () => {
  it('loads the example of docs/domains.md and fills in what it leaves out', async () => {
    const domain = await load(example)
    expect(domain.name).toBe('office-home')
    expect(domain.neutralTexts).toHaveLength(40)
    expect(domain.concept.name).toBe('sea-mountains')
    expect(domain.hash).toMatch(/^[0-9a-f]{64}$/)
  })

  it('gives the same hash for the same content as JSON, and another for another content', async () => {
    const { hash } = await load(example)
    expect((await load(JSON.stringify(parse(example)), 'pack.json')).hash).toBe(hash)
    const other = await load(changed((p) => (p.issues[0]!.title = 'Days at a desk')))
    expect(other.hash).not.toBe(hash)
  })

  it('keeps parts of its own that could have been borrowed', async () => {
    const own = await load(changed((p) => (p.refusals = ['No way'])))
    expect(own.refusals).toEqual(['No way'])
  })

  it('names the nearest built-in domain', async () => {
    const error = await refusal(loadDomain('us-partisn'))
    expect(error.code).toBe('domain-unknown')
    expect(error.parts.fix).toContain('us-partisan')
    expect((await refusal(loadDomain('constructor'))).code).toBe('domain-unknown')
  })

  it('refuses a missing file, a huge file and bad syntax with its line', async () => {
    expect((await refusal(loadDomain(join(folder, 'nothing.yaml')))).code).toBe('file-missing')
    const huge = join(folder, 'huge.yaml')
    await writeFile(huge, '')
    await truncate(huge, 2 ** 30)
    expect((await refusal(loadDomain(huge))).code).toBe('file-too-large')
    const error = await refusal(load('name: a\nissues: [1, 2\n'))
    expect(error.code).toBe('yaml-syntax')
    expect(error.parts.where).toMatch(/pack\.yaml:[23]:\d+$/)
  })

  it('places an unknown key and suggests the nearest', async () => {
    const lines = example.split('\n')
    const line = lines.findIndex((l) => l.includes('loading: A'))
    const error = await refusal(load(example.replace('loading: A', 'loadng: A')))
    expect(error.code).toBe('domain-invalid')
    expect(error.message).toContain(`pack.yaml:${line + 1}:`)
    expect(error.message).toContain('did you mean loading?')
    expect(error.message).toContain('item attendance.a1')
  })

  it('names the cell that a persona lacks', async () => {
    const source = changed((p) => delete (p.personas[0]!.user as { none?: string }).none)
    const error = await refusal(load(source))
    expect(error.parts.found).toContain('personas[0].user.none (item prefers)')
  })

  it.each([
    [
      'a whole slot',
      (p: Pack) => delete (p.personas[0] as { system?: unknown }).system,
      'personas[0].system (item prefers)',
    ],
    [
      'an empty cell',
      (p: Pack) => (p.personas[0]!.system.unrelated = ''),
      'personas[0].system.unrelated (item prefers)',
    ],
    [
      'a cell longer than the others',
      (p: Pack) => (p.personas[0]!.user.A += ' And I mean every word of it.'),
      'persona-length: personas prefers.user',
    ],
    ['a completion of pole B', (p: Pack) => delete (p.prompts[0] as { B?: string }).B, 'prompts[0].B (item '],
    ['an empty completion', (p: Pack) => (p.prompts[0]!.A = ' '), 'prompts[0].A (item '],
  ])('refuses a pack that lacks or unbalances it: %s', async (_, change, found) => {
    const error = await refusal(load(changed(change)))
    expect(error.exitCode).toBe(2)
    expect(error.parts.found).toContain(found)
    expect(error.parts.fix).toBeTruthy()
  })

  it('names the item whose completions differ in length', async () => {
    const error = await refusal(load(changed((p) => (p.prompts[1]!.A = 'Because it does.'))))
    expect(error.code).toBe('domain-unbalanced')
    expect(error.parts.found).toMatch(/pair-length: prompts attendance\.a1: .*3 and 14/)
  })

  it('refuses a pack that is not in English and borrows', async () => {
    const error = await refusal(load(changed((p) => (p.language = 'de'))))
    expect(error.code).toBe('domain-incomplete')
    expect(error.parts.expected).toBe('controlQuestions, neutralTexts, concept, refusals')
  })

  it('refuses aliases that unfold without end', async () => {
    const bomb = ['a: &a [x, x]', ...Array.from({ length: 40 }, (_, i) => `b${i}: &b${i} [*a, *a, *a, *a]`)]
    expect((await refusal(load(bomb.join('\n')))).code).toBe('yaml-syntax')
  })
})
