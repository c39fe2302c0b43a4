/** Attention called directly, against unreadable pages (guarded.ts). Prints the number of cases. */
import { emitAttention } from '../../src/ggml/kernels/attention.ts'
import { planAttention, spansOfTexts } from '../../src/ggml/kernels/attention-plan.ts'
import { readCpu } from '../../src/ggml/kernels/cpu.ts'
import { AVX2, AVX512 } from '../../src/ggml/kernels/isa.ts'
import { mapCode } from '../../src/ggml/kernels/memory.ts'
import { attentionOf } from '../../src/ggml/kernels/verify-attention.ts'
import { checkedCall, guarded, JUNK, KEPT, release, tensor } from './guarded.ts'

const call = checkedCall()
const cpu = readCpu()
let state = 1
const random = (): number => {
  state = (state * 48271) % 2147483647
  return state / 2 ** 30 - 1
}

/** Texts, where `continued` says how many tokens the last one goes on for in a segment of its own. */
const PACKS = [
  { lengths: [1], continued: 0 },
  { lengths: [3, 17, 2], continued: 4 },
  { lengths: [64, 5, 16], continued: 1 },
  { lengths: [2, 130], continued: 3 },
] as const

/** Window, cap, whether weights are wanted; and operands against the page behind them, or before. */
const SETTINGS = (
  [
    [undefined, 0, false],
    [5, 3, false],
    [undefined, 0, true],
    [70, 0, false],
    [70, 0, true],
  ] as const
).flatMap((setting) => [[...setting, true] as const, [...setting, false] as const])

let cases = 0
// Two vectors of AVX-512, four and one, four and three: every width of a tile of values.
for (const isa of cpu.avx512 ? [AVX512, AVX2] : cpu.avx2 ? [AVX2] : [])
  for (const headDim of [32, 80, 112]) {
    const { address } = mapCode(emitAttention(isa, headDim))
    for (const { lengths, continued } of PACKS)
      for (const [heads, kvHeads] of [
        [1, 1],
        [3, 1],
        [4, 2],
        [14, 2],
      ] as const)
        for (const [i, [window, softcap, patterns, atEnd]] of SETTINGS.entries()) {
          const threads = (cases++ + i) % 3 === 0 ? 3 : 1
          const spans = spansOfTexts(lengths)
          if (continued > 0) {
            const { keys } = spans.at(-1)!
            const from = keys.at(-1)! + 1
            const more = Array.from({ length: continued }, (_, i) => from + i)
            spans.push({ keys: Int32Array.from([...keys, ...more]), queries: continued })
          }
          const shape = { headDim, heads, kvHeads, scale: 1 / Math.sqrt(headDim), softcap, window, patterns }
          const plan = planAttention(spans, shape)!
          const floats = (count: number) => {
            const { address, view } = guarded(4 * count, atEnd)
            const values = Float32Array.from({ length: count }, random)
            for (const [i, v] of values.entries()) view.setFloat32(4 * i, v, true)
            return { values, tensor: tensor([count, 1], 4 * count, address) }
          }
          const q = floats(plan.tokens * heads * headDim)
          const k = floats(plan.tokens * kvHeads * headDim)
          const v = floats(plan.tokens * kvHeads * headDim)
          const words = guarded(4 * plan.words.length, atEnd)
          for (const [i, word] of plan.words.entries()) words.view.setInt32(4 * i, word, true)
          const planned = tensor([plan.words.length, 1], 4 * plan.words.length, words.address)
          const values = plan.tokens * heads * headDim + plan.patternValues
          const out = guarded(4 * values, atEnd)
          for (let i = 0; i < values; i++) out.view.setUint32(4 * i, 0x7fff_ffff, true)
          const work = guarded(threads * plan.scratch, atEnd)
          // What scratch held before must not matter, even if it is not a number.
          for (let i = 0; i < work.view.byteLength; i += 4) work.view.setUint32(i, 0x7fff_ffff, true)
          const control = guarded(8, true)
          control.view.setBigUint64(0, work.address, true)
          const sources = [q.tensor, k.tensor, v.tensor, planned]
          const dst = tensor([values, 1], 4 * values, out.address, sources)
          const where = `${isa.name} ${headDim} ${lengths} ${heads}/${kvHeads} ${window} ${softcap} ${patterns}`
          for (let i = 0; i < threads; i++)
            if (call(address, dst, JUNK + BigInt(i), JUNK + BigInt(threads), control.address) !== KEPT)
              throw new Error(`${where}: registers`)
          const wanted = attentionOf(q.values, k.values, v.values, spans, plan)
          for (let i = 0; i < values; i++) {
            const found = out.view.getFloat32(4 * i, true)
            if (!(Math.abs(found - wanted[i]!) <= 4e-7))
              throw new Error(`${where}: ${found} for ${wanted[i]} at ${i}`)
          }
          release()
        }
  }
console.log(cases)
