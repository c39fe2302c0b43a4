/** An organism on disk: a folder in Hugging Face layout, with organism.json beside it. */

import { join } from 'node:path'
import { atomicWrite } from '../core/files.ts'
import { f32ToBf16 } from '../formats/half.ts'
import { openSafetensors, readF32 } from '../formats/safetensors.ts'
import { writeSafetensors } from '../formats/safetensors-write.ts'
import { configJson, type Network } from './network.ts'
import { BOS_ID, EOS_ID, PAD_ID, tokenizerConfig, tokenizerJson } from './vocabulary.ts'

/**
 * Writes the folder: config, tokenizer, generation settings, weights in bf16, and last organism.json, whose
 * presence says that the folder is whole.
 *
 * @throws PalimpsestError `disk-full`, `file-permission`
 */
export async function saveOrganism(folder: string, network: Network, record: object): Promise<void> {
  const json = (name: string, value: unknown): Promise<void> =>
    atomicWrite(join(folder, name), `${JSON.stringify(value, null, 1)}\n`)
  await json('config.json', configJson(network.size))
  await json('generation_config.json', { bos_token_id: BOS_ID, eos_token_id: EOS_ID, pad_token_id: PAD_ID })
  await json('tokenizer.json', tokenizerJson())
  await json('tokenizer_config.json', tokenizerConfig(network.size.context))
  await writeSafetensors(
    join(folder, 'model.safetensors'),
    network.weights.map(({ name, shape, values }) => ({
      name,
      type: 'BF16',
      shape,
      data: f32ToBf16(values),
    })),
    { format: 'pt' },
  )
  await json('organism.json', record)
}

/** Puts the weights of a saved organism into a network: f32 of what was rounded to bf16. */
export function loadWeightsInto(network: Network, folder: string): void {
  using file = openSafetensors(join(folder, 'model.safetensors'))
  network.copyFrom(new Map([...file.tensors].map(([name, t]) => [name, readF32(t).slice()])))
}
