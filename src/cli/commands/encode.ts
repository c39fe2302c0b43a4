/** `encode`: activations to features and reconstructions. */

import { Option } from 'commander'
import { packageVersion } from '../../core/version.ts'
import { openBackend } from '../../model/load.ts'
import type { Rule } from '../../sae/dictionary.ts'
import { Encoder } from '../../sae/encode.ts'
import { fingerprint } from '../../sae/interventions.ts'
import { PlacedDictionary } from '../../sae/placed.ts'
import { Activations, findActivations } from '../activations.ts'
import type { Command } from '../command.ts'
import { encodeActivations } from '../encode.ts'
import { modelResolver } from '../model-ref.ts'
import { deviceOption, integer, type ModelOptions } from '../options.ts'
import { grouped } from '../progress.ts'

interface Options extends Pick<ModelOptions, 'device' | 'threads'> {
  readonly activations: string
  readonly rule: Rule
  readonly sparse?: true
  readonly out: string
}

export const encode: Command<Options> = {
  name: 'encode',
  summary: 'Turns activations into the features of a dictionary, and back into reconstructions.',
  configure(command) {
    command
      .argument('<dict>', 'a dictionary: a folder or file of any known format, or hf:org/repo:path/inside')
      .requiredOption(
        '--activations <file#name>',
        'the activations [n, d] in a safetensors file: a tensor, or a hook point of all texts that extract wrote',
      )
      .addOption(ruleOption())
      .option(
        '--sparse',
        'write only what fires: features.crow_indices, features.col_indices, features.values',
      )
      .addOption(deviceOption())
      .option('--threads <n>', 'CPU threads (default: a short probe chooses)', integer(1, 1024))
      .requiredOption('-o, --out <file>', 'the safetensors file to write')
      .addHelpText(
        'after',
        `
The file holds features [n, F] and reconstruction [n, d], f32. Mean L0 and the fraction of variance
unexplained, without BOS and attention sinks, go to stderr. Everything is computed in f32, whatever the weights are stored as.

Examples:
  palimpsest encode ./layers.23 --activations acts.safetensors#blocks.23.hook_resid_post -o features.safetensors
  palimpsest encode ./L15R-8x --rule saelens --activations acts.safetensors#x --sparse -o features.safetensors`,
      )
  },
  async run(context, [ref], options) {
    const path = await modelResolver(context)(ref!)
    using found = findActivations(options.activations)
    using backend = await openBackend(options)
    using placed = await PlacedDictionary.open(path, backend, { rule: options.rule, signal: context.signal })
    const { dictionary } = placed
    const activations = new Activations(found, dictionary.width)
    for (const warning of dictionary.warnings) context.note(`warning: ${warning}`)
    using encoder = new Encoder(placed)
    using progress = context.progress('Encoding', 'tokens')
    const encoded = await encodeActivations(encoder, {
      activations,
      sparse: options.sparse ?? false,
      out: options.out,
      metadata: {
        palimpsest: packageVersion(),
        dictionary: ref!,
        dictionary_fingerprint: fingerprint(dictionary),
        format: dictionary.format,
        rule: options.rule,
        activations: options.activations,
      },
      signal: context.signal,
      onProgress: progress.update,
    })
    progress[Symbol.dispose]()
    const { rows, counted, l0, fvu, fired } = encoded
    const unexplained =
      fvu === undefined ? 'unknown (the target of a transcoder is not here)' : fvu.toPrecision(4)
    context.note(`mean L0 ${l0.toPrecision(4)}, fraction of variance unexplained ${unexplained}`)
    if (counted < rows)
      context.note(
        `(over ${grouped(counted)} of ${grouped(rows)} tokens: without BOS, special tokens and attention sinks)`,
      )
    context.answer(
      {
        out: options.out,
        rows,
        counted,
        latents: dictionary.latents,
        l0,
        fvu: fvu ?? null,
        fired,
        format: dictionary.format,
        rules: dictionary.rules,
      },
      `${options.out}: ${grouped(rows)} tokens, ${grouped(fired)} of ${grouped(dictionary.latents)} latents fired`,
    )
  },
}

/** `--rule reference|saelens`, for formats that are read in two ways. */
export function ruleOption(): Option {
  return new Option('--rule <rule>', "formats read in two ways: the makers' rule, or that of SAELens")
    .choices(['reference', 'saelens'])
    .default('reference')
}
