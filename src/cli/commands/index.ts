/** Every command, in the order in which `--help` shows them. A new one is a file here and a line below. */

import type { Command } from '../command.ts'
import { doctor } from './doctor.ts'
import { inspect } from './inspect.ts'
import { plan } from './plan.ts'
import { report } from './report.ts'
import { run } from './run.ts'
import { schema } from './schema.ts'

export const COMMANDS = [doctor, run, plan, report, inspect, schema] as readonly Command[]
