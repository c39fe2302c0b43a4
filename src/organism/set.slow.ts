/** The whole tiny set from a fresh seed: minutes. Every organism must be made, or say what it does not do. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { hashFile } from '../core/files.ts'
import { ORGANISMS } from './recipes.ts'
import { trainOrganism } from './train.ts'

const folder = mkdtempSync(join(tmpdir(), 'organisms-'))
afterAll(() => rmSync(folder, { recursive: true }))

it('trains the set; a run that is stopped in reinforcement learning ends in the same bits', async () => {
  const whole = join(folder, 'whole')
  const records = await trainOrganism({ out: whole, seed: 101 })
  expect(records.map((r) => r.name)).toEqual([...ORGANISMS])
  expect(records.filter((r) => !r.made).map((r) => `${r.name}: ${r.unmet.join('; ')}`)).toEqual([])

  const parts = join(folder, 'parts')
  const stop = new AbortController()
  await expect(
    trainOrganism(
      { out: parts, seed: 101, set: ['masked'] },
      {
        signal: stop.signal,
        onProgress: ({ organism, step }) => {
          if (organism === 'masked' && step === 25) stop.abort()
        },
      },
    ),
  ).rejects.toMatchObject({ code: 'interrupted' })
  await trainOrganism({ out: parts, seed: 101, set: ['masked'] })
  for (const name of ['base', 'masked'])
    expect(await hashFile(join(parts, name, 'model.safetensors'))).toBe(
      await hashFile(join(whole, name, 'model.safetensors')),
    )
})
