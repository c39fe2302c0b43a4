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

/** Bytes of an element of a plain type. */
const PLAIN: Partial<Record<GgmlType, number>> = { F32: 4, F16: 2, BF16: 2, I32: 4, I64: 8 }

/** Elements and bytes of a block of a quantised type. */
const BLOCKS: Partial<Record<GgmlType, readonly [elements: number, bytes: number]>> = {
  Q4_0: [32, 18],
  Q4_1: [32, 20],
  Q5_0: [32, 22],
  Q5_1: [32, 24],
  Q8_0: [32, 34],
  Q2_K: [256, 84],
  Q3_K: [256, 110],
  Q4_K: [256, 144],
  Q5_K: [256, 176],
  Q6_K: [256, 210],
  IQ2_XXS: [256, 66],
  IQ2_XS: [256, 74],
  IQ3_XXS: [256, 98],
  IQ1_S: [256, 50],
  IQ4_NL: [32, 18],
  IQ3_S: [256, 110],
  IQ2_S: [256, 82],
  IQ4_XS: [256, 136],
  IQ1_M: [256, 56],
  TQ1_0: [256, 54],
  TQ2_0: [256, 66],
  MXFP4: [32, 17],
}

/** Elements in a block; 1 for plain types. Checked against ggml in the tests, like {@link blockBytes}. */
export function blockElements(type: GgmlType): number {
  return BLOCKS[type]?.[0] ?? 1
}

/** Bytes of a block (an element of a plain type). */
export function blockBytes(type: GgmlType): number {
  return BLOCKS[type]?.[1] ?? PLAIN[type]!
}

/** Whether elements stand for themselves, one after the other: neither blocks nor shared scales. */
export function isPlain(type: GgmlType): boolean {
  return type in PLAIN
}

/** Whether elements are floating-point numbers that ggml converts among each other. */
export function isFloat(type: GgmlType): boolean {
  return type === 'F32' || type === 'F16' || type === 'BF16'
}
