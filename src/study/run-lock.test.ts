import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { takeRunLock } from './run-lock.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'run-lock-'))
})
afterEach(() => rm(folder, { recursive: true }))

const NO_PROCESS = 2 ** 22 + 1 // above the largest number that Linux gives

/** The lock that a process of this number left. */
async function leaveLock(pid: number, host = hostname()): Promise<string> {
  const id = randomBytes(16).toString('hex')
  await mkdir(join(folder, '.lock'))
  await writeFile(join(folder, '.lock/holder.json'), JSON.stringify({ id, pid, host, since: 'then' }))
  return id
}

describe('takeRunLock', () => {
  it('names the process that has the lock', async () => {
    await leaveLock(process.ppid)
    await expect(takeRunLock(folder)).rejects.toThrow(`process ${process.ppid} on ${hostname()}, since then`)
    expect(await readdir(folder)).toEqual(['.lock'])
  })

  it('cannot tell whether a process of another machine has ended', async () => {
    await leaveLock(NO_PROCESS, 'elsewhere')
    await expect(takeRunLock(folder)).rejects.toMatchObject({ code: 'run-in-use' })
  })

  it('leaves nothing when it is released', async () => {
    const lock = await takeRunLock(folder)
    await expect(takeRunLock(folder)).rejects.toMatchObject({ code: 'run-in-use' })
    await lock[Symbol.asyncDispose]()
    expect(await readdir(folder)).toEqual([])
  })

  it('takes the lock of a process that has ended, and of an earlier one that had its own number', async () => {
    for (const pid of [NO_PROCESS, process.pid]) {
      const id = await leaveLock(pid)
      await using _lock = await takeRunLock(folder)
      expect(await readdir(folder)).toContain(`.lock-ended-${id}`)
    }
    expect(await readdir(folder)).toEqual([])
  })

  it('leaves what shows that a lock has ended while another process is about to take it', async () => {
    const ended = `.lock-ended-${await leaveLock(NO_PROCESS)}`
    // One that read the dead lock, and has not moved it yet.
    const late = `.lock-${randomBytes(16).toString('hex')}`
    await mkdir(join(folder, late))
    await (await takeRunLock(folder))[Symbol.asyncDispose]()
    expect((await readdir(folder)).sort()).toEqual([ended, late].sort())
    await rm(join(folder, late), { recursive: true })
    await (await takeRunLock(folder))[Symbol.asyncDispose]()
    expect(await readdir(folder)).toEqual([])
  })

  it('does not move the lock of the next holder in place of one that is gone', async () => {
    const id = await leaveLock(NO_PROCESS)
    // What a process that read the dead lock long ago would do now.
    await mkdir(join(folder, `.lock-ended-${id}`))
    await writeFile(join(folder, `.lock-ended-${id}`, 'holder.json'), '')
    await expect(takeRunLock(folder)).rejects.toThrow('neither taken nor removed')
    expect(await readdir(join(folder, '.lock'))).toEqual(['holder.json'])
  })

  it('leaves alone a lock that is no longer its own', async () => {
    const lock = await takeRunLock(folder)
    await rm(join(folder, '.lock'), { recursive: true })
    await leaveLock(process.ppid)
    await lock[Symbol.asyncDispose]()
    expect(await readdir(folder)).toEqual(['.lock'])
  })

  it('refuses a lock that says nothing', async () => {
    await writeFile(join(folder, '.lock'), '')
    await expect(takeRunLock(folder)).rejects.toThrow('cannot be read')
    await rm(join(folder, '.lock'))
    await leaveLock(0)
    await expect(takeRunLock(folder)).rejects.toThrow('cannot be read')
    await writeFile(join(folder, '.lock/holder.json'), 'null')
    await expect(takeRunLock(folder)).rejects.toThrow('cannot be read')
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
      await leaveLock(pid)
      await using _lock = await takeRunLock(folder)
    } finally {
      parent.kill('SIGKILL')
    }
  })

  it('has one winner when processes come to a dead lock at one moment, over 300 rounds', async () => {
    const code = `
      import { takeRunLock } from ${JSON.stringify(new URL('./run-lock.ts', import.meta.url).href)}
      let lock
      process.on('message', async (at) => {
        if (at === 0) {
          await lock?.[Symbol.asyncDispose]()
          lock = undefined
          return process.send('free')
        }
        while (performance.timeOrigin + performance.now() < at);
        try {
          lock = await takeRunLock(process.argv[1])
          process.send('won')
        } catch (error) {
          process.send(error.code)
        }
      })
      process.send('ready')`
    const racers = Array.from({ length: 4 }, () =>
      spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code, folder], {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      }),
    )
    const answers = (): Promise<string[]> =>
      Promise.all(racers.map(async (racer) => ((await once(racer, 'message')) as [string])[0]))
    const tell = (at: number): Promise<string[]> => {
      const all = answers()
      for (const racer of racers) racer.send(at)
      return all
    }
    try {
      await answers()
      const outcomes = new Set<string>()
      for (let round = 0; round < 300; round++) {
        await leaveLock(NO_PROCESS)
        outcomes.add((await tell(performance.timeOrigin + performance.now() + 3)).sort().join(' '))
        await tell(0)
      }
      expect([...outcomes]).toEqual(['run-in-use run-in-use run-in-use won'])
      expect(await readdir(folder)).toEqual([])
    } finally {
      for (const racer of racers) racer.kill('SIGKILL')
    }
  }, 60_000)
})
