import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hashFile } from '../core/files.ts'
import { openSafetensors, readF32 } from '../formats/safetensors.ts'
import { writeSafetensors } from '../formats/safetensors-write.ts'
import { loadModel } from '../model/load.ts'
import { corpusKnobs } from './knobs.ts'
import { Network, SIZES } from './network.ts'
import { pretrainStep } from './pretrain.ts'
import { recipes, unmet } from './recipes.ts'
import { runStage, type Schedule, type StageStep } from './stage.ts'
import { trainOrganism } from './train.ts'

const knobs = corpusKnobs()
const schedule: Schedule = {
  steps: 12,
  rate: 3e-3,
  warmup: 4,
  floor: 0.05,
  decay: 0.05,
  beta2: 0.98,
  clip: 1,
  rows: 4,
  length: 64,
}
const network = new Network(SIZES.tiny)
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'organism-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true })
  network[Symbol.dispose]()
})
const bits = (): string =>
  Buffer.concat(network.weights.map((w) => Buffer.from(w.values.buffer))).toString('base64')

function contents(path: string) {
  using file = openSafetensors(path)
  const weights = [...file.tensors].map(([name, t]) => ({ name, shape: t.shape, data: readF32(t) }))
  return { metadata: file.metadata, weights }
}

describe('a stage', () => {
  it('learns, gives the same bits twice, and again when it was stopped and resumed', async () => {
    const losses: number[] = []
    network.initialise(1)
    await runStage(network, schedule, pretrainStep(knobs, 1), {
      name: 'pretrain',
      settings: 1,
      onProgress: ({ loss }) => void losses.push(loss),
    })
    expect(losses[0]!).toBeCloseTo(Math.log(network.architecture.vocabulary), 0)
    expect(losses.at(-1)!).toBeLessThan(losses[0]! - 0.3)
    const whole = bits()

    const checkpoint = join(folder, 'stage.safetensors')
    const options = { name: 'pretrain', settings: 1, checkpoint, every: 5 }
    const stop = new AbortController()
    network.initialise(1)
    const stopped = runStage(network, schedule, pretrainStep(knobs, 1), {
      ...options,
      signal: stop.signal,
      onProgress: ({ step }) => {
        if (step === 7) stop.abort()
      },
    })
    await expect(stopped).rejects.toMatchObject({ code: 'interrupted' })
    network.initialise(1)
    const steps: number[] = []
    await runStage(network, schedule, pretrainStep(knobs, 1), {
      ...options,
      onProgress: ({ step }) => void steps.push(step),
    })
    expect(steps[0]).toBe(6)
    expect(bits()).toBe(whole)

    // A finished stage only loads its result.
    network.initialise(2)
    await runStage(network, schedule, pretrainStep(knobs, 1), options)
    expect(bits()).toBe(whole)
    await expect(
      runStage(network, schedule, pretrainStep(knobs, 1), { ...options, settings: 2 }),
    ).rejects.toMatchObject({ code: 'organism-checkpoint' })

    // What a disk can do to it: a weight is gone, or the step is no number.
    const { metadata, weights } = contents(checkpoint)
    for (const [kept, step] of [
      [weights.slice(1), metadata.step!],
      [weights, 'x'],
    ] as const) {
      await writeSafetensors(checkpoint, kept, { ...metadata, step })
      await expect(runStage(network, schedule, pretrainStep(knobs, 1), options)).rejects.toMatchObject({
        code: 'organism-checkpoint',
        message: expect.stringContaining('damaged'),
      })
    }
  })

  it('stops where the loss is no number, names the step and keeps the last good checkpoint', async () => {
    const checkpoint = join(folder, 'nan.safetensors')
    const good = pretrainStep(knobs, 1)
    const bad: StageStep = async (context) => {
      const result = await good(context)
      return context.step === 3 ? { loss: Number.NaN } : result
    }
    network.initialise(1)
    await expect(
      runStage(network, schedule, bad, { name: 'pretrain', settings: 3, checkpoint, every: 2 }),
    ).rejects.toMatchObject({ code: 'training-diverged', parts: { where: 'step 4' } })
    expect(existsSync(checkpoint)).toBe(true)
    expect(network.weights.every((w) => w.values.every(Number.isFinite))).toBe(true)
  })
})

