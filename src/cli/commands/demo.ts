/** `demo`: the organisms that ship with the package through a whole study, offline. */

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { refuse } from '../../core/errors.ts'
import { organismDictionaryPath, organismDomainPath, organismPath } from '../../organism/index.ts'
import { type Held, holdAgainst, isMade, organismPairs, organismStudy } from '../../organism/studies.ts'
import { buildReport } from '../../report/build.ts'
import type { Results } from '../../study/results.ts'
import { runStudy } from '../../study/run.ts'
import type { Command } from '../command.ts'
import { modelResolver } from '../model-ref.ts'
import { answer, stages } from '../study-output.ts'
import { columns, setColour } from '../style.ts'

/** What the verdicts of these pairs need. */
const CLAIMS = ['direction', 'compression', 'behaviour']

interface Options {
  readonly out: string
  readonly allClaims?: boolean
}

export const demo: Command<Options> = {
  name: 'demo',
  summary: 'Runs the shipped organisms, whose answer is known, through a whole study to a report; offline.',
  configure(command) {
    command
      .option('-o, --out <folder>', 'folder of the runs', join('runs', 'demo'))
      .option('--all-claims', 'also the causal claims: steering, geometry and identity')
      .addHelpText('after', '\nExample:\n  palimpsest demo --all-claims')
  },
  async run(context, _, { out, allClaims }) {
    const rows: { name: string; folder: string; results: Results; verdict: Held; columns: Held[] }[] = []
    for (const pair of organismPairs()) {
      if (!isMade(pair, organismPath)) {
        context.note(`\n${pair.name}: left out, because one of its organisms is not there or was not made`)
        continue
      }
      using progress = stages(context)
      context.note(`\n${pair.name}: ${pair.base} against ${pair.aligned}`)
      const dictionary =
        pair.base === 'base' && pair.aligned !== 'base' ? organismDictionaryPath() : undefined
      const study = organismStudy(
        pair,
        (name) => `organism:${name}`,
        organismDomainPath(),
        1,
        allClaims === true ? undefined : CLAIMS,
        dictionary,
      )
      const folder = join(out, pair.name)
      await mkdir(folder, { recursive: true })
      const results = await runStudy(study, {
        source: stringify(study),
        folder,
        steps: join(out, 'steps'),
        resolve: modelResolver(context),
        command: ['palimpsest', ...process.argv.slice(2)],
        signal: context.signal,
        onProgress: progress.update,
      })
      await buildReport(folder)
      rows.push({ name: pair.name, folder, results, ...holdAgainst(results, pair) })
    }
    const [first] = rows
    if (first === undefined)
      throw refuse('organisms-missing', 'None of the shipped organisms is there.', {
        expected: 'the models that come with the package',
        found: 'none of them',
        fix: 'Install the package again, with its folder organisms.',
      })
    const wrong = rows.filter((r) => !r.verdict.right || r.columns.some((c) => !c.right))
    context.answer(
      rows.map(({ results, ...row }) => ({ ...row, label: results.verdict?.label })),
      [
        answer(first.results, first.folder, join(first.folder, 'report.html')),
        '',
        'What is known of the organisms, and what the tool found:',
        table(rows),
      ].join('\n'),
    )
    return wrong.length === 0 ? 0 : 3
  },
}

function table(rows: readonly { name: string; verdict: Held; columns: readonly Held[] }[]): string {
  const { bold } = setColour(process.stdout)
  return columns(
    rows.map(({ name, verdict, columns: held }) => [
      name,
      [
        `${bold(verdict.found)} (should be ${verdict.expected}${verdict.right ? '' : ': WRONG'})`,
        held.map((h) => `${h.column}: ${h.found}${h.right ? '' : ` (should be ${h.expected})`}`).join(', '),
      ].join('\n'),
    ]),
  )
}
