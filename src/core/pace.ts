/**
 * Long work in TypeScript that leaves the event loop free and can be stopped: call `await pace()` in the
 * outer loop; it yields to timers and signals when 20 ms have passed since the last yield.
 */

import { setImmediate as nextTurn } from 'node:timers/promises'
import { PalimpsestError } from './errors.ts'

const SLICE_MS = 20

/** @returns a function to await inside a long loop; throws `interrupted` once `signal` is aborted. */
export function pacer(signal?: AbortSignal): () => Promise<void> | undefined {
  let last = performance.now()
  return () => {
    if (performance.now() - last < SLICE_MS) return undefined
    return (async () => {
      await nextTurn()
      throwIfStopped(signal)
      last = performance.now()
    })()
  }
}

/** Throws `interrupted` (exit code 130, resumable) when the signal has been aborted. */
export function throwIfStopped(signal?: AbortSignal): void {
  if (signal?.aborted)
    throw new PalimpsestError('interrupted', 'interrupted', 'Stopped; finished steps are kept.', {
      fix: 'Give the same command again to go on from here.',
    })
}
