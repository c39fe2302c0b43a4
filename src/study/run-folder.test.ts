import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RunFolder, stepHash } from './run-folder.ts'

let path: string
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'run-'))
})
afterEach(() => rm(path, { recursive: true }))

const spec = (params: unknown) => ({ kind: 'test', version: 1, params })

describe('RunFolder', () => {
  it('does a step once and finds it again', async () => {
    let done = 0
    const work = async (folder: string): Promise<void> => {
      done++
      await writeFile(join(folder, 'x'), 'made')
    }
    await using run = await RunFolder.open(path)
    const first = await run.step(spec({ a: 1, b: 2 }), work)
    const again = await run.step(spec({ b: 2, a: 1 }), work)
    expect([done, first.reused, again.reused]).toEqual([1, false, true])
    expect(await readFile(join(again.folder, 'x'), 'utf8')).toBe('made')
    expect(await run.has(spec({ a: 1, b: 3 }))).toBe(false)
  })

  it('keeps what an interrupted step had finished, and nothing that was half written', async () => {
    await using run = await RunFolder.open(path)
    await expect(
      run.step(spec(1), async (folder) => {
        await writeFile(join(folder, 'shard-0'), 'whole')
        await writeFile(join(folder, 'shard-1.123.tmp'), 'ha')
        throw new Error('cut')
      }),
    ).rejects.toThrow('cut')
    const seen: string[] = []
    await run.step(spec(1), async (folder) => {
      seen.push(...(await readdir(folder)))
    })
    expect(seen).toEqual(['shard-0'])
  })

  it('belongs to one process at a time', async () => {
    const first = await RunFolder.open(path)
    await expect(RunFolder.open(path)).rejects.toMatchObject({ code: 'run-in-use' })
    await first[Symbol.asyncDispose]()
    await using second = await RunFolder.open(path)
    expect(second.path).toBe(path)
  })

  it('explains a full disk', async () => {
    await using run = await RunFolder.open(path)
    const full = Object.assign(new Error('no space'), { code: 'ENOSPC' })
    await expect(
      run.step(spec(2), async () => {
        throw full
      }),
    ).rejects.toMatchObject({ code: 'disk-full' })
    expect(await run.has(spec(2))).toBe(false)
  })
})

describe('stepHash', () => {
  it('differs with kind, version and parameters', () => {
    const hashes = [spec(1), spec(2), { ...spec(1), version: 2 }, { ...spec(1), kind: 'other' }].map(stepHash)
    expect(new Set(hashes).size).toBe(4)
  })
})
