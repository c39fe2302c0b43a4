/**
 * Log-likelihoods of completions. A prompt is computed once: its completions follow it in the same pass, each
 * seeing the prompt and itself only. Short items share passes.
 */

import { refuse } from '../core/errors.ts'
import { type Matrix, matrix } from '../core/matrix.ts'
import { pacer } from '../core/pace.ts'
import { checkTokens, refuseDoubledBos } from '../formats/tokenizer.ts'
import type { TokenRoles } from './compile.ts'
import type { Targets } from './forward.ts'
import type { Intervention } from './interventions.ts'
import { checkLengths, type Layout, layOut, planPacks, type Segment } from './layout.ts'
import { type Model, PACK_TOKENS, type ResumeFrom } from './model.ts'
import type { Receipt } from './receipts.ts'
import { joined } from './text-pass.ts'

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
 * Scores completions of many prompts, handing each result to `onScored` in order. To interventions, items are
 * the texts of the batch, the prompt's tokens are `prompt` (its last one `last`), the completions' `generated`.
 * A prompt with more completions than fit into a pass is computed in several, and counted in each.
 *
 * @returns receipts of the interventions
 * @throws PalimpsestError `text-empty`, `text-too-long`, `token-range`, `doubled-bos`, `interrupted`, and as
 *   `Model.run`
 * @example
 * await score(model, [{ id: '1', prompt: model.tokenizer.encode('The sky is'), completions: [[2, 3]] }], {}, console.log)
 */
export async function score(
  model: Model,
  items: readonly ScoreItem[],
  options: {
    interventions?: readonly Intervention[]
    /** Residual streams of {@link residuals} to start from instead of the items. */
    resume?: ResumeFrom | undefined
    signal?: AbortSignal | undefined
    onProgress?: (done: number, total: number) => void
  },
  onScored: (scored: Scored, index: number) => void | Promise<void>,
): Promise<Receipt[]> {
  for (const item of items) checkItem(model, item)
  const prompts = items.map((item) => ({ id: item.id, tokens: item.prompt }))
  const compiler = await model.compiler(prompts, options.interventions ?? [], options.signal)
  const pace = pacer(options.signal)
  const groups = items.flatMap((item, index) =>
    groupCompletions(item).map((completions) => ({ index, completions })),
  )
  const lengths = groups.map(({ index, completions }) =>
    completions.reduce((n, c) => n + items[index]!.completions[c]!.length, items[index]!.prompt.length),
  )
  let logprobs: number[] = []
  let next = 0
  for (const pack of planPacks(lengths, PACK_TOKENS)) {
    const members = pack.map((g) => groups[g]!)
    const { layout, rows, owners, targets } = layGroups(items, members)
    const { logProbs } = await model.pass(layout, {
      hooks: [],
      logitRows: Int32Array.from(rows),
      targets,
      compiler,
      resume: options.resume && {
        layer: options.resume.layer,
        values: joined(
          members.flatMap(({ index, completions }) =>
            partsOf(items[index]!, completions).map(([from, to]) => {
              const { data, cols } = options.resume!.values(index)
              return data.subarray(from * cols, to * cols)
            }),
          ),
        ),
      },
      roles: scoreRoles(layout, owners),
      signal: options.signal,
    })
    let at = 0
    for (const { index, completions } of members) {
      // A new item: the one before it is complete.
      for (; next < index; next++) await hand(next)
      await pace()
      for (const c of completions) {
        let sum = 0
        for (let end = at + items[index]!.completions[c]!.length; at < end; at++) sum += logProbs![at]!
        logprobs[c] = sum
      }
    }
  }
  for (; next < items.length; next++) await hand(next)
  return compiler?.finish() ?? []

  async function hand(index: number): Promise<void> {
    const item = items[index]!
    const scored = { id: item.id, logprobs, tokens: item.completions.map((c) => c.length) }
    logprobs = []
    await onScored(scored, index)
    options.onProgress?.(index + 1, items.length)
  }
}

/**
 * Residual streams of items as they leave a block: [tokens of the prompt and of its completions in their order,
 * width] each, for `resume`.
 *
 * @throws PalimpsestError as {@link score}
 */