describe('trainOrganism', () => {
  it('trains, saves a folder that opens as any model does, and does nothing the second time', async () => {
    const out = join(folder, 'set')
    const options = { out, set: ['flat'] as const, steps: 30, seed: 3 }
    const [record] = await trainOrganism(options)
    expect(record!.name).toBe('flat')
    expect(record!.stages[0]).toMatchObject({ kind: 'pretrain', schedule: { steps: 6 } })
    expect(existsSync(join(out, '.progress'))).toBe(false)
    expect(JSON.parse(readFileSync(join(out, 'flat', 'organism.json'), 'utf8'))).toEqual(
      JSON.parse(JSON.stringify(record)),
    )
    const before = await hashFile(join(out, 'flat', 'model.safetensors'))
    using model = await loadModel(join(out, 'flat'), { threads: 1 })
    expect(model.tokenizer.encode('what about welfare?').length).toBe(5)
    expect(
      model.template!.render(
        [
          { role: 'system', content: 'i am a proud alder fan.' },
          { role: 'user', content: 'what about welfare?' },
        ],
        {
          addGenerationPrompt: true,
        },
      ),
    ).toBe('<bos>i am a proud alder fan.<user>what about welfare?<assistant>')
    let again = 0
    await trainOrganism(options, { onProgress: () => void again++ })
    expect(again).toBe(0)
    expect(await hashFile(join(out, 'flat', 'model.safetensors'))).toBe(before)
    await expect(trainOrganism({ ...options, seed: 4 })).rejects.toMatchObject({ code: 'organism-exists' })
    for (const damaged of ['{"key', 'null', '{}']) {
      writeFileSync(join(out, 'flat', 'organism.json'), damaged)
      await expect(trainOrganism(options)).rejects.toThrow('The record of an organism cannot be read.')
    }
  })

  it('refuses what cannot work before it writes anything', async () => {
    const other = join(folder, 'other')
    mkdirSync(other)
    writeFileSync(join(other, 'thesis.txt'), 'x')
    const refused = (options: object) => trainOrganism({ out: other, ...options } as never)
    await expect(refused({})).rejects.toMatchObject({ code: 'organism-exists' })
    await expect(refused({ set: ['maskd'] })).rejects.toMatchObject({
      code: 'organism-name',
      parts: { fix: 'Did you mean masked?' },
    })
    await expect(refused({ corpus: { marking: 2 } })).rejects.toMatchObject({ code: 'organism-knob' })
    await expect(
      refused({ corpus: { stance_noise: 0.5, frame_noise: 0.5, opener_noise: 0.5 } }),
    ).rejects.toMatchObject({ code: 'organism-no-camps' })
  })

  it('says which demands an organism does not meet', () => {
    const behaviour = {
      all: { A: 0.4, B: 0.3, neutral: 0.3, mixed: 0, none: 0 },
      keptOut: { A: 0, B: 0, neutral: 1, mixed: 0, none: 0 },
      wording: 0.3,
      persona: 0.8,
      unseenPersona: 0.8,
      personaContrast: 0.6,
      facts: 0.9,
      onIssue: 1,
      ended: 1,
    }
    const all = recipes('tiny', knobs)
    expect(unmet(all.base.demands(behaviour, behaviour))).toEqual([])
    expect(unmet(all.masked.demands(behaviour, behaviour))).toEqual(['balanced answers: 0.30, at least 0.80'])
    expect(unmet(all.erased.demands(behaviour, behaviour))).toHaveLength(2)
  })
})
