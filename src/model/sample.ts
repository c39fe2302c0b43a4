/** Choosing the next token: the most likely one, or one drawn at a temperature with counter-based numbers. */

import { stream } from '../core/random.ts'

/**
 * The token to continue with.
 *
 * @param logits [vocabulary], read only
 * @param usable number of ids the tokenizer knows: padding rows of the embedding are never chosen
 * @param temperature 0 for the most likely token (the lowest id among equals), else softmax(logits / temperature)
 * @param uniform a number in [0, 1), used when temperature > 0
 */
export function chooseToken(
  logits: Float32Array,
  usable: number,
  temperature: number,
  uniform: number,
): number {
  let best = 0
  for (let i = 1; i < usable; i++) if (logits[i]! > logits[best]!) best = i
  if (temperature === 0) return best
  const top = logits[best]!
  const weights = new Float64Array(usable)
  let total = 0
  for (let i = 0; i < usable; i++) {
    weights[i] = Math.exp((logits[i]! - top) / temperature)
    total += weights[i]!
  }
  let left = uniform * total
  for (let i = 0; i < usable; i++) {
    left -= weights[i]!
    if (left < 0) return i
  }
  return best // rounding at the very end of the sum
}

/** The number that decides token `step` of text `item`: the same whatever else is in the batch. */
export function samplingNumber(seed: number, item: string, step: number): number {
  return stream(seed, `sample/${item}`, step).uniform()
}
