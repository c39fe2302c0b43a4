/**
 * Log-likelihoods of completions. A prompt is computed once: its completions follow it in the same pass, each
 * seeing the prompt and itself only.
 */

import { refuse } from '../core/errors.ts'
import type { Receipt } from './compile.ts'
import type { Intervention } from './interventions.ts'
import { checkLengths, layOut, type Segment } from './layout.ts'
import { type Model, PACK_TOKENS } from './model.ts'

export interface ScoreItem {
  readonly id: string
  /** Tokens of the prompt; at least one. */
  readonly prompt: readonly number[]
  /** Tokens of each completion; at least one each. */
  readonly completions: readonly (readonly number[])[]
}

export interface Scored {
  readonly id: string
  /** Sum of log-probabilities (nats) of each completion's tokens, given the prompt. */
  readonly logprobs: readonly number[]
  /** Number of tokens of each completion. */
  readonly tokens: readonly number[]
}

/**
 * Splits prompt and completion into tokens as one text is tokenized: the prompt alone, then what the
 * tokenizer makes of the rest. Where a token would straddle the border the completion is tokenized alone, as
 * it would be if the model had generated up to there.
 */
export function completionTokens(
  model: Model,
  prompt: string,
  completion: string,
): { prompt: number[]; completion: number[] } {
  const head = model.tokenizer.encode(prompt)
  const whole = model.tokenizer.encode(prompt + completion)
  if (whole.length > head.length && head.every((id, i) => id === whole[i]))
    return { prompt: head, completion: whole.slice(head.length) }
  return { prompt: head, completion: model.tokenizer.encode(completion, { addSpecialTokens: false }) }
}

/**
 * Scores completions of many prompts, handing each result to `onScored` in order.
 *
 * @returns receipts of the interventions (texts are numbered as the items)
 * @throws PalimpsestError `text-empty`, `text-too-long`, `interrupted`, and as `Model.run`
 * @example
 * await score(model, [{ id: '1', prompt: model.tokenizer.encode('The sky is'), completions: [[2, 3]] }], {}, console.log)
 */
export async function score(
  model: Model,
  items: readonly ScoreItem[],
  options: {
    interventions?: readonly Intervention[]
    signal?: AbortSignal
    onProgress?: (done: number, total: number) => void
  },
  onScored: (scored: Scored, index: number) => void | Promise<void>,
): Promise<Receipt[]> {
  for (const item of items) {
    if (item.prompt.length === 0)
      throw refuse('text-empty', 'A prompt has no tokens: nothing predicts its first completion token.', {
        where: `item ${item.id}`,
        fix: 'Give it a prompt, or a BOS token.',
      })
    const lengths = item.completions.map((c) => c.length)
    checkLengths(
      lengths.map((length, i) => ({ id: `${item.id}, completion ${i + 1}`, length })),
      model.architecture.context,
    )
    checkLengths(
      [{ id: item.id, length: item.prompt.length + Math.max(0, ...lengths) }],
      model.architecture.context,
    )
  }
  const prompts = items.map((item) => ({ id: item.id, tokens: item.prompt }))
  const compiler = await model.compiler(prompts, options.interventions ?? [], options.signal)
  for (const [index, item] of items.entries()) {
    const logprobs: number[] = []
    for (const group of groupCompletions(item)) {
      const segments: Segment[] = [
        { tokens: item.prompt },
        ...group.map((c) => ({ tokens: item.completions[c]!, parent: 0 })),
      ]
      const layout = layOut(segments)
      // The prompt's last row predicts every first token; a completion's rows predict its next ones.
      const rows: number[] = [item.prompt.length - 1]
      const firstRow = group.map((_, g) => {
        const at = rows.length
        for (let t = 0; t + 1 < layout.lengths[g + 1]!; t++) rows.push(layout.starts[g + 1]! + t)
        return at
      })
      const { logits } = await model.pass(
        layout,
        [],
        { signal: options.signal },
        compiler,
        segments.map(() => index),
        Int32Array.from(rows),
      )
      const v = model.architecture.vocabulary
      group.forEach((c, g) => {
        logprobs[c] = item.completions[c]!.reduce((sum, token, t) => {
          const row = t === 0 ? 0 : firstRow[g]! + t - 1
          return sum + logProbability(logits!.subarray(row * v, (row + 1) * v), token)
        }, 0)
      })
    }
    await onScored({ id: item.id, logprobs, tokens: item.completions.map((c) => c.length) }, index)
    options.onProgress?.(index + 1, items.length)
  }
  return compiler?.finish() ?? []
}

/** Completions that fit into one pass beside their prompt. */
function groupCompletions(item: ScoreItem): number[][] {
  const groups: number[][] = []
  let room = -1
  item.completions.forEach((completion, c) => {
    if (completion.length > room) {
      groups.push([])
      room = Math.max(PACK_TOKENS - item.prompt.length, 0)
    }
    groups.at(-1)!.push(c)
    room -= completion.length
  })
  return groups
}

/** log softmax(logits)[token], in nats. */
export function logProbability(logits: Float32Array, token: number): number {
  let top = Number.NEGATIVE_INFINITY
  for (let i = 0; i < logits.length; i++) if (logits[i]! > top) top = logits[i]!
  let sum = 0
  for (let i = 0; i < logits.length; i++) sum += Math.exp(logits[i]! - top)
  return logits[token]! - top - Math.log(sum)
}
