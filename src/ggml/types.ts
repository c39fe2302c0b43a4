/** The element types of ggml tensors: names, ids and block sizes (ggml.h, `enum ggml_type`). */

/** A type by name: those that files hold and that ggml can widen to f32, and the integer types of inputs. */
export type GgmlType = keyof typeof TYPE_IDS

/** ggml's ids. Types that ggml cannot cast to f32 are left out. */
export const TYPE_IDS = {
  F32: 0,
  F16: 1,
  Q4_0: 2,
  Q4_1: 3,
  Q5_0: 6,
  Q5_1: 7,
  Q8_0: 8,
  Q2_K: 10,
  Q3_K: 11,
  Q4_K: 12,
  Q5_K: 13,
  Q6_K: 14,
  IQ2_XXS: 16,
  IQ2_XS: 17,
  IQ3_XXS: 18,
  IQ1_S: 19,
  IQ4_NL: 20,
  IQ3_S: 21,
  IQ2_S: 22,
  IQ4_XS: 23,
  I32: 26,
  I64: 27,
  IQ1_M: 29,
  BF16: 30,
  TQ1_0: 34,
  TQ2_0: 35,
  MXFP4: 39,
} as const

/** Elements in a block of a quantised type; 1 for plain types. Checked against ggml in the tests. */
export function blockElements(type: GgmlType): number {
  if (type in PLAIN_BYTES) return 1
  return type.endsWith('_K') || type.startsWith('IQ') || type.startsWith('TQ')
    ? type === 'IQ4_NL'
      ? 32
      : 256
    : 32
}

const PLAIN_BYTES: Partial<Record<GgmlType, number>> = { F32: 4, F16: 2, BF16: 2, I32: 4, I64: 8 }

/** Bytes of an element of a plain type; undefined for quantised ones. */
export function plainBytes(type: GgmlType): number | undefined {
  return PLAIN_BYTES[type]
}
