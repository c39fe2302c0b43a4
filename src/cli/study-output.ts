/** What commands that run studies show: a progress line a stage, and the answers in words. */

import { join } from 'node:path'
import type { StageRun } from '../study/chain.ts'
import type { Results } from '../study/results.ts'
import type { Context } from './command.ts'
import type { Progress } from './progress.ts'
import { columns, setColour } from './style.ts'

/** One progress line for each stage of the work, as it comes. */
export function stages(context: Context): Disposable & {
  update(what: string, done: number, total: number): void
} {
  let now: { what: string; progress: Progress } | undefined
  return {
    update(what, done, total) {
      if (now?.what !== what) {
        now?.progress[Symbol.dispose]()
        context.note(`${what} ...`)
        now = { what, progress: context.progress(what, what.startsWith('harvest') ? 'tokens' : 'parts') }
      }
      now.progress.update(done, total)
    },
    [Symbol.dispose]() {
      now?.progress[Symbol.dispose]()
      now = undefined
    },
  }
}

/** The answers in words. */
export function answer(results: Results, folder: string, report: string): string {
  const { bold } = setColour(process.stdout)
  const verdict =
    results.verdict === undefined
      ? []
      : [`${bold('verdict')}: ${bold(results.verdict.label)}`, ...results.verdict.because, '']
  const claims = results.claims.flatMap((c) => [
    `${bold(c.id)}: ${c.status}${c.label === undefined ? '' : ` (${c.label})`}`,
    c.words,
    '',
  ])
  const kept = results.preregistration
  const registered =
    kept === undefined
      ? []
      : [
          `preregistration of ${kept.date.slice(0, 10)} (${kept.hash.slice(0, 12)}): ${kept.kept ? 'kept' : `not kept: ${kept.differences.map((d) => `${d.key} was ${d.registered}, is ${d.run}`).join('; ')}`}`,
          '',
        ]
  const warnings = results.warnings.map((w) => `warning: ${w}`)
  return [
    ...verdict,
    ...claims,
    ...registered,
    ...warnings,
    columns([
      ['report', report],
      ['numbers', join(folder, 'results.json')],
      ['tables', join(folder, 'study.duckdb')],
    ]),
  ].join('\n')
}

/** The answers of a chain: a block a stage, then where its page is. */
export function chainAnswer(runs: readonly StageRun[], report: string): string {
  const { bold } = setColour(process.stdout)
  return [
    columns(
      runs.map(({ stage, results }) => [
        stage,
        [
          bold(results.verdict?.label ?? 'no verdict'),
          ...results.claims.map((c) => `${c.id}: ${c.status}${c.label === undefined ? '' : ` (${c.label})`}`),
        ].join('\n'),
      ]),
    ),
    '',
    ...new Set(runs.flatMap(({ results }) => results.warnings.map((w) => `warning: ${w}`))),
    columns([['report', report]]),
  ].join('\n')
}
