import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PalimpsestError } from '../core/errors.ts'
import { loadDomain } from '../domain/index.ts'
import { readPrompts, readTexts } from './inputs.ts'
import { studySchema } from './schema.ts'

let folder: string
let prompts: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inputs-'))
  prompts = join(folder, 'prompts.jsonl')
})
afterEach(() => rm(folder, { recursive: true }))

const read = async (rows: readonly object[]) => {
  await writeFile(prompts, rows.map((r) => `${JSON.stringify(r)}\n`).join(''))
  const study = studySchema.parse({ palimpsest: 1, name: 'test', models: { subject: 'a' }, prompts })
  return readPrompts(study, await loadDomain('us-partisan'))
}
const row = { id: 'a', issue: 'rent', text: 'What about rents?' }

describe("a study's own prompts", () => {
  it('are read with what they lean to', async () => {
    const found = await read([
      { ...row, loading: 'A' },
      { ...row, id: 'b', loading: null },
    ])
    expect([found.ids, found.issues, found.loadings]).toEqual([
      ['a', 'b'],
      ['rent', 'rent'],
      ['A', undefined],
    ])
  })

  it.each([
    ['no id', [{ ...row, id: null }], 'table-cell', /row 1, column id/],
    ['an empty issue', [row, { ...row, id: 'b', issue: ' ' }], 'table-cell', /row 2, column issue/],
    ['an empty text', [{ ...row, text: '' }], 'text-empty', /row 1, column text/],
    ['an id twice', [row, { ...row, text: 'And taxes?' }], 'item-id', /row 2/],
    ['another leaning', [{ ...row, loading: 'left' }], 'table-cell', /row 1, column loading/],
  ] as const)('are refused with %s, and the row is named', async (_, rows, code, where) => {
    const error: unknown = await read(rows).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(PalimpsestError)
    const { parts, ...refusal } = error as PalimpsestError
    expect(refusal.code).toBe(code)
    expect(parts.where).toMatch(where)
    expect(parts.fix).toBeDefined()
  })
})

describe('folds', () => {
  it.each([
    ['no JSON', '{"a": 0', 'not a JSON object'],
    ['nothing', 'null', 'not a JSON object'],
    ['a list', '[0, 1]', 'not a JSON object'],
    ['no fold for a group', '{"a": 0}', 'A group has no fold.'],
    ['a fraction', '{"a": 0, "b": 1.5}', 'A group has no fold.'],
  ])('are refused with %s', async (_, content, says) => {
    const [file, folds] = [join(folder, 'texts.jsonl'), join(folder, 'folds.json')]
    const rows = ['a', 'b'].map((group) => ({ text: 'Rents.', pole: 'A', group }))
    await writeFile(file, rows.map((r) => `${JSON.stringify(r)}\n`).join(''))
    await writeFile(folds, content)
    const study = studySchema.parse({
      palimpsest: 1,
      name: 'test',
      models: { subject: 'a' },
      texts: { file, text: 'text', pole: { column: 'pole', A: 'A', B: 'B' }, group: 'group', folds },
    })
    await expect(readTexts(study, await loadDomain('us-partisan'))).rejects.toMatchObject({
      code: 'folds-unusable',
      message: expect.stringContaining(says),
    })
  })
})
