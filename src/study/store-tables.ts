/** The tables of `study.duckdb`: what each holds and how its cells are taken from a run's records. */

import type { ReadAnswer } from './claim-behaviour.ts'
import type { FeatureRecord } from './features-record.ts'
import type { Judgement } from './judges/step.ts'
import type { Prepared } from './prepare.ts'
import type { ProjectionRow } from './projections.ts'
import type { Claim, Measure, Results } from './results.ts'
import type { ReadText } from './steered-answers.ts'
import type { SteeringTable } from './steering-table.ts'

export type Cell = string | number | boolean | null | undefined

/** Types of SQL. */
export type CellType = 'VARCHAR' | 'DOUBLE' | 'INTEGER' | 'BOOLEAN'

export interface Table {
  readonly name: string
  /** Names and types. */
  readonly columns: readonly (readonly [name: string, type: CellType])[]
  readonly rows: Iterable<readonly Cell[]>
}

/** What a store is made of. */
export interface StoreRecords {
  readonly results: Results
  readonly projections: readonly ProjectionRow[]
  readonly answers: readonly ReadAnswer[]
  readonly steered: readonly SteeringTable[]
  readonly judgements: readonly Judgement[]
  readonly features: readonly FeatureRecord[]
}

/** All tables of a run. */
export function storeTables(records: StoreRecords, p: Prepared): Table[] {
  const { results, projections, answers, steered, judgements, features } = records
  return [
    measures(results),
    gates(results),
    series(results),
    items(p),
    points(projections),
    generations([...answers, ...steered.flatMap(steeredAnswers)]),
    featureTable(features),
    judgementTable(judgements),
  ]
}

/** A column: its type, and its cell of a row. */
type Column<R> = readonly [type: CellType, of: (row: R) => Cell]

function table<R>(name: string, rows: readonly R[], columns: Readonly<Record<string, Column<R>>>): Table {
  const list = Object.entries(columns)
  return {
    name,
    columns: list.map(([column, [type]]) => [column, type]),
    rows: rows.map((row) => list.map(([, [, of]]) => of(row))),
  }
}

/** Columns of one type that are called as the rows' own keys. */
function own<R extends object>(type: CellType, ...keys: (keyof R & string)[]): Record<string, Column<R>> {
  return Object.fromEntries(keys.map((key) => [key, [type, (row: R) => row[key] as Cell]]))
}

function measures(results: Results): Table {
  const rows = results.claims.flatMap(({ id: claim, measures }) => measures.map((m) => ({ ...m, claim })))
  type Row = Measure & { claim: string }
  return table<Row>('measures', rows, {
    ...own<Row>(
      'VARCHAR',
      'claim',
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
    ),
    layer: ['INTEGER', (m) => m.layer],
    value: ['DOUBLE', (m) => m.value],
    ci_low: ['DOUBLE', (m) => m.ci?.[0]],
    ci_high: ['DOUBLE', (m) => m.ci?.[1]],
    level: ['DOUBLE', (m) => m.level],
    n: ['INTEGER', (m) => m.n],
    groups: ['INTEGER', (m) => m.groups],
    null_mean: ['DOUBLE', (m) => m.null?.mean],
    null_q95: ['DOUBLE', (m) => m.null?.q95],
    null_draws: ['INTEGER', (m) => m.null?.draws],
    p: ['DOUBLE', (m) => m.p],
    q: ['DOUBLE', (m) => m.q],
    seed: ['INTEGER', (m) => m.seed],
  })
}

function gates(results: Results): Table {
  const rows = results.claims.flatMap((c) =>
    c.gates.map((g) => ({ ...g, claim: c.id, status: c.status, label: c.label })),
  )
  type Row = (typeof rows)[number]
  return table('gates', rows, {
    ...own<Row>('VARCHAR', 'claim', 'status', 'label', 'name'),
    ...own<Row>('BOOLEAN', 'passed'),
    ...own<Row>('DOUBLE', 'value', 'threshold'),
  })
}

function series(results: Results): Table {
  const of = ({ id: claim, series = [] }: Claim) =>
    series.flatMap((s) => s.values.map((value, at) => ({ ...s, claim, at, value })))
  const rows = results.claims.flatMap(of)
  type Row = (typeof rows)[number]
  return table('series', rows, {
    ...own<Row>('VARCHAR', 'claim', 'name', 'model', 'site', 'axis', 'rendering'),
    ...own<Row>('INTEGER', 'at'),
    ...own<Row>('DOUBLE', 'value'),
  })
}

