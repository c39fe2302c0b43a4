import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PalimpsestError } from '../core/errors.ts'
import { readTable } from './tables.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tables-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function file(name: string, content: string | Uint8Array): Promise<string> {
  await writeFile(join(folder, name), content)
  return join(folder, name)
}

async function refusal(promise: Promise<unknown>): Promise<PalimpsestError> {
  const error = await promise.then(
    () => undefined,
    (e: unknown) => e,
  )
  expect(error).toBeInstanceOf(PalimpsestError)
  return error as PalimpsestError
}

const plain = (rows: readonly ReadonlyMap<string, string | null>[]) => rows.map((r) => Object.fromEntries(r))
const ROWS = [
  { id: '1', text: 'Plain.', n: '2' },
  { id: '2', text: 'With "quotes", commas,\nand lines; naïve 🙂', n: '3.5' },
]

describe('readTable', () => {
  it('reads the same rows from JSON lines, CSV, TSV and Parquet, plain and gzipped', async () => {
    const json = ROWS.map((r) => JSON.stringify({ ...r, n: Number(r.n) })).join('\n')
    const quoted = (s: string): string => `"${s.replaceAll('"', '""')}"`
    const csv = `\ufeffid,text,n\r\n${ROWS.map((r) => `${r.id},${quoted(r.text)},${r.n}`).join('\r\n')}\r\n`
    const tsv = `id\ttext\tn\n${ROWS.map((r) => `${r.id}\t${quoted(r.text)}\t${r.n}`).join('\n')}`
    const instance = await DuckDBInstance.create(':memory:')
    const connection = await instance.connect()
    const path = join(folder, 'a.parquet')
    await connection.run(
      `COPY (SELECT * FROM read_json('${await file('p.jsonl', json)}', columns = {id: 'VARCHAR', text: 'VARCHAR', n: 'DOUBLE'})) TO '${path}' (FORMAT parquet)`,
    )
    connection.closeSync()
    instance.closeSync()
    const paths = [
      await file('a.jsonl', json),
      await file('a.jsonl.gz', gzipSync(json)),
      await file('a.csv', csv),
      await file('a.csv.gz', gzipSync(csv)),
      await file('a.tsv', tsv),
    ]
    for (const p of paths) expect(plain(await readTable(p, { columns: ['text'] })), p).toEqual(ROWS)
    const parquet = plain(await readTable(path, { columns: ['text'] }))
    expect(parquet.map((r) => r.text)).toEqual(ROWS.map((r) => r.text))
  })

  it('stops at the limit', async () => {
    const path = await file('many.jsonl', Array.from({ length: 50 }, (_, i) => `{"i":${i}}`).join('\n'))
    expect(await readTable(path, { columns: ['i'], limit: 7 })).toHaveLength(7)
  })

  it('names file, line and what was expected for what it cannot read', async () => {
    const column = await refusal(readTable(await file('c.jsonl', '{"txet":"a"}'), { columns: ['text'] }))
    expect(column.code).toBe('table-column')
    expect(column.message).toMatch(/c\.jsonl, line 1[\s\S]*txet[\s\S]*Did you mean txet/)
    const broken = await refusal(readTable(await file('b.jsonl', '{"a":1}\n{"a":'), { columns: ['a'] }))
    expect([broken.code, broken.parts.where]).toEqual(['table-row', `${join(folder, 'b.jsonl')}, line 2`])
    const cells = await refusal(readTable(await file('d.csv', 'a,b\n1,2\n3\n'), { columns: ['a'] }))
    expect(cells.message).toMatch(/line 3[\s\S]*expected: 2[\s\S]*found: {4}1/)
    const quote = await refusal(readTable(await file('q.csv', 'a\n"open\nmore'), { columns: ['a'] }))
    expect(quote.message).toMatch(/line 2/)
    const cut = gzipSync('{"a":1}\n'.repeat(5000))
    const truncated = await refusal(
      readTable(await file('t.jsonl.gz', cut.subarray(0, cut.length - 9)), { columns: ['a'] }),
    )
    expect(truncated.code).toBe('table-row')
    expect((await refusal(readTable(await file('e.csv', 'a,b\n'), { columns: ['a'] }))).code).toBe(
      'table-empty',
    )
    expect((await refusal(readTable(await file('x.xlsx', ''), { columns: ['a'] }))).code).toBe('table-kind')
    expect((await refusal(readTable(join(folder, 'none.csv'), { columns: ['a'] }))).code).toBe('file-missing')
    expect((await refusal(readTable(await file('z.parquet', 'PAR1'), { columns: ['a'] }))).code).toBe(
      'table-row',
    )
  })
})
