/** What users give to `extract`, `score` and `generate`: rows with an id, complained about by file and line. */

import { type ErrorParts, nearest, PalimpsestError, refuse } from '../core/errors.ts'
import { pacer } from '../core/pace.ts'
import { readLines } from '../formats/lines.ts'
import { readTable } from '../study/tables.ts'
import { usage } from './usage.ts'

/** A row of a file, and where it stands for messages. */
export interface InputRow {
  readonly id: string
  readonly where: string
  readonly fields: Readonly<Record<string, unknown>>
}

export interface TextRow extends InputRow {
  readonly text: string
}

/**
 * Reads JSON lines whose rows have an id of their own.
 *
 * @throws PalimpsestError `table-row`, `table-empty`, `item-field`, `item-id`
 */
export async function readRows(path: string): Promise<InputRow[]> {
  const rows: InputRow[] = []
  for await (const { line, number } of readLines(path)) {
    if (line.trim() === '') continue
    const where = `${path}, line ${number}`
    let fields: unknown
    try {
      fields = JSON.parse(line)
    } catch (error) {
      throw refuse('table-row', 'A line is not JSON.', {
        where,
        expected: 'one JSON object',
        found: (error as Error).message,
        fix: 'One JSON object a line; a table of another kind is read with --column.',
      })
    }
    if (fields === null || typeof fields !== 'object' || Array.isArray(fields))
      throw refuse('table-row', 'A line is not a JSON object.', {
        where,
        expected: 'one JSON object',
        found: line.slice(0, 80),
        fix: 'Write one object a line, or give a table with --column.',
      })
    const row = { where, fields: fields as Record<string, unknown>, id: '' }
    const id = row.fields.id
    if (typeof id !== 'string' && typeof id !== 'number') throw misfit(row, 'id', 'a text or a number')
    rows.push({ ...row, id: String(id) })
  }
  return checkIds(rows, path)
}

function checkIds(rows: InputRow[], path: string): InputRow[] {
  if (rows.length === 0)
    throw refuse('table-empty', 'The table has no rows.', {
      where: path,
      expected: 'at least one row',
      found: 'none',
      fix: 'Give at least one row.',
    })
  const seen = new Map<string, string>()
  for (const { id, where } of rows) {
    const before = seen.get(id)
    if (before !== undefined || id === '')
      throw refuse('item-id', id === '' ? 'An id is empty.' : 'An id stands twice.', {
        where,
        expected: 'ids that differ and are not empty',
        found: `${JSON.stringify(id)}${before === undefined ? '' : `, as in ${before}`}`,
        fix: 'Results are named by their ids: give every row one of its own.',
      })
    seen.set(id, where)
  }
  return rows
}

/** Reads texts: JSON lines with id and text, or any table of which `column` is the text. */
export async function readTextRows(
  path: string,
  column: string | undefined,
  keys: readonly string[] = ['text'],
): Promise<TextRow[]> {
  if (column === undefined) {
    if (/\.(csv|tsv|parquet)(\.gz)?$/.test(path))
      throw usage('column-missing', 'Which column of the table is the text?', {
        where: path,
        expected: '--column',
        found: 'a table, and no --column',
        fix: 'Name it with --column.',
      })
    return (await readRows(path)).map((row) => ({ ...row, text: textField(row, keys) }))
  }
  const table = await readTable(path, { columns: [column] })
  const rows = table.map((row, i) => ({
    id: row.get('id') ?? String(i),
    where: `${path}, row ${i + 1}`,
    fields: Object.fromEntries(row),
  }))
  return checkIds(rows, path).map((row) => ({ ...row, text: textField(row, [column]) }))
}

/** The first of `keys` that a row has, as text. */
export function textField(row: InputRow, keys: readonly string[]): string {
  const key = keys.find((k) => row.fields[k] !== undefined) ?? keys[0]!
  const value = row.fields[key]
  if (typeof value !== 'string') throw misfit(row, keys.join(' or '), 'a text', value)
  return value
}

/** Token ids of a row. */
export function tokensField(row: InputRow, key: string): number[] {
  const value = row.fields[key]
  if (!Array.isArray(value)) throw misfit(row, key, 'a list of token ids', value)
  const wrong = value.findIndex((id) => !Number.isSafeInteger(id) || id < 0)
  if (wrong >= 0)
    throw misfit(row, key, 'a list of whole numbers from 0', `${JSON.stringify(value[wrong])} at ${wrong}`)
  return value as number[]
}

/** Texts of a row, at least one. */
export function textsField(row: InputRow, key: string): string[] {
  const value = row.fields[key]
  if (!Array.isArray(value) || value.length === 0 || !value.every((v) => typeof v === 'string'))
    throw misfit(row, key, 'a list of at least one text', value)
  return value as string[]
}

function misfit(row: Omit<InputRow, 'id'>, key: string, expected: string, value?: unknown): PalimpsestError {
  const near = nearest(key, Object.keys(row.fields))
  const found = typeof value === 'string' ? value : JSON.stringify(value)
  return refuse('item-field', 'A row lacks a field, or has one of the wrong kind.', {
    where: `${row.where}, ${key}`,
    expected,
    found:
      found?.slice(0, 100) ??
      `nothing (the row has ${Object.keys(row.fields).slice(0, 20).join(', ') || 'no fields'})`,
    fix: near.length > 0 && !near.includes(key) ? `Did you mean ${near[0]}?` : 'Correct the row.',
  })
}

/**
 * Turns rows into something, one after the other, without holding up Ctrl-C; refusals are told with file and
 * line.
 *
 * @throws PalimpsestError `interrupted`; whatever `make` refuses
 */
export async function mapRows<R extends InputRow, T>(
  rows: readonly R[],
  make: (row: R) => T,
  signal: AbortSignal,
): Promise<T[]> {
  const out: T[] = []
  const pace = pacer(signal)
  for (const row of rows) {
    await pace()
    out.push(locate(row, () => make(row)))
  }
  return out
}

/** Runs a check of one row; what it refuses is told with the row's file and line. */
export function locate<T>(row: InputRow, check: () => T): T {
  try {
    return check()
  } catch (error) {
    if (!(error instanceof PalimpsestError) || error.kind === 'interrupted') throw error
    const { where, ...parts } = error.parts as ErrorParts
    throw new PalimpsestError(error.kind, error.code, error.message.split('\n')[0]!, {
      ...parts,
      where: `${row.where} (id ${row.id})${where === undefined || where === `text ${row.id}` ? '' : `: ${where}`}`,
    })
  }
}
