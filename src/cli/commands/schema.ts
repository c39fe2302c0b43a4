/** `schema`: JSON Schemas of the files that people write, for editors and scripts. */

import { Option } from 'commander'
import { z } from 'zod'
import { packSchema } from '../../domain/index.ts'
import { resultsSchema } from '../../study/results.ts'
import { studyJsonSchema } from '../../study/schema.ts'
import type { Command } from '../command.ts'

export const schema: Command<{ domain?: true; results?: true }> = {
  name: 'schema',
  summary: 'Prints the JSON Schema of a study file, a domain or results.json.',
  configure(command) {
    command
      .option('--domain', 'of a domain file instead')
      .addOption(new Option('--results', 'of results.json instead').conflicts('domain'))
      .addHelpText(
        'after',
        `
Editors check and complete study files with it:
  palimpsest schema > palimpsest.schema.json
  # first line of study.yaml:
  # yaml-language-server: $schema=./palimpsest.schema.json`,
      )
  },
  async run(context, _, options) {
    const value =
      options.domain === true
        ? z.toJSONSchema(packSchema, { io: 'input' })
        : options.results === true
          ? z.toJSONSchema(resultsSchema)
          : studyJsonSchema()
    context.answer(value, JSON.stringify(value, null, 2))
  },
}