export async function residuals(
  model: Model,
  items: readonly ScoreItem[],
  layer: number,
  signal?: AbortSignal,
): Promise<Matrix[]> {
  for (const item of items) checkItem(model, item)
  const site = `blocks.${layer}.hook_resid_post`
  const { width } = model.architecture
  const out = items.map((item) => matrix(partsOf(item, [...item.completions.keys()]).at(-1)![1], width))
  const groups = items.flatMap((item, index) =>
    groupCompletions(item).map((completions) => ({ index, completions })),
  )
  const lengths = groups.map(({ index, completions }) =>
    partsOf(items[index]!, completions).reduce((n, [from, to]) => n + to - from, 0),
  )
  for (const pack of planPacks(lengths, PACK_TOKENS)) {
    const members = pack.map((g) => groups[g]!)
    const { layout, owners } = layGroups(items, members)
    const roles = scoreRoles(layout, owners)
    const { reads } = await model.pass(layout, {
      hooks: [site],
      logitRows: undefined,
      compiler: undefined,
      roles,
      signal,
    })
    const read = reads.get(site)!
    let at = 0
    for (const { index, completions } of members)
      for (const [from, to] of partsOf(items[index]!, completions)) {
        out[index]!.data.set(read.subarray(at * width, (at + to - from) * width), from * width)
        at += to - from
      }
  }
  return out
}

/** Rows of an item's residual stream that a group holds, in its order: the prompt, then completions. */
function partsOf(item: ScoreItem, completions: readonly number[]): [from: number, to: number][] {
  const starts = [0, item.prompt.length]
  for (const c of item.completions) starts.push(starts.at(-1)! + c.length)
  return [
    [0, item.prompt.length],
    ...completions.map((c): [number, number] => [starts[c + 1]!, starts[c + 2]!]),
  ]
}

function checkItem(model: Model, item: ScoreItem): void {
  if (item.prompt.length === 0)
    throw refuse('text-empty', 'A prompt has no tokens: nothing predicts its first completion token.', {
      where: `item ${item.id}`,
      expected: 'at least one token',
      found: 'none',
      fix: 'Give it a prompt, or a BOS token.',
    })
  const { context, vocabulary } = model.architecture
  const lengths = item.completions.map((c) => c.length)
  checkLengths(
    lengths.map((length, i) => ({ id: `${item.id}, completion ${i + 1}`, length })),
    context,
  )
  checkLengths([{ id: item.id, length: item.prompt.length + Math.max(0, ...lengths) }], context)
  refuseDoubledBos(model.tokenizer, item.prompt)
  for (const tokens of [item.prompt, ...item.completions]) checkTokens(model.tokenizer, tokens, vocabulary)
}

/** A prompt and some of its completions, all in one pass. */
interface Group {
  readonly index: number
  readonly completions: readonly number[]
}

/**
 * Prompts followed by their completions; `rows` are the tokens whose logits are computed, `targets` those that they
 * predict, group after group.
 */
function layGroups(
  items: readonly ScoreItem[],
  groups: readonly Group[],
): { layout: Layout; rows: number[]; owners: number[]; targets: Targets } {
  const segments: Segment[] = []
  const owners: number[] = []
  for (const { index, completions } of groups) {
    const parent = segments.length
    segments.push({ tokens: items[index]!.prompt })
    for (const c of completions) segments.push({ tokens: items[index]!.completions[c]!, parent })
    for (let s = parent; s < segments.length; s++) owners[s] = index
  }
  const layout = layOut(segments)
  const rows: number[] = []
  const [from, tokens]: [number[], number[]] = [[], []]
  let prompt = 0
  segments.forEach((segment, s) => {
    const start = layout.starts[s]!
    const last = start + layout.lengths[s]! - 1
    // The prompt's last token predicts every first one; a completion's tokens predict the next ones.
    if (layout.parents[s]! < 0) {
      prompt = rows.push(last) - 1
      return
    }
    for (let i = start; i <= last; i++) {
      from.push(i === start ? prompt : rows.push(i - 1) - 1)
      tokens.push(segment.tokens[i - start]!)
    }
  })
  const targets = { rows: Int32Array.from(from), tokens: Int32Array.from(tokens), logits: false }
  return { layout, rows, owners, targets }
}

function scoreRoles(layout: Layout, owners: readonly number[]): TokenRoles {
  const isPrompt = (i: number): boolean => layout.parents[layout.segmentOf[i]!]! < 0
  return {
    count: layout.tokens.length,
    row: (i) => owners[layout.segmentOf[i]!]!,
    position: (i) => layout.positions[i]!,
    at: (i, positions) => {
      if (positions === 'all') return true
      if (positions !== 'last') return isPrompt(i) === (positions === 'prompt')
      const s = layout.segmentOf[i]!
      return isPrompt(i) && i === layout.starts[s]! + layout.lengths[s]! - 1
    },
  }
}

/** Completions that fit into one pass beside their prompt; a prompt without any is a group of its own. */
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
  return groups.length === 0 ? [[]] : groups
}
