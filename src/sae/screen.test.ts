/** Screening with rounded activations: what fires is what fires without it, at thresholds that are hard to decide. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { refusalOf, temporaryFolder } from '../../test/support/bytes.ts'
import { matrix } from '../core/matrix.ts'
import { stream } from '../core/random.ts'
import { writeSafetensors } from '../formats/safetensors-write.ts'
import { Backend } from '../ggml/backend.ts'
import { KERNELS_VARIABLE } from '../ggml/kernels/kernels.ts'
import type { Dictionary } from './dictionary.ts'
import { Encoder } from './encode.ts'
import { denseFeatures, type SparseFeatures } from './features.ts'
import { openDictionary } from './load.ts'
import { PlacedDictionary } from './placed.ts'

const [D, F, N] = [96, 700, 40]
const files = temporaryFolder()
afterAll(() => files[Symbol.dispose]())
afterEach(() => vi.unstubAllEnvs())

const bf16 = (values: Float32Array): Uint16Array =>
  Uint16Array.from(new Uint32Array(values.buffer), (bits) => bits >>> 16)

/** Llama Scope's files, whose encoder lies in rows of bf16. */
async function dictionary(threshold: number): Promise<string> {
  const folder = join(files.path, `t${threshold}`)
  mkdirSync(join(folder, 'checkpoints'), { recursive: true })
  const rng = stream(1, 'screen')
  const random = (n: number, scale: number): Uint16Array =>
    bf16(Float32Array.from({ length: n }, () => scale * rng.normal()))
  await writeSafetensors(join(folder, 'checkpoints', 'final.safetensors'), [
    { name: 'encoder.weight', type: 'BF16', shape: [F, D], data: random(F * D, D ** -0.5) },
    { name: 'encoder.bias', type: 'BF16', shape: [F], data: random(F, 0.1) },
    { name: 'decoder.weight', type: 'BF16', shape: [D, F], data: random(D * F, D ** -0.5) },
    { name: 'decoder.bias', type: 'BF16', shape: [D], data: random(D, 0.1) },
  ])
  const config = {
    hook_point_in: 'blocks.1.hook_resid_post',
    hook_point_out: 'blocks.1.hook_resid_post',
    d_model: D,
    d_sae: F,
    act_fn: 'jumprelu',
    jump_relu_threshold: threshold,
    norm_activation: 'dataset-wise',
    dataset_average_activation_norm: { in: 7, out: 7 },
    sparsity_include_decoder_norm: true,
    use_decoder_bias: true,
    apply_decoder_bias_to_pre_encoder: false,
    use_glu_encoder: false,
    top_k: 50,
  }
  writeFileSync(join(folder, 'hyperparams.json'), JSON.stringify(config))
  return folder
}

const rng = stream(2, 'screen')
const x = matrix(
  N,
  D,
  Float32Array.from({ length: N * D }, () => rng.normal()),
)

async function encode(
  folder: string,
  setting: string,
  given = x,
  threshold?: Float32Array,
): Promise<SparseFeatures> {
  vi.stubEnv(KERNELS_VARIABLE, setting)
  using backend = new Backend({ device: 'cpu', threads: 2 })
  using opened = await openDictionary(folder)
  const dictionary: Dictionary =
    threshold === undefined ? opened : { ...opened, activation: { kind: 'threshold', threshold } }
  // Blocks of 32 latents, so that there are many, and a short one.
  using placed = await PlacedDictionary.place(dictionary, backend, { blockBytes: 32 * 4 * D })
  using encoder = new Encoder(placed)
  return await encoder.encode(given)
}

describe('with screening and without', () => {
  let served: boolean
  beforeAll(() => {
    using backend = new Backend({ device: 'cpu', threads: 1 })
    served = backend.kernels?.kernels.hasBf16 === true
    if (!served) console.warn('no bf16 products here: screening serves nothing')
  })

  // 0.05: more may fire than are worth a second look, and whole blocks are computed.
  it.each([2.4, 1.9, 0.05])('the same latents fire with the same values, threshold %d', async (threshold) => {
    const folder = await dictionary(threshold)
    const [ours, plain] = [await encode(folder, ''), await encode(folder, 'off')]
    expect(plain.indices.length).toBeGreaterThan(20)
    expect(ours.starts).toEqual(plain.starts)
    expect(ours.indices).toEqual(plain.indices)
    expect(ours.values).toBeWithinRelativeL2(plain.values, 1e-6)
  })

  it('thresholds just below or above what latents reach decide as in f32', async () => {
    const folder = await dictionary(1e-6)
    const all = denseFeatures(await encode(folder, 'off')).data
    // A third of the latents, each with its own threshold: its largest value, a little less or more.
    const threshold = Float32Array.from({ length: F }, (_, j) => {
      const largest = Math.max(...Array.from({ length: N }, (_, r) => all[r * F + j]!))
      return j % 3 === 0 ? largest * (1 + (j % 2 === 0 ? 2e-6 : -2e-6)) : 10
    })
    const [ours, plain] = [await encode(folder, '', x, threshold), await encode(folder, 'off', x, threshold)]
    expect(plain.indices.length).toBe(Math.ceil(F / 6))
    expect(ours.starts).toEqual(plain.starts)
    expect(ours.indices).toEqual(plain.indices)
  })

  it('activations that are not finite are refused', async () => {
    const folder = await dictionary(2.4)
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const broken = matrix(N, D, x.data.slice())
      broken.data[5 * D + 7] = bad
      const refused = await refusalOf(encode(folder, '', broken))
      expect(refused.code).toBe('activation-nan')
      expect(String(refused.message)).toMatch(/row 5/)
    }
  })
})
