/** `run`: a study from its file to verdict, records and report. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildReport } from '../../report/build.ts'
import { runChain, stagesOf } from '../../study/chain.ts'
import { runFolderName, runStudy } from '../../study/run.ts'
import { isChain } from '../../study/schema.ts'
import { readStudyFile } from '../../study/study-file.ts'
import type { Command } from '../command.ts'
import { modelResolver } from '../model-ref.ts'
import { answer, chainAnswer, stages } from '../study-output.ts'

interface Options {
  readonly out?: string
}

export const run: Command<Options> = {
  name: 'run',
  summary: 'Runs or resumes a study; prints the answers and where the report is.',
  configure(command) {
    command
      .argument('<study.yaml>', 'the study file (docs/studies.md; `palimpsest schema` for editors)')
      .option('-o, --out <folder>', 'folder of the run (default: runs/NAME-HASH)')
      .addHelpText(
        'after',
        `
Giving the same command again resumes: finished steps are found by what they depend on.

Examples:
  palimpsest run tweets.yaml
  palimpsest run tweets.yaml -o runs/first --json | jq '.claims[].status'`,
      )
  },
  async run(context, [path], { out }) {
    const study = await readStudyFile(path!)
    const folder = out ?? join('runs', runFolderName(study))
    using progress = stages(context)
    const options = {
      source: await readFile(path!, 'utf8'),
      folder,
      resolve: modelResolver(context),
      command: ['palimpsest', ...process.argv.slice(2)],
      signal: context.signal,
      onProgress: progress.update,
    }
    if (isChain(study)) {
      const onStage = (stage: string): void => context.note(`\n${stage}`)
      const runs = await runChain(study.name, stagesOf(study), { ...options, onStage })
      progress[Symbol.dispose]()
      const report = await buildReport(folder)
      context.answer({ folder, report, stages: runs }, chainAnswer(runs, report))
      return
    }
    const results = await runStudy(study, options)
    progress[Symbol.dispose]()
    const report = await buildReport(folder)
    context.answer({ folder, report, ...results }, answer(results, folder, report))
  },
}
