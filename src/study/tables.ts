/**
 * Tables of texts from users: JSON lines, CSV, TSV and Parquet, each plain or gzipped where that makes sense.
 * Complaints name file, row and column.
 */

import { stat } from 'node:fs/promises'
import { extname } from 'node:path'
import { nearest, refuse } from '../core/errors.ts'
import { explainFileError } from '../core/files.ts'
import { MAX_LINE, readLines } from '../formats/lines.ts'

const MAX_ROWS = 10_000_000

/** A row: text by column; numbers and booleans as they are written; null where a value is missing. */
export type Row = ReadonlyMap<string, string | null>

export interface TableOptions {
  /** Columns that must be there. */
  readonly columns: readonly string[]
  readonly limit?: number | undefined
}

/**
 * Reads a table.
 *
 * @throws PalimpsestError `table-kind`, `table-row`, `table-column`, `table-empty`, `file-missing`
 * @example const rows = await readTable('tweets.jsonl.gz', { columns: ['text', 'party'] })
 */
export async function readTable(path: string, options: TableOptions): Promise<Row[]> {
  await stat(path).catch((error) => {
    throw explainFileError(error, path)
  })
  const kind = /\.(jsonl|ndjson|csv|tsv|parquet)(\.gz)?$/.exec(path)
  if (kind === null || (kind[1] === 'parquet' && kind[2] !== undefined))
    throw refuse('table-kind', 'This kind of table is not read.', {
      where: path,
      expected: '.jsonl, .csv or .tsv (each also .gz), or .parquet',
      found: `a name that ends in ${JSON.stringify(extname(path))}`,
      fix: 'Convert it, or give it the right ending.',
    })
  const rows =
    kind[1] === 'parquet'
      ? await readParquet(path, options)
      : kind[1] === 'csv' || kind[1] === 'tsv'
        ? await readDelimited(path, kind[1] === 'csv' ? ',' : '\t', options)
        : await readJsonLines(path, options)
  if (rows.length === 0)
    throw refuse('table-empty', 'The table has no rows.', {
      where: path,
      expected: 'at least one row',
      found: 'none',
      fix: 'Give a table that has some.',
    })
  return rows
}

async function readJsonLines(path: string, options: TableOptions): Promise<Row[]> {
  const rows: Row[] = []
  for await (const { line, number } of readLines(path)) {
    if (line.trim() === '') continue
    let value: unknown
    try {
      value = JSON.parse(line)
    } catch (error) {
      throw refuse('table-row', 'A line is not JSON.', {
        where: `${path}, line ${number}`,
        expected: 'one JSON object',
        found: (error as Error).message,
        fix: 'Write one JSON object a line.',
      })
    }
    if (value === null || typeof value !== 'object' || Array.isArray(value))
      throw refuse('table-row', 'A line is not a JSON object.', {
        where: `${path}, line ${number}`,
        expected: 'one JSON object',
        found: line.slice(0, 80),
        fix: 'Write one JSON object a line.',
      })
    const row = new Map(
      Object.entries(value).map(([k, v]) => [
        k,
        v === null || v === undefined ? null : typeof v === 'object' ? JSON.stringify(v) : String(v),
      ]),
    )
    checkColumns(row, options.columns, `${path}, line ${number}`)
    rows.push(row)
    if (rows.length >= (options.limit ?? MAX_ROWS)) break
  }
  return rows
}

/** RFC 4180: quoted cells may hold separators, quotes (doubled) and line breaks. */
async function readDelimited(path: string, separator: string, options: TableOptions): Promise<Row[]> {
  const rows: Row[] = []
  let header: string[] | undefined
  let pending = ''
  let startedAt = 0
  for await (const { line, number } of readLines(path)) {
    if (pending === '') startedAt = number
    pending = pending === '' ? line : `${pending}\n${line}`
    if (pending.length > MAX_LINE) throw unclosed(path, startedAt)
    const cells = splitRow(pending, separator)
    if (cells === undefined) continue
    const empty = pending === ''
    pending = ''
    if (header === undefined) {
      header = cells.map((c) => c.replace(/^\ufeff/, ''))
      checkColumns(new Map(header.map((h) => [h, null])), options.columns, path)
      continue
    }
    if (empty) continue
    if (cells.length !== header.length)
      throw refuse('table-row', 'A row has another number of cells than the header.', {
        where: `${path}, line ${startedAt}`,
        expected: `${header.length}`,
        found: `${cells.length}`,
        fix: 'Quote cells that hold the separator or a line break.',
      })
    rows.push(new Map(header.map((h, i) => [h, cells[i]!])))
    if (rows.length >= (options.limit ?? MAX_ROWS)) break
  }
  if (pending !== '') throw unclosed(path, startedAt)
  return rows
}

function unclosed(path: string, line: number): Error {
  return refuse('table-row', 'A quoted cell is not closed.', {
    where: `${path}, line ${line}`,
    expected: 'a closing quote',
    found: 'the end of the table',
    fix: 'Close the quote; a quote within quotes is doubled.',
  })
}

/** The cells of a row, or undefined while a quoted cell is open. */
function splitRow(text: string, separator: string): string[] | undefined {
  const cells: string[] = []
  let i = 0
  for (;;) {
    if (text[i] === '"') {
      let cell = ''
      let at = i + 1
      for (;;) {
        const quote = text.indexOf('"', at)
        if (quote < 0) return undefined
        cell += text.slice(at, quote)
        at = quote + 1
        if (text[at] !== '"') break
        cell += '"'
        at++
      }
      cells.push(cell)
      i = at
    } else {
      const end = text.indexOf(separator, i)
      cells.push(end < 0 ? text.slice(i) : text.slice(i, end))
      i = end < 0 ? text.length : end
    }
    if (text[i] !== separator) return cells
    i++
  }
}

async function readParquet(path: string, options: TableOptions): Promise<Row[]> {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    const limit = options.limit === undefined ? '' : ` LIMIT ${options.limit}`
    const reader = await connection.runAndReadAll(
      `SELECT * FROM read_parquet('${path.replaceAll("'", "''")}')${limit}`,
    )
    const names = reader.columnNames()
    checkColumns(new Map(names.map((n) => [n, null])), options.columns, path)
    return reader
      .getRowsJson()
      .map(
        (cells) =>
          new Map(
            names.map((n, i) => [n, cells[i] === null || cells[i] === undefined ? null : String(cells[i])]),
          ),
      )
  } catch (error) {
    if ((error as { code?: string }).code?.startsWith('table-') === true) throw error
    throw refuse('table-row', 'The Parquet file cannot be read.', {
      where: path,
      expected: 'a Parquet file',
      found: (error as Error).message.slice(0, 300),
      fix: 'Write the file again, or as JSON lines.',
    })
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

function checkColumns(row: Row, columns: readonly string[], where: string): void {
  for (const column of columns)
    if (!row.has(column)) {
      const near = nearest(column, row.keys())
      throw refuse('table-column', 'The table has no such column.', {
        where,
        expected: column,
        found: [...row.keys()].slice(0, 30).join(', '),
        fix:
          near.length > 0
            ? `Did you mean ${near.join(' or ')}?`
            : 'Correct the column name in the study file.',
      })
    }
}
