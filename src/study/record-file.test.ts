import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PalimpsestError } from '../core/errors.ts'
import { featuresSchema } from './features-record.ts'
import { generationsSchema } from './generations-record.ts'
import { readRecord } from './record-file.ts'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'record-'))
  path = join(folder, 'generations.json')
})
afterEach(() => rm(folder, { recursive: true }))

describe('readRecord', () => {
  it('reads what fits, and nothing where there is none', async () => {
    expect(await readRecord(path, generationsSchema)).toBeUndefined()
    const record = { format: 1, site: 'blocks.1.hook_resid_post', texts: [] }
    await writeFile(path, JSON.stringify(record))
    expect(await readRecord(path, generationsSchema)).toEqual(record)
  })

  it.each([
    ['that is cut', '{"format": 1, "si', generationsSchema, /JSON/],
    ['of another format', '{"format": 2, "site": "", "texts": []}', generationsSchema, /^format: /],
    [
      'with a wrong cell',
      '{"format": 1, "dictionaries": [{}], "features": []}',
      featuresSchema,
      /^dictionaries\.0\.ref: /,
    ],
  ] as const)('refuses one %s, and says where', async (_, text, schema, found) => {
    await writeFile(path, text)
    const refused: unknown = await readRecord<unknown>(path, schema).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(PalimpsestError)
    const { code, parts } = refused as PalimpsestError
    expect([code, parts.where]).toEqual(['record-malformed', path])
    expect(parts.found).toMatch(found)
    expect(parts.fix).toBeDefined()
  })
})
