/**
 * Interventions as graph operations, and the receipts that prove what they did. Arms of a batch, each of which has
 * its own rows, are one operation: every token gathers its own vector and coefficient (zero where nothing applies),
 * so that a dose of zero leaves every bit as it was, and an arm gives the same bits alone and among many.
 */

import type { Graph } from '../ggml/graph.ts'
import type { Tensor } from '../ggml/tensor.ts'
import { type Made, make, norms } from './changes.ts'
import type { Placed } from './interventions.ts'
import { held, type Receipt, refuseIdle, Tally } from './receipts.ts'

/**
 * Tokens of a pass: which text each belongs to, and what it is to the interventions. Where a graph is computed
 * again (decoding), answers may change from compute to compute; a token that no intervention of some positions
 * applied to when the graph was built must stay so.
 */
export interface TokenRoles {
  readonly count: number
  /** Index of the text of token i. */
  row(i: number): number
  /** Whether an intervention with these positions applies to token i. */
  at(i: number, positions: Placed['positions']): boolean
  /** Position of token i in its text. */
  position(i: number): number
}

/** What interventions do to a pass (see forward.ts). */
export interface PassChanges {
  /** Hook points at which something is changed. */
  readonly sites: ReadonlySet<string>
  /** Upper bound on the tensors they add to the graph. */
  readonly tensors: number
  /** Changes an activation at one of the sites. */
  apply(graph: Graph, site: string, x: Tensor): Tensor
}

/** Interventions of a kind at one site of which a text meets at most one. */
interface Group {
  readonly site: string
  /** Numbers of its members among all that are placed. */
  readonly members: number[]
  /** Member by text; undefined: the only one, at every text. */
  readonly byText: Map<number, number> | undefined
}

interface Probe extends Made {
  readonly site: string
  readonly roles: TokenRoles
  /** What each token could meet, by its number among all that are placed, and what it meets in the next compute; -1: nothing. */
  readonly candidates: Int32Array
  readonly members: Int32Array
  readonly before: Tensor
  readonly changed: Tensor
  readonly norm: Tensor
}

/** Tensors that a group adds, its receipt included; an upper bound. */
const TENSORS_EACH = 24

/** Compiles interventions into passes and adds up their receipts. */
export class Compiler {
  readonly #sites: ReadonlySet<string>
  readonly #placed: readonly Placed[]
  readonly #groups: readonly Group[]
  readonly #tallies: readonly Tally[]
  /** By text, then by number of the placed intervention. */
  readonly #texts: Map<number, Map<number, Tally>> | undefined
  #probes: Probe[] = []
  #passes = 0

  /** @param byText also keep receipts of each text, for {@link receiptsOf}: memory grows with their number */
  constructor(placed: readonly Placed[], byText = false) {
    this.#placed = placed
    this.#groups = grouped(placed)
    this.#texts = byText ? new Map() : undefined
    this.#sites = new Set(placed.map((p) => p.site))
    this.#tallies = placed.map((p) => new Tally(p))
  }

  /** What was done so far, by placed intervention. */
  get receipts(): Receipt[] {
    return this.#tallies.map((t) => t.receipt())
  }

