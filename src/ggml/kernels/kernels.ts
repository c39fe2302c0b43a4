/**
 * The kernels of this process: which instruction set serves, which products are there, and why not where they
 * are not. Nothing is mapped executable before the first product is asked for, on other systems and processors
 * than Linux x64, or when PALIMPSEST_KERNELS=off.
 */

import type { Pointer } from '../bindings.ts'
import type { Engine } from '../library.ts'
import type { RopePairs } from '../operations.ts'
import { blockBytes, blockElements, type GgmlType, isPlain, TYPE_IDS } from '../types.ts'
import { emitAbove, verifyAbove } from './above.ts'
import { emitAttention } from './attention.ts'
import { emitBatched, type Form } from './batched.ts'
import { emitBlockSums, verifyBlockSums } from './block-sums.ts'
import { hasMinimum } from './bytes.ts'
import { type CpuFeatures, readCpu } from './cpu.ts'
import { ownBlocks } from './dequantise.ts'
import { emitEightBit } from './eight-bit.ts'
import { emitGather, type GatherKernels, type GatherKind, verifyGather } from './gather.ts'
import { AVX2, AVX512, type InstructionSet } from './isa.ts'
import { emitKeep } from './kept.ts'
import { checkBatchLayout, checkTensorLayout, toFloatAddress } from './layout.ts'
import { type Mapping, mapCode } from './memory.ts'
import { emitNorm, verifyNorm } from './norm.ts'
import type { Source } from './pack.ts'
import { emitPeak, peakWork } from './peak.ts'
import { emitProduct } from './product.ts'
import { emitQuantise } from './quantise.ts'
import { emitRope, verifyRope } from './rope.ts'
import { emitStepAttention } from './step-attention.ts'
import type { CacheShape } from './step-plan.ts'
import { callable, type ProductCall, type ProductKind, verifyKeep, verifyProduct } from './verify.ts'
import { verifyAttention } from './verify-attention.ts'
import { verifyBatched } from './verify-batched.ts'
import { verifyQuantise } from './verify-quantise.ts'
import { verifyStepAttention } from './verify-steps.ts'

/** `off` switches the kernels off; `avx2` leaves AVX-512 alone. */
export const KERNELS_VARIABLE = 'PALIMPSEST_KERNELS'

export interface KernelReport {
  /** Why ggml's own products serve, where they do. */
  readonly off: string | undefined
  readonly instructions: 'avx512' | 'avx2' | undefined
  /** Whether bf16 is multiplied natively. */
  readonly bf16: boolean
  /** Whether products of 8 bits are there, for steps with quantised weights. */
  readonly vnni: boolean
  readonly mapping: Mapping | undefined
  /** How many kernels were asked for so far and passed their test. */
  readonly passed: number
  /** Those that failed theirs, each with the reason. */
  readonly failed: readonly string[]
}

/** How a kernel is emitted and tested. */
type Recipe = (isa: InstructionSet) => { code: Uint8Array; verify: (call: ProductCall) => void }

/** A set of kernels for one engine and one setting; making it never throws. */
export class Kernels {
  readonly isa: InstructionSet | undefined
  readonly off: string | undefined
  readonly #engine: Engine
  readonly #cpu: CpuFeatures = { avx2: false, avx512: false, bf16: false, vnni: false }
  readonly #products = new Map<string, Pointer | undefined>()
  #passed = 0
  readonly #failed: string[] = []
  #mapping: Mapping | undefined

  constructor(engine: Engine, setting: string) {
    this.#engine = engine
    try {
      this.off = unsupported(setting)
      if (this.off !== undefined) return
      this.#cpu = readCpu()
      this.isa = this.#cpu.avx512 && setting !== 'avx2' ? AVX512 : this.#cpu.avx2 ? AVX2 : undefined
      if (this.isa === undefined) this.off = 'this processor has no AVX2'
      else checkTensorLayout(engine)
    } catch (error) {
      this.isa = undefined
      this.off = (error as Error).message
    }
  }

