/** `compare`: several runs side by side. */

import { join, resolve } from 'node:path'
import { atomicWrite } from '../../core/files.ts'
import { type ComparedRun, compareRuns, comparisonText, renderComparison } from '../../report/comparison.ts'
import { readChain } from '../../study/chain.ts'
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
      .argument('<run...>', 'the folders of two runs or more; a chain counts as its stages')
      .option('-o, --out <file>', 'also write one HTML page that needs nothing else')
      .addHelpText(
        'after',
        `
Example:
  palimpsest compare runs/sft-1b2c3d runs/dpo-4e5f60 -o stages.html`,
      )
  },
  async run(context, folders, { out }) {
    const runs: ComparedRun[] = []
    for (const folder of folders) runs.push(...(await read(folder)))
    const comparison = compareRuns(runs)
    if (out !== undefined) await atomicWrite(out, renderComparison(comparison))
    context.answer(
      { ...comparison, ...(out === undefined ? {} : { page: out }) },
      `${comparisonText(comparison)}${out === undefined ? '' : `\n\n${out}`}`,
    )
  },
}

/** The run in a folder, or the stages of the chain in it. */
async function read(folder: string): Promise<ComparedRun[]> {
  const chain = await readChain(folder)
  const parts = chain?.stages.map((s) => ({ label: s.name, at: join(folder, s.folder) })) ?? [{ at: folder }]
  return Promise.all(
    parts.map(async ({ at, ...rest }) => ({
      ...rest,
      folder: resolve(at),
      results: await readResults(join(at, 'results.json')),
    })),
  )
}
