/**
 * Panels that are kept: weights packed once, for decoding steps, which are too few rows for packing to be cheap.
 * `void f(struct ggml_tensor * dst, int ith, int nth, void * places)` packs src0 of dst; `places` is two addresses:
 * the threads' scratch, and the panels, one after the other, each of all its words. dst itself is not touched.
 */

import { Assembler, at, rax, rcx, rdi, rdx, rsi } from './assembler.ts'
import { depthOf, emitCountWords } from './bytes.ts'
import { emitEntry, emitExit, emitFetch } from './frame.ts'
import type { InstructionSet } from './isa.ts'
import { emitPack, type Source } from './pack.ts'
import {
  DEPTH,
  emitKeptPlace,
  emitPackWords,
  emitPanels,
  emitScratch,
  panelFrame,
  TENSOR,
} from './product.ts'

/** Bytes of the panels of weights of `outputs` rows of `words` words. */
export function panelBytes(isa: InstructionSet, outputs: number, words: number): number {
  return Math.ceil(outputs / isa.columns) * isa.columns * words * 4
}

/** Emits what packs weights into panels that are kept. */
export function emitKeep(
  isa: InstructionSet,
  { bf16, source }: { bf16: boolean; source: Source },
): Uint8Array {
  const a = new Assembler()
  const { slot, bytes: frame } = panelFrame()
  const start = a.label()
  a.endbr64()
  a.jump(start)
  const pack = emitPack(a, isa, source, DEPTH)
  a.bind(start)
  emitEntry(a, frame)
  a.store(slot.panel, rsi)
  a.store(slot.threads, rdx)
  emitScratch(a, isa, slot.scratch)
  emitFetch(a, slot.panels, rcx, 8)
  a.op('mov', rcx, at(rdi, TENSOR.src0))
  emitFetch(a, slot.w, rcx, TENSOR.data)
  emitFetch(a, slot.wStride, rcx, TENSOR.nb1)
  emitFetch(a, slot.N, rcx, TENSOR.ne1)
  a.op('mov', rax, at(rcx, TENSOR.ne0))
  if (source.kind === 'bytes') emitCountWords(a, rax, source.type, rcx)
  else if (bf16) a.shift('right', rax, 1)
  a.store(slot.K, rax)

  const each = (): void => {
    emitPackWords(a, isa, slot, source, pack)
    emitKeptPlace(a, isa, slot)
    a.op('mov', rdi, rax)
    a.op('mov', rsi, slot.scratch)
    a.op('mov', rcx, slot.words)
    const line = a.bind()
    for (let j = 0; j < isa.vectors; j++) isa.load(a, j, at(rsi, isa.lanes * 4 * j))
    for (let j = 0; j < isa.vectors; j++) isa.store(a, j, at(rdi, isa.lanes * 4 * j), undefined)
    a.opImmediate('add', rsi, isa.columns * 4)
    a.opImmediate('add', rdi, isa.columns * 4)
    a.opImmediate('sub', rcx, 1)
    a.jumpIf('ne', line)
  }
  emitPanels(a, isa, slot, each, source.kind === 'bytes' ? depthOf(source.type) : DEPTH)
  emitExit(a, frame)
  return a.finish()
}
