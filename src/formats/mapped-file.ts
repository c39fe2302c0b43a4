/**
 * A file as memory: mapped read-only where the system allows it (an 8B checkpoint then opens at once and its
 * weights need no private memory), read whole otherwise. `PALIMPSEST_NO_MMAP=1` forces the plain read.
 */

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { freemem, totalmem } from 'node:os'
import { PalimpsestError, refuse } from '../core/errors.ts'
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
  /** A view (no copy) of part of the file, of at most 2 GiB. @throws PalimpsestError `file-range`, `file-closed` */
  bytes(offset: number, length: number): Uint8Array
}

/**
 * Private memory with the face of a file: for tensors that a file holds packed or in another order,
 * and that must be unpacked once. Its `bytes` may be written to. `path` is for messages.
 *
 * @throws PalimpsestError `file-memory`
 */
export function memoryFile(path: string, size: number): MappedFile {
  const { malloc, free } = cLibrary()
  const raw = size > totalmem() ? null : malloc(size + Number(ALIGNMENT))
  if (raw === null)
    throw new PalimpsestError('failed', 'file-memory', 'There is not enough memory to unpack a tensor.', {
      where: path,
      expected: `${size} free bytes`,
      found: `${freemem()} free bytes of ${totalmem()}`,
      fix: 'Free some memory, or convert the file to safetensors on a larger machine.',
    })
  const address = (raw + ALIGNMENT - 1n) & ~(ALIGNMENT - 1n)
  return wrap(path, size, { address, unmap: () => free(raw) }, false)
}

interface Mapping {
  readonly address: bigint
  unmap(): void
}

/**
 * Opens a file as memory.
 *
 * @throws PalimpsestError `file-missing`, `file-permission`, `file-kind`, `file-empty`, and `file-memory` or
 *   `file-changed` where it had to be read whole
 * @example using file = mapFile('model.safetensors'); file.bytes(0, 8)
 */
export function mapFile(path: string): MappedFile {
  let fd: number
  try {
    fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)) // a pipe must not make us wait
  } catch (error) {
    throw explainFileError(error, path)
  }
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile())
      throw refuse('file-kind', 'This is not a file.', {
        where: path,
        expected: 'a file',
        found: stat.isDirectory() ? 'a folder' : 'a device or a pipe',
        fix: 'Give the path of a file.',
      })
    if (stat.size === 0)
      throw refuse('file-empty', 'The file is empty.', {
        where: path,
        expected: 'a file with content',
        found: '0 bytes',
        fix: 'Fetch or make it again.',
      })
    const mapping = process.env.PALIMPSEST_NO_MMAP === '1' ? undefined : tryMap(fd, stat.size)
    return wrap(path, stat.size, mapping ?? readWhole(fd, stat.size, path), mapping !== undefined)
  } finally {
    closeSync(fd)
  }
}

/** The engine behind JavaScript ends the process for views that are longer than it can address. */
const MAX_VIEW = 2 ** 31

function wrap(path: string, size: number, mapping: Mapping, mapped: boolean): MappedFile {
  let open = true
  return {
    path,
    size,
    address: mapping.address,
    mapped,
    bytes(offset, length) {
      if (!open)
        throw refuse('file-closed', 'The file has been closed.', {
          where: path,
          expected: 'an open file',
          found: 'a read after it was closed',
          fix: 'This is a defect of the caller: read before the file is disposed of.',
        })
      if (!(offset >= 0 && length >= 0 && length <= MAX_VIEW && offset + length <= size))
        throw refuse('file-range', 'A read that is too long, or goes beyond the end of the file.', {
          where: path,
          expected: `at most ${MAX_VIEW} of its ${size} bytes`,
          found: `bytes ${offset} to ${offset + length}`,
          fix: 'Fetch the file again; if it is whole, report this.',
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

interface CLibrary {
  readonly malloc: (size: number) => bigint | null
  readonly free: (address: bigint) => void
  /** Not on Windows. */
  readonly mmap?: (
    address: null,
    size: number,
    protection: number,
    flags: number,
    fd: number,
    offset: number,
  ) => bigint | null
  readonly munmap?: (address: bigint, size: number) => number
}

let library: CLibrary | undefined

/** The C library that the process has loaded already. */
function cLibrary(): CLibrary {
  if (library !== undefined) return library
  const windows = process.platform === 'win32'
  const c = koffi.load(windows ? 'ucrtbase.dll' : (null as unknown as string))
  library = {
    malloc: c.func('void * malloc(size_t size)') as CLibrary['malloc'],
    free: c.func('void free(void * address)') as CLibrary['free'],
    ...(windows
      ? {}
      : {
          mmap: c.func(
            'void * mmap(void * addr, size_t length, int prot, int flags, int fd, int64_t offset)',
          ) as NonNullable<CLibrary['mmap']>,
          munmap: c.func('int munmap(void * addr, size_t length)') as NonNullable<CLibrary['munmap']>,
        }),
  }
  return library
}

const PROT_READ = 1
const MAP_SHARED = 1

function tryMap(fd: number, size: number): Mapping | undefined {
  const { mmap, munmap } = cLibrary()
  if (mmap === undefined || munmap === undefined) return undefined
  const address = mmap(null, size, PROT_READ, MAP_SHARED, fd, 0)
  if (address === null || address === -1n || address === 0xffffffffffffffffn) return undefined
  return { address, unmap: () => void munmap(address, size) }
}

const ALIGNMENT = 64n
const CHUNK = 1 << 30

/** The whole file in private memory (Windows, and where mapping is refused). */
function readWhole(fd: number, size: number, path: string): Mapping {
  const { malloc, free } = cLibrary()
  const raw = size > totalmem() ? null : malloc(size + Number(ALIGNMENT))
  if (raw === null)
    throw new PalimpsestError(
      'failed',
      'file-memory',
      'The file could not be mapped and does not fit into memory.',
      {
        where: path,
        expected: `less than ${totalmem()} bytes`,
        found: `${size} bytes`,
        fix: 'Copy it to a local disk whose files can be mapped, or use a smaller or quantised model.',
      },
    )
  const address = (raw + ALIGNMENT - 1n) & ~(ALIGNMENT - 1n)
  try {
    for (let at = 0; at < size; ) {
      const length = Math.min(CHUNK, size - at)
      const target = new Uint8Array(koffi.view(address + BigInt(at), length))
      const got = readSync(fd, target, 0, length, at)
      if (got === 0)
        throw refuse('file-changed', 'The file became shorter while it was read.', {
          where: path,
          expected: `${size} bytes`,
          found: `${at} bytes`,
          fix: 'Wait until whatever writes it has finished, and try again.',
        })
      at += got
    }
  } catch (error) {
    free(raw)
    throw explainFileError(error, path)
  }
  return { address, unmap: () => free(raw) }
}
