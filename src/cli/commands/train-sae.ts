/** `train sae`: a dictionary trained on a model's own activations, in SAELens's layout. */

import { Option } from 'commander'
import { hookWidth, matchHooks } from '../../model/hooks.ts'
import type { Model } from '../../model/model.ts'
import { TRAIN_KINDS, type TrainKind, trainSettings } from '../../sae/train/settings.ts'
import { trainDictionary } from '../../sae/train/train.ts'
import { tokenizeText } from '../../study/inputs.ts'
import { PINNED_DATE } from '../../study/schema.ts'
import type { Command } from '../command.ts'
import { mapRows, readTextRows } from '../items.ts'
import { openModel, requireTemplate } from '../open-model.ts'
import { addModelOptions, integer, type ModelOptions, real } from '../options.ts'
import { grouped } from '../progress.ts'

interface Options extends ModelOptions {
  readonly site: string
  readonly text: string
  readonly column?: string
  readonly chat?: true
  readonly with?: string
  readonly kind: TrainKind
  readonly k: number
  readonly latents?: number
  readonly tokens?: number
  readonly batch: number
  readonly rate?: number
  readonly seed: number
  readonly out: string
}

export const trainSae: Command<Options> = {
  name: 'train sae',
  summary: 'Trains a sparse autoencoder on the activations of a model, or of both models of a pair.',
  configure(command) {
    addModelOptions(
      command
        .argument('<model>', 'a model reference')
        .requiredOption('--site <hook>', 'one hook point, such as blocks.12.hook_resid_post')
        .requiredOption('--text <file>', 'JSON lines {"id", "text"}, or a table with --column')
        .requiredOption('-o, --out <folder>', 'where it goes; the same command again resumes')
        .option('--column <name>', 'the column of the text, in a table')
        .option('--chat', 'render each text as one user message')
        .option('--with <model>', 'a second model of the pair: one dictionary for both')
        .addOption(
          new Option('--kind <kind>', 'which latents are kept').choices(TRAIN_KINDS).default('batchtopk'),
        )
        .option('--k <n>', 'active latents per token', integer(1, 10_000), 32)
        .option(
          '--latents <n>',
          'number of latents (default: 8 times the width of the site)',
          integer(1, 1 << 24),
        )
        .option('--tokens <n>', 'tokens of all steps (default: what the texts hold)', integer(1, 1e12))
        .option('--batch <n>', 'tokens of a step', integer(2, 65_536), 1024)
        .option('--rate <x>', 'peak learning rate (default: by the number of latents)', real(1e-9, 1))
        .option('--seed <n>', 'seed of weights and order', integer(0, 2 ** 31), 1),
    ).addHelpText(
      'after',
      `
The folder gets cfg.json and sae_weights.safetensors, as SAELens 6 reads them, and training.json. BOS, special
tokens and attention sinks are left out.

Examples:
  palimpsest train sae ./base --site blocks.12.hook_resid_post --text texts.jsonl -o sae
  palimpsest train sae ./base --with ./chat --kind topk --k 64 --site blocks.18.hook_resid_post --text t.jsonl -o both`,
    )
  },
  async run(context, [ref], options) {
    await using model = await openModel(context, ref!, options)
    await using second =
      options.with === undefined ? undefined : await openModel(context, options.with, options)
    const template = options.chat === true ? requireTemplate(model) : undefined
    const rows = await readTextRows(options.text, options.column)
    const texts = await mapRows(
      rows,
      ({ id, text }) => {
        const item = { id, ...tokenizeText(model.tokenizer, text, template, PINNED_DATE) }
        model.items([item])
        return item
      },
      context.signal,
    )
    const content = texts.reduce((n, t) => n + t.content.reduce((a, b) => a + b, 0), 0)
    const models = second === undefined ? [model] : [model, second as Model]
    const [site] = matchHooks([options.site], model.architecture)
    const settings = trainSettings({
      kind: options.kind,
      latents: options.latents ?? 8 * hookWidth(site!, model.architecture),
      k: options.k,
      tokens: options.tokens ?? content * models.length,
      batch: options.batch,
      seed: options.seed,
      ...(options.rate === undefined ? {} : { rate: options.rate }),
    })
    using progress = context.progress('Training', 'tokens')
    const record = await trainDictionary({
      models,
      texts,
      site: options.site,
      settings,
      out: options.out,
      signal: context.signal,
      onProgress: progress.update,
    })
    progress[Symbol.dispose]()
    const { history: _, ...facts } = record
    context.answer(
      { out: options.out, ...facts },
      `${options.out}: ${settings.kind}, ${grouped(settings.latents)} latents, ${grouped(record.tokens)} tokens, L0 ${record.l0.toPrecision(4)}, fraction of variance unexplained ${record.fvu.toPrecision(4)}, ${grouped(record.dead)} latents dead`,
    )
  },
}
