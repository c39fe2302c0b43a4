/** Sums over blocks of logits, called directly against unreadable pages (guarded.ts). Prints the number of cases. */
import { blockSumsOf, blockSumWords, emitBlockSums } from '../../src/ggml/kernels/block-sums.ts'
import { readCpu } from '../../src/ggml/kernels/cpu.ts'
import { AVX2, AVX512 } from '../../src/ggml/kernels/isa.ts'
import { mapCode } from '../../src/ggml/kernels/memory.ts'
import { mixed } from '../../src/ggml/kernels/verify.ts'
import { checkedCall, guarded, JUNK, KEPT, release, tensor } from './guarded.ts'

const call = checkedCall()
const cpu = readCpu()
const kernels = [...(cpu.avx512 ? [AVX512] : []), ...(cpu.avx2 ? [AVX2] : [])].map((isa) => ({
  name: isa.name,
  address: mapCode(emitBlockSums(isa)).address,
}))
const IDS = [...Array.from({ length: 40 }, (_, i) => i + 1), 255, 256, 257, 271, 272, 273, 511, 512, 513, 800]

let cases = 0
for (const ids of IDS)
  for (const [R, threads] of [
    [1, 1],
    [4, 3],
  ] as const) {
    const words = blockSumWords(ids)
    let before: Uint8Array | undefined
    for (const { name, address } of kernels) {
      const atEnd = cases++ % 2 === 0
      const logits = guarded(4 * R * ids, atEnd)
      for (let i = 0; i < R * ids; i++) logits.view.setFloat32(4 * i, mixed(i + ids) / 2 ** 28 - 8, true)
      const scale = guarded(4, atEnd)
      scale.view.setFloat32(0, 1 / 0.7, true)
      const sums = guarded(4 * R * words, atEnd)
      const dst = tensor([words, R], 4 * words, sums.address, [
        tensor([ids, R], 4 * ids, logits.address),
        tensor([1, 1], 4, scale.address),
      ])
      for (let i = 0; i < threads; i++)
        if (call(address, dst, JUNK + BigInt(i), JUNK + BigInt(threads), 0n) !== KEPT)
          throw new Error(`${name}, ${ids} ids: registers`)
      const row = new Float32Array(ids)
      for (let r = 0; r < R; r++) {
        for (let i = 0; i < ids; i++) row[i] = logits.view.getFloat32(4 * (r * ids + i), true)
        for (const [b, wanted] of blockSumsOf(row, Math.fround(1 / 0.7)).entries()) {
          const error = Math.abs(sums.view.getFloat32(4 * (r * words + b), true) - wanted)
          // Differences of up to 23 are rounded before they are raised.
          if (!(error <= 4e-6 * Math.abs(wanted))) throw new Error(`${name}, ${ids} ids: sum ${b}`)
        }
      }
      const bytes = Uint8Array.from({ length: 4 * R * words }, (_, i) => sums.view.getUint8(i))
      if (before !== undefined && bytes.some((byte, i) => byte !== before![i]))
        throw new Error(`${ids} ids: ${name} gives other bits`)
      before = bytes
      release()
    }
  }
process.stdout.write(String(cases))
