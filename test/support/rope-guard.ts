/** RoPE called directly against unreadable pages (guarded.ts). Prints the number of cases. */
import { mapCode } from '../../src/ggml/kernels/memory.ts'
import { emitRope, ROPE_LIMIT, turnedRow } from '../../src/ggml/kernels/rope.ts'
import { mixed } from '../../src/ggml/kernels/verify.ts'
import { checkedCall, guarded, JUNK, KEPT, release, tensor } from './guarded.ts'

const call = checkedCall()
let cases = 0
for (const pairs of ['half', 'adjacent'] as const) {
  const { address } = mapCode(emitRope(pairs))
  for (const [d, heads] of [
    ...Array.from({ length: 8 }, (_, i) => [16 * (i + 1), 1] as const),
    [16, 5],
    [64, 9],
    [256, 4],
  ] as const)
    for (const [R, threads] of [
      [1, 1],
      [35, 2],
    ] as const)
      for (const atEnd of [true, false]) {
        const n = d * heads
        const floats = (count: number, seed: number): ReturnType<typeof guarded> => {
          const memory = guarded(4 * count, atEnd)
          for (let i = 0; i < count; i++) memory.view.setFloat32(4 * i, mixed(i + seed) / 2 ** 29 - 4, true)
          return memory
        }
        const read = ({ view }: { view: DataView }, from: number, count: number): Float32Array =>
          Float32Array.from({ length: count }, (_, i) => view.getFloat32(4 * (from + i), true))
        const [x, table, y] = [floats(R * n, n), floats(R * d, 7), guarded(4 * R * n, atEnd)]
        const sources = [tensor([n, R], 4 * n, x.address), tensor([d, R], 4 * d, table.address)]
        const dst = tensor([n, R], 4 * n, y.address, sources)
        for (let i = 0; i < threads; i++)
          if (call(address, dst, JUNK + BigInt(i), JUNK + BigInt(threads), 0n) !== KEPT)
            throw new Error(`${pairs}, ${heads} heads of ${d}: registers`)
        for (let r = 0; r < R; r++) {
          const found = read(y, r * n, n)
          const wanted = turnedRow(read(x, r * n, n), read(table, r * d, d), pairs)
          for (const [i, [value, size]] of wanted.entries())
            if (!(Math.abs(found[i]! - value) <= ROPE_LIMIT * size))
              throw new Error(`${pairs}, ${heads} heads of ${d}: element ${i} of row ${r}`)
        }
        cases++
        release()
      }
}
process.stdout.write(String(cases))
