/**
 * The folder of a run: a lock, and steps whose names are hashes of what they depend on. A step is complete
 * when its folder has its name; everything before is a temporary folder that the next start removes or, for
 * sharded steps, resumes at the first missing shard. Killing a run at any moment loses at most a shard.
 */

import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { PalimpsestError } from '../core/errors.ts'
import { atomicWrite, explainFileError, hashJson } from '../core/files.ts'

export interface StepSpec {
  /** What the step does, with a version that changes when its numbers would. */
  readonly kind: string
  readonly version: number
  /** Everything its result depends on, hashes of other steps included. */
  readonly params: unknown
}

export class RunFolder implements AsyncDisposable {
  readonly path: string
  readonly #steps: string
  readonly #lock: string

  private constructor(path: string, steps: string, lock: string) {
    this.path = path
    this.#steps = steps
    this.#lock = lock
  }

  /**
   * Opens (or makes) a run folder for this process alone.
   *
   * @param steps where its steps are kept: by default in it; runs of one process may share them
   * @throws PalimpsestError `run-in-use` naming the process that has it; `disk-full`, `file-permission`
   */
  static async open(path: string, steps = join(path, 'steps')): Promise<RunFolder> {
    const lock = join(path, '.lock')
    try {
      await mkdir(path, { recursive: true })
      await mkdir(steps, { recursive: true })
      await takeLock(lock, path)
    } catch (error) {
      throw explainFileError(error, path)
    }
    return new RunFolder(path, steps, lock)
  }

  /**
   * The folder of a step's result, doing the work if it is not there yet.
   *
   * @param work fills a folder; what it left there before an interruption is still in it
   */
  async step(
    spec: StepSpec,
    work: (folder: string) => Promise<void>,
  ): Promise<{ folder: string; hash: string; reused: boolean }> {
    const hash = stepHash(spec)
    const folder = join(this.#steps, hash)
    if (await exists(folder)) return { folder, hash, reused: true }
    const partial = `${folder}.partial`
    try {
      await mkdir(partial, { recursive: true })
      for (const name of await readdir(partial))
        if (name.endsWith('.tmp')) await rm(join(partial, name), { force: true })
      await work(partial)
      await atomicWrite(join(partial, 'step.json'), `${JSON.stringify(spec, null, 1)}\n`)
      await rename(partial, folder)
    } catch (error) {
      throw explainFileError(error, folder)
    }
    return { folder, hash, reused: false }
  }

  /** A folder beside the steps, for what is named by its content and shared by all that share the steps. */
  shared(name: string): string {
    return join(this.#steps, name)
  }

  /** Whether a step's result is there. */
  async has(spec: StepSpec): Promise<boolean> {
    return exists(join(this.#steps, stepHash(spec)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#lock, { force: true })
  }
}

/** The name of a step: equal specifications give equal names. */
export function stepHash(spec: StepSpec): string {
  return `${spec.kind}-${hashJson(spec).slice(0, 16)}`
}

async function takeLock(lock: string, path: string): Promise<void> {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const handle = await open(lock, 'wx')
      await handle.writeFile(
        JSON.stringify({ pid: process.pid, host: hostname(), since: new Date().toISOString() }),
      )
      await handle.close()
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      const holder = await readHolder(lock)
      if (holder !== undefined && (holder.host !== hostname() || (await alive(holder.pid))))
        throw new PalimpsestError('failed', 'run-in-use', 'Another process is working in this run folder.', {
          where: path,
          found: `process ${holder.pid} on ${holder.host}, since ${holder.since}`,
          fix: `Wait for it, use another folder (-o), or remove ${lock} if that process no longer exists.`,
        })
      await rm(lock, { force: true })
    }
  }
  throw new PalimpsestError('failed', 'run-in-use', 'Another process is working in this run folder.', {
    where: path,
    fix: 'Wait for it, or use another folder (-o).',
  })
}

async function readHolder(lock: string): Promise<{ pid: number; host: string; since: string } | undefined> {
  try {
    return JSON.parse(await readFile(lock, 'utf8'))
  } catch {
    return undefined // a process died between making the lock and writing into it
  }
}

async function alive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  return pid !== process.pid && !(await isZombie(pid))
}

/** Whether a process has ended and only its parent has not asked how: a signal finds it, but it does nothing any more. */
async function isZombie(pid: number): Promise<boolean> {
  // Linux: the state follows the command's name, which is in brackets and may hold brackets itself.
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return /^ [ZX]/.test(line.slice(line.lastIndexOf(')') + 1))
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
