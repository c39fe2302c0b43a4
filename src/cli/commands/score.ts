/** `score`: log-likelihoods of completions. */

import { checkLengths } from '../../model/layout.ts'
import type { Model } from '../../model/model.ts'
import { completionTokens, type Scored, type ScoreItem, score as scoreItems } from '../../model/score.ts'
import type { Command } from '../command.ts'
import { mapRows, readRows, textField, textsField } from '../items.ts'
import { openModel } from '../open-model.ts'
import { addModelOptions, type ModelOptions } from '../options.ts'
import { fingerprint, provenance } from '../provenance.ts'
import { ResumableLines } from '../resumable-lines.ts'

interface Options extends ModelOptions {
  readonly items: string
  readonly out: string
}

export const score: Command<Options> = {
  name: 'score',
  summary: 'Writes the log-likelihoods of completions, given their prompts.',
  configure(command) {
    addModelOptions(
      command
        .argument('<model>', 'a model reference')
        .requiredOption('--items <file>', 'JSON lines {"id", "prompt", "completions": [text, ...]}')
        .requiredOption('-o, --out <file>', 'the JSON lines to write'),
    ).addHelpText(
      'after',
      `
Writes {"id", "logprobs": [sum, ...], "tokens": [n, ...]}: the sum of the log-probabilities (nats) of each
completion's tokens, and how many there are. A prompt is computed once for all of its completions.

Example:
  echo '{"id": "1", "prompt": "The sky is", "completions": [" blue", " green"]}' > items.jsonl
  palimpsest score ./base --items items.jsonl -o scores.jsonl`,
    )
  },
  async run(context, [ref], options) {
    const rows = await readRows(options.items)
    await using model = await openModel(context, ref!, options)
    const items = await mapRows(
      rows,
      (row) => scoreItem(model, row.id, textField(row, ['prompt']), textsField(row, 'completions')),
      context.signal,
    )
    await using lines = await ResumableLines.open<Scored>(options.out, {
      command: 'score',
      provenance: provenance(model),
      files: fingerprint(model.checkpoint),
      items,
    })
    const done = lines.found.length
    using progress = context.progress('Scoring', 'prompts')
    await scoreItems(
      model,
      items.slice(done),
      { signal: context.signal, onProgress: (n) => progress.update(done + n, items.length) },
      (scored) => lines.append([scored]),
    )
    await lines.finish()
    progress[Symbol.dispose]()
    const completions = items.reduce((n, i) => n + i.completions.length, 0)
    context.answer(
      { out: options.out, items: items.length, completions, ...provenance(model) },
      `${options.out}: ${completions} completions of ${items.length} prompts`,
    )
  },
}

/** An item as tokens, refused here where its row is known. */
function scoreItem(model: Model, id: string, prompt: string, completions: readonly string[]): ScoreItem {
  const split = completions.map((completion) => completionTokens(model, prompt, completion))
  const tokens = split.map((s) => s.completion)
  const head = split[0]!.prompt
  checkLengths([{ id: 'prompt', length: head.length }], model.architecture.context)
  tokens.forEach((t, i) => {
    checkLengths([{ id: `completion ${i + 1}`, length: t.length }], model.architecture.context)
    checkLengths(
      [{ id: `prompt and completion ${i + 1}`, length: head.length + t.length }],
      model.architecture.context,
    )
  })
  model.items([{ id, tokens: head }])
  return { id, prompt: head, completions: tokens }
}
