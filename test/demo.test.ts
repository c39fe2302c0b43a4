import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readFeatures } from '../src/study/features-record.ts'
import { palimpsest } from './support/cli.ts'

it('runs the shipped organisms through every claim to their verdicts and a report', async () => {
  const out = await mkdtemp(join(tmpdir(), 'demo-'))
  const { code, stdout } = await palimpsest(['demo', '--all-claims', '--json', '-o', out])
  expect(code).toBe(0)
  const rows = JSON.parse(stdout) as {
    name: string
    folder: string
    label: string
    columns: { column: string; expected: string; found: string; right: boolean }[]
  }[]
  expect(rows.map((r) => [r.name, r.label.split(' (')[0]])).toEqual([
    ['masked', 'masked'],
    ['intact', 'intact'],
    ['erased', 'erased'],
    ['flat-aligned', 'not measurable'],
    ['same', 'intact'],
  ])
  for (const { name, folder, columns } of rows) {
    expect([name, columns.filter((c) => !c.right)]).toEqual([name, []])
    expect(columns.map((c) => c.column)).toEqual(
      expect.arrayContaining(['direction in aligned', 'steering', 'geometry', 'identity']),
    )
    const results = JSON.parse(await readFile(join(folder, 'results.json'), 'utf8')) as {
      claims: { id: string; label: string }[]
    }
    expect(existsSync(join(folder, 'report.html'))).toBe(true)
    const features = results.claims.find((c) => c.id === 'features')
    expect([name, features !== undefined]).toEqual([name, ['masked', 'intact', 'erased'].includes(name)])
    // What a model that never learned the domain does is nothing that base's dictionary could read.
    if (name === 'erased') expect(features!.label).toBe('untestable')
    if (name === 'masked' || name === 'intact') expect(features!.label).not.toBe('untestable')
  }
  // Tokens of whole words are shown with the spaces that were between them.
  const features = await readFeatures(join(out, 'masked', 'features.json'))
  const contexts = features!.features.flatMap((f) => f.card?.contexts ?? [])
  expect(contexts.length).toBeGreaterThan(0)
  for (const { tokens } of contexts) expect(tokens.join('')).toMatch(/^(<bos> )?[a-z]+( [a-z.?'-]+)*/)
  expect(contexts.some(({ tokens }) => / (should|we|the) /.test(tokens.join('')))).toBe(true)
  await rm(out, { recursive: true })
}, 900_000)
