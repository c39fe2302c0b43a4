import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { takeLock } from './hub-lock.ts'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hub-lock-'))
  path = join(folder, 'a', 'blob.lock')
})
afterEach(() => rm(folder, { recursive: true }))

describe('takeLock', () => {
  it('lets one in at a time', async () => {
    let inside = 0
    let most = 0
    await Promise.all(
      Array.from({ length: 5 }, async () => {
        await using _lock = await takeLock(path)
        most = Math.max(most, ++inside)
        await new Promise((resolve) => setTimeout(resolve, 20))
        inside--
      }),
    )
    expect(most).toBe(1)
  })

  it('can be stopped while it waits, and says once that it does', async () => {
    const controller = new AbortController()
    let waits = 0
    await using _lock = await takeLock(path)
    const second = takeLock(path, controller.signal, () => {
      waits++
      setTimeout(() => controller.abort(), 500)
    })
    await expect(second).rejects.toMatchObject({ code: 'interrupted' })
    expect(waits).toBe(1)
  })

  it('is free again when its process was killed', async () => {
    const code = `
      import { takeLock } from ${JSON.stringify(new URL('./hub-lock.ts', import.meta.url).href)}
      await takeLock(process.argv[1])
      console.log('held')
      setInterval(() => {}, 1000)`
    const child: ChildProcess = spawn(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', code, path],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    await once(child.stdout!, 'data')
    let waited = false
    const lock = takeLock(path, undefined, () => {
      waited = true
      child.kill('SIGKILL')
    })
    await (await lock)[Symbol.asyncDispose]()
    expect(waited).toBe(true)
  })
})
