/**
 * Memory from the operating system: executable pages for emitted code, never writable and executable at once,
 * anonymous pages for scratch, and files as read-only memory. Linux only; nothing is bound before the first call.
 */

import koffi from '../../core/ffi.ts'
import type { Pointer } from '../bindings.ts'

const PROT_READ = 1
const PROT_READ_WRITE = 3
const PROT_READ_EXECUTE = 5
const MAP_SHARED = 1
const MAP_PRIVATE_ANONYMOUS = 0x22
const MFD_CLOEXEC = 1
const MADV_HUGEPAGE = 14
const PAGE = 4096
/** mmap's MAP_FAILED. */
const FAILED = [-1n, 0xffff_ffff_ffff_ffffn]

function bindLibc() {
  const libc = koffi.load('libc.so.6')
  return {
    mmap: libc.func('void * mmap(void * p, size_t n, int prot, int flags, int fd, int64_t offset)') as (
      address: null,
      bytes: number,
      protection: number,
      flags: number,
      file: number,
      offset: number,
    ) => Pointer,
    munmap: libc.func('int munmap(void * p, size_t n)') as (p: Pointer, n: number) => number,
    mprotect: libc.func('int mprotect(void * p, size_t n, int prot)') as (
      p: Pointer,
      n: number,
      protection: number,
    ) => number,
    madvise: libc.func('int madvise(void * p, size_t n, int advice)') as (
      p: Pointer,
      n: number,
      advice: number,
    ) => number,
    memcpy: libc.func('void * memcpy(void * to, void * from, size_t n)') as (
      to: Pointer,
      from: Uint8Array,
      n: number,
    ) => Pointer,
    memfd: libc.func('int memfd_create(const char * name, unsigned int flags)') as (
      name: string,
      flags: number,
    ) => number,
    write: libc.func('int64_t write(int fd, void * from, size_t n)') as (
      fd: number,
      from: Uint8Array,
      n: number,
    ) => number,
    close: libc.func('int close(int fd)') as (fd: number) => number,
  }
}

let bound: ReturnType<typeof bindLibc> | undefined

function libc(): ReturnType<typeof bindLibc> {
  bound ??= bindLibc()
  return bound
}

/** How a system let code be mapped. */
export type Mapping = 'mprotect' | 'memfd'

/** Where code lies, and how it came there. */
export interface MappedCode {
  readonly address: Pointer
  readonly mapping: Mapping
}

/**
 * Maps code for reading and executing: written to pages that then become executable; where that is refused
 * (PR_SET_MDWE, execmem denied), written to an anonymous file that is mapped executable. Code stays mapped as
 * long as the process lives.
 *
 * @throws Error where the system refuses both
 */
export function mapCode(code: Uint8Array): MappedCode {
  const { mprotect, munmap, memcpy } = libc()
  const bytes = Math.ceil(code.length / PAGE) * PAGE
  const pages = map(bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1)
  memcpy(pages, code, code.length)
  if (mprotect(pages, bytes, PROT_READ_EXECUTE) === 0) return { address: pages, mapping: 'mprotect' }
  munmap(pages, bytes)
  return { address: mapFile(code, bytes), mapping: 'memfd' }
}

function mapFile(code: Uint8Array, bytes: number): Pointer {
  const { memfd, write, close } = libc()
  const file = memfd('palimpsest-kernels', MFD_CLOEXEC)
  if (file < 0) throw new Error(`memfd_create failed with errno ${koffi.errno()}`)
  try {
    if (Number(write(file, code, code.length)) !== code.length)
      throw new Error('the anonymous file could not be written')
    return map(bytes, PROT_READ_EXECUTE, MAP_SHARED, file)
  } finally {
    close(file)
  }
}

/** The system gave no memory, or no place in a file. */
export class Refusal extends Error {}

function map(bytes: number, protection: number, flags: number, file: number): Pointer {
  const address = libc().mmap(null, bytes, protection, flags, file, 0)
  if (address === null || FAILED.includes(address))
    throw new Refusal(`mmap failed with errno ${koffi.errno()}`)
  return address
}

/**
 * Memory outside JavaScript's heap: zeroed, in huge pages where the kernel gives them, or the first bytes of a file,
 * read-only, which the system may drop and read again. The file may then be closed, and needs no name.
 */
export class Pages implements Disposable {
  readonly address: Pointer
  readonly bytes: number

  /**
   * @param file an open file's descriptor
   * @throws Refusal when there is no memory
   */
  constructor(bytes: number, file?: number) {
    this.bytes = Math.ceil(bytes / PAGE) * PAGE
    if (file !== undefined) this.address = map(this.bytes, PROT_READ, MAP_SHARED, file)
    else {
      this.address = map(this.bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1)
      libc().madvise(this.address, this.bytes, MADV_HUGEPAGE)
    }
  }

  [Symbol.dispose](): void {
    libc().munmap(this.address, this.bytes)
  }
}
