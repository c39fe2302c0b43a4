/** Element types of tensors in files, and what a tensor in a file is. */

import type { MappedFile } from './mapped-file.ts'

/** Elements and bytes of a block; plain types have blocks of one element. `ggml` is the id in GGUF files. */
interface Layout {
  readonly block: number
  readonly bytes: number
  readonly ggml?: number
}

/** Every type that is read. Quantised ones only occur in GGUF, the last group only in safetensors. */
export const TENSOR_TYPES = {
  F32: { block: 1, bytes: 4, ggml: 0 },
  F16: { block: 1, bytes: 2, ggml: 1 },
  BF16: { block: 1, bytes: 2, ggml: 30 },
  F64: { block: 1, bytes: 8, ggml: 28 },
  I8: { block: 1, bytes: 1, ggml: 24 },
  I16: { block: 1, bytes: 2, ggml: 25 },
  I32: { block: 1, bytes: 4, ggml: 26 },
  I64: { block: 1, bytes: 8, ggml: 27 },
  Q4_0: { block: 32, bytes: 18, ggml: 2 },
  Q4_1: { block: 32, bytes: 20, ggml: 3 },
  Q5_0: { block: 32, bytes: 22, ggml: 6 },
  Q5_1: { block: 32, bytes: 24, ggml: 7 },
  Q8_0: { block: 32, bytes: 34, ggml: 8 },
  Q2_K: { block: 256, bytes: 84, ggml: 10 },
  Q3_K: { block: 256, bytes: 110, ggml: 11 },
  Q4_K: { block: 256, bytes: 144, ggml: 12 },
  Q5_K: { block: 256, bytes: 176, ggml: 13 },
  Q6_K: { block: 256, bytes: 210, ggml: 14 },
  IQ2_XXS: { block: 256, bytes: 66, ggml: 16 },
  IQ2_XS: { block: 256, bytes: 74, ggml: 17 },
  IQ3_XXS: { block: 256, bytes: 98, ggml: 18 },
  IQ1_S: { block: 256, bytes: 50, ggml: 19 },
  IQ4_NL: { block: 32, bytes: 18, ggml: 20 },
  IQ3_S: { block: 256, bytes: 110, ggml: 21 },
  IQ2_S: { block: 256, bytes: 82, ggml: 22 },
  IQ4_XS: { block: 256, bytes: 136, ggml: 23 },
  IQ1_M: { block: 256, bytes: 56, ggml: 29 },
  TQ1_0: { block: 256, bytes: 54, ggml: 34 },
  TQ2_0: { block: 256, bytes: 66, ggml: 35 },
  MXFP4: { block: 32, bytes: 17, ggml: 39 },
  BOOL: { block: 1, bytes: 1 },
  U8: { block: 1, bytes: 1 },
  U16: { block: 1, bytes: 2 },
  U32: { block: 1, bytes: 4 },
  U64: { block: 1, bytes: 8 },
  C64: { block: 1, bytes: 8 },
  F8_E4M3: { block: 1, bytes: 1 },
  F8_E5M2: { block: 1, bytes: 1 },
  F8_E8M0: { block: 1, bytes: 1 },
  F8_E4M3FNUZ: { block: 1, bytes: 1 },
  F8_E5M2FNUZ: { block: 1, bytes: 1 },
} as const satisfies Record<string, Layout>

export type TensorType = keyof typeof TENSOR_TYPES

/** The type of a ggml id, or undefined for one that is not read. */
export function typeOfGgmlId(id: number): TensorType | undefined {
  return BY_ID.get(id)
}

const BY_ID = new Map<number, TensorType>(
  Object.entries(TENSOR_TYPES).flatMap(([name, layout]) =>
    'ggml' in layout ? [[layout.ggml, name as TensorType]] : [],
  ),
)

/**
 * Bytes of a tensor, or undefined where they are not a safe integer or a row is not whole blocks.
 *
 * @param shape row-major, slowest first
 */
export function byteLength(type: TensorType, shape: readonly number[]): number | undefined {
  const { block, bytes } = TENSOR_TYPES[type]
  const columns = shape.at(-1) ?? 1
  if (columns % block !== 0) return undefined
  let count = bytes / block
  for (const n of shape) {
    count *= n
    if (!Number.isSafeInteger(Math.ceil(count))) return undefined
  }
  return count
}

/** A tensor where it lies in a mapped file. */
export interface StoredTensor {
  readonly name: string
  readonly type: TensorType
  /** Row-major, slowest first, as in Hugging Face files; GGUF's dimensions are reversed into it. */
  readonly shape: readonly number[]
  readonly byteLength: number
  readonly file: MappedFile
  readonly offset: number
  readonly address: bigint
}

/** An opened file (or set of files) of tensors. Dispose it after the last use of any tensor. */
export interface TensorFile extends Disposable {
  readonly path: string
  /** Every file that it was read from. */
  readonly files: readonly string[]
  readonly metadata: Readonly<Record<string, string>>
  readonly tensors: ReadonlyMap<string, StoredTensor>
}
