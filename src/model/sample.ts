/**
 * Choosing the next token: the most likely one, or one drawn with counter-based numbers. Logits stay where the
 * graph computed them, with sums over their blocks: a draw finds its block by the sums and reads nothing else.
 */

import { streams } from '../core/random.ts'
import type { Graph } from '../ggml/graph.ts'
import { BLOCK_IDS } from '../ggml/kernels/block-sums.ts'
import type { Tensor } from '../ggml/tensor.ts'

/** What is drawn from, in a graph. */
export interface Distribution {
  /** Ids that can be drawn. */
  readonly ids: number
  /** [ids or more, rows]: logits, or the probabilities of the ids. */
  readonly values: Tensor
  /**
   * Of logits: sums over blocks of ids of exp((logit - largest) scale), then the largest, [blocks + 1, rows]. Of
   * probabilities: sums of whole blocks, [1, blocks, rows]; the ids behind the last whole block are in none.
   */
  readonly sums: Tensor
  /** Of logits: 1 / temperature. */
  readonly scale: number | undefined
}

/**
 * softmax(logits / temperature) over the first `ids` of the vocabulary, as outputs of the graph: by a kernel, which writes
 * the sums alone, or by ggml's operations.
 *
 * @param logits [vocabulary, rows]
 */
export function distribution(graph: Graph, logits: Tensor, temperature: number, ids: number): Distribution {
  const [, step, layer, batch] = logits.nb
  const [vocabulary, rows] = logits.ne
  const known = ids === vocabulary ? logits : graph.view(logits, [ids, rows], [step, layer, batch])
  const scale = Math.fround(1 / temperature)
  const found = graph.blockSums(known, scale)
  if (found !== undefined) return { ids, values: graph.output(logits), sums: graph.output(found), scale }

  const values = graph.output(graph.softMax(known === logits ? known : graph.cont(known), undefined, scale))
  const block = Math.min(BLOCK_IDS, ids)
  const blocks = Math.floor(ids / block)
  const row = 4 * ids
  const whole = graph.view(values, [block, blocks, rows], [4 * block, row, row * rows])
  const sums = graph.sumRows(whole)
  return {
    ids,
    values,
    sums: graph.output(graph.supports(sums) ? sums : graph.sumRows(graph.cont(whole))),
    scale: undefined,
  }
}

/** Draws from a distribution that was computed; valid until its graph is computed again or freed. */
export class Draws {
  /** Of blocks, row by row. A value that is not finite anywhere in a row shows in them. */
  readonly sums: Float32Array
  readonly #graph: Graph
  readonly #of: Distribution
  readonly #blocks: number
  /** Words of a row of `sums`. */
  readonly #words: number
  readonly #block = new Float32Array(BLOCK_IDS)

  constructor(graph: Graph, of: Distribution) {
    this.#graph = graph
    this.#of = of
    const [first, second] = of.sums.ne
    this.#words = of.scale === undefined ? second : first
    this.#blocks = of.scale === undefined ? second : first - 1
    this.sums = graph.read(of.sums)
  }

  /**
   * The token of a row.
   *
   * @param uniform a number in [0, 1): the token at which the sum of the probabilities, in the order of ids, passes it
   */
  token(row: number, uniform: number): number {
    const { ids } = this.#of
    const from = row * this.#words
    let left = uniform * this.#total(from)
    let block = 0
    for (; block < this.#blocks; block++) {
      const sum = this.sums[from + block]!
      if (left < sum) break
      left -= sum
    }
    const first = block * BLOCK_IDS
    // Behind the last id there is only what rounding has left of the total.
    if (first >= ids) return bestToken(this.#read(row, 0, new Float32Array(ids)), ids)
    const values = this.#read(row, first, this.#block.subarray(0, ids - first))
    const largest = this.sums[from + this.#blocks]!
    const { scale } = this.#of
    const weight = scale === undefined ? undefined : (logit: number) => Math.exp((logit - largest) * scale)
    return first + drawToken(values, left, weight)
  }

  /** What a row's sums come to; probabilities to 1. */
  #total(from: number): number {
    if (this.#of.scale === undefined) return 1
    let total = 0
    for (let b = 0; b < this.#blocks; b++) total += this.sums[from + b]!
    return total
  }

  #read(row: number, first: number, target: Float32Array): Float32Array {
    const { values } = this.#of
    return this.#graph.readPart(values, row * values.ne[0] + first, target)
  }
}

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
 * @param values of the ids that can be drawn
 * @param uniform from 0 to the sum of the probabilities, but for rounding
 * @param weight the probability that a value stands for, which rises with it; default: the value
 */
export function drawToken(
  values: Float32Array,
  uniform: number,
  weight: (value: number) => number = (value) => value,
): number {
  let left = uniform
  for (let i = 0; i < values.length; i++) {
    left -= weight(values[i]!)
    if (left < 0) return i
  }
  return bestToken(values, values.length) // rounding at the very end of the sum
}

/** The number that decides token `step` of text `item`: the same whatever else is in the batch. */
export function samplingNumbers(seed: number, item: string): (step: number) => number {
  const of = streams(seed, `sample/${item}`)
  return (step) => of(step).uniform()
}
