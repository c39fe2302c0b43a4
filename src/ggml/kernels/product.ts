/**
 * The matrix product as a ggml custom operation: `void f(struct ggml_tensor * dst, int ith, int nth, void *
 * scratch)` with dst[M, N] = src1[M, K] src0[N, K]ᵀ, plus src2[M, N] where there is one, whose rows lie as far apart as
 * dst's. docs/kernels.md draws the tile and the loops.
 *
 * Every element of dst is the sum of chains of multiply-adds over K in rising order, with the same roundings
 * wherever its tile lies: results do not depend on the number of threads, nor on the rows computed with it.
 */

import {
  Assembler,
  at,
  type Label,
  type Memory,
  r8,
  r12,
  r13,
  r14,
  r15,
  rax,
  rbp,
  rcx,
  rdi,
  rdx,
  rsi,
  rsp,
} from './assembler.ts'
import { emitCountBlocks } from './bytes.ts'
import { emitEntry, emitExit, emitFetch, emitTimes } from './frame.ts'
import type { InstructionSet, MaskContext } from './isa.ts'
import { emitPack, type Source, scratchBytes, sourceBytes } from './pack.ts'
import { emitTile } from './tile.ts'

/** Offsets in `struct ggml_tensor`, held against a real tensor before use (layout.ts). */
export const TENSOR = {
  ne0: 16,
  ne1: 24,
  nb1: 56,
  src0: 152,
  src1: 160,
  src2: 168,
  src3: 176,
  data: 248,
  bytes: 336,
} as const

/** Words of K that are packed at once; a multiple of every quantised block. */
export const DEPTH = 512

/**
 * Words that are added up in one chain, before the sum goes to the result, by the K from which they serve. Errors grow as
 * the root of L + K / L with the length L of chains; longer ones are faster.
 */
const CHAINS = [
  [0, 16],
  [512, 64],
] as const
/** Where activations are rounded to bf16, that error is a thousand times larger. */
const CHAIN_BF16 = 64

export interface ProductOptions {
  /** Panels and activations are pairs of bf16, multiplied into f32 (`vdpbf16ps`). */
  readonly bf16: boolean
  /** Where panels come from; `kept`: they were packed before (kept.ts). Not bytes: see eight-bit.ts. */
  readonly source: Source | 'kept'
}

const SLOTS = ['w', 'wStride', 'x', 'xStride', 'y', 'N', 'M', 'K'] as const
/**
 * `ahead`, `numbers` (K, where words hold several): of eight-bit.ts. `plus`: from the result to what is added to it, or zero;
 * `now`: the same while the last words of a panel are multiplied, zero before.
 */
const MORE_SLOTS = [
  'panel',
  'threads',
  'from',
  'words',
  'scratch',
  'panels',
  'mask',
  'ahead',
  'chain',
  'plus',
  'now',
  'numbers',
] as const

/** Where a kernel that goes through panels keeps what does not fit its registers. */
export type PanelFrame = Record<(typeof SLOTS)[number] | (typeof MORE_SLOTS)[number], Memory>

/** The frame of a kernel that goes through panels, and its bytes. */
export function panelFrame(): { slot: PanelFrame; bytes: number } {
  const names = [...SLOTS, ...MORE_SLOTS]
  const slot = Object.fromEntries(names.map((name, i) => [name, at(rsp, 8 * i)])) as PanelFrame
  return { slot, bytes: names.length * 8 }
}

/** into <- where thread rsi has its scratch; rcx points to the address of that of all. Clobbers rax and rsi. */
export function emitScratch(a: Assembler, isa: InstructionSet, into: Memory): void {
  emitTimes(a, rsi, scratchBytes(isa, DEPTH), rax)
  a.op('add', rsi, at(rcx))
  a.store(into, rsi)
}

/**
 * Fetches what is to be multiplied, and how far from the result that lies which is added to it (src2, zero where there is
 * none). rdi: dst; leaves src0 in rcx, src1 in rdx, and the bytes between rows of dst in r13.
 */
