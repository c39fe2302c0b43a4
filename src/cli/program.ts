/**
 * From a command line to an exit code: parses it, runs the command, prints errors with their four parts, and
 * turns Ctrl-C into an AbortSignal.
 */

import { Command as CommanderCommand, CommanderError } from 'commander'
import { PalimpsestError } from '../core/errors.ts'
import { packageVersion } from '../core/version.ts'
import type { Command, Context } from './command.ts'
import { loadCommands } from './commands/index.ts'
import { interruptible } from './interrupt.ts'
import { startProgress } from './progress.ts'
import { setColour } from './style.ts'
import { explainUsage } from './usage.ts'

/**
 * Runs one command line and returns its exit code: 0 done, 1 failed, 2 wrong usage or refused input,
 * 3 finished but a gate failed, 130 interrupted.
 *
 * @param argv what follows `palimpsest` on the command line
 */
export async function main(argv: readonly string[]): Promise<number> {
  quietPipes()
  const debug = argv.includes('--debug')
  // Set before anything loads the engine: its own messages show up.
  if (debug) process.env.PALIMPSEST_DEBUG = '1'
  let exitCode = 0
  const program = buildProgram(await loadCommands(argv), async (command, json, positional, options) => {
    exitCode = await runCommand(command, json, debug, positional, options)
  })
  try {
    if (argv.length === 0) {
      program.outputHelp({ error: true })
      return 2
    }
    await program.parseAsync(argv, { from: 'user' })
    return exitCode
  } catch (error) {
    const as = { json: argv.includes('--json'), debug }
    if (!(error instanceof CommanderError)) return report(error, as)
    return error.exitCode === 0 ? 0 : report(explainUsage(error, program, argv), as)
  }
}

type Start = (
  command: Command,
  json: boolean,
  positional: readonly string[],
  options: Record<string, unknown>,
) => Promise<void>

function buildProgram(commands: readonly Command[], start: Start): CommanderCommand {
  const program = new CommanderCommand('palimpsest')
    .description('Compares the inside of a language model before and after alignment training.')
    .version(packageVersion(), '--version', 'print the version')
    .helpCommand('help [command]', 'print help for a command')
    .helpOption('-h, --help', 'print this help')
    .showSuggestionAfterError(false)
    .configureOutput({ outputError: () => {} })
    .exitOverride()
  for (const command of commands) {
    const words = command.name.split(' ')
    const parent = words.length === 1 ? program : groupOf(program, words[0]!)
    const built = parent.command(words.at(-1)!).summary(command.summary).description(command.summary)
    command.configure(built)
    built
      .option('--json', 'print one JSON document to stdout')
      .option('--debug', 'print the stack of an unexpected error, and what the engine reports')
      .action(async (...given: unknown[]) => {
        const { json = false, debug: _, ...options } = built.opts() as { json?: boolean; debug?: boolean }
        await start(command, json, given.slice(0, -2).flat().filter(isText), options)
      })
  }
  return program
}

const GROUPS: Record<string, string> = { train: 'Trains model organisms, or a dictionary.' }

/** The command that holds those of two words. */
function groupOf(program: CommanderCommand, name: string): CommanderCommand {
  return (
    program.commands.find((c) => c.name() === name) ?? program.command(name).description(GROUPS[name] ?? '')
  )
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

async function runCommand(
  command: Command,
  json: boolean,
  debug: boolean,
  positional: readonly string[],
  options: Record<string, unknown>,
): Promise<number> {
  using interrupt = interruptible(() => {
    process.stderr.write('\nStopping where it can be resumed; once more ends it at once.\n')
  })
  const context: Context = {
    signal: interrupt.signal,
    answer: (value, text) => {
      process.stdout.write(json ? `${JSON.stringify(value, null, 2)}\n` : `${text}\n`)
    },
    note: (text) => {
      process.stderr.write(`${text}\n`)
    },
    progress: (label, unit) => startProgress(process.stderr, label, unit),
  }
  try {
    return (await command.run(context, positional, options)) ?? 0
  } catch (error) {
    return report(error, { json, debug })
  }
}

/** What a file holds can get into a message; it must not move the cursor or set the title of a terminal. */
function harmless(text: string): string {
  return text.replace(/(?![\n\t])\p{Cc}/gu, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`)
}

/** Prints an error (its parts as JSON too, where a script reads stdout) and returns the exit code. */
function report(error: unknown, { json, debug }: { json: boolean; debug: boolean }): number {
  const { red } = setColour(process.stderr)
  if (error instanceof PalimpsestError) {
    const { cause: _, ...parts } = error.parts
    if (json) {
      const [summary] = error.message.split('\n')
      const value = { error: { kind: error.kind, code: error.code, summary, ...parts } }
      process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
    }
    const word = error.kind === 'interrupted' ? 'interrupted' : 'error'
    process.stderr.write(`${red(word)} [${error.code}]: ${harmless(error.message)}\n`)
    if (debug) process.stderr.write(`${error.stack}\n`)
    return error.exitCode
  }
  const message = error instanceof Error ? error.message : String(error)
  if (json)
    process.stdout.write(
      `${JSON.stringify({ error: { kind: 'failed', code: 'unexpected', summary: message } }, null, 2)}\n`,
    )
  process.stderr.write(
    `${red('error')} [unexpected]: ${harmless(message)}\n  to do:    Please report this with the output of \`palimpsest doctor\`${
      debug ? '' : '; the same command with --debug prints where it happened'
    }.\n`,
  )
  if (debug && error instanceof Error) process.stderr.write(`${error.stack}\n`)
  return 1
}

/** A reader that closes its pipe early (`| head`) has had enough: that is no failure. */
function quietPipes(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0)
      throw error
    })
}