  /** The address of a tested custom operation, or undefined: ggml's own product then serves. */
  product(kind: ProductKind): Pointer | undefined {
    if (!this.#multiplies(kind.activations)) return undefined
    return this.#once(`${kind.weights} x ${kind.activations}`, (isa) => {
      const source = sourceOf(kind, this.#engine)
      return {
        code:
          source.kind === 'bytes'
            ? emitEightBit(source.type, source)
            : emitProduct(isa, { bf16: kind.activations === 'BF16', source }),
        verify: (call) => verifyProduct(isa, kind, call, { toFloat: this.#toFloat(kind) }),
      }
    })
  }

  /**
   * Tested kernels that pack weights of a kind once and multiply with the panels that were kept (kept.ts); undefined
   * where a product packs for itself.
   */
  kept(kind: ProductKind): { pack: Pointer; product: Pointer } | undefined {
    const { activations } = kind
    const pack = this.#keep(kind)
    // The type is gone from a panel: one product serves all of them, or two of those of bytes.
    const bytes = activations === 'I8' ? (hasMinimum(ownBlocks(kind.weights)!) ? 'Q4_1' : 'Q8_0') : undefined
    const plain: ProductKind = { weights: bytes ?? (activations as 'F32' | 'BF16'), activations }
    const keep = this.#keep(plain)
    if (pack === undefined || keep === undefined) return undefined
    const product = this.#once(
      `panels${bytes === undefined ? '' : ` as ${bytes}`} x ${activations}`,
      (isa) => ({
        code:
          bytes === undefined
            ? emitProduct(isa, { bf16: activations === 'BF16', source: 'kept' })
            : emitEightBit(bytes, 'kept'),
        verify: (call) =>
          verifyProduct(isa, plain, call, { toFloat: this.#toFloat(plain), keep: callable(keep) }),
      }),
    )
    return product === undefined ? undefined : { pack, product }
  }

  #keep(kind: ProductKind): Pointer | undefined {
    if (!this.#multiplies(kind.activations)) return undefined
    return this.#once(`panels of ${kind.weights} x ${kind.activations}`, (isa) => {
      const source = sourceOf(kind, this.#engine)
      return {
        code: emitKeep(isa, { bf16: kind.activations === 'BF16', source }),
        verify: (call) => verifyKeep(isa, kind, call, this.#toFloat(kind)),
      }
    })
  }

  /** The address of what rounds activations to 8 bits (quantise.ts), tested, or undefined. */
  quantise(): Pointer | undefined {
    if (!this.#multiplies('I8')) return undefined
    return this.#once('activations of 8 bits', () => ({ code: emitQuantise(), verify: verifyQuantise }))
  }

  #multiplies(activations: ProductKind['activations']): boolean {
    if (activations === 'BF16') return this.hasBf16
    return activations === 'I8' ? this.hasVnni : this.isa !== undefined
  }

  #toFloat({ weights }: ProductKind): Pointer | undefined {
    return isPlain(weights) ? undefined : toFloatAddress(this.#engine, weights)
  }

  /** Tested products with sparse matrices, for rows of `columns`; undefined where they do not serve. */
  gather(columns: number): GatherKernels | undefined {
    if (this.isa === undefined || columns % this.isa.lanes !== 0) return undefined
    const [sum, dot, dotBf16] = (['sum', 'dot', 'dot-bf16'] satisfies GatherKind[]).map((kind) =>
      this.#once(`sparse ${kind}`, (isa) => ({
        code: emitGather(isa, kind),
        verify: (call) => verifyGather(isa, kind, call),
      })),
    )
    if (sum === undefined || dot === undefined || dotBf16 === undefined) return undefined
    return { sum, dot, dotBf16, lanes: this.isa.lanes }
  }

  /** The address of what finds products above their cuts (above.ts), tested, or undefined: AVX-512 alone has it. */
  above(): Pointer | undefined {
    if (this.isa !== AVX512) return undefined
    return this.#once('products above cuts', () => ({ code: emitAbove(), verify: verifyAbove }))
  }

