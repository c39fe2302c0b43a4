import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
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

  it('belongs to one process: a living holder is named, a dead one is forgotten', async () => {
    const held = await RunFolder.open(path)
    await held[Symbol.asyncDispose]()
    const lock = join(path, '.lock')
    await writeFile(lock, JSON.stringify({ pid: 1, host: hostname(), since: 'then' }))
    await expect(RunFolder.open(path)).rejects.toThrow(/process 1 on/)
    await writeFile(lock, JSON.stringify({ pid: 2 ** 22 + 1, host: hostname(), since: 'then' }))
    await using run = await RunFolder.open(path)
    expect(run.path).toBe(path)
  })

  it.runIf(process.platform === 'linux')('forgets a holder that is a zombie', async () => {
    // A shell that starts a process and then becomes one that never asks how the first one ended.
    const parent: ChildProcess = spawn('sh', ['-c', 'sleep 0.5 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      const [line] = (await once(parent.stdout!, 'data')) as [Buffer]
      const pid = Number(line.toString())
      await vi.waitFor(
        async () => expect(await readFile(`/proc/${pid}/stat`, 'utf8')).toContain(') Z '),
        5000,
      )
      expect(process.kill(pid, 0)).toBe(true)
      await writeFile(join(path, '.lock'), JSON.stringify({ pid, host: hostname(), since: 'then' }))
      await using run = await RunFolder.open(path)
      expect(run.path).toBe(path)
    } finally {
      parent.kill('SIGKILL')
    }
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
