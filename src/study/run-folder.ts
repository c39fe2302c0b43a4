/**
 * The folder of a run: a lock, and steps whose names are hashes of what they depend on. A step is complete
 * when its folder has its name; everything before is a temporary folder that the next start removes or, for
 * sharded steps, resumes at the first missing shard. Killing a run at any moment loses at most a shard.
 */

import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { atomicWrite, explainFileError, hashJson } from '../core/files.ts'
import { takeRunLock } from './run-lock.ts'

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
  readonly #lock: AsyncDisposable

  private constructor(path: string, steps: string, lock: AsyncDisposable) {
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
    try {
      await mkdir(path, { recursive: true })
      await mkdir(steps, { recursive: true })
      return new RunFolder(path, steps, await takeRunLock(path))
    } catch (error) {
      throw explainFileError(error, path)
    }
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
    await this.#lock[Symbol.asyncDispose]()
  }
}

/** The name of a step: equal specifications give equal names. */
export function stepHash(spec: StepSpec): string {
  return `${spec.kind}-${hashJson(spec).slice(0, 16)}`
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
