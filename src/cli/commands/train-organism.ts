/** `train organism`: model organisms of a known answer, trained from seeds. */

import { Option } from 'commander'
import { refuse } from '../../core/errors.ts'
import { type CorpusKnobs, corpusSchema } from '../../organism/knobs.ts'
import { SIZES, type SizeName } from '../../organism/network.ts'
import { ORGANISMS, type OrganismName } from '../../organism/recipes.ts'
import { type OrganismRecord, trainOrganism as train } from '../../organism/train.ts'
import type { Command } from '../command.ts'
import { integer } from '../options.ts'
import type { Progress } from '../progress.ts'

interface Options {
  readonly out: string
  readonly set: string
  readonly size: SizeName
  readonly seed: number
  readonly threads: number
  readonly steps?: number
  readonly [knob: string]: unknown
}

const KNOBS = Object.entries(corpusSchema.shape) as [
  keyof CorpusKnobs,
  (typeof corpusSchema.shape)[keyof CorpusKnobs],
][]

export const trainOrganism: Command<Options> = {
  name: 'train organism',
  summary: 'Trains model organisms: base and aligned pairs whose right verdict is known.',
  configure(command) {
    command
      .requiredOption('-o, --out <folder>', 'where the set goes; the same command again resumes')
      .option('--set <names>', `all, or some of ${ORGANISMS.join(', ')} (with commas)`, 'all')
      .addOption(
        new Option('--size <size>', 'width of the models: narrow 32, tiny 64, reference 128')
          .choices(Object.keys(SIZES))
          .default('tiny'),
      )
      .option('--seed <n>', 'seed of corpus, weights and samples', integer(0, 2 ** 31), 1)
      .option(
        '--threads <n>',
        'CPU threads; weights are the same to the bit for the same number',
        integer(1, 64),
        1,
      )
      .option('--steps <n>', 'steps of pre-training (default: by size)', integer(1, 1_000_000))
    for (const [name, schema] of KNOBS) {
      const { defaultValue } = schema.def
      command.option(`--${flag(name)} <x>`, `${schema.description} (default: ${defaultValue})`, Number)
    }
    command.addHelpText(
      'after',
      `
Each organism becomes a folder in Hugging Face layout, with organism.json: settings, seed, what it does by the
corpus's own parser, whether it was made, and the verdict that a study of it should reach. domain.json beside
them is the value domain to measure them with. Exit code 3 when an organism does not do what it must.

Examples:
  palimpsest train organism -o organisms
  palimpsest train organism -o hard --set masked --compositional 0.9 --seed 7`,
    )
  },
  async run(context, _, options) {
    const corpus = Object.fromEntries(
      KNOBS.flatMap(([name]) => {
        const value = options[camel(flag(name))]
        return value === undefined ? [] : [[name, value]]
      }),
    )
    let shown: { what: string; progress: Progress } | undefined
    try {
      const records = await train(
        {
          out: options.out,
          set: setOf(options.set),
          size: options.size,
          seed: options.seed,
          threads: options.threads,
          corpus,
          ...(options.steps === undefined ? {} : { steps: options.steps }),
        },
        {
          signal: context.signal,
          onProgress: ({ organism, stage, step, steps }) => {
            const what = `${organism}: ${stage}`
            if (shown?.what !== what) {
              shown?.progress[Symbol.dispose]()
              shown = { what, progress: context.progress(what, 'steps') }
            }
            shown.progress.update(step, steps)
          },
          onOrganism: (record) => {
            shown?.progress[Symbol.dispose]()
            shown = undefined
            context.note(`${record.name}: ${verdictOf(record)}`)
          },
        },
      )
      context.answer({ out: options.out, organisms: records }, describe(records))
      return records.every((r) => r.made) ? 0 : 3
    } finally {
      shown?.progress[Symbol.dispose]()
    }
  },
}

/** Names on the command line; a misspelt one is refused by `trainOrganism`. */
function setOf(text: string): 'all' | OrganismName[] {
  if (text === 'all') return 'all'
  const names = text.split(',').map((s) => s.trim())
  if (names.includes(''))
    throw refuse('organism-name', 'A name is missing.', {
      where: '--set',
      found: text,
      expected: `all, or names with commas: ${ORGANISMS.join(', ')}`,
      fix: 'Remove the comma too many.',
    })
  return names as OrganismName[]
}

function flag(name: string): string {
  return name.replaceAll('_', '-')
}

function camel(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
}

function verdictOf({ made, unmet }: OrganismRecord): string {
  return made ? 'made' : `not made (${unmet.join('; ')})`
}

function describe(records: readonly OrganismRecord[]): string {
  const percent = (x: number): string => `${Math.round(100 * x)}%`
  const rows = [
    ['organism', 'balanced', 'persona', 'wording', 'facts', 'AUC', 'made', 'right verdict'],
    ...records.map((r) => [
      r.name,
      percent(r.behaviour.all.neutral),
      percent(r.behaviour.persona),
      percent(r.behaviour.wording),
      percent(r.behaviour.facts),
      Math.max(...r.direction.mean).toFixed(2),
      r.made ? 'yes' : 'no',
      r.expected?.verdict ?? '',
    ]),
  ]
  const widths = rows[0]!.map((_, j) => Math.max(...rows.map((row) => row[j]!.length)))
  return rows
    .map((row) =>
      row
        .map((cell, j) => cell.padEnd(widths[j]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