  /** What was done to one text so far, by its index: a receipt for every intervention that is meant for it. */
  receiptsOf(text: number): Receipt[] {
    const found = this.#texts?.get(text)
    return this.#placed.flatMap((p, k) =>
      p.rows === undefined || p.rows.has(text) ? [(found?.get(k) ?? new Tally(p)).receipt()] : [],
    )
  }

  /** The changes of a pass over the given tokens; {@link collect} then reads what they did. */
  forPass(roles: TokenRoles): PassChanges {
    this.#probes = []
    return {
      sites: this.#sites,
      tensors: this.#groups.reduce((n, { members: [first] }) => {
        const p = this.#placed[first!]!
        return n + TENSORS_EACH + ('tensors' in p ? p.tensors : 0)
      }, 0),
      apply: (graph, site, x) => {
        for (const group of this.#groups) if (group.site === site) x = this.#apply(graph, group, roles, x)
        return x
      },
    }
  }

  /** Before a graph is computed again: where do the interventions apply now? */
  refresh(): void {
    for (const probe of this.#probes) {
      this.#settle(probe.members, probe.candidates, probe.roles)
      probe.refresh()
    }
  }

  #settle(members: Int32Array, candidates: Int32Array, roles: TokenRoles): void {
    for (let i = 0; i < members.length; i++) {
      const k = candidates[i]!
      members[i] = k >= 0 && applies(this.#placed[k]!, roles, i) ? k : -1
    }
  }

  #apply(graph: Graph, { site, members: list, byText }: Group, roles: TokenRoles, x: Tensor): Tensor {
    const candidates = Int32Array.from({ length: roles.count }, (_, i) => {
      const k = byText === undefined ? list[0]! : byText.get(roles.row(i))
      return k !== undefined && roles.at(i, this.#placed[k]!.positions) ? k : -1
    })
    const present = [...new Set(candidates)].filter((k) => k >= 0)
    // Without a single token there is nothing to compile, and the receipt says that it did not fire here.
    if (present.length === 0) return x
    const members = new Int32Array(roles.count)
    this.#settle(members, candidates, roles)
    const made = make(graph, x, present, this.#placed, members, (i) => roles.position(i))
    this.#probes.push({
      ...made,
      site,
      roles,
      candidates,
      members,
      before: graph.output(norms(graph, x)),
      changed: graph.output(norms(graph, graph.sub(made.after, x))),
      norm: graph.output(norms(graph, made.after)),
      wanted: made.wanted && graph.output(made.wanted),
      left: made.left && graph.output(made.left),
    })
    return made.after
  }

  /**
   * Reads what the interventions did in the pass that was just computed and checks it.
   *
   * @throws PalimpsestError `receipt` when a change is not what was asked for
   */
  collect(graph: Graph): void {
    const pass = this.#passes++
    for (const probe of this.#probes) {
      const [before, changed, after] = [probe.before, probe.changed, probe.norm].map((t) => graph.read(t))
      const wanted = probe.wanted && graph.read(probe.wanted)
      const left = probe.left && graph.read(probe.left)
      for (const [i, k] of probe.members.entries()) {
        const placed = k < 0 ? undefined : this.#placed[k]!
        const asked = placed?.op === 'add' ? (placed.dose * placed.norm) ** 2 : (wanted?.[i] ?? 0)
        const found = {
          before: before![i]!,
          after: after![i]!,
          change: changed![i]!,
          wanted: asked,
          left: left !== undefined && placed?.op === 'ablate' && placed.amount === 1 ? left[i]! : 0,
        }
        const rest = held(placed, found, i, probe.site)
        if (placed === undefined) continue
        this.#tallies[k]!.add(pass, Math.sqrt(asked), Math.sqrt(found.change), rest)
        this.#textTally(probe.roles.row(i), k)?.add(pass, Math.sqrt(asked), Math.sqrt(found.change), rest)
      }
    }
  }

  #textTally(text: number, k: number): Tally | undefined {
    if (this.#texts === undefined) return undefined
    const tallies = this.#texts.get(text) ?? new Map<number, Tally>()
    this.#texts.set(text, tallies)
    const tally = tallies.get(k) ?? new Tally(this.#placed[k]!)
    tallies.set(k, tally)
    return tally
  }

  /**
   * Refuses a run in which an intervention never applied to anything.
   *
   * @throws PalimpsestError `intervention-idle`
   */
  finish(): Receipt[] {
    const { receipts } = this
    refuseIdle(receipts)
    return receipts
  }
}

/** Additions and ablations one after the other at a site join where they have rows of their own. */
function grouped(placed: readonly Placed[]): Group[] {
  const groups: Group[] = []
  const last = new Map<string, Group>()
  for (const [k, p] of placed.entries()) {
    const before = last.get(p.site)
    const { rows } = p
    if (
      before?.byText !== undefined &&
      rows !== undefined &&
      (p.op === 'add' || p.op === 'ablate') &&
      placed[before.members[0]!]!.op === p.op &&
      ![...rows].some((row) => before.byText!.has(row))
    ) {
      before.members.push(k)
      for (const row of rows) before.byText.set(row, k)
      continue
    }
    const group = { site: p.site, members: [k], byText: rows && new Map([...rows].map((row) => [row, k])) }
    groups.push(group)
    last.set(p.site, group)
  }
  return groups
}

function applies(p: Placed, roles: TokenRoles, i: number): boolean {
  if (!roles.at(i, p.positions)) return false
  if (p.op === 'replace') return roles.position(i) < p.values.rows
  return !('applies' in p) || p.applies!(roles.row(i), roles.position(i))
}
