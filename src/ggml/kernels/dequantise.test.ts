/** Quantised blocks widened by our own code: the bits that ggml's functions give, for every byte there is. */
import { describe, expect, it } from 'vitest'
import koffi from '../../core/ffi.ts'
import { loadEngine } from '../library.ts'
import { blockBytes, blockElements } from '../types.ts'
import { Assembler } from './assembler.ts'
import { readCpu } from './cpu.ts'
import { emitDequantise, type OwnBlocks } from './dequantise.ts'
import { AVX2, AVX512 } from './isa.ts'
import { toFloatAddress } from './layout.ts'
import { mapCode } from './memory.ts'
import { mixed } from './verify.ts'

const cpu =
  process.platform === 'linux' && process.arch === 'x64'
    ? readCpu()
    : { avx2: false, avx512: false, bf16: false, vnni: false }
const sets = [...(cpu.avx512 ? [AVX512] : []), ...(cpu.avx2 ? [AVX2] : [])]

/** A mark behind the last number, which must stay. */
const MARK = 0x7f5a_a5a5

describe.skipIf(sets.length === 0)(
  'widening (skipped where the processor has no AVX2 or the system is another)',
  () => {
    const cases = sets.flatMap((isa) =>
      (['Q4_0', 'Q4_1', 'Q8_0'] satisfies OwnBlocks[]).map((type) => ({ isa, type, set: isa.name })),
    )
    const prototype = koffi.proto('void palimpsest_widen(void * from, void * to, int64_t n)')
    type Widen = (from: Uint8Array, to: Uint32Array, n: number) => void

    it.each(cases)('of $type gives the bits of ggml ($set)', ({ isa, type }) => {
      const count = 512 * blockElements(type)
      const from = new Uint8Array(512 * blockBytes(type))
      for (let i = 0; i < from.length; i++) from[i] = mixed(i)
      // Scales are f16 of any kind but infinite: denormals and negative ones, too.
      const view = new DataView(from.buffer)
      for (let at = 0; at < from.length; at += blockBytes(type))
        for (const scale of type === 'Q4_1' ? [0, 2] : [0])
          view.setUint16(at + scale, view.getUint16(at + scale, true) & 0xbbff, true)
      const widened = (widen: Widen, words: number): Uint32Array => {
        const to = new Uint32Array(words + 1).fill(MARK)
        widen(from, to, count)
        expect(to[words]).toBe(MARK)
        return to.subarray(0, words)
      }
      const own = (bf16: boolean): Widen => {
        const a = new Assembler()
        a.endbr64()
        emitDequantise(a, isa, type, bf16)
        a.vzeroupper()
        a.ret()
        return koffi.decode(mapCode(a.finish()).address, prototype) as Widen
      }
      const theirs = koffi.decode(toFloatAddress(loadEngine('cpu'), type), prototype) as Widen
      const expected = widened(theirs, count)
      expect(widened(own(false), count)).toEqual(expected)
      if (!(isa === AVX512 && cpu.bf16)) return
      // To the nearest, ties to even; denormals become zero, as in products of bf16.
      const rounded = Uint16Array.from(expected, (w) =>
        (w & 0x7f80_0000) === 0 ? (w >>> 16) & 0x8000 : (w + 0x7fff + ((w >>> 16) & 1)) >>> 16,
      )
      expect(new Uint16Array(widened(own(true), count / 2).slice().buffer)).toEqual(rounded)
    })
  },
)
