/** The dictionary of a set: a sparse autoencoder of its base, trained on documents of its corpus. */

import { join } from 'node:path'
import { loadModel } from '../model/load.ts'
import { trainSettings } from '../sae/train/settings.ts'
import { type TrainJob, trainDictionary } from '../sae/train/train.ts'
import { corpusDocument } from './corpus.ts'
import type { CorpusKnobs } from './knobs.ts'
import { documentTokens } from './pretrain.ts'
import { BOS_ID, EOS_ID } from './vocabulary.ts'

/** The folder of the dictionary, beside the organisms. */
export const DICTIONARY = 'dictionary'
/** Where it reads: upper blocks carry what lower ones have worked out, and the last is close to the output. */
const SITE = 'blocks.2.hook_resid_post'
const LATENTS_PER_WIDTH = 8
const ACTIVE = 8
const DOCUMENTS = 24_000
/** Documents from here on: pre-training draws from the first ones. */
const FIRST = 2 ** 30

/**
 * Trains the dictionary of the base in a folder of organisms, or finds it done.
 *
 * @throws PalimpsestError those of `trainDictionary`: `train-other`, `training-diverged`, `interrupted`, ...
 */
export async function trainOrganismDictionary(
  out: string,
  corpus: CorpusKnobs,
  {
    seed,
    threads,
    ...hooks
  }: { readonly seed: number; readonly threads: number } & Pick<TrainJob, 'signal' | 'onProgress'>,
): Promise<void> {
  await using model = await loadModel(join(out, 'base'), { device: 'cpu', threads, precision: 'f32' })
  const length = model.architecture.context
  const texts = Array.from({ length: DOCUMENTS }, (_, i) => {
    const tokens = documentTokens(corpusDocument(corpus, seed, FIRST + i), length)
    const content = Uint8Array.from(tokens, (t) => (t === BOS_ID || t === EOS_ID ? 0 : 1))
    return { id: String(i), tokens, content }
  })
  const content = texts.reduce((n, t) => n + t.content.reduce((a, b) => a + b, 0), 0)
  await trainDictionary({
    models: [model],
    texts,
    site: SITE,
    settings: trainSettings({
      kind: 'batchtopk',
      latents: LATENTS_PER_WIDTH * model.architecture.width,
      k: ACTIVE,
      tokens: content,
      seed,
    }),
    out: join(out, DICTIONARY),
    ...hooks,
  })
}