export function emitOperands(a: Assembler, slot: PanelFrame): void {
  const none = a.label()
  a.op('mov', rax, at(rdi, TENSOR.src2))
  a.opImmediate('cmp', rax, 0)
  a.jumpIf('e', none)
  a.op('mov', rax, at(rax, TENSOR.data))
  a.op('sub', rax, at(rdi, TENSOR.data))
  a.bind(none)
  a.store(slot.plus, rax)
  a.op('mov', rcx, at(rdi, TENSOR.src0))
  a.op('mov', rdx, at(rdi, TENSOR.src1))
  emitFetch(a, slot.w, rcx, TENSOR.data)
  emitFetch(a, slot.wStride, rcx, TENSOR.nb1)
  emitFetch(a, slot.x, rdx, TENSOR.data)
  emitFetch(a, slot.xStride, rdx, TENSOR.nb1)
  emitFetch(a, slot.y, rdi, TENSOR.data)
  emitFetch(a, slot.N, rdi, TENSOR.ne0)
  emitFetch(a, slot.M, rdi, TENSOR.ne1)
  a.op('mov', r13, at(rdi, TENSOR.nb1))
}

/**
 * Emits the loops over panels ith, ith + nth, ..., and in each over its words of K, at most `depth` at a time.
 * `each` finds the panel's columns in r15 and its words in `slot.from` and `slot.words`.
 */
export function emitPanels(
  a: Assembler,
  isa: InstructionSet,
  slot: PanelFrame,
  each: () => void,
  depth = DEPTH,
): void {
  const [panelLoop, depthLoop, panelDone, end] = [a.label(), a.label(), a.label(), a.label()]
  a.bind(panelLoop)
  a.op('mov', rcx, slot.panel)
  emitTimes(a, rcx, isa.columns, rdx)
  a.op('mov', rax, slot.N)
  a.op('sub', rax, rcx)
  a.jumpIf('le', end)
  a.op('cmp', rax, rdx)
  a.op('cmovg', rax, rdx)
  a.op('mov', r15, rax)
  a.moveImmediate(rax, 0)
  a.store(slot.from, rax)

  a.bind(depthLoop)
  a.op('mov', r8, slot.K)
  a.op('sub', r8, slot.from)
  a.jumpIf('le', panelDone)
  a.moveImmediate(rax, depth)
  a.op('cmp', r8, rax)
  a.op('cmovg', r8, rax)
  a.store(slot.words, r8)
  each()
  a.opImmediate('add', slot.from, depth)
  a.jump(depthLoop)

  a.bind(panelDone)
  a.op('mov', rax, slot.panel)
  a.op('add', rax, slot.threads)
  a.store(slot.panel, rax)
  a.jump(panelLoop)
  a.bind(end)
}

/** Inside {@link emitPanels}: packs the panel's words into the thread's scratch. */
export function emitPackWords(
  a: Assembler,
  isa: InstructionSet,
  slot: PanelFrame,
  source: Source,
  pack: Label,
): void {
  a.op('mov', r8, slot.words)
  a.op('mov', rsi, slot.panel)
  emitTimes(a, rsi, isa.columns, rax)
  a.op('imul', rsi, slot.wStride)
  a.op('add', rsi, slot.w)
  a.op('mov', rax, slot.from)
  if (source.kind === 'bytes') {
    emitCountBlocks(a, rax, source.type, rcx)
    emitTimes(a, rax, source.bytes, rcx)
  } else {
    a.shift('right', rax, Math.log2(DEPTH))
    emitTimes(a, rax, sourceBytes(source, DEPTH), rcx)
  }
  a.op('add', rsi, rax)
  a.op('mov', rdi, slot.scratch)
  a.op('mov', rdx, slot.wStride)
  a.op('mov', rcx, r15)
  a.call(pack)
}

/** Inside {@link emitPanels}: what is added to the results now, with the last words of a panel. Clobbers rax and rcx. */
export function emitPlus(a: Assembler, slot: PanelFrame): void {
  const before = a.label()
  a.moveImmediate(rcx, 0)
  a.op('mov', rax, slot.from)
  a.op('add', rax, slot.words)
  a.op('cmp', rax, slot.K)
  a.jumpIf('ne', before)
  a.op('mov', rcx, slot.plus)
  a.bind(before)
  a.store(slot.now, rcx)
}

