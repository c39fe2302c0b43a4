/**
 * A lock file that two processes cannot hold at once and that dies with its process, however it dies. On
 * POSIX it is flock(2), on the file that the Python library locks for the same blob, so the two wait for each
 * other; on Windows the file is opened for one process alone.
 *
 * It saves work and is not what keeps the cache whole: where a file system has no locks (some network ones),
 * downloads go on without.
 */

import { constants, type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import koffi from '../core/ffi.ts'
import { explainFileError } from '../core/files.ts'
import { throwIfStopped } from '../core/pace.ts'

const POLL_MS = 200

/**
 * Waits for the lock and takes it; disposing of it releases it.
 *
 * @param onWait called once if another holder has to be waited for
 * @throws PalimpsestError `interrupted`, `file-permission`, `disk-full`
 * @example await using lock = await takeLock('blob.lock', signal)
 */
export async function takeLock(
  path: string,
  signal?: AbortSignal,
  onWait?: () => void,
): Promise<AsyncDisposable> {
  let waited = false
  for (;;) {
    throwIfStopped(signal)
    let held: AsyncDisposable | undefined
    try {
      await mkdir(dirname(path), { recursive: true })
      held = process.platform === 'win32' ? await openAlone(path) : await openAndFlock(path)
    } catch (error) {
      throw explainFileError(error, path)
    }
    if (held !== undefined) return held
    if (!waited) onWait?.()
    waited = true
    await sleep(POLL_MS, undefined, signal === undefined ? {} : { signal }).catch(() => {})
  }
}

const LOCK_EX = 2
const LOCK_NB = 4
type Flock = (fd: number, operation: number) => number
let flock: Flock | undefined

async function openAndFlock(path: string): Promise<AsyncDisposable | undefined> {
  const handle = await open(path, 'a')
  try {
    if (flock === undefined) {
      const libc = koffi.load(process.platform === 'darwin' ? 'libSystem.dylib' : 'libc.so.6')
      flock = libc.func('int flock(int fd, int operation)') as Flock
    }
    if (flock(handle.fd, LOCK_EX | LOCK_NB) !== 0 && koffi.errno() === koffi.os.errno.EWOULDBLOCK) {
      await handle.close()
      return undefined
    }
  } catch {
    // no flock in this C library: go on without
  }
  return closing(handle)
}

/** libuv's flag for a file that is shared with no one; the constant is not among Node's own. */
const UV_FS_O_EXLOCK = 0x1000_0000

async function openAlone(path: string): Promise<AsyncDisposable | undefined> {
  try {
    return closing(await open(path, constants.O_RDWR | constants.O_CREAT | UV_FS_O_EXLOCK))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EBUSY') return undefined
    throw error
  }
}

/** Closing the file is what releases it. The file itself stays: removing it would let two in. */
function closing(handle: FileHandle): AsyncDisposable {
  return { [Symbol.asyncDispose]: () => handle.close() }
}
