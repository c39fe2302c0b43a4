/** Products above their cuts, called directly against unreadable pages (guarded.ts). Prints the number of cases. */
import { bitWords, emitAbove } from '../../src/ggml/kernels/above.ts'
import { readCpu } from '../../src/ggml/kernels/cpu.ts'
import { mapCode } from '../../src/ggml/kernels/memory.ts'
import { mixed } from '../../src/ggml/kernels/verify.ts'
import { checkedCall, guarded, JUNK, KEPT, type P, release, tensor } from './guarded.ts'

const call = checkedCall()

/** Numbers of few bits at an address, so that many lie at their cuts. */
function numbers(count: number, seed: number, atEnd: boolean): { address: P; values: Float64Array } {
  const { address, view } = guarded(4 * count, atEnd)
  const values = Float64Array.from({ length: count }, (_, i) => (mixed(seed + i) % 16) / 4)
  values.forEach((v, i) => {
    view.setFloat32(4 * i, v, true)
  })
  return { address, values }
}

let cases = 0
if (readCpu().avx512) {
  const { address } = mapCode(emitAbove())
  for (let n = 1; n <= 70; n++)
    for (const R of [1, 4])
      for (const threads of [1, 3]) {
        const atEnd = cases++ % 2 === 0
        const words = bitWords(n)
        const [p, cuts, norms, margins] = [R * n, n, n, R].map((count, i) =>
          numbers(count, 100 * i + n, atEnd),
        )
        const bits = guarded(4 * R * words, atEnd)
        const dst = tensor([words, R], 4 * words, bits.address, [
          tensor([n, R], 4 * n, p!.address),
          ...[cuts!, norms!, margins!].map((of) => tensor([n, 1], 4 * n, of.address)),
        ])
        for (let i = 0; i < threads; i++)
          if (call(address, dst, JUNK + BigInt(i), JUNK + BigInt(threads), 0n) !== KEPT)
            throw new Error(`${n} columns: registers`)
        for (let r = 0; r < R; r++)
          for (let i = 0; i < 32 * words; i++) {
            const set = ((bits.view.getUint32(4 * (r * words + (i >> 5)), true) >>> (i & 31)) & 1) === 1
            const cut =
              i < n ? cuts!.values[i]! - margins!.values[r]! * norms!.values[i]! : Number.POSITIVE_INFINITY
            if (set !== (i < n && p!.values[r * n + i]! > cut)) throw new Error(`${n} columns: bit ${i}`)
          }
        release()
      }
}
process.stdout.write(String(cases))
