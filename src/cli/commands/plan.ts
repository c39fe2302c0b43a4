/** `plan`: what a study would do and cost, and what is already done. Runs nothing. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { refuse } from '../../core/errors.ts'
import { atomicWrite } from '../../core/files.ts'
import { stagesOf } from '../../study/chain.ts'
import { type Plan, planChain, planStudy } from '../../study/plan.ts'
import { preregister } from '../../study/preregistration.ts'
import { runFolderName } from '../../study/run.ts'
import { isChain } from '../../study/schema.ts'
import { preregistrationBeside, readStudyFile } from '../../study/study-file.ts'
import type { Command } from '../command.ts'
import { modelResolver } from '../model-ref.ts'
import { duration, grouped } from '../progress.ts'
import { bytes } from '../style.ts'

interface Options {
  readonly out?: string
  readonly preregister?: boolean
}

export const plan: Command<Options> = {
  name: 'plan',
  summary: 'Lists the steps, tokens, memory, disk and time of a study, and which are done; runs nothing.',
  configure(command) {
    command
      .argument('<study.yaml>', 'the study file')
      .option(
        '--preregister',
        'write hypotheses, thresholds and seeds with a hash, for `run` to be held to; nothing else is done',
      )
      .option(
        '-o, --out <path>',
        'folder of the run (default: runs/NAME-HASH); with --preregister the file (default: NAME.preregistration.json beside the study)',
      )
      .addHelpText(
        'after',
        `
The time is an estimate from a few passes through the first blocks of each model, made now.

Examples:
  palimpsest plan tweets.yaml
  palimpsest plan --preregister tweets.yaml`,
      )
  },
  async run(context, [path], { out, preregister: register }) {
    const study = await readStudyFile(path!)
    if (register === true) {
      const file = out ?? preregistrationBeside(path!)
      if (existsSync(file))
        throw refuse('preregistration-exists', 'There is a preregistration already.', {
          where: file,
          expected: 'no file of this name',
          found: 'one that was written earlier',
          fix: 'Keep it: a new one would be written after the fact. Use -o for another file.',
        })
      const record = preregister(study, new Date())
      await atomicWrite(file, `${JSON.stringify(record, null, 1)}\n`)
      context.answer({ file, ...record }, `${file}\nhash ${record.hash}`)
      return
    }
    const folder = out ?? join('runs', runFolderName(study))
    const resolve = modelResolver(context, { fetch: false })
    const planned = isChain(study)
      ? await planChain(stagesOf(study), folder, resolve, context.signal)
      : await planStudy(study, folder, resolve, context.signal)
    context.answer(planned, describe(planned))
  },
}

function describe(p: Plan): string {
  const rows = p.steps.map((s) => [
    s.there === true ? 'done' : s.there === 'earlier' ? 'shared' : s.there === false ? 'to do' : 'later',
    s.what,
    s.tokens > 0 ? `${grouped(s.texts)} texts, ${grouped(s.tokens)} tokens` : '',
    s.bytes > 0 ? bytes(s.bytes) : '',
    s.there === true || s.there === 'earlier' || s.seconds === undefined
      ? ''
      : `about ${duration(1000 * s.seconds)}`,
  ])
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((r) => r[i]!.length)))
  const seconds = p.steps.reduce((n, s) => n + (s.seconds ?? 0), 0)
  return [
    ...rows.map((r) =>
      r
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    ),
    '',
    `folder  ${p.folder}`,
    `disk    ${bytes(p.steps.reduce((n, s) => n + s.bytes, 0))}`,
    `memory  about ${bytes(p.memory)} beside the mapped weights`,
    `time    about ${duration(1000 * seconds)} of harvests, and the statistics`,
    ...p.warnings.map((w) => `warning: ${w}`),
  ].join('\n')
}
