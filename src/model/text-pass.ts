/** Whole texts in one pass: how they lie in it, what is asked of it, and which part of the results is whose. */

import type { Architecture } from './architecture.ts'
import type { Compiler, TokenRoles } from './compile.ts'
import { hookWidth } from './hooks.ts'
import { type ItemResult, sliceItem, type TextPlace, wantedRows } from './item-result.ts'
import { type Layout, layOut } from './layout.ts'
import type { Item, PassRequest, PassResults, RunOptions } from './model.ts'
import { type SharedLayout, sharePrefixes } from './shared-prefixes.ts'

/** A pass over texts, to be computed. */
export interface TextPass {
  readonly layout: Layout
  readonly request: Omit<PassRequest, 'arrays' | 'signal'>
  /** One text's part of what the pass gave, by its number in the pack. */
  resultOf(text: number, results: PassResults): ItemResult
}

/**
 * The pass over the texts of a pack. Equal beginnings are computed once, unless something is asked that tells texts
 * apart: interventions (which act by text), patterns (of which each text has its own), streams to resume.
 *
 * @param pack indices of texts among all items
 */
export function textPass(
  architecture: Architecture,
  items: readonly Item[],
  pack: readonly number[],
  hooks: readonly string[],
  { logits = 'none', normalisers = false, resume }: RunOptions,
  compiler: Compiler | undefined,
): TextPass {
  const texts = pack.map((i) => items[i]!)
  const mayShare =
    compiler === undefined && resume === undefined && hooks.every((hook) => hookWidth(hook, architecture) > 0)
  const { layout, rows } = mayShare ? sharePrefixes(texts.map((t) => t.tokens)) : apart(texts)
  const logitRows = wantedRows(layout, rows, logits)
  const places = rows.map(
    (own, text): TextPlace => ({ text, rows: own, logits: logits === 'last' ? Int32Array.of(text) : own }),
  )
  return {
    layout,
    request: {
      hooks,
      logitRows,
      compiler,
      targets:
        normalisers && logitRows !== undefined
          ? {
              rows: logitRows.map((_, r) => r),
              tokens: logitRows.map((i) => layout.tokens[i]!),
              logits: true,
            }
          : undefined,
      resume: resume && {
        layer: resume.layer,
        values: joined(pack.map((i) => resume.values(i).data)),
      },
      roles: promptRoles(layout, pack),
    },
    resultOf: (text, results) =>
      sliceItem(architecture, layout, places[text]!, pack[text]!, texts[text]!, results),
  }
}

/** Texts one after the other, each with tokens of its own. */
function apart(texts: readonly Item[]): SharedLayout {
  const layout = layOut(texts)
  const rows = Array.from(layout.starts, (start, s) =>
    Int32Array.from({ length: layout.lengths[s]! }, (_, t) => start + t),
  )
  return { layout, rows }
}

/** Parts one after the other. */
export function joined(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((n, p) => n + p.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** Every token of a packed pass belongs to a prompt, and every segment is one. */
export function promptRoles(layout: Layout, rows: readonly number[]): TokenRoles {
  return {
    count: layout.tokens.length,
    row: (i) => rows[layout.segmentOf[i]!]!,
    position: (i) => layout.positions[i]!,
    at: (i, positions) => {
      if (positions === 'generated') return false
      if (positions !== 'last') return true
      const s = layout.segmentOf[i]!
      return i === layout.starts[s]! + layout.lengths[s]! - 1
    },
  }
}
