/** `compare`: several runs side by side. */

import { join, resolve } from 'node:path'
import { atomicWrite } from '../../core/files.ts'
import { compareRuns, comparisonText, renderComparison } from '../../report/comparison.ts'
import { readResults } from '../../study/results.ts'
import type { Command } from '../command.ts'

interface Options {
  readonly out?: string
}

export const compare: Command<Options> = {
  name: 'compare',
  summary: 'Puts several runs side by side: pairs, stages, domains.',
  configure(command) {
    command
      .argument('<run...>', 'the folders of two runs or more')
      .option('-o, --out <file>', 'also write one HTML page that needs nothing else')
      .addHelpText(
        'after',
        `
Example:
  palimpsest compare runs/sft-1b2c3d runs/dpo-4e5f60 -o stages.html`,
      )
  },
  async run(context, folders, { out }) {
    const runs: { folder: string; results: Awaited<ReturnType<typeof readResults>> }[] = []
    for (const folder of folders)
      runs.push({ folder: resolve(folder), results: await readResults(join(folder, 'results.json')) })
    const comparison = compareRuns(runs)
    if (out !== undefined) await atomicWrite(out, renderComparison(comparison))
    context.answer(
      { ...comparison, ...(out === undefined ? {} : { page: out }) },
      `${comparisonText(comparison)}${out === undefined ? '' : `\n\n${out}`}`,
    )
  },
}