interface Item {
  readonly set: 'texts' | 'prompts'
  readonly id: string
  readonly group: string | undefined
  readonly pole?: 'A' | 'B'
  readonly loading?: string | undefined
  readonly tokens: number
  readonly text: string | undefined
}

function items(p: Prepared): Table {
  const texts = p.texts.ids.map(
    (id, i): Item => ({
      set: 'texts',
      id,
      group: p.texts.groups[i],
      pole: p.texts.poles[i] === 0 ? 'A' : 'B',
      tokens: p.textTokens[i]!.tokens.length,
      text: p.texts.texts[i],
    }),
  )
  const prompts = p.prompts.ids.map(
    (id, i): Item => ({
      set: 'prompts',
      id,
      group: p.prompts.issues[i],
      loading: p.prompts.loadings[i],
      tokens: p.promptTokens.get(p.study.render[0]!)![i]!.tokens.length,
      text: p.prompts.texts[i],
    }),
  )
  return table('items', [...texts, ...prompts], {
    ...own<Item>('VARCHAR', 'set', 'id', 'group', 'pole', 'loading'),
    ...own<Item>('INTEGER', 'tokens'),
    ...own<Item>('VARCHAR', 'text'),
  })
}

function points(rows: readonly ProjectionRow[]): Table {
  return table('projections', rows, {
    ...own<ProjectionRow>('VARCHAR', 'model', 'site', 'rendering', 'set', 'id', 'group', 'pole', 'loading'),
    ...own<ProjectionRow>('DOUBLE', 'z', 'z_gap'),
  })
}

interface AnswerRow extends Omit<ReadAnswer, 'persona' | 'sample'> {
  readonly arm?: string
  readonly dose?: number
  readonly persona?: ReadAnswer['persona']
  readonly sample: number
}

/** Texts written under the arms of claim `steering`. */
function steeredAnswers({ role, texts }: SteeringTable): AnswerRow[] {
  if (texts === undefined) return []
  const row = (t: ReadText, more: Partial<AnswerRow>): AnswerRow => ({
    model: role,
    prompt: t.prompt,
    issue: t.unit,
    loading: 'neutral',
    sample: 0,
    text: t.text,
    tokens: t.tokens.length,
    stop: t.stop,
    kind: t.kind,
    score: t.score ?? undefined,
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
  return table('generations', rows, {
    ...own<AnswerRow>('VARCHAR', 'model', 'arm'),
    ...own<AnswerRow>('DOUBLE', 'dose'),
    ...own<AnswerRow>('VARCHAR', 'prompt', 'issue', 'loading', 'persona'),
    ...own<AnswerRow>('INTEGER', 'sample'),
    ...own<AnswerRow>('VARCHAR', 'text'),
    ...own<AnswerRow>('INTEGER', 'tokens'),
    ...own<AnswerRow>('VARCHAR', 'stop', 'kind'),
    ...own<AnswerRow>('DOUBLE', 'score'),
  })
}

function judgementTable(rows: readonly Judgement[]): Table {
  return table('judgements', rows, {
    ...own<Judgement>('VARCHAR', 'judge', 'claim', 'model', 'arm'),
    ...own<Judgement>('DOUBLE', 'dose'),
    ...own<Judgement>('VARCHAR', 'unit', 'label', 'text'),
  })
}

function featureTable(rows: readonly FeatureRecord[]): Table {
  type Row = FeatureRecord
  return table('features', rows, {
    ...own<Row>('VARCHAR', 'dictionary', 'site'),
    ...own<Row>('INTEGER', 'feature'),
    ...own<Row>('VARCHAR', 'set'),
    ...own<Row>('INTEGER', 'matches'),
    ...own<Row>('VARCHAR', 'label'),
    ...own<Row>('INTEGER', 'n', 'issues'),
    base_rate: ['DOUBLE', (f) => f.base.value],
    base_low: ['DOUBLE', (f) => f.base.ci[0]],
    base_high: ['DOUBLE', (f) => f.base.ci[1]],
    aligned_rate: ['DOUBLE', (f) => f.aligned.value],
    aligned_low: ['DOUBLE', (f) => f.aligned.ci[0]],
    aligned_high: ['DOUBLE', (f) => f.aligned.ci[1]],
    ...own<Row>('INTEGER', 'base_restored', 'aligned_restored'),
    ...own<Row>('DOUBLE', 'p', 'q', 'control_rate', 'content_q', 'auc'),
    auc_low: ['DOUBLE', (f) => f.auc_ci?.[0]],
    auc_high: ['DOUBLE', (f) => f.auc_ci?.[1]],
    ...own<Row>('DOUBLE', 'cosine', 'margin_base', 'margin_aligned'),
  })
}
