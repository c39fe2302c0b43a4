import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSafetensors, readF32 } from './safetensors.ts'
import { SafetensorsStream } from './safetensors-stream.ts'
import { writeSafetensors } from './safetensors-write.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palimpsest-stream-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const x = Float32Array.from({ length: 12 }, (_, i) => i)
const y = Float32Array.of(-1, -2)
const shapes = [
  { name: 'x', shape: [4, 3] },
  { name: 'y', shape: [2] },
]

describe('SafetensorsStream', () => {
  it('makes the file that a single write makes, whatever the order of its parts', async () => {
    const at = (name: string): string => join(folder, name)
    await writeSafetensors(at('whole'), [
      { ...shapes[0]!, data: x },
      { ...shapes[1]!, data: y },
    ])
    {
      await using first = await SafetensorsStream.open(at('part'), shapes, {})
      await first.write('x', x.subarray(6, 9), 6 * 4)
      await first.write('y', y)
    }
    await using again = await SafetensorsStream.open(at('part'), shapes, {})
    await again.write('x', x.subarray(9), 9 * 4)
    await again.write('x', x.subarray(0, 6))
    await again.finish(at('streamed'), {})
    expect((await readFile(at('streamed'))).equals(await readFile(at('whole')))).toBe(true)
    expect((await readdir(folder)).sort()).toEqual(['streamed', 'whole'])
  })

  it('keeps room for metadata that are known at the end only', async () => {
    await using file = await SafetensorsStream.open(join(folder, 'm'), shapes, { used: '[1000,1000]' })
    await file.write('x', x)
    await file.write('y', y)
    await file.finish(join(folder, 'meta'), { used: '[7,8]' })
    using opened = openSafetensors(join(folder, 'meta'))
    expect(opened.metadata).toEqual({ used: '[7,8]' })
    expect(readF32(opened.tensors.get('y')!)).toEqual(y)
  })

  it('refuses parts that do not fit and metadata longer than their room', async () => {
    await using file = await SafetensorsStream.open(join(folder, 'n'), shapes, { used: '[1]' })
    await expect(file.write('x', x, 4)).rejects.toThrow(RangeError)
    await expect(file.write('z', y)).rejects.toThrow(RangeError)
    await expect(file.finish(join(folder, 'never'), { used: '['.repeat(99) })).rejects.toThrow(RangeError)
    expect(await readdir(folder)).not.toContain('never')
  })
})
