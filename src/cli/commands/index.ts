/** Every command, in the order in which `--help` shows them. A new one is a file here and a line below. */

import type { Command } from '../command.ts'
import { doctor } from './doctor.ts'
import { extract } from './extract.ts'
import { generate } from './generate.ts'
import { inspect } from './inspect.ts'
import { plan } from './plan.ts'
import { report } from './report.ts'
import { run } from './run.ts'
import { schema } from './schema.ts'
import { score } from './score.ts'

export const COMMANDS = [
  doctor,
  run,
  plan,
  report,
  inspect,
  extract,
  score,
  generate,
  schema,
] as readonly Command[]
