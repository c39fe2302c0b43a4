/**
 * What interventions are as graph operations. Those of a group are one operation, in which every token gathers its own
 * vector and coefficient; where nothing applies it is multiplied by zero, which leaves every bit as it was.
 */

import type { Graph } from '../ggml/graph.ts'
import type { Tensor } from '../ggml/tensor.ts'
import type { Placed } from './interventions.ts'

/** What a group changes in one pass. */
export interface Made {
  readonly after: Tensor
  /** Squared norm of the change asked for at each token; undefined: known without the graph. */
  readonly wanted: Tensor | undefined
  /** What is left along the direction at each token, where nothing should be. */
  readonly left: Tensor | undefined
  /** Brings the inputs up to date with `members`. */
  readonly refresh: () => void
}

/**
 * Builds the operations of a group.
 *
 * @param x [width, n]
 * @param present numbers of those of its interventions that tokens of this pass may meet, at least one
 * @param placed all interventions, by number
 * @param members what each token meets now, by number; -1 for nothing. Read again by `refresh`
 * @param position of a token in its text
 */
export function make(
  graph: Graph,
  x: Tensor,
  present: readonly number[],
  placed: readonly Placed[],
  members: Int32Array,
  position: (token: number) => number,
): Made {
  const list = present.map((k) => placed[k]!)
  const [first] = list
  const rows = gathering(present, members)
  if (first!.op === 'add') return additions(graph, x, list as Adding[], rows)
  if (first!.op === 'ablate') return ablations(graph, x, list as Ablating[], members, rows)
  const n = members.length
  const change = first as Exclude<Placed, Adding | Ablating>
  const where = new Float32Array(n)
  const settle = (): void => {
    for (let i = 0; i < n; i++) where[i] = members[i]! < 0 ? 0 : 1
  }
  settle()
  const applied = graph.input('F32', [1, n], where)
  if (change.op !== 'replace') {
    const moved = graph.mul(change.change(graph, x), applied)
    return { after: graph.add(x, moved), wanted: norms(graph, moved), left: undefined, refresh: settle }
  }
  const [width] = x.ne
  const data = new Float32Array(width * n)
  const rest = new Float32Array(n)
  const refresh = (): void => {
    settle()
    for (let i = 0; i < n; i++) {
      rest[i] = 1 - where[i]!
      const from = position(i) * width
      if (where[i] === 1) data.set(change.values.data.subarray(from, from + width), i * width)
      else data.fill(0, i * width, (i + 1) * width)
    }
  }
  refresh()
  const values = graph.input('F32', [width, n], data)
  return {
    // x * 0 + v is v to the bit, and x * 1 + 0 is x.
    after: graph.add(graph.mul(x, graph.input('F32', [1, n], rest)), values),
    wanted: norms(graph, graph.mul(graph.sub(values, x), applied)),
    left: undefined,
    refresh,
  }
}

type Adding = Extract<Placed, { op: 'add' }>
type Ablating = Extract<Placed, { op: 'ablate' }>

/** Every token's own row of a table of dosed vectors, whose first one is zero. */
function additions(graph: Graph, x: Tensor, list: readonly Adding[], { rows, settle }: Gathering): Made {
  const [width] = x.ne
  const table = new Float32Array(width * (list.length + 1))
  for (const [t, { vector, dose }] of list.entries()) {
    const single = Math.fround(dose)
    for (let j = 0; j < width; j++) table[(t + 1) * width + j] = single * vector[j]!
  }
  const own = graph.getRows(
    graph.input('F32', [width, list.length + 1], table),
    graph.input('I32', [rows.length], rows),
  )
  return { after: graph.add(x, own), wanted: undefined, left: undefined, refresh: settle }
}

/** x + amount (mean - <x, u>) u with every token's own direction, mean and amount. */
function ablations(
  graph: Graph,
  x: Tensor,
  list: readonly Ablating[],
  members: Int32Array,
  { rows, settle }: Gathering,
): Made {
  const [width] = x.ne
  const table = new Float32Array(width * (list.length + 1))
  for (const [t, { vector }] of list.entries()) table.set(vector, (t + 1) * width)
  const n = rows.length
  const [means, amounts] = [new Float32Array(n), new Float32Array(n)]
  const refresh = (): void => {
    settle()
    for (let i = 0; i < n; i++) {
      const own = members[i]! < 0 ? undefined : list[rows[i]! - 1]!
      means[i] = own?.mean ?? 0
      amounts[i] = own?.amount ?? 0
    }
  }
  refresh()
  const u = graph.getRows(graph.input('F32', [width, list.length + 1], table), graph.input('I32', [n], rows))
  const mean = graph.input('F32', [1, n], means)
  const along = (y: Tensor): Tensor => graph.sumRows(graph.mul(y, u))
  const coefficients = graph.mul(graph.sub(mean, along(x)), graph.input('F32', [1, n], amounts))
  const after = graph.add(x, graph.mul(u, coefficients))
  return {
    after,
    wanted: graph.square(coefficients),
    // Only a whole ablation leaves nothing of the direction.
    left: list.some((p) => p.amount === 1) ? graph.sub(along(after), mean) : undefined,
    refresh,
  }
}

interface Gathering {
  /** Row of a table for each token: 0 where it meets nothing, else one more than the place among those present. */
  readonly rows: Int32Array
  /** Brings the rows up to date with the members. */
  readonly settle: () => void
}

function gathering(present: readonly number[], members: Int32Array): Gathering {
  const at = new Map(present.map((k, t) => [k, t + 1]))
  const rows = new Int32Array(members.length)
  const settle = (): void => {
    for (let i = 0; i < rows.length; i++) rows[i] = at.get(members[i]!) ?? 0
  }
  settle()
  return { rows, settle }
}

/** Squared norm of each column: [width, n] -> [1, n]. */
export function norms(graph: Graph, x: Tensor): Tensor {
  return graph.sumRows(graph.square(x))
}
