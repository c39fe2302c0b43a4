/** What this processor and its operating system allow, by CPUID and XGETBV (the kernel's own list may be hidden). */

import koffi from '../../core/ffi.ts'
import { Assembler, at, r8, rax, rbx, rcx, rdi, rdx, rsi } from './assembler.ts'
import { mapCode } from './memory.ts'

export interface CpuFeatures {
  /** AVX2, FMA and F16C, with the system saving the registers. */
  readonly avx2: boolean
  /** AVX-512 F, DQ and BMI2 besides. */
  readonly avx512: boolean
  /** AVX-512 BF16 besides: `vdpbf16ps`. */
  readonly bf16: boolean
  /** AVX-512 VNNI besides: `vpdpbusd`. */
  readonly vnni: boolean
}

/** In place of a sub-leaf: read XCR0 instead. */
const READ_XCR0 = 99

/** Emits `void f(int leaf, int subleaf, uint32_t out[4])`: eax to edx of CPUID, or XCR0 in out[0]. */
function emitCpuid(): Uint8Array {
  const a = new Assembler()
  const xgetbv = a.label()
  const end = a.label()
  a.endbr64()
  a.push(rbx)
  a.op('mov', r8, rdx)
  a.move32(rax, rdi)
  a.move32(rcx, rsi)
  a.opImmediate('cmp', rcx, READ_XCR0)
  a.jumpIf('e', xgetbv)
  a.byte(0x0f, 0xa2) // cpuid
  for (const [i, register] of [rax, rbx, rcx, rdx].entries()) a.store32(at(r8, 4 * i), register)
  a.jump(end)
  a.bind(xgetbv)
  a.moveImmediate(rcx, 0)
  a.byte(0x0f, 0x01, 0xd0) // xgetbv
  a.store32(at(r8), rax)
  a.bind(end)
  a.pop(rbx)
  a.ret()
  return a.finish()
}

let prototype: ReturnType<typeof koffi.proto> | undefined

/** Asks the processor. @throws Error where code cannot be mapped */
export function readCpu(): CpuFeatures {
  prototype ??= koffi.proto('void palimpsest_cpuid(int leaf, int subleaf, void * out)')
  const call = koffi.decode(mapCode(emitCpuid()).address, prototype) as (
    leaf: number,
    subleaf: number,
    out: Uint32Array,
  ) => void
  const ask = (leaf: number, subleaf = 0): Uint32Array => {
    const out = new Uint32Array(4)
    call(leaf, subleaf, out)
    return out
  }
  const bit = (word: number, i: number): boolean => ((word >>> i) & 1) === 1
  const [, , ecx1] = ask(1) as unknown as [number, number, number]
  const hasLeaf7 = ask(0)[0]! >= 7
  const [subleaves, ebx7, ecx7] = hasLeaf7 ? ask(7) : [0, 0, 0]
  const eax71 = hasLeaf7 && subleaves! >= 1 ? ask(7, 1)[0]! : 0
  const xcr0 = bit(ecx1, 27) ? ask(0, READ_XCR0)[0]! : 0
  const avx2 = (xcr0 & 0x06) === 0x06 && bit(ebx7!, 5) && bit(ecx1, 12) && bit(ecx1, 29)
  const avx512 = avx2 && (xcr0 & 0xe6) === 0xe6 && bit(ebx7!, 16) && bit(ebx7!, 17) && bit(ebx7!, 8)
  return { avx2, avx512, bf16: avx512 && bit(eax71, 5), vnni: avx512 && bit(ecx7!, 11) }
}
