/**
 * The lock of a run folder: `.lock`, a folder that names the process that works there. It has three moves, each
 * one rename, so that no two processes can hold it, however many come at one moment:
 *
 * - Taking: the lock is made ready under a name of its own, then renamed to `.lock`. A folder that holds something
 *   cannot be renamed over, so one taker wins, and a lock is never seen half written.
 * - Releasing: the holder renames it away. Only then is it removed.
 * - Taking over: a lock whose process has ended is renamed to a tombstone that bears the lock's own id. A process
 *   that comes late, and would move the lock of the next holder in its place, finds that tombstone there and
 *   fails. This is why tombstones stay while anyone may still come late: whoever does has a lock ready under a name
 *   of its own, from before it looked until it gave up. A holder that releases and sees none removes them all.
 *
 * A dead lock can only leave by its tombstone if its process ended before it was read. It is therefore read once
 * more after its process was found to have ended.
 */

import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { PalimpsestError } from '../core/errors.ts'

const HOLDER = z.object({
  id: z.string().regex(/^[0-9a-f]{32}$/),
  pid: z.int().positive(),
  host: z.string(),
  since: z.string(),
})
type Holder = z.infer<typeof HOLDER>

/** Every failed attempt means that another process came or went; so many in a row mean something else. */
const MOST_ATTEMPTS = 100

/** The locks that this process holds: after a restart a process of the same number is not the same process. */
const held = new Set<string>()

/**
 * Takes the lock of a run folder, also from a process that has ended; disposing of it releases it.
 *
 * @throws PalimpsestError `run-in-use` naming the process that has it; errors of the file system as they are
 * @example await using lock = await takeRunLock('runs/today')
 */
export async function takeRunLock(folder: string): Promise<AsyncDisposable> {
  const lock = join(folder, '.lock')
  const id = randomBytes(16).toString('hex')
  const ready = join(folder, `.lock-${id}`)
  await mkdir(ready)
  try {
    await writeHolder(ready, { id, pid: process.pid, host: hostname(), since: new Date().toISOString() })
    held.add(id)
    for (let attempt = 0; !(await moved(ready, lock)); attempt++) {
      if (attempt === MOST_ATTEMPTS) throw stuck(lock)
      await bury(lock, folder)
    }
  } catch (error) {
    held.delete(id)
    await rm(ready, { recursive: true, force: true })
    throw error
  }
  return {
    async [Symbol.asyncDispose]() {
      // A lock that someone removed by hand, or spoilt, is no longer this process's to remove.
      const holder = await readHolder(lock).catch(() => undefined)
      if (holder?.id === id) {
        // Before it is released: nobody can bury a lock meanwhile. What cannot be removed is in nobody's way.
        await removeTombstones(folder).catch(() => {})
        if (await moved(lock, ready)) await rm(ready, { recursive: true, force: true })
      }
      held.delete(id)
    },
  }
}

function stuck(lock: string): PalimpsestError {
  return new PalimpsestError(
    'failed',
    'run-in-use',
    'The lock of this run folder can be neither taken nor removed.',
    {
      where: lock,
      expected: 'no lock, or the lock of a process that has ended',
      found: `a lock that is still in the way after ${MOST_ATTEMPTS} attempts`,
      fix: 'Make sure that no process works in this run folder, then remove the lock.',
    },
  )
}

/** Moves the lock of a process that has ended out of the way; what has gone meanwhile needs nothing. */
async function bury(lock: string, folder: string): Promise<void> {
  const holder = await readHolder(lock)
  if (holder === undefined) return
  if (holder.host !== hostname() || (await alive(holder)))
    throw new PalimpsestError('failed', 'run-in-use', 'Another process is working in this run folder.', {
      where: folder,
      expected: 'a folder that no process works in',
      found: `process ${holder.pid} on ${holder.host}, since ${holder.since}`,
      fix: `Wait for it, use another folder (-o), or remove ${lock} if that process no longer exists.`,
    })
  if ((await readHolder(lock))?.id === holder.id) await moved(lock, `${lock}-ended-${holder.id}`)
}

/** Removes what is left of dead locks, unless a process is about to take the lock: it may have read one of them. */
async function removeTombstones(folder: string): Promise<void> {
  const tombstones = (await readdir(folder)).filter((name) => name.startsWith('.lock-ended-'))
  if (tombstones.length === 0) return
  // Looked for after the tombstones: who comes later than that reads the lock of this process.
  if ((await readdir(folder)).some((name) => /^\.lock-[0-9a-f]{32}$/.test(name))) return
  for (const name of tombstones) await rm(join(folder, name), { recursive: true, force: true })
}

/** Whether this call moved the folder: not if it was gone, or if the new name is taken. */
async function moved(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOENT' || code === 'ENOTDIR') return false
    // Windows says EPERM for a folder in the way, and everyone for a folder that may not be written.
    if (process.platform === 'win32' && (code === 'EPERM' || code === 'EACCES')) return false
    throw error
  }
}

async function writeHolder(folder: string, holder: Holder): Promise<void> {
  const file = await open(join(folder, 'holder.json'), 'wx')
  try {
    await file.writeFile(JSON.stringify(holder))
    await file.sync()
  } finally {
    await file.close()
  }
}

/**
 * Who holds the lock; undefined if nobody does.
 *
 * @throws PalimpsestError `run-in-use` if the lock says nothing that can be read
 */
async function readHolder(lock: string): Promise<Holder | undefined> {
  let text: string
  try {
    text = await readFile(join(lock, 'holder.json'), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    if ((error as NodeJS.ErrnoException).code !== 'ENOTDIR') throw error
    text = ''
  }
  try {
    return HOLDER.parse(JSON.parse(text))
  } catch (cause) {
    throw new PalimpsestError('failed', 'run-in-use', 'The lock of this run folder cannot be read.', {
      where: lock,
      expected: 'a folder with holder.json, which names the process that works here',
      found: text === '' ? 'no such file' : text.slice(0, 100),
      fix: 'Make sure that no process works in this run folder, then remove the lock.',
      cause,
    })
  }
}

async function alive({ id, pid }: Holder): Promise<boolean> {
  if (pid === process.pid) return held.has(id)
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  return !(await isZombie(pid))
}

/** Whether a process has ended and only its parent has not asked how: a signal finds it, but it does nothing any more. */
async function isZombie(pid: number): Promise<boolean> {
  // Linux: the state follows the command's name, which is in brackets and may hold brackets itself.
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return /^ [ZX]/.test(line.slice(line.lastIndexOf(')') + 1))
}
