/**
 * Tensors that outlive graphs: weights and caches. A store is filled once: tensors that stay in mapped files
 * (zero copy, host devices), tensors that are uploaded, and tensors of zeros; `commit` gives them memory.
 */

import { PalimpsestError } from '../core/errors.ts'
import type { Backend } from './backend.ts'
import type { Pointer } from './bindings.ts'
import { contiguousStrides, extents, shapeError, type Tensor } from './tensor.ts'
import { type GgmlType, TYPE_IDS } from './types.ts'

const USAGE_WEIGHTS = 1

/** Bytes in memory: where a mapped file lies. The owner keeps it mapped while tensors point into it. */
export interface Region {
  readonly address: bigint
  readonly size: number
}

export class TensorStore implements Disposable {
  readonly backend: Backend
  readonly #mappedContext: Pointer
  readonly #ownContext: Pointer
  readonly #regions = new Map<bigint, Pointer>()
  readonly #uploads: { tensor: Tensor; data: ArrayBufferView | bigint; bytes: number }[] = []
  #ownBuffer: Pointer | undefined
  readonly #capacity: number
  #created = 0
  #owned = 0
  #disposed = false

  /** @param capacity upper bound on the number of tensors */
  constructor(backend: Backend, capacity: number) {
    this.backend = backend
    this.#capacity = capacity
    const { base } = backend.engine
    const size = Number(base.tensorOverhead()) * (capacity + 1)
    const context = (): Pointer => {
      const ctx = base.init({ mem_size: size, mem_buffer: null, no_alloc: true })
      if (ctx === null)
        throw new PalimpsestError('engine', 'engine-memory', 'No memory for the table of tensors.', {
          expected: `${size} free bytes`,
          found: 'less',
          fix: 'Free some memory, or use a smaller model.',
        })
      return ctx
    }
    this.#mappedContext = context()
    this.#ownContext = context()
  }

  /**
   * A tensor whose bytes lie at `address` inside a mapped region: used in place on the CPU, uploaded from
   * there at `commit` on other devices.
   */
  fromRegion(type: GgmlType, shape: readonly number[], region: Region, address: bigint): Tensor {
    const { base } = this.backend.engine
    if (!this.backend.isCpu) {
      const tensor = this.#own(type, shape)
      this.#uploads.push({ tensor, data: address, bytes: Number(base.nbytes(tensor.pointer)) })
      return tensor
    }
    const tensor = this.#create(this.#mappedContext, type, shape)
    const bytes = Number(base.nbytes(tensor.pointer))
    if (address < region.address || address + BigInt(bytes) > region.address + BigInt(region.size))
      throw shapeError('fromRegion', `${bytes} bytes inside the mapped file`, `${region.size} bytes there`)
    if (base.tensorAlloc(this.#regionBuffer(region), tensor.pointer, address) !== 0)
      throw new PalimpsestError(
        'engine',
        'engine-memory',
        'A tensor could not be placed in its mapped file.',
        {
          expected: `place for ${bytes} bytes at its offset in the file`,
          found: 'a refusal of ggml, which gives no reason',
          fix: 'Convert the file again, or set PALIMPSEST_NO_MMAP=1 to read it into memory.',
        },
      )
    return tensor
  }

  /** A tensor that is uploaded at `commit`. */
  upload(type: GgmlType, shape: readonly number[], data: ArrayBufferView): Tensor {
    const tensor = this.#own(type, shape)
    const bytes = Number(this.backend.engine.base.nbytes(tensor.pointer))
    if (bytes !== data.byteLength) throw shapeError('upload', `${bytes} bytes`, `${data.byteLength} bytes`)
    this.#uploads.push({ tensor, data, bytes })
    return tensor
  }

  /** A tensor of zeros (of bytes zero). */
  zeros(type: GgmlType, shape: readonly number[]): Tensor {
    return this.#own(type, shape)
  }

  /** Allocates and fills what is not in mapped files. Call it once, after the last tensor. */
  commit(): void {
    if (this.#owned === 0) return
    const { base } = this.backend.engine
    const buffer = base.allocContextTensors(this.#ownContext, this.backend.pointer)
    if (buffer === null)
      throw new PalimpsestError('engine', 'engine-memory', 'No memory for the tensors on this device.', {
        where: this.backend.device.name,
        expected: `memory for ${this.#owned} tensors`,
        found: 'less',
        fix: 'Use a smaller or quantised model, fewer sequences at once, or another device.',
      })
    this.#ownBuffer = buffer
    base.bufferSetUsage(buffer, USAGE_WEIGHTS)
    base.bufferClear(buffer, 0)
    for (const { tensor, data, bytes } of this.#uploads) base.tensorSet(tensor.pointer, data, 0, bytes)
    this.#uploads.length = 0
  }

  #own(type: GgmlType, shape: readonly number[]): Tensor {
    this.#owned++
    return this.#create(this.#ownContext, type, shape)
  }

  #create(context: Pointer, type: GgmlType, shape: readonly number[]): Tensor {
    const ne = extents(shape)
    const nb = contiguousStrides(type, ne)
    if (++this.#created > this.#capacity)
      throw new PalimpsestError('engine', 'graph-size', 'A store was declared for fewer tensors.', {
        expected: `at most ${this.#capacity}`,
        found: `${this.#created}`,
        fix: 'This is a defect of the caller: declare the store larger.',
      })
    return { pointer: this.backend.engine.base.newTensor4d(context, TYPE_IDS[type], ...ne), type, ne, nb }
  }

  #regionBuffer(region: Region): Pointer {
    const known = this.#regions.get(region.address)
    if (known !== undefined) return known
    const buffer = this.backend.engine.base.cpuBufferFromPointer(region.address, region.size)
    if (buffer === null)
      throw new PalimpsestError(
        'engine',
        'engine-memory',
        'The mapped file could not be used as tensor memory.',
        {
          expected: `a buffer over ${region.size} bytes`,
          found: 'a refusal of ggml, which gives no reason',
          fix: 'Set PALIMPSEST_NO_MMAP=1 to read files into memory, or use --device cpu.',
        },
      )
    this.backend.engine.base.bufferSetUsage(buffer, USAGE_WEIGHTS)
    this.#regions.set(region.address, buffer)
    return buffer
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return
    this.#disposed = true
    const { base } = this.backend.engine
    for (const buffer of this.#regions.values()) base.bufferFree(buffer)
    if (this.#ownBuffer !== undefined) base.bufferFree(this.#ownBuffer)
    base.free(this.#mappedContext)
    base.free(this.#ownContext)
  }
}