/** Inside {@link emitPanels}: rax <- where the panel's words are among those that are kept. Clobbers rcx. */
export function emitKeptPlace(a: Assembler, isa: InstructionSet, slot: PanelFrame): void {
  a.op('mov', rax, slot.panel)
  a.op('imul', rax, slot.K)
  a.op('add', rax, slot.from)
  emitTimes(a, rax, isa.columns * 4, rcx)
  a.op('add', rax, slot.panels)
}

/** Emits a product. */
export function emitProduct(isa: InstructionSet, { bf16, source }: ProductOptions): Uint8Array {
  const a = new Assembler()
  const { columns, rows } = isa
  const { slot, bytes: frame } = panelFrame()
  const masks: MaskContext = { slot: slot.mask, table: a.label() }
  const start = a.label()
  a.endbr64()
  a.jump(start)
  const pack = source === 'kept' ? undefined : emitPack(a, isa, source, DEPTH)
  a.bind(start)
  emitEntry(a, frame)
  a.store(slot.panel, rsi)
  a.store(slot.threads, rdx)
  // userdata points to the address of the scratch, or to that of the panels
  if (source === 'kept') emitFetch(a, slot.panels, rcx, 0)
  else emitScratch(a, isa, slot.scratch)
  emitOperands(a, slot)
  a.op('mov', rax, at(rdx, TENSOR.ne0))
  if (bf16) a.shift('right', rax, 1)
  a.store(slot.K, rax)
  if (!bf16) emitChainLength(a, slot)

  emitPanels(a, isa, slot, () => {
    if (source === 'kept') {
      emitKeptPlace(a, isa, slot)
      a.store(slot.scratch, rax)
    } else emitPackWords(a, isa, slot, source, pack!)
    emitPlus(a, slot)
    a.op('mov', rax, r15)
    isa.limitColumns(a, masks)
    a.op('mov', r8, slot.xStride)
    a.op('mov', rbp, slot.M) // rows left
    a.op('mov', rcx, slot.from)
    a.op('mov', r14, slot.x)
    a.op('lea', r14, at(r14, 0, rcx, 4))
    a.op('mov', r12, slot.panel)
    emitTimes(a, r12, columns * 4, rax)
    a.op('add', r12, slot.y)

    // Quantised rows are whole blocks: their words are a multiple of every chain's steps.
    const even = source !== 'kept' && source.kind === 'blocks'
    const tile = (count: number): void => {
      emitTile(a, isa, count, { ...slot, masks }, { bf16, even, chain: bf16 ? CHAIN_BF16 : slot.chain })
      a.op('mov', r12, rsi)
    }
    emitRows(a, rows, tile)
  })
  emitExit(a, frame)
  isa.emitData(a, masks)
  return a.finish()
}

/** How long chains are, for the K of rax. Clobbers rcx. */
function emitChainLength(a: Assembler, slot: PanelFrame): void {
  const found = a.label()
  for (const [from, words] of CHAINS) {
    a.opImmediate('cmp', rax, from)
    a.jumpIf('l', found)
    a.moveImmediate(rcx, words)
    a.store(slot.chain, rcx)
  }
  a.bind(found)
}

/**
 * Emits a tile for each `rows` of the rbp rows, and one for those that are left. r14: the first row, r8: bytes to the
 * next. Clobbers rax and rcx beside what `tile` does.
 */
export function emitRows(a: Assembler, rows: number, tile: (count: number) => void): void {
  const [rowLoop, remainder, done] = [a.label(), a.label(), a.label()]
  a.bind(rowLoop)
  a.opImmediate('cmp', rbp, rows)
  a.jumpIf('l', remainder)
  tile(rows)
  a.op('mov', rax, r8)
  emitTimes(a, rax, rows, rcx)
  a.op('add', r14, rax)
  a.opImmediate('sub', rbp, rows)
  a.jump(rowLoop)
  a.bind(remainder)
  for (let count = rows - 1; count > 0; count--) {
    const other = a.label()
    a.opImmediate('cmp', rbp, count)
    a.jumpIf('ne', other)
    tile(count)
    a.jump(done)
    a.bind(other)
  }
  a.bind(done)
}
