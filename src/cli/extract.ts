/**
 * Activations to a file, pack by pack, so that neither memory nor an interruption cares how many texts there
 * are. A journal beside the unfinished file says which packs it holds; the same command goes on from there.
 */

import { rm } from 'node:fs/promises'
import { refuse } from '../core/errors.ts'
import { row } from '../core/matrix.ts'
import { SafetensorsStream } from '../formats/safetensors-stream.ts'
import type { TensorHeader } from '../formats/safetensors-write.ts'
import { hookWidth } from '../model/hooks.ts'
import type { ItemResult } from '../model/item-result.ts'
import { planPacks } from '../model/layout.ts'
import { type Model, PACK_TOKENS } from '../model/model.ts'
import { findSinks, meanOver, usedTokens } from '../model/pooling.ts'
import type { TokenizedText } from '../study/inputs.ts'
import { ResumableLines } from './resumable-lines.ts'

/** Suffix of the unfinished safetensors file, beside its journal. */
const DATA = '.data'

export const POOLS = ['none', 'mean', 'last'] as const

/** A text, and where it stands in the user's file. */
export interface ExtractItem extends TokenizedText {
  readonly where: string
}

export interface ExtractOptions {
  readonly hooks: readonly string[]
  readonly pool: (typeof POOLS)[number]
  readonly logits: boolean
  readonly out: string
  readonly metadata: Readonly<Record<string, string>>
  readonly signal: AbortSignal
  readonly onProgress: (done: number, total: number) => void
}

/** One pack that the file holds: how many tokens of each of its texts were used. */
interface Done {
  readonly used: readonly number[]
}

/**
 * Reads activations and writes them.
 *
 * @throws PalimpsestError `pool-pattern`, `text-no-content`; `interrupted`; as `Model.stream` and the writers
 */
export async function extractActivations(
  model: Model,
  items: readonly ExtractItem[],
  options: ExtractOptions,
): Promise<{ tensors: number; tokens: number; used: number }> {
  const { hooks, pool, out, signal } = options
  checkPool(model, items, options)
  const tensors = tensorsOf(model, items, options)
  const packs = planPacks(
    items.map((i) => i.tokens.length),
    PACK_TOKENS,
  )
  const total = items.reduce((n, i) => n + i.tokens.length, 0)
  const metadata = (used: readonly number[]): Record<string, string> => ({
    ...options.metadata,
    pool,
    ids: JSON.stringify(items.map((i) => i.id)),
    // Whoever computes from tokens one by one has to know which of them are BOS, special or the template's.
    ...(pool === 'none' ? { content: JSON.stringify(items.map((i) => i.content.join(''))) } : {}),
    tokens_used: JSON.stringify(used),
  })
  await using journal = await ResumableLines.open<Done>(
    out,
    {
      metadata: options.metadata,
      hooks,
      pool,
      logits: options.logits,
      items: items.map((i) => [i.id, i.tokens, [...i.content]]),
    },
    { companion: DATA },
  )
  const partial = journal.partial + DATA
  await using file = await SafetensorsStream.open(
    partial,
    tensors,
    metadata(items.map((i) => i.tokens.length)),
  )
  const used = journal.found.flatMap((done) => done.used)
  let done = packs
    .slice(0, journal.found.length)
    .flat()
    .reduce((n, i) => n + items[i]!.tokens.length, 0)
  for (const pack of packs.slice(journal.found.length)) {
    const counts: number[] = []
    await model.stream(
      pack.map((i) => items[i]!),
      { hooks: [...hooks, ...sinkHooks(model, pool)], logits: options.logits ? 'all' : 'none', signal },
      async (result) => {
        counts.push(
          await writeItem(file, model, pack[result.index]!, items[pack[result.index]!]!, result, options),
        )
      },
    )
    await file.sync()
    await journal.append([{ used: counts }])
    used.push(...counts)
    done += pack.reduce((n, i) => n + items[i]!.tokens.length, 0)
    options.onProgress(done, total)
  }
  await file.finish(out, metadata(used))
  await rm(journal.partial, { force: true })
  return { tensors: tensors.length, tokens: total, used: used.reduce((a, b) => a + b, 0) }
}

function checkPool(model: Model, items: readonly ExtractItem[], { pool, hooks }: ExtractOptions): void {
  if (pool === 'none') return
  const pattern = hooks.find((hook) => hookWidth(hook, model.architecture) === 0)
  if (pattern !== undefined)
    throw refuse('pool-pattern', 'Attention patterns cannot be pooled.', {
      where: pattern,
      expected: 'hook points of a fixed width',
      found: 'a pattern, which is as wide as its text is long',
      fix: 'Use --pool none, or globs that leave patterns out.',
    })
  if (pool === 'last') return
  const empty = items.find((item) => !item.content.includes(1))
  if (empty !== undefined)
    throw refuse('text-no-content', 'A text has no content tokens to take the mean of.', {
      where: `${empty.where} (id ${empty.id})`,
      expected: 'at least one token that is not special',
      found: `${empty.tokens.length} special tokens`,
      fix: 'Remove it, or use --pool last.',
    })
}

function tensorsOf(model: Model, items: readonly ExtractItem[], options: ExtractOptions): TensorHeader[] {
  const a = model.architecture
  if (options.pool !== 'none')
    return options.hooks.map((hook) => ({ name: hook, shape: [items.length, hookWidth(hook, a)] }))
  return items.flatMap(({ id, tokens: { length } }) => [
    ...options.hooks.map((hook) => {
      const width = hookWidth(hook, a)
      return { name: `${id}/${hook}`, shape: width === 0 ? [a.heads, length, length] : [length, width] }
    }),
    ...(options.logits ? [{ name: `${id}/logits`, shape: [length, a.vocabulary] }] : []),
  ])
}

/** Sinks are told by the residual stream of every layer, whichever hook points are read. */
function sinkHooks(model: Model, pool: ExtractOptions['pool']): string[] {
  return pool === 'mean' ? model.architecture.layers.map((_, layer) => `blocks.${layer}.hook_resid_post`) : []
}

/** Writes one text's part and returns how many of its tokens were used. */
async function writeItem(
  file: SafetensorsStream,
  model: Model,
  index: number,
  item: ExtractItem,
  result: ItemResult,
  { pool, hooks, logits }: ExtractOptions,
): Promise<number> {
  if (pool === 'none') {
    for (const hook of hooks) await file.write(`${item.id}/${hook}`, result.get(hook).data)
    if (logits) await file.write(`${item.id}/logits`, result.logits!.data)
    return item.tokens.length
  }
  const mask =
    pool === 'mean'
      ? usedTokens(
          item.content,
          findSinks(
            sinkHooks(model, pool).map((hook) => result.get(hook)),
            item.content,
          ),
        )
      : undefined
  for (const hook of hooks) {
    const x = result.get(hook)
    const vector = mask === undefined ? row(x, x.rows - 1) : Float32Array.from(meanOver(x, mask))
    await file.write(hook, vector, index * x.cols * Float32Array.BYTES_PER_ELEMENT)
  }
  return mask === undefined ? 1 : mask.reduce((n, u) => n + u, 0)
}
