/** Several runs side by side: pairs, stages, domains. What each found, and the numbers that its answers rest on. */

import { refuse } from '../core/errors.ts'
import { CLAIMS, type ClaimId, type Measure, type Results } from '../study/results.ts'
import { byRun } from './figures/by-run.ts'
import { NARROW, WIDE, type Width } from './figures/svg.ts'
import { estimate } from './format.ts'
import { Html, html } from './html.ts'
import { headline } from './select.ts'
import { STYLE } from './style.ts'
import { measured, table } from './table.ts'
import { labelWords, measureName, QUESTIONS } from './words.ts'

/** The numbers that answers rest on, by claim. */
const HEADLINES: readonly (readonly [ClaimId, string])[] = [
  ['direction', 'excess_auc'],
  ['direction', 'retention'],
  ['compression', 'r_prompt'],
  ['compression', 'r_gap'],
  ['compression', 'selective'],
  ['behaviour', 'contrast_ratio'],
  ['behaviour', 'persona_ratio'],
  ['features', 'dormant_share'],
  ['steering', 'gain_ratio'],
  ['geometry', 'steering_reach'],
  ['identity', 'stance_index'],
  ['identity', 'mask_thickness'],
]

export interface ComparedRun {
  readonly folder: string
  /** What it is called; the study's name by default. A stage of a chain has its own. */
  readonly label?: string
  /** Where its report lies, for a page that leads to it. */
  readonly report?: string
  readonly results: Results
}

export interface Comparison {
  readonly runs: readonly {
    readonly folder: string
    readonly label: string
    readonly report: string | undefined
    readonly study: string
    readonly domain: string | undefined
    readonly poles: Results['poles'] | undefined
    readonly models: readonly { readonly role: string; readonly ref: string; readonly hash: string }[]
    readonly verdict: string | undefined
  }[]
  /** Status and finer answer of each claim that a run holds, by run; undefined where it does not hold it. */
  readonly claims: readonly {
    readonly id: ClaimId
    readonly answers: readonly ({ status: string; label: string | undefined } | undefined)[]
  }[]
  /** By run; undefined where it was not measured. */
  readonly measures: readonly {
    readonly claim: ClaimId
    readonly name: string
    readonly model: string | undefined
    readonly values: readonly (Measure | undefined)[]
  }[]
  /** Of the first run. */
  readonly thresholds: Results['thresholds']
  /** What makes numbers of the runs differ beside the models: thresholds and seeds that are not the same. */
  readonly differences: readonly { readonly key: string; readonly values: readonly string[] }[]
}

/**
 * Puts runs side by side.
 *
 * @throws PalimpsestError `compare-few` (fewer than two), `compare-twice` (the same run), `compare-nothing` (no
 *   claim that two of them hold)
 * @example compareRuns([{ folder: 'runs/a', results: a }, { folder: 'runs/b', results: b }]).claims
 */
export function compareRuns(runs: readonly ComparedRun[]): Comparison {
  if (runs.length < 2)
    throw refuse('compare-few', 'There is nothing to compare a single run with.', {
      expected: 'the folders of two runs or more',
      found: runs.map((r) => r.folder).join(', ') || 'none',
      fix: 'Name another run, or a chain of two stages or more.',
    })
  const twice = runs.find((r, i) => runs.findIndex((o) => o.folder === r.folder) < i)
  if (twice !== undefined)
    throw refuse('compare-twice', 'A run is named twice.', {
      where: twice.folder,
      expected: 'folders that differ',
      found: 'the same folder again',
      fix: 'Name each run once.',
    })
  const held = CLAIMS.filter((id) => runs.some((r) => r.results.claims.some((c) => c.id === id)))
  const shared = held.filter((id) => runs.filter((r) => r.results.claims.some((c) => c.id === id)).length > 1)
  if (shared.length === 0)
    throw refuse('compare-nothing', 'No two of these runs tested the same claim.', {
      where: runs.map((r) => r.folder).join(', '),
      expected: 'a claim that two of them tested',
      found: runs.map((r) => r.results.claims.map((c) => c.id).join(' and ') || 'no claims').join('; '),
      fix: 'Run the studies with a claim in common.',
    })
  const keys = new Set(runs.flatMap((r) => Object.keys(r.results.thresholds)))
  const settings = [
    { key: 'seed', values: runs.map((r) => String(r.results.seed)) },
    ...[...keys].map((key) => ({
      key,
      values: runs.map((r) => String(r.results.thresholds[key] ?? 'none')),
    })),
  ]
  return {
    runs: runs.map(({ folder, label, report, results: r }) => ({
      folder,
      label: label ?? r.study,
      report,
      study: r.study,
      domain: r.domain,
      poles: r.poles,
      models: r.models.map(({ role, ref, hash }) => ({ role, ref, hash })),
      verdict: r.verdict?.label,
    })),
    claims: held.map((id) => ({
      id,
      answers: runs.map(({ results }) => {
        const found = results.claims.find((c) => c.id === id)
        return found && { status: found.status, label: found.label }
      }),
    })),
    measures: HEADLINES.flatMap(([claim, name]) => measureRows(runs, claim, name)),
    thresholds: runs[0]!.results.thresholds,
    differences: settings.filter(({ values }) => new Set(values).size > 1),
  }
}

