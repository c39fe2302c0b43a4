/** `report`: builds a run's report.html again from its records. */

import { buildReport } from '../../report/build.ts'
import type { Command } from '../command.ts'

export const report: Command = {
  name: 'report',
  summary: 'Rebuilds report.html from the records of a run; no model is needed.',
  configure(command) {
    command.argument('<run>', 'the folder of a run').addHelpText(
      'after',
      `
Example:
  palimpsest report runs/tweets-3f2a91`,
    )
  },
  async run(context, [folder]) {
    const path = await buildReport(folder!)
    context.answer({ report: path }, path)
  },
}
