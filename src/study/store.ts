/**
 * `study.duckdb`: a run's numbers as tables, for anybody with SQL. It is built anew from the records at the end
 * of a run, by one process, and put in place whole. Columns are listed in docs/store.md.
 */

import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type DuckDBAppender, DuckDBInstance } from '@duckdb/node-api'
import { refuse } from '../core/errors.ts'
import { atomicWrite } from '../core/files.ts'
import type { Prepared } from './prepare.ts'
import type { ProjectionRow } from './projections.ts'
import { type Cell, type CellType, type StoreRecords, storeTables } from './store-tables.ts'

const FILE = 'study.duckdb'

/**
 * Writes the store of a run.
 *
 * @throws PalimpsestError `disk-full`, `file-permission`
 */
export async function writeStore(run: string, records: StoreRecords, p: Prepared): Promise<void> {
  await atomicWrite(join(run, FILE), async (temporary) => {
    const instance = await DuckDBInstance.create(temporary)
    const connection = await instance.connect()
    try {
      for (const { name, columns, rows } of storeTables(records, p)) {
        const declared = columns.map(([column, type]) => `"${column}" ${type}`)
        await connection.run(`CREATE TABLE ${name} (${declared.join(', ')})`)
        const appender = await connection.createAppender(name)
        for (const row of rows) {
          for (const [i, [, type]] of columns.entries()) append(appender, type, row[i])
          appender.endRow()
        }
        appender.closeSync()
      }
      await connection.run('CHECKPOINT')
    } finally {
      connection.closeSync()
      instance.closeSync()
      await rm(`${temporary}.wal`, { force: true })
    }
  })
}

function append(appender: DuckDBAppender, type: CellType, cell: Cell): void {
  if (cell === null || cell === undefined) appender.appendNull()
  else if (type === 'VARCHAR') appender.appendVarchar(String(cell))
  else if (type === 'DOUBLE') appender.appendDouble(cell as number)
  else if (type === 'INTEGER') appender.appendInteger(cell as number)
  else appender.appendBoolean(cell as boolean)
}

/**
 * The projections that a run's store holds.
 *
 * @throws PalimpsestError `store-unreadable`
 */
export async function readProjections(run: string): Promise<ProjectionRow[]> {
  const instance = await DuckDBInstance.create(join(run, FILE), { access_mode: 'READ_ONLY' }).catch(
    (error: Error) => {
      throw refuse('store-unreadable', 'The tables of this run cannot be read.', {
        where: join(run, FILE),
        expected: 'the tables that a run ends with',
        found: error.message.split('\n')[0]!,
        fix: 'Give the run again: finished steps are kept. Close other programs that have the file open.',
      })
    },
  )
  const connection = await instance.connect()
  try {
    const reader = await connection.runAndReadAll('SELECT * FROM projections ORDER BY rowid')
    return reader
      .getRowObjectsJS()
      .map((r) =>
        Object.fromEntries(Object.entries(r).map(([k, v]) => [k, v ?? undefined])),
      ) as unknown as ProjectionRow[]
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}
