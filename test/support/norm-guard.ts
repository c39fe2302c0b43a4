/** RMS norms called directly against unreadable pages (guarded.ts). Prints the number of cases. */
import { readCpu } from '../../src/ggml/kernels/cpu.ts'
import { AVX2, AVX512 } from '../../src/ggml/kernels/isa.ts'
import { mapCode } from '../../src/ggml/kernels/memory.ts'
import { emitNorm, normOf } from '../../src/ggml/kernels/norm.ts'
import { mixed } from '../../src/ggml/kernels/verify.ts'
import { checkedCall, guarded, JUNK, KEPT, release, tensor } from './guarded.ts'

const EPS = 1e-6
const call = checkedCall()
const cpu = readCpu()
const kernels = [...(cpu.avx512 ? [AVX512] : []), ...(cpu.avx2 ? [AVX2] : [])].map((isa) => ({
  name: isa.name,
  plain: mapCode(emitNorm(isa, { eps: EPS, weighted: false })).address,
  weighted: mapCode(emitNorm(isa, { eps: EPS, weighted: true })).address,
}))
const WIDTHS = [...Array.from({ length: 20 }, (_, i) => 16 * (i + 1)), 576, 2048, 8192]

let cases = 0
for (const n of WIDTHS)
  for (const [R, threads] of [
    [1, 1],
    [4, 3],
  ] as const) {
    const before: (Uint32Array | undefined)[] = []
    for (const { name, plain, weighted } of kernels)
      for (const atEnd of [true, false]) {
        const floats = (count: number, seed: number): ReturnType<typeof guarded> => {
          const memory = guarded(4 * count, atEnd)
          for (let i = 0; i < count; i++) memory.view.setFloat32(4 * i, mixed(i + seed) / 2 ** 29 - 4, true)
          return memory
        }
        const [x, w] = [floats(R * n, n), floats(n, 7)]
        const read = ({ view }: { view: DataView }, from: number): Float32Array =>
          Float32Array.from({ length: n }, (_, i) => view.getFloat32(4 * (from + i), true))
        const results = [plain, weighted].map((address, which) => {
          const y = guarded(4 * R * n, atEnd)
          const sources = [tensor([n, R], 4 * n, x.address), tensor([n, 1], 4 * n, w.address)]
          const dst = tensor([n, R], 4 * n, y.address, which === 0 ? sources.slice(0, 1) : sources)
          for (let i = 0; i < threads; i++)
            if (call(address, dst, JUNK + BigInt(i), JUNK + BigInt(threads), 0n) !== KEPT)
              throw new Error(`${name}, ${n} wide: registers`)
          const words = Uint32Array.from({ length: R * n }, (_, i) => y.view.getUint32(4 * i, true))
          if (before[which]?.some((word, i) => word !== words[i]) === true)
            throw new Error(`${n} wide: ${name} gives other bits`)
          before[which] = words
          for (let r = 0; r < R; r++) {
            const wanted = normOf(read(x, r * n), which === 0 ? undefined : read(w, 0), EPS)
            for (const [i, value] of read(y, r * n).entries())
              if (!(Math.abs(value - wanted[i]!) <= 3e-7 * Math.abs(wanted[i]!)))
                throw new Error(`${name}, ${n} wide: element ${i} of row ${r}`)
          }
          cases++
          return new Float32Array(words.buffer)
        })
        // The weight behind it, rounded by itself.
        const weights = read(w, 0)
        results[0]!.forEach((value, i) => {
          if (!Object.is(Math.fround(value * weights[i % n]!), results[1]![i]))
            throw new Error(`${name}, ${n} wide: the weight is rounded in another way`)
        })
        release()
      }
  }
process.stdout.write(String(cases))
