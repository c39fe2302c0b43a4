/** Entry of the command: `bin/palimpsest.mjs` imports this file. */
import { main } from './program.ts'

process.exitCode = await main(process.argv.slice(2))
