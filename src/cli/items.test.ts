import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { refuse } from '../core/errors.ts'
import { locate, readRows, readTextRows, textsField, tokensField } from './items.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palimpsest-items-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function file(name: string, content: string): Promise<string> {
  await writeFile(join(folder, name), content)
  return join(folder, name)
}

describe('rows of input', () => {
  it('are read with their ids and lines, blank lines aside', async () => {
    const rows = await readRows(
      await file('a.jsonl', '{"id": 7, "tokens": [1, 2]}\n\n{"id": "b/c", "tokens": []}\n'),
    )
    expect(rows.map((r) => [r.id, r.where])).toEqual([
      ['7', `${folder}/a.jsonl, line 1`],
      ['b/c', `${folder}/a.jsonl, line 3`],
    ])
    expect(tokensField(rows[0]!, 'tokens')).toEqual([1, 2])
  })

  it('come from a column of any table, numbered where there is no id', async () => {
    const csv = await file('t.csv', 'body,n\n"two\nlines",1\nb,2\n')
    expect(await readTextRows(csv, 'body')).toMatchObject([
      { id: '0', text: 'two\nlines', where: `${csv}, row 1` },
      { id: '1', text: 'b' },
    ])
    const own = await file('t.jsonl', '{"id": "x", "body": "text"}\n')
    expect(await readTextRows(own, 'body')).toMatchObject([{ id: 'x', text: 'text' }])
    await expect(readTextRows(csv, undefined)).rejects.toMatchObject({ code: 'column-missing' })
    await expect(readTextRows(csv, 'bdy')).rejects.toMatchObject({ code: 'table-column' })
  })

  it.each([
    ['{"id": "a"}\n{"id": "a"}\n', 'item-id', /line 2.*line 1/s],
    ['{"id": ""}\n', 'item-id', /empty/],
    ['{"text": "no id"}\n', 'item-field', /line 1, id/],
    ['{"id": "a"}\n[1]\n', 'table-row', /line 2/],
    ['{"id": "a"\n', 'table-row', /line 1/],
    ['\n', 'table-empty', /no rows/],
  ])('are refused with the line: %j', async (content, code, message) => {
    const reading = readRows(await file('bad.jsonl', content))
    await expect(reading).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  })

  it('refuse fields of the wrong kind, naming the nearest', () => {
    const row = (fields: Record<string, unknown>) => ({ id: 'a', where: 'f, line 9', fields })
    const failing = (read: () => unknown, message: RegExp): void => {
      expect(read).toThrow(message)
      expect(read).toThrow(expect.objectContaining({ code: 'item-field' }))
    }
    failing(() => tokensField(row({ token: [1] }), 'tokens'), /f, line 9, tokens.*Did you mean token\?/s)
    failing(() => tokensField(row({ tokens: [1, 2.5] }), 'tokens'), /2\.5 at 1/)
    failing(() => tokensField(row({ tokens: [-1] }), 'tokens'), /-1 at 0/)
    failing(() => textsField(row({ completions: [] }), 'completions'), /at least one text/)
    failing(() => textsField(row({ completions: ['a', 1] }), 'completions'), /at least one text/)
  })

  it('lend their place to errors that do not know it', () => {
    const row = { id: 'a', where: 'f, line 9', fields: {} }
    const bad = refuse('token-range', 'A token id is unknown.', {
      where: 'token 3',
      expected: '0 to 9',
      found: '10',
      fix: 'Use others.',
    })
    expect(() =>
      locate(row, () => {
        throw bad
      }),
    ).toThrow(
      /where: {4}f, line 9 \(id a\): token 3\n {2}expected: 0 to 9\n {2}found: {4}10\n {2}to do: {4}Use others/,
    )
  })
})
