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
  let [products, sums] = [0, 0]
  for (let i = 0; i + 8 < code.length; i++) {
    if (code[i] !== prefix) continue
    const map = code[i + 1]! & (isa === AVX512 ? 7 : 31)
    const byte = code[i + opcode]!
    // A multiply-add, of f32, of bf16 or of bytes, that takes its weights from another register: every 23rd of them.
    if (map === 2 && (byte === 0xb8 || byte === 0x52 || byte === 0x50) && products++ % 23 === 0)
      change('multiply-add', i + 2, code[i + 2]! ^ 0x08)
    if (map === 1 && (byte === 0x14 || byte === 0x15)) {
      if (found.length % 3 === 0) change('unpack', i + opcode, byte ^ 1)
      else change('unpack', i + 2, code[i + 2]! ^ 0x10)
    }
    // Sums added to those of another register, on whole panels and on others: every fifth.
    if (map === 1 && byte === 0x58 && sums++ % 5 === 0) change('sum', i + 2, code[i + 2]! ^ 0x08)
    // Too few columns, or too many stored (AVX2: there masks are operands). To load too many changes nothing.
    const first = (~code[i + 2]! >> 3) & 15
    if (isa !== AVX512 && map === 2 && (byte === 0x2e || (byte === 0x2c && first === 14)))
      change('mask', i + 2, code[i + 2]! ^ 0x08)
    // Signed bytes that are widened as if they had no sign; another shift; f16 in another register.
    if (map === 2 && byte === 0x21) change('widening', i + opcode, 0x31)
    if (map === 1 && byte === 0x72) change('shift', i + opcode + 2, code[i + opcode + 2]! ^ 4)
    if (map === 2 && byte === 0x13) change('f16', i + 1, code[i + 1]! ^ 0x80)
  }
  return found
}
