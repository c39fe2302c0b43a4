/** Sparse products called directly, against unreadable pages (guarded.ts). Prints the number of cases. */
import { readCpu } from '../../src/ggml/kernels/cpu.ts'
import { emitGather, type GatherKind } from '../../src/ggml/kernels/gather.ts'
import { AVX2, AVX512 } from '../../src/ggml/kernels/isa.ts'
import { mapCode } from '../../src/ggml/kernels/memory.ts'
import { checkedCall, guarded, JUNK, KEPT, type P, release, tensor } from './guarded.ts'

const call = checkedCall()
const cpu = readCpu()
const KINDS: readonly GatherKind[] = ['sum', 'dot', 'dot-bf16']
let state = 1
const random = (): number => {
  state = (state * 48271) % 2147483647
  return (state % 255) / 128 - 1 // exact in bf16
}
const bits = new DataView(new ArrayBuffer(4))

/** Numbers at an address. */
function numbers(count: number, atEnd: boolean, bf16 = false): { address: P; values: Float64Array } {
  const { address, view } = guarded(Math.max(1, count) * (bf16 ? 2 : 4), atEnd)
  const values = Float64Array.from({ length: count }, random)
  values.forEach((v, i) => {
    bits.setFloat32(0, v)
    if (bf16) view.setUint16(2 * i, bits.getUint16(0), true)
    else view.setFloat32(4 * i, v, true)
  })
  return { address, values }
}

function integers(list: readonly number[], atEnd: boolean): P {
  const { address, view } = guarded(4 * list.length, atEnd)
  list.forEach((v, i) => {
    view.setInt32(4 * i, v, true)
  })
  return address
}

let cases = 0
for (const isa of cpu.avx512 ? [AVX512, AVX2] : cpu.avx2 ? [AVX2] : [])
  for (const kind of KINDS) {
    const { address } = mapCode(emitGather(isa, kind))
    for (const vectors of [1, 3, 4, 5, 8, 9, 17])
      for (const counts of [[1], [2, 0, 5], [0, 7, 1, 3]])
        for (const threads of [1, 3]) {
          const atEnd = cases++ % 2 === 0
          const [d, N, R] = [vectors * isa.lanes, 6, counts.length]
          const starts = [0]
          for (const n of counts) starts.push(starts.at(-1)! + n)
          const entries = starts.at(-1)!
          const indices = Array.from({ length: entries }, (_, i) => (i * 5 + 5) % N)
          const isBf16 = kind === 'dot-bf16'
          const rows = numbers(N * d, atEnd, isBf16)
          const other = numbers(kind === 'sum' ? entries : R * d, atEnd)
          const out = guarded(4 * (kind === 'sum' ? R * d : entries * isa.lanes), atEnd)
          const startsAt = tensor([R + 1, 1], 4 * (R + 1), integers(starts, atEnd))
          const indicesAt = tensor([entries, 1], 4 * entries, integers(indices, atEnd))
          const rowsAt = tensor([d, N], d * (isBf16 ? 2 : 4), rows.address)
          const dst =
            kind === 'sum'
              ? tensor([d, R], 4 * d, out.address, [
                  rowsAt,
                  startsAt,
                  indicesAt,
                  tensor([entries, 1], 4 * entries, other.address),
                ])
              : tensor([isa.lanes, entries], 4 * isa.lanes, out.address, [
                  rowsAt,
                  tensor([d, R], 4 * d, other.address),
                  startsAt,
                  indicesAt,
                ])
          const where = `${isa.name} ${kind}, ${d} columns, ${counts} entries`
          for (let i = 0; i < threads; i++)
            if (call(address, dst, JUNK + BigInt(i), JUNK + BigInt(threads), 0n) !== KEPT)
              throw new Error(`${where}: registers`)
          const found = (i: number): number => out.view.getFloat32(4 * i, true)
          for (let r = 0; r < R; r++) {
            if (kind === 'sum')
              for (let t = 0; t < d; t++) {
                let sum = 0
                for (let i = starts[r]!; i < starts[r + 1]!; i++)
                  sum += other.values[i]! * rows.values[indices[i]! * d + t]!
                if (Math.abs(found(r * d + t) - sum) > 1e-4) throw new Error(`${where}: row ${r}`)
              }
            else
              for (let i = starts[r]!; i < starts[r + 1]!; i++) {
                let [sum, lanes] = [0, 0]
                for (let t = 0; t < d; t++)
                  sum += other.values[r * d + t]! * rows.values[indices[i]! * d + t]!
                for (let t = 0; t < isa.lanes; t++) lanes += found(i * isa.lanes + t)
                if (Math.abs(lanes - sum) > 1e-4) throw new Error(`${where}: entry ${i}`)
              }
          }
          release()
        }
  }
process.stdout.write(String(cases))
