/** `generate`: text from a model, with or without interventions. */

import { Option } from 'commander'
import { checkLengths } from '../../model/layout.ts'
import type { Item, Model } from '../../model/model.ts'
import { tokenizeText } from '../../study/inputs.ts'
import { PINNED_DATE } from '../../study/schema.ts'
import type { Command } from '../command.ts'
import { type GenerateJob, generateToFile, generateToScreen } from '../generate-lines.ts'
import { mapRows, readTextRows, type TextRow } from '../items.ts'
import { modelResolver } from '../model-ref.ts'
import { openModel, requireTemplate } from '../open-model.ts'
import { addModelOptions, integer, type ModelOptions, real } from '../options.ts'
import { provenance } from '../provenance.ts'
import { parseSteer, type SteerSpec } from '../steer.ts'
import { buildSteering } from '../steering.ts'
import { usage } from '../usage.ts'

interface Options extends ModelOptions {
  readonly prompts?: string
  readonly prompt?: string
  readonly column?: string
  readonly chat?: true
  readonly maxTokens: number
  readonly temperature: number
  readonly seed: number
  readonly steer: readonly SteerSpec[]
  readonly out?: string
}

export const generate: Command<Options> = {
  name: 'generate',
  summary: 'Continues prompts, with or without interventions.',
  configure(command) {
    addModelOptions(
      command
        .argument('<model>', 'a model reference')
        .addOption(
          new Option('--prompts <file>', 'JSON lines {"id", "text"}, or a table with --column').conflicts(
            'prompt',
          ),
        )
        .option('--prompt <text>', 'one prompt')
        .option('--column <name>', 'the column of the prompt, in a table')
        .option('--chat', 'render each prompt as one user message')
        .option('--max-tokens <n>', 'most tokens to generate for each prompt', integer(1, 1_000_000), 64)
        .option('--temperature <t>', '0: always the likeliest token', real(0, 100), 0)
        .option(
          '--seed <n>',
          'of the draws, at a temperature above 0',
          integer(0, Number.MAX_SAFE_INTEGER),
          1,
        )
        .addOption(
          new Option('--steer <spec>', 'an intervention, see below; may be given several times')
            .argParser(collect)
            .default([], 'none'),
        )
        .option('-o, --out <file>', 'the JSON lines to write; without it texts are printed'),
    ).addHelpText(
      'after',
      `
Writes {"id", "text", "tokens": [id, ...], "stop": "eos|length", "receipts": [...]}; a receipt says how often an
intervention fired, on how many tokens, and the norm of the change asked for and measured.

SPEC is comma-separated keys:
  op=add,site=SITE,vector=FILE#NAME,dose=DOSE   adds a vector (a tensor of a safetensors or GGUF file)
  op=ablate,site=SITE,vector=FILE#NAME          removes a direction
  op=clamp,site=SITE,dict=DICT,feature=N,value=X  sets a feature of a dictionary, what it does not explain is kept
  op=replace,site=SITE,from=MODEL               takes the prompt's activations from another model
  positions=all|prompt|generated|last           where it applies (default all)
SITE is a hook point or glob. DOSE is 0.3x (of the mean residual norm at the site), 0.5nats (KL a token on
neutral text, calibrated) or a bare number that multiplies the vector.

Examples:
  palimpsest generate ./chat --chat --prompt 'What should be done about rents?'
  palimpsest generate ./chat --prompts prompts.jsonl -o out.jsonl \\
    --steer op=add,site=blocks.12.hook_resid_post,vector=directions.safetensors#d,dose=-0.3x`,
    )
  },
  async run(context, [ref], options) {
    if (options.prompts === undefined && options.prompt === undefined)
      throw usage('input-missing', 'There is nothing to continue.', {
        expected: '--prompt or --prompts',
        found: 'neither',
        fix: 'Give --prompt TEXT or --prompts FILE.',
      })
    await using model = await openModel(context, ref!, options)
    const items = await readItems(model, options, context.signal)
    const open = {
      model: (other: string): Promise<Model> => openModel(context, other, options),
      path: modelResolver(context),
    }
    if (options.steer.some((s) => s.op === 'add' && s.dose.unit === 'nats'))
      context.note('Calibrating doses on neutral text ...')
    using steering = await buildSteering(model, options.steer, items, open, context.signal)
    for (const [i, dose] of steering.calibrated)
      context.note(
        `--steer ${i + 1}: coefficient ${dose.alpha.toPrecision(4)}, ${dose.nats.toPrecision(3)} nats a token, dose ${dose.dose.toPrecision(3)}`,
      )
    const facts = {
      items: items.length,
      doses: [...steering.calibrated].map(([steer, dose]) => ({ steer, ...dose })),
      ...provenance(model),
    }
    using progress = context.progress('Generating', 'texts')
    const job: GenerateJob = {
      model,
      items,
      settings: { maxTokens: options.maxTokens, temperature: options.temperature, seed: options.seed },
      steering,
      signal: context.signal,
      onProgress: progress.update,
    }
    if (options.out === undefined) {
      const texts = await generateToScreen(job)
      progress[Symbol.dispose]()
      const whole = texts.map((t) => (texts.length === 1 ? t.text : `[${t.id}]\n${t.text}\n`))
      context.answer({ texts, ...facts }, whole.join('\n'))
    } else {
      await generateToFile(job, options.out)
      progress[Symbol.dispose]()
      context.answer({ out: options.out, ...facts }, `${options.out}: ${items.length} texts`)
    }
  },
}

function collect(text: string, before: readonly SteerSpec[]): SteerSpec[] {
  return [...before, parseSteer(text)]
}

async function readItems(model: Model, options: Options, signal: AbortSignal): Promise<Item[]> {
  const template = options.chat === true ? requireTemplate(model) : undefined
  const rows =
    options.prompt !== undefined
      ? [{ id: '0', where: '--prompt', fields: {}, text: options.prompt }]
      : await readTextRows(options.prompts!, options.column, ['text', 'prompt'])
  const make = ({ id, text }: TextRow): Item => {
    const { tokens } = tokenizeText(model.tokenizer, text, template, PINNED_DATE)
    checkLengths(
      [{ id: `prompt and --max-tokens ${options.maxTokens}`, length: tokens.length + options.maxTokens }],
      model.architecture.context,
    )
    return model.items([{ id, tokens }])[0]!
  }
  return mapRows(rows, make, signal)
}
