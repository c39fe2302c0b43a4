/** `extract`: activations of a model over texts, to a safetensors file. */

import { Option } from 'commander'
import { hashCheckpoint } from '../../formats/checkpoint.ts'
import { matchHooks } from '../../model/hooks.ts'
import type { Model } from '../../model/model.ts'
import { tokenizeText } from '../../study/inputs.ts'
import { PINNED_DATE } from '../../study/schema.ts'
import type { Command } from '../command.ts'
import { type ExtractItem, extractActivations, POOLS } from '../extract.ts'
import { type InputRow, mapRows, readRows, readTextRows, type TextRow, tokensField } from '../items.ts'
import { openModel, requireTemplate } from '../open-model.ts'
import { addModelOptions, type ModelOptions } from '../options.ts'
import { provenance } from '../provenance.ts'
import { usage } from '../usage.ts'

interface Options extends ModelOptions {
  readonly tokens?: string
  readonly text?: string
  readonly column?: string
  readonly chat?: true
  readonly hooks?: string
  readonly pool: (typeof POOLS)[number]
  readonly logits?: true
  readonly out: string
}

export const extract: Command<Options> = {
  name: 'extract',
  summary: 'Writes the activations of a model over texts to a safetensors file.',
  configure(command) {
    addModelOptions(
      command
        .argument('<model>', 'a model reference')
        .addOption(
          new Option('--tokens <file>', 'JSON lines {"id", "tokens": [int]}, run as they are').conflicts(
            'text',
          ),
        )
        .option('--text <file>', 'JSON lines {"id", "text"}, or a table with --column')
        .option('--column <name>', 'the column of the text, in a table (.jsonl, .csv, .tsv, .parquet)')
        .addOption(
          new Option('--chat', 'render each text as one user message, up to the answer').conflicts('tokens'),
        )
        .option('--hooks <globs>', 'hook points to read, separated by commas; * and ? stand for anything')
        .addOption(
          new Option('--pool <how>', 'every token, the mean of content tokens, or the last token')
            .choices(POOLS)
            .default('none'),
        )
        .option('--logits', 'write the logits of every token too (with --pool none)')
        .requiredOption('-o, --out <file>', 'the safetensors file to write'),
    ).addHelpText(
      'after',
      `
With --pool none the file holds ID/HOOK [T, d] (patterns [H, T, T]) and ID/logits [T, V];
with mean or last it holds HOOK [n, d], rows in input order. All f32.

Examples:
  palimpsest extract ./base --text texts.jsonl --hooks 'blocks.*.hook_resid_post' --pool mean -o acts.safetensors
  palimpsest extract model.gguf --tokens ids.jsonl --hooks blocks.0.attn.hook_pattern --logits -o one.safetensors`,
    )
  },
  async run(context, [ref], options) {
    if (options.tokens === undefined && options.text === undefined)
      throw usage('input-missing', 'There is nothing to run.', {
        expected: '--tokens or --text',
        found: 'neither',
        fix: 'Give --tokens FILE or --text FILE.',
      })
    if (options.hooks === undefined && options.logits !== true)
      throw usage('output-missing', 'There is nothing to write.', {
        expected: '--hooks or --logits',
        found: 'neither',
        fix: 'Give --hooks GLOBS, or --logits.',
      })
    if (options.logits === true && options.pool !== 'none')
      throw usage('option-conflict', 'Logits are not pooled.', {
        expected: '--pool none beside --logits',
        found: `--pool ${options.pool}`,
        fix: 'Use --logits with --pool none.',
      })
    await using model = await openModel(context, ref!, options)
    const hooks = matchHooks(
      (options.hooks ?? '')
        .split(',')
        .map((h) => h.trim())
        .filter(Boolean),
      model.architecture,
    )
    const items =
      options.tokens === undefined
        ? await textItems(model, options, context.signal)
        : await tokenItems(model, options, context.signal)
    const hash = await hashCheckpoint(model.checkpoint)
    using progress = context.progress('Reading activations', 'tokens')
    const written = await extractActivations(model, items, {
      hooks,
      pool: options.pool,
      logits: options.logits ?? false,
      out: options.out,
      metadata: {
        ...provenance(model),
        model_hash: hash,
        rendering: options.tokens !== undefined ? 'tokens' : options.chat ? 'chat' : 'raw',
      },
      signal: context.signal,
      onProgress: progress.update,
    })
    progress[Symbol.dispose]()
    context.answer(
      { out: options.out, items: items.length, hooks, pool: options.pool, ...written },
      `${options.out}: ${written.tensors} tensors from ${items.length} texts of ${written.tokens} tokens`,
    )
  },
}

async function tokenItems(model: Model, options: Options, signal: AbortSignal): Promise<ExtractItem[]> {
  const make = (row: InputRow): ExtractItem => {
    const tokens = tokensField(row, 'tokens')
    model.items([{ id: row.id, tokens }])
    const content = Uint8Array.from(tokens, (id) => (model.tokenizer.isSpecial(id) ? 0 : 1))
    return { id: row.id, where: row.where, tokens, content }
  }
  return mapRows(await readRows(options.tokens!), make, signal)
}

async function textItems(model: Model, options: Options, signal: AbortSignal): Promise<ExtractItem[]> {
  const template = options.chat === true ? requireTemplate(model) : undefined
  const make = ({ id, where, text }: TextRow): ExtractItem => {
    const item = { id, where, ...tokenizeText(model.tokenizer, text, template, PINNED_DATE) }
    model.items([item])
    return item
  }
  return mapRows(await readTextRows(options.text!, options.column), make, signal)
}
