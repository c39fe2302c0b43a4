/** Choosing the next token: the most likely one, or one drawn with counter-based numbers. */

import { stream } from '../core/random.ts'

/**
 * The most likely token; the lowest id among equals.
 *
 * @param logits [vocabulary], read only
 * @param usable number of ids the tokenizer knows: padding rows of the embedding are never chosen
 */
export function bestToken(logits: Float32Array, usable: number): number {
  let best = 0
  for (let i = 1; i < usable; i++) if (logits[i]! > logits[best]!) best = i
  return best
}

/**
 * A token drawn with given probabilities.
 *
 * @param probabilities of the ids that can be drawn; they sum to 1 but for rounding
 * @param uniform a number in [0, 1)
 */
export function drawToken(probabilities: Float32Array, uniform: number): number {
  let left = uniform
  for (let i = 0; i < probabilities.length; i++) {
    left -= probabilities[i]!
    if (left < 0) return i
  }
  return bestToken(probabilities, probabilities.length) // rounding at the very end of the sum
}

/** The number that decides token `step` of text `item`: the same whatever else is in the batch. */
export function samplingNumber(seed: number, item: string, step: number): number {
  return stream(seed, `sample/${item}`, step).uniform()
}
