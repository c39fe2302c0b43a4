/**
 * `study.duckdb`: a run's numbers as tables, for anybody with SQL. It is built anew from the records at the end
 * of a run, by one process, and put in place whole. Columns are listed in docs/store.md.
 */

import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { refuse } from '../core/errors.ts'
import { atomicWrite } from '../core/files.ts'
import type { ReadAnswer } from './claim-behaviour.ts'
import type { FeatureRecord } from './features-record.ts'
import type { Judgement } from './judges/step.ts'
import type { Prepared } from './prepare.ts'
import type { ProjectionRow } from './projections.ts'
import type { Results } from './results.ts'
import type { ReadText } from './steered-answers.ts'
import type { SteeringTable } from './steering-table.ts'

const FILE = 'study.duckdb'

type Cell = string | number | boolean | null | undefined

interface Table {
  readonly name: string
  /** SQL type by column. */
  readonly columns: Readonly<Record<string, 'VARCHAR' | 'DOUBLE' | 'INTEGER' | 'BOOLEAN'>>
  readonly rows: Iterable<readonly Cell[]>
}

/**
 * Writes the store of a run.
 *
 * @throws PalimpsestError `disk-full`, `file-permission`
 */
export async function writeStore(
  run: string,
  {
    results,
    projections,
    answers,
    steered,
    judgements,
    features,
  }: {
    readonly results: Results
    readonly projections: readonly ProjectionRow[]
    readonly answers: readonly ReadAnswer[]
    readonly steered: readonly SteeringTable[]
    readonly judgements: readonly Judgement[]
    readonly features: readonly FeatureRecord[]
  },
  p: Prepared,
): Promise<void> {
  await atomicWrite(join(run, FILE), async (temporary) => {
    const instance = await DuckDBInstance.create(temporary)
    const connection = await instance.connect()
    try {
      for (const table of [
        measures(results),
        gates(results),
        series(results),
        items(p),
        points(projections),
        generations([...answers, ...steered.flatMap(steeredAnswers)]),
        featureTable(features),
        judgementTable(judgements),
      ]) {
        const columns = Object.entries(table.columns)
        await connection.run(
          `CREATE TABLE ${table.name} (${columns.map(([name, type]) => `"${name}" ${type}`).join(', ')})`,
        )
        const appender = await connection.createAppender(table.name)
        for (const row of table.rows) {
          for (const [i, [, type]] of columns.entries()) {
            const cell = row[i]
            if (cell === null || cell === undefined) appender.appendNull()
            else if (type === 'VARCHAR') appender.appendVarchar(String(cell))
            else if (type === 'DOUBLE') appender.appendDouble(cell as number)
            else if (type === 'INTEGER') appender.appendInteger(cell as number)
            else appender.appendBoolean(cell as boolean)
          }
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

const MEASURE_TEXTS = [
  'name',
  'model',
  'site',
  'estimator',
  'rendering',
  'pool',
  'folds',
  'axis',
  'fit',
  'test',
  'condition',
  'method',
  'family',
  'note',
] as const

function measures(results: Results): Table {
  return {
    name: 'measures',
    columns: {
      claim: 'VARCHAR',
      ...Object.fromEntries(MEASURE_TEXTS.map((c) => [c, 'VARCHAR' as const])),
      layer: 'INTEGER',
      value: 'DOUBLE',
      ci_low: 'DOUBLE',
      ci_high: 'DOUBLE',
      level: 'DOUBLE',
      n: 'INTEGER',
      groups: 'INTEGER',
      null_mean: 'DOUBLE',
      null_q95: 'DOUBLE',
      null_draws: 'INTEGER',
      p: 'DOUBLE',
      q: 'DOUBLE',
      seed: 'INTEGER',
    },
    rows: results.claims.flatMap((claim) =>
      claim.measures.map((m) => [
        claim.id,
        ...MEASURE_TEXTS.map((c) => m[c]),
        m.layer,
        m.value,
        m.ci?.[0],
        m.ci?.[1],
        m.level,
        m.n,
        m.groups,
        m.null?.mean,
        m.null?.q95,
        m.null?.draws,
        m.p,
        m.q,
        m.seed,
      ]),
    ),
  }
}

function gates(results: Results): Table {
  return {
    name: 'gates',
    columns: {
      claim: 'VARCHAR',
      status: 'VARCHAR',
      label: 'VARCHAR',
      name: 'VARCHAR',
      passed: 'BOOLEAN',
      value: 'DOUBLE',
      threshold: 'DOUBLE',
    },
    rows: results.claims.flatMap((c) =>
      c.gates.map((g) => [c.id, c.status, c.label, g.name, g.passed, g.value, g.threshold]),
    ),
  }
}

function series(results: Results): Table {
  return {
    name: 'series',
    columns: {
      claim: 'VARCHAR',
      name: 'VARCHAR',
      model: 'VARCHAR',
      site: 'VARCHAR',
      axis: 'VARCHAR',
      rendering: 'VARCHAR',
      at: 'INTEGER',
      value: 'DOUBLE',
    },
    rows: results.claims.flatMap((c) =>
      (c.series ?? []).flatMap((s) =>
        s.values.map((v, i) => [c.id, s.name, s.model, s.site, s.axis, s.rendering, i, v]),
      ),
    ),
  }
}

function items(p: Prepared): Table {
  return {
    name: 'items',
    columns: {
      set: 'VARCHAR',
      id: 'VARCHAR',
      group: 'VARCHAR',
      pole: 'VARCHAR',
      loading: 'VARCHAR',
      tokens: 'INTEGER',
      text: 'VARCHAR',
    },
    rows: [
      ...p.texts.ids.map((id, i) => [
        'texts',
        id,
        p.texts.groups[i],
        p.texts.poles[i] === 0 ? 'A' : 'B',
        null,
        p.textTokens[i]!.tokens.length,
        p.texts.texts[i],
      ]),
      ...p.prompts.ids.map((id, i) => [
        'prompts',
        id,
        p.prompts.issues[i],
        null,
        p.prompts.loadings[i],
        p.promptTokens.get(p.study.render[0]!)![i]!.tokens.length,
        p.prompts.texts[i],
      ]),
    ],
  }
}

const POINT_COLUMNS = {
  model: 'VARCHAR',
  site: 'VARCHAR',
  rendering: 'VARCHAR',
  set: 'VARCHAR',
  id: 'VARCHAR',
  group: 'VARCHAR',
  pole: 'VARCHAR',
  loading: 'VARCHAR',
  z: 'DOUBLE',
  z_gap: 'DOUBLE',
} as const

function points(rows: readonly ProjectionRow[]): Table {
  const keys = Object.keys(POINT_COLUMNS) as (keyof typeof POINT_COLUMNS)[]
  return { name: 'projections', columns: POINT_COLUMNS, rows: rows.map((r) => keys.map((k) => r[k])) }
}

const ANSWER_COLUMNS = {
  model: 'VARCHAR',
  arm: 'VARCHAR',
  dose: 'DOUBLE',
  prompt: 'VARCHAR',
  issue: 'VARCHAR',
  loading: 'VARCHAR',
  persona: 'VARCHAR',
  sample: 'INTEGER',
  text: 'VARCHAR',
  tokens: 'INTEGER',
  stop: 'VARCHAR',
  kind: 'VARCHAR',
  score: 'DOUBLE',
} as const

type AnswerRow = Partial<Record<keyof typeof ANSWER_COLUMNS, Cell>>

/** Texts written under the arms of claim `steering`. */
function steeredAnswers({ role, texts }: SteeringTable): AnswerRow[] {
  if (texts === undefined) return []
  const row = (t: ReadText, more: AnswerRow): AnswerRow => ({
    model: role,
    prompt: t.prompt,
    issue: t.unit,
    loading: 'neutral',
    sample: 0,
    text: t.text,
    tokens: t.tokens.length,
    stop: t.stop,
    kind: t.kind,
    score: t.score,
    ...more,
  })
  return [
    ...[...texts.own, ...texts.others].flatMap((a) =>
      a.texts.map((t) => row(t, { arm: a.id, dose: a.dose })),
    ),
    ...(['A', 'B'] as const).flatMap((persona) => texts.personas[persona].map((t) => row(t, { persona }))),
  ]
}

function generations(rows: readonly AnswerRow[]): Table {
  const keys = Object.keys(ANSWER_COLUMNS) as (keyof typeof ANSWER_COLUMNS)[]
  return { name: 'generations', columns: ANSWER_COLUMNS, rows: rows.map((r) => keys.map((k) => r[k])) }
}

const JUDGEMENT_COLUMNS = {
  judge: 'VARCHAR',
  claim: 'VARCHAR',
  model: 'VARCHAR',
  arm: 'VARCHAR',
  dose: 'DOUBLE',
  unit: 'VARCHAR',
  label: 'VARCHAR',
  text: 'VARCHAR',
} as const

function judgementTable(rows: readonly Judgement[]): Table {
  const keys = Object.keys(JUDGEMENT_COLUMNS) as (keyof typeof JUDGEMENT_COLUMNS)[]
  return { name: 'judgements', columns: JUDGEMENT_COLUMNS, rows: rows.map((r) => keys.map((k) => r[k])) }
}

function featureTable(rows: readonly FeatureRecord[]): Table {
  return {
    name: 'features',
    columns: {
      dictionary: 'VARCHAR',
      site: 'VARCHAR',
      feature: 'INTEGER',
      set: 'VARCHAR',
      matches: 'INTEGER',
      label: 'VARCHAR',
      n: 'INTEGER',
      issues: 'INTEGER',
      base_rate: 'DOUBLE',
      base_low: 'DOUBLE',
      base_high: 'DOUBLE',
      aligned_rate: 'DOUBLE',
      aligned_low: 'DOUBLE',
      aligned_high: 'DOUBLE',
      base_restored: 'INTEGER',
      aligned_restored: 'INTEGER',
      p: 'DOUBLE',
      q: 'DOUBLE',
      control_rate: 'DOUBLE',
      content_q: 'DOUBLE',
      auc: 'DOUBLE',
      auc_low: 'DOUBLE',
      auc_high: 'DOUBLE',
      cosine: 'DOUBLE',
      margin_base: 'DOUBLE',
      margin_aligned: 'DOUBLE',
    },
    rows: rows.map((f) => [
      f.dictionary,
      f.site,
      f.feature,
      f.set,
      f.matches,
      f.label,
      f.n,
      f.issues,
      f.base.value,
      ...f.base.ci,
      f.aligned.value,
      ...f.aligned.ci,
      f.base_restored,
      f.aligned_restored,
      f.p,
      f.q,
      f.control_rate,
      f.content_q,
      f.auc,
      f.auc_ci?.[0],
      f.auc_ci?.[1],
      f.cosine,
      f.margin_base,
      f.margin_aligned,
    ]),
  }
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
