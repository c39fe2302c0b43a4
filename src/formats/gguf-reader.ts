/**
 * The binary values of GGUF metadata. Files are hostile until parsed: every count and length is bounded before
 * anything is allocated for it. Format: ggml-org/ggml, docs/gguf.md.
 */

import { refuse } from '../core/errors.ts'
import { printable } from './excerpt.ts'
import type { MappedFile } from './mapped-file.ts'

/** A metadata value. 64-bit integers beyond 2^53 are bigint. */
export type GgufValue = number | bigint | boolean | string | readonly GgufValue[]

/** Bytes of each scalar type, by GGUF id; 8 is a string, 9 an array. */
const SCALAR_BYTES: readonly (number | undefined)[] = [1, 1, 2, 2, 4, 4, 4, 1, undefined, undefined, 8, 8, 8]
const STRING = 8
const ARRAY = 9

/** Far above any real file: the largest vocabularies take 20 MB. More cannot be metadata, and is not viewed. */
const MAX_HEADER = 1 << 28
/** Values in all arrays together; each takes 8 bytes or more here whatever it takes in the file. */
const MAX_VALUES = 1 << 24
const MAX_DEPTH = 4

/** Reads forward through the metadata of a mapped file and never beyond them. */
export class GgufReader {
  readonly file: MappedFile
  /** The next byte. */
  at = 0
  #values = 0
  readonly #view: DataView
  readonly #bytes: Uint8Array
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true })

  constructor(file: MappedFile) {
    this.file = file
    this.#bytes = file.bytes(0, Math.min(file.size, MAX_HEADER))
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength)
  }

  u32(what: string): number {
    this.#need(4, what)
    this.at += 4
    return this.#view.getUint32(this.at - 4, true)
  }

  /** A u64 that must be at most `max`. */
  count(what: string, max: number): number {
    this.#need(8, what)
    const value = this.#view.getBigUint64(this.at, true)
    this.at += 8
    if (value > BigInt(max)) throw this.malformed(`an impossible ${what}`, String(value))
    return Number(value)
  }

  string(what: string, max = MAX_HEADER): string {
    const length = this.count(`length of ${what}`, max)
    this.#need(length, what)
    this.at += length
    try {
      return this.#utf8.decode(this.#bytes.subarray(this.at - length, this.at))
    } catch {
      throw this.malformed('a string that is not UTF-8', what)
    }
  }

  value(type: number, key: string, depth: number): GgufValue {
    if (type === STRING) return this.string(key)
    if (type === ARRAY) return this.#array(key, depth)
    const bytes = SCALAR_BYTES[type]
    if (bytes === undefined) throw this.malformed('an unknown type of metadata', `${key}: ${type}`)
    this.#need(bytes, key)
    const at = this.at
    this.at += bytes
    return this.#scalar(type, at)
  }

  #array(key: string, depth: number): GgufValue[] {
    if (depth >= MAX_DEPTH) throw this.malformed('arrays nested too deep', key)
    const type = this.u32(key)
    const least = type === STRING ? 8 : type === ARRAY ? 12 : SCALAR_BYTES[type]
    if (least === undefined) throw this.malformed('an unknown type of metadata', `${key}: ${type}`)
    // An element takes at least so many bytes: a count beyond the rest of the file is refused before allocating.
    const length = this.count(
      `length of ${key}`,
      Math.floor(Math.max(0, this.#bytes.length - this.at - 8) / least),
    )
    this.#values += length
    if (this.#values > MAX_VALUES) throw this.malformed(`arrays of more than ${MAX_VALUES} values`, key)
    const values = new Array<GgufValue>(length)
    for (let i = 0; i < length; i++) values[i] = this.value(type, key, depth + 1)
    return values
  }

  #scalar(type: number, at: number): GgufValue {
    const v = this.#view
    switch (type) {
      case 0:
        return v.getUint8(at)
      case 1:
        return v.getInt8(at)
      case 2:
        return v.getUint16(at, true)
      case 3:
        return v.getInt16(at, true)
      case 4:
        return v.getUint32(at, true)
      case 5:
        return v.getInt32(at, true)
      case 6:
        return v.getFloat32(at, true)
      case 7:
        return v.getUint8(at) !== 0
      case 10:
        return safe(v.getBigUint64(at, true))
      case 11:
        return safe(v.getBigInt64(at, true))
      default:
        return v.getFloat64(at, true)
    }
  }

  malformed(what: string, found: string): Error {
    return refuse('gguf-malformed', `The file holds ${printable(what)}.`, {
      where: `${this.file.path}, byte ${this.at}`,
      expected: 'a header as GGUF version 2 or 3 lays it out',
      found: printable(found),
      fix: 'Fetch it again, or convert the model again with a current converter.',
    })
  }

  #need(bytes: number, what: string): void {
    if (this.at + bytes <= this.#bytes.length) return
    if (this.file.size > this.#bytes.length)
      throw this.malformed(`more than ${MAX_HEADER} bytes of metadata`, what)
    throw refuse('gguf-truncated', 'The file ends too early.', {
      where: `${this.file.path}, byte ${this.at}, ${printable(what)}`,
      expected: `${bytes} more bytes`,
      found: `${this.file.size - this.at}`,
      fix: 'Fetch it again: the download was cut.',
    })
  }
}

function safe(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}
