/**
 * Texts that begin alike, in one pass: what they have in common is computed once. A token sees only what comes before
 * it, so that equal beginnings give equal activations whatever follows. Chats of one template, statements of one
 * persona and texts behind a BOS token all begin alike.
 */

import { type Layout, layOut, type Segment } from './layout.ts'

/** The pass of some texts, and where each of them lies in it. */
export interface SharedLayout {
  readonly layout: Layout
  /** Tokens of the pass that are a text's, in the text's order; texts that begin alike name the same ones. */
  readonly rows: readonly Int32Array[]
}

/** Tokens [from, to) of a text, as they stand in every text that goes through here; `from` is their position. */
interface Branch {
  readonly tokens: ArrayLike<number>
  from: number
  readonly to: number
  before: Branch | undefined
  /** What goes on from here, by its first token, in the order of the texts. */
  readonly next: Map<number, Branch>
}

/**
 * Plans packs of whole texts that count equal beginnings once: each holds at most `budget` different tokens, or one
 * text that is longer (and those that add nothing to it). Texts are sorted by their tokens, so that equal beginnings
 * meet; the same texts give the same packs in whatever order they come, up to which of equal texts is which.
 *
 * @returns for each pack the indices of its texts
 * @example planSharedPacks([[1, 2, 3], [9], [1, 2, 4]], 4) // [[0, 2], [1]]
 */
export function planSharedPacks(texts: readonly ArrayLike<number>[], budget: number): number[][] {
  const order = [...texts.keys()].sort((i, j) => compareTokens(texts[i]!, texts[j]!) || i - j)
  const packs: number[][] = []
  let room = 0
  let last: ArrayLike<number> | undefined
  for (const i of order) {
    const tokens = texts[i]!
    // Among sorted texts none shares more with a text than the one before it.
    const more = last && tokens.length - alike(last, tokens)
    if (more !== undefined && more <= Math.max(room, 0)) {
      packs.at(-1)!.push(i)
      room -= more
    } else {
      packs.push([i])
      room = budget - tokens.length
    }
    last = tokens
  }
  return packs
}

/**
 * Lays texts into one pass, in order, with equal beginnings once. Texts that share nothing lie as `layOut` lays them.
 * A beginning of one token is shared like any other: its products cost more than one more span of attention does, behind
 * 200 shared tokens too (docs/log.md).
 *
 * @example
 * const { layout, rows } = sharePrefixes([[1, 2, 3], [1, 2, 4]])
 * layout.tokens // 1 2 3 4
 * rows[1] // 0 1 3
 */
export function sharePrefixes(texts: readonly ArrayLike<number>[]): SharedLayout {
  const root: Branch = { tokens: [], from: 0, to: 0, before: undefined, next: new Map() }
  const ends = texts.map((tokens) => enter(root, tokens))
  const segments: Segment[] = []
  const numbers = new Map<Branch, number>()
  // Depth first, by a stack of our own: texts that are beginnings of each other make chains of any length.
  const open = [...root.next.values()].reverse()
  for (let branch = open.pop(); branch !== undefined; branch = open.pop()) {
    const { tokens, from, to, before, next } = branch
    const own = Array.prototype.slice.call(tokens, from, to) as number[]
    const parent = before && numbers.get(before)
    numbers.set(branch, segments.push(parent === undefined ? { tokens: own } : { tokens: own, parent }) - 1)
    open.push(...[...next.values()].reverse())
  }
  const layout = layOut(segments)
  const rows = ends.map((end, i) => {
    const own = new Int32Array(texts[i]!.length)
    for (let branch = end; branch !== root; branch = branch.before!) {
      const start = layout.starts[numbers.get(branch)!]!
      for (let t = branch.from; t < branch.to; t++) own[t] = start + t - branch.from
    }
    return own
  })
  return { layout, rows }
}

/** Takes a text into the tree, cutting branches where it leaves them. @returns the branch that it ends with */
function enter(root: Branch, tokens: ArrayLike<number>): Branch {
  let branch = root
  while (branch.to < tokens.length) {
    const next = branch.next.get(tokens[branch.to]!)
    if (next === undefined) {
      const leaf = { tokens, from: branch.to, to: tokens.length, before: branch, next: new Map() }
      branch.next.set(tokens[branch.to]!, leaf)
      return leaf
    }
    const end = alike(next.tokens, tokens, next.from, next.to)
    branch = end < next.to ? cut(next, end) : next
  }
  return branch
}

/** Cuts a branch in two; texts that end with it still do. @returns the part before the cut */
function cut(branch: Branch, at: number): Branch {
  const { tokens, from, before } = branch
  const head: Branch = { tokens, from, to: at, before, next: new Map([[tokens[at]!, branch]]) }
  before!.next.set(tokens[from]!, head)
  branch.from = at
  branch.before = head
  return head
}

/** Where two texts first differ, or one of them ends, from a position where they do not yet. */
function alike(a: ArrayLike<number>, b: ArrayLike<number>, from = 0, to = a.length): number {
  const most = Math.min(to, b.length)
  while (from < most && a[from] === b[from]) from++
  return from
}

/** By the first token that differs; a beginning before what goes on. */
function compareTokens(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const at = alike(a, b)
  return (a[at] ?? -1) - (b[at] ?? -1)
}
