/**
 * Runs node with arguments after the system has been told what to refuse, to it and to all that it starts: `mdwe` refuses to
 * make memory executable that was writable, `all` refuses anonymous files besides. Ends with the exit code of what
 * it ran, or with 77 where this kernel cannot refuse it.
 */
import { spawn } from 'node:child_process'
import koffi from '../../src/core/ffi.ts'

const [refused, ...args] = process.argv.slice(2) as ['mdwe' | 'all', ...string[]]
const libc = koffi.load('libc.so.6')
const prctl = libc.func('int prctl(int, uint64_t, uint64_t, uint64_t, uint64_t)') as (
  ...a: (number | bigint)[]
) => number
const PR_SET_SECCOMP = 22
const PR_SET_NO_NEW_PRIVS = 38
const PR_SET_MDWE = 65

/** Whether memfd_create is refused from now on: a filter of system calls, for this thread and what it starts. */
function refuseAnonymousFiles(): boolean {
  const MEMFD_CREATE = 319
  // Instructions of BPF: code, jumps if true and if false, operand.
  const filter = [
    [0x20, 0, 0, 0], // load the number of the call
    [0x15, 0, 1, MEMFD_CREATE], // unless it is this one, skip one
    [0x06, 0, 0, 0x0005_0001], // fail with EPERM
    [0x06, 0, 0, 0x7fff_0000], // allow
  ] as const
  const code = koffi.alloc('uint8_t', 8 * filter.length) as unknown as bigint
  const words = new DataView(koffi.view(code, 8 * filter.length))
  for (const [i, [op, yes, no, operand]] of filter.entries()) {
    words.setUint16(8 * i, op, true)
    words.setUint8(8 * i + 2, yes)
    words.setUint8(8 * i + 3, no)
    words.setUint32(8 * i + 4, operand, true)
  }
  const program = koffi.alloc('uint8_t', 16) as unknown as bigint
  const view = new DataView(koffi.view(program, 16))
  view.setUint16(0, filter.length, true)
  view.setBigUint64(8, code, true)
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) === 0 && prctl(PR_SET_SECCOMP, 2, program, 0, 0) === 0
}

if (prctl(PR_SET_MDWE, 1, 0, 0, 0) !== 0 || (refused === 'all' && !refuseAnonymousFiles())) process.exit(77)
const child = spawn(process.execPath, args, { stdio: 'inherit' })
child.on('error', (error) => {
  throw error
})
child.on('close', (code) => {
  process.exitCode = code ?? 1
})
