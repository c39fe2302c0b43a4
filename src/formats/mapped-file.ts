/**
 * A file as memory: mapped read-only where the system allows it (an 8B checkpoint then opens at once and its
 * weights need no private memory), read whole otherwise. `PALIMPSEST_NO_MMAP=1` forces the plain read.
 */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { refuse } from '../core/errors.ts'
import koffi from '../core/ffi.ts'
import { explainFileError } from '../core/files.ts'

/** Read-only bytes of a file at a fixed address. Views die with it: keep it until the last use. */
export interface MappedFile extends Disposable {
  readonly path: string
  readonly size: number
  /** Address of the first byte, aligned to at least 64 bytes. */
  readonly address: bigint
  /** False when the content was read into private memory. */
  readonly mapped: boolean
  /** A view (no copy) of part of the file. @throws PalimpsestError `file-range`, `file-closed` */
  bytes(offset: number, length: number): Uint8Array
}

interface Mapping {
  readonly address: bigint
  unmap(): void
}

/**
 * Opens a file as memory.
 *
 * @throws PalimpsestError `file-missing`, `file-permission`, `file-empty`
 * @example using file = mapFile('model.safetensors'); file.bytes(0, 8)
 */
export function mapFile(path: string): MappedFile {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch (error) {
    throw explainFileError(error, path)
  }
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile())
      throw refuse('file-kind', 'This is not a file.', {
        where: path,
        found: stat.isDirectory() ? 'a folder' : 'something else',
      })
    if (stat.size === 0)
      throw refuse('file-empty', 'The file is empty.', { where: path, fix: 'Fetch or make it again.' })
    const mapping = process.env.PALIMPSEST_NO_MMAP === '1' ? undefined : tryMap(fd, stat.size)
    return wrap(path, stat.size, mapping ?? readWhole(fd, stat.size, path), mapping !== undefined)
  } finally {
    closeSync(fd)
  }
}

function wrap(path: string, size: number, mapping: Mapping, mapped: boolean): MappedFile {
  let open = true
  return {
    path,
    size,
    address: mapping.address,
    mapped,
    bytes(offset, length) {
      if (!open) throw refuse('file-closed', 'The file has been closed.', { where: path })
      if (!(offset >= 0 && length >= 0 && offset + length <= size))
        throw refuse('file-range', 'A read beyond the end of the file.', {
          where: path,
          expected: `at most ${size} bytes`,
          found: `bytes ${offset} to ${offset + length}`,
        })
      return length === 0
        ? new Uint8Array(0)
        : new Uint8Array(koffi.view(mapping.address + BigInt(offset), length))
    },
    [Symbol.dispose]() {
      if (!open) return
      open = false
      mapping.unmap()
    },
  }
}

function tryMap(fd: number, size: number): Mapping | undefined {
  try {
    return process.platform === 'win32' ? undefined : posixMap(fd, size)
  } catch {
    return undefined
  }
}

const PROT_READ = 1
const MAP_SHARED = 1
type Mmap = (
  address: null,
  size: number,
  protection: number,
  flags: number,
  fd: number,
  offset: number,
) => bigint | null
let posix: { mmap: Mmap; munmap: (address: bigint, size: number) => number } | undefined

function posixMap(fd: number, size: number): Mapping | undefined {
  if (posix === undefined) {
    const libc = koffi.load(process.platform === 'darwin' ? 'libSystem.dylib' : 'libc.so.6')
    posix = {
      mmap: libc.func(
        'void * mmap(void * addr, size_t length, int prot, int flags, int fd, int64_t offset)',
      ) as Mmap,
      munmap: libc.func('int munmap(void * addr, size_t length)') as (
        address: bigint,
        size: number,
      ) => number,
    }
  }
  const { mmap, munmap } = posix
  const address = mmap(null, size, PROT_READ, MAP_SHARED, fd, 0)
  if (address === null || address === -1n || address === 0xffffffffffffffffn) return undefined
  return { address, unmap: () => void munmap(address, size) }
}

const ALIGNMENT = 64n
const CHUNK = 1 << 30

/** The whole file in private memory (Windows, and where mapping is refused). */
function readWhole(fd: number, size: number, path: string): Mapping {
  const raw = koffi.alloc('uint8_t', size + Number(ALIGNMENT)) as unknown as bigint
  const address = (raw + ALIGNMENT - 1n) & ~(ALIGNMENT - 1n)
  for (let at = 0; at < size; ) {
    const length = Math.min(CHUNK, size - at)
    const target = new Uint8Array(koffi.view(address + BigInt(at), length))
    const got = readSync(fd, target, 0, length, at)
    if (got === 0) {
      koffi.free(raw)
      throw refuse('file-changed', 'The file became shorter while it was read.', {
        where: path,
        expected: `${size} bytes`,
        found: `${at} bytes`,
      })
    }
    at += got
  }
  return { address, unmap: () => koffi.free(raw) }
}
