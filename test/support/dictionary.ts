/** Small dictionaries for tests, written as SAELens folders. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stream } from '../../src/core/random.ts'
import { writeSafetensors } from '../../src/formats/safetensors-write.ts'

export interface TinyDictionary {
  readonly width: number
  readonly latents: number
  readonly site?: string
  readonly config?: Record<string, unknown>
  /** Tensors in place of (or beside) the random ones; undefined leaves one out. */
  readonly tensors?: Record<string, { shape: number[]; data: Float32Array } | undefined>
}

/** Writes a dictionary of random weights and returns its folder. */
export async function writeDictionary(
  parent: string,
  name: string,
  options: TinyDictionary,
): Promise<string> {
  const { width: d, latents: F } = options
  const folder = join(parent, name)
  mkdirSync(folder, { recursive: true })
  const rng = stream(5, `dictionary/${name}`)
  const random = (scale: number, ...shape: number[]): { shape: number[]; data: Float32Array } => ({
    shape,
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => scale * rng.normal()),
  })
  const tensors = {
    W_enc: random(d ** -0.5, d, F),
    b_enc: random(0.2, F),
    W_dec: random(d ** -0.5, F, d),
    b_dec: random(0.2, d),
    ...options.tensors,
  }
  const config = {
    architecture: 'standard',
    d_in: d,
    d_sae: F,
    apply_b_dec_to_input: false,
    normalize_activations: 'none',
    ...options.config,
    metadata: { sae_lens_version: '6.20.0', hook_name: options.site ?? 'blocks.1.hook_resid_post' },
  }
  writeFileSync(join(folder, 'cfg.json'), JSON.stringify(config))
  await writeSafetensors(
    join(folder, 'sae_weights.safetensors'),
    Object.entries(tensors).flatMap(([tensor, t]) => (t === undefined ? [] : [{ name: tensor, ...t }])),
  )
  return folder
}
