/**
 * Calls what rounds activations to 8 bits, what packs weights as bytes and what multiplies both, directly and in a process
 * of its own: every operand lies against an unreadable page, before or behind it; panels that were kept must give the bits
 * of those packed on the way, and both those of a sum where one is asked for. Prints the number of cases.
 */
import { depthOf, wordsOfBlock } from '../../src/ggml/kernels/bytes.ts'
import { emitEightBit } from '../../src/ggml/kernels/eight-bit.ts'
import { AVX512 } from '../../src/ggml/kernels/isa.ts'
import { emitKeep, panelBytes } from '../../src/ggml/kernels/kept.ts'
import { mapCode } from '../../src/ggml/kernels/memory.ts'
import { scratchBytes } from '../../src/ggml/kernels/pack.ts'
import { DEPTH } from '../../src/ggml/kernels/product.ts'
import { emitQuantise, quantisedWords } from '../../src/ggml/kernels/quantise.ts'
import { blockBytes } from '../../src/ggml/types.ts'
import { checkedCall, guarded, JUNK, KEPT, type P, release, sumsOf, tensor } from './guarded.ts'

const call = checkedCall()
const quantise = mapCode(emitQuantise()).address
let state = 1
const random = (): number => {
  state = (state * 48271) % 2147483647
  return state
}

let cases = 0
for (const type of ['Q4_0', 'Q4_1', 'Q8_0'] as const) {
  const source = { kind: 'bytes', type, bytes: blockBytes(type) } as const
  const [fly, keep, kept] = [
    emitEightBit(type, source),
    emitKeep(AVX512, { bf16: false, source }),
    emitEightBit(type, 'kept'),
  ].map((code) => mapCode(code).address) as [P, P, P]
  // One block, some, and more than are packed at once.
  const blocks = [1, 3, depthOf(type) / wordsOfBlock(type) + 1]
  for (const [iK, K] of blocks.map((n) => 32 * n).entries())
    for (const [iN, N] of [1, 16, 31, 48, 49, 100].entries())
      for (const [iM, M] of [1, 2, 3, 4, 5, 7, 8, 14].entries()) {
        const atEnd = (iK + iN + iM) % 2 === 0
        const threads = (iK + iN + iM) % 3 === 0 ? 3 : 1
        const every = (kernel: P, dst: P, userdata: P): void => {
          for (let i = 0; i < threads; i++)
            if (call(kernel, dst, JUNK + BigInt(i), JUNK + BigInt(threads), userdata) !== KEPT)
              throw new Error('registers')
        }
        const rowBytes = (K / 32) * blockBytes(type)
        const w = guarded(N * rowBytes, atEnd)
        for (let i = 0; i < w.view.byteLength; i++) w.view.setUint8(i, random() % 0x3f)
        const x = guarded(M * K * 4, atEnd)
        for (let i = 0; i < M * K; i++) x.view.setFloat32(4 * i, random() / 2 ** 30 - 1, true)
        const words = quantisedWords(K)
        const rounded = guarded(M * words * 4, atEnd)
        every(
          quantise,
          tensor([words, M], words * 4, rounded.address, [tensor([K, M], K * 4, x.address)]),
          0n,
        )

        const panels = guarded(panelBytes(AVX512, N, (K / 32) * wordsOfBlock(type)), atEnd)
        const work = guarded(threads * scratchBytes(AVX512, DEPTH), atEnd)
        const places = guarded(16, true)
        places.view.setBigUint64(0, work.address, true)
        places.view.setBigUint64(8, panels.address, true)
        const operands = [tensor([K, N], rowBytes, w.address), tensor([words, M], words * 4, rounded.address)]
        const plus = guarded(M * N * 4, atEnd)
        for (let i = 0; i < M * N; i++) plus.view.setFloat32(4 * i, random() / 2 ** 26 - 16, true)
        const third = tensor([N, M], N * 4, plus.address)
        const run = (kernel: P, userdata: P, added = false): Uint8Array => {
          const y = guarded(M * N * 4, atEnd)
          every(kernel, tensor([N, M], N * 4, y.address, added ? [...operands, third] : operands), userdata)
          return new Uint8Array(y.view.buffer, y.view.byteOffset, M * N * 4).slice()
        }
        const wanted = run(fly, places.address)
        run(keep, places.address)
        const sums = sumsOf(wanted, plus.view)
        const addedUp = [run(fly, places.address, true), run(kept, places.address + 8n, true)]
        if (
          Buffer.compare(run(kept, places.address + 8n), wanted) !== 0 ||
          addedUp.some((y) => Buffer.compare(y, sums) !== 0)
        )
          throw new Error(`${type} K ${K} N ${N} M ${M}`)
        release()
        cases++
      }
}
console.log(cases)
