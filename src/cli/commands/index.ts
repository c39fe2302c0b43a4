/**
 * Every command, in the order in which `--help` shows them. A new one is a file here and a line below. A command
 * is imported when it is typed, so that `score` does not wait for what only `report` needs.
 */

import type { Command } from '../command.ts'

// biome-ignore lint/suspicious/noExplicitAny: each command has options of its own
type AnyCommand = Command<any>

export const COMMANDS: Readonly<Record<string, () => Promise<AnyCommand>>> = {
  demo: async () => (await import('./demo.ts')).demo,
  doctor: async () => (await import('./doctor.ts')).doctor,
  run: async () => (await import('./run.ts')).run,
  plan: async () => (await import('./plan.ts')).plan,
  report: async () => (await import('./report.ts')).report,
  compare: async () => (await import('./compare.ts')).compare,
  inspect: async () => (await import('./inspect.ts')).inspect,
  extract: async () => (await import('./extract.ts')).extract,
  score: async () => (await import('./score.ts')).score,
  generate: async () => (await import('./generate.ts')).generate,
  'train organism': async () => (await import('./train-organism.ts')).trainOrganism,
  'train sae': async () => (await import('./train-sae.ts')).trainSae,
  encode: async () => (await import('./encode.ts')).encode,
  fetch: async () => (await import('./fetch.ts')).fetch,
  schema: async () => (await import('./schema.ts')).schema,
}

/**
 * The commands that an argument list may be about: those of its first word, or all of them where it names none
 * (for `--help`, and to find the nearest name).
 */
export async function loadCommands(argv: readonly string[]): Promise<AnyCommand[]> {
  if (argv[0] === '--version') return []
  const named = Object.keys(COMMANDS).filter((name) => name.split(' ')[0] === argv[0])
  return Promise.all((named.length > 0 ? named : Object.keys(COMMANDS)).map((name) => COMMANDS[name]!()))
}
