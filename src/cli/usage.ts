/** Wrong command lines as errors of ours: what was found, what is known, the nearest of it. */

import type { Command, CommanderError } from 'commander'
import { type ErrorParts, nearest, PalimpsestError } from '../core/errors.ts'

/** A wrong command line (exit code 2). */
export function usage(code: string, summary: string, parts: ErrorParts): PalimpsestError {
  return new PalimpsestError('usage', code, summary, parts)
}

/**
 * What commander complains about, in our words.
 *
 * @param program the root command
 * @param argv the arguments as typed
 */
export function explainUsage(
  error: CommanderError,
  program: Command,
  argv: readonly string[],
): PalimpsestError {
  const command = commandOf(program, argv)
  const path = command === program ? 'palimpsest' : `palimpsest ${pathOf(command)}`
  const help = `\`${path} --help\` shows what there is.`
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? ''
  const suggest = (name: string, known: readonly string[]): string => {
    const near = nearest(name, known)
    return near.length > 0 ? `Did you mean ${near.join(' or ')}? ${help}` : help
  }
  switch (error.code) {
    case 'commander.unknownCommand': {
      const known = command.commands.map((c) => c.name())
      return usage('command-unknown', 'There is no such command.', {
        found: quoted,
        expected: known.join(', '),
        fix: suggest(quoted, known),
      })
    }
    case 'commander.unknownOption': {
      const known = command.options.flatMap((o) => (o.long === undefined || o.long === null ? [] : [o.long]))
      return usage('option-unknown', 'There is no such option.', {
        where: path,
        expected: known.join(', '),
        found: quoted,
        fix: suggest(quoted, [...known, '--help']),
      })
    }
    case 'commander.invalidArgument': {
      const [, option, value, reason] =
        /option '([^']*)' argument '(.*)' is invalid\. (.*)/s.exec(error.message) ?? []
      return usage('option-value', 'An option has a value that does not fit.', {
        where: `${path}${option === undefined ? '' : ` ${option}`}`,
        found: value ?? quoted,
        expected: (reason ?? error.message)
          .replace(/^(Allowed choices are|It must be) /, '')
          .replace(/\.$/, ''),
        fix: help,
      })
    }
    default:
      return usage('usage', 'The command line is not complete, or says too much.', {
        where: path,
        expected: 'the arguments and options of the command',
        found: error.message.replace(/^error: /, ''),
        fix: help,
      })
  }
}

/** The command that an argument list names, as deep as it goes. */
function commandOf(program: Command, argv: readonly string[]): Command {
  let command = program
  for (const argument of argv) {
    const next = command.commands.find((c) => c.name() === argument)
    if (next === undefined) break
    command = next
  }
  return command
}

function pathOf(command: Command): string {
  const names: string[] = []
  for (let c: Command | null = command; c?.parent != null; c = c.parent) names.unshift(c.name())
  return names.join(' ')
}
