/** `inspect`: what a model or dictionary is, and what will not work with it. */

import { type DictionaryFacts, describeDictionary } from '../../sae/describe.ts'
import type { Rule } from '../../sae/dictionary.ts'
import { looksLikeDictionary, openDictionary } from '../../sae/load.ts'
import type { Command } from '../command.ts'
import { inspectModel, type ModelFacts } from '../inspect-model.ts'
import { modelResolver } from '../model-ref.ts'
import { grouped } from '../progress.ts'
import { bytes, columns } from '../style.ts'
import { ruleOption } from './encode.ts'

export const inspect: Command<{ readonly rule: Rule }> = {
  name: 'inspect',
  summary: 'Says what a model or dictionary is: shapes, hook points, memory, rules, and what will not work.',
  configure(command) {
    command
      .argument('<ref>', 'a model or dictionary: a folder, a file, or hf:org/name[:path/inside]')
      .addOption(ruleOption())
      .addHelpText(
        'after',
        `
A family that is not supported is explained, with exit code 0; damaged files are refused (2).

Examples:
  palimpsest inspect ./base
  palimpsest inspect model.gguf --json | jq '.hooks[].name'
  palimpsest inspect ./L15R-8x`,
      )
  },
  async run(context, [ref], { rule }) {
    const path = await modelResolver(context)(ref!)
    if (looksLikeDictionary(path)) {
      using dictionary = await openDictionary(path, { rule, signal: context.signal })
      const facts = describeDictionary(dictionary)
      context.answer(facts, describeFacts(facts))
      return
    }
    const facts = await inspectModel(path)
    context.answer(facts, describe(facts))
  },
}

function describeFacts(f: DictionaryFacts): string {
  const between = f.type === 'transcoder'
  return columns([
    ['dictionary', f.path],
    ['format', f.format],
    ['type', between ? 'transcoder: reads one hook point, writes another' : 'sparse autoencoder'],
    ['latents', grouped(f.latents)],
    ['width', between ? `${f.width} in, ${f.outWidth} out` : `${f.width}`],
    [
      'hook point',
      between
        ? `${f.site ?? 'not stated'} to ${f.outSite ?? 'not stated'}`
        : (f.site ?? 'not stated in its files'),
    ],
    ['made for', f.model ?? 'not stated in its files'],
    ['activation', f.activation],
    ['nominal L0', f.nominalL0 === undefined ? 'not stated' : `${f.nominalL0}`],
    [
      'weights',
      `${bytes(f.weights.bytes)} of ${f.weights.types.join(', ')}${f.weights.mapped ? ' (on the CPU they stay in the mapped file)' : ''}`,
    ],
    ['read as', f.rules.join('\n')],
    ...f.warnings.map((warning) => ['warning', warning] as const),
  ])
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