  /** The address of what tokens are drawn by (block-sums.ts), tested, or undefined: ggml's own operations then serve. */
  blockSums(): Pointer | undefined {
    if (this.isa === undefined) return undefined
    return this.#once('sums of blocks', (isa) => ({ code: emitBlockSums(isa), verify: verifyBlockSums }))
  }

  /**
   * The address of RMS norm (norm.ts), times a weight or not, tested, or undefined: ggml's own then serves. For rows of a
   * multiple of 16 elements.
   */
  norm(eps: number, weighted: boolean): Pointer | undefined {
    if (this.isa === undefined) return undefined
    return this.#once(normName(eps, weighted), (isa) => ({
      code: emitNorm(isa, { eps, weighted }),
      verify: (call) => verifyNorm({ eps, weighted }, call),
    }))
  }

  /**
   * The address of rotary position embedding (rope.ts), tested, or undefined: ggml's own then serves. For heads of a
   * multiple of 16 elements.
   */
  rope(pairs: RopePairs): Pointer | undefined {
    if (this.isa === undefined) return undefined
    return this.#once(ropeName(pairs), () => ({
      code: emitRope(pairs),
      verify: (call) => verifyRope(pairs, call),
    }))
  }

  /** The address of attention for heads of `headDim`, tested, or undefined: ggml's own then serves. */
  attention(headDim: number): Pointer | undefined {
    if (this.isa === undefined || !isServedHead(headDim)) return undefined
    return this.#once(`attention of ${headDim}`, (isa) => ({
      code: emitAttention(isa, headDim),
      verify: (call) => verifyAttention(headDim, call),
    }))
  }

  /** The address of attention in decoding steps over caches of a shape, tested, or undefined: ggml's own then serves. */
  stepAttention({ headDim, heads, kvHeads, type }: CacheShape): Pointer | undefined {
    if (this.isa === undefined || !isServedHead(headDim) || heads / kvHeads > MOST_GROUP) return undefined
    return this.#once(`steps of ${headDim}, ${heads} on ${kvHeads}, ${type}`, (isa) => ({
      code: emitStepAttention(isa, { headDim, heads, kvHeads, type }),
      verify: (call) => verifyStepAttention({ headDim, heads, kvHeads, type }, call),
    }))
  }

  /** A loop of nothing but multiply-adds, and how many operations a thread does in it; undefined without kernels. */
  peak(bf16: boolean): { address: Pointer; work: number } | undefined {
    const { isa } = this
    if (isa === undefined || (bf16 && !this.hasBf16)) return undefined
    const key = `peak${bf16 ? ' of bf16' : ''}`
    if (!this.#products.has(key)) this.#products.set(key, mapCode(emitPeak(isa, bf16)).address)
    return { address: this.#products.get(key)!, work: peakWork(isa, bf16) }
  }

  /** The address of a tested product of batches (batched.ts), or undefined: ggml's own then serves. */
  batched(form: Form): Pointer | undefined {
    if (this.isa === undefined) return undefined
    return this.#once(`batches, ${form}`, (isa) => {
      checkBatchLayout(this.#engine)
      return { code: emitBatched(isa, form), verify: (call) => verifyBatched(isa, form, call) }
    })
  }

  get hasBf16(): boolean {
    return this.isa === AVX512 && this.#cpu.bf16
  }

  get hasVnni(): boolean {
    return this.isa === AVX512 && this.#cpu.vnni
  }

  /** Tests every kernel, also those that nobody has asked for yet: a few seconds. */
  testAll(): void {
    if (this.isa === undefined) return
    for (const weights of Object.keys(TYPE_IDS) as GgmlType[]) {
      if (weights === 'I32' || weights === 'I64') continue
      for (const activations of ['F32', 'BF16'] as const) {
        if (activations === 'BF16' && (weights === 'F32' || weights === 'F16')) continue
        this.product({ weights, activations })
        this.kept({ weights, activations })
      }
      if (ownBlocks(weights) === undefined) continue
      this.product({ weights, activations: 'I8' })
      this.kept({ weights, activations: 'I8' })
    }
    this.quantise()
    for (let width = NARROWEST_HEAD; width <= WIDEST_HEAD; width += NARROWEST_HEAD) {
      this.attention(width)
      for (const type of ['F32', 'BF16'] as const)
        this.stepAttention({ headDim: width, heads: 4, kvHeads: 2, type })
    }
    for (const form of ['pass', 'inputs', 'weights'] as const) this.batched(form)
    this.gather(this.isa.lanes)
    this.above()
    this.blockSums()
    for (const weighted of [true, false]) this.norm(1e-5, weighted)
    for (const pairs of ['half', 'adjacent'] as const) this.rope(pairs)
  }

  report(): KernelReport {
    return {
      off: this.off,
      instructions: this.isa?.name,
      bf16: this.hasBf16,
      vnni: this.hasVnni,
      mapping: this.#mapping,
      passed: this.#passed,
      failed: [...this.#failed],
    }
  }

  /** Emits, maps and tests a kernel when it is first asked for. */
  #once(key: string, make: Recipe): Pointer | undefined {
    if (!this.#products.has(key)) this.#products.set(key, this.#make(key, make))
    return this.#products.get(key)
  }

  #make(key: string, make: Recipe): Pointer | undefined {
    try {
      const { code, verify } = make(this.isa!)
      const { address, mapping } = mapCode(code)
      verify(callable(address))
      this.#mapping = mapping
      this.#passed++
      return address
    } catch (error) {
      this.#failed.push(`${key}: ${(error as Error).message}`)
      return undefined
    }
  }
}

