/**
 * Steps whose work falls into shards: each is written when it is done, so that an interrupted step goes on at the
 * first missing one.
 */

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { atomicWrite } from '../core/files.ts'
import type { Model } from '../model/model.ts'
import type { RunFolder, StepSpec } from './run-folder.ts'

/**
 * Does the missing shards of a step and reads all of them.
 *
 * @param open opens the model; called only when a shard is missing
 * @param work the shard's result, plain data; it may depend on the shards before it
 */
export async function shardedStep<T, M extends AsyncDisposable = Model>(
  run: RunFolder,
  spec: StepSpec,
  count: number,
  open: () => Promise<M>,
  work: (model: M, shard: number, before: readonly T[]) => Promise<T>,
  onProgress?: (done: number, total: number) => void,
): Promise<{ hash: string; shards: T[] }> {
  const name = (s: number): string => `shard-${String(s).padStart(5, '0')}.json`
  const read = async (folder: string, s: number): Promise<T> =>
    JSON.parse(await readFile(join(folder, name(s)), 'utf8')) as T
  const { folder, hash } = await run.step(spec, async (partial) => {
    const there = new Set(await readdir(partial))
    await using model = await open()
    const before: T[] = []
    for (let s = 0; s < count; s++) {
      if (!there.has(name(s)))
        await atomicWrite(join(partial, name(s)), JSON.stringify(await work(model, s, before)))
      before.push(await read(partial, s)) // as it was written, resumed or not
      onProgress?.(s + 1, count)
    }
  })
  return {
    hash,
    shards: await Promise.all(Array.from({ length: count }, (_, s) => read(folder, s))),
  }
}
