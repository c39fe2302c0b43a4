import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { subject } from '../../test/fixtures/report/synthetic.ts'
import { readRun } from './build.ts'

it.each([
  ['no JSON', '{"a'],
  ['nothing', 'null'],
  ['a list', '[]'],
  ['a text', '""'],
])('a run whose manifest is %s is refused', async (_, manifest) => {
  const folder = await mkdtemp(join(tmpdir(), 'report-'))
  try {
    await writeFile(join(folder, 'results.json'), JSON.stringify(subject().results))
    await writeFile(join(folder, 'manifest.json'), manifest)
    await expect(readRun(folder)).rejects.toMatchObject({ code: 'manifest-malformed' })
  } finally {
    await rm(folder, { recursive: true })
  }
})