/** What reports call an RMS norm. */
export function normName(eps: number, weighted: boolean): string {
  return `${weighted ? 'weighted ' : ''}norm, eps ${eps}`
}

/** What reports call a rotary position embedding. */
export function ropeName(pairs: RopePairs): string {
  return `RoPE, ${pairs} pairs`
}

/** Elements of a head: kernels exist for its multiples, */
const NARROWEST_HEAD = 16
/** up to the widest whose kernel still fits the first cache. */
const WIDEST_HEAD = 256

/** Heads on one head of keys: code grows with them. */
const MOST_GROUP = 24

function isServedHead(headDim: number): boolean {
  return headDim % NARROWEST_HEAD === 0 && headDim >= NARROWEST_HEAD && headDim <= WIDEST_HEAD
}

/** Why there can be no kernels, before anything is tried. */
function unsupported(setting: string): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'they exist for Linux x64 only'
  if (setting === 'off') return `${KERNELS_VARIABLE}=off`
  if (setting !== '' && setting !== 'avx2') return `${KERNELS_VARIABLE}=${setting} is neither off nor avx2`
  return undefined
}

/** How the weights of a kind become panels. */
export function sourceOf(kind: ProductKind, engine: Engine): Source {
  const { weights } = kind
  const bf16 = kind.activations === 'BF16'
  const type = ownBlocks(weights)
  if (kind.activations === 'I8') {
    if (type === undefined) throw new Error('there is no such product')
    return { kind: 'bytes', type, bytes: blockBytes(weights) }
  }
  if (weights === 'F32' && !bf16) return { kind: 'words' }
  if (weights === 'BF16') return { kind: bf16 ? 'words' : 'bf16' }
  if (weights === 'F16' && !bf16) return { kind: 'f16' }
  if (isPlain(weights)) throw new Error('there is no such product')
  return {
    kind: 'blocks',
    toFloat: toFloatAddress(engine, weights),
    own: type,
    elements: blockElements(weights),
    bytes: blockBytes(weights),
    bf16,
  }
}

const sets = new Map<string, Kernels>()

/** The kernels of an engine under the present setting; made at the first call. */
export function kernelsOf(engine: Engine): Kernels {
  const setting = process.env[KERNELS_VARIABLE] ?? ''
  const key = `${engine.folder}\n${setting}`
  let set = sets.get(key)
  if (set === undefined) {
    set = new Kernels(engine, setting)
    sets.set(key, set)
  }
  return set
}
