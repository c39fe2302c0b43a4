/**
 * From the activations of a text's tokens to one vector. Means are over content only: no BOS, special or
 * template tokens, and no attention sinks, whose norms would drown everything else.
 */

import { type Matrix, row } from '../core/matrix.ts'
import { SINK_RATIO } from './model.ts'
import { median, rowNorms } from './norms.ts'

/**
 * Content tokens that are attention sinks: those whose residual norm is above 10x the text's median at any of
 * the given layers, and the first token of a text that no BOS precedes, which serves as one.
 *
 * @param residuals [T, d] of each layer
 * @param content [T] 1 for tokens of the text itself
 * @returns rising positions
 */
export function findSinks(residuals: readonly Matrix[], content: Uint8Array): number[] {
  return sinksByNorm(residuals.map(rowNorms), content)
}

/** The same from the norms [T] of each layer. */
export function sinksByNorm(layers: readonly Float64Array[], content: Uint8Array): number[] {
  const found = new Set<number>(content[0] === 1 ? [0] : [])
  for (const norms of layers) {
    const limit = SINK_RATIO * median(norms)
    norms.forEach((norm, t) => {
      if (content[t] === 1 && norm > limit) found.add(t)
    })
  }
  return [...found].sort((a, b) => a - b)
}

/**
 * 1 for the tokens that a mean is over: content without sinks. A text that is nothing but sinks keeps them: an
 * empty mean would be no number at all.
 */
export function usedTokens(content: Uint8Array, sinks: readonly number[]): Uint8Array {
  const used = content.slice()
  for (const t of sinks) used[t] = 0
  return used.includes(1) ? used : content
}

/** Positions of the ones of a mask. */
export function positionsOf(used: Uint8Array): number[] {
  return Array.from(used.keys()).filter((t) => used[t] !== 0)
}

/** The mean [d] of the rows of x [T, d] where `used` is 1, summed in f64 one after the other. */
export function meanOver(x: Matrix, used: Uint8Array): Float64Array {
  return meanOfRows(x, positionsOf(used))
}

/** The mean [d] of some rows of x, summed in f64 in their order. */
export function meanOfRows(x: Matrix, rows: ArrayLike<number>): Float64Array {
  const sum = new Float64Array(x.cols)
  let i = 0
  // Four rows at a time, in the same order: sums are loaded and stored a quarter as often.
  for (; i + 4 <= rows.length; i += 4) {
    const [a, b, c, d] = [0, 1, 2, 3].map((k) => row(x, rows[i + k]!)) as [R, R, R, R]
    for (let j = 0; j < sum.length; j++) sum[j] = sum[j]! + a[j]! + b[j]! + c[j]! + d[j]!
  }
  for (; i < rows.length; i++) {
    const r = row(x, rows[i]!)
    for (let j = 0; j < sum.length; j++) sum[j]! += r[j]!
  }
  for (let j = 0; j < sum.length; j++) sum[j]! /= rows.length
  return sum
}

type R = Float32Array
