/** `inspect`: what a model is, and what will not work with it. */

import type { Command } from '../command.ts'
import { inspectModel, type ModelFacts } from '../inspect-model.ts'
import { modelResolver } from '../model-ref.ts'
import { grouped } from '../progress.ts'
import { bytes, columns } from '../style.ts'

export const inspect: Command = {
  name: 'inspect',
  summary: 'Says what a model is: family, shapes, tokenizer, hook points, memory, and what will not work.',
  configure(command) {
    command.argument('<ref>', 'a folder with config.json, a .gguf file, or hf:org/name').addHelpText(
      'after',
      `
A family that is not supported is explained, with exit code 0; damaged files are refused (2).

Examples:
  palimpsest inspect ./base
  palimpsest inspect model.gguf --json | jq .hooks[].name`,
    )
  },
  async run(context, [ref]) {
    const facts = await inspectModel(await modelResolver(context)(ref!))
    context.answer(facts, describe(facts))
  },
}

function describe(f: ModelFacts): string {
  const a = f.architecture
  const types = Object.entries(f.tensors.types).map(([type, t]) => `${t.tensors} ${type} (${bytes(t.bytes)})`)
  const token = (t: { id: number; piece: string | undefined } | undefined): string =>
    t === undefined ? 'none' : `${t.piece} (${t.id})`
  const m = f.memory
  return columns([
    ['model', f.path],
    ['format', f.format],
    ['family', f.family ?? 'not stated'],
    ['runs', f.runs ? 'yes' : 'no, see below'],
    ['parameters', grouped(f.parameters)],
    [
      'shape',
      a &&
        `${a.layers} layers, width ${a.width}, ${a.heads} heads (${a.kvHeads} key-value) of ${a.headDim}, MLP ${a.mlpWidth} (${a.activation})`,
    ],
    [
      'vocabulary',
      a && `${grouped(a.vocabulary)}${a.tiedEmbeddings ? ', output tied to the embedding' : ''}`,
    ],
    [
      'context',
      a &&
        `${grouped(a.context)} tokens${a.slidingWindows.length > 0 ? `, sliding windows of ${a.slidingWindows.join(', ')}` : ''}`,
    ],
    ['tensors', `${f.tensors.count}: ${types.join(', ')}`],
    [
      'tokenizer',
      f.tokenizer &&
        `${f.tokenizer.kind}, ${grouped(f.tokenizer.size)} tokens, ${f.tokenizer.addsBos ? 'adds BOS' : 'adds no BOS'}\nBOS ${token(f.tokenizer.bos)}, EOS ${token(f.tokenizer.eos)}`,
    ],
    [
      'chat',
      f.chatTemplate === undefined
        ? 'no chat template'
        : `template in ${f.chatTemplate.source}${f.chatTemplate.printsDate ? ', prints the date' : ''}`,
    ],
    [
      'memory',
      m &&
        [
          `${bytes(m.weights)} weights (on the CPU they stay in the mapped file)`,
          ...(m.widened > 0 ? [`${bytes(m.widened)} more at --precision f32`] : []),
          `${bytes(m.cachePerToken)} a token of every sequence that generates`,
          `${bytes(m.residualsPerPass)} to read the residual stream of every layer`,
        ].join('\n'),
    ],
    ['hook points', f.hooks && hookLines(f.hooks)],
    ...f.obstacles.map((o) => [`no ${o.blocks}`, `[${o.code}] ${o.message}`] as const),
  ])
}

/** Hook points with the blocks folded into one line each: `blocks.0..29.hook_resid_post [T, 576]`. */
function hookLines(hooks: NonNullable<ModelFacts['hooks']>): string {
  const last = Math.max(...hooks.map((h) => Number(/^blocks\.(\d+)\./.exec(h.name)?.[1] ?? 0)))
  return hooks
    .filter((h) => !/^blocks\.[1-9]/.test(h.name))
    .map(({ name, width }) => {
      const folded = last > 0 ? name.replace(/^blocks\.0\./, `blocks.0..${last}.`) : name
      return `${folded} ${width === null ? '[heads, T, T]' : `[T, ${width}]`}`
    })
    .join('\n')
}
