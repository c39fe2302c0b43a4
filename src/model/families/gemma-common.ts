/** What the Gemma generations share: four norms a block, and the scale of the embedding. */
import type { BlockNorms } from '../architecture.ts'

/** Norms before and after both branches (Gemma 2 and 3). */
export const GEMMA_FOUR_NORMS: BlockNorms = {
  beforeAttention: 'input_layernorm',
  afterAttention: 'post_attention_layernorm',
  beforeMlp: 'pre_feedforward_layernorm',
  afterMlp: 'post_feedforward_layernorm',
}

/**
 * sqrt(d), rounded to the type of the weights as transformers does: in bf16, 2304 gives 48 and 3584 gives
 * 59.75. F32 and quantised files keep it exact.
 */
export function gemmaEmbeddingScale(width: number, weightType: string): number {
  const exact = Math.sqrt(width)
  if (weightType === 'BF16') return roundToBits(exact, 8)
  if (weightType === 'F16') return roundToBits(exact, 11)
  return Math.fround(exact)
}

/** Rounds to a number of significant bits, ties to even. */
function roundToBits(x: number, bits: number): number {
  const unit = 2 ** (Math.floor(Math.log2(x)) + 1 - bits)
  const q = x / unit
  const down = Math.floor(q)
  const up = q - down > 0.5 || (q - down === 0.5 && down % 2 === 1)
  return (down + (up ? 1 : 0)) * unit
}
