/**
 * Calls what packs panels to keep, and what multiplies with them, directly and in a process of its own: every operand
 * and every panel lies against an unreadable page, before or behind it; results must have the bits of the product that
 * packs for itself, and those of a sum where one is asked for. Prints the number of cases.
 */
import { readCpu } from '../../src/ggml/kernels/cpu.ts'
import { AVX2, AVX512 } from '../../src/ggml/kernels/isa.ts'
import { emitKeep, panelBytes } from '../../src/ggml/kernels/kept.ts'
import { sourceOf } from '../../src/ggml/kernels/kernels.ts'
import { mapCode } from '../../src/ggml/kernels/memory.ts'
import { scratchBytes } from '../../src/ggml/kernels/pack.ts'
import { DEPTH, emitProduct } from '../../src/ggml/kernels/product.ts'
import type { ProductKind } from '../../src/ggml/kernels/verify.ts'
import { loadEngine } from '../../src/ggml/library.ts'
import { blockBytes, blockElements, isPlain } from '../../src/ggml/types.ts'
import { checkedCall, guarded, JUNK, KEPT, type P, release, sumsOf, tensor } from './guarded.ts'

const engine = loadEngine('cpu')
const call = checkedCall()
const cpu = readCpu()
const KINDS: readonly ProductKind[] = [
  { weights: 'F32', activations: 'F32' },
  { weights: 'BF16', activations: 'F32' },
  { weights: 'F16', activations: 'F32' },
  { weights: 'BF16', activations: 'BF16' },
  { weights: 'Q4_1', activations: 'F32' },
  { weights: 'Q4_1', activations: 'BF16' },
  { weights: 'Q8_0', activations: 'BF16' },
  { weights: 'Q6_K', activations: 'BF16' },
]
let state = 1
/** Bytes below 0x3f: in every type these are finite numbers. */
const fill = (view: DataView): void => {
  for (let i = 0; i < view.byteLength; i++) {
    state = (state * 48271) % 2147483647
    view.setUint8(i, state % 0x3f)
  }
}

let cases = 0
for (const isa of cpu.avx512 ? [AVX512, AVX2] : cpu.avx2 ? [AVX2] : [])
  for (const kind of KINDS) {
    const isBf16 = kind.activations === 'BF16'
    if (isBf16 && !(isa === AVX512 && cpu.bf16)) continue
    const source = sourceOf(kind, engine)
    const [keep, kept, fly] = [
      emitKeep(isa, { bf16: isBf16, source }),
      emitProduct(isa, { bf16: isBf16, source: 'kept' }),
      emitProduct(isa, { bf16: isBf16, source }),
    ].map((code) => mapCode(code).address) as [P, P, P]
    const block = blockElements(kind.weights)
    const depths = isPlain(kind.weights)
      ? [1, 3, 8, 30, DEPTH + 9].map((words) => words * (isBf16 ? 2 : 1))
      : [block, 2 * DEPTH + block]
    for (const [iK, K] of depths.entries())
      for (const [iN, N] of [1, 15, 16, 31, 48, 49, 100].entries())
        for (const [iM, M] of [1, 2, 3, 4, 5, 6, 7, 8, 14].entries()) {
          // Both sides for each pair of K, N and M: every operand is as large as two of them say.
          const atEnd = (iK + iN + iM) % 2 === 0
          const threads = (iK + iN + iM) % 3 === 0 ? 3 : 1
          const rowBytes = (K / block) * blockBytes(kind.weights)
          const xBytes = K * (isBf16 ? 2 : 4)
          const w = guarded(N * rowBytes, atEnd)
          const x = guarded(M * xBytes, atEnd)
          fill(w.view)
          fill(x.view)
          const panels = guarded(panelBytes(isa, N, isBf16 ? K / 2 : K), atEnd)
          const work = guarded(threads * scratchBytes(isa, DEPTH), atEnd)
          const places = guarded(16, true)
          places.view.setBigUint64(0, work.address, true)
          places.view.setBigUint64(8, panels.address, true)
          const operands = [tensor([K, N], rowBytes, w.address), tensor([K, M], xBytes, x.address)]
          const plus = guarded(M * N * 4, atEnd)
          fill(plus.view)
          const third = tensor([N, M], N * 4, plus.address)
          const run = (kernel: P, userdata: P, added = false): Uint8Array => {
            const y = guarded(M * N * 4, atEnd)
            const dst = tensor([N, M], N * 4, y.address, added ? [...operands, third] : operands)
            for (let i = 0; i < threads; i++)
              if (call(kernel, dst, JUNK + BigInt(i), JUNK + BigInt(threads), userdata) !== KEPT)
                throw new Error('registers')
            return new Uint8Array(y.view.buffer, y.view.byteOffset, M * N * 4).slice()
          }
          const wanted = run(fly, places.address)
          run(keep, places.address)
          const found = run(kept, places.address + 8n)
          const sums = sumsOf(wanted, plus.view)
          const addedUp = [run(fly, places.address, true), run(kept, places.address + 8n, true)]
          if (Buffer.compare(found, wanted) !== 0 || addedUp.some((y) => Buffer.compare(y, sums) !== 0))
            throw new Error(`${isa.name} ${kind.weights} x ${kind.activations} K ${K} N ${N} M ${M}`)
          release()
          cases++
        }
  }
console.log(cases)
