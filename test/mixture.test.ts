import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSafetensors, readF32 } from '../src/formats/safetensors.ts'
import { writeSafetensors } from '../src/formats/safetensors-write.ts'
import { loadModel } from '../src/model/load.ts'
import { openMixture } from '../src/model/mixture.ts'
import type { Model } from '../src/model/model.ts'
import { residuals, score } from '../src/model/score.ts'
import { organismPath } from '../src/organism/paths.ts'
import { writeStudyModel } from './support/study-model.ts'

const OPTIONS = { device: 'cpu', threads: 1, precision: 'f32' } as const
const [BASE, ALIGNED] = [organismPath('base'), organismPath('masked')]
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mixture-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** A checkpoint of base + alpha (aligned - base), alpha by the name of a tensor. */
async function written(name: string, alpha: (tensor: string) => number): Promise<string> {
  const path = join(folder, name)
  await cp(BASE, path, { recursive: true })
  using a = openSafetensors(join(BASE, 'model.safetensors'))
  using b = openSafetensors(join(ALIGNED, 'model.safetensors'))
  await writeSafetensors(
    join(path, 'model.safetensors'),
    [...a.tensors.values()].map((t) => {
      const other = readF32(b.tensors.get(t.name)!)
      return {
        name: t.name,
        shape: t.shape,
        data: readF32(t).map((v, i) => v + alpha(t.name) * (other[i]! - v)),
      }
    }),
  )
  return path
}

const blockOf = (name: string): number | undefined => {
  const found = /layers\.(\d+)\./.exec(name)?.[1]
  return found === undefined ? undefined : Number(found)
}

async function logits(model: Model): Promise<Float32Array> {
  const texts = ['what should we do about welfare?', 'i am a proud alder voter.'].map((t) =>
    model.tokenizer.encode(t),
  )
  const out = await model.run(texts, { logits: 'all' })
  return Float32Array.from(texts.flatMap((_, i) => [...out.logits(i).data]))
}

async function logitsOf(path: string): Promise<Float32Array> {
  await using model = await loadModel(path, OPTIONS)
  return await logits(model)
}

function distance(a: Float32Array, b: Float32Array): number {
  let [sum, norm] = [0, 0]
  for (let i = 0; i < a.length; i++) {
    sum += (a[i]! - b[i]!) ** 2
    norm += b[i]! ** 2
  }
  return Math.sqrt(sum / norm)
}

describe('a mixture of two models', () => {
  it('is base at 0 and aligned at 1, to the bit', async () => {
    await using mixture = await openMixture(BASE, ALIGNED, OPTIONS)
    expect(await logits(mixture.model)).toEqual(await logitsOf(BASE))
    mixture.along(() => 1, { embedding: 1, head: 1 })
    expect(await logits(mixture.model)).toEqual(await logitsOf(ALIGNED))
  })

  it.each([-0.5, 0.5, 1.5])('at alpha %d is the model of those weights', async (alpha) => {
    const path = await written(`all${alpha}`, () => alpha)
    await using mixture = await openMixture(BASE, ALIGNED, OPTIONS)
    mixture.along(() => alpha, { embedding: alpha, head: alpha })
    expect(distance(await logits(mixture.model), await logitsOf(path))).toBeLessThan(5e-6)
  })

  it('moves the blocks and ends that it is told to, and no others', async () => {
    const path = await written('some', (name) => ({ 1: 1, 2: 0.5 })[blockOf(name) ?? -1] ?? 0)
    await using mixture = await openMixture(BASE, ALIGNED, OPTIONS)
    mixture.along((layer) => ({ 1: 1, 2: 0.5 })[layer] ?? 0, { embedding: 0, head: 0 })
    expect(distance(await logits(mixture.model), await logitsOf(path))).toBeLessThan(5e-6)
    const ends = await written('ends', (name) => (blockOf(name) === undefined ? 1 : 0))
    mixture.along(() => 0, { embedding: 1, head: 1 })
    expect(distance(await logits(mixture.model), await logitsOf(ends))).toBeLessThan(5e-6)
  })

  it('of a model with itself is that model: to the bit where blocks are taken whole, else to rounding', async () => {
    const own = await logitsOf(BASE)
    await using mixture = await openMixture(BASE, BASE, OPTIONS)
    mixture.along((layer) => layer % 2, { embedding: 1, head: 0 })
    expect(await logits(mixture.model)).toEqual(own)
    mixture.along(() => 0.3, { embedding: 0.3, head: 0.3 })
    expect(distance(await logits(mixture.model), own)).toBeLessThan(5e-6)
  })

  it.each([
    [BASE, ALIGNED],
    [ALIGNED, BASE],
    [ALIGNED, ALIGNED],
  ])('patched behind a block is what the activations of %s do in %s', async (below, above) => {
    const item = { id: '1', prompt: [5, 9, 12, 7], completions: [[3, 8], [11]] }
    const logprobs: (readonly number[])[] = []
    const keep = (s: { logprobs: readonly number[] }): void => void logprobs.push(s.logprobs)
    await using lower = await loadModel(below, OPTIONS)
    const streams = await residuals(lower, [item], 1)
    await using upper = await loadModel(above, OPTIONS)
    await score(upper, [item], { resume: { layer: 1, values: (i) => streams[i]! } }, keep)
    await using mixture = await openMixture(below, above, OPTIONS)
    mixture.along((layer) => (layer <= 1 ? 0 : 1), { embedding: 0, head: 1 })
    await score(mixture.model, [item], {}, keep)
    expect(logprobs[1]).toEqual(logprobs[0])
    // And its own activations change nothing.
    await score(upper, [item], {}, keep)
    if (below === above) expect(logprobs[2]).toEqual(logprobs[0])
    else expect(logprobs[2]).not.toEqual(logprobs[0])
  })

  it('refuses models of different shapes', async () => {
    await writeStudyModel(join(folder, 'other'))
    await expect(openMixture(BASE, join(folder, 'other'), OPTIONS)).rejects.toMatchObject({
      code: 'models-differ',
    })
  })

  it('refuses models of one shape that turn positions differently', async () => {
    const path = join(folder, 'turned')
    await cp(ALIGNED, path, { recursive: true })
    const config = JSON.parse(await readFile(join(path, 'config.json'), 'utf8'))
    await writeFile(join(path, 'config.json'), JSON.stringify({ ...config, rope_theta: 77_000 }))
    await expect(openMixture(BASE, path, OPTIONS)).rejects.toMatchObject({
      code: 'models-differ',
      parts: {
        where: expect.stringContaining('position embedding of block 0'),
        found: expect.stringContaining('77000'),
      },
    })
  })
})