/** A row a model that any of the runs measured. */
function measureRows(runs: readonly ComparedRun[], claim: ClaimId, name: string): Comparison['measures'] {
  const models = new Set(
    runs.flatMap(({ results }) =>
      (results.claims.find((c) => c.id === claim)?.measures ?? [])
        .filter((m) => m.name === name)
        .map((m) => m.model),
    ),
  )
  return [...models].map((model) => ({
    claim,
    name,
    model,
    values: runs.map(({ results }) => {
      const all = results.claims.find((c) => c.id === claim)?.measures ?? []
      // Of a factorial, the cell that decides.
      const decides = all.find(
        (m) => m.name === name && m.model === model && m.condition?.endsWith('stated, user') === true,
      )
      return (
        decides ??
        headline({ results, manifest: {}, projections: [] }, claim, {
          name,
          ...(model === undefined ? {} : { model }),
        })
      )
    }),
  }))
}

/** The comparison as lines for a terminal: a block a run, then a line a question. */
export function comparisonText(c: Comparison): string {
  const rows = [
    ['', ...c.runs.map((r) => r.label)],
    ['folder', ...c.runs.map((r) => r.folder)],
    ['domain', ...c.runs.map((r) => r.domain ?? '')],
    ['models', ...c.runs.map((r) => r.models.map((m) => m.ref.split(/[\\/]/).at(-1)).join(', '))],
    ['verdict', ...c.runs.map((r) => r.verdict ?? '')],
    ...c.claims.map(({ id, answers }) => [
      id,
      ...answers.map((a) =>
        a === undefined ? '-' : `${a.status}${a.label === undefined ? '' : ` (${a.label})`}`,
      ),
    ]),
    ...c.measures.map((m) => [measureRow(m), ...m.values.map((v) => (v === undefined ? '-' : estimate(v)))]),
    ...c.differences.map((d) => [`differs: ${d.key}`, ...d.values]),
  ]
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((r) => r[i]!.length)))
  return rows
    .map((r) =>
      r
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function measureRow(m: Comparison['measures'][number]): string {
  return `${m.claim}: ${measureName(m.name)}${m.model === undefined ? '' : `, ${m.model}`}`
}

/**
 * The comparison as one HTML page that needs nothing else.
 *
 * @example await atomicWrite('compare.html', renderComparison(compareRuns(runs)))
 */
export function renderComparison(
  c: Comparison,
  { title = c.runs.map((r) => r.label).join(', '), kind = 'comparison' } = {},
): string {
  const name = ({ label, report, folder }: Comparison['runs'][number]): Html =>
    report === undefined ? html`${label} <code>${folder}</code>` : html`<a href="${report}">${label}</a>`
  const drawn = [WIDE, NARROW].map((width) =>
    byRun(
      c.runs.map((r) => r.label),
      c.measures,
      c.thresholds,
      width as Width,
    ),
  )
  const columns = <T>(cell: (row: T, i: number) => unknown, numeric = false) =>
    c.runs.map((run, i) => ({ head: name(run), numeric, cell: (row: T) => cell(row, i) as Html }))
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="Palimpsest">
<title>${title}: Palimpsest ${kind}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<header>
<p class="kind">Palimpsest ${kind}</p>
<h1>${title}</h1>
</header>
<main>
<section aria-labelledby="runs-heading">
<h2 id="runs-heading">Runs and answers</h2>
${table(
  'What each run compared.',
  [
    { head: 'Run', cell: name },
    { head: 'Verdict', cell: (r) => r.verdict ?? 'one model: no verdict' },
    { head: 'Domain', cell: (r) => r.domain },
    { head: 'Poles', cell: (r) => r.poles && html`${r.poles.A} (A), ${r.poles.B} (B)` },
    {
      head: 'Models',
      long: true,
      cell: (r) => r.models.map((m) => html`${m.role} <code>${m.ref}</code> `),
    },
  ],
  c.runs,
)}
${table(
  'The answer of each claim.',
  [
    { head: 'Claim', cell: (row: Comparison['claims'][number]) => QUESTIONS[row.id].title },
    ...columns<Comparison['claims'][number]>((row, i) => {
      const a = row.answers[i]
      return a === undefined
        ? 'not part of this run'
        : `${a.label === undefined ? '' : `${labelWords(a.label)}: `}${a.status}`
    }),
  ],
  c.claims,
)}
</section>
<section aria-labelledby="numbers-heading">
<h2 id="numbers-heading">Numbers</h2>
${
  drawn[0] === undefined || drawn[1] === undefined
    ? ''
    : html`<figure>
<figcaption><b>What the answers rest on, ${kind === 'chain' ? 'stage by stage' : 'run by run'}.</b> Points with their intervals; dashed: the bars that decide.</figcaption>
<div class="wide">${new Html(drawn[0])}</div>
<div class="narrow">${new Html(drawn[1])}</div>
</figure>
`
}${table(
  'What the answers rest on, with intervals where there are any.',
  [
    { head: 'Measure', cell: (row: Comparison['measures'][number]) => measureRow(row) },
    ...columns<Comparison['measures'][number]>((row, i) => {
      const m = row.values[i]
      return m === undefined ? '' : measured(m)
    }, true),
  ],
  c.measures,
)}
${table(
  'Settings that differ: numbers of runs with other bars or seeds are not answers to the same question.',
  [
    { head: 'Setting', cell: (row: Comparison['differences'][number]) => html`<code>${row.key}</code>` },
    ...columns<Comparison['differences'][number]>((row, i) => row.values[i]),
  ],
  c.differences,
)}
</section>
</main>
</body>
</html>
`.markup
}
