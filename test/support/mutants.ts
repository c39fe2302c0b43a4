/** Deliberately wrong kernels: a self-test that accepts one is worth nothing. */
import { AVX512, type InstructionSet } from '../../src/ggml/kernels/isa.ts'

/** Code with one byte changed so that another register or another lane is taken; none of it can fault. */
export function mutantsOf(isa: InstructionSet, code: Uint8Array): { what: string; bytes: Uint8Array }[] {
  const found: { what: string; bytes: Uint8Array }[] = []
  const prefix = isa === AVX512 ? 0x62 : 0xc4
  const opcode = isa === AVX512 ? 4 : 3
  const change = (what: string, at: number, byte: number): void => {
    const bytes = code.slice()
    bytes[at] = byte
    found.push({ what: `${what} at ${at}`, bytes })
  }
  let products = 0
  for (let i = 0; i + 8 < code.length; i++) {
    if (code[i] !== prefix) continue
    const map = code[i + 1]! & (isa === AVX512 ? 7 : 31)
    const byte = code[i + opcode]!
    // A multiply-add that takes its weights from another register: every 23rd of them.
    if (map === 2 && byte === 0xb8 && products++ % 23 === 0)
      change('multiply-add', i + 2, code[i + 2]! ^ 0x08)
    if (map === 1 && (byte === 0x14 || byte === 0x15)) {
      if (found.length % 3 === 0) change('unpack', i + opcode, byte ^ 1)
      else change('unpack', i + 2, code[i + 2]! ^ 0x10)
    }
  }
  return found
}
