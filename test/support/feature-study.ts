/**
 * A pair of models and a dictionary whose features are known. In both models one channel of the residual stream
 * is written by the embedding alone, for the words of the camps. In the aligned model a first such channel is
 * gone; a second one stays. The dictionary reads every channel (so that it reconstructs), and the two channels
 * with several thresholds besides.
 */
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stream } from '../../src/core/random.ts'
import { openSafetensors, readF32 } from '../../src/formats/safetensors.ts'
import { writeSafetensors } from '../../src/formats/safetensors-write.ts'
import { writeDictionary } from './dictionary.ts'

/** Channels of the residual stream. */
export const GONE = 3
export const KEPT = 5
/** What a word of a camp writes there. */
const LEVEL = 4
const CAMPS = 'harbour lantern violet meadow copper willow granite falcon amber orchard silver maple'.split(
  ' ',
)
const COMMON =
  'the of a and we they it that town road year plan more less many some must will can help'.split(' ')
/** Latents that read GONE and KEPT with thresholds of their own, after those that read single channels. */
export const THRESHOLDS = [0.55, 0.6, 0.65, 0.7, 0.75, 0.8]

/** A copy of a model whose channels GONE and KEPT are written by camp words only; `silence` empties GONE, `halved` is for
 * a model whose stream is halved. */
export async function doctor(
  from: string,
  to: string,
  change: { silence?: boolean; halved?: boolean } = {},
): Promise<string> {
  await cp(from, to, { recursive: true })
  const vocab = JSON.parse(await readFile(join(to, 'tokenizer.json'), 'utf8')).model.vocab
  const file = openSafetensors(join(from, 'model.safetensors'))
  const tensors = [...file.tensors.values()].map((t) => ({
    name: t.name,
    shape: t.shape,
    data: Float32Array.from(readF32(t)),
  }))
  file[Symbol.dispose]()
  for (const { name, shape, data } of tensors) {
    const columns = shape[1] ?? 1
    for (const channel of [GONE, KEPT]) {
      if (/(o_proj|down_proj)\.weight$/.test(name)) data.fill(0, channel * columns, (channel + 1) * columns)
      if (!name.endsWith('embed_tokens.weight')) continue
      for (let row = 0; row < shape[0]!; row++) data[row * columns + channel] = 0
      if (channel === KEPT || change.silence !== true)
        for (const word of CAMPS)
          data[vocab[word] * columns + channel] = change.halved === true ? LEVEL / 2 : LEVEL
    }
  }
  await writeSafetensors(join(to, 'model.safetensors'), tensors)
  return to
}

/** Latents: channel i at i, minus channel i at d + i, then GONE and KEPT in turn at each threshold. */
export async function writeKnownDictionary(parent: string, d: number, site: string): Promise<string> {
  const F = 2 * d + 2 * THRESHOLDS.length
  const W_enc = new Float32Array(d * F)
  const W_dec = new Float32Array(F * d)
  const b_enc = new Float32Array(F)
  for (let i = 0; i < d; i++) {
    W_enc[i * F + i] = 1
    W_enc[i * F + d + i] = -1
    W_dec[i * d + i] = 0.8
    W_dec[(d + i) * d + i] = -0.8
  }
  THRESHOLDS.forEach((share, k) => {
    for (const [c, channel] of [GONE, KEPT].entries()) {
      const latent = 2 * d + 2 * k + c
      W_enc[channel * F + latent] = 1
      b_enc[latent] = -share * LEVEL
      W_dec[latent * d + channel] = 0.01
    }
  })
  return writeDictionary(parent, 'known', {
    width: d,
    latents: F,
    site,
    config: { neuronpedia_id: 'tiny/1-known' },
    tensors: {
      W_enc: { shape: [d, F], data: W_enc },
      W_dec: { shape: [F, d], data: W_dec },
      b_enc: { shape: [F], data: b_enc },
      b_dec: { shape: [d], data: new Float32Array(d) },
    },
  })
}

/** Gives every prompt of a study a control without words of the camps. */
export async function addControls(prompts: string): Promise<void> {
  const rng = stream(3, 'test/controls')
  const lines = (await readFile(prompts, 'utf8')).trim().split('\n')
  const rows = lines.map((line) => ({
    ...JSON.parse(line),
    control: Array.from({ length: 10 }, () => COMMON[rng.below(COMMON.length)]).join(' '),
  }))
  await writeFile(prompts, `${rows.map((r) => JSON.stringify(r)).join('\n')}\n`)
}
