/**
 * What a command is. One file under commands/ describes one command; `commands/index.ts` lists them, and
 * `program.ts` does the rest: parsing, errors, Ctrl-C, exit codes.
 */

import type { Command as CommanderCommand } from 'commander'
import type { Progress } from './progress.ts'

/** What a running command is given. Answers go to stdout, everything else to stderr. */
export interface Context {
  /** Aborted by Ctrl-C. Pass it to everything that takes time. */
  readonly signal: AbortSignal
  /** The answer: one JSON document with `--json`, otherwise text for people. Called at most once. */
  answer(json: unknown, text: string): void
  /** A remark for people, on stderr. */
  note(text: string): void
  /** A progress display on stderr, `unit` being what is counted. Dispose it before answering. */
  progress(label: string, unit: string): Progress
}

/** `Options` are those that `configure` declares, by their camel-case names. */
export interface Command<Options = unknown> {
  /** As it is typed; two words for a command of a group, such as `train sae`. */
  readonly name: string
  readonly summary: string
  /** Declares arguments, options and help text. `--json` and `--debug` are there already. */
  configure(command: CommanderCommand): void
  /**
   * @param positional the arguments in the order in which they were declared
   * @returns the exit code where it is not 0 and nothing is thrown (3: finished, but a gate failed)
   */
  run(
    context: Context,
    positional: readonly string[],
    options: Options,
    // biome-ignore lint/suspicious/noConfusingVoidType: most commands return nothing
  ): Promise<number | void>
}
